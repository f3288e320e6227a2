"""The figures once more, slowly: plain Python over every event of a shop, as the definitions read."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from aftersales.models import Case, Event, Order, Shop
from tests.aftersales.figures.past import CHINA

HOURS = timedelta(hours=1)


def two_places(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def rate(part: set[Any], whole: set[Any]) -> Decimal | None:
    return two_places(Decimal(100 * len(part)) / len(whole)) if whole else None


def mean(times: list[timedelta]) -> Decimal | None:
    micros = sum(time // timedelta(microseconds=1) for time in times)
    hour = HOURS // timedelta(microseconds=1)
    return two_places(Decimal(micros) / (hour * len(times))) if times else None


class Oracle:
    """What the 30 days ending on ``last`` were, for one shop."""

    def __init__(self, shop: Shop, last: date) -> None:
        self.first, self.last = last - timedelta(days=29), last
        self.shop = shop
        self.cases = list(Case.objects.filter(shop=shop))
        self.history = {
            case.pk: list(Event.objects.filter(case=case).order_by("version"))
            for case in self.cases
        }

    def within(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= moment.astimezone(CHINA).date() <= self.last

    def moments(self) -> Iterator[tuple[Case, Event, list[Event]]]:
        """Every event of the window, with those of its case before it."""
        for case in self.cases:
            events = self.history[case.pk]
            for number, event in enumerate(events):
                if self.within(event.at):
                    yield case, event, events[:number]

    def excused(self, case: Case) -> list[int]:
        """The versions of what time did in an outage and nobody undid."""
        history = self.history[case.pk]
        reopened = max((event.version for event in history if event.step == "reopen"), default=0)
        found = [event.details["result_version"] for event in history if event.step == "excuse"]
        return [version for version in found if version > reopened]

    def figures(self) -> dict[str, Decimal | None]:
        paid = {o.pk for o in Order.objects.filter(shop=self.shop) if self.within(o.paid_at)}
        orders: dict[str, set[int]] = {
            name: set() for name in ("platform", "dispute", "quality", "refunded")
        }
        cases: dict[str, set[int]] = {
            name: set()
            for name in (
                "due",
                "late",
                "decided",
                "rejected",
                "fought",
                "lost",
                "talked",
                "settled",
            )
        }
        took: dict[str, list[timedelta]] = {
            name: [] for name in ("all", "refund", "return", "signed", "first")
        }
        for case, event, before in self.moments():
            steps, order, key = [each.step for each in before], case.order_id, case.pk
            came = [each for each in before if self.within(each.at)]
            if event.after == "platform_review" != event.before:
                orders["platform"].add(order)
                if any(each.step in ("reject", "refuse_receipt") for each in came):
                    cases["fought"].add(key)
            if event.after == "refunded" != event.before:
                orders["refunded"].add(order)
                if all(each.after != "refunded" for each in before):
                    took["all"].append(event.at - case.applied_at)
                if case.dispute_refund:
                    orders["dispute"].add(order)
                if case.reason.quality and not self.excused(case):
                    orders["quality"].add(order)
                if all(each.after != "platform_review" for each in before):
                    kind = "return" if case.type == "return_refund" else "refund"
                    took[kind].append(event.at - case.applied_at)
                    if kind == "return" and case.return_signed_at:
                        took["signed"].append(event.at - case.return_signed_at)
            if event.step in ("reject", "refuse_receipt"):
                cases["rejected"].add(key)
            turned_down = [each for each in came if each.step in ("reject", "refuse_receipt")]
            if event.step == "rule" and turned_down and case.dispute_refund:
                cases["lost"].add(key)
            if event.step == "negotiate":
                cases["talked"].add(key)
            by_time = event.step in ("agree_by_default", "confirm_receipt_by_default")
            moved = event.before != event.after
            left = event.after in ("cancelled", "platform_review")
            forgiven = by_time and any(
                each.step == "excuse" and each.details["result_version"] == event.version
                for each in self.history[key]
            )
            if event.before == "pending_merchant" and moved and not left and not forgiven:
                cases["due"].add(key)
                if by_time:
                    cases["late"].add(key)
            at_his_desk = ("pending_merchant", "awaiting_merchant_receipt")
            if event.before in at_his_desk and moved and not left and not by_time:
                cases["decided"].add(key)
            settles = ("accept_plan", "accept_counter", "confirm_agreed", "agree", "agree_return")
            settled = event.step in settles and moved and event.after != "pending_merchant"
            if settled and "negotiate" in [each.step for each in came]:
                cases["settled"].add(key)
            answers = ("negotiate", "agree", "agree_return", "reject", "confirm_receipt")
            answers += ("refuse_receipt",)
            if event.step in answers and not set(answers) & set(steps):
                took["first"].append(event.at - case.applied_at)
        return {
            "intervention_rate": rate(orders["platform"], paid),
            "dispute_refund_rate": rate(orders["dispute"], paid),
            "quality_refund_rate": rate(orders["quality"], paid),
            "refund_rate": rate(orders["refunded"], paid),
            "avg_refund_hours": mean(took["all"]),
            "self_refund_hours": mean(took["refund"]),
            "self_return_hours": mean(took["return"]),
            "self_signed_hours": mean(took["signed"]),
            "first_response_hours": mean(took["first"]),
            "overdue_rate": rate(cases["late"], cases["due"]),
            "rejection_rate": rate(cases["rejected"], cases["decided"]),
            "rejection_intervention_rate": rate(cases["fought"], cases["rejected"]),
            "rejection_loss_rate": rate(cases["lost"], cases["rejected"]),
            "negotiation_success_rate": rate(cases["settled"], cases["talked"]),
            "orders_30": Decimal(len(paid)),
            "cases_30": Decimal(sum(self.within(c.applied_at) for c in self.cases)),
        }
