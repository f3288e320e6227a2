"""Behind the pages: what changes something asks who it is by itself, whichever page leads there."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from aftersales import shipping
from aftersales.enums import OrderState, Party, Permission
from aftersales.furnishing import changing
from aftersales.models import Case, Conversation, Order, OrderLine, Plan
from aftersales.models.negotiation import Proposal
from aftersales.steps import NOT_YOURS, STEPS, Refused
from tests.rights.world import Undo, Visitor, World


class Act(NamedTuple):
    """What somebody must be refused, for who he is."""

    name: str
    visitor: Visitor
    do: Callable[[Any], Any]
    expected: frozenset[str] = frozenset({"403"})

    def fault(self, world: World) -> str:
        world.dress(self.visitor)
        label = f"{self.visitor.role}: {self.name}"
        try:
            with transaction.atomic():
                self.do(self.visitor.user)
                raise Undo
        except Undo:
            return f"{label} is not refused"
        except Refused as refused:
            ours = str(NOT_YOURS), *(f"你没有“{each.label}”权限" for each in Permission)
            known = refused.sentence.startswith(ours)
            return "" if known else f"{label} is refused for another reason: {refused.sentence}"


def acts(world: World) -> Iterator[Act]:
    yield from steps(world)
    yield from orders(world)
    yield from talks(world)


def strangers(world: World, order: Any) -> Iterator[Visitor]:
    """Another buyer, another shop's member who has left this one, a colleague without any right,
    one who has left with all of them, and staff who may nothing."""
    people = world.strangers_to(order.shop, order.buyer)
    yield Visitor("other buyer", people["other buyer"])
    yield Visitor("other shop", people["other shop"])
    mate = world.agents[order.shop_id].user
    everything = [str(each) for each in Permission]
    yield Visitor("agent", mate, {"permissions": []})
    yield Visitor("former agent", mate, {"permissions": everything, "active": False})
    yield Visitor("clerk", world.clerk, [])


def steps(world: World) -> Iterator[Act]:
    """Every step, in a case that stands where it is taken."""
    persons = {Party.BUYER, Party.MERCHANT, Party.STAFF}
    for step in STEPS.values():
        if not step.by & persons:
            continue
        known = Case.objects.filter(status__in=step.sources).select_related(
            "shop", "buyer", "order"
        )
        case = known.order_by("pk").first() or world.cases[0]
        for visitor in strangers(world, case):
            if visitor.role == "agent" and Party.MERCHANT in step.by and not step.permission:
                continue
            yield Act(f"{step.name} of {case}", visitor, _taking(step.name, case.pk))
            yield Act(f"{step.name} offered by {case}", visitor, _offered(step.name, case.pk))


def _taking(name: str, pk: int) -> Callable[[Any], Any]:
    return lambda user: getattr(Case.objects.get(pk=pk), name)(by=user)


def _offered(name: str, pk: int) -> Callable[[Any], Any]:
    def ask(user: Any) -> None:
        if sentence := Case.objects.get(pk=pk).refusal(name, user):
            raise Refused(sentence)

    return ask


def orders(world: World) -> Iterator[Act]:
    """Sending an order off, and completing what is known of it."""
    open_ = Order.objects.filter(state=OrderState.PAID).exclude(buyer=None)
    order = open_.select_related("shop", "buyer").order_by("pk")[0]
    pk = order.pk
    for visitor in strangers(world, order):
        yield Act(
            f"ship {order}",
            visitor,
            lambda user: shipping.ship(
                Order.objects.get(pk=pk), by=user, carrier="顺丰速运", tracking="SF1234567890"
            ),
        )
        yield Act(
            f"furnish {order}",
            visitor,
            lambda user: changing.furnish(
                Order.objects.get(pk=pk), by=user, facts={}, lines={}, seen=0
            ),
        )


def talks(world: World) -> Iterator[Act]:
    """A word, a plan and an answer in a conversation before any case."""
    asked = Proposal.objects.filter(line__cases=None).select_related("line__order__shop").first()
    assert asked is not None
    key, plan = asked.line_id, Plan.objects.get(code="partial_refund")
    for visitor in strangers(world, asked.line.order):
        for party in (Party.BUYER, Party.MERCHANT):
            yield Act(
                f"say as {party}",
                visitor,
                lambda user, party=party: _talk(key).say(by=user, party=party, text="您好"),
            )
        yield Act(
            "propose",
            visitor,
            lambda user: _talk(key).propose(by=user, plan=plan, amount=Decimal("1.00")),
        )
        yield Act("answer", visitor, lambda user: _talk(key).answer(asked, by=user, accept=False))


def _talk(pk: int) -> Conversation:
    return Conversation(OrderLine.objects.select_related("order__shop").get(pk=pk))
