"""买家答复: decline, counter-offer, accept, confirm; and what an accepted plan does (NEG-30 to NEG-34)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales import clock
from aftersales.display import plain_money
from aftersales.enums import (
    NEGOTIABLE,
    Freight,
    Party,
    Permission,
    PlanState,
    Remedy,
    RoundState,
    Status,
)
from aftersales.models.case.fields import in_house
from aftersales.models.case.loading import THREAD
from aftersales.models.case.negotiating import ANYTIME, Negotiating
from aftersales.models.case.owing import Owing
from aftersales.models.catalogue import Plan, worded
from aftersales.models.history import Upload
from aftersales.models.negotiation import Message, Offer, Proposal, Round
from aftersales.rules import amounts, deadlines, plans
from aftersales.rules.conditions import (
    answer_wanted,
    confirmation_asked,
    counter_offered,
    offer_open,
    unruled,
)
from aftersales.rules.limits import counter_within_limit
from aftersales.steps import Refused, step

# A round that still takes an answer; answered once, it may be answered again.
UNSETTLED = (RoundState.WAITING, RoundState.EXPIRED, RoundState.ANSWERED)


@dataclass
class CounterOffer:
    """The buyer's counter-offer (还价): the same fields as a plan."""

    plan: Plan
    amount: Decimal | None = None
    terms: dict[str, Any] = field(default_factory=dict)


class Replying(Negotiating, Owing):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("买家答复"),
        by={Party.BUYER},
        source=NEGOTIABLE,
        conditions=[answer_wanted],
        versioned=False,
    )
    def reply(
        self,
        *,
        by: Any,
        round: Round | None = None,
        offer: Offer | None = None,
        text: str = "",
        counter: CounterOffer | None = None,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """NEG-30, NEG-31, NEG-34: decline, perhaps with a counter-offer; also after the window.

        What the receiving desk offers outside the rounds is declined in the same way, and answers
        no round. ``round`` and ``offer`` (the newest) are what the buyer had before his eyes.
        """
        current = self.last_round
        if round is not None and (current is None or round.pk != current.pk):
            raise Refused(_("商家已发起新一轮协商，请看新的方案"), conflict=True)
        if offer is not None and self.same_offer(offer).state != PlanState.OPEN:
            raise Refused(_("商家已更新方案，请看新的方案"), conflict=True)
        if current is not None and self.round_state not in UNSETTLED:
            current = None
        if counter is not None:
            self._check_counter(counter)
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        self.agreement_claimed = False
        for each in self.open_offers():
            self.change(each, state=PlanState.DECLINED)
        if counter is not None:
            self.add(
                Offer(
                    case_id=self.pk,
                    round=current,
                    party=Party.BUYER,
                    plan=counter.plan,
                    amount=counter.amount,
                    terms=plans.kept_terms(counter.plan.code, counter.terms),
                    at=self.at,
                )
            )
        said = text.strip() or (_("都不接受") if counter is None else "")
        if said:
            self.say(Party.BUYER, by, said)
        kept = self.put_forward(Party.BUYER, evidence or {}, {"reply": gettext_lazy("回复附图")})
        if current is not None:
            self._answered(current, said)
        return {
            "round": current.number if current else 0,
            "text": said,
            **worded("counter", counter and counter.plan),
            **(plans.as_kept(counter.plan.code, counter.terms) if counter else {}),
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
        offer = self.same_offer(offer)
        if offer.state != PlanState.OPEN or offer.party != Party.MERCHANT:
            raise Refused(offer=_("这个方案已失效，请看最新的方案"), conflict=True)
        if offer.plan.code in plans.NOT_ACCEPTED_BY_CLICK:
            raise Refused(offer=_("请直接补充凭证"))
        until = plans.promised(offer.terms)
        if offer.plan.code == "wait_until" and (until is None or until <= self.at):
            raise Refused(offer=_("约定等待的时间已过，请看最新的方案"), conflict=True)
        if offer.plan.code in plans.ON_ITS_WAY and (there := plans.unfit(offer.plan.code, self)):  # type: ignore[arg-type]
            raise Refused(offer=there, conflict=True)
        return self._carry_out(offer)

    @step(
        gettext_lazy("接受买家方案"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[counter_within_limit],
        source=[
            Status.PENDING_MERCHANT,
            Status.REJECTED,
            Status.AWAITING_MERCHANT_RECEIPT,
            Status.RETURN_REFUSED,
            Status.PLATFORM_REVIEW,
        ],
        target=GET_STATE(
            lambda case, **_: plans.leads_to(case.__dict__["_accepted_code"], case),
            states=list(Status),
        ),
        conditions=[unruled, counter_offered],
    )
    def accept_counter(self, *, by: Any) -> dict[str, Any]:
        """One click on the buyer's counter-offer, also while T-22 lets the merchant relent: as if
        his plan had been ours and accepted."""
        offer = self.open_counter()
        if offer is None:
            raise Refused(counter_offered.sentence)  # type: ignore[attr-defined]
        ready = self.default_address() is not None
        if refusal := plans.unfit(offer.plan.code, self, address_ready=ready):  # type: ignore[arg-type]
            raise Refused(refusal)
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
        gettext_lazy("发送消息"),
        by={Party.BUYER, Party.MERCHANT, Party.STAFF},
        permission=Permission.NEGOTIATE,
        source=ANYTIME,
        versioned=False,
        while_suspended=True,
    )
    def send_message(
        self,
        *,
        by: Any,
        text: str,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        as_party: str = "",
    ) -> dict[str, Any]:
        """S-38, NEG-22, NEG-30: chat; the buyer's words end the wait, the merchant's do not."""
        text, pictures = text.strip(), (evidence or {}).get("chat", ())
        if not text and not pictures:
            raise Refused(text=_("请写几句，或者附一张图片"))
        late = self.filing_refusal(self.acting) if pictures else ""  # type: ignore[attr-defined]
        if late:
            raise Refused(proof_chat=late)
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        if hurry := Message.objects.filter(case=self.pk).hurry(by, self.at):
            raise Refused(text=hurry)
        party = self.acting
        if party == Party.MERCHANT:
            text = in_house(text, "text")
        self.say(party, by, text)
        kept = self.put_forward(party, {"chat": pictures}, {"chat": gettext_lazy("聊天图片")})
        counts = self.count_as_reply(party, text or _("发来图片"))
        return {"text": text, "counts": counts} | ({"evidence": kept} if kept else {})

    # What was said.

    def thread(self) -> list[Message]:
        """All that both sides said, oldest first, also before they came to this case (S-38)."""
        self.load_along(*THREAD)
        before = [each for each in self.line.handed("messages") if each.at <= self.applied_at]
        said = sorted([*before, *self.handed("messages")], key=lambda each: (each.at, each.pk))
        shown: dict[int, list[Upload]] = {}
        for row in [*self.line.handed("pictures"), *self.handed("pictures")]:
            shown.setdefault(row.message_id, []).append(row.upload)
        for each in said:
            each._prefetched_objects_cache = {"uploads": shown.get(each.pk, [])}
        return said

    def mark_read(self, party: Party) -> None:
        """This side has seen the thread; only what the other said is marked."""
        self.load_along(*THREAD)
        said = [*self.line.handed("messages"), *self.handed("messages")]
        if any(each.party != party and each.read_at is None for each in said):
            mine = models.Q(case_id=self.pk) | models.Q(line_id=self.line_id)
            unread = Message.objects.filter(mine, read_at=None).exclude(party=party)
            unread.update(read_at=clock.now())

    def agreed_before(self) -> Proposal | None:
        """What the two agreed on in conversation before this case, if anything (S-47)."""
        self.load_along("line.proposals")
        agreed = [
            each
            for each in self.line.handed("proposals")
            if each.state == PlanState.ACCEPTED and each.answered_at <= self.applied_at
        ]
        return agreed[-1] if agreed else None

    def as_agreed(self) -> bool:
        """Whether the claim is what was agreed in conversation, to the cent."""
        agreed = self.agreed_before()
        if agreed is None or agreed.type != self.type:
            return False
        return self.wants_goods or agreed.amount == self.amount

    # What the steps share.

    def _check_counter(self, counter: CounterOffer) -> None:
        plan = counter.plan
        if plan.code not in plans.COUNTERS:
            raise Refused(plan=_("不能提出这种方案"))
        if refusal := plans.unfit(plan.code, self):  # type: ignore[arg-type]
            raise Refused(plan=refusal)
        if plan.wants_amount:
            if counter.amount is None or counter.amount <= 0:
                raise Refused(amount=_("请填写希望的金额"))
            if counter.amount != counter.amount.quantize(Decimal("0.01")):
                raise Refused(amount=_("金额最多两位小数"))
            if counter.amount > self.whole:
                raise Refused(
                    amount=_("希望的金额不能超过申请金额 ¥%(max)s")
                    % {"max": plain_money(self.whole)}
                )
        elif counter.amount is not None:
            raise Refused(amount=_("这个方案不能填写金额"))
        told = plan.code in plans.TOLD_BY_BUYER
        if told and (wrong := plans.terms_refusal(plan.code, counter.terms, self)):  # type: ignore[arg-type]
            raise Refused(**wrong)

    def count_as_reply(self, party: Party, text: str, *, asked: bool = False) -> bool:
        """NEG-30: whatever the buyer says answers the open round, where the policy has it so; what
        the round itself has ``asked`` for answers it anyway (NEG-35)."""
        current = self.last_round
        counts = party == Party.BUYER and self.any_word_answers(asked=asked)
        if not counts or current is None:
            return False
        self._answered(current, text)
        return True

    def any_word_answers(self, *, asked: bool = False) -> bool:
        """Whether a round stands open that any word of the buyer's answers (NEG-30)."""
        return (
            (asked or self.policy["any_message_counts"])
            and self.round_state in (RoundState.WAITING, RoundState.EXPIRED)
            and self.status in NEGOTIABLE
        )

    def _answered(self, current: Round, text: str) -> None:
        late = current.late or self.round_state == RoundState.EXPIRED
        self._resume_deadline(current)
        self.change(
            current,
            state=RoundState.ANSWERED,
            answered_at=current.answered_at or self.at,
            answer=text,
            late=late,
        )
        self.round_state, self.reply_due_at = RoundState.ANSWERED, None

    def _carry_out(self, offer: Offer) -> dict[str, Any]:
        """What an accepted plan does; the original demand is kept (T-21, §2.6)."""
        code, terms = offer.plan.code, offer.terms
        current = self.last_round
        target = plans.leads_to(code, self, waives=bool(terms.get("waives")))  # type: ignore[arg-type]
        self.change(offer, state=PlanState.ACCEPTED)
        if code in plans.ASIDE and target == self.status:
            if current is not None and self.round_state in (RoundState.WAITING, RoundState.EXPIRED):
                self._answered(current, _("接受：%(plan)s") % {"plan": offer.plan.label_zh})
        else:
            if current is not None and current.pk == offer.round_id:
                self.change(current, state=RoundState.ACCEPTED, answered_at=self.at)
                self.round_state, self.reply_due_at = RoundState.ACCEPTED, None
            self.drop_offers(keep=offer)
            self.agreement_claimed = False
        if target != self.status:
            self.remedy = plans.REMEDIES.get(code, Remedy.REFUND)
        if code in plans.CASH:
            self.owe_refund(offer.amount if offer.amount is not None else self.whole)
        elif code in plans.SENT_BACK:
            self._agree_to_return(code, terms)
        elif code == "wait_until":
            self.promised_until = plans.promised(terms)
            self.set_due(self.promised_until)
        elif code in plans.ASIDE and offer.amount is not None:
            self.owe(offer.amount, purpose=plans.ASIDE[code])
        if target != self.status:
            self.settle()
        return {
            **worded("plan", offer.plan),
            **plans.as_kept(offer.plan.code, terms),
            **({"round": 0} if offer.round_id is None else {}),
            "amount": str(offer.amount if offer.amount is not None else self.to_refund or ""),
        }

    def _agree_to_return(self, code: str, terms: Mapping[str, Any]) -> None:
        address = terms.get("address") or (
            self.default_address().shown() if self.default_address() else None
        )
        if not address:
            raise Refused(_("商家没有有效的退货地址，请联系商家或平台客服"))
        self.return_goods_to(address)
        said = terms.get("freight") or amounts.unsaid(self.freight_under(code))
        self.freight = Freight(said)
        self.to_refund = self.refundable if code in plans.RETURNS else None

    def _resume_deadline(self, current: Round) -> None:
        if not self.policy["negotiation_pauses_deadline"] or self.due_at is None:
            return
        sent = self.events.filter(step="negotiate").last()  # type: ignore[attr-defined]
        given = timedelta(minutes=sent.details["paused_minutes"] if sent else 0)
        handling = deadlines.clock_of(self)  # type: ignore[arg-type]
        unused = given - deadlines.left_of(self, handling, self.at, current.sent_at)  # type: ignore[arg-type]
        if self.round_state == RoundState.WAITING and unused > timedelta():
            self.paused -= unused
            left = deadlines.left_of(self, handling, self.due_at, self.at) - unused  # type: ignore[arg-type]
            self.set_due(deadlines.goes_on(self, handling, self.at, left))  # type: ignore[arg-type]
