"""Gunicorn in production: sync workers, one a core, behind a proxy that keeps slow clients away."""

import multiprocessing
import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", multiprocessing.cpu_count()))
worker_class = "sync"
timeout = 60
graceful_timeout = 30
# Each worker starts afresh now and then, not all at once.
max_requests = 5000
max_requests_jitter = 500
# Once, before the workers are forked, which then share what it has loaded (aftersales/memory.py).
preload_app = True
limit_request_line = 8190  # a list of 200 numbers pasted into the search is part of the address
control_socket_disable = True
