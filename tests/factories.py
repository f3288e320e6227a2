"""Things to test with. Cases are brought to where they stand by real steps, so their history is true.

``make_case(type="return_refund", negotiated=True)``: traits are phrases, taken in the order in
which a case lives: checked, waiting, answered, expired, one_round, second_waiting, negotiated,
rejected, agreed, sent_back, under_review, deciding.
"""

import io
import itertools
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from factory.django import DjangoModelFactory
from PIL import Image

from aftersales import clock, uploads
from aftersales.enums import Direction, OrderState, Permission, ScanKind, Status, WizardStep
from aftersales.models import (
    Application,
    Case,
    Member,
    Offering,
    Order,
    OrderLine,
    Outcome,
    Parcel,
    Payment,
    Plan,
    Policy,
    Reason,
    RejectReason,
    ReturnAddress,
    Script,
    Shop,
    Upload,
    User,
)
from aftersales.rules import plans

numbers = itertools.count(1)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"user{number}")
    nick = factory.LazyAttribute(lambda user: f"昵称{user.username}")
    password = factory.django.Password("secret-for-tests")


class ShopFactory(DjangoModelFactory):
    class Meta:
        model = Shop

    code = factory.Sequence(lambda number: f"shop{number}")
    name = "山岚家居旗舰店"


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    shop = factory.SubFactory(ShopFactory)
    user = factory.SubFactory(UserFactory)
    permissions = factory.LazyFunction(lambda: [str(each) for each in Permission])


class ReturnAddressFactory(DjangoModelFactory):
    class Meta:
        model = ReturnAddress

    shop = factory.SubFactory(ShopFactory)
    name = "陈仓"
    phone = "0571-88880000"
    region = "浙江省杭州市西湖区"
    detail = "文三路 1 号 3 幢"
    default = True


class OrderFactory(DjangoModelFactory):
    """A paid order of one line: two mugs for ¥128.00, signed the day before yesterday."""

    class Meta:
        model = Order
        skip_postgeneration_save = True

    class Params:
        unshipped = factory.Trait(state=OrderState.PAID, shipped_at=None, signed_at=None)
        in_transit = factory.Trait(state=OrderState.SHIPPED, signed_at=None)
        finished = factory.Trait(
            state=OrderState.FINISHED,
            finished_at=factory.LazyFunction(lambda: clock.now() - timedelta(days=1)),
        )

    shop = factory.SubFactory(ShopFactory)
    buyer = factory.SubFactory(UserFactory)
    number = factory.Sequence(lambda number: f"261120-{number:015d}")
    state = OrderState.SIGNED
    buyer_nick = "林溪树"
    receiver = "林溪树"
    phone = "13812345678"
    address = "浙江省杭州市余杭区 某路 9 号"
    goods_total = Decimal("128.00")
    paid = Decimal("128.00")
    ordered_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=6))
    paid_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=6))
    promised_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=4))
    shipped_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=5))
    signed_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=2))

    @factory.post_generation
    def lines(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        for number, line in enumerate(given or [{}], start=1):
            OrderLine.objects.create(
                **{
                    "order": order,
                    "number": f"{order.number}-{number}",
                    "goods_id": "G1",
                    "title": "青瓷开片手冲咖啡杯",
                    "sku": "300ml 青绿",
                    "quantity": 2,
                    "list_total": order.goods_total,
                    "paid": order.paid - order.postage,
                }
                | line
            )

    @factory.post_generation
    def payments(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        for route, amount in given or [("微信支付", order.paid)]:
            Payment.objects.create(
                order=order, route=route, reference=f"P{order.pk}{route}", amount=amount
            )

    @factory.post_generation
    def parcel(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        if order.shipped_at is None or given is False:
            return
        trace = [_scan(order.shipped_at, ScanKind.PICKED_UP, "杭州转运中心 已揽收")]
        if order.signed_at:
            trace.append(_scan(order.signed_at, ScanKind.SIGNED, "本人签收"))
        else:
            trace.append(_scan(clock.now() - timedelta(hours=3), ScanKind.MOVING, "运输中"))
        Parcel.objects.create(
            **{
                "order": order,
                "direction": Direction.OUTBOUND,
                "carrier": "顺丰速运",
                "tracking": f"SF{next(numbers):010d}",
                "shipped_at": order.shipped_at,
                "state": trace[-1]["kind"],
                "first_scan_at": order.shipped_at,
                "last_scan_at": order.signed_at or clock.now() - timedelta(hours=3),
                "signed_at": order.signed_at,
                "signer": "本人" if order.signed_at else "",
                "trace": trace,
            }
            | (given or {})
        )


def _scan(at: Any, kind: ScanKind, text: str) -> dict[str, str]:
    return {"at": at.isoformat(), "kind": str(kind), "text": text}


def picture(name: str = "photo.jpg", *, size: tuple[int, int] = (64, 48)) -> SimpleUploadedFile:
    """A small real JPEG, as a phone would send it."""
    out = io.BytesIO()
    Image.new("RGB", size, (14, 90, 85)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def upload(user: User) -> Upload:
    return uploads.keep(picture(), user)


def proofs_for(user: User, proofs: Any, buyer_reason: str = "") -> dict[str, list[Upload]]:
    """One picture in every required slot."""
    return {
        proof.code: [upload(user)]
        for proof in proofs
        if proof.required
        and (not proof.for_buyer_reasons or buyer_reason in proof.for_buyer_reasons)
    }


class Desk:
    """Takes the steps of a case in the names of its people, with plausible answers."""

    def __init__(self, case: Case, merchant: User) -> None:
        self.case, self.merchant, self.buyer = case, merchant, case.buyer

    def check(self) -> None:
        if self.case.prechecked_at:
            return
        asked = [each.code for each in self.case.warnings() if each.ticked]
        self.case.look_before_rejecting(by=self.merchant)
        self.case.confirm_risks(by=self.merchant, risks=asked)

    def offers(self) -> list[Offering]:
        """A plan that fits: a partial refund where one may be offered, else the first that fits."""
        number = WizardStep.ROUND_2 if self.case.round_number else WizardStep.ROUND_1
        for plan in self.case.step_form(number).offered("plans"):
            if plans.unfit(plan.code, self.case) or plan.code in ("invite_evidence", "coupon"):
                continue
            amount = Decimal("45.00") if plan.wants_amount else None
            until = (clock.now() + timedelta(hours=24)).isoformat()
            terms = {"until": until} if plan.code == "wait_until" else {}
            return [Offering(plan, amount, terms)]
        raise AssertionError("no plan fits")

    def negotiate(self, **answers: Any) -> None:
        """Send the next round."""
        self.check()
        second = self.case.round_number > 0
        form = self.case.step_form(WizardStep.ROUND_2 if second else WizardStep.ROUND_1)
        offers = answers.pop("offers", None) or self.offers()
        given: dict[str, Any] = {"offers": offers, "script": self.script(form, offers)}
        if second:
            outcome = answers.pop("outcome", None) or self.outcome(form)
            given["outcome"] = outcome
            given["evidence"] = proofs_for(
                self.merchant, outcome.proofs.all(), self.case.reason.code
            )
        asked = [each.code for each in self.case.warnings() if each.ticked]
        self.case.negotiate(by=self.merchant, **(given | {"risks": asked} | answers))

    def script(self, form: Any, offers: list[Offering]) -> Script:
        values = self.case.script_values(offers)
        for script in form.offered("scripts"):
            wanted = {
                name
                for name in ("amount", "tracking", "carrier")
                if f"{{{name}}}" in script.text_zh
            }
            if wanted <= set(values):
                return script
        raise AssertionError("no script fits")

    def outcome(self, form: Any) -> Outcome:
        for outcome in form.offered("outcomes"):
            if outcome.code != "agreed" and not outcome.when and not outcome.needs_reply:
                return outcome
        raise AssertionError("no outcome fits")

    def reply(self, text: str = "都不接受") -> None:
        self.case.reply(by=self.buyer, text=text)

    def rejection(self) -> dict[str, Any]:
        """Answers for ``reject``: a reason the facts allow, and all that it demands."""
        warnings = self.case.warnings()
        for reason in self.case.step_form(WizardStep.REJECT).offered("reject_reasons"):
            if not self.case.reject_reason_refusal(reason, warnings):
                return self.answers_for(reason)
        raise AssertionError("no reject reason fits")

    def answers_for(self, reason: RejectReason) -> dict[str, Any]:
        return {
            "reason": reason,
            "statement": "照片里的纹路是开片工艺，页面有说明，不是质量问题。",
            "answers": [f"{point}：已在附图中逐项说明" for point in reason.must_answer],
            "evidence": proofs_for(self.merchant, reason.proofs.all(), self.case.reason.code),
            "risks": [each.code for each in self.case.warnings() if each.ticked],
            "proof_tracking": self.case.return_tracking,
        }

    def reject(self, **answers: Any) -> None:
        name = "reject" if self.case.status == Status.PENDING_MERCHANT else "refuse_receipt"
        getattr(self.case, name)(by=self.merchant, **(self.rejection() | answers))


TRAITS: dict[str, tuple[str, ...]] = {
    "checked": ("check",),
    "waiting": ("check", "negotiate"),
    "answered": ("check", "negotiate", "reply"),
    "expired": ("check", "negotiate", "wait"),
    "second_waiting": ("check", "negotiate", "reply", "negotiate"),
    "negotiated": ("check", "negotiate", "reply", "negotiate", "reply"),
    "rejected": ("check", "negotiate", "reply", "negotiate", "reply", "reject"),
    "agreed": ("agree",),
    "sent_back": ("agree", "send_back"),
    "refused_goods": (
        "agree",
        "send_back",
        "check",
        "negotiate",
        "reply",
        "negotiate",
        "reply",
        "reject",
    ),
    "under_review": ("check", "negotiate", "reply", "negotiate", "reply", "reject", "ask"),
}

DEFAULT_REASON = {
    "refund_unshipped": "U1",
    "refund_not_received": "N2",
    "refund_received": "R1",
    "return_refund": "R1",
}


def application_for(
    order: Order, type: str = "refund_received", reason: str = "", **given: Any
) -> Application:
    """A valid application for the order's first line, whole, with the evidence asked for."""
    line = order.lines.first()
    assert line is not None
    assert order.buyer is not None
    row = Reason.objects.get(code=reason or DEFAULT_REASON[type])
    quantity = given.pop("quantity", line.quantity)
    goods = {"refund_not_received": "never_came", "refund_unshipped": ""}.get(type, "received")
    if type == "refund_not_received" and order.signed:
        goods = "signed_not_received"
    values: dict[str, Any] = {
        "type": type,
        "reason": row,
        "quantity": quantity,
        "amount": Case.refundable_for(line, quantity, type, row).total,
        "goods_state": goods,
        "description": "收到两只杯子都有裂纹，不敢用来喝热水，申请退款。",
        "goods_intact": row.no_reason,
        "agreement_version": Policy.current().agreement_version,
        "evidence": proofs_for(order.buyer, row.proofs.all()),
    }
    return Application(**(values | given))


def desk_maker(
    shop: Shop, merchant: User, buyer: User, travel: Callable[[timedelta], None]
) -> Callable[..., Desk]:
    """What the ``make_desk`` fixture is: a case brought to a trait by real steps."""

    def make(trait: str = "", *, order: Order | None = None, **given: Any) -> Desk:
        kind = given.get("type", "refund_received")
        traits = {
            "refund_unshipped": {"unshipped": True},
            "refund_not_received": {"in_transit": True},
        }.get(kind, {})
        order = order or OrderFactory(shop=shop, buyer=buyer, **traits)
        line = order.lines.first()
        assert line is not None
        case = Case.apply(line, application_for(order, **given), by=buyer)
        desk = Desk(case, merchant)
        for verb in TRAITS.get(trait, ()):
            _advance(desk, verb, travel)
        return desk

    return make


def _advance(desk: Desk, verb: str, travel: Callable[[timedelta], None]) -> None:
    case = desk.case
    if verb == "wait":
        travel(timedelta(minutes=60))
        case.catch_up()
    elif verb == "agree":
        if case.needs_return:
            address = case.default_address()
            case.agree_return(by=desk.merchant, address=address)
        else:
            case.agree(by=desk.merchant)
    elif verb == "send_back":
        case.send_back(by=desk.buyer, carrier="中通快递", tracking=f"ZT{next(numbers):010d}")
    elif verb == "ask":
        case.ask_platform(by=desk.buyer, reason="商家驳回没有道理，照片很清楚地拍到裂纹。")
    else:
        getattr(desk, verb)()


__all__ = [
    "Desk",
    "MemberFactory",
    "OrderFactory",
    "Plan",
    "ReturnAddressFactory",
    "ShopFactory",
    "UserFactory",
    "application_for",
    "desk_maker",
    "picture",
    "proofs_for",
    "upload",
]
