"""Jobs from the click to the notice: each case in a transaction of its own, by whoever has time.

An item is locked, its step taken and the result noted in one transaction: a worker that is killed
leaves it as it was, and the next one takes it up. Beat calls ``run_due``.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from aftersales import clock
from aftersales.enums import JobKind, JobResult, JobState, Party
from aftersales.jobs import exporting
from aftersales.jobs.bulk import ACTS
from aftersales.languages import in_both, language_of
from aftersales.models import Case, Job, JobItem, Notice, Shop, User
from aftersales.steps import Refused

logger = logging.getLogger(__name__)


def start(
    shop: Shop,
    user: User,
    kind: JobKind,
    *,
    key: str,
    cases: Iterable[tuple[Case, int]] = (),
    rows: Iterable[int] = (),
    **told: Any,
) -> Job:
    """A new job for cases with the version that was looked at, or (export) for the keys of rows.

    The same click again is the job that it has made.
    """
    items = [JobItem(case=case, version=version) for case, version in cases]
    keys = list(rows)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                shop=shop,
                user=user,
                kind=kind,
                key=key,
                told=told,
                rows=keys,
                total=len(items) or len(keys),
                created_at=clock.now(),
            )
            for item in items:
                item.job = job
            JobItem.objects.bulk_create(items, batch_size=1000)
    except IntegrityError:
        return Job.objects.get(user=user, key=key)
    return job


def cancel(job: Job) -> bool:
    """Leave out what has not been done; false if there was nothing left to leave out."""
    with transaction.atomic():
        row = Job.objects.running().select_for_update(of=("self",)).filter(pk=job.pk).first()
        if row is None:
            return False
        # A case that a worker is at is waited for, and keeps its result.
        row.items.filter(state=JobResult.WAITING).update(state=JobResult.SKIPPED)
        row.state, row.ended_at, row.rows = JobState.CANCELLED, clock.now(), []
        row.save(update_fields=["state", "ended_at", "rows"])
    return True


def run_due(seconds: float = 20) -> int:
    """Go on with what is running for about so long, exports last; return how many cases were done."""
    until = clock.now() + timedelta(seconds=seconds)
    running = Job.objects.running().select_related("shop", "user").defer("rows")
    done = 0
    for job in running.exclude(kind=JobKind.EXPORT):
        done += work(job, until)
    for job in running.filter(kind=JobKind.EXPORT):
        if clock.now() < until and (state := exporting.export(job)):
            end(job, state)
    return done


def work(job: Job, until: datetime | None = None) -> int:
    """Do the job's cases one by one; return how many. What another worker is at is left to him."""
    done = 0
    while (until is None or clock.now() < until) and next_item(job):
        done += 1
    end(job, JobState.DONE)
    return done


def next_item(job: Job) -> bool:
    """Take the step of the next waiting case and note what came of it; false if none is free."""
    with transaction.atomic():
        waiting = job.items.filter(state=JobResult.WAITING, job__state=JobState.RUNNING)
        held = waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True)
        item = held.select_related("case__shop").first()
        if item is None:
            return False
        with override(language_of(job.user)):
            item.reason = _done_to(job, item)
        item.state = JobResult.FAILED if item.reason else JobResult.DONE
        item.save(update_fields=["state", "reason"])
    return True


def _done_to(job: Job, item: JobItem) -> str:
    """Do it to one case; return why not, or nothing."""
    try:
        with transaction.atomic():
            ACTS[job.kind](job, item.case, item.version, f"job-{job.pk}-{item.case_id}")
    except Refused as refused:
        return refused.sentence[:300]
    except Exception:
        logger.exception("job %s broke at case %s", job.code, item.case.code)
        return _("系统出错，这一单没有处理，请重试")
    return ""


def end(job: Job, state: JobState) -> bool:
    """Close a job in which nothing waits any more, and tell whoever began it; once."""
    with transaction.atomic():
        row = Job.objects.running().select_for_update(of=("self",)).filter(pk=job.pk).first()
        if row is None or row.items.filter(state=JobResult.WAITING).exists():
            return False
        row.state, row.ended_at, row.rows = state, clock.now(), []
        row.save(update_fields=["state", "ended_at", "rows"])
        tell(row)
    job.state, job.ended_at = row.state, row.ended_at
    return True


def tell(job: Job) -> None:
    chinese, english = in_both(lambda: sentence_of(job))
    Notice.objects.create(
        user=job.user,
        job=job,
        party=Party.MERCHANT,
        kind="job",
        text_zh=chinese,
        text_en=english,
        at=clock.now(),
    )


def sentence_of(job: Job) -> str:
    """How a job ended, in a sentence."""
    if job.is_export:
        if job.state == JobState.FAILED:
            return _("导出没有完成，请重新导出")
        told = _("导出完成：%(file)s，文件保留 %(days)s 天")
        return told % {"file": job.filename, "days": exporting.KEPT.days}
    done = job.items.filter(state=JobResult.DONE).count()
    failed = job.items.filter(state=JobResult.FAILED).count()
    told = ngettext("%(kind)s完成：成功 %(done)s 单", "%(kind)s完成：成功 %(done)s 单", done) % {
        "kind": job.get_kind_display(),
        "done": done,
    }
    if failed:
        told += _("，失败 %(failed)s 单") % {"failed": failed}
    return told
