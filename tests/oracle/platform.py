"""The part of the oracle before the platform: 中止 (T-23, D16) and 申诉 (T-25, D13)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from aftersales.rules import worktime  # on which days China works is tried elsewhere
from tests.oracle.table import APPEAL, DENIED, PAID, PAY, REC, RET, REV, RR, SHIP, WINDOWS

SIDES = {"buyer", "shop"}
LOST = {  # who lost by a ruling, wholly or in part
    "deny": {"buyer"},
    "partial": SIDES,
    **{each: {"shop"} for each in ("refund", "keep", "return")},
    **{f"rule_{each}": {"shop"} for each in ("exchange", "repair", "resend")},
}
DECIDING = {"uphold", "propose", "return_reversal", "reverse"}  # of appeals
IN_SUSPENSION = {"say", "prove", "resume", *DECIDING}
GIVE_BACK = "give_back"


@dataclass(frozen=True)
class Ruling:
    """One that may be appealed against: how much it gave, until when, and the request it answers."""

    name: str
    gave: Decimal
    until: datetime
    number: int


@dataclass(frozen=True)
class Appeal:
    """``total`` is what the buyer is to have in all, once somebody has ``proposed`` it."""

    party: str
    ruling: Ruling
    proposed: bool = False
    total: Decimal = Decimal()


@dataclass(kw_only=True)
class BeforeThePlatform:
    asked: int = 0  # how often it came before the platform
    consents: set[str] | None = None  # to a proposal to let it stand still
    days: int = 0
    still: bool = False
    until: datetime | None = None
    prove_by: datetime | None = None
    evidence_left: timedelta | None = None
    ruling: Ruling | None = None  # until it is appealed against, or the platform is asked anew
    appeals: list[Appeal] = field(default_factory=list)  # to be decided, in their turn

    def hears(self, step: str, at: datetime) -> bool:
        """Whether the platform, or standing still, lets this step be; true for any other."""
        if self.still and step not in IN_SUSPENSION:
            return False
        name, _dash, side = step.partition("_by_")
        open_to = self.consents is not None and side not in self.consents
        first = self.appeals[0] if self.appeals else None
        return {
            "stand": self.consents is None,
            "yes": open_to,
            "no": open_to,
            "prove": self.still and self.prove_by is not None,
            "resume": self.still,
            "appeal": self.ruling is not None
            and at < self.ruling.until
            and side in LOST.get(self.ruling.name, ()),
            "uphold": first is not None and not first.proposed,
            "propose": first is not None and not first.proposed,
            "return_reversal": first is not None and first.proposed,
            "reverse": first is not None and first.proposed and self.payable(first),
            "uphold_own": False,  # another than he who ruled decides, and a second one reverses
            "reverse_alone": False,
        }.get(name, True)

    def payable(self, appeal: Appeal) -> bool:
        """What a ruling gives is given before a reversal adds to it."""
        if appeal.party == "shop" or (self.status == SHIP and self.remedy == GIVE_BACK):
            return True
        had = self.owed if self.status == PAID else Decimal()  # also by T-15, for goods kept
        return self.status in (PAID, DENIED) and appeal.total > had

    def heard(self, step: str, before: str, deal: Any) -> None:
        """What a step does to suspensions and appeals."""
        name, _dash, side = step.partition("_by_")
        if before != self.status == REV:
            self.asked, self.ruling = self.asked + 1, None
        if before == REV != self.status:
            self.consents = None
        if step in LOST:
            gave = deal.amount if step == "partial" else self.owed
            self.ruling = Ruling(step, gave, self.at + APPEAL, self.asked)
        elif name == "stand":
            self.consents, self.days = {side} & SIDES, deal.days
        elif name == "yes":
            self.consents.add(side)
            if self.consents == SIDES:
                self.stand_still(self.days)
        elif name == "no":
            self.consents = None
        elif step in ("suspend", "suspend_unproven"):
            proven = step == "suspend"
            self.stand_still(deal.days, None if proven else worktime.end_of_workday(self.at, 7))
        elif step == "prove":
            self.prove_by, self.due = None, self.until
        elif step == "resume":
            self.go_on()
        elif name == "appeal":
            self.appeals.append(Appeal(side, self.ruling))
            self.ruling = None
        elif step == "uphold":
            self.appeals.pop(0)
        elif step == "propose":
            self.appeals[0] = replace(self.appeals[0], proposed=True, total=deal.amount)
        elif step == "return_reversal":
            self.appeals[0] = replace(self.appeals[0], proposed=False)
        elif step == "reverse":
            self.reversed(self.appeals.pop(0))

    def stand_still(self, days: int, prove_by: datetime | None = None) -> None:
        """The clocks stop; what was left of the evidence window is kept."""
        self.still, self.consents = True, None
        self.until, self.prove_by = self.at + timedelta(days=days), prove_by
        self.due = min(self.until, prove_by) if prove_by else self.until
        self.evidence_left = self.evidence - self.at if self.evidence else None
        self.evidence = None

    def go_on(self) -> None:
        self.still, self.due = False, None
        if self.evidence_left is not None:
            self.evidence = self.at + self.evidence_left

    def reversed(self, appeal: Appeal) -> None:
        """The buyer who wins is paid the rest; the shop that wins stops what is still under way:
        what the buyer has he keeps, what the shop has goes back to him as it is."""
        if appeal.party == "buyer":
            if self.status == SHIP:
                self.remedy = "refund"  # what has not left the shop stays there
            self.status, self.due, self.owed = PAY, None, appeal.total
            return
        if appeal.ruling.number != self.asked or self.status not in (RET, REC, RR, SHIP):
            return
        coming = self.status == REC and not self.delivered
        since = self.due if coming else self.at
        with_shop = self.with_shop
        self.offered = self.wanted = None
        self.status, self.due = DENIED, None
        if with_shop:
            self.status, self.remedy, self.broken = SHIP, GIVE_BACK, False
            self.due, self.arrived = since + WINDOWS[SHIP], False
