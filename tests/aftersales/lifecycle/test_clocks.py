"""D1 to D19, every one of them: a second before its end, in it, and a second after it (§1.4)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from aftersales.enums import RoundState, Stage
from aftersales.models import Case, Policy
from aftersales.rules.deadlines import no_reason_until
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.clocks import LAPSES
from tests.aftersales.lifecycle.reading import DAY, GROUNDS, HOUR, SECOND, WHY, steps, stored
from tests.factories import application_for

pytestmark = pytest.mark.django_db


class Running(NamedTuple):
    """A clock that has begun: when it is over, and whether that is so by now."""

    end: datetime
    over: Callable[[], bool]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """The fixtures by name: each clock takes what it needs."""
    return request.getfixturevalue


def turn(name: str) -> Callable[[Any], Running]:
    """D1 to D9: the clock of a turn takes its step."""

    def begin(world: Any) -> Running:
        row = LAPSES[name]
        case = world("standing")(row)

        def over() -> bool:
            expire_all()
            return row.step in steps(case)

        return Running(stored(case).due_at, over)  # type: ignore[arg-type]

    return begin


def early(world: Any) -> Running:
    """D10: from then on a buyer whom nobody answered may ask the platform."""
    world("shop")
    Policy.objects.update(allow_early_intervention=True)
    case = world("make_case")()
    buyer = world("buyer")
    return Running(
        case.applied_at + 24 * HOUR, lambda: not stored(case).refusal("ask_platform", buyer)
    )


def reviewed(world: Any) -> Case:
    case: Case = world("make_case")("rejected")
    case.ask_platform(by=case.buyer, reason=WHY)
    return case


def deciding(world: Any, **given: Any) -> Case:
    case: Case = world("make_case")("rejected", **given)
    case.ask_platform(by=case.buyer, reason=WHY)
    world("now").shift(48 * HOUR)
    case.catch_up()
    return case


def ruled(world: Any, ruling: str, **given: Any) -> Case:
    case = deciding(world, **given)
    if ruling == "return_then_refund":
        world("shop").addresses.all().delete()
    case.rule(by=world("staff"), ruling=ruling, responsible="merchant", grounds=GROUNDS)
    return case


def evidence(world: Any) -> Running:
    """D11: what was filed is visible, nothing more is taken."""
    case = reviewed(world)
    return Running(case.evidence_due_at, lambda: stage_of(case) == Stage.DECIDING)  # type: ignore[arg-type]


def supplement(world: Any) -> Running:
    """D11, when staff asked for more."""
    case = deciding(world)
    case.ask_supplement(by=world("staff"), of="buyer", what="请补充裂纹处的近照。")
    return Running(case.evidence_due_at, lambda: stage_of(case) == Stage.DECIDING)  # type: ignore[arg-type]


def stage_of(case: Case) -> str:
    expire_all()
    return stored(case).stage


def execution(world: Any) -> Running:
    """D12: the platform carries out what the merchant did not."""
    case = ruled(world, "return_then_refund", type="return_refund")

    def over() -> bool:
        expire_all()
        return "execute_ruling" in steps(case)

    return Running(case.due_at, over)  # type: ignore[arg-type]


def appeal(world: Any) -> Running:
    """D13: closed for good."""
    case, buyer = ruled(world, "deny"), world("buyer")
    return Running(case.updated_at + 7 * DAY, lambda: bool(stored(case).refusal("appeal", buyer)))


def decision(world: Any) -> Running:
    """D14: staff see that they are late; nothing else happens."""
    case = reviewed(world)
    client = Client()
    client.force_login(world("staff"))
    url = reverse("admin:aftersales_intervention_changelist")

    def over() -> bool:
        return bool(client.get(url, {"overdue": "yes"}).context["cl"].result_count)

    return Running(case.last_intervention.decide_by, over)  # type: ignore[union-attr]


def negotiation(world: Any) -> Running:
    """D15: the window is over, the next step is open."""
    case = world("make_case")("waiting")

    def over() -> bool:
        expire_all()
        return stored(case).round_state == RoundState.EXPIRED

    return Running(case.reply_due_at, over)


def suspension(world: Any) -> Running:
    """D16: it goes on by itself."""
    case = deciding(world)
    case.suspend(by=world("staff"), because="court", note="买家已起诉到法院。", proof="民初 123 号")

    def over() -> bool:
        expire_all()
        return not stored(case).suspended

    return Running(case.due_at, over)  # type: ignore[arg-type]


def application(kind: str, end: Callable[[Any], datetime], **order: Any) -> Any:
    """D17 to D19: until then the demand can be made."""

    def begin(world: Any) -> Running:
        made = world("order_for")(kind, **order)

        def over() -> bool:
            try:
                with transaction.atomic():
                    Case.apply(made.lines.get(), application_for(made, kind), by=made.buyer)
            except Refused:
                return True
            return False

        return Running(end(made), over)

    return begin


CLOCKS: dict[str, Callable[[Any], Running]] = {
    **{name: turn(name) for name in LAPSES},
    "D10": early,
    "D11": evidence,
    "D11 supplement": supplement,
    "D12": execution,
    "D13": appeal,
    "D14": decision,
    "D15": negotiation,
    "D16": suspension,
    "D17": application("return_refund", lambda made: no_reason_until(made.signed_at, 7 * 1440)),
    "D18": application("refund_received", lambda made: made.finished_at + 15 * DAY, finished=True),
    "D19": application("repair", lambda made: made.signed_at + 90 * DAY),
}


def test_no_clock_is_left_out() -> None:
    """D1 to D19."""
    tried = {int(found[1]) for name in CLOCKS if (found := re.match(r"D(\d+)", name))}
    assert tried == set(range(1, 20))


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_is_over_in_its_second_and_not_before(
    name: str, late: timedelta, world: Any, now: Any
) -> None:
    """D1, D2, D3, D4, D5, D6, D7, D8, D9, D10, D11, D12, D13, D14, D15, D16, D17, D18, D19."""
    running = CLOCKS[name](world)
    now.move_to(running.end + late, tick=False)
    assert running.over() is (late >= timedelta())
