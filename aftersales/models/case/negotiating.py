"""驳回协商: the tool itself — pre-check, two rounds, the buyer's answers, and only then 驳回."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import (
    NEGOTIABLE,
    Clock,
    Freight,
    Party,
    Permission,
    PlanState,
    RoundState,
    Status,
    WizardStep,
)
from aftersales.models.case.preparing import Offering, Preparing
from aftersales.models.case.proofs import slot_errors
from aftersales.models.catalogue import Outcome, Proof, Script, StepForm, by_slot, worded
from aftersales.models.history import Upload
from aftersales.models.negotiation import Offer, Precheck, Round, VirtualNumber
from aftersales.rules import amounts, deadlines, facts, limits, plans, risks, wording
from aftersales.rules.conditions import (
    not_accepted,
    not_waiting_for_buyer,
    offer_open,
    prechecked,
    rounds_left,
)
from aftersales.steps import Refused, step

ANYTIME = list(Status)
AGREED = "agreed"  # the outcome of round 1 that asks the buyer to confirm (NEG-46)
TEXT_MOST = 400
ROUND_SLOT = Proof(code="round", label_zh="附图", label_en="Pictures", required=False, most=3)
CONTACT = gettext_lazy("话术不能包含电话、微信或外部链接：「%(found)s」")


class Negotiating(Preparing):
    class Meta:
        abstract = True

    def restart_clock(self, before: str) -> None:
        """A wait for the buyer ends where nobody negotiates any more (NEG-52)."""
        current = self.last_round
        if self.status not in NEGOTIABLE and self.round_state == RoundState.WAITING and current:
            self.change(current, state=RoundState.CLOSED)
            self.round_state, self.reply_due_at = RoundState.CLOSED, None
        super().restart_clock(before)

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
        else:
            outcome, explanation = None, ""
            if errors := slot_errors([ROUND_SLOT], evidence or {}, self.reason.code, only=True):
                raise Refused(**errors)
        confirming = outcome is not None and outcome.code == AGREED
        if confirming:
            offers = ()
        else:
            self._check_offers(by, form, offers)
        text = self._wording(form, script, text, offers, editable=not second, optional=confirming)
        if confirming and not text:
            text = explanation.strip()
        self.mark_handled()
        self.drop_offers(PlanState.REPLACED)
        self.round_number += 1
        until = deadlines.end_of(self, Clock.NEGOTIATION, self.at)  # type: ignore[arg-type]
        paused = self._pause_deadline(until)
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
            due_at=until,
        )
        self.add(sent)
        for offer in offers:
            self.add(self._offer(sent, offer))
        self.say(Party.MERCHANT, by, text)
        kept = self.put_forward(
            Party.MERCHANT,
            evidence or {},
            by_slot(outcome) if outcome else {"round": gettext_lazy("附图")},
        )
        self.round_state, self.reply_due_at = RoundState.WAITING, sent.due_at
        self.agreement_claimed = confirming
        for offer in offers:
            if offer.plan.code == "invite_evidence":
                self.invite(by, offer.terms, until)  # type: ignore[attr-defined]
        return {
            "round": self.round_number,
            "text": text,
            "script": script.code if script else "",
            **worded("outcome", outcome),
            "explanation": explanation.strip(),
            "plans": [
                {
                    **worded("plan", offer.plan),
                    **plans.as_kept(offer.plan.code, offer.terms),
                    "amount": str(offer.amount or ""),
                }
                for offer in offers
            ],
            "evidence": kept,
            "until": sent.due_at.isoformat(),
            "paused_minutes": int(paused.total_seconds() // 60),
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
        offer = self.same_offer(offer) if offer is not None else None
        stands = offer is not None and offer.party == Party.MERCHANT
        if offer is None or not stands or offer.state != PlanState.OPEN or offer.round is None:
            raise Refused(offer=_("这个方案已不能修改"))
        if offer.amount is None or amount <= offer.amount:
            raise Refused(amount=_("只能提高金额，当前为 %(now)s") % {"now": offer.amount})
        if refusal := plans.amount_refusal(offer.plan.code, True, amount, self):  # type: ignore[arg-type]
            raise Refused(amount=refusal)
        if refusal := limits.offer_refusal(self, by, offer.plan.code, amount):  # type: ignore[arg-type]
            raise Refused(amount=refusal)
        better = Offering(offer.plan, amount, offer.terms)
        before = offer.amount
        self.change(offer, state=PlanState.REPLACED)
        self.add(self._offer(offer.round, better))
        return {**worded("plan", offer.plan), "before": str(before), "amount": str(amount)}

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

    def acceptable_offers(self) -> list[Offer]:
        """The merchant's offers that a click accepts; an invitation is answered with evidence."""
        no_click = plans.NOT_ACCEPTED_BY_CLICK
        return [each for each in self.open_offers() if each.plan.code not in no_click]

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

    # What the steps share.

    def _faced(self, by: Any, ticked: Sequence[str]) -> list[risks.Warning]:
        """NEG-04, NEG-05: no hard warning, and every warning that asks for it is ticked, now."""
        warnings = self.warnings(self.at)
        if errors := self.risk_errors(warnings, ticked):
            raise Refused(**errors)
        self._note_ticks(by, warnings, ticked)
        return warnings

    def risk_errors(
        self, warnings: Sequence[risks.Warning], ticked: Sequence[str]
    ) -> dict[str, str]:
        """The warning that forbids a rejection, or each that is still to be ticked, by its field."""
        if hard := next((each for each in warnings if each.hard), None):
            return {"risks": _("这单不能驳回：%(reason)s") % {"reason": hard.facts}}
        fresh = {each.code: each.key for each in warnings if each.code in ticked}
        return {
            f"risk_{each.code}": _("请先确认：%(risk)s") % {"risk": each.facts}
            for each in risks.unticked(warnings, self.ticks() | fresh)
        }

    def _note_ticks(
        self, by: Any, warnings: Sequence[risks.Warning], ticked: Sequence[str]
    ) -> None:
        """What was confirmed just now is stored with the case (NEG-04)."""
        fresh = {each.code: each.key for each in warnings if each.code in ticked}
        if fresh.items() - self.ticks().items():
            self.add(
                Precheck(
                    case_id=self.pk,
                    user=by,
                    warnings=[each.stored() for each in warnings],
                    ticked=fresh,
                    at=self.at,
                )
            )

    def _check_offers(self, by: Any, form: StepForm, offers: Sequence[Offering]) -> None:
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
                raise Refused(plans=_("{name}：{text}").format(name=plan.label, text=refusal))
            refusal = plans.amount_refusal(plan.code, plan.wants_amount, offer.amount, self)  # type: ignore[arg-type]
            if refusal:
                raise Refused(**{f"amount_{plan.code}": refusal})
            if refusal := limits.offer_refusal(self, by, plan.code, offer.amount):  # type: ignore[arg-type]
                field = f"amount_{plan.code}" if plan.wants_amount else "plans"
                raise Refused(**{field: refusal})
            if wrong := plans.terms_refusal(plan.code, offer.terms, self):  # type: ignore[arg-type]
                raise Refused(**wrong)
            for name in plans.kept_terms(plan.code, offer.terms).keys() & plans.WORDS:
                if found := wording.contact_found(str(offer.terms[name])):
                    raise Refused(**{f"{name}_{plan.code}": CONTACT % {"found": found}})
        if self.reason.quality and codes == ["coupon"]:
            raise Refused(plans=_("质量问题不能只给优惠券"))
        for offer in offers:
            if offer.plan.code == "wait_until":
                self._check_wait(offer)

    def _check_wait(self, offer: Offering) -> None:
        moment = plans.promised(offer.terms)
        most = self.at + timedelta(hours=plans.MAX_WAIT_HOURS)
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
            raise Refused(outcome=_("“%(name)s”与本单的情况不符") % {"name": outcome.label})
        if outcome.code == AGREED and len(explanation.strip()) < 10:
            raise Refused(explanation=_("请写明协商一致的内容（至少 10 个字）"))
        if len(explanation) > TEXT_MOST:
            raise Refused(explanation=_("最多 %(count)s 个字") % {"count": TEXT_MOST})
        if found := wording.contact_found(explanation):
            raise Refused(explanation=CONTACT % {"found": found})
        errors = slot_errors(outcome.proofs.all(), evidence, self.reason.code, only=True)
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
        if script is None or script.pk not in {each.pk for each in self.scripts(form)}:
            raise Refused(script=_("请选择一段话术"))
        if not optional and (unsaid := self.script_refusal(script, offers)):
            raise Refused(script=unsaid)
        filled = self.script_text(script, offers)
        if not (editable and script.editable) or not text.strip():
            return filled
        text = text.strip()
        if len(text) > TEXT_MOST:
            raise Refused(text=_("最多 %(count)s 个字") % {"count": TEXT_MOST})
        if unknown := wording.unknown_placeholders(text):
            raise Refused(text=_("不认识的变量：%(names)s") % {"names": _("、").join(unknown)})
        try:
            text = wording.fill(text, self.script_values(offers, script))
        except KeyError:
            raise Refused(text=_("话术里有没填上的变量")) from None
        if len(text) > TEXT_MOST:
            raise Refused(text=_("最多 %(count)s 个字") % {"count": TEXT_MOST})
        if found := wording.contact_found(text):
            raise Refused(text=CONTACT % {"found": found})
        if wrong := self.misquoted(script, offers, text):
            raise Refused(text=wrong)
        return text

    def _offer(self, sent: Round, offer: Offering) -> Offer:
        terms = plans.kept_terms(offer.plan.code, offer.terms)
        if offer.plan.code in plans.SENT_BACK:
            address = self.default_address()
            terms["address"] = address.shown() if address else {}
            terms["freight"] = str(self.freight_offered(offer.plan.code))
        return Offer(
            case_id=self.pk,
            round=sent,
            party=Party.MERCHANT,
            plan=offer.plan,
            amount=offer.amount,
            terms=terms,
            at=self.at,
        )

    def freight_offered(self, code: str) -> Freight:
        """Who bears the way back under a plan of the shop's, which says so: where no rule does, the
        buyer."""
        bearer = self.freight_under(code)
        return Freight.BUYER if bearer == Freight.UNDECIDED else bearer

    def freight_under(self, code: str) -> Freight:
        """Who bears it under a plan: the merchant where it says so, else as by rule (§1.5)."""
        if code == "return_freight_covered":
            return Freight.MERCHANT
        if self.freight == Freight.NONE:  # as it was asked for, nothing was to go back
            return amounts.bearers(self.type, self.reason, self.order).back
        return Freight(self.freight)

    def _pause_deadline(self, until: datetime) -> timedelta:
        """NEG-51: off by default; if on, rounds give back at most two waits of handling time: of a
        clock that counts working time, as much of that as the wait takes."""
        if not self.policy["negotiation_pauses_deadline"] or self.due_at is None:
            return timedelta()
        handling = deadlines.clock_of(self)  # type: ignore[arg-type]
        wait = deadlines.length(self, Clock.NEGOTIATION)  # type: ignore[arg-type]
        taken = deadlines.left_of(self, handling, until, self.at)  # type: ignore[arg-type]
        pause = max(min(taken, wait, 2 * wait - self.paused), timedelta())
        if pause:
            self.paused += pause
            self.set_due(deadlines.goes_on(self, handling, self.due_at, pause))  # type: ignore[arg-type]
        return pause

    def same_offer(self, offer: Offer) -> Offer:
        """The engine's own copy of an offer, read under the lock; not ours is Refused."""
        for known in self.offers.select_related("plan", "round"):  # type: ignore[attr-defined]
            if known.pk == offer.pk:
                offer.__dict__.update(known.__dict__)
                return offer
        raise Refused(offer=_("没有这个方案"))
