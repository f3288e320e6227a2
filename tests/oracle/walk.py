"""The engine beside the oracle: random people, random waits, one seed a walk."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.db import transaction

from aftersales import clock, payments
from aftersales.enums import Direction, OrderState, ScanKind
from aftersales.market.desk import numbers
from aftersales.models import Case, LedgerEntry, LedgerMood, Order, Parcel
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import set_policy, steps, whole
from tests.factories import (
    Desk,
    MemberFactory,
    OrderFactory,
    ReturnAddressFactory,
    ShopFactory,
    UserFactory,
    application_for,
)
from tests.oracle.oracle import Deal, Oracle
from tests.oracle.people import ACTS, BUTTONS, LIKELY, People
from tests.oracle.table import DIFFERENCE, ENDED, ON_ITS_WAY, PAY, REV, UNSENT

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
KINDS: dict[str, dict[str, Any]] = {  # each with what its order is like
    "refund_received": {},
    "return_refund": {},
    ON_ITS_WAY: {"in_transit": True},
    UNSENT: {"unshipped": True, "promised_at": NOON + timedelta(days=999)},  # else RW-07
    DIFFERENCE: {},
    "exchange": {},
    "resend": {},
    "repair": {"finished": True},
}
DAY_BY_DAY = ["act"] * 8 + ["wait", "wait_for_the_clock", "sweep", "pay", "chat"]
DAY_BY_DAY += ["buttons"] * 3


class Walk(People):
    """One case after another, everybody who may touch it, and the oracle beside it.

    Nothing of it stays. ``taken`` is what was done, to be read when it fails.
    """

    def __init__(self, seed: int, staff: Any, kind: str = "") -> None:
        self.chance, self.staff, self.kind = random.Random(seed), staff, kind
        self.taken: list[str] = []
        self.deal: Deal | None = None

    def run(self, count: int) -> None:
        """So many steps; AssertionError at the first that ends otherwise than the oracle says."""
        with time_machine.travel(NOON, tick=False) as self.now, transaction.atomic():
            self.shop = ShopFactory()
            ReturnAddressFactory(shop=self.shop)
            self.people = UserFactory(), MemberFactory(shop=self.shop).user
            self.second, self.third = self.colleague(), self.colleague()
            self.apply()
            for _number in range(count):
                self.happen()
                self.the_case_is_where_the_oracle_says()
            transaction.set_rollback(True)

    def colleague(self) -> Any:
        """Another of those who rule."""
        user = UserFactory(is_staff=True)
        user.user_permissions.set(self.staff.user_permissions.all())
        return user

    def apply(self) -> None:
        """The next case."""
        kind, early = self.kind or self.chance.choice(sorted(KINDS)), self.chance.random() < 0.3
        set_policy(allow_early_intervention=early)
        buyer, merchant = self.people
        order = OrderFactory(shop=self.shop, buyer=buyer, **KINDS[kind])
        part = kind == "refund_received" and self.chance.random() < 0.5
        given = {"amount": order.paid / 2} if part else {}
        asked = application_for(order, type=kind, **given)
        case = Case.apply(order.lines.get(), asked, by=buyer)
        self.desk = Desk(case, merchant)
        claim = case.amount or order.paid  # who asks for goods names no amount (G6)
        self.oracle = Oracle(kind, clock.now(), claim, order.paid, early)
        self.taken.append(f"[{kind}]")
        if kind == UNSENT and self.chance.random() < 0.7:
            self.had_left(order)

    def had_left(self, order: Order) -> None:
        """Walk 1: the parcel had left before the buyer applied; we hear of it only now."""
        at = clock.now() - timedelta(hours=1)
        Order.objects.filter(pk=order.pk).update(state=OrderState.SHIPPED, shipped_at=at)
        Parcel.objects.create(
            order=order,
            direction=Direction.OUTBOUND,
            carrier="顺丰速运",
            tracking=f"SF{next(numbers):010d}",
            shipped_at=at,
            first_scan_at=at,
            last_scan_at=at,
            state=ScanKind.MOVING,
        )
        self.desk.case.refresh_from_db()
        self.oracle.sent = True

    def take(self, step: str, call: Callable[[], Any]) -> None:
        """Take the step and the oracle's word for it."""
        moved = self.oracle.lapse(clock.now())
        allowed = not moved and self.possible(step)
        told = "done"
        self.taken.append(step)
        try:
            call()
        except Refused as refused:
            told = refused.sentence
        assert (told == "done") == allowed, f"{step} in {self.oracle}: {told}"
        if allowed:
            self.oracle.go(step, clock.now(), self.deal)

    def happen(self) -> None:
        oracle, often = self.oracle, self.chance.random() < 0.8
        disputed = bool(oracle.appeals or oracle.ruling) and self.chance.random() < 0.7
        if often and oracle.status in ENDED and not disputed:
            self.apply()
        elif often and oracle.status == PAY:
            self.pay()
        elif oracle.status == REV and not oracle.deciding and self.chance.random() < 0.5:
            self.wait_for_the_clock()
        else:
            what = self.chance.choice(DAY_BY_DAY)
            self.taken += [] if what == "act" else [what]
            getattr(self, what)()

    def act(self) -> None:
        """Somebody does something; mostly what he may, and what goes on rather than what ends;
        else what may be done in this status, if not in this case, or just anything."""
        names, chance = sorted(ACTS), self.chance.random()
        if chance < 0.8:
            names = [name for name in names if self.possible(name)]
        elif chance < 0.9:
            names = [name for name in names if name in self.oracle.steps]
        self.deal = None
        step = self.chance.choices(names, [LIKELY.get(name, 1) for name in names])[0]
        self.take(step, ACTS[step](self))

    def possible(self, step: str) -> bool:
        """What the buttons say, and the risks: nothing unsent is rejected, nor talked out of (walk 1)."""
        unsent = not self.oracle.sent and step in ("check", "negotiate")
        return not unsent and self.oracle.allows(step, clock.now())

    def chat(self) -> None:
        """The merchant's chat moves nothing; it is only refused where time has moved the case."""
        if self.oracle.lapse(clock.now()):
            self.case.catch_up()
        self.case.send_message(by=self.desk.merchant, text="在的")

    # Time

    def wait(self) -> None:
        self.now.shift(timedelta(minutes=self.chance.choice((1, 30, 59, 60, 61, 30 * 60))))

    def wait_for_the_clock(self) -> None:
        """To the second of what runs out next, or the one before, or the one after."""
        if clocks := self.oracle.clocks():
            late = clocks[0][0] + timedelta(seconds=self.chance.choice((-1, 0, 1))) - clock.now()
            self.now.shift(max(late, timedelta()))

    def sweep(self) -> None:
        assert expire_all()[1] == 0
        self.oracle.lapse(clock.now())

    def pay(self) -> None:
        """T-24: the gateway pays, or now and then refuses for good."""
        self.sweep()
        owing = self.oracle.status == PAY
        fails = owing and self.chance.random() < 0.2
        if fails:
            LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE)
        payments.pay_due()
        if owing:
            self.oracle.go("fail" if fails else "pay", clock.now())

    def buttons(self) -> None:
        """What the buttons say is what the table says: one function of (case, user)."""
        self.sweep()
        case = Case.objects.get(pk=self.case.pk)
        people = {"merchant": self.desk.merchant, "buyer": self.desk.buyer, "staff": self.staff}
        people |= {"second": self.second, "third": self.third}
        for step, (name, who) in BUTTONS.items():
            if step == "reject" and self.oracle.goods_back:
                name = "refuse_receipt"
            allowed = self.oracle.allows(step, clock.now())
            assert (case.refusal(name, people[who]) == "") == allowed, f"{step} in {self.oracle}"

    # What must always hold

    def the_case_is_where_the_oracle_says(self) -> None:
        case = self.desk.case = Case.objects.get(pk=self.case.pk)
        self.sound(case)
        if case.wake_at is not None and case.wake_at <= clock.now():
            return  # time has yet to act; nobody has looked
        oracle = self.oracle
        assert self.owes(case) == (oracle.owed, oracle.paid)
        assert (case.status, case.round_state) == (oracle.status, oracle.round)
        assert (case.round_number, case.reply_due_at) == (oracle.count, oracle.reply)
        assert case.evidence_due_at == oracle.evidence
        assert case.suspended == oracle.still
        if oracle.status != REV or oracle.still:
            assert case.due_at == oracle.due
        assert bool(case.open_offers()) == (oracle.offered is not None)
        assert (case.open_counter() is not None) == (oracle.wanted is not None)

    def owes(self, case: Case) -> tuple[Decimal, Decimal]:
        """What is owed to the buyer, and what the gateway has paid of it."""
        owed = dict(case.refunds.values_list("number", "amount"))
        paid = LedgerEntry.objects.filter(number__in=owed).values_list("amount", flat=True)
        return sum(owed.values(), Decimal()), sum(paid, Decimal())

    def sound(self, case: Case) -> None:
        """Whatever happened: whole history, right alarm, two rounds before a no."""
        assert whole(case)
        clocks = [at for at, _name in case.clocks()]
        assert case.wake_at == (min(clocks) if clocks else None)
        taken = steps(case)
        for number, name in enumerate(taken):
            if name in ("reject", "refuse_receipt"):
                anew = [at for at in range(number) if taken[at] in ANEW]
                assert taken[anew[-1] : number].count("negotiate") == 2


ANEW = ("apply", "send_back", "rule", "withdraw")  # from where the rounds count
