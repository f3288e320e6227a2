"""The oracle: where a case must be, by the table, a few counters, and three clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.platform import GIVE_BACK, BeforeThePlatform
from tests.oracle.table import (
    ANSWER,
    BACK,
    BUY,
    CUT,
    DAY,
    DENIED,
    DIFFERENCE,
    DONE,
    FAIL,
    GOODS,
    HOUR,
    LATE,
    NONE,
    ON_ITS_WAY,
    PAY,
    PLANS,
    REC,
    REF,
    REJ,
    REPAIR,
    RET,
    REV,
    RR,
    RULED,
    SHIP,
    SIGNED,
    SILENT,
    TABLE,
    UNSENT,
    WAIT,
    WINDOWS,
    P,
)

REFUND = "refund"
RULINGS = {  # T-20: what a ruling makes of a case that does not end with it
    "return": REFUND,
    "rule_exchange": "exchange",
    "rule_repair": "repair",
    "rule_resend": "resend",
}


@dataclass(frozen=True)
class Deal:
    """What somebody offers: a plan, and how much of the claim, all of it if nothing is named; or,
    before the platform, for how many ``days`` the case is to stand still."""

    plan: str = "full_refund_no_return"
    amount: Decimal | None = None
    days: int = 0


@dataclass
class Oracle(BeforeThePlatform):
    """Where the case must be, and what time will do to it.

    ``claim`` is what settling in money comes to, ``price`` what was paid for the goods, in yuan;
    who claims less of it and sends all of it back is paid all of it.
    """

    kind: str
    at: datetime
    claim: Decimal
    price: Decimal
    early: bool = False  # the platform may be asked before the shop has answered (D10)
    status: str = P
    round: str = NONE
    count: int = 0
    checked: bool = False
    offered: Deal | None = None  # by the shop, and by the buyer, while they stand
    wanted: Deal | None = None
    remedy: str = ""  # how it is to end
    sent: bool = True  # the goods, to the buyer
    goods_back: bool = False  # by him, in this handling
    delivered: bool = False
    shipped: bool = False  # what he gets instead
    arrived: bool = False
    broken: bool = False  # the shop cannot repair it
    deciding: bool = False
    came_from: str = ""
    asked_by: str = ""  # the step that brought it before the platform
    left: timedelta = timedelta()
    owed: Decimal = Decimal()
    paid: Decimal = Decimal()  # by the gateway
    settled: Decimal = Decimal()  # past it, by hand
    due: datetime | None = None
    reply: datetime | None = None
    evidence: datetime | None = None

    def __post_init__(self) -> None:
        self.applied, self.due = self.at, self.at + WINDOWS[P]
        self.remedy, self.sent = self.own_remedy, self.kind != UNSENT

    @property
    def own_remedy(self) -> str:
        """What the buyer asked for."""
        return self.kind if self.kind in GOODS else REFUND

    @property
    def with_shop(self) -> bool:
        return self.goods_back and not self.shipped

    @property
    def whole(self) -> Decimal:
        return self.price if self.with_shop and self.kind not in BACK else self.claim

    @property
    def steps(self) -> dict[str, tuple[str, str]]:
        return TABLE.get((self.status, self.round), {})

    def allows(self, step: str, at: datetime) -> bool:
        if step not in self.steps or not self.hears(step, at):
            return False
        kind, with_shop, deciding = self.kind, self.with_shop, self.deciding
        signed = kind not in (UNSENT, ON_ITS_WAY)
        moves = kind != DIFFERENCE  # walk 8 of §1.7: there only money does
        choosing = self.broken and self.remedy == "repair"
        return {
            "negotiate": self.checked and self.count < 2,
            "reject": self.count == 2,
            "reply": self.round != ANSWER or self.offered is not None,
            "counter": self.round != ANSWER or self.offered is not None,
            "accept": self.offered is not None,
            "accept_counter": self.wanted is not None,
            "agree": kind not in BACK | GOODS and not with_shop,
            "agree_return": kind in BACK and not with_shop,
            "agree_resend": kind == "resend" and not with_shop,
            "receive": with_shop,
            "deliver": not self.delivered,
            "agree_refusal": kind == ON_ITS_WAY,
            "cancel": not self.goods_back,
            "ship": not choosing,
            "refund_instead": not choosing,
            "give_up": self.remedy == "repair" and not self.broken,
            "choose_exchange": choosing,
            "choose_refund": choosing,
            "arrive": not self.arrived,
            "ask": self.status != P or (self.early and at >= self.applied + DAY),
            "refund": deciding and (kind != "return_refund" or with_shop),
            "keep": deciding and signed and not with_shop,
            "return": deciding and signed and moves and not with_shop,
            "partial": deciding,
            "rule_exchange": deciding and signed and moves,
            "rule_repair": deciding and signed and moves,
            "rule_resend": deciding and self.sent and moves,
            "withdraw": self.asked_by in ("ask", "dispute"),
            "deny": deciding,
            "rehandle": deciding,
        }.get(step, True)

    def go(self, step: str, at: datetime, deal: Deal | None = None) -> None:
        """Take an allowed step; ``deal`` is what it offers."""
        before, self.at = self.status, at
        self.status, self.round = self.steps[step]
        taken = {"accept": self.offered, "accept_counter": self.wanted}.get(step)
        self.talked(step, deal)
        self.agreed(step, taken)
        if step == "withdraw":
            self.restored()
        elif self.status != before:
            self.moved(before, taken)
        if self.round != WAIT:
            self.reply = None
        self.happened(step)
        if step == "partial" and deal and deal.amount:
            self.owed = deal.amount
        self.heard(step, before, deal)

    def talked(self, step: str, deal: Deal | None) -> None:
        if step == "check":
            self.checked = True
        elif step == "negotiate":
            self.count, self.reply = self.count + 1, self.at + HOUR
            self.offered, self.wanted = deal, None
        elif step in ("reply", "counter"):
            self.offered, self.wanted = None, deal

    def agreed(self, step: str, taken: Deal | None) -> None:
        """How it is to end from now on, and where that leads: goods, if they are owed, go out when
        the shop has what it asked back."""
        if taken is not None:
            self.status = PLANS[taken.plan]
            self.remedy = taken.plan if taken.plan in GOODS else REFUND
        elif step in ("agree_return", "agree_resend"):
            self.remedy = self.own_remedy
        elif step in RULINGS:
            self.remedy, self.broken = RULINGS[step], False
            self.status = SHIP if self.with_shop else self.status
        elif step == "deny" and self.with_shop:  # the shop does not keep the goods and the price
            self.status, self.remedy, self.broken = SHIP, GIVE_BACK, False
        elif step == "choose_exchange":
            self.remedy = "exchange"
        elif step == "receive":
            if self.remedy == GIVE_BACK:  # and is kept after all
                self.remedy = self.own_remedy
            self.status = SHIP if self.remedy in GOODS else PAY
        elif step == "confirm" and self.remedy == GIVE_BACK:
            self.status = DENIED
        elif step == "rehandle" and self.with_shop:
            self.status = REC
            if self.remedy == GIVE_BACK:
                self.remedy = self.own_remedy
        elif step == "rehandle":
            self.remedy, self.goods_back = self.own_remedy, False

    def restored(self) -> None:
        """T-19: what was left of the time, at least a day; where they talk, they begin anew."""
        self.status, self.evidence = self.came_from, None
        self.due = self.at + max(self.left, DAY)
        if self.status == P:
            self.anew()
            self.offered = self.wanted = None

    def anew(self) -> None:
        self.round, self.count, self.checked = NONE, 0, False

    def moved(self, before: str, taken: Deal | None = None) -> None:
        """The clock, the money and the goods of the status that the case has come to."""
        if self.status == REV:
            self.came_from, self.left = before, self.due - self.at if self.due else timedelta()
        if self.status not in (REJ, RR, REV):
            self.offered = self.wanted = None
        if self.status == PAY and before != FAIL:
            self.owed = self.whole if taken is None else taken.amount or self.whole
        elif self.status == RET:
            self.goods_back = self.shipped = self.delivered = self.broken = False
        elif self.status == SHIP:
            self.goods_back = self.goods_back and not self.shipped  # else the buyer has them again
            self.shipped = self.arrived = False
        window = WINDOWS.get(self.status)
        if self.status == SHIP and self.remedy == "repair":
            window = REPAIR
        self.due = self.at + window if window else None
        self.evidence = None

    def happened(self, step: str) -> None:
        """What a step says of the goods, and a clock of its own."""
        if step == "send_back":
            self.goods_back = True
            self.anew()
        elif step in ("ask", "complain", "dispute", "take_over"):  # D11
            self.deciding, self.evidence = False, self.at + 2 * DAY
            self.asked_by = step
        elif step == "deliver" and self.due:
            self.delivered, self.due = True, min(self.due, self.at + SIGNED)
        elif step == "ship":
            self.shipped = True
        elif step == "arrive":
            self.arrived, self.due = True, self.at + SIGNED
        elif step == "give_up":
            self.broken = True
        elif step == "choose_exchange":
            self.due = self.at + WINDOWS[SHIP]
        elif step == "deny" and self.status == SHIP:
            coming = self.came_from == REC and not self.delivered
            self.due = self.at + WINDOWS[SHIP] + (self.left if coming else timedelta())
        elif step in RULINGS and self.status == SHIP and self.remedy != "repair":
            self.due = self.at + RULED  # D12
        elif step == "rehandle":
            self.anew()
            self.shipped = False
            if self.status == REC:  # to look again; the receipt clock itself is past
                self.due = self.at + SIGNED
        elif step == "pay":
            self.paid = self.owed - self.settled
        elif step == "settle":
            self.settled = self.owed - self.paid

    def clocks(self) -> list[tuple[datetime, str]]:
        running = {"due": self.due, "reply": self.reply, "evidence": self.evidence}
        return sorted((at, name) for name, at in running.items() if at is not None)

    def lapse(self, at: datetime) -> bool:
        """Let time act; true if it moved the case on."""
        before = self.status
        while (running := self.clocks()) and running[0][0] <= at:
            name = running[0][1]
            if name == "reply":
                self.reply, self.round = None, SILENT
            elif name == "evidence":
                self.evidence, self.deciding = None, True
            else:
                self.overdue(at)
        return self.status != before

    def overdue(self, at: datetime) -> None:
        """T-08, T-10, T-13, T-15, T-16, T-18."""
        before, self.at = self.status, at
        if self.still:
            self.go_on()
            return
        if before == REF:  # the parcel is nowhere: staff look
            self.due = None
            return
        self.status = {REJ: LATE, RR: LATE, RET: LATE, SHIP: PAY, BUY: DONE}.get(before, PAY)
        if before == P:
            self.remedy = self.own_remedy
            self.status = RET if self.kind in BACK else self.status
            self.status = SHIP if self.kind == "resend" else self.status
        elif before == REC and self.remedy in GOODS:
            self.status = SHIP
        elif before == BUY and self.remedy == GIVE_BACK:
            self.status = DENIED
        self.round = CUT if self.round == WAIT else self.round
        self.reply = None
        self.moved(before)
