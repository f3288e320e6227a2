"""批量任务 in the background: a worker that is killed loses nothing and does nothing twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC

import pytest
import time_machine

from aftersales.enums import JobKind, JobState, Status
from aftersales.jobs import running
from aftersales.models import Event, Job, JobItem, Notice, Refund
from tests.conftest import ROOT, THE_PROJECT, database_url

MANY = 60


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_s_job_is_done_once_and_whole(make_case, merchant, shop, now):
    now.move_to(time_machine.escape_hatch.datetime.datetime.now(tz=UTC))  # the worker's time
    cases = [make_case() for _number in range(MANY)]
    begun = [(case, case.version) for case in cases]
    job = running.start(shop, merchant, JobKind.AGREE, key="k", cases=begun)
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", WORK],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), **THE_PROJECT},
        stdout=subprocess.DEVNULL,
    )
    waiting = JobItem.objects.filter(state="waiting")
    patience = time.monotonic() + 120
    while waiting.count() == MANY and time.monotonic() < patience:
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    left = waiting.count()
    assert 0 < left < MANY
    assert Refund.objects.count() == MANY - left

    assert running.run_due(600) == left

    job.refresh_from_db()
    assert (job.state, job.items.filter(state="done").count()) == (JobState.DONE, MANY)
    steps = Counter(Event.objects.filter(step="agree").values_list("case", flat=True))
    assert steps == {case.pk: 1 for case in cases}
    assert Refund.objects.count() == MANY
    assert Notice.objects.filter(job=job).count() == 1


WORK = "from aftersales.jobs import running; running.run_due(60)"


def test_a_step_and_its_result_are_noted_together(make_case, merchant, shop, monkeypatch):
    """Whoever dies between the two has done neither."""
    case = make_case()
    job = running.start(shop, merchant, JobKind.AGREE, key="k", cases=[(case, case.version)])

    def dies(item, **_fields):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(JobItem, "save", dies)
        with pytest.raises(SystemExit):
            running.run_due()
    case.refresh_from_db()
    assert (case.status, job.items.get().state) == (Status.PENDING_MERCHANT, "waiting")

    running.run_due()
    case.refresh_from_db()
    assert (case.status, job.items.get().state) == (Status.REFUNDING, "done")
    assert Job.objects.get().state == JobState.DONE
