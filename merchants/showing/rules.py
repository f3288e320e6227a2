"""规则与时限 as a page: the clocks in words, and the shop's rules with what they did (M24)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import agreeing, catalogue
from aftersales.display import span
from aftersales.enums import CaseType, Clock, Permission, Phase
from aftersales.models import AgreeRule, Edition, Member, Reason, Shop, Window

# The clocks that a shop lives by, in the order of a case, with what happens when they run out.
CLOCKS: dict[Clock, Any] = {
    Clock.HANDLE_UNSHIPPED: gettext_lazy("商家逾期未处理，按买家要求退款"),
    Clock.HANDLE_REFUND: gettext_lazy("商家逾期未处理，按买家要求退款"),
    Clock.HANDLE_RETURN: gettext_lazy(
        "商家逾期未处理，按买家要求同意，发默认退货地址；没有可用地址时直接退款"
    ),
    Clock.EARLY: gettext_lazy("平台开放时，商家这么久没有处理，买家可以申请平台介入"),
    Clock.NEGOTIATION: gettext_lazy("买家没有回复，商家可以进行下一步"),
    Clock.REQUEST: gettext_lazy("没有答复的正式请求作废"),
    Clock.BUYER_RETURN: gettext_lazy("买家没有填写退货单号，售后关闭"),
    Clock.DELIVERY_REFUSAL: gettext_lazy("包裹已签收的，售后关闭；没有签收的，平台跟进"),
    Clock.AFTER_REJECT: gettext_lazy("买家没有回应驳回，售后关闭"),
    Clock.RECEIPT: gettext_lazy("商家没有确认收货，自动退款"),
    Clock.RECEIPT_SIGNED: gettext_lazy("退货签收后商家没有确认收货，自动退款"),
    Clock.SHIP: gettext_lazy("商家没有发出换货或补寄，自动退款"),
    Clock.SHIP_REPAIRED: gettext_lazy("商家没有修好寄回，自动退款"),
    Clock.ARRIVAL: gettext_lazy("买家没有确认，视为收到，售后完成"),
    Clock.ARRIVAL_SIGNED: gettext_lazy("签收后买家没有确认，视为收到，售后完成"),
    Clock.EVIDENCE: gettext_lazy("举证结束，平台按已有凭证判定"),
    Clock.SUPPLEMENT: gettext_lazy("补充举证结束，平台按已有凭证判定"),
    Clock.EXECUTION: gettext_lazy("商家没有执行判定，平台代为执行"),
    Clock.APPEAL: gettext_lazy("不能再申诉，判定生效"),
    Clock.DECISION: gettext_lazy("平台判定的目标时间，不影响双方权利"),
    Clock.SUSPENSION: gettext_lazy("中止到期，自动恢复处理"),
    Clock.NO_REASON: gettext_lazy("签收次日零点起算，之后不能再申请七天无理由"),
    Clock.AFTER_SALE: gettext_lazy("交易成功后过了这段时间，只能申请售后保障维权"),
    Clock.WARRANTY: gettext_lazy("保修期内的故障可以申请维修"),
}


class Running(NamedTuple):
    """A window row as a shop reads it; ``edition`` put it in force, at ``since`` (none: ever since)."""

    code: str
    name: str
    scope: str
    length: str
    otherwise: str
    edition: str
    since: datetime | None


def clocks(at: datetime) -> list[Running]:
    """The windows that hold now, from the rows of the catalogue."""
    rows: dict[str, list[Window]] = {}
    for row in Window.standing(at):
        rows.setdefault(row.clock, []).append(row)
    editions = list(
        Edition.objects.exclude(number=None)
        .order_by("-number")
        .values_list("number", "effective_from", "changes")
    )
    return [
        Running(
            str(clock) if str(clock).startswith("D") else "",
            str(clock.label),
            scope_of(row),
            span(timedelta(minutes=row.minutes)),
            str(otherwise),
            *_since(row, editions),
        )
        for clock, otherwise in CLOCKS.items()
        for row in rows.get(clock, [])
    ]


def scope_of(row: Window) -> str:
    told = [
        str(CaseType(row.case_type).label) if row.case_type else "",
        str(Phase(row.phase).label) if row.phase else "",
        row.category,
        _("工作时间 %(hours)s") % {"hours": row.hours} if row.hours else "",
        _("%(day)s 起") % {"day": row.starts_on} if row.starts_on else "",
        _("到 %(day)s") % {"day": row.ends_on} if row.ends_on else "",
    ]
    return " · ".join(filter(None, told))


def _since(row: Window, editions: Sequence[Any]) -> tuple[str, datetime | None]:
    """The newest edition that has set the row; without one it was shipped."""
    key = catalogue.window_key(row)
    for number, effective_from, changes in editions:
        if any((each["kind"], each["key"]) == (catalogue.WINDOW, key) for each in changes):
            return f"v{number}", effective_from
    return (f"v{editions[-1][0]}" if editions else ""), None


# The shop's rules ---------------------------------------------------------------------------------


class Shown(NamedTuple):
    """A rule with its conditions in words; ``halted`` says why it agrees to nothing though it is on."""

    rule: AgreeRule
    conditions: list[str]
    done: agreeing.Done
    halted: str


def rules_of(shop: Shop, at: datetime) -> list[Shown]:
    names = {row.code: row.label for row in Reason.objects.all()}
    rows = list(AgreeRule.objects.filter(shop=shop).select_related("author"))
    rows.sort(key=lambda rule: int(rule.code[1:]))
    members = {each.user_id: each for each in Member.objects.on_duty([shop])}
    done = agreeing.done(shop, at)
    nothing = agreeing.Done(0, agreeing.NOTHING, agreeing.NOTHING)
    return [
        Shown(
            rule,
            list(agreeing.in_words(rule, names)),
            done.get(rule.code, nothing),
            _halted(rule, members),
        )
        for rule in rows
    ]


def _halted(rule: AgreeRule, members: dict[int, Member]) -> str:
    member = members.get(rule.author_id)
    if not rule.active or (member and member.can(Permission.AGREE)):
        return ""
    return _(
        "启用它的 %(who)s 已没有同意售后的权限，规则不再执行；请由有权限的成员停用后重新启用"
    ) % {"who": rule.author}
