"""平台介入 as one side of a case reads it: what is asked of whom, until when, and what was found."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.display import kept_money, money, when
from aftersales.enums import (
    GATHERING,
    UNRULED,
    AppealState,
    Clock,
    Party,
    Responsible,
    Ruling,
    Stage,
    Status,
)
from aftersales.models import Appeal, Case, Intervention, Supplement
from aftersales.rules import deadlines, facts

Rows = list[tuple[str, Any]]


def found(details: dict[str, Any]) -> tuple[str, str]:
    """What a ruling gives, with its amount, and who is responsible, as its event keeps them."""
    ruling, side = details.get("ruling", ""), details.get("responsible", "")
    told = str(Ruling(ruling).label) if ruling in Ruling.values else str(ruling)
    who = str(Responsible(side).label) if side in Responsible.values else str(side)
    return f"{told} {kept_money(details.get('amount'))}".strip(), who


def asked_of(case: Case, party: Party) -> Supplement | None:
    """The supplement that this side may answer now."""
    asked = case.last_supplement if case.stage == Stage.SUPPLEMENT else None
    return asked if asked is not None and asked.asks(party) else None


def filed(case: Case, party: Party) -> int:
    """How many proofs a side has filed since they were last asked for."""
    since = case.evidence_from or case.platform_asked_at
    return sum(
        each.party == party and (since is None or each.at >= since)
        for each in case.handed("evidence")
    )


def course(case: Case, now: datetime) -> dict[str, Any]:
    """How long the platform takes, should it be asked now: for evidence, then for the ruling."""
    told: dict[str, Any] = {}
    for name, clock in (("evidence", Clock.EVIDENCE), ("decision", Clock.DECISION)):
        told[f"{name}_hours"] = int(deadlines.length(case, clock).total_seconds() // 3600)
        told[f"{name}_until"] = deadlines.end_of(case, clock, now)
    return told


def appeal_until(case: Case) -> datetime | None:
    """Until when the last ruling may be appealed (D13)."""
    asked = case.last_intervention
    return asked.appeal_by if asked is not None and case.stage == Stage.RULED else None


def rows(case: Case, party: Party, now: datetime) -> Rows:
    """The card 平台介入: empty where the platform was never asked."""
    asked = case.last_intervention
    if asked is None:
        return []
    told: Rows = [
        (_("申请方"), _name(asked.asked_by, party)),
        (_("申请时间"), when(asked.at, now)),
        (_("理由"), asked.reason),
        (_("希望的结果"), asked.wants),
        (_("阶段"), _("已中止") if case.suspended else asked.get_stage_display()),
    ]
    if case.suspended:
        told += _suspended(case, now)
    elif asked.stage in UNRULED:
        told += _gathered(case, asked, party, now)
        told.append((_("预计判定"), when(asked.decide_by, now)))
    told += _found(case, asked, now)
    told += _appealed(case, asked, party, now)
    return told


def _name(who: str, reader: Party) -> str:
    if who == reader:
        return _("我方") if reader == Party.MERCHANT else _("你")
    return _("平台主动介入") if who == Party.STAFF else str(Party(who).label)


def _suspended(case: Case, now: datetime) -> Rows:
    stood = case.last_suspension
    if stood is None:
        return []
    return [
        (_("中止原因"), stood.get_because_display()),
        (_("依据"), stood.note),
        *(((_("受理凭证编号"), stood.proof),) if stood.proof else ()),
        *(((_("受理凭证提交截止"), when(stood.proof_by, now)),) if stood.proof_by else ()),
        (_("最晚恢复"), when(stood.until, now)),
    ]


def _gathered(case: Case, asked: Intervention, party: Party, now: datetime) -> Rows:
    """Until when proof is in, what was asked of whom, and that the other side filed something."""
    told: Rows = []
    if asked.stage in GATHERING and case.evidence_due_at:
        told.append((_("举证截止"), when(case.evidence_due_at, now)))
        other = Party.MERCHANT if party == Party.BUYER else Party.BUYER
        mine, theirs = filed(case, party), filed(case, other)
        told.append(
            (
                _("你的举证") if party == Party.BUYER else _("我方举证"),
                ngettext("已提交 {n} 份", "已提交 {n} 份", mine).format(n=mine)
                if mine
                else _("还没有提交"),
            )
        )
        name = _("商家") if party == Party.BUYER else _("买家")
        told.append(
            (
                _("对方举证"),
                ngettext(
                    "{name}已提交 {n} 份，举证结束后可见",
                    "{name}已提交 {n} 份，举证结束后可见",
                    theirs,
                ).format(name=name, n=theirs)
                if theirs
                else _("{name}还没有提交").format(name=name),
            )
        )
    for each in asked.supplements.all():
        side = _name(each.of, party) if each.of else _("双方")
        yours = each.of == party == Party.BUYER
        label = _("平台要求你补充") if yours else _("平台要求{side}补充").format(side=side)
        told.append((label, each.what))
    return told


def _found(case: Case, asked: Intervention, now: datetime) -> Rows:
    reason = asked.decision_reason.label if asked.decision_reason else ""
    if asked.stage == Stage.DECLINED:
        return [
            (_("不予受理"), reason),
            (_("依据"), asked.grounds),
            (_("时间"), when(asked.ruled_at, now)),
        ]
    if not asked.ruling:
        return []
    told: Rows = [(_("判定"), asked.get_ruling_display())]
    if asked.amount is not None:
        told.append((_("判定金额"), money(asked.amount)))
    told += [(_("判定理由"), reason), (_("责任方"), asked.get_responsible_display())]
    if asked.freight_out:
        told.append((_("发货运费"), asked.get_freight_out_display()))
    if asked.freight:
        told.append((_("退货运费"), asked.get_freight_display()))
    if asked.freight_reason:
        told.append((_("运费改判理由"), asked.freight_reason.label))
    told += [
        (_("依据"), asked.grounds),
        (_("采信的凭证"), _cited(case, asked)),
        (_("判定时间"), when(asked.ruled_at, now)),
    ]
    if asked.execute_by and (
        deadlines.executing(case) or case.status == Status.AWAITING_MERCHANT_SHIP
    ):
        told.append((_("商家执行期限"), when(asked.execute_by, now)))
    return told


def _cited(case: Case, asked: Intervention) -> str:
    filed = [each for each in case.handed("evidence") if each.pk in asked.evidence_cited]
    return _("；").join(
        f"{each.get_party_display()} {each.label or each.upload.name}" for each in filed
    )


def _appealed(case: Case, asked: Intervention, party: Party, now: datetime) -> Rows:
    """Once there is an appeal, what came of it; a reversal shows when two have agreed on it."""
    appeal = Appeal.objects.filter(intervention=asked).first()
    if appeal is None:
        until = appeal_until(case)
        may = until is not None and now < until and party in facts.losing(str(asked.ruling))
        return [(_("可申诉至"), when(until, now))] if may else []
    told: Rows = [
        (_("申诉方"), _name(appeal.party, party)),
        (_("申诉理由"), appeal.reason),
    ]
    if appeal.state in (AppealState.OPEN, AppealState.PROPOSED):
        told.append(
            (_("申诉结果"), _("复核中，预计 {at} 前").format(at=when(appeal.decide_by, now)))
        )
        return told
    told.append((_("申诉结果"), appeal.get_state_display()))
    if appeal.state == AppealState.REVERSED:
        told.append((_("改判责任方"), appeal.get_responsible_display()))
        if appeal.amount is not None:
            told.append((_("改判退款总额"), money(appeal.amount)))
    told.append((_("复核依据"), appeal.grounds))
    return told
