"""风险提示: what is concretely known to speak against rejecting a case (RW-01 to RW-20, NEG-03)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from aftersales.display import money, when
from aftersales.enums import CaseType, Clock, GoodsState, OrderState, ScanKind, Severity
from aftersales.rules import amounts, facts
from aftersales.rules.deadlines import end_of, no_reason_until

if TYPE_CHECKING:
    from aftersales.models import Case, Risk


@dataclass(frozen=True)
class Found:
    """What a check found: the concrete facts, and where they make the warning harder.

    ``key`` names the facts for a machine: a tick holds until the key changes (NEG-05).
    """

    facts: str
    severity: Severity | None = None  # None: as the catalogue row says
    key: str = ""


@dataclass(frozen=True)
class Warning:
    """A warning as a person sees it; ``blocks`` are reject reasons it rules out (all, if hard)."""

    code: str
    title: str
    severity: Severity
    facts: str
    blocks: frozenset[str] = frozenset()
    key: str = ""
    titles: tuple[str, str] = ("", "")  # in Chinese and in English

    @property
    def hard(self) -> bool:
        return self.severity == Severity.BLOCK

    @property
    def ticked(self) -> bool:
        return self.severity == Severity.CONFIRM

    def stored(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.titles[0],
            "title_en": self.titles[1],
            "severity": str(self.severity),
            "facts": self.facts,
            "key": self.key,
            "blocks": sorted(self.blocks),
        }


@dataclass(frozen=True)
class ShopFigures:
    """What the shop's own recent past says; worked out by ``Case.shop_figures`` (RW-13 to RW-15).

    ``given_back`` is what other cases of the order have brought back, in yuan (RW-19).
    """

    same_product: int = 0
    rejected: int = 0
    lost: int = 0
    clicks: int = 0
    same_text: int = 0
    address_ready: bool = True
    complaints: Sequence[str] = field(default_factory=list)
    given_back: Decimal = Decimal("0.00")


Check = Callable[["Case", ShopFigures, int, datetime], Found | None]
CHECKS: dict[str, Check] = {}


def check(code: str) -> Callable[[Check], Check]:
    def decorate(function: Check) -> Check:
        CHECKS[code] = function
        return function

    return decorate


def evaluate(
    case: "Case", rows: Sequence["Risk"], figures: ShopFigures, at: datetime
) -> list[Warning]:
    """Every warning that applies now, the hard ones first; ``rows`` is the active catalogue."""
    found = []
    for row in rows:
        look = CHECKS.get(row.code)
        hit = look(case, figures, row.threshold or 0, at) if look else None
        if hit:
            severity = hit.severity or Severity(row.severity)
            titles = (row.label_zh, row.label_en)
            blocks = frozenset(reason.code for reason in row.blocks.all())
            found.append(Warning(row.code, row.label, severity, hit.facts, blocks, hit.key, titles))
    order = {Severity.BLOCK: 0, Severity.CONFIRM: 1, Severity.INFO: 2}
    return sorted(found, key=lambda warning: (order[warning.severity], warning.code))


def unticked(warnings: Sequence[Warning], ticked: Mapping[str, str]) -> list[Warning]:
    """The warnings still to be confirmed: not ticked, or ticked when the facts were others."""
    return [
        warning
        for warning in warnings
        if warning.ticked and ticked.get(warning.code) != warning.key
    ]


@check("RW-01")
def goods_sent_back(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    if not facts.goods_back(case):
        return None
    parcel = facts.returned(case)
    told = {"parcel": f"{case.return_carrier} {case.return_tracking}".strip()}
    if case.return_signed_at:
        return Found(
            _("退货 %(parcel)s 已于 %(at)s 签收")
            % (told | {"at": when(case.return_signed_at, at)}),
            key=f"{case.return_tracking} signed",
        )
    if parcel and parcel.last_scan_at:
        return Found(
            _("退货 %(parcel)s 在途，最近扫描 %(at)s")
            % (told | {"at": when(parcel.last_scan_at, at)}),
            key=case.return_tracking,
        )
    filed = when(case.return_filed_at, at) if case.return_filed_at else ""
    return Found(
        _("买家已于 %(at)s 填写退货单号 %(parcel)s") % (told | {"at": filed}),
        key=case.return_tracking,
    )


@check("RW-02")
def trace_stalled(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    parcel = facts.outbound(case)
    if parcel is None or parcel.last_scan_at is None:
        return None
    if not facts.stalled(case, at, timedelta(hours=limit or 72)):
        return None
    hours = int((at - parcel.last_scan_at).total_seconds() // 3600)
    return Found(
        _("%(parcel)s 自 %(at)s 起 %(hours)s 小时没有新的物流信息，且未签收")
        % {"parcel": parcel, "at": when(parcel.last_scan_at, at), "hours": hours},
        key=parcel.last_scan_at.isoformat(),
    )


@check("RW-03")
def never_scanned(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    parcel = facts.outbound(case)
    if parcel is None or parcel.first_scan_at or parcel.state or not parcel.shipped_at:
        return None
    if at - parcel.shipped_at < timedelta(hours=limit or 24):
        return None
    return Found(
        _("%(parcel)s 于 %(at)s 点击发货，至今没有揽收记录")
        % {"parcel": parcel, "at": when(parcel.shipped_at, at)}
    )


@check("RW-04")
def not_signed(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    parcel = facts.outbound(case)
    if case.type != CaseType.REFUND_NOT_RECEIVED or parcel is None or facts.signed(case):
        return None
    last = when(parcel.last_scan_at, at) if parcel.last_scan_at else "—"
    state = parcel.get_state_display() or "—"
    return Found(
        _("买家反馈未收到货；%(parcel)s 尚未签收，最近一条 %(at)s %(state)s")
        % {"parcel": parcel, "at": last, "state": state},
        key=str(parcel.state),
    )


@check("RW-05")
def signed_by_other(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    parcel = facts.outbound(case)
    if case.type != CaseType.REFUND_NOT_RECEIVED or parcel is None:
        return None
    if parcel.state != ScanKind.SIGNED_BY_OTHER:
        return None
    signed_at = when(parcel.signed_at, at) if parcel.signed_at else "—"
    return Found(
        _("%(parcel)s 于 %(at)s 由“%(signer)s”签收，不是收件人本人；需由商家证明妥投")
        % {"parcel": parcel, "at": signed_at, "signer": parcel.signer or _("他人或驿站")}
    )


@check("RW-06")
def parcel_going_back(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    parcel = facts.outbound(case)
    if parcel is None or not facts.going_back(case):
        return None
    last = when(parcel.last_scan_at, at) if parcel.last_scan_at else "—"
    return Found(
        _("%(parcel)s：%(state)s（%(at)s），商品正在回到你这里")
        % {"parcel": parcel, "state": parcel.get_state_display(), "at": last}
    )


@check("RW-07")
def shipped_late(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    promised = case.order.promised_at
    if promised is None:
        return None
    if facts.stands(case) == OrderState.PAID:
        if at <= promised:
            return None
        return Found(
            _("承诺 %(at)s 前发货，至今未发货") % {"at": when(promised, at)}, Severity.BLOCK
        )
    shipped_at = facts.shipped_at(case)
    if shipped_at is None or shipped_at <= promised:
        return None
    return Found(
        _("承诺 %(promised)s 前发货，实际 %(shipped)s 发货")
        % {"promised": when(promised, at), "shipped": when(shipped_at, at)},
        Severity.CONFIRM,
    )


@check("RW-08")
def shipped_after_claim(
    case: "Case", figures: ShopFigures, limit: int, at: datetime
) -> Found | None:
    if case.type != CaseType.REFUND_UNSHIPPED:
        return None  # who asks for a difference, or for goods, wants them shipped
    shipped_at = facts.shipped_at(case) or case.shipped_meanwhile_at
    if shipped_at is None or (shipped_at <= case.applied_at and not case.shipped_meanwhile_at):
        return None
    return Found(
        _("买家 %(applied)s 申请退款，%(shipped)s 才发货")
        % {"applied": when(case.applied_at, at), "shipped": when(shipped_at, at)}
    )


@check("RW-09")
def within_seven_days(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    signed_at = facts.signed_at(case)
    if signed_at is None or not case.line.no_reason:
        return None
    end = no_reason_until(signed_at, case.windows[str(Clock.NO_REASON)])
    if case.applied_at >= end:
        return None
    return Found(
        _("%(signed)s 签收，七天无理由到 %(end)s；买家在期限内申请，商品支持无理由")
        % {"signed": when(signed_at, at), "end": when(end, at)}
    )


@check("RW-10")
def exception_unconfirmed(
    case: "Case", figures: ShopFigures, limit: int, at: datetime
) -> Found | None:
    if case.line.no_reason or case.line.exception_confirmed:
        return None
    return Found(
        _("“%(goods)s”标记为不支持七天无理由，但没有买家购买时单独确认的记录")
        % {"goods": case.line.title}
    )


@check("RW-11")
def evidence_unseen(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    unseen = facts.merchant_evidence_unseen(case)
    if not unseen:
        return None
    return Found(
        _("买家 %(at)s 上传的 %(count)s 份凭证还没有查看")
        % {"at": when(unseen[-1].at, at), "count": len(unseen)},
        key=str(unseen[-1].pk),
    )


@check("RW-12")
def asked_evidence_unseen(
    case: "Case", figures: ShopFigures, limit: int, at: datetime
) -> Found | None:
    asked = case.evidence_asked_at
    if asked is None:
        return None
    fresh = [shown for shown in facts.merchant_evidence_unseen(case) if shown.at >= asked]
    if fresh:
        return Found(
            _("你 %(asked)s 邀请买家举证，买家已于 %(at)s 补充 %(count)s 份，尚未打开")
            % {"asked": when(asked, at), "at": when(fresh[-1].at, at), "count": len(fresh)},
            key=str(fresh[-1].pk),
        )
    if answers := facts.cannot_show(case):
        last = answers[-1]
        return Found(
            _("你 %(asked)s 请买家补充凭证，买家答复拍不了：%(why)s")
            % {"asked": when(last.at, at), "why": last.answer},
            key=f"request-{last.pk}",
        )
    return None


@check("RW-13")
def same_complaint(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    if not case.reason.quality or figures.same_product < (limit or 3):
        return None
    return Found(
        _("近 30 天“%(goods)s”因“%(reason)s”的售后有 %(count)s 单")
        % {"goods": case.line.title, "reason": case.reason.label, "count": figures.same_product}
    )


@check("RW-14")
def rejections_lost(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    if not figures.rejected or figures.lost * 100 <= figures.rejected * (limit or 30):
        return None
    rate = amounts.cents(Decimal(figures.lost * 100) / figures.rejected)
    return Found(
        _("近 30 天本店驳回 %(rejected)s 单，其中 %(lost)s 单介入后判商家责任，占 %(rate)s%%")
        % {"rejected": figures.rejected, "lost": figures.lost, "rate": rate}
    )


@check("RW-15")
def repeated(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    most = limit or 3
    if figures.clicks >= most:
        return Found(_("本单已点击驳回 %(count)s 次") % {"count": figures.clicks})
    if figures.same_text >= most:
        return Found(
            _("近 30 天本店有一段驳回说明原样用了 %(count)s 次；驳回时请写这一单的事实")
            % {"count": figures.same_text}
        )
    return None


@check("RW-16")
def too_little_time(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    """NEG-08: the waits still needed do not fit into the handling time."""
    if case.due_at is None:
        return None
    rounds = max(int(case.policy["min_rounds"]) - case.round_number, 0)
    end = max(case.reply_due_at or at, at)
    for _round in range(rounds):
        end = end_of(case, Clock.NEGOTIATION, end)
    need = end - at
    if end <= case.due_at or not need:
        return None
    return Found(
        _("剩余处理时间不足以完成两轮协商（约需 %(need)s 分钟），到期将自动同意")
        % {"need": int(need.total_seconds() // 60)}
    )


@check("RW-17")
def no_return_address(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    """Blocks plans with a return, not the rejection itself (plans.unfit)."""
    if figures.address_ready or case.goods_state != GoodsState.RECEIVED:
        return None
    return Found(_("本店没有有效的默认退货地址，不能提出退货方案"), Severity.INFO)


@check("RW-18")
def must_not_reject(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    if case.type == CaseType.REFUND_UNSHIPPED and not facts.shipped(case):
        if facts.sent(case):
            return Found(_("订单标记已发货，但运单没有承运商扫描记录，不可驳回"))
        return Found(_("订单未发货，买家申请退款不可驳回"))
    if case.reason.no_reason and case.line.no_reason and not facts.goods_back(case):
        return Found(_("买家在七天无理由期内申请，商品支持无理由，不可驳回"))
    return None


@check("RW-19")
def amount_odd(case: "Case", figures: ShopFigures, limit: int, at: datetime) -> Found | None:
    most = min(case.refundable, case.order.paid - figures.given_back)
    if case.amount <= most:
        return None
    return Found(
        _("申请金额 %(amount)s 超过可退金额 %(most)s，可以提出部分退款")
        % {"amount": money(case.amount), "most": money(most)}
    )


@check("RW-20")
def complained_outside(
    case: "Case", figures: ShopFigures, limit: int, at: datetime
) -> Found | None:
    if not figures.complaints:
        return None
    return Found(
        _("买家已向外部渠道投诉：%(channels)s") % {"channels": _("、").join(figures.complaints)},
        key=str(len(figures.complaints)),
    )
