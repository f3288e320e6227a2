"""What bulk work does to one case: the ordinary step, or a tag.

Each kind is a function of (job, case, version, key); it may refuse. There is none that rejects,
and no kind for it: whoever rejects has looked at the one case and negotiated (S-60).
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.enums import CaseType, Freight, JobKind
from aftersales.models import Case, Job, Member, ReturnAddress, Tag, User
from aftersales.models.desk import MOST_TAGS
from aftersales.steps import LAPSED, NOT_YOURS, Refused

Act = Callable[[Job, Case, int, str], None]


def agreeing(case: Case) -> str:
    """The step that agrees to what the buyer wants."""
    if case.needs_return:
        return "agree_return"
    return "agree_resend" if case.type == CaseType.RESEND else "agree"


def why_not(case: Case, user: User) -> str:
    """Why this case can't be agreed to among others; empty when it can.

    A return needs a default address that is in order, and freight that the rule decides: what a
    person has to choose is chosen on the case itself.
    """
    if case.wake_at is not None and case.wake_at <= clock.now():
        return str(LAPSED)
    if sentence := case.refusal(agreeing(case), user):
        return sentence
    if case.needs_return:
        if address_of(case) is None:
            return _("没有可用的默认退货地址")
        if case.freight in (Freight.NONE, Freight.UNDECIDED):
            return _("退货运费由谁承担需要选择，请逐单处理")
    return ""


def address_of(case: Case) -> ReturnAddress | None:
    usable = (each for each in case.shop.addresses.all() if each.default and each.valid)
    return next(usable, None)


def money_of(cases: Iterable[Case]) -> Decimal:
    """What agreeing to all of them gives back, at once or when the goods are back, in yuan."""
    return sum((case.worth for case in cases if not case.wants_goods), Decimal("0.00"))


def agree(job: Job, case: Case, version: int, key: str) -> None:
    given: dict[str, Any] = {}
    step = agreeing(case)
    if step == "agree_return":
        if why := why_not(case, job.user):
            raise Refused(why)
        given["address"] = address_of(case)
    getattr(case, step)(by=job.user, version=version, key=key, **given)


def assign(job: Job, case: Case, version: int, key: str) -> None:
    pk = job.told["member"]
    if case.assignee_id == pk:
        return  # whose case it is already
    member = Member.objects.filter(pk=pk, shop=job.shop_id).first() if pk else None
    if pk and member is None:
        raise Refused(_("只能分配给本店在岗的成员"))
    take: Any = case.assign
    take(by=job.user, key=key, member=member)


def tag(job: Job, case: Case, version: int, key: str) -> None:
    if case.member_of(job.user) is None:
        raise Refused(NOT_YOURS)
    name = job.told["tag"]
    if case.tags.exclude(name=name).count() >= MOST_TAGS:
        raise Refused(_("一单最多 10 个标签"))
    Tag.put_on(case, name)


ACTS: dict[str, Act] = {JobKind.AGREE: agree, JobKind.ASSIGN: assign, JobKind.TAG: tag}
