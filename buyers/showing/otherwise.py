"""What happens if nobody acts: the shop lets its time pass, or the buyer does not answer."""

from datetime import datetime

from django.utils.translation import gettext as _

from aftersales.display import deadline, money
from aftersales.enums import CaseType, Remedy, Status
from aftersales.models import Case
from aftersales.rules.conditions import rounds_left
from buyers.showing.sentence import given_back


def if_unhandled(case: Case, now: datetime | None = None) -> str:
    """What happens when the merchant's time runs out (S-20); with ``now``, until when as well."""
    if not case.due_at:
        return ""
    if case.status == Status.AWAITING_MERCHANT_RECEIPT and case.remedy != Remedy.REFUND:
        then = _("商家仍未确认，视为已收货，必须把商品发给你。")
    elif case.type == CaseType.RESEND:
        then = _("商家仍未处理，将自动同意补寄。")
    elif case.status == Status.PENDING_MERCHANT and case.wants_goods:
        then = _("商家仍未处理，将自动按你的要求同意{what}。").format(what=case.get_type_display())
    elif case.status == Status.AWAITING_MERCHANT_RECEIPT:
        then = _("商家仍未确认，将自动退款 {amount}。").format(amount=money(given_back(case)))
    elif case.needs_return:
        then = _("商家仍未处理，将自动按你的要求同意退货退款 {amount}。").format(
            amount=money(case.worth)
        )
    else:
        then = _("商家仍未处理，将自动退款 {amount}。").format(amount=money(case.worth))
    if now is None:
        return _("到期{then}").format(then=then)
    return _("{until} 前{then}").format(until=deadline(case.due_at, now), then=then)


def if_unanswered(case: Case) -> str:
    """What the shop does after a round that nobody answered: after the last it may say no."""
    if rounds_left(case):
        return _("没答复也没关系：售后不会关闭，商家会继续协商。")
    if case.status == Status.AWAITING_MERCHANT_RECEIPT:
        return _(
            "没答复售后也不会关闭，但这是最后一轮：商家之后可以确认收货，也可以拒绝收货；"
            "拒绝了，你可以申请平台介入。"
        )
    return _(
        "没答复售后也不会关闭，但这是最后一轮：商家之后可以同意，也可以驳回；"
        "驳回了，你可以申请平台介入。"
    )
