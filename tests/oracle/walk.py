"""The engine beside the oracle: random people, random waits, one seed a walk."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.db import transaction

from aftersales import clock, payments
from aftersales.market.desk import numbers
from aftersales.models import Case, CounterOffer, LedgerEntry, Offer, Parcel, Plan
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import steps, whole
from tests.factories import (
    Desk,
    MemberFactory,
    OrderFactory,
    ReturnAddressFactory,
    ShopFactory,
    UserFactory,
    application_for,
)
from tests.oracle.table import ENDED, PAID, PAY, REV, Oracle

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
KINDS = ("refund_received", "return_refund", "refund_not_received", "price_difference")
DAY_BY_DAY = ["act"] * 8 + ["wait", "wait_for_the_clock", "sweep", "pay", "chat"]
DAY_BY_DAY += ["buttons"] * 3


class Walk:
    """One case after another, everybody who may touch it, and the oracle beside it.

    Nothing of it stays. ``taken`` is what was done, to be read when it fails.
    """

    def __init__(self, seed: int, staff: Any) -> None:
        self.chance, self.staff = random.Random(seed), staff
        self.taken: list[str] = []
        self.amount: Decimal | None = None  # what the step in hand offers

    def run(self, count: int) -> None:
        """So many steps; AssertionError at the first that ends otherwise than the oracle says."""
        with time_machine.travel(NOON, tick=False) as self.now, transaction.atomic():
            self.shop = ShopFactory()
            ReturnAddressFactory(shop=self.shop)
            self.people = UserFactory(), MemberFactory(shop=self.shop).user
            self.apply()
            for _number in range(count):
                self.happen()
                self.the_case_is_where_the_oracle_says()
            transaction.set_rollback(True)

    def apply(self) -> None:
        """The next case."""
        kind = self.chance.choice(KINDS)
        buyer, merchant = self.people
        traits = {"in_transit": True} if kind == "refund_not_received" else {}
        order = OrderFactory(shop=self.shop, buyer=buyer, **traits)
        case = Case.apply(order.lines.get(), application_for(order, type=kind), by=buyer)
        self.desk = Desk(case, merchant)
        self.oracle = Oracle(kind, clock.now(), case.amount)

    @property
    def case(self) -> Case:
        return self.desk.case

    def take(self, step: str, call: Callable[[], Any]) -> None:
        """Take the step and the oracle's word for it."""
        moved = self.oracle.lapse(clock.now())
        allowed = not moved and self.oracle.allows(step)
        told = "done"
        self.taken.append(step)
        try:
            call()
        except Refused as refused:
            told = refused.sentence
        assert (told == "done") == allowed, f"{step} in {self.oracle}: {told}"
        if allowed:
            self.oracle.go(step, clock.now(), self.amount)

    def happen(self) -> None:
        oracle, often = self.oracle, self.chance.random() < 0.8
        if often and oracle.status in ENDED:
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
        """Somebody does something; mostly what he may, and what goes on rather than what ends."""
        names = sorted(ACTS)
        if self.chance.random() < 0.8:
            names = [name for name in names if self.oracle.allows(name)]
        self.amount = None
        step = self.chance.choices(names, [LIKELY.get(name, 1) for name in names])[0]
        self.take(step, ACTS[step](self))

    # People: what each step takes, worked out before time or the engine has its say

    def check(self) -> Any:
        risks = [each.code for each in self.case.warnings() if each.ticked]
        return lambda: self.case.confirm_risks(by=self.desk.merchant, risks=risks)

    def negotiate(self) -> Any:
        offers = self.desk.offers()
        self.amount = offers[0].amount
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
        self.amount = None if parcel else self.oracle.claim - self.chance.randrange(10)
        offer = CounterOffer(plan, self.amount)
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
        people = {"merchant": self.desk.merchant, "buyer": self.desk.buyer, "staff": self.staff}
        for step, (name, who) in BUTTONS.items():
            if step == "reject" and self.oracle.goods_back:
                name = "refuse_receipt"
            assert (case.refusal(name, people[who]) == "") == self.oracle.allows(step), step

    # What must always hold

    def the_case_is_where_the_oracle_says(self) -> None:
        case = self.desk.case = Case.objects.get(pk=self.case.pk)
        self.sound(case)
        if case.wake_at is not None and case.wake_at <= clock.now():
            return  # time has yet to act; nobody has looked
        oracle = self.oracle
        assert self.owes(case) == (oracle.owed, oracle.owed if oracle.status == PAID else 0)
        assert (case.status, case.round_state) == (oracle.status, oracle.round)
        assert (case.round_number, case.reply_due_at) == (oracle.count, oracle.reply)
        assert case.evidence_due_at == oracle.evidence
        if oracle.status != REV:
            assert case.due_at == oracle.due
        assert bool(case.open_offers()) == oracle.plans
        assert (case.open_counter() is not None) == oracle.counter

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
                anew = [at for at in range(number) if taken[at] in ("apply", "send_back", "rule")]
                assert taken[anew[-1] : number].count("negotiate") == 2


BUTTONS = {  # the engine's name of a step, and whose it is
    "check": ("confirm_risks", "merchant"),
    "negotiate": ("negotiate", "merchant"),
    "reject": ("reject", "merchant"),
    "agree": ("agree", "merchant"),
    "agree_return": ("agree_return", "merchant"),
    "receive": ("confirm_receipt", "merchant"),
    "accept_counter": ("accept_counter", "merchant"),
    "reply": ("reply", "buyer"),
    "accept": ("accept_plan", "buyer"),
    "send_back": ("send_back", "buyer"),
    "cancel": ("cancel", "buyer"),
    "ask": ("ask_platform", "buyer"),
    "withdraw": ("withdraw", "buyer"),
    "refund": ("rule", "staff"),
}
ACTS: dict[str, Callable[[Walk], Any]] = {
    "check": Walk.check,
    "negotiate": Walk.negotiate,
    "reply": lambda walk: walk.buyer("reply", text="都不接受"),
    "counter": Walk.counter,
    "say": lambda walk: walk.buyer("send_message", text="在吗？"),
    "accept": Walk.accept,
    "accept_counter": lambda walk: walk.merchant("accept_counter"),
    "reject": Walk.reject,
    "agree": lambda walk: walk.merchant("agree"),
    "agree_return": lambda walk: walk.merchant("agree_return", address=walk.case.default_address()),
    "agree_refusal": lambda walk: walk.merchant("agree_refusal"),
    "take_back": lambda walk: walk.merchant("take_back"),
    "receive": lambda walk: walk.merchant("confirm_receipt"),
    "cancel": lambda walk: walk.buyer("cancel"),
    "send_back": Walk.send_back,
    "ask": Walk.ask,
    "withdraw": lambda walk: walk.buyer("withdraw"),
    "refund": lambda walk: walk.judge("full_refund"),
    "deny": lambda walk: walk.judge("deny"),
    "return": lambda walk: walk.judge("return_then_refund"),
    "rehandle": lambda walk: walk.judge("rehandle"),
}
LIKELY = {"negotiate": 12, "reject": 12, "reply": 6, "send_back": 6, "ask": 6, "check": 4}
LIKELY |= {"agree_return": 4, "rehandle": 4, "withdraw": 2, "counter": 2}
