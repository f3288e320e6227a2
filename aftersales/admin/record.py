"""A case as staff read it: everything that was said, shown, offered, warned of and paid (NEG-55)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from aftersales import clock, display
from aftersales.enums import Clock, Party, RoundState, Severity
from aftersales.holding import held_of
from aftersales.models import Case, Event, Evidence, Intervention, Message, Offer, Round, User
from aftersales.models.history import in_language
from aftersales.rules import deadlines, facts
from aftersales.rules.burden import burden_of
from aftersales.telling import Told, tell
from aftersales.templatetags.desk import as_shots

REJECTIONS = ("reject", "refuse_receipt")


@dataclass
class Piece:
    """A piece of evidence under the number by which a ruling cites it."""

    number: str
    evidence: Evidence
    shot: display.Shot


@dataclass
class Sent:
    """A round as it was sent, and what came of it."""

    round: Round
    offers: list[Offer]
    waited: str


@dataclass
class Warned:
    """A warning as the merchant saw it, and what he did about it."""

    code: str
    title: str
    severity: str
    facts: str
    shown: int = 0
    ticked: bool = False
    at_rejection: bool = False

    @property
    def ignored(self) -> bool:
        return self.at_rejection and not self.ticked


class Record:
    """Everything about one case; each part is read once, when a page asks for it."""

    def __init__(self, case: Case, *, shows_files: bool) -> None:
        self.case, self.shows_files = case, shows_files

    # What happened.

    @cached_property
    def events(self) -> list[Event]:
        return list(self.case.events.all())

    @cached_property
    def log(self) -> list[Told]:
        people = User.objects.in_bulk([each.user_id for each in self.events if each.user_id])
        filed = defaultdict(list)
        for piece in self.pieces:
            filed[piece.evidence.version].append(piece.shot)
        return tell(self.events, people, filed if self.shows_files else {}, self.cited)

    @property
    def newest_first(self) -> list[Told]:
        return self.log[::-1]

    @property
    def broken(self) -> bool:
        """Whether the chain of hashes no longer holds."""
        return not all(told.intact for told in self.log) or self.events[-1].hash != self.case.chain

    @cached_property
    def pieces(self) -> list[Piece]:
        rows = list(self.case.evidence.select_related("upload"))
        return [
            Piece(
                f"E{number}", row, shot._replace(note=f"E{number} {shot.note}", name=f"E{number}")
            )
            for number, (row, shot) in enumerate(zip(rows, as_shots(rows), strict=True), start=1)
        ]

    @cached_property
    def messages(self) -> list[Message]:
        return self.case.thread()

    @cached_property
    def interventions(self) -> list[Intervention]:
        return list(
            self.case.interventions.select_related(
                "user", "assignee", "ruled_by", "decision_reason"
            )
        )

    @cached_property
    def supplements(self) -> list[Any]:
        return list(self.case.supplements.all())

    @property
    def silent(self) -> list[str]:
        """§1.6: who filed nothing while he could, or did not answer what he was asked: he bears it."""
        asked, now = self.case.last_intervention, clock.now()
        if asked is None:
            return []
        told = []
        if asked.evidence_due_at <= now and not self.case.suspended:
            told += [
                _("{side}在举证期内没有提交新的凭证，不利后果由其承担").format(side=party.label)
                for party in (Party.BUYER, Party.MERCHANT)
                if not self._filed(party, asked.at, asked.evidence_due_at)
            ]
        for each in self.supplements:
            if each.intervention_id == asked.pk and each.due_at <= now:
                told += [
                    _("{side}没有按要求补充凭证，不利后果由其承担").format(side=party.label)
                    for party in (Party.BUYER, Party.MERCHANT)
                    if each.asks(party) and not self._filed(party, each.at, each.due_at)
                ]
        return told

    def _filed(self, party: Party, since: datetime, until: datetime) -> bool:
        return any(since <= piece.evidence.at < until for piece in self.pieces_of(party))

    @cached_property
    def cited(self) -> dict[int, str]:
        return {piece.evidence.pk: piece.number for piece in self.pieces}

    @property
    def rulings(self) -> list[tuple[Intervention, str]]:
        """Every request to the platform, with the evidence its ruling cites."""
        return [
            (each, " ".join(self.cited.get(pk, f"#{pk}") for pk in each.evidence_cited))
            for each in self.interventions
        ]

    # The negotiation.

    @cached_property
    def rounds(self) -> list[Sent]:
        offers = defaultdict(list)
        for offer in self.case.offers.select_related("plan"):
            offers[offer.round_id].append(offer)
        rows = self.case.rounds.select_related("script", "outcome", "user")
        return [Sent(row, offers[row.pk], _waited(row)) for row in rows]

    @cached_property
    def prechecks(self) -> list[Any]:
        return list(self.case.prechecks.select_related("user"))

    @cached_property
    def rejections(self) -> list[Event]:
        return [event for event in self.events if event.step in REJECTIONS]

    @cached_property
    def warnings(self) -> list[Warned]:
        """NEG-55: what was shown, what was confirmed, and what stood when he rejected."""
        found: dict[str, Warned] = {}
        severities = dict(Severity.choices)
        for precheck in self.prechecks:
            for each in in_language(precheck.warnings):
                known = found.setdefault(each["code"], Warned(each["code"], "", "", ""))
                known.title, known.facts = each["title"], each["facts"]
                known.severity = str(severities.get(each["severity"], each["severity"]))
                known.shown += 1
                known.ticked = known.ticked or each["code"] in precheck.ticked
        for event in self.rejections:
            for code in event.details.get("risks", []):
                if code in found:
                    found[code].at_rejection = True
        return sorted(found.values(), key=lambda each: each.code)

    # What was said outside the rounds.

    def thread(self, party: Party) -> list[Message]:
        """What a side said, but for rounds and their answers: those stand with the rounds."""
        rounds = {event.version for event in self.events if event.step in ("negotiate", "reply")}
        return [
            each for each in self.messages if each.party == party and each.version not in rounds
        ]

    def pieces_of(self, party: Party) -> list[Piece]:
        return [piece for piece in self.pieces if piece.evidence.party == party]

    @cached_property
    def platform_messages(self) -> list[Message]:
        return [each for each in self.messages if each.party == Party.STAFF]

    # What the system knows.

    @cached_property
    def calls(self) -> list[Any]:
        return list(self.case.virtual_numbers.select_related("member__user"))

    @cached_property
    def parcels(self) -> list[Any]:
        return list(self.case.order.parcels.all())

    @property
    def facts(self) -> list[tuple[str, Any]]:
        case, order = self.case, self.case.order
        items: list[tuple[str, Any]] = [
            (
                _("举证责任"),
                _("{name}：{text}").format(name=case.reason.label, text=burden_of(case).label),
            ),
            (_("订单状态"), order.get_state_display()),
            (_("货款"), held_of([case.line])[case.line_id].told),
        ]
        if signed_at := facts.signed_at(case):
            items.append(
                (
                    _("签收到申请"),
                    display.span(case.applied_at - signed_at),
                )
            )
        if case.handled_at:
            items.append((_("商家首次处理用时"), display.span(case.handled_at - case.applied_at)))
        if self.rounds:
            items.append(
                (
                    _("协商"),
                    _("；").join(
                        _("第 {n} 轮{state}（{waited}）").format(
                            n=sent.round.number,
                            state=sent.round.get_state_display(),
                            waited=sent.waited,
                        )
                        for sent in self.rounds
                    ),
                )
            )
        scripts = [sent.round.script.code for sent in self.rounds if sent.round.script]
        ignored = [each.code for each in self.warnings if each.ignored]
        return [
            *items,
            (_("使用的话术"), " ".join(scripts)),
            (_("未确认而驳回的提示"), " ".join(ignored)),
            (_("商家逾期"), _("是") if case.auto_agreed else _("否")),
            (_("维权协议版本"), case.agreement_version),
            (_("规则版本"), str(case.edition or display.EMPTY)),
        ]

    @property
    def clocks(self) -> list[tuple[str, str]]:
        """The windows stamped on the case when the buyer applied."""
        names = dict(Clock.choices)
        return [
            (
                f"{code} {names.get(code, code)}",
                f"{display.span(timedelta(minutes=minutes))} {hours}".strip(),
            )
            for code, minutes, hours in deadlines.stamped(self.case)
        ]


def _waited(row: Round) -> str:
    """How long the buyer took, or was given."""
    if row.answered_at:
        length = display.span(row.answered_at - row.sent_at)
        late = _("，逾期") if row.late else ""
        return _("{length}后回复").format(length=length) + late
    if row.state == RoundState.WAITING:
        return _("等待中")
    return _("给了 {length}").format(length=display.span(row.due_at - row.sent_at))
