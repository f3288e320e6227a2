"""The Celery application; what beat wakes and how often stands in the settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from aftersales import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

app = Celery("aftersales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def begin(**kwargs: Any) -> None:
    memory.settle()
