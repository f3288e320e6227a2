"""导出: a list of cases or orders as a file, kept for some days and then deleted.

Of people only what is masked leaves the house. A killed worker leaves no half of a file: it is
written aside and stored when it is whole, under the job's own name.
"""

import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import IO, Any, NamedTuple

from django.core.files import File
from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from aftersales import clock, sheets
from aftersales.display import mask, mask_address, mask_phone
from aftersales.enums import Direction, JobKind, JobState, Permission
from aftersales.languages import language_of
from aftersales.models import Case, Job, Member, Order
from aftersales.sheets import Cell

logger = logging.getLogger(__name__)

MOST_ROWS = 50_000
BATCH = 1000
KEPT = timedelta(days=7)
LEASE = timedelta(minutes=2)
PATIENCE = timedelta(seconds=30)  # until an export that broke is tried again
MOST_TRIES = 3

Columns = dict[str, tuple[Any, Callable[[Any], Cell]]]
FORMATS: dict[str, tuple[Any, str, str]] = {  # key: name, encoding, content type
    "utf-8": (gettext_lazy("CSV，UTF-8（带 BOM）"), "utf-8-sig", "text/csv; charset=utf-8"),
    "gb18030": (gettext_lazy("CSV，GB18030"), "gb18030", "text/csv; charset=gb18030"),
    "xlsx": (
        gettext_lazy("Excel 工作簿（XLSX）"),
        "",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


class LeaseLost(Exception):
    """The export was cancelled, or another worker has taken it up."""


def _parcels(order: Order) -> str:
    sent = [each for each in order.parcels.all() if each.direction == Direction.OUTBOUND]
    return " ".join(str(each) for each in sent)


def _buyer(order: Order) -> str:
    return mask(order.buyer_nick or str(order.buyer or ""))


CASES: Columns = {
    "code": (gettext_lazy("售后单号"), lambda case: case.code),
    "order": (gettext_lazy("订单号"), lambda case: case.order.number),
    "status": (gettext_lazy("状态"), lambda case: case.get_status_display()),
    "type": (gettext_lazy("售后类型"), lambda case: case.get_type_display()),
    "reason": (gettext_lazy("原因"), lambda case: case.reason.label),
    "goods": (gettext_lazy("商品"), lambda case: case.line.title),
    "sku": (gettext_lazy("规格"), lambda case: case.line.sku),
    "quantity": (gettext_lazy("申请件数"), lambda case: case.quantity),
    "amount": (gettext_lazy("申请金额（元）"), lambda case: case.worth),
    "agreed": (gettext_lazy("约定退款（元）"), lambda case: case.to_refund),
    "applied": (gettext_lazy("申请时间"), lambda case: case.applied_at),
    "due": (gettext_lazy("截止时间"), lambda case: case.due_at),
    "closed": (gettext_lazy("完结时间"), lambda case: case.closed_at),
    "rounds": (gettext_lazy("已发起轮数"), lambda case: case.round_number),
    "buyer": (gettext_lazy("买家"), lambda case: _buyer(case.order)),
    "sent": (gettext_lazy("发货物流"), lambda case: _parcels(case.order)),
    "back": (
        gettext_lazy("退货物流"),
        lambda case: f"{case.return_carrier} {case.return_tracking}".strip(),
    ),
    "assignee": (
        gettext_lazy("处理人"),
        lambda case: str(case.assignee.user) if case.assignee else "",
    ),
    "tags": (gettext_lazy("标签"), lambda case: " ".join(tag.name for tag in case.tags.all())),
}
ORDERS: Columns = {
    "number": (gettext_lazy("订单号"), lambda order: order.number),
    "state": (gettext_lazy("订单状态"), lambda order: order.get_state_display()),
    "goods": (
        gettext_lazy("商品"),
        lambda order: "；".join(f"{each.title} × {each.quantity}" for each in order.lines.all()),
    ),
    "paid": (gettext_lazy("实付（元）"), lambda order: order.paid),
    "postage": (gettext_lazy("邮费（元）"), lambda order: order.postage),
    "ordered": (gettext_lazy("下单时间"), lambda order: order.ordered_at),
    "paid_at": (gettext_lazy("付款时间"), lambda order: order.paid_at),
    "shipped": (gettext_lazy("发货时间"), lambda order: order.shipped_at),
    "signed": (gettext_lazy("签收时间"), lambda order: order.signed_at),
    "buyer": (gettext_lazy("买家"), _buyer),
    "receiver": (gettext_lazy("收件人"), lambda order: mask(order.receiver)),
    "phone": (gettext_lazy("联系电话"), lambda order: mask_phone(order.phone)),
    "address": (gettext_lazy("收货地址"), lambda order: mask_address(order.address)),
    "sent": (gettext_lazy("发货物流"), _parcels),
    "cases": (gettext_lazy("售后单数"), lambda order: len(order.cases.all())),
}


class Source(NamedTuple):
    """What can be exported: its name, its columns, and its rows with what the columns read."""

    name: Any
    columns: Columns
    rows: Callable[[], QuerySet[Any]]


SOURCES = {
    "cases": Source(
        gettext_lazy("售后单"),
        CASES,
        lambda: Case.objects.select_related(
            "order__buyer", "line", "reason", "assignee__user"
        ).prefetch_related("tags", "order__parcels"),
    ),
    "orders": Source(
        gettext_lazy("订单"),
        ORDERS,
        lambda: Order.objects.select_related("buyer").prefetch_related("lines", "parcels", "cases"),
    ),
}


def export(job: Job) -> JobState | None:
    """Write the file of an export; None while another worker is at it or it is to be tried again."""
    taken = _take(job.pk)
    if taken is None:
        return None
    member = Member.objects.at_work(taken.shop_id, taken.user)
    if taken.tries >= MOST_TRIES or member is None or not member.can(Permission.EXPORT):
        return JobState.FAILED
    try:
        with (
            tempfile.TemporaryFile() as file,
            override(language_of(taken.user)),
        ):
            _write(taken, file)
            _store(taken, file)
    except LeaseLost:
        return None
    except Exception:
        logger.exception("export %s broke after row %s", taken.code, taken.done)
        Job.objects.filter(pk=taken.pk, lease=taken.lease).update(
            lease="", leased_until=clock.now() + PATIENCE, tries=F("tries") + 1
        )
        return None
    return JobState.DONE


def _take(pk: int) -> Job | None:
    """The job for this worker alone; one that its last worker never gave back counts as a try."""
    now = clock.now()
    with transaction.atomic():
        free = Job.objects.running().filter(Q(leased_until=None) | Q(leased_until__lte=now), pk=pk)
        job = (
            free.select_for_update(of=("self",), skip_locked=True)
            .select_related("shop", "user")
            .first()
        )
        if job is None:
            return None
        job.tries += bool(job.lease)
        job.lease, job.leased_until, job.done = secrets.token_hex(16), now + LEASE, 0
        job.save(update_fields=["tries", "lease", "leased_until", "done"])
    return job


def _write(job: Job, file: IO[bytes]) -> None:
    source = SOURCES[job.told["of"]]
    columns = [column for key, column in source.columns.items() if key in job.told["columns"]]
    rows = _rows(job, source, columns)
    if job.told["format"] == "xlsx":
        sheets.write_xlsx(file, rows)
    else:
        sheets.write_csv(file, rows, FORMATS[job.told["format"]][1])


def _rows(job: Job, source: Source, columns: Sequence[tuple[Any, Any]]) -> Iterator[list[Cell]]:
    """The head and then the rows in the order in which they were listed."""
    yield [str(label) for label, _value in columns]
    for start in range(0, len(job.rows), BATCH):
        keys = job.rows[start : start + BATCH]
        found: dict[int, Model] = {
            row.pk: row for row in source.rows().filter(pk__in=keys, shop=job.shop_id)
        }
        for key in keys:
            if key in found:
                yield [value(found[key]) for _label, value in columns]
        _save(job, done=start + len(keys), leased_until=clock.now() + LEASE)


def _store(job: Job, file: IO[bytes]) -> None:
    ending = "xlsx" if job.told["format"] == "xlsx" else "csv"
    now = clock.now()
    name = f"{SOURCES[job.told['of']].name}-{localtime(now):%Y%m%d-%H%M}.{ending}"
    stored = job.file.field.generate_filename(job, name)
    job.file.storage.delete(stored)  # of a worker that died just before it could say so
    size = file.tell()
    file.seek(0)
    job.file.save(name, File(file), save=False)
    _save(job, file=job.file.name, filename=name, size=size, expires_at=now + KEPT)


def _save(job: Job, **values: Any) -> None:
    """Store the job's fields, if it is still ours and wanted."""
    if not Job.objects.running().filter(pk=job.pk, lease=job.lease).update(**values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


def drop_files(most: int = 1000) -> int:
    """Delete the files whose time is over; return how many. The jobs themselves stay."""
    over = Job.objects.filter(kind=JobKind.EXPORT, expires_at__lte=clock.now()).exclude(file="")
    dropped = 0
    for job in over.defer("rows").order_by("pk")[:most]:
        job.file.storage.delete(str(job.file.name))
        dropped += Job.objects.filter(pk=job.pk).update(file="")
    return dropped


def problem(count: int) -> str:
    """Why so many rows can't be exported; empty when they can."""
    if not count:
        return _("没有可以导出的内容")
    if count > MOST_ROWS:
        return _("一次最多导出 %(most)s 行，请先缩小筛选范围") % {"most": f"{MOST_ROWS:,}"}
    return ""
