"""An import from upload to end: checked without writing an order, confirmed, and done in the background.

Beat calls ``run_due``. A job is leased to one worker, which writes each batch of orders together
with the checkpoint; when a worker dies its lease runs out and another goes on from there.
"""

import csv
import hashlib
import io
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftersales import clock
from aftersales.enums import ImportState
from aftersales.imports import orders, reading
from aftersales.imports.batching import batches, passed
from aftersales.imports.drafts import Outcome
from aftersales.imports.layout import OrderRow
from aftersales.imports.reading import Table, Unreadable
from aftersales.imports.values import Problem, cleaned
from aftersales.models import ImportJob, RowError, Shop, User
from aftersales.models.importing import ACTIVE
from aftersales.sheets import neutral

logger = logging.getLogger(__name__)

BATCH = 1000
LEASE = timedelta(minutes=2)
PATIENCE = timedelta(seconds=30)  # until a job that broke is tried again
MOST_TRIES = 3
A_DAY = timedelta(days=1)  # by which a clock elsewhere may be ahead of ours
SAMPLES = 5
REASONS = "导入失败原因"
MOST_DROPPED = 1000  # at a time; the next time takes the next
UNCONFIRMED = gettext_noop("{days} 天没有确认导入，文件已删除，请重新上传")

Settle = Callable[[Shop, Sequence[OrderRow], Mapping[str, int]], Outcome]


class LeaseLost(Exception):
    """Another worker has taken this job up; whatever we were about to write is not written."""


# What people do -----------------------------------------------------------------------------------


def start(shop: Shop, user: User | None, upload: UploadedFile | File) -> ImportJob:
    """Keep a file that looks like one of ours, for the check; else say in a sentence why not."""
    name = PurePath((upload.name or "").replace("\\", "/")).name
    size = int(upload.size or 0)
    reading.kind_of(cast(BinaryIO, upload), name, size)
    digest = hashlib.sha256()
    for block in upload.chunks():
        digest.update(block)
    upload.seek(0)
    job = ImportJob(
        shop=shop,
        uploader=user,
        filename=shown_name(name),
        size=size,
        sha256=digest.hexdigest(),
        created_at=clock.now(),
    )
    job.file.save(name, upload, save=False)
    job.save()
    return job


def drop_files() -> int:
    """Delete order files that have been here long enough; return how many. Reports stay.

    A file that nobody confirmed can't be imported any more. One that a worker is at waits.
    """
    until = clock.now() - timedelta(days=settings.IMPORT_FILE_DAYS)
    old = ImportJob.objects.exclude(file="").filter(created_at__lte=until)
    dropped = 0
    for pk in list(old.exclude(state__in=ACTIVE).values_list("pk", flat=True)[:MOST_DROPPED]):
        with transaction.atomic():
            rows = ImportJob.objects.select_for_update(of=("self",), skip_locked=True)
            job = rows.filter(pk=pk).exclude(state__in=ACTIVE).exclude(file="").first()
            if job is None:
                continue
            storage, name = job.file.storage, str(job.file.name)
            job.file = ""
            if job.state == ImportState.CHECKED:
                job.state, job.error = ImportState.FAILED, UNCONFIRMED
                job.error_facts = {"days": settings.IMPORT_FILE_DAYS}
            job.sample = []
            job.save(update_fields=["file", "state", "error", "error_facts", "sample"])
            job.errors.update(value="")  # what stood in the cells went with the file
            transaction.on_commit(partial(storage.delete, name))
            dropped += 1
    return dropped


def shown_name(name: str) -> str:
    """A file's name without characters that make it look like another one."""
    stem, ending = PurePath(name).stem, PurePath(name).suffix
    return cleaned(stem.replace("\ufffd", "")[:150]) + ending[:5]


def confirm(job: ImportJob) -> bool:
    """Let a checked file be imported; False if that has been asked for already."""
    asked = ImportJob.objects.filter(pk=job.pk, state=ImportState.CHECKED).update(
        state=ImportState.QUEUED,
        **dict.fromkeys(("done", "new", "updated", "unchanged", "failed"), 0),
        confirmed_at=clock.now(),
        started_at=None,
        finished_at=None,
    )
    job.refresh_from_db()
    return bool(asked)


def check(job: ImportJob) -> ImportJob:
    """The dry run, now and here: counts, a sample and every row's errors; no order is written."""
    return _work_off(job, ImportState.CHECKING)


def run(job: ImportJob) -> ImportJob:
    """The import, now and here; a job that was interrupted goes on where it stopped."""
    confirm(job)
    return _work_off(job, ImportState.QUEUED, ImportState.IMPORTING)


def earlier_import(job: ImportJob) -> ImportJob | None:
    """An import of exactly this file that the shop has already done."""
    done = job.shop.imports.filter(sha256=job.sha256, state=ImportState.DONE)
    return done.exclude(pk=job.pk).first()


# What workers do ----------------------------------------------------------------------------------


def run_due(seconds: float = 20) -> int:
    """Take up waiting jobs, one after another, for about so long; return how many came to an end."""
    until = clock.now() + timedelta(seconds=seconds)
    ended = 0
    while clock.now() < until and (job := take()):
        ended += work(job, until)
    return ended


def take() -> ImportJob | None:
    """Lease the job that has waited longest; nobody else gets it while the lease is renewed."""
    now = clock.now()
    with transaction.atomic():
        waiting = ImportJob.objects.waiting(now).select_for_update(skip_locked=True, of=("self",))
        job = waiting.first()
        return _lease(job) if job else None


def _lease(job: ImportJob) -> ImportJob:
    if job.lease:  # its last worker never gave it back
        job.tries += 1
    job.lease = secrets.token_hex(16)
    job.leased_until = clock.now() + LEASE
    job.save(update_fields=["lease", "leased_until", "tries"])
    return job


def _work_off(job: ImportJob, *states: ImportState) -> ImportJob:
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if row.state in states:
            _lease(row)
    if row.state in states:
        work(row, None, patient=False)
    job.refresh_from_db()
    return job


def work(job: ImportJob, until: datetime | None, *, patient: bool = True) -> bool:
    """Go on with a leased job; True if it came to an end, False if it is to be taken up again."""
    try:
        if job.tries >= MOST_TRIES:
            raise Unreadable(gettext_noop("多次中断，已停在第 {done} 行之后"), done=job.done)
        checking = job.state == ImportState.CHECKING
        ended = _check(job, until) if checking else _import(job, until)
    except LeaseLost:
        return False
    except Unreadable as problem:
        _save(job, state=ImportState.FAILED, error=problem.reason, error_facts=problem.facts)
        ended = True
    except Exception:
        if not patient:
            raise
        logger.exception("import %s broke after row %s", job.code, job.done)
        ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(
            lease="", leased_until=clock.now() + PATIENCE, tries=F("tries") + 1
        )
        return False
    ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(lease="", leased_until=None)
    return ended


@contextmanager
def opened(job: ImportJob) -> Iterator[Table]:
    with job.file.open("rb") as file:
        yield reading.open_table(cast(BinaryIO, file), job.filename, job.size)


def _check(job: ImportJob, until: datetime | None) -> bool:
    with opened(job) as table:
        if not job.done:
            job.errors.all().delete()
            _save(
                job,
                platform=table.layout.platform.code,
                kind=table.kind,
                encoding=table.encoding,
                matched=table.layout.matched,
                ignored=table.layout.ignored,
                rows=table.about,
                sample=[],
                started_at=job.started_at or clock.now(),
            )
        if not _walk(job, table, orders.look, until):
            return False
    if not job.done:
        raise Unreadable(gettext_noop("只有表头，没有订单"))
    _save(job, state=ImportState.CHECKED, rows=job.done, finished_at=clock.now())
    return True


def _import(job: ImportJob, until: datetime | None) -> bool:
    if job.state == ImportState.QUEUED:
        with transaction.atomic():
            job.errors.all().delete()
            _save(job, state=ImportState.IMPORTING, started_at=clock.now())
    with opened(job) as table:
        if not _walk(job, table, orders.bring_in, until):
            return False
    _save(job, state=ImportState.DONE, finished_at=clock.now())
    return True


def _walk(job: ImportJob, table: Table, settle: Settle, until: datetime | None) -> bool:
    """Settle the file batch by batch from the checkpoint on; False when time is up before its end."""
    begun = clock.now()
    seen = passed(table, job.done)
    if until is not None:
        until += clock.now() - begun  # the way back to the checkpoint is not counted
    for batch in batches(table, begun + A_DAY, BATCH):
        done = job.done + batch.size
        with transaction.atomic():
            outcome = settle(job.shop, batch.rows, batch.spoiled)
            problems = [*batch.problems, *outcome.problems]
            _note(job, problems)
            # An order that stands in several places of the file counts once.
            fresh = [
                sum(hash(number) not in seen for number in found)
                for found in (outcome.new, outcome.updated, outcome.unchanged)
            ]
            _save(
                job,
                done=done,
                rows=max(job.rows, done),
                new=job.new + fresh[0],
                updated=job.updated + fresh[1],
                unchanged=job.unchanged + fresh[2],
                failed=job.failed + len({row for row, _problem in problems}),
                sample=job.sample + [_sample(row) for row in batch.rows[: wanted(job)]],
                leased_until=clock.now() + LEASE,
                tries=0,
            )
        seen.update(hash(row.number) for row in batch.rows)
        if until is not None and clock.now() >= until:
            return False
    return True


def _save(job: ImportJob, **values: Any) -> None:
    """Store the job's fields, if it is still ours."""
    ours = ImportJob.objects.filter(pk=job.pk, lease=job.lease)
    if not ours.update(**values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


def _note(job: ImportJob, problems: Iterable[tuple[int, Problem]]) -> None:
    RowError.objects.bulk_create(
        [
            RowError(
                job=job,
                row=row,
                column=problem.column[:60],
                value=_harmless(problem.value)[:100],
                reason=problem.reason,
                facts=problem.facts,
            )
            for row, problem in problems
        ],
        batch_size=1000,
    )


def _harmless(value: str) -> str:
    """As a database can store it: PostgreSQL takes neither NUL nor half a surrogate pair."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def wanted(job: ImportJob) -> int:
    """How many more rows to show as a sample."""
    return max(0, SAMPLES - len(job.sample))


def _sample(row: OrderRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state.value,
        "title": row.title,
        "quantity": row.quantity,
        "paid": f"{row.paid:.2f}",
        "buyer": row.buyer_nick,
        "ordered_at": row.ordered_at.isoformat() if row.ordered_at else "",
        "tracking": "、".join(row.trackings),
    }


# The rows that failed -----------------------------------------------------------------------------


def failed_rows_file(job: ImportJob, encoding: str = "utf-8-sig") -> Iterator[bytes]:
    """The rows that failed as csv, with why; mended, the file can be imported as it is."""
    with suppress(Unreadable), opened(job) as table:
        line = io.StringIO(newline="")
        writer = csv.writer(line)

        def written(cells: Iterable[str]) -> bytes:
            line.seek(0)
            line.truncate()
            writer.writerow([neutral(cell) for cell in cells])
            return line.getvalue().encode(encoding, "replace")

        # The codec would put its mark before every line.
        encoding, mark = ("utf-8", b"\xef\xbb\xbf") if encoding == "utf-8-sig" else (encoding, b"")
        header = [name for name in table.layout.header if name != REASONS]
        yield mark + written([*header, REASONS])
        kept = [at for at, name in enumerate(table.layout.header) if name != REASONS]
        errors = job.errors.order_by("row", "pk").iterator(chunk_size=1000)
        records = iter(table.rows)
        for row, problems in groupby(errors, key=lambda error: error.row):
            reasons = _("；").join(_told(error) for error in problems)
            record = next((each for each in records if each.row >= row), None)
            if record is None or record.row != row:
                return
            # Of a row too short or too long every cell is kept, so that it fails until mended.
            whole = len(record.cells) == len(table.layout.header)
            cells = [record.cells[at] for at in kept] if whole else record.cells
            yield written([*cells, reasons])


def _told(error: RowError) -> str:
    return f"{error.column}：{error.sentence}" if error.column else error.sentence


def summary(job: ImportJob) -> list[str]:
    """The report in lines, for people at a terminal."""
    if job.error:
        return [job.sentence]
    lines = [
        _("{filename}：{platform}，{kind} {encoding}").format(
            filename=job.filename, platform=job.platform, kind=job.kind, encoding=job.encoding
        ),
        _("新订单 {new}，有更新 {updated}，无变化 {unchanged}，失败 {failed} 行").format(
            new=job.new, updated=job.updated, unchanged=job.unchanged, failed=job.failed
        ),
    ]
    return lines + [
        _("第 {row} 行：{told}").format(row=error.row, told=_told(error))
        for error in job.errors.all()[:100]
    ]
