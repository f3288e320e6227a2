"""驳回协商: the tool itself — pre-check, two rounds, the buyer's answers, and only then 驳回."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales import clock
from aftersales.display import mask, plain_money, when
from aftersales.enums import (
    Clock,
    Freight,
    Party,
    Permission,
    PlanState,
    RoundState,
    Status,
    WizardStep,
)
from aftersales.models.case.fields import CaseFields
from aftersales.models.catalogue import (
    Outcome,
    Plan,
    Proof,
    RejectReason,
    Risk,
    Scenario,
    Script,
    StepForm,
)
from aftersales.models.history import Event, Upload
from aftersales.models.negotiation import Offer, Precheck, Round, VirtualNumber
from aftersales.rules import deadlines, facts, plans, risks, wording
from aftersales.rules.conditions import (
    confirmation_asked,
    counter_offered,
    negotiated,
    not_accepted,
    not_waiting_for_buyer,
    offer_open,
    prechecked,
    round_unanswered,
    rounds_left,
)
from aftersales.steps import Refused, step

NEGOTIABLE = [Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT]
ANYTIME = list(Status)
AGREED = "agreed"  # the outcome of round 1 that asks the buyer to confirm (NEG-46)
GOODS_BACK_REASONS = {"RR-08", "RR-09", "RR-10"}  # NEG-48
TEXT_MOST = 400


@dataclass
class Offering:
    """A plan as the merchant fills it in; yuan with two places."""

    plan: Plan
    amount: Decimal | None = None
    terms: dict[str, Any] = field(default_factory=dict)


@dataclass
class CounterOffer:
    """The buyer's counter-offer (还价): the same fields as a plan."""

    plan: Plan
    amount: Decimal | None = None


class Negotiating(CaseFields):
    class Meta:
        abstract = True

    # What the wizard shows.

    def scenario(self) -> Scenario:
        """The first active scenario that fits: what the tool offers depends on it (S-61)."""
        for scenario in Scenario.objects.filter(active=True):
            if self.type not in scenario.types:
                continue
            if scenario.logistics is not None and scenario.logistics != self.reason.logistics:
                continue
            if scenario.goods_back != facts.goods_back(self):  # type: ignore[arg-type]
                continue
            return scenario
        raise Refused(_("没有适用的协商步骤，请联系平台客服"))

    def step_form(self, wizard_step: WizardStep) -> StepForm:
        form = StepForm.objects.filter(scenario=self.scenario(), step=wizard_step).first()
        if form is None:
            raise Refused(_("没有适用的协商步骤，请联系平台客服"))
        return form

    def warnings(self, at: datetime | None = None) -> list[risks.Warning]:
        """Every risk warning on current data (NEG-02, NEG-05)."""
        rows = list(Risk.objects.filter(active=True).prefetch_related("blocks"))
        return risks.evaluate(self, rows, self.shop_figures(), at or self.at)  # type: ignore[arg-type]

    def shop_figures(self) -> risks.ShopFigures:
        """What the last 30 days of this shop say (RW-13 to RW-15), and what stands on the case."""
        since = self.at - timedelta(days=30)
        recent = type(self)._default_manager.filter(shop_id=self.shop_id, applied_at__gte=since)
        rejected = Event.objects.filter(
            case__shop_id=self.shop_id, step__in=["reject", "refuse_receipt"], at__gte=since
        )
        statements = Counter(str(event.details.get("statement")) for event in rejected)
        return risks.ShopFigures(
            same_product=recent.filter(
                line__goods_id=self.line.goods_id, reason_id=self.reason_id
            ).count(),
            rejected=len(rejected),
            lost=recent.filter(dispute_refund=True).count(),
            clicks=self.prechecks.filter(at__gte=self.at - timedelta(hours=24)).count(),  # type: ignore[attr-defined]
            same_text=max(statements.values(), default=0),
            address_ready=self.default_address() is not None,
            complaints=[str(each) for each in self.complaints.all()],  # type: ignore[attr-defined]
        )

    def ticks(self) -> dict[str, str]:
        """The warnings confirmed so far in this handling, with the key of the facts confirmed."""
        ticked: dict[str, str] = {}
        for precheck in self.prechecks.all():  # type: ignore[attr-defined]
            ticked |= precheck.ticked
        return ticked

    def look_before_rejecting(self, *, by: Any) -> list[risks.Warning]:
        """NEG-02: what clicking 驳回退款 does: the pre-check is made and stored; nothing moves."""
        found = self.warnings(clock.now())
        Precheck.objects.create(
            case_id=self.pk, user=by, warnings=[each.stored() for each in found], at=clock.now()
        )
        return found

    def script_values(self, offers: Sequence[Offering]) -> dict[str, str]:
        """The placeholders of a script, filled on the server (NEG-13)."""
        parcel = facts.returned(self) or facts.outbound(self)  # type: ignore[arg-type]
        amounts = [offer.amount for offer in offers if offer.amount is not None]
        values = {
            "buyer": mask(str(self.buyer)),
            "goods": self.line.title,
            "deadline": when(self.at + deadlines.length(self, Clock.NEGOTIATION), self.at),  # type: ignore[arg-type]
            "shop": self.shop.name,
        }
        if amounts:
            values["amount"] = plain_money(amounts[0])
        if parcel is not None:
            values |= {"tracking": parcel.tracking, "carrier": parcel.carrier}
        return values

    def script_text(self, script: Script, offers: Sequence[Offering]) -> str:
        """The script as it will be sent, in the buyer's language; Refused if a value is missing."""
        english = self.buyer.language.startswith("en")
        template = script.text_en if english else script.text_zh
        try:
            return wording.fill(template, self.script_values(offers))
        except KeyError as missing:
            if "amount" in str(missing):
                raise Refused(script=_("这段话术需要一个填了金额的方案")) from None
            raise Refused(script=_("这段话术缺少本单没有的资料，请换一段")) from None

    # The steps.

    @step(
        gettext_lazy("核实风险"),
        by={Party.MERCHANT},
        permission=Permission.REJECT,
        source=NEGOTIABLE,
        conditions=[not_waiting_for_buyer, not_accepted],
    )
    def confirm_risks(self, *, by: Any, risks: Sequence[str] = ()) -> dict[str, Any]:
        """NEG-04: every warning that asks for it is ticked; a hard one ends the way here."""
        warnings = self._faced(by, risks)
        self.prechecked_at = self.at
        return {"warnings": [each.stored() for each in warnings], "ticked": list(risks)}

    @step(
        gettext_lazy("发起协商"),
        by={Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=NEGOTIABLE,
        conditions=[not_waiting_for_buyer, not_accepted, rounds_left, prechecked],
    )
    def negotiate(
        self,
        *,
        by: Any,
        offers: Sequence[Offering] = (),
        script: Script | None = None,
        text: str = "",
        outcome: Outcome | None = None,
        explanation: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        risks: Sequence[str] = (),
    ) -> dict[str, Any]:
        """NEG-10 to NEG-17, NEG-40 to NEG-43: send a round to the buyer and wait for the answer."""
        second = self.round_number > 0
        self._faced(by, risks)
        form = self.step_form(WizardStep.ROUND_2 if second else WizardStep.ROUND_1)
        if second:
            self._check_outcome(form, outcome, explanation, evidence or {})
        confirming = outcome is not None and outcome.code == AGREED
        if not confirming:
            self._check_offers(form, offers)
        text = self._wording(form, script, text, offers, editable=not second, optional=confirming)
        if confirming and not text:
            text = explanation.strip()
        self.mark_handled()
        self.drop_offers()
        self.round_number += 1
        self._pause_deadline()
        wait = deadlines.length(self, Clock.NEGOTIATION)  # type: ignore[arg-type]
        sent = Round(
            case_id=self.pk,
            series=self.series,
            number=self.round_number,
            user=by,
            script=script,
            text=text,
            outcome=outcome,
            explanation=explanation.strip(),
            sent_at=self.at,
            due_at=self.at + wait,
        )
        self.add(sent)
        for offer in offers:
            self.add(self._offer(sent, offer))
        self.say(Party.MERCHANT, by, text)
        kept = self.put_forward(Party.MERCHANT, evidence or {}, self._outcome_labels(outcome))
        self.round_state, self.reply_due_at = RoundState.WAITING, sent.due_at
        self.agreement_claimed = confirming
        if any(offer.plan.code == "invite_evidence" for offer in offers):
            self.evidence_asked_at = self.at
        return {
            "round": self.round_number,
            "text": text,
            "script": script.code if script else "",
            "outcome": outcome.label_zh if outcome else "",
            "explanation": explanation.strip(),
            "plans": [
                {"plan": offer.plan.label_zh, "amount": str(offer.amount or "")} for offer in offers
            ],
            "evidence": kept,
            "until": sent.due_at.isoformat(),
        }

    @step(
        gettext_lazy("提高方案金额"),
        by={Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=NEGOTIABLE,
        conditions=[offer_open],
    )
    def improve_offer(self, *, by: Any, offer: Offer | None, amount: Decimal) -> dict[str, Any]:
        """NEG-24: a sent plan changes only in the buyer's favour; the wait goes on as it was."""
        if offer is None or offer.case_id != self.pk or offer.state != PlanState.OPEN:
            raise Refused(offer=_("这个方案已不能修改"))
        if offer.amount is None or amount <= offer.amount:
            raise Refused(amount=_("只能提高金额，当前为 %(now)s") % {"now": offer.amount})
        if refusal := plans.amount_refusal(offer.plan.code, True, amount, self):  # type: ignore[arg-type]
            raise Refused(amount=refusal)
        better = Offering(offer.plan, amount, offer.terms)
        before = offer.amount
        self.change(self._same(offer), state=PlanState.REPLACED)
        self.add(self._offer(offer.round, better))
        return {"plan": offer.plan.label_zh, "before": str(before), "amount": str(amount)}

    @step(
        gettext_lazy("买家答复"),
        by={Party.BUYER},
        source=NEGOTIABLE,
        conditions=[round_unanswered],
        versioned=False,
    )
    def reply(
        self,
        *,
        by: Any,
        round: Round | None = None,
        text: str = "",
        counter: CounterOffer | None = None,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """NEG-30, NEG-31, NEG-34: decline, perhaps with a counter-offer; also after the window."""
        current = self.last_round
        if current is None or (round is not None and round.pk != current.pk):
            raise Refused(_("商家已发起新一轮协商，请看新的方案"), conflict=True)
        if counter is not None:
            self._check_counter(counter)
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        for offer in self.open_offers():
            self.change(offer, state=PlanState.DECLINED)
        if counter is not None:
            self.add(
                Offer(
                    case_id=self.pk,
                    round=current,
                    party=Party.BUYER,
                    plan=counter.plan,
                    amount=counter.amount,
                    at=self.at,
                )
            )
        said = text.strip() or (_("都不接受") if counter is None else "")
        if said:
            self.say(Party.BUYER, by, said)
        kept = self.put_forward(Party.BUYER, evidence or {}, {"reply": _("回复附图")})
        self._answered(current, said)
        return {
            "round": current.number,
            "text": said,
            "counter": counter.plan.label_zh if counter else "",
            "amount": str(counter.amount or "") if counter else "",
            "evidence": kept,
        }

    @step(
        gettext_lazy("接受协商方案"),
        by={Party.BUYER},
        source=[
            Status.PENDING_MERCHANT,
            Status.REJECTED,
            Status.AWAITING_MERCHANT_RECEIPT,
            Status.RETURN_REFUSED,
            Status.PLATFORM_REVIEW,
        ],
        target=GET_STATE(
            lambda case, offer, **_: plans.leads_to(
                offer.plan.code, case, waives=bool(offer.terms.get("waives"))
            ),
            states=list(Status),
        ),
        conditions=[offer_open],
        versioned=False,
    )
    def accept_plan(self, *, by: Any, offer: Offer) -> dict[str, Any]:
        """T-21, NEG-31, NEG-32: one plan, also after the window, until it is replaced."""
        offer = self._same(offer)
        if offer.state != PlanState.OPEN or offer.party != Party.MERCHANT:
            raise Refused(offer=_("这个方案已失效，请看最新的方案"), conflict=True)
        if offer.plan.code in plans.NOT_ACCEPTED_BY_CLICK:
            raise Refused(offer=_("请直接补充凭证"))
        return self._carry_out(offer)

    @step(
        gettext_lazy("接受买家方案"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=[Status.PENDING_MERCHANT, Status.REJECTED, Status.AWAITING_MERCHANT_RECEIPT],
        target=GET_STATE(
            lambda case, **_: plans.leads_to(case.__dict__["_accepted_code"], case),
            states=list(Status),
        ),
        conditions=[counter_offered],
    )
    def accept_counter(self, *, by: Any) -> dict[str, Any]:
        """One click on the buyer's counter-offer: as if his plan had been ours and accepted."""
        offer = self.open_counter()
        if offer is None:
            raise Refused(counter_offered.sentence)  # type: ignore[attr-defined]
        self.__dict__["_accepted_code"] = offer.plan.code
        self.mark_handled()
        return self._carry_out(offer)

    @step(
        gettext_lazy("确认已协商一致"),
        by={Party.BUYER},
        source=NEGOTIABLE,
        target=Status.CLOSED_AGREED,
        conditions=[confirmation_asked],
    )
    def confirm_agreed(self, *, by: Any) -> dict[str, Any]:
        """NEG-46: the buyer confirms what the merchant reported; the case closes as agreed."""
        current = self.last_round
        if current is not None:
            self.change(current, state=RoundState.ACCEPTED, answered_at=self.at)
        self.round_state = RoundState.ACCEPTED
        self.end_rounds()
        return {"agreed": current.explanation if current else ""}

    @step(
        gettext_lazy("买家未在规定时间内回复"),
        by={Party.CLOCK},
        source=ANYTIME,
    )
    def stop_waiting(self, *, by: Any) -> dict[str, Any]:
        """NEG-33: the window is over; the case stays where it is, the merchant may go on."""
        current = self.last_round
        self.reply_due_at = None
        if current is not None and self.round_state == RoundState.WAITING:
            self.change(current, state=RoundState.EXPIRED)
            self.round_state = RoundState.EXPIRED
        return {"round": current.number if current else 0}

    @step(
        gettext_lazy("发送消息"),
        by={Party.BUYER, Party.MERCHANT, Party.STAFF},
        permission=Permission.NEGOTIATE,
        source=ANYTIME,
        versioned=False,
    )
    def send_message(self, *, by: Any, text: str, as_party: str = "") -> dict[str, Any]:
        """S-38, NEG-22, NEG-30: chat; the buyer's words end the wait, the merchant's do not."""
        text = text.strip()
        if not text:
            raise Refused(text=_("请输入消息内容"))
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        parties = self.parties_of(by)
        party = Party(as_party) if as_party in parties else min(parties)
        if party == Party.MERCHANT and (found := wording.contact_found(text)):
            raise Refused(text=_("不能包含电话、微信或外部链接：「%(found)s」") % {"found": found})
        self.say(party, by, text)
        current = self.last_round
        counts = (
            party == Party.BUYER
            and self.policy["any_message_counts"]
            and self.round_state in (RoundState.WAITING, RoundState.EXPIRED)
            and self.status in NEGOTIABLE
        )
        if counts and current is not None:
            self._answered(current, text)
        return {"text": text, "counts": bool(counts)}

    @step(
        gettext_lazy("查看虚拟号码"),
        by={Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=ANYTIME,
        versioned=False,
    )
    def reveal_number(self, *, by: Any, number: str, expires_at: datetime) -> dict[str, Any]:
        """NEG-23: each reveal is logged; the real number is in none of this."""
        self.add(
            VirtualNumber(
                case_id=self.pk,
                member=self.member_of(by),
                number=number,
                at=self.at,
                expires_at=expires_at,
            )
        )
        return {"number": number, "expires_at": expires_at.isoformat()}

    @step(
        gettext_lazy("驳回退款"),
        by={Party.MERCHANT},
        permission=Permission.REJECT,
        source=[Status.PENDING_MERCHANT],
        target=Status.REJECTED,
        conditions=[not_waiting_for_buyer, not_accepted, negotiated],
    )
    def reject(self, *, by: Any, **answers: Any) -> dict[str, Any]:
        """T-07, NEG-45 to NEG-49."""
        return self._turned_down(by, **answers)

    @step(
        gettext_lazy("拒绝收货"),
        by={Party.MERCHANT},
        permission=Permission.REJECT,
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        target=Status.RETURN_REFUSED,
        conditions=[not_waiting_for_buyer, not_accepted, negotiated],
    )
    def refuse_receipt(self, *, by: Any, **answers: Any) -> dict[str, Any]:
        """T-12: T-07 on goods that came back."""
        return self._turned_down(by, **answers)

    # What the steps share.

    def _faced(self, by: Any, ticked: Sequence[str]) -> list[risks.Warning]:
        """NEG-04, NEG-05: no hard warning, and every warning that asks for it is ticked, now."""
        warnings = self.warnings(self.at)
        if hard := next((each for each in warnings if each.hard), None):
            raise Refused(_("这单不能驳回：%(reason)s") % {"reason": hard.facts})
        known = self.ticks()
        fresh = {each.code: each.key for each in warnings if each.code in ticked}
        if missing := risks.unticked(warnings, known | fresh):
            raise Refused(risks=_("请先确认：%(risk)s") % {"risk": missing[0].facts})
        if fresh.items() - known.items():
            self.add(
                Precheck(
                    case_id=self.pk,
                    user=by,
                    warnings=[each.stored() for each in warnings],
                    ticked=fresh,
                    at=self.at,
                )
            )
        return warnings

    def _check_offers(self, form: StepForm, offers: Sequence[Offering]) -> None:
        """NEG-10 to NEG-12: at least one plan, allowed here, with an amount where one belongs."""
        if not offers:
            raise Refused(plans=_("请选择至少一个方案"))
        allowed = {plan.pk for plan in form.offered("plans")}
        ready = self.default_address() is not None
        codes = [offer.plan.code for offer in offers]
        for offer in offers:
            plan = offer.plan
            if plan.pk not in allowed or codes.count(plan.code) > 1:
                raise Refused(plans=_("方案“%(plan)s”不适用于本单") % {"plan": plan.label})
            if refusal := plans.unfit(plan.code, self, address_ready=ready):  # type: ignore[arg-type]
                raise Refused(plans=f"{plan.label}：{refusal}")
            refusal = plans.amount_refusal(plan.code, plan.wants_amount, offer.amount, self)  # type: ignore[arg-type]
            if refusal:
                raise Refused(**{f"amount_{plan.code}": refusal})
        if self.reason.quality and codes == ["coupon"]:
            raise Refused(plans=_("质量问题不能只给优惠券"))
        for offer in offers:
            if offer.plan.code == "wait_until":
                self._check_wait(offer)

    def _check_wait(self, offer: Offering) -> None:
        until = offer.terms.get("until")
        most = self.at + timedelta(hours=plans.MAX_WAIT_HOURS)
        moment = datetime.fromisoformat(str(until)) if until else None
        if moment is None or not self.at < moment <= most:
            raise Refused(
                until_wait_until=_("请选择 %(hours)s 小时以内的时间")
                % {"hours": plans.MAX_WAIT_HOURS}
            )

    def _check_outcome(
        self,
        form: StepForm,
        outcome: Outcome | None,
        explanation: str,
        evidence: Mapping[str, Sequence[Upload]],
    ) -> None:
        """NEG-41, NEG-42: what came of round 1, and the proofs that it demands."""
        allowed = {each.pk: each for each in form.offered("outcomes")}
        if outcome is None or outcome.pk not in allowed:
            raise Refused(outcome=_("请选择第一轮的结果"))
        if outcome.needs_reply and self.round_state != RoundState.ANSWERED:
            raise Refused(outcome=_("买家没有回复，不能选择“%(name)s”") % {"name": outcome.label})
        if not facts.holds(self, outcome.when):  # type: ignore[arg-type]
            raise Refused(outcome=_("“%(name)s”与本单的物流情况不符") % {"name": outcome.label})
        if outcome.code == AGREED and len(explanation.strip()) < 10:
            raise Refused(explanation=_("请写明协商一致的内容（至少 10 个字）"))
        errors = _slot_errors(outcome.proofs.all(), evidence, self.reason.code)
        if errors:
            raise Refused(**errors)

    def _wording(
        self,
        form: StepForm,
        script: Script | None,
        text: str,
        offers: Sequence[Offering],
        *,
        editable: bool,
        optional: bool,
    ) -> str:
        """NEG-13, NEG-43: the script's words, changed only where it and the round allow it."""
        if script is None and optional:
            return ""
        if script is None or script.pk not in {each.pk for each in form.offered("scripts")}:
            raise Refused(script=_("请选择一段话术"))
        filled = self.script_text(script, offers)
        if not (editable and script.editable) or not text.strip():
            return filled
        text = text.strip()
        if len(text) > TEXT_MOST:
            raise Refused(text=_("最多 %(count)s 个字") % {"count": TEXT_MOST})
        if unknown := wording.unknown_placeholders(text):
            raise Refused(text=_("不认识的变量：%(names)s") % {"names": "、".join(unknown)})
        try:
            text = wording.fill(text, self.script_values(offers))
        except KeyError:
            raise Refused(text=_("话术里有没填上的变量")) from None
        if found := wording.contact_found(text):
            raise Refused(
                text=_("话术不能包含电话、微信或外部链接：「%(found)s」") % {"found": found}
            )
        return text

    def _offer(self, sent: Round, offer: Offering) -> Offer:
        terms = dict(offer.terms)
        if offer.plan.code in plans.RETURNS and "address" not in terms:
            address = self.default_address()
            terms["address"] = address.shown() if address else {}
            covered = offer.plan.code == "return_freight_covered"
            terms["freight"] = str(Freight.MERCHANT if covered else self._freight_offered())
        return Offer(
            case_id=self.pk,
            round=sent,
            party=Party.MERCHANT,
            plan=offer.plan,
            amount=offer.amount,
            terms=terms,
            at=self.at,
        )

    def _freight_offered(self) -> Freight:
        if self.freight in (Freight.NONE, Freight.UNDECIDED):
            return (
                Freight(self.reason.freight)
                if self.reason.freight
                in (
                    Freight.MERCHANT,
                    Freight.BUYER,
                )
                else Freight.BUYER
            )
        return Freight(self.freight)

    def _same(self, offer: Offer) -> Offer:
        """The engine's own copy of an offer, read under the lock; not ours is Refused."""
        for known in self.offers.select_related("plan", "round"):  # type: ignore[attr-defined]
            if known.pk == offer.pk:
                offer.__dict__.update(known.__dict__)
                return offer
        raise Refused(offer=_("没有这个方案"))

    def _check_counter(self, counter: CounterOffer) -> None:
        plan = counter.plan
        if plan.code not in {"partial_refund", "full_refund_no_return", *plans.RETURNS}:
            raise Refused(plan=_("不能提出这种方案"))
        if refusal := plans.unfit(plan.code, self):  # type: ignore[arg-type]
            raise Refused(plan=refusal)
        if plan.wants_amount:
            if counter.amount is None or counter.amount <= 0:
                raise Refused(amount=_("请填写希望的金额"))
            if counter.amount > self.amount:
                raise Refused(
                    amount=_("希望的金额不能超过申请金额 ¥%(max)s") % {"max": self.amount}
                )
        elif counter.amount is not None:
            raise Refused(amount=_("这个方案不能填写金额"))

    def _answered(self, current: Round, text: str) -> None:
        late = self.round_state == RoundState.EXPIRED or (
            self.reply_due_at is not None and self.reply_due_at <= self.at
        )
        self._resume_deadline(current)
        self.change(
            current,
            state=RoundState.ANSWERED,
            answered_at=self.at,
            answer=text,
            late=late,
        )
        self.round_state, self.reply_due_at = RoundState.ANSWERED, None

    def _carry_out(self, offer: Offer) -> dict[str, Any]:
        """What an accepted plan does; the original demand is kept (T-21, §2.6)."""
        code, terms = offer.plan.code, offer.terms
        current = self.last_round
        if current is not None:
            self.change(current, state=RoundState.ACCEPTED, answered_at=self.at)
        self.change(offer, state=PlanState.ACCEPTED)
        self.drop_offers(PlanState.DECLINED, keep=offer)
        self.round_state, self.reply_due_at = RoundState.ACCEPTED, None
        self.agreement_claimed = False
        target = plans.leads_to(code, self, waives=bool(terms.get("waives")))  # type: ignore[arg-type]
        if code in plans.CASH:
            self.owe_refund(offer.amount if offer.amount is not None else self.amount)
        elif code in plans.RETURNS:
            self._agree_to_return(terms)
        elif code == "wait_until":
            self.promised_until = datetime.fromisoformat(terms["until"])
            if self.due_at is not None:
                self.set_due(max(self.due_at, self.promised_until))
        elif code == "freight_compensation" and offer.amount is not None:
            self.owe(offer.amount, purpose="freight")
        if target != self.status:
            self.settle()
        return {
            "plan": offer.plan.label_zh,
            "amount": str(offer.amount if offer.amount is not None else self.to_refund or ""),
        }

    def _agree_to_return(self, terms: Mapping[str, Any]) -> None:
        address = terms.get("address") or (
            self.default_address().shown() if self.default_address() else None
        )
        if not address:
            raise Refused(_("商家没有有效的退货地址，请联系商家或平台客服"))
        self.return_goods_to(address)
        self.freight = Freight(terms.get("freight") or self._freight_offered())
        self.to_refund = self.refundable

    def _pause_deadline(self) -> None:
        """NEG-51: off by default; if on, rounds give back at most two waits of handling time."""
        if not self.policy["negotiation_pauses_deadline"] or self.due_at is None:
            return
        wait = deadlines.length(self, Clock.NEGOTIATION)  # type: ignore[arg-type]
        pause = min(wait, 2 * wait - self.paused)
        if pause > timedelta():
            self.paused += pause
            self.set_due(self.due_at + pause)

    def _resume_deadline(self, current: Round) -> None:
        if not self.policy["negotiation_pauses_deadline"] or self.due_at is None:
            return
        unused = current.due_at - self.at
        if self.round_state == RoundState.WAITING and unused > timedelta():
            self.paused -= unused
            self.set_due(self.due_at - unused)

    def _turned_down(
        self,
        by: Any,
        *,
        reason: RejectReason | None,
        statement: str,
        answers: Sequence[str] = (),
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        risks: Sequence[str] = (),
        proof_tracking: str = "",
        mismatch: str = "",
    ) -> dict[str, Any]:
        """NEG-47, NEG-48: a reason of the catalogue, a full explanation, and every proof."""
        warnings = self._faced(by, risks)
        form = self.step_form(WizardStep.REJECT)
        if reason is None or reason.pk not in {each.pk for each in form.offered("reject_reasons")}:
            raise Refused(reason=_("请选择驳回原因"))
        if refusal := self.reject_reason_refusal(reason, warnings):
            raise Refused(reason=refusal)
        errors: dict[str, str] = {}
        if not 10 <= len(statement.strip()) <= 500:
            errors["statement"] = _("驳回说明需 10 到 500 个字")
        for number, point in enumerate(reason.must_answer):
            said = answers[number].strip() if number < len(answers) else ""
            if len(said) < 10:
                errors[f"answer_{number}"] = _("请说明%(point)s（至少 10 个字）") % {"point": point}
        errors |= _slot_errors(reason.proofs.all(), evidence or {}, self.reason.code)
        proof_tracking = proof_tracking.strip().upper()
        if reason.code in GOODS_BACK_REASONS and self.return_tracking:
            if not proof_tracking:
                errors["proof_tracking"] = _("请填写凭证面单上的快递单号")
            elif proof_tracking != self.return_tracking and len(mismatch.strip()) < 10:
                errors["mismatch"] = _("面单单号与退货单号不一致，请说明原因（至少 10 个字）")
        if errors:
            raise Refused(**errors)
        labels = {proof.code: proof.label_zh for proof in reason.proofs.all()}
        kept = self.put_forward(Party.MERCHANT, evidence or {}, labels)
        self.mark_handled()
        self.reply_due_at = None
        return {
            "reason_code": reason.code,
            "reason": reason.label_zh,
            "statement": statement.strip(),
            "answers": [
                {"point": point, "text": answers[number].strip()}
                for number, point in enumerate(reason.must_answer_zh)
            ],
            "evidence": kept,
            "risks": [each.code for each in warnings],
            "proof_tracking": proof_tracking,
            "mismatch": mismatch.strip(),
        }

    def reject_reason_refusal(self, reason: RejectReason, warnings: Sequence[risks.Warning]) -> str:
        """Why a reject reason can't be used in this case; empty when it can."""
        if reason.types and self.type not in reason.types:
            return _("这个原因不适用于本单的售后类型")
        narrowed = {each.code for each in reason.reasons.all()}
        if narrowed and self.reason.code not in narrowed:
            return _("这个原因与买家的申请原因不符")
        if not facts.holds(self, reason.when):  # type: ignore[arg-type]
            return _("这个原因与本单的事实不符")
        for warning in warnings:
            if reason.code in warning.blocks:
                if warning.code == "RW-01" and not self.return_signed_at:
                    continue  # goods on their way may still be missing; signed ones may not
                return _("不能使用这个原因：%(facts)s") % {"facts": warning.facts}
        return ""

    def _outcome_labels(self, outcome: Outcome | None) -> dict[str, str]:
        if outcome is None:
            return {"round": _("附图")}
        return {proof.code: proof.label_zh for proof in outcome.proofs.all()}


def _slot_errors(
    proofs: Any, evidence: Mapping[str, Sequence[Upload]], buyer_reason: str
) -> dict[str, str]:
    errors: dict[str, str] = {}
    for proof in proofs:
        if not asked_here(proof, buyer_reason):
            continue
        count = len(evidence.get(proof.code, ()))
        if (proof.required and not count) or count > proof.most:
            errors[f"proof_{proof.code}"] = _("请上传%(slot)s（1–%(most)s 张）") % {
                "slot": proof.label,
                "most": proof.most,
            }
    return errors


def asked_here(proof: Proof, buyer_reason: str) -> bool:
    """Whether a slot is asked for with this buyer's reason."""
    return not proof.for_buyer_reasons or buyer_reason in proof.for_buyer_reasons
