"""收货: what was in the parcel when it did not all come back, and shipping while a refund is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.display import plain_money
from aftersales.enums import ItemState, Party, Permission, PlanState, Remedy, Status
from aftersales.models.case.fields import CaseFields, in_house
from aftersales.models.catalogue import Plan
from aftersales.models.history import Upload
from aftersales.models.negotiation import Offer
from aftersales.models.returning import Receipt
from aftersales.rules import amounts, facts, limits
from aftersales.rules.conditions import wants_unshipped
from aftersales.steps import Refused, step


@dataclass(frozen=True)
class Item:
    """Something expected back: a line or a gift, so many pieces of it."""

    title: str
    sku: str
    expected: int
    gift: bool = False


@dataclass(frozen=True)
class Arrived:
    """How an item arrived."""

    received: int
    state: str

    def whole(self, item: Item) -> bool:
        return self.received == item.expected and self.state == ItemState.INTACT


class Receiving(CaseFields):
    class Meta:
        abstract = True

    def expected_back(self) -> list[Item]:
        """What the parcel must bring: the pieces claimed, and with the last of them the gifts,
        which stay with goods that are exchanged or repaired."""
        line = self.line
        items = [Item(line.title, line.sku, self.quantity)]
        others: Any = type(self)._default_manager.filter(line=line, status=Status.REFUNDED)
        gone = sum(facts.given_up(case) for case in others.exclude(pk=self.pk))
        for_money = self.remedy not in (Remedy.EXCHANGE, Remedy.REPAIR)
        if for_money and not self.gifts_kept and gone + self.quantity >= line.quantity:
            told = self.snapshot.get("gifts")  # as they stood when the buyer applied
            if told is None:
                told = [[each.title, each.sku, each.quantity] for each in line.gifts.all()]
            items += [Item(title, sku, count, True) for title, sku, count in told]
        return items

    @step(
        gettext_lazy("登记收货问题"),
        by={Party.MERCHANT},
        permission=Permission.RECEIVE,
        source=[Status.AWAITING_MERCHANT_RECEIPT],
    )
    def receive_part(
        self,
        *,
        by: Any,
        arrived: Sequence[Arrived],
        note: str = "",
        amount: Decimal | None = None,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """A partial, damaged or empty parcel, with pictures; perhaps an offer for what did come.

        The refund is never cut alone: the buyer accepts the offer, or the merchant refuses the
        receipt through the tool. The receipt clock (D7) runs on.
        """
        items = self.expected_back()
        if len(arrived) != len(items):
            raise Refused(_("退回的商品与申请不符，请刷新后重新填写"), conflict=True)
        for number, (item, each) in enumerate(zip(items, arrived, strict=True)):
            if not 0 <= each.received <= item.expected:
                sentence = _("收到的件数需在 0 到 %(max)s 之间") % {"max": item.expected}
                raise Refused(**{f"received_{number}": sentence})
            if each.state not in ItemState.values:
                raise Refused(**{f"state_{number}": _("请选择收到时的样子")})
        if all(each.whole(item) for item, each in zip(items, arrived, strict=True)):
            raise Refused(_("全部完好的，请直接确认收货"))
        if not any((evidence or {}).values()):
            raise Refused(proof_receipt=_("请拍下收到的商品、面单和外包装"))
        if len(note) > 500:
            raise Refused(note=_("最多 500 个字"))
        note = in_house(note, "note")
        if amount is not None:
            self._offer_part(by, amount)
        told = [
            {
                "title": item.title,
                "sku": item.sku,
                "expected": item.expected,
                "received": each.received,
                "state": each.state,
            }
            for item, each in zip(items, arrived, strict=True)
        ]
        self.mark_handled()
        self.add(
            Receipt(
                case_id=self.pk,
                user=by,
                version=self.version,
                items=told,
                note=note,
                amount=amount,
                at=self.at,
            )
        )
        kept = self.put_forward(
            Party.MERCHANT, evidence or {}, {"receipt": gettext_lazy("收货照片")}
        )
        return {
            "items": told,
            "text": note,
            "amount": str(amount or ""),
            "empty": not any(each.received for each in arrived),
            "evidence": kept,
        }

    def _offer_part(self, by: Any, amount: Decimal) -> None:
        most = self.whole - amounts.CENT
        if not amounts.claimable(amount, most) or amount != amounts.cents(amount):
            raise Refused(
                amount=_("提议的退款需在 0.01 到 %(max)s 之间") % {"max": plain_money(most)}
            )
        if refusal := limits.offer_refusal(self, by, "partial_refund", amount):  # type: ignore[arg-type]
            raise Refused(amount=refusal)
        plan = Plan.objects.filter(code="partial_refund").first()
        if plan is None:
            raise Refused(_("没有适用的协商步骤，请联系平台客服"))
        for offer in self.handed("offers"):
            outside = offer.round_id is None or offer.party == Party.BUYER
            if offer.state == PlanState.OPEN and outside:
                self.change(offer, state=PlanState.REPLACED)
        self.add(Offer(case_id=self.pk, party=Party.MERCHANT, plan=plan, amount=amount, at=self.at))

    @step(
        gettext_lazy("退款申请期间发货"),
        by={Party.MERCHANT, Party.CLOCK},
        permission=Permission.SHIP,
        source=[Status.PENDING_MERCHANT, Status.REJECTED, Status.PLATFORM_REVIEW],
        conditions=[wants_unshipped],
        versioned=False,
    )
    def note_shipment(self, *, by: Any, parcel: str, acknowledged: bool = False) -> dict[str, Any]:
        """Taobao Art. 27: shipped after the buyer asked for his money: at the merchant's cost.

        By a member only with the risk acknowledged; a file that says so needs nobody's word.
        From then on RW-08 stands against rejecting.
        """
        if by is not None and not acknowledged:
            raise Refused(acknowledged=_("请先确认已知晓风险"))
        self.shipped_meanwhile_at = self.at
        return {"parcel": parcel, "acknowledged": acknowledged}
