"""What must become of a case, said without Django: a table, a few counters, and the three clocks.

A dict of (status, round) × step → (status, round); ``Oracle`` walks it and knows what time does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Statuses by their numbers in the reference, so that the table fits a screen.
P, REJ, RET, REF = (
    "pending_merchant",
    "rejected",
    "awaiting_buyer_return",
    "awaiting_delivery_refusal",
)
REC, RR, REV, PAY = "awaiting_merchant_receipt", "return_refused", "platform_review", "refunding"
PAID, OFF, LATE, DENIED = "refunded", "cancelled", "closed_buyer_timeout", "closed_platform_denied"
NONE, WAIT, ANSWER, SILENT, YES, CUT = "", "waiting", "answered", "expired", "accepted", "closed"
ROUNDS = (NONE, WAIT, ANSWER, SILENT, YES, CUT)
ENDED = {PAID, OFF, LATE, DENIED}
SAME = "same"

TABLE: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}


def may(step: str, status: str, rounds: tuple[str, ...], then: str, now: str = SAME) -> None:
    """In this status and these rounds the step leads there; a wait is cut where one leaves it."""
    for state in rounds:
        after = state if now == SAME else now
        if then not in (P, REC) and after == WAIT:
            after = CUT
        TABLE.setdefault((status, state), {})[step] = (then, after)


for desk_status in (P, REC):
    may("check", desk_status, (NONE, ANSWER, SILENT), desk_status)
    may("negotiate", desk_status, (NONE, ANSWER, SILENT), desk_status, WAIT)
    may("reply", desk_status, (WAIT, SILENT, ANSWER), desk_status, ANSWER)
    may("counter", desk_status, (WAIT, SILENT, ANSWER), desk_status, ANSWER)
    may("say", desk_status, (WAIT, SILENT), desk_status, ANSWER)
    may("say", desk_status, (NONE, ANSWER, YES, CUT), desk_status)
may("reject", P, (ANSWER, SILENT), REJ)
may("reject", REC, (ANSWER, SILENT), RR)
for silent_status in (REJ, RR, RET, REF, REV, PAY, PAID, OFF, LATE, DENIED):
    may("say", silent_status, ROUNDS, silent_status)
for plan_status in (P, REJ, REC, RR, REV):
    may("accept", plan_status, ROUNDS, PAY, YES)
    may("accept_counter", plan_status, ROUNDS, PAY, YES)
for kind_status in (P, REJ, REV):  # T-22: a shop may relent until the platform has ruled
    may("agree", kind_status, ROUNDS, PAY)
    may("agree_return", kind_status, ROUNDS, RET)
for left_status in (P, REJ, RET, REF, REV):
    may("cancel", left_status, ROUNDS, OFF)
may("agree_refusal", P, ROUNDS, REF)
may("take_back", REF, ROUNDS, PAY)
may("send_back", RET, ROUNDS, REC, NONE)
may("receive", REC, ROUNDS, PAY)
may("receive", RR, ROUNDS, PAY)
may("receive", REV, ROUNDS, PAY)
may("ask", REJ, ROUNDS, REV)
may("ask", RR, ROUNDS, REV)
may("withdraw", REV, ROUNDS, REV)  # to where it came from: see Oracle.go
may("refund", REV, ROUNDS, PAY)
may("deny", REV, ROUNDS, DENIED)
may("return", REV, ROUNDS, RET)
may("rehandle", REV, ROUNDS, P, NONE)
may("pay", PAY, ROUNDS, PAID)

WINDOWS = {P: 2 * DAY, REJ: 7 * DAY, RR: 7 * DAY, RET: 7 * DAY, REF: 10 * DAY, REC: 10 * DAY}


@dataclass
class Oracle:
    """Where the case must be, and what time will do to it."""

    kind: str
    at: datetime
    claim: Decimal
    status: str = P
    round: str = NONE
    count: int = 0
    checked: bool = False
    plans: bool = False
    counter: bool = False
    goods_back: bool = False
    deciding: bool = False
    came_from: str = ""
    left: timedelta = timedelta()
    offered: Decimal = Decimal()  # by the shop, and by the buyer, for the asking
    wanted: Decimal = Decimal()
    owed: Decimal = Decimal()
    due: datetime | None = None
    reply: datetime | None = None
    evidence: datetime | None = None

    def __post_init__(self) -> None:
        self.due = self.at + WINDOWS[P]

    def allows(self, step: str) -> bool:
        if step not in TABLE.get((self.status, self.round), {}):
            return False
        returns = self.kind == "return_refund"
        return {
            "negotiate": self.checked and self.count < 2,
            "reject": self.count == 2,
            "reply": self.round != ANSWER or self.plans,
            "counter": self.round != ANSWER or self.plans,
            "accept": self.plans,
            "accept_counter": self.counter,
            "agree": not returns,
            "agree_return": returns and not self.goods_back,
            "receive": self.goods_back,
            "agree_refusal": self.kind == "refund_not_received",
            "cancel": not self.goods_back,
            "refund": self.deciding,
            "deny": self.deciding,
            "rehandle": self.deciding,
            "return": self.deciding and not self.goods_back and self.kind != "refund_not_received",
        }.get(step, True)

    def go(self, step: str, at: datetime, amount: Decimal | None = None) -> None:
        """Take an allowed step; ``amount`` is what it offers, the whole claim if it names none."""
        before, self.at = self.status, at
        self.status, self.round = TABLE[before, self.round][step]
        if step == "withdraw":
            self.status, self.due = self.came_from, at + max(self.left, DAY)
            self.evidence = None
            return
        if step == "rehandle" and self.goods_back:
            self.status = REC
        if step == "check":
            self.checked = True
        elif step == "negotiate":
            self.count, self.reply = self.count + 1, at + HOUR
            self.plans, self.counter = True, False
            self.offered = amount or self.claim
        elif step == "ask":
            self.left = self.due - at if self.due else timedelta()
            self.came_from, self.deciding, self.evidence = before, False, at + 2 * DAY
        if step in ("reply", "counter"):
            self.plans, self.counter = False, step == "counter"
            self.wanted = amount or self.claim
        if step in ("send_back", "rehandle"):
            self.count, self.checked = 0, False
        if step == "send_back":
            self.goods_back = True
        if self.round != WAIT:
            self.reply = None
        if self.status != before:
            self.moved(step)
        if step == "rehandle" and self.goods_back:
            self.due = at + 7 * DAY  # to look again; the receipt clock itself is past

    def moved(self, step: str) -> None:
        if step not in ("reject", "ask"):
            self.plans = self.counter = False
        if self.status == PAY:
            own = {"accept": self.offered, "accept_counter": self.wanted}
            self.owed = own.get(step, self.claim)
        window = WINDOWS.get(self.status)
        self.due = self.at + window if window else None
        if self.status != REV:
            self.evidence = None

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
        self.at = at
        if self.status == REF:  # the parcel is nowhere: staff look
            self.due = None
            return
        self.status = {P: PAY, REJ: LATE, RR: LATE, RET: LATE, REC: PAY}[self.status]
        if self.status == PAY and self.kind == "return_refund" and not self.goods_back:
            self.status = RET
        self.round = CUT if self.round == WAIT else self.round
        self.reply = None
        self.moved("overdue")
