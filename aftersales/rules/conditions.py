"""步骤前提: what must hold before a step, each with the sentence a person reads when it does not."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from aftersales.enums import CaseType, Party, RoundState, Stage, Status
from aftersales.rules import facts
from aftersales.steps import refuses

if TYPE_CHECKING:
    from aftersales.models import Case


@refuses(_("请耐心等待消费者回复"), conflict=True)
def not_waiting_for_buyer(case: "Case") -> bool:
    """NEG-20: before the reply and before the window's end nobody rejects."""
    return case.round_state != RoundState.WAITING


@refuses(_("驳回前请先与消费者完成两轮协商"))
def negotiated(case: "Case") -> bool:
    """NEG-45: enough rounds, none open, the last not accepted."""
    return case.round_number >= int(case.policy["min_rounds"])


@refuses(_("买家已接受方案，不能驳回"))
def not_accepted(case: "Case") -> bool:
    return case.round_state != RoundState.ACCEPTED


@refuses(_("两轮协商已完成，请选择同意或驳回"))
def rounds_left(case: "Case") -> bool:
    return case.round_number < max(2, int(case.policy["min_rounds"]))


@refuses(_("请先核实风险提示"))
def prechecked(case: "Case") -> bool:
    """NEG-02, NEG-04: the merchant has been through the warnings of this handling."""
    return case.prechecked_at is not None


@refuses(_("这不是仅退款申请，请选择同意退货"))
def refund_only(case: "Case") -> bool:
    return case.type != CaseType.RETURN_REFUND


@refuses(_("这不是退货申请，请选择同意退款"))
def wants_return(case: "Case") -> bool:
    return case.type == CaseType.RETURN_REFUND


@refuses(_("包裹不在运输途中，不能选择拒收后退款"))
def parcel_in_transit(case: "Case") -> bool:
    return case.type == CaseType.REFUND_NOT_RECEIVED and not facts.signed(case)


@refuses(_("退货单号已经改过一次，不能再改"))
def tracking_not_corrected(case: "Case") -> bool:
    return not case.return_corrected


@refuses(_("快递已经揽收，不能再改单号"))
def return_not_scanned(case: "Case") -> bool:
    parcel = facts.returned(case)
    return parcel is None or parcel.first_scan_at is None


@refuses(_("平台已经在处理"))
def no_open_intervention(case: "Case") -> bool:
    return case.stage not in (Stage.EVIDENCE, Stage.DECIDING)


@refuses(_("举证时间已过"))
def evidence_open(case: "Case") -> bool:
    """§1.6: late evidence is refused; outside an intervention it is always welcome."""
    return case.status != Status.PLATFORM_REVIEW or case.stage == Stage.EVIDENCE


@refuses(_("买家没有提出新方案"))
def counter_offered(case: "Case") -> bool:
    return case.open_counter() is not None


@refuses(_("没有等待答复的方案"))
def offer_open(case: "Case") -> bool:
    return bool(case.open_offers())


@refuses(_("没有需要答复的协商"))
def round_unanswered(case: "Case") -> bool:
    """A plain message is an answer too, and leaves the plans open to be declined (NEG-30)."""
    if case.round_state == RoundState.ANSWERED:
        return bool(case.open_offers())
    return case.round_state in (RoundState.WAITING, RoundState.EXPIRED)


@refuses(_("商家没有请你确认协商结果"))
def confirmation_asked(case: "Case") -> bool:
    return facts.agreed(case)


@refuses(_("平台已判定，不能撤回"))
def not_ruled(case: "Case") -> bool:
    return case.stage in (Stage.EVIDENCE, Stage.DECIDING)


@refuses(_("举证时间还没有结束，暂不能判定"))
def evidence_closed(case: "Case") -> bool:
    """§1.6: staff decide once both sides' evidence window has closed."""
    return case.stage == Stage.DECIDING


@refuses(_("你已经寄回商品，不能撤销；可以联系商家或平台客服"))
def not_sent_back(case: "Case") -> bool:
    """T-02: never once the return is on its way, also not back from a review."""
    return not case.return_tracking


@refuses(_("商家还没有处理，暂不能申请平台介入；到期仍未处理将自动按你的要求处理"), conflict=True)
def merchant_answered(case: "Case") -> bool:
    """T-17: before the merchant's answer only where the policy allows it (D10, off by default)."""
    early = bool(case.policy["allow_early_intervention"])
    return case.status != Status.PENDING_MERCHANT or early


@refuses(_("这个订单没有在途的包裹"))
def parcel_sent(case: "Case") -> bool:
    return facts.outbound(case) is not None


@refuses(_("包裹已签收，不能记录为拒签"))
def not_signed_for(case: "Case") -> bool:
    return not case.order.signed


# Where it matters who it is.


@refuses(_("商家只能在拒绝收货后申请平台介入"))
def buyer_or_refused_goods(case: "Case", party: Party, user: Any) -> bool:
    """T-17: the merchant may complain too, but only of goods that came back."""
    return party == Party.BUYER or case.status == Status.RETURN_REFUSED


@refuses(_("只有申请介入的一方可以撤回"))
def asked_himself(case: "Case", party: Party, user: Any) -> bool:
    """T-19."""
    asked = case.last_intervention
    return asked is not None and asked.asked_by == party


@refuses(_("你是本单的买家或商家，不能判定"))
def impartial(case: "Case", party: Party, user: Any) -> bool:
    """T-20: nobody rules in a case in which he stands on a side himself."""
    return case.parties_of(user) == {Party.STAFF}
