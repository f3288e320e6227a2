"""The few things that can happen to a request: asked, replied to, answered, closed."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftersales import clock
from aftersales.enums import Clock, Party, RequestState
from aftersales.languages import in_both
from aftersales.models import (
    Case,
    Notice,
    OrderLine,
    ServiceMessage,
    ServiceRequest,
    Upload,
    User,
    Window,
)
from aftersales.rules import deadlines, worktime
from aftersales.steps import Refused

MOST_A_DAY = 5  # requests of one buyer
MOST_AN_HOUR = 20  # messages of one person
CLOSED = gettext_noop("工单已关闭")


def refusal(line: OrderLine) -> str:
    """Why the platform can't be asked about a line; empty when it can.

    It is for what after-sales can't do (S-50): they can't be applied for, or have failed.
    """
    cases = list(Case.objects.filter(line=line))
    if any(not case.ended for case in cases):
        return _("这件商品正在售后，请在售后单里与商家沟通或申请平台介入")
    failed = any(not case.succeeded for case in cases)
    if not failed and not Case.why_not(line):
        return _("这件商品现在可以申请售后，请先申请")
    return ""


def open_for(line: OrderLine) -> ServiceRequest | None:
    return ServiceRequest.objects.open().filter(line=line).first()


@transaction.atomic
def ask(
    line: OrderLine,
    *,
    by: User,
    problem: str,
    wants: str,
    files: Sequence[Upload] = (),
    key: str = "",
) -> ServiceRequest:
    """A new request; a second one for a line that has an open one is that one."""
    if standing := open_for(line):
        return standing
    if why := refusal(line):
        raise Refused(why, conflict=True)
    at = clock.now()
    day = ServiceRequest.objects.filter(buyer=by, at__gt=at - timedelta(days=1))
    if day.count() >= MOST_A_DAY:
        raise Refused(_("今天提交的工单太多了，请明天再试，或在已有的工单里补充"))
    if not 10 <= len(problem.strip()) <= 500:
        raise Refused(problem=_("请写清楚遇到的问题（10 到 500 个字）"))
    if not wants.strip():
        raise Refused(wants=_("请写明你希望的结果"))
    request = ServiceRequest(
        number=f"GD{at.astimezone(deadlines.CHINA):%Y%m%d}{secrets.randbelow(10**7):07d}",
        buyer=by,
        line=line,
        case=Case.objects.filter(line=line).order_by("-applied_at").first(),
        wants=wants.strip()[:200],
        at=at,
        due_at=due_from(at),
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError:  # the other of two clicks was first
        return ServiceRequest.objects.open().get(line=line)
    _say(request, Party.BUYER, by, problem, files, key)
    return request


def said(key: str, by: User) -> bool:
    """Whether this click has been said already."""
    return ServiceMessage.objects.filter(user=by, key=key).exists()


def due_from(at: datetime) -> datetime:
    """When a question asked now must have been answered, in working time if the row says so."""
    windows = Window.in_force("", at)
    length = timedelta(minutes=windows[str(Clock.SERVICE)])
    hours = windows.get(deadlines.hours_of(Clock.SERVICE))
    return worktime.end_of(at, length, worktime.Hours.read(hours)) if hours else at + length


Change = Callable[..., ServiceRequest]


def locked(change: Change) -> Change:
    """Take the change on the locked row; the same click again has had its effect."""

    @wraps(change)
    def take(request: ServiceRequest, *, key: str = "", **given: Any) -> ServiceRequest:
        with transaction.atomic():
            row = ServiceRequest.objects.select_for_update().get(pk=request.pk)
            if key and row.messages.filter(key=key).exists():
                return row
            if row.state == RequestState.CLOSED:
                raise Refused(_(CLOSED), conflict=True)
            return change(row, key=key, **given)

    return take


@locked
def reply(
    request: ServiceRequest, *, by: User, text: str, files: Sequence[Upload] = (), key: str = ""
) -> ServiceRequest:
    """The buyer adds something; after an answer it is the platform's turn again, with a new deadline."""
    _say(request, Party.BUYER, by, text, files, key)
    if request.state == RequestState.ANSWERED:
        request.state, request.due_at = RequestState.WAITING, due_from(clock.now())
        request.save(update_fields=["state", "due_at"])
    return request


@locked
def answer(
    request: ServiceRequest,
    *,
    by: User,
    text: str,
    files: Sequence[Upload] = (),
    close: bool = False,
    key: str = "",
) -> ServiceRequest:
    """The platform answers, and perhaps closes; the buyer is told."""
    if by.pk == request.buyer_id:
        raise Refused(_("不能答复自己的工单"))
    _say(request, Party.STAFF, by, text, files, key)
    request.state, request.due_at = RequestState.ANSWERED, None
    if close:
        request.state, request.closed_at = RequestState.CLOSED, clock.now()
    request.save(update_fields=["state", "due_at", "closed_at"])
    _tell(request, text)
    return request


@locked
def extend(
    request: ServiceRequest, *, by: User, length: timedelta, why: str, key: str
) -> ServiceRequest:
    """After an outage the platform's answer is due as much later as it lasted: said in the thread,
    once, and told to the buyer."""
    if request.due_at is None:
        raise Refused(_("没有可以延后的时限"), conflict=True)
    request.due_at += length
    request.save(update_fields=["due_at"])
    until = f"{request.due_at.astimezone(deadlines.CHINA):%Y-%m-%d %H:%M}"
    text = _("平台答复的时限延后到 {until}，原因：{why}").format(until=until, why=why)
    _say(request, Party.STAFF, by, text, (), key)
    _tell(request, text)
    return request


@locked
def close(request: ServiceRequest, *, by: User, key: str = "") -> ServiceRequest:
    """The buyer's word that it is solved."""
    request.state, request.due_at = RequestState.CLOSED, None
    request.closed_at = clock.now()
    request.save(update_fields=["state", "due_at", "closed_at"])
    return request


def _say(
    request: ServiceRequest, party: Party, by: User, text: str, files: Sequence[Upload], key: str
) -> None:
    text, at = text.strip(), clock.now()
    if not text:
        raise Refused(text=_("请输入内容"))
    if len(text) > 500:
        raise Refused(text=_("最多 500 个字"))
    lately = ServiceMessage.objects.filter(user=by, party=party, at__gt=at - timedelta(hours=1))
    if party == Party.BUYER and lately.count() >= MOST_AN_HOUR:
        raise Refused(_("发得太快了，请过一会儿再试"))
    message = ServiceMessage.objects.create(
        request=request, party=party, user=by, text=text, key=key[:64], at=at
    )
    message.files.set(files)


def _tell(request: ServiceRequest, text: str) -> None:
    """A notice to the buyer, in both languages."""
    chinese, english = in_both(
        lambda: _("平台客服答复了你关于“{goods}”的工单：{text}").format(
            goods=request.line.title, text=text.strip()[:80]
        )
    )
    at = clock.now()
    Notice.objects.create(
        user=request.buyer,
        request=request,
        party=Party.BUYER,
        text_zh=chinese,
        text_en=english,
        at=at,
        mail_due_at=at if request.buyer.email else None,
    )


def sees_file(upload: Upload, user: Any) -> bool:
    """Whether a file was shown on a request of this user, or is shown to him as staff."""
    shown = ServiceRequest.objects.filter(messages__files=upload)
    if user.is_staff and user.has_perm("aftersales.view_servicerequest"):
        return shown.exists()
    return shown.filter(buyer_id=user.pk).exists()


def url_of(request: ServiceRequest, party: Party) -> str:
    """Where a side finds a request."""
    if party == Party.STAFF:
        return reverse("admin:aftersales_servicerequest_change", args=[request.pk])
    return reverse("buyers:service_request", args=[request.number])
