"""The engine against a small oracle: random people, random waits, and a table that knows better."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from aftersales import clock, payments
from aftersales.market.desk import numbers
from aftersales.models import Case, CounterOffer, Offer, Parcel, Plan
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import steps, whole
from tests.aftersales.oracle import ENDED, PAID, PAY, REV, Oracle
from tests.factories import (
    Desk,
    MemberFactory,
    OrderFactory,
    ReturnAddressFactory,
    ShopFactory,
    UserFactory,
    application_for,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
KINDS = ("refund_received", "return_refund", "refund_not_received")
DAY_BY_DAY = ["act"] * 8 + ["wait", "wait_for_the_clock", "sweep", "pay", "buttons", "chat"]


class Market(RuleBasedStateMachine):
    """One case after another, everybody who may touch it, and the oracle beside it."""

    staff: Any

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.travel = time_machine.travel(NOON, tick=False)
        self.now = self.travel.start()
        self.atom = transaction.atomic()
        self.atom.__enter__()
        self.shop = ShopFactory()
        ReturnAddressFactory(shop=self.shop)
        self.people = UserFactory(), MemberFactory(shop=self.shop).user
        self.apply()

    def apply(self) -> None:
        """The next case."""
        kind = self.chance.choice(KINDS)
        buyer, merchant = self.people
        traits = {"in_transit": True} if kind == "refund_not_received" else {}
        order = OrderFactory(shop=self.shop, buyer=buyer, **traits)
        case = Case.apply(order.lines.get(), application_for(order, type=kind), by=buyer)
        self.desk = Desk(case, merchant)
        self.paid = order.paid
        self.oracle = Oracle(kind, clock.now())

    def teardown(self) -> None:
        if hasattr(self, "atom"):
            transaction.set_rollback(True)
            self.atom.__exit__(None, None, None)
            self.travel.stop()

    @property
    def case(self) -> Case:
        return self.desk.case

    def take(self, step: str, call: Callable[[], Any]) -> None:
        """Take the step and the oracle's word for it."""
        moved = self.oracle.lapse(clock.now())
        allowed = not moved and self.oracle.allows(step)
        told = "done"
        try:
            call()
        except Refused as refused:
            told = refused.sentence
        assert (told == "done") == allowed, f"{step} in {self.oracle}: {told}"
        if allowed:
            self.oracle.go(step, clock.now())

    @rule()
    def happen(self) -> None:
        oracle, often = self.oracle, self.chance.random() < 0.8
        if often and oracle.status in ENDED:
            self.apply()
        elif often and oracle.status == PAY:
            self.pay()
        elif often and oracle.status == REV and not oracle.deciding:
            self.wait_for_the_clock()
        else:
            getattr(self, self.chance.choice(DAY_BY_DAY))()

    def act(self) -> None:
        """Somebody does something; mostly what he may, and what goes on rather than what ends."""
        names = sorted(ACTS)
        if self.chance.random() < 0.8:
            names = [name for name in names if self.oracle.allows(name)]
        step = self.chance.choices(names, [LIKELY.get(name, 1) for name in names])[0]
        self.take(step, ACTS[step](self))

    # People: what each step takes, worked out before time or the engine has its say

    def check(self) -> Any:
        risks = [each.code for each in self.case.warnings() if each.ticked]
        return lambda: self.case.confirm_risks(by=self.desk.merchant, risks=risks)

    def negotiate(self) -> Any:
        offers = self.desk.offers()
        second = self.case.round_number > 0
        form = self.case.step_form("round_2" if second else "round_1")
        answers = {
            "offers": offers,
            "script": self.desk.script(form, offers),
            "outcome": self.desk.outcome(form) if second else None,
            "risks": [each.code for each in self.case.warnings() if each.ticked],
        }
        return lambda: self.case.negotiate(by=self.desk.merchant, **answers)

    def counter(self) -> Any:
        parcel = self.oracle.kind == "refund_not_received"
        plan = Plan.objects.get(code="full_refund_no_return" if parcel else "partial_refund")
        offer = CounterOffer(plan, None if parcel else Decimal("128.00"))
        return lambda: self.case.reply(by=self.desk.buyer, counter=offer)

    def accept(self) -> Any:
        made = self.case.open_offers() or list(self.case.offers.all())
        offer = made[-1] if made else Offer(pk=0)
        return lambda: self.case.accept_plan(by=self.desk.buyer, offer=offer)

    def reject(self) -> Any:
        if self.oracle.kind == "refund_not_received":  # RR-01 wants a parcel that moves
            Parcel.objects.filter(order=self.case.order).update(last_scan_at=clock.now())
        answers = self.desk.rejection()
        name = "refuse_receipt" if self.oracle.goods_back else "reject"
        return lambda: getattr(self.case, name)(by=self.desk.merchant, **answers)

    def send_back(self) -> Any:
        parcel = {"carrier": "中通快递", "tracking": f"ZT{next(numbers):010d}"}
        return lambda: self.case.send_back(by=self.desk.buyer, **parcel)

    def ask(self) -> Any:
        why = "商家驳回没有道理，照片很清楚地拍到裂纹。"
        return lambda: self.case.ask_platform(by=self.desk.buyer, reason=why)

    def judge(self, ruling: str) -> Any:
        answers = {
            "responsible": "merchant",
            "freight": "merchant",
            "grounds": "双方凭证已逐项核对，按规则处理。",
        }
        return lambda: self.case.rule(by=self.staff, ruling=ruling, **answers)

    def merchant(self, name: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=self.desk.merchant, **answers)

    def buyer(self, name: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=self.desk.buyer, **answers)

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
        self.sweep()
        payments.pay_due()
        if self.oracle.status == PAY:
            self.oracle.go("pay", clock.now())

    def buttons(self) -> None:
        """What the buttons say is what the table says: one function of (case, user)."""
        self.sweep()
        case = Case.objects.get(pk=self.case.pk)
        for step, (name, merchants) in BUTTONS.items():
            if step == "reject" and self.oracle.goods_back:
                name = "refuse_receipt"
            user = self.desk.merchant if merchants else self.desk.buyer
            assert (case.refusal(name, user) == "") == self.oracle.allows(step), step

    # What must always hold

    @invariant()
    def the_case_is_where_the_oracle_says(self) -> None:
        case = self.desk.case = Case.objects.get(pk=self.case.pk)
        self.sound(case)
        if case.wake_at is not None and case.wake_at <= clock.now():
            return  # time has yet to act; nobody has looked
        oracle = self.oracle
        assert (case.status, case.round_state) == (oracle.status, oracle.round)
        assert (case.round_number, case.reply_due_at) == (oracle.count, oracle.reply)
        assert case.evidence_due_at == oracle.evidence
        if oracle.status != REV:
            assert case.due_at == oracle.due
        assert bool(case.open_offers()) == oracle.plans
        assert (case.open_counter() is not None) == oracle.counter

    def sound(self, case: Case) -> None:
        """Whatever happened: whole history, right alarm, two rounds before a no, no yuan too many."""
        assert whole(case)
        clocks = [at for at, _name in case.clocks()]
        assert case.wake_at == (min(clocks) if clocks else None)
        taken = steps(case)
        for number, name in enumerate(taken):
            if name in ("reject", "refuse_receipt"):
                anew = [at for at in range(number) if taken[at] in ("apply", "send_back", "rule")]
                assert taken[anew[-1] : number].count("negotiate") == 2
        back = case.refunds.aggregate(total=Sum("amount"))["total"] or Decimal(0)
        assert back <= self.paid
        assert not back or case.status in (PAY, PAID)


BUTTONS = {  # the engine's name of a step, and whether it is the merchant's
    "check": ("confirm_risks", True),
    "negotiate": ("negotiate", True),
    "reject": ("reject", True),
    "agree": ("agree", True),
    "agree_return": ("agree_return", True),
    "receive": ("confirm_receipt", True),
    "accept_counter": ("accept_counter", True),
    "reply": ("reply", False),
    "accept": ("accept_plan", False),
    "send_back": ("send_back", False),
}
ACTS: dict[str, Callable[[Market], Any]] = {
    "check": Market.check,
    "negotiate": Market.negotiate,
    "reply": lambda market: market.buyer("reply", text="都不接受"),
    "counter": Market.counter,
    "say": lambda market: market.buyer("send_message", text="在吗？"),
    "accept": Market.accept,
    "accept_counter": lambda market: market.merchant("accept_counter"),
    "reject": Market.reject,
    "agree": lambda market: market.merchant("agree"),
    "agree_return": lambda market: market.merchant(
        "agree_return", address=market.case.default_address()
    ),
    "agree_refusal": lambda market: market.merchant("agree_refusal"),
    "take_back": lambda market: market.merchant("take_back"),
    "receive": lambda market: market.merchant("confirm_receipt"),
    "cancel": lambda market: market.buyer("cancel"),
    "send_back": Market.send_back,
    "ask": Market.ask,
    "withdraw": lambda market: market.buyer("withdraw"),
    "refund": lambda market: market.judge("full_refund"),
    "deny": lambda market: market.judge("deny"),
    "return": lambda market: market.judge("return_then_refund"),
    "rehandle": lambda market: market.judge("rehandle"),
}
LIKELY = {"negotiate": 12, "reject": 12, "reply": 6, "send_back": 6, "ask": 6, "check": 4}
LIKELY |= {"agree_return": 4, "rehandle": 4, "withdraw": 2, "counter": 2}


def test_the_engine_does_what_the_table_says(db: None, staff: Any) -> None:
    Market.staff = staff
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
