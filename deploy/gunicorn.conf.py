"""Gunicorn in production: sync workers, one a core, behind a proxy that keeps slow clients away."""

import gc
import multiprocessing
import os
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", multiprocessing.cpu_count()))
worker_class = "sync"
timeout = 60
graceful_timeout = 30
# Each worker starts afresh now and then, not all at once.
max_requests = 5000
max_requests_jitter = 500
preload_app = True
limit_request_line = 8190  # a list of 200 numbers pasted into the search is part of the address
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """What is loaded before the workers are forked stays: the collector need not look through it
    (3 % of a page), and so the workers go on sharing its memory."""
    gc.collect()
    gc.freeze()
