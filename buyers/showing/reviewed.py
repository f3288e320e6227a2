"""Where a case stands while it is before the platform, and after a denial."""

from datetime import datetime

from django.utils.translation import gettext as _

from aftersales import platform
from aftersales.display import deadline, money
from aftersales.enums import GATHERING, Party, Stage
from aftersales.models import Case
from aftersales.rules import deadlines
from buyers.showing.sentence import Standing, given_back


def reviewed(case: Case, now: datetime) -> Standing:
    asked = case.last_intervention
    decide_by = asked.decide_by if asked else case.due_at
    if case.suspended:
        return _on_hold(case)
    if deadlines.executing(case):
        return _to_be_executed(case)
    late = decide_by is not None and now >= decide_by
    told = _("已超过预计的 {until}，平台会尽快判定。") if late else _("预计 {until} 前出结果。")
    otherwise = told.format(until=deadline(decide_by, now))
    if case.stage == Stage.SUPPLEMENT and platform.asked_of(case, Party.BUYER) is None:
        return _others_turn(case, otherwise)
    if case.stage in GATHERING and platform.filed(case, Party.BUYER):
        return _filed(case, otherwise)
    if case.stage == Stage.SUPPLEMENT:
        return _supplementing(case, otherwise)
    if case.stage == Stage.EVIDENCE and case.evidence_due_at:
        return Standing(
            _("平台处理中，请补充凭证"),
            _("等你举证"),
            "mine",
            what_now=_(
                "把能说明问题的照片、聊天和物流记录都交上来；商家提交的内容举证结束后可见。"
            ),
            until=case.evidence_due_at,
            until_for=_("内提交凭证"),
            otherwise=_("逾期不再接收凭证，平台按已有的凭证判定。") + otherwise,
        )
    return Standing(
        _("平台处理中"),
        _("平台处理中"),
        "platform",
        what_now=_("举证已结束，平台正在判定，无需操作。"),
        until=None if late else decide_by,
        until_for=_("内预计出结果"),
        otherwise=(otherwise if late else "") + _("结果出来会通知你。"),
    )


def _on_hold(case: Case) -> Standing:
    stood = case.last_suspension
    why = stood.get_because_display() if stood else ""
    return Standing(
        _("平台已中止处理"),
        _("平台处理中"),
        "platform",
        what_now=_("{why}。中止期间可以留言，不能操作这一单。").format(why=why),
        until=case.due_at,
        until_for=_("内恢复处理"),
        otherwise=_("到期自动恢复，举证和判定的时限从剩余的时间继续。"),
    )


def _to_be_executed(case: Case) -> Standing:
    asked = case.last_intervention
    what = asked.get_ruling_display() if asked else ""
    return Standing(
        _("平台判定{what}，等商家提供退货地址").format(what=what),
        _("等商家"),
        "them",
        what_now=_("现在不用做什么；有了退货地址再寄回。"),
        until=case.due_at,
        until_for=_("内商家必须执行"),
        otherwise=_(
            "商家逾期未执行，由平台执行：用店铺的默认地址，没有地址的直接退款 {amount}。"
        ).format(amount=money(given_back(case))),
    )


def _filed(case: Case, otherwise: str) -> Standing:
    return Standing(
        _("平台处理中，你的凭证已提交"),
        _("平台处理中"),
        "platform",
        what_now=_("不用再做什么；还有能说明问题的，举证截止前可以继续补充。"),
        until=case.evidence_due_at,
        until_for=_("内还可以补充"),
        otherwise=_("逾期不再接收凭证，平台按已有的凭证判定。") + otherwise,
    )


def _others_turn(case: Case, otherwise: str) -> Standing:
    return Standing(
        _("平台处理中，等商家补充凭证"),
        _("平台处理中"),
        "platform",
        what_now=_("平台请商家补充凭证，你无需操作；提交的内容到期后可见。"),
        until=case.evidence_due_at,
        until_for=_("内补充"),
        otherwise=otherwise,
    )


def _supplementing(case: Case, otherwise: str) -> Standing:
    asked = platform.asked_of(case, Party.BUYER)
    return Standing(
        _("平台请你补充凭证"),
        _("等你补充"),
        "mine",
        what_now=asked.what if asked else "",
        until=case.evidence_due_at,
        until_for=_("内补充"),
        otherwise=_("逾期不再接收，没有补充的后果由你承担。") + otherwise,
    )


def after_denial(case: Case, now: datetime) -> str:
    until = platform.appeal_until(case)
    if case.stage == Stage.APPEAL:
        return _("你的申诉正在复核，由另一位客服处理，有结果会通知你。")
    if until is not None and now < until:
        return _("{until} 前可申诉一次，需要新的凭证；也可以走其他投诉渠道。").format(
            until=deadline(until, now)
        )
    return _("判定已是终局。对结果不满意，可以走其他投诉渠道。")
