"""The sweeps that beat wakes: thin, re-derivable from the database, safe to run twice.

Each returns how many rows it dealt with. ``manage.py sweep`` runs the same by hand.
"""

from typing import Any

from celery import shared_task
from celery.signals import before_task_publish, task_prerun
from django.db import close_old_connections

from aftersales import agreeing, clock, extending, payments, simulating, uploads
from aftersales.consistency import checking
from aftersales.figures import rolling
from aftersales.imports import jobs
from aftersales.jobs import exporting, running
from aftersales.logistics import traces
from aftersales.models import Case
from aftersales.models.draft import drop_old
from aftersales.models.edition import put_in_force
from aftersales.models.pulse import Pulse
from aftersales.notices import delivering, reminding
from aftersales.privacy import retention
from aftersales.sweeping import take_all

BATCH = 1000
MOST_BATCHES = 100  # a sweep ends some day; the next tick goes on


def expire_all(batch: int = BATCH) -> tuple[int, int]:
    """Let time act on every due case; return how many were taken and how many broke."""
    return take_all(Case, batch, MOST_BATCHES)


@shared_task
def expire_cases() -> int:
    return expire_all()[0]


@shared_task
def put_editions_in_force() -> int:
    return put_in_force(clock.now())


@shared_task
def extend_deadlines() -> int:
    return extending.run_due()


@shared_task
def pay_refunds() -> int:
    return payments.pay_due()


@shared_task
def deliver_notices() -> int:
    done = taken = delivering.deliver_due()
    while taken >= BATCH:
        taken = delivering.deliver_due()
        done += taken
    return done


@shared_task
def remind() -> int:
    return reminding.remind_all()


@shared_task
def send_mails() -> int:
    return delivering.send_mails()


@shared_task
def watch_parcels() -> int:
    return traces.watch()


@shared_task
def scan_files() -> int:
    return uploads.scan_due()


@shared_task
def run_imports() -> int:
    return jobs.run_due()


@shared_task
def drop_order_files() -> int:
    return jobs.drop_files()


@shared_task
def drop_drafts() -> int:
    return drop_old()


@shared_task
def drop_personal() -> int:
    return sum(retention.run().values())


@shared_task
def run_jobs() -> int:
    return running.run_due()


@shared_task
def agree_by_rules() -> int:
    return agreeing.consider_due()


@shared_task
def drop_exports() -> int:
    return exporting.drop_files()


@shared_task
def check_consistency() -> int:
    """Once a day; what it returns is how many findings this run's check has come to."""
    check = checking.daily()
    return check.found if check else 0


@shared_task
def run_simulations() -> int:
    return simulating.run_due()


@shared_task
def roll_up_figures() -> int:
    """Soon after midnight in China, and whenever days were missed."""
    return rolling.catch_up()


@shared_task
def keep_pulse() -> int:
    """Done, it shows that the worker lives; sent, that beat does."""
    Pulse.mark(Pulse.Part.WORKER)
    return 1


def beat_lives(**_sent: Any) -> None:
    Pulse.mark(Pulse.Part.BEAT)


@task_prerun.connect
def connect_anew(task: Any, **_sent: Any) -> None:
    """Neither worker nor beat has requests that would drop a connection that broke, or is old; whoever
    runs a task here and now goes on with his own."""
    if not task.request.is_eager:
        close_old_connections()


before_task_publish.connect(close_old_connections, sender=keep_pulse.name)
before_task_publish.connect(beat_lives, sender=keep_pulse.name)
