"""Takes the steps of a case in the names of its people, with plausible answers."""

import io
import itertools
import zlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from aftersales import clock, uploads
from aftersales.enums import WANTS_GOODS, Status, WizardStep
from aftersales.models import (
    Application,
    Case,
    Offering,
    Order,
    OrderLine,
    Outcome,
    Policy,
    Reason,
    RejectReason,
    Script,
    Upload,
    User,
)
from aftersales.rules import demands, plans

numbers = itertools.count(1)
taken = itertools.count(1)


def picture(name: str = "photo.jpg", *, size: tuple[int, int] = (480, 360)) -> SimpleUploadedFile:
    """A real JPEG as a phone would send it: something on a table, with a crack and a label of its own."""
    width, height = size
    image = Image.new("RGB", size, (208, 199, 186))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 3 // 4, width, height), fill=(178, 158, 128))
    shade = 90 + sum(map(ord, name)) % 80
    cup = (width // 4, height // 5, width * 3 // 4, height * 4 // 5)
    draw.rounded_rectangle(cup, radius=height // 10, fill=(96, shade, 140))
    steps = [
        (cup[0] + (cup[2] - cup[0]) * (4 + n % 3) // 9, cup[1] + n * height // 12) for n in range(7)
    ]
    draw.line(steps, fill=(40, 30, 30), width=max(2, width // 120))
    bar, label = max(width // 96, 1), zlib.crc32(name.encode())
    for n in range(32):
        shade = 30 if label >> n & 1 else 235
        at = (width // 3 + n * bar, height * 5 // 6)
        draw.rectangle((*at, at[0] + bar - 1, at[1] + height // 20), fill=(shade,) * 3)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def upload(user: User) -> Upload:
    """Another picture each time: the same one again would be the same upload."""
    return uploads.keep(picture(f"photo-{next(taken)}.jpg"), user)


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
            amount = self.fair_amount() if plan.wants_amount else None
            return [Offering(plan, amount, self.terms(plan.code))]
        raise AssertionError("no plan fits")

    def terms(self, code: str) -> dict[str, Any]:
        """What a plan asks for besides an amount."""
        return {
            "wait_until": {"until": (clock.now() + timedelta(hours=24)).isoformat()},
            "resend": {"items": "杯盖 1 个"},
            "repair": {"days": "7"},
        }.get(code, {})

    def fair_amount(self) -> Decimal:
        """¥45.00 where the claim is larger, else a good third of it."""
        third = (self.case.worth * 35 / 100).quantize(Decimal("0.01"))
        return min(Decimal("45.00"), third) if self.case.worth < 100 else Decimal("45.00")

    def negotiate(self, **answers: Any) -> None:
        """Send the next round."""
        self.check()
        second = self.case.round_number > 0
        form = self.case.step_form(WizardStep.ROUND_2 if second else WizardStep.ROUND_1)
        offers = answers.pop("offers", None)
        if offers is None:
            offers = self.offers()
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
        for script in self.case.scripts(form):
            values = self.case.script_values(offers, script)
            wanted = {
                name
                for name in ("amount", "tracking", "carrier")
                if f"{{{name}}}" in script.text_zh
            }
            if wanted <= set(values) and not self.case.script_refusal(script, offers):
                return script
        raise AssertionError("no script fits")

    def outcome(self, form: Any) -> Outcome:
        outcomes: list[Outcome] = form.offered("outcomes")
        for outcome in outcomes:
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
            "answers": ["已在附图中逐项说明，请对照查看。" for _point in reason.must_answer],
            "evidence": proofs_for(self.merchant, reason.proofs.all(), self.case.reason.code),
            "risks": [each.code for each in self.case.warnings() if each.ticked],
            "proof_tracking": self.case.return_tracking,
        }

    def reject(self, **answers: Any) -> None:
        name = "reject" if self.case.status == Status.PENDING_MERCHANT else "refuse_receipt"
        getattr(self.case, name)(by=self.merchant, **(self.rejection() | answers))


DEFAULT_REASON = {
    "refund_unshipped": "U1",
    "refund_not_received": "N2",
    "refund_received": "R1",
    "return_refund": "R1",
    "exchange": "R1",
    "resend": "R8",
    "repair": "R18",
    "price_difference": "R19",
}
CHEAPER = Decimal("5.00")  # what a piece costs less by now, in a claim for the price difference


def demand_for(line: OrderLine, type: str) -> dict[str, Any]:
    """What each demand asks of its own, plausibly filled in."""
    price = (line.paid / line.quantity).quantize(Decimal("0.01")) - CHEAPER
    asked: dict[str, dict[str, Any]] = {
        "exchange": {"sku": next((row["sku"] for row in line.stock if row["stock"]), line.sku)},
        "resend": {"missing": [{"item": "配件", "count": 1}]},
        "repair": {"fault_since": ""},
        "price_difference": {"reference_price": price, "reference_url": ""},
    }
    return asked.get(type, {})


def application_for(
    order: Order, type: str = "refund_received", reason: str = "", **given: Any
) -> Application:
    """A valid application for a line, the order's first, whole, with the evidence asked for."""
    line = given.pop("line", None) or order.lines.first()
    if line is None or order.buyer is None:
        raise ValueError("an application needs an order with a line and a buyer")
    row = Reason.objects.get(code=reason or DEFAULT_REASON[type])
    quantity = given.pop("quantity", line.quantity)
    nothing_said = {"refund_unshipped": "", "price_difference": ""}
    goods = {"refund_not_received": "never_came", **nothing_said}.get(type, "received")
    demand = demand_for(line, type)
    kept = bool(given.get("gifts_kept"))
    amount = Case.refundable_for(line, quantity, type, row, gifts_kept=kept).total
    if type in WANTS_GOODS:
        amount = Decimal("0.00")
    elif type == "price_difference":
        amount = demands.dropped(line, demand["reference_price"], quantity)
    if row.goods_states and type == "refund_not_received":
        goods = row.goods_states[0]
    elif type == "refund_not_received" and order.signed:
        goods = "signed_not_received"
    values: dict[str, Any] = {
        "type": type,
        "reason": row,
        "quantity": quantity,
        "amount": amount,
        "demand": demand,
        "goods_state": goods,
        "description": "收到两只杯子都有裂纹，不敢用来喝热水，申请退款。",
        "goods_intact": row.no_reason,
        "agreement_version": Policy.current().agreement_version,
        "evidence": proofs_for(order.buyer, row.proofs.all()),
    }
    return Application(**(values | given))
