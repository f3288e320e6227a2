"""申请与撤销: how a case begins, and how the buyer ends it himself (T-01, T-02)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock
from aftersales.display import plain_money
from aftersales.enums import WANTS_GOODS, CaseType, Freight, Party, Phase, PlanState, Status
from aftersales.models.agreeing import AgreeRule
from aftersales.models.case.fields import CaseFields
from aftersales.models.case.proofs import left_empty, slot_errors, too_many
from aftersales.models.catalogue import Reason, by_slot, worded
from aftersales.models.edition import Edition
from aftersales.models.history import Event, Upload, plain
from aftersales.models.order import Order, OrderLine
from aftersales.models.policy import Policy, Window
from aftersales.retrying import taken_again
from aftersales.rules import amounts, deadlines, demands, eligibility, facts, reminders
from aftersales.rules.conditions import not_sent_back, unruled
from aftersales.steps import Refused, open_case, step


@dataclass
class Application:
    """What a buyer fills in; ``evidence`` maps a slot's code to uploads. Yuan, two places.

    ``demand`` is what the type asks of its own (rules/demands.py); ``ship_to`` is an address other
    than the order's, with name, phone and address. ``unable`` says by a slot's code why it stays
    empty (拍不了).
    """

    type: str
    reason: Reason
    quantity: int
    amount: Decimal
    goods_state: str = ""
    description: str = ""
    goods_intact: bool = False
    gifts_kept: bool = False
    demand: Mapping[str, Any] = field(default_factory=dict)
    ship_to: Mapping[str, str] | None = None
    agreement_version: str = ""
    evidence: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    unable: Mapping[str, str] = field(default_factory=dict)


class Applying(CaseFields):
    class Meta:
        abstract = True

    @property
    def composition(self) -> amounts.Refundable | None:
        """How the refundable amount was made up when the buyer applied (怎么算的)."""
        told = self.snapshot.get("composition")
        return amounts.Refundable.kept(told) if told else None

    @classmethod
    def past_of(cls, line: OrderLine) -> eligibility.Past:
        """What earlier applications for the line mean for a new one (G2, G5)."""
        return _past(list(cls._default_manager.filter(line=line)))

    @classmethod
    def why_not(cls, line: OrderLine) -> str:
        """Why nothing can be applied for on this line now; empty when something can (S-32).

        A price difference stands beside the ordinary demands and is not asked here.
        """
        return cls.why_not_each([line])[line.pk]

    @classmethod
    def why_not_each(cls, lines: Sequence[OrderLine]) -> dict[int, str]:
        """``why_not`` of many lines by their keys, in three queries however many."""
        at, policy = clock.now(), Policy.current()
        rows = Window.standing(at)
        earlier: dict[int, list[Any]] = {line.pk: [] for line in lines}
        for case in cls._default_manager.filter(line__in=earlier):
            earlier[case.line_id].append(case)
        found = {}
        alike: dict[tuple[str, str], Any] = {}  # lines to which the same windows apply
        for line in lines:
            kind = str(eligibility.phase_of(line.order)), line.category
            windows = alike.get(kind) or alike.setdefault(kind, _windows(rows, line))
            choices = eligibility.options(line, _past(earlier[line.pk]), policy, at, windows)
            found[line.pk] = eligibility.chief_refusal(choices)
        return found

    @classmethod
    def demands_of(cls, line: OrderLine, at: datetime) -> list[eligibility.Option]:
        """Every demand with why it can't be made for this line now; empty where it can."""
        past, policy = cls.past_of(line), Policy.current()
        windows = _windows(Window.standing(at), line)
        return [
            each._replace(refusal=each.refusal or cls.nothing_left(each.type, line, past))
            for each in eligibility.options(line, past, policy, at, windows)
        ]

    @classmethod
    def nothing_left(cls, kind: str, line: OrderLine, past: eligibility.Past) -> str:
        """Why no difference can be asked for: an ordinary claim has, or may have, all that was paid."""
        if kind != CaseType.PRICE_DIFFERENCE or not past.ever:
            return ""
        pieces = line.quantity - past.quantity
        if pieces > 0 and cls.refundable_for(line, pieces, kind, None).total:
            return ""
        return _("这件商品的实付款已经退回或正在售后中，现在没有差价可退")

    @staticmethod
    def agreed_refusal(line: OrderLine, kind: str, reason: Reason) -> str:
        """Why goods can't be asked for as agreed on: they were not, in conversation (U5, S-47)."""
        if reason.code != demands.AGREED or kind not in WANTS_GOODS:
            return ""
        accepted = line.proposals.filter(state=PlanState.ACCEPTED, type=kind)
        return "" if accepted.exists() else _("这个原因不适用于所选的售后类型")

    @classmethod
    def consent_refusal(cls, line: OrderLine, reason: Reason) -> str:
        """Why the shop must agree to this reason before it is given again (T-10); empty where not."""
        lapsed = cls._default_manager.filter(line=line, consent_wanted=True)
        if not lapsed.filter(reason__code=reason.code).exists():
            return ""
        return _("上次因同样的原因申请后逾期没有退回商品，再次申请需要商家同意，请先联系商家")

    @classmethod
    def refundable_for(
        cls,
        line: OrderLine,
        quantity: int,
        case_type: str,
        reason: Reason | None,
        *,
        gifts_kept: bool = False,
    ) -> amounts.Refundable:
        """The most that ``quantity`` pieces of the line can bring back now (G6, §1.5)."""
        order = line.order
        claimed = [
            case
            for case in cls._default_manager.filter(order=order).select_related("reason")
            if not case.ended or case.status == Status.REFUNDED
        ]
        earlier = [
            amounts.Earlier(_pieces(case), case.to_refund or case.worth)
            for case in claimed
            if case.line_id == line.pk
        ]
        goods = [each for each in order.lines.all() if each.gift_of_id is None]
        taken: dict[int, int] = {}
        gone: dict[int, int] = {}  # pieces that do not stay with the buyer
        for case in claimed:
            taken[case.line_id] = taken.get(case.line_id, 0) + _pieces(case)
            gone[case.line_id] = gone.get(case.line_id, 0) + facts.given_up(case)  # type: ignore[arg-type]
        before = {each.pk: max(each.quantity - gone.get(each.pk, 0), 0) for each in goods}
        after = before | {line.pk: max(before.get(line.pk, 0) - quantity, 0)}
        taken[line.pk] = taken.get(line.pk, 0) + quantity
        # a price difference takes no piece away
        last = case_type != CaseType.PRICE_DIFFERENCE and all(
            taken.get(each.pk, 0) >= each.quantity for each in goods
        )
        promised = sum((case.to_refund or case.worth for case in claimed), amounts.NOTHING)
        if case_type == CaseType.REFUND_UNSHIPPED:  # what was sent at his cost has used it up
            last = last and not any(
                amounts.sent_at_his_cost(case.type, case.reason, order) for case in claimed
            )
        comes_back = amounts.postage_comes_back(case_type, reason, last_goods_of_order=last)
        bundle = None
        if case_type == CaseType.RETURN_REFUND and reason and reason.freight == Freight.BUYER:
            bundle = _bundle(line, goods, claimed, before, after)
        return amounts.refundable(
            paid=line.paid,
            pieces=line.quantity,
            quantity=quantity,
            earlier=earlier,
            postage=order.postage if comes_back else amounts.NOTHING,
            order_left=order.paid - promised,
            bundle=bundle,
            gifts=line.gifts_worth() if gifts_kept and not after[line.pk] else amounts.NOTHING,
            shipping=amounts.freight_lost(
                case_type,
                reason,
                order,
                before=sum((each.worth(before[each.pk]) for each in goods), amounts.NOTHING),
                kept=sum((each.worth(after[each.pk]) for each in goods), amounts.NOTHING),
            ),
        )

    @classmethod
    @taken_again
    def apply(cls, line: OrderLine, application: Application, *, by: Any, key: str = "") -> Any:
        """T-01: file an application, checked whole (G1 to G10); return the new case.

        The same ``key`` again returns the case that the first click made.
        """
        at = clock.now()
        with transaction.atomic():
            # One buyer, two tabs: applications for a line queue up behind the order's lock.
            order = Order.objects.select_for_update().select_related("shop").get(pk=line.order_id)
            line = OrderLine.objects.get(pk=line.pk, order=order)
            line.order = order
            if order.buyer_id != by.pk:
                raise Refused(_("这不是你的订单"))
            if key:
                earlier = Event.objects.filter(
                    step="apply", key=key, user_id=by.pk, case__line=line
                ).first()
                if earlier is not None:
                    return cls._default_manager.get(pk=earlier.case_id)
            case = cls._filled(line, application, by, at)
            kept = case.put_forward(Party.BUYER, application.evidence, by_slot(application.reason))
            details = {
                "type": case.type,
                **worded("reason", application.reason),
                "amount": str(case.amount),
                **({"still_owed": str(owed)} if (owed := case.composition.owed) else {}),
                "demand": case.demand,
                "quantity": case.quantity,
                "text": case.description,
                "evidence": kept,
                "agreement": case.agreement_version,
            }
            _store(case, by=by, key=key, details=details, at=at)
        return case

    @classmethod
    def _filled(cls, line: OrderLine, application: Application, by: Any, at: datetime) -> Any:
        edition = Edition.in_force(at)  # what has come into force since the last sweep is written
        order, policy = line.order, Policy.current()
        windows = Window.in_force(application.type, at, line)
        past = cls.past_of(line)
        if application.type not in CaseType.values:
            raise Refused(type=_("请选择售后类型"))
        if barred := eligibility.barred(application.type, order, line, past, policy):
            raise Refused(barred, conflict=True)
        if refusal := eligibility.unfit(application.type, line, at, windows):
            raise Refused(type=refusal)
        if refusal := cls.nothing_left(application.type, line, past):
            raise Refused(refusal, conflict=True)
        goods = application.goods_state or eligibility.told_anyway(application.type, line)
        if goods not in eligibility.goods_states(application.type, line):
            raise Refused(goods_state=_("请选择收货情况"))
        reason = application.reason
        if refusal := eligibility.reason_refusal(
            reason, application.type, goods, line, at, windows
        ):
            raise Refused(reason=refusal)
        refusal = cls.agreed_refusal(line, application.type, reason)
        if refusal := refusal or cls.consent_refusal(line, reason):
            raise Refused(reason=refusal)
        if not 1 <= application.quantity <= line.quantity - past.quantity:
            raise Refused(
                quantity=_("件数需在 1 到 %(max)s 之间") % {"max": line.quantity - past.quantity}
            )
        wrong = demands.errors(application.type, reason.code, application.demand, line, at)
        wrong |= demands.address_errors(application.type, application.ship_to, order.address)
        if wrong:
            raise Refused(**wrong)
        composed = cls.refundable_for(
            line,
            application.quantity,
            application.type,
            reason,
            gifts_kept=application.gifts_kept,
        )
        most = composed.total
        if "reference_price" in application.demand:
            price = application.demand["reference_price"]
            most = min(most, demands.dropped(line, price, application.quantity))
        _check_amount(application, most, nothing_left=composed.settled_to_nothing)
        _check_words(application)
        _check_evidence(application, policy)
        if application.agreement_version != policy.agreement_version:
            raise Refused(agreement=_("请阅读并同意维权协议"))
        case = cls(
            code=f"AS{at.astimezone(deadlines.CHINA):%Y%m%d}{secrets.randbelow(10**7):07d}",
            shop=order.shop,
            order=order,
            line=line,
            buyer=by,
            type=application.type,
            phase=Phase(eligibility.phase_of(order)),
            reason=reason,
            goods_state=goods,
            quantity=application.quantity,
            amount=application.amount,
            refundable=most,
            description=application.description.strip(),
            goods_intact=application.goods_intact,
            gifts_kept=application.gifts_kept,
            demand=plain(dict(application.demand))
            | left_empty(reason.proofs.all(), application.evidence, application.unable),
            ship_to=demands.goes_to(application.type, application.ship_to, order),
            remedy=eligibility.remedy_of(application.type),
            freight=amounts.return_freight(application.type, reason, order),
            agreement_version=application.agreement_version,
            agreement_at=at,
            applied_at=at,
            rules_at=at if AgreeRule.on(order.shop).exists() else None,
            windows=windows,
            policy=policy.stamped(),
            snapshot=_snapshot(line) | {"composition": composed.told()},
            edition=edition,
            status=Status.PENDING_MERCHANT,
            version=1,
            updated_at=at,
        )
        case._at = at
        case.due_at, case.due_from = deadlines.due_at(case, at), at  # type: ignore[arg-type]
        case.remind_at = reminders.next_at(case, at)  # type: ignore[arg-type]
        case.turn = deadlines.turn_of(case)  # type: ignore[arg-type]
        return case

    @step(
        gettext_lazy("撤销申请"),
        by={Party.BUYER},
        source=[
            Status.PENDING_MERCHANT,
            Status.REJECTED,
            Status.AWAITING_BUYER_RETURN,
            Status.AWAITING_DELIVERY_REFUSAL,
            Status.PLATFORM_REVIEW,
        ],
        target=Status.CANCELLED,
        conditions=[not_sent_back, unruled],
    )
    def cancel(self, *, by: Any) -> dict[str, Any]:
        """T-02: final; never once the return is on its way (also not back from a review)."""
        self.end_rounds()
        self.settle()
        return {}


def _windows(rows: Sequence[Window], line: OrderLine) -> dict[str, dict[str, Any]]:
    """The windows of a line for each demand."""
    return {kind: Window.choose(rows, kind, line) for kind in CaseType}


def _past(earlier: Sequence[Any]) -> eligibility.Past:
    price = [case for case in earlier if case.type == CaseType.PRICE_DIFFERENCE]
    others = [case for case in earlier if case.type != CaseType.PRICE_DIFFERENCE]
    return eligibility.Past(
        ever=len(others),
        active=any(not case.ended for case in others),
        cancelled=sum(case.status == Status.CANCELLED for case in others),
        quantity=sum(case.quantity for case in others if case.status == Status.REFUNDED),
        price_ever=len(price),
        price_cancelled=sum(case.status == Status.CANCELLED for case in price),
    )


def _pieces(case: Any) -> int:
    """How many pieces a case takes away from what is left of its line."""
    return 0 if case.type == CaseType.PRICE_DIFFERENCE else int(case.quantity)


def _store(case: Any, *, by: Any, key: str, details: dict[str, Any], at: datetime) -> None:
    """Give the case its code and store it; a code that is taken is drawn again."""
    while type(case)._default_manager.filter(code=case.code).exists():
        case.code = f"{case.code[:10]}{secrets.randbelow(10**7):07d}"
    open_case(case, by=by, key=key, details=details, at=at)


def _snapshot(line: OrderLine) -> dict[str, Any]:
    """Goods and prices as they stood when the buyer applied."""
    order = line.order
    return {
        "freight_cover": order.freight_cover,
        "ship_from": order.ship_from,
        "gifts": [[each.title, each.sku, each.quantity] for each in line.gifts.all()],
        "title": line.title,
        "sku": line.sku,
        "image": line.image,
        "bought": line.quantity,
        "paid": str(line.paid),
        "order_paid": str(order.paid),
        "postage": str(order.postage),
        "order_state": str(line.state.value),
    }


def _bundle(
    line: OrderLine,
    goods: Sequence[OrderLine],
    claimed: Sequence[Any],
    before: Mapping[int, int],
    after: Mapping[int, int],
) -> amounts.Bundle | None:
    """The bundle that the line was bought in, where single prices are known."""
    parts = [each for each in goods if line.bundle and each.bundle == line.bundle]
    paid = sum((each.paid for each in parts), amounts.NOTHING)
    single = sum((each.list_total for each in parts), amounts.NOTHING)
    if len(parts) < 2 or single < paid or not all(each.list_total for each in parts):
        return None
    keys = {each.pk for each in parts}
    refunded = {True: amounts.NOTHING, False: amounts.NOTHING}  # as a price difference, or not
    for case in claimed:
        if case.line_id in keys:
            refunded[case.type == CaseType.PRICE_DIFFERENCE] += case.to_refund or case.amount
    return amounts.Bundle(
        paid=paid - refunded[True],
        refunded=refunded[False],
        before=sum((each.singly(before[each.pk]) for each in parts), amounts.NOTHING),
        after=sum((each.singly(after[each.pk]) for each in parts), amounts.NOTHING),
    )


def _check_amount(application: Application, most: Decimal, *, nothing_left: bool) -> None:
    amount = application.amount
    if application.type in WANTS_GOODS:
        if amount != amounts.NOTHING:
            raise Refused(amount=_("换货、补寄和维修不填退款金额"))
        return
    if application.type == CaseType.REFUND_UNSHIPPED and amount != most:
        raise Refused(
            amount=_("未发货退款按实付全额退，金额为 %(max)s") % {"max": plain_money(most)}
        )
    if nothing_left and amount == amounts.NOTHING:
        return
    if not amounts.claimable(amount, most):
        raise Refused(amount=_("退款金额需在 0.01 到 %(max)s 之间") % {"max": plain_money(most)})
    if amount != amounts.cents(amount):
        raise Refused(amount=_("金额最多两位小数"))


def _check_words(application: Application) -> None:
    least = application.reason.min_text
    if len(application.description.strip()) < least:
        raise Refused(description=_("请填写说明（至少 %(count)s 个字）") % {"count": least})
    if len(application.description) > 500:
        raise Refused(description=_("说明最多 500 个字"))
    if application.reason.no_reason and not application.goods_intact:
        raise Refused(goods_intact=_("七天无理由退货需要商品完好，请确认"))


def _check_evidence(application: Application, policy: Policy) -> None:
    """G8: what the reason demands is there, and not more than the policy allows."""
    asked = application.reason.proofs.all()
    errors = slot_errors(
        asked, application.evidence, application.reason.code, unable=application.unable
    )
    if errors:
        raise Refused(**errors)
    shown = [upload for uploads in application.evidence.values() for upload in uploads]
    if refusal := too_many(shown, policy.max_images):
        raise Refused(evidence=refusal)
