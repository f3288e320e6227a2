"""步骤前提: what must hold before a step, each with the sentence a person reads when it does not."""

from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from aftersales import clock
from aftersales.enums import (
    ARRIVED,
    GATHERING,
    UNRULED,
    AppealState,
    CaseType,
    Clock,
    GoodsState,
    Party,
    Purpose,
    RefundState,
    Remedy,
    Reopening,
    RoundState,
    Stage,
    Status,
)
from aftersales.rules import deadlines, facts
from aftersales.steps import refuses

if TYPE_CHECKING:
    from aftersales.models import Case

# What time did in somebody's place, and can still be undone.
DONE_BY_TIME = frozenset({"agree_by_default", "complete_by_default"})


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


@refuses(_("买家要的不是仅退款，请选择对应的同意方式"))
def refund_only(case: "Case") -> bool:
    return not case.needs_return and not case.wants_goods


@refuses(_("这不是退货申请，请选择同意退款"))
def wants_return(case: "Case") -> bool:
    return case.needs_return


@refuses(_("买家要的不是补寄"))
def wants_resend(case: "Case") -> bool:
    return case.type == CaseType.RESEND


@refuses(_("只有待维修的商品才能报告修不好"))
def under_repair(case: "Case") -> bool:
    return case.remedy == Remedy.REPAIR and case.unrepairable_at is None


@refuses(_("商家没有报告修不好"))
def found_unrepairable(case: "Case") -> bool:
    return deadlines.beyond_repair(case)


@refuses(_("商家报告修不好，请等买家选择换货或退款"))
def still_to_ship(case: "Case") -> bool:
    return not deadlines.beyond_repair(case)


@refuses(_("包裹不在运输途中，不能选择拒收后退款"))
def parcel_in_transit(case: "Case") -> bool:
    return case.type == CaseType.REFUND_NOT_RECEIVED and not facts.signed(case)


@refuses(_("退货单号已经改过一次，不能再改"))
def tracking_not_corrected(case: "Case") -> bool:
    return not case.return_corrected


@refuses(_("买家已经填写了退货单号，不能再代填"), conflict=True)
def return_not_filed(case: "Case") -> bool:
    return not case.return_tracking


@refuses(_("这件退货不是未经同意的到付件，不能以此拒收"))
def sent_collect_unasked(case: "Case") -> bool:
    """Taobao Art. 50: freight-collect without the merchant's consent, not yet signed for."""
    return case.return_collect and not case.collect_agreed and case.return_signed_at is None


@refuses(_("商家没有请求更换退货地址"))
def address_change_asked(case: "Case") -> bool:
    return bool(case.address_asked)


@refuses(_("没有可以申报的退货运费"))
def freight_to_claim(case: "Case") -> bool:
    return case.unclaimed_freight is not None


@refuses(_("没有等待赔付的退货运费"))
def freight_claimed(case: "Case") -> bool:
    return case.unsettled_freight is not None


@refuses(_("买家申请时没有说包裹还没到"))
def wants_undelivered(case: "Case") -> bool:
    """Money for a parcel that had not been signed for when the buyer applied (walk 2)."""
    not_there = (GoodsState.NEVER_CAME, GoodsState.REFUSED)
    return case.type == CaseType.REFUND_NOT_RECEIVED and case.goods_state in not_there


@refuses(_("这不是未发货退款"))
def wants_unshipped(case: "Case") -> bool:
    return case.type == CaseType.REFUND_UNSHIPPED


@refuses(_("快递已经揽收，不能再改单号"))
def return_not_scanned(case: "Case") -> bool:
    parcel = facts.returned(case)
    return parcel is None or parcel.first_scan_at is None


@refuses(_("平台已经在处理"))
def no_open_intervention(case: "Case") -> bool:
    return case.stage not in UNRULED


@refuses(_("举证时间已过"))
def evidence_open(case: "Case") -> bool:
    """§1.6: late evidence is refused; outside an intervention it is always welcome."""
    return case.status != Status.PLATFORM_REVIEW or case.stage in GATHERING


@refuses(_("买家没有提出新方案"))
def counter_offered(case: "Case") -> bool:
    return case.open_counter() is not None


@refuses(_("没有等待答复的方案"))
def offer_open(case: "Case") -> bool:
    return bool(case.open_offers())


@refuses(_("没有需要答复的协商"))
def answer_wanted(case: "Case") -> bool:
    """A round that is not answered, or plans still open to be declined: after a plain message,
    which is an answer too (NEG-30), and outside the rounds, where the receiving desk made them;
    or an agreement that the buyer has neither confirmed nor denied (NEG-46)."""
    unanswered = case.round_state in (RoundState.WAITING, RoundState.EXPIRED)
    return unanswered or case.agreement_claimed or bool(case.open_offers())


@refuses(_("商家没有请你确认协商结果"))
def confirmation_asked(case: "Case") -> bool:
    return facts.agreed(case)


@refuses(_("平台已判定，不能撤回"))
def not_ruled(case: "Case") -> bool:
    return case.stage in UNRULED


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


@refuses(_("提交申请后还没到可以申请平台介入的时间，请先等商家处理"), conflict=True)
def early_enough(case: "Case") -> bool:
    """D10: where the policy lets a buyer ask before the merchant answered, only after a while: of
    applying, or of a ruling that gave the case back to the merchant."""
    if case.status != Status.PENDING_MERCHANT:
        return True
    asked = case.last_intervention
    since = asked.ruled_at if asked and asked.ruling and asked.ruled_at else case.applied_at
    return clock.now() >= deadlines.end_of(case, Clock.EARLY, since)


@refuses(_("法院已受理这笔纠纷，平台不再介入，以法院的处理结果为准"))
def not_in_court(case: "Case") -> bool:
    """§1.6: what a court already handles is not heard."""
    over = ("refused", "withdrawn")
    return not any(
        each.channel == "court" and each.state not in over for each in case.complaints.all()
    )


@refuses(_("还没有登记外部投诉"))
def complained(case: "Case") -> bool:
    return bool(case.complaints.all())


@refuses(_("平台已经判定"), conflict=True)
def unruled(case: "Case") -> bool:
    """Settling, suspending and declining end with the ruling."""
    return case.status != Status.PLATFORM_REVIEW or case.stage in UNRULED


@refuses(_("商品已经寄回，请选择确认收货"))
def goods_not_back(case: "Case") -> bool:
    """T-22 from a review: what came back is received, not asked for once more; a replacement that
    the buyer disputes (T-16b) is with him."""
    return case.status != Status.PLATFORM_REVIEW or not facts.with_shop(case)


@refuses(_("商品还没有寄回"))
def goods_came_back(case: "Case") -> bool:
    return case.status != Status.PLATFORM_REVIEW or facts.with_shop(case)


@refuses(_("这一单正在中止，请先恢复处理"))
def running(case: "Case") -> bool:
    """T-23: nothing is decided while the clocks stand still."""
    return not case.suspended


@refuses(_("这一单没有中止"), conflict=True)
def suspended(case: "Case") -> bool:
    return case.suspended


@refuses(_("已有中止提议，请先等双方答复"), conflict=True)
def no_suspension_proposed(case: "Case") -> bool:
    return case.suspension_proposal is None


@refuses(_("没有等待答复的中止提议"), conflict=True)
def suspension_proposed(case: "Case") -> bool:
    """T-23: it lapses with the ruling, and with the request it was made in."""
    return case.suspension_proposal is not None


@refuses(_("这次中止不需要受理凭证"), conflict=True)
def proof_wanted(case: "Case") -> bool:
    """Taobao Art. 83: the acceptance of a court or the police is still to be shown."""
    stood = case.last_suspension
    return stood is not None and stood.proof_by is not None


@refuses(_("没有等待你执行的判定"), conflict=True)
def executing(case: "Case") -> bool:
    """D12: a ruling waits for the merchant."""
    return deadlines.executing(case)


@refuses(_("没有可以申诉的判定"), conflict=True)
def appealable(case: "Case") -> bool:
    """T-25: once per ruling."""
    return case.stage == Stage.RULED


@refuses(_("申诉期已过，判定为终局"), conflict=True)
def within_appeal(case: "Case") -> bool:
    """D13."""
    asked = case.last_intervention
    return asked is not None and asked.appeal_by is not None and clock.now() < asked.appeal_by


@refuses(_("没有待复核的申诉"), conflict=True)
def appeal_open(case: "Case") -> bool:
    appeal = case.open_appeal
    return appeal is not None and appeal.state == AppealState.OPEN


@refuses(_("没有待第二人复核的改判"), conflict=True)
def reversal_proposed(case: "Case") -> bool:
    appeal = case.open_appeal
    return appeal is not None and appeal.state == AppealState.PROPOSED


@refuses(_("这个订单没有在途的包裹"))
def parcel_sent(case: "Case") -> bool:
    return facts.outbound(case) is not None


@refuses(_("包裹已签收，不能记录为拒签"))
def not_signed_for(case: "Case") -> bool:
    return facts.stands(case) not in ARRIVED


@refuses(_("没有失败的退款"), conflict=True)
def payout_failed(case: "Case") -> bool:
    return any(each.state == RefundState.FAILED for each in case.refunds.all())


@refuses(_("这不是系统自动处理的结果"))
def automatic_result(case: "Case") -> bool:
    """Time closed the case; or, during an outage, agreed in the merchant's place (else S-20
    stands) or ended the buyer's time to look at what was sent (D9)."""
    if case.status == Status.CLOSED_BUYER_TIMEOUT:
        return True
    return case.excused_at is not None and case.taken_by_time in DONE_BY_TIME


@refuses(_("买家以同样的原因再次申请不需要你同意"))
def consent_wanted(case: "Case") -> bool:
    """T-10: closed because the goods were not sent back in time."""
    return case.consent_wanted


@refuses(_("申请重新处理的期限已过"))
def within_grace(case: "Case") -> bool:
    until = case.reopen_by
    return not case.reopening and until is not None and clock.now() < until


@refuses(_("没有待答复的重新处理申请"))
def reopening_asked(case: "Case") -> bool:
    return case.reopening == Reopening.ASKED


@refuses(_("退款已经发出，平台不会自动追回"))
def money_still_here(case: "Case") -> bool:
    """What the merchant made good besides (a coupon, freight) is no refund."""
    paid = case.refunds.all() if case.payouts else ()
    return not any(each.purpose == Purpose.REFUND for each in paid)


# Where it matters who it is.


@refuses(_("只有买家可以对自动关闭申请重新处理；商家仅限平台故障期间的自动结果"))
def excused_result(case: "Case", party: Party, user: Any) -> bool:
    """What time ended is the buyer's to bring back; agreeing in silence is the merchant's, in an
    outage only (S-20)."""
    return case.ended if party == Party.BUYER else not case.ended and case.excused_at is not None


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


@refuses(impartial.sentence)  # type: ignore[attr-defined]
def fair(case: "Case", party: Party, user: Any) -> bool:
    """For steps of all three: a side acts for itself, and who acts as staff stands on no side."""
    return party != Party.STAFF or impartial(case, party, user)


@refuses(_("你已经同意中止，等对方答复"), conflict=True)
def unanswered_by(case: "Case", party: Party, user: Any) -> bool:
    proposal = case.suspension_proposal
    return proposal is not None and proposal.waits_for(party)


@refuses(_("平台没有请你补充凭证"))
def asked_to_prove(case: "Case", party: Party, user: Any) -> bool:
    """§1.6: in a supplementary window only who was asked may file."""
    if case.status != Status.PLATFORM_REVIEW or case.stage != Stage.SUPPLEMENT:
        return True
    asked = case.last_supplement
    return asked is not None and asked.of in ("", party)


@refuses(_("判定支持了你，无需申诉"))
def lost(case: "Case", party: Party, user: Any) -> bool:
    """T-25: the side against which, or only partly for which, the platform ruled."""
    asked = case.last_intervention
    return asked is not None and party in facts.losing(str(asked.ruling))


@refuses(_("判定人不能复核对自己判定的申诉，请换一位同事"))
def not_the_ruler(case: "Case", party: Party, user: Any) -> bool:
    """Two-person rule: an appeal is decided by somebody else."""
    appeal = case.open_appeal
    return appeal is None or appeal.intervention.ruled_by_id != user.pk


@refuses(_("改判要由另一位同事复核"))
def second_person(case: "Case", party: Party, user: Any) -> bool:
    """Two-person rule: who proposed a reversal does not confirm it."""
    appeal = case.open_appeal
    return appeal is None or appeal.decided_by_id != user.pk


@refuses(_("已超过可以撤销的时间，同意已经生效"), conflict=True)
def still_held(case: "Case") -> bool:
    """UX §5.4: within the seconds of the policy, and nothing else has happened since."""
    return case.held_until is not None and case.at < case.held_until


@refuses(_("处理时限已过，不能撤销"), conflict=True)
def before_the_deadline(case: "Case") -> bool:
    """What time would have decided meanwhile stays decided."""
    due_at = parse_datetime((case.stood or {}).get("due_at") or "")
    return due_at is None or case.at < due_at


@refuses(_("只有同意的人自己可以撤销"))
def agreed_himself(case: "Case", party: Party, user: Any) -> bool:
    """What a rule agreed to is nobody's click: whoever may agree may take it back."""
    return case.agreed_rule_id is not None or (case.stood or {}).get("by") == user.pk
