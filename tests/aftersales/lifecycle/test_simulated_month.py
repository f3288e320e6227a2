"""规则试算 of a small month worked out by hand, and every window and gate moved both ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.admin.simulating import CLOCKS, NAMES, SWITCHES
from aftersales.enums import Clock
from aftersales.models import Policy
from aftersales.simulator import OUTCOMES, Act, History, compare, replay

HOUR = timedelta(hours=1)
BEGAN = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(days=90)
A_DAY = 24 * 60
WINDOWS: dict[str, Any] = {
    **{"D1": 2 * A_DAY, "D2": 2 * A_DAY, "D3": 2 * A_DAY, "D4": 7 * A_DAY, "D5": 10 * A_DAY},
    **{"D6": 7 * A_DAY, "D7": 10 * A_DAY, "D7s": 7 * A_DAY, "D8": 3 * A_DAY, "D8r": 30 * A_DAY},
    **{"D9": 15 * A_DAY, "D9s": 7 * A_DAY, "D10": A_DAY, "D11": 2 * A_DAY, "D11s": A_DAY},
    **{"D12": A_DAY, "D13": 7 * A_DAY, "D14": 3 * A_DAY, "D15": 60, "D16": 30 * A_DAY},
}
POLICY = Policy().stamped()
PENDING, REJECTED, REVIEW = "pending_merchant", "rejected", "platform_review"
RETURN, RECEIVE = "awaiting_buyer_return", "awaiting_merchant_receipt"
SHIP, ARRIVE = "awaiting_merchant_ship", "awaiting_buyer_receipt"
BY_BUYER = {"reply", "ask_platform", "send_back", "confirm_arrival", "send_message", "add_evidence"}
BY_STAFF = {"rule", "suspend", "resume", "ask_supplement"}


def act(hours: float, step: str, before: str = PENDING, after: str = "", **details: Any) -> Act:
    party = "buyer" if step in BY_BUYER else "staff" if step in BY_STAFF else "merchant"
    return Act(BEGAN + hours * HOUR, step, party, before, after or before, details)


def case(*acts: Act, code: str = "AS", type: str = "refund_received", **given: Any) -> History:
    return History(code, type, BEGAN, WINDOWS, POLICY, acts, **given)


TALK = (act(1, "negotiate"), act(1.5, "reply"), act(2, "negotiate"), act(2.5, "reply"))
REJECT = act(3, "reject", PENDING, REJECTED)
ASK = act(30, "ask_platform", REJECTED, REVIEW)
AGREED = act(1, "agree_return", PENDING, RETURN)
BACK = act(20, "send_back", RETURN, RECEIVE)
RULED = act(80, "rule", REVIEW, "refunding", ruling="full_refund")
TOLD = act(80, "rule", REVIEW, REVIEW, ruling="exchange", execute_by="2026-11-06")
IN_REVIEW = (*TALK, REJECT, ASK)
SENT = (act(1, "agree_resend", PENDING, SHIP), act(20, "ship_replacement", SHIP, ARRIVE))


def test_a_small_month_comes_to_what_was_worked_out_by_hand() -> None:
    """D2 halved to 24 h, D6 to 20 h and the gate raised to three rounds.

    late     answered after 30 h               in time → 24 h have passed: expired
    quick    answered after 10 h               in time, both ways
    silent   nobody answered                   expired, both ways
    fought   two rounds, rejected, asked 27 h later   rejected, escalated → the third round never
             was, so no rejection; nobody agreed either: expired
    thrice   three rounds, rejected at 5 h, asked at 30 h   rejected, escalated → rejected, and
             after 20 h closed before he asked
    """
    third = (act(3, "negotiate"), act(3.5, "reply"))
    month = [
        case(act(30, "agree", PENDING, "refunding"), code="late"),
        case(act(10, "agree", PENDING, "refunding"), code="quick"),
        case(code="silent"),
        case(*IN_REVIEW, code="fought"),
        case(*TALK, *third, act(5, "reject", PENDING, REJECTED), ASK, code="thrice"),
    ]
    counts = compare(month, {"D2": A_DAY, "D6": 20 * 60}, {"min_rounds": 3}, LATER)
    found = {name: (each["now"], each["then"]) for name, each in counts.items()}
    assert found == dict.fromkeys(OUTCOMES, (0, 0)) | {
        "expired": (1, 3),
        "closed": (0, 1),
        "rejected": (2, 1),
        "escalated": (2, 0),
        "decided_late": (2, 0),  # nobody ever ruled
    }
    assert counts["expired"]["more"] == ["late", "fought"]
    assert counts["rejected"]["fewer"] == ["fought"]
    assert counts["escalated"]["fewer"] == ["fought", "thrice"]


# Each row: the clock, a case, a shorter window in minutes, what then comes, what came before.
MOVED: list[tuple[str, History, int, str, bool]] = [
    ("D1", case(act(30, "agree", PENDING, "refunding"), type="refund_unshipped"), A_DAY, "expired", True),
    ("D2", case(act(30, "agree", PENDING, "refunding")), A_DAY, "expired", True),
    ("D3", case(act(30, "agree_return", PENDING, RETURN), type="exchange"), A_DAY, "expired", True),
    ("D4", case(AGREED, BACK, act(30, "confirm_receipt", RECEIVE, "refunding"), type="return_refund"), 600, "closed", True),
    ("D5", case(act(1, "agree_refusal", PENDING, "awaiting_delivery_refusal"), act(30, "note_return", "awaiting_delivery_refusal", "refunding"), type="refund_not_received"), A_DAY, "closed", True),
    ("D6", case(*IN_REVIEW, RULED), A_DAY, "closed", True),
    ("D7", case(AGREED, BACK, act(50, "confirm_receipt", RECEIVE, "refunding"), type="return_refund"), A_DAY, "expired", True),
    ("D7s", case(AGREED, BACK, act(25, "note_delivery", RECEIVE, signed_at="2026-11-03T05:00:00+00:00"), act(60, "confirm_receipt", RECEIVE, "refunding"), type="return_refund"), A_DAY, "expired", True),
    ("D8", case(act(1, "agree_resend", PENDING, SHIP), act(30, "ship_replacement", SHIP, ARRIVE), type="resend"), A_DAY, "expired", True),
    ("D8r", case(AGREED, BACK, act(30, "confirm_receipt", RECEIVE, SHIP), act(80, "ship_replacement", SHIP, ARRIVE), type="repair", repair=True), A_DAY, "expired", True),
    ("D9", case(*SENT, act(50, "confirm_arrival", ARRIVE, "completed"), type="resend"), A_DAY, "completed", True),
    ("D9s", case(*SENT, act(30, "note_arrival", ARRIVE, signed_at="2026-11-03T08:00:00+00:00"), act(60, "confirm_arrival", ARRIVE, "completed"), type="resend"), A_DAY, "completed", True),
    ("D11", case(*IN_REVIEW, act(60, "add_evidence", REVIEW), RULED), A_DAY, "evidence_late", True),
    ("D11s", case(*IN_REVIEW, act(79, "ask_supplement", REVIEW), act(95, "add_evidence", REVIEW), act(110, "rule", REVIEW, "refunding")), 600, "evidence_late", True),
    ("D12", case(*IN_REVIEW, TOLD, act(95, "agree", REVIEW, "refunding")), 600, "executed", True),
    ("D13", case(*IN_REVIEW, RULED, act(81, "finish_refund", "refunding", "refunded"), act(120, "appeal", "refunded")), A_DAY, "appealed", False),
    ("D14", case(*IN_REVIEW, act(90, "rule", REVIEW, "refunding")), 2 * A_DAY, "decided_late", True),
    ("D15", case(act(1, "negotiate"), act(2.5, "negotiate"), act(4, "reject", PENDING, REJECTED)), 15, "rejected", True),
    ("D16", case(*IN_REVIEW, act(40, "suspend", REVIEW), act(100, "resume", REVIEW)), A_DAY, "resumed", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "history", "minutes", "outcome", "comes"), MOVED, ids=[each[0] for each in MOVED]
)
def test_a_shorter_window_tells(
    name: str, history: History, minutes: int, outcome: str, comes: bool
) -> None:
    """D1 to D16: within its own window the same case goes the other way."""
    shorter = replay(history.under({name: minutes}, {}), LATER).outcomes
    assert (outcome in shorter) is comes
    if name != "D15":
        assert (outcome in replay(history, LATER).outcomes) is not comes


@pytest.mark.parametrize(("ruled", "late"), [(99.9, False), (100.1, True)])
def test_what_stood_still_goes_on_by_working_time_in_a_replay_too(ruled: float, late: bool) -> None:
    """T-23, D14: two working days from Tuesday 18:00, of which Wednesday until 16:00 does not count."""
    stood = (act(40, "suspend", REVIEW), act(52, "resume", REVIEW))
    history = case(*IN_REVIEW, *stood, act(ruled, "rule", REVIEW, "refunding"))
    hours = {"D14": 960, "D14.hours": "10:00-18:00"}

    assert ("decided_late" in replay(history.under(hours, {}), LATER).outcomes) is late


def test_a_longer_wait_keeps_a_rejection_from_coming_in_time() -> None:
    """D15: the second round waits for the first, and two days are over before the third step."""
    history = next(each[1] for each in MOVED if each[0] == "D15")
    assert replay(history, LATER).outcomes >= {"rejected"}
    assert replay(history.under({"D15": A_DAY}, {}), LATER).outcomes == {"expired"}


@pytest.mark.parametrize(("allowed", "early"), [(False, False), (True, True)])
def test_who_could_have_asked_early_is_counted(allowed: bool, early: bool) -> None:
    """D10: that he would have is not assumed; only who asked then asks now."""
    late, quick = (
        case(act(30, "agree", PENDING, "refunding")),
        case(act(9, "agree", PENDING, "refunding")),
    )
    rules = {"allow_early_intervention": allowed}
    assert ("early" in replay(late.under({}, rules), LATER).outcomes) is early
    assert ("early" in replay(late.under({"D10": 40 * 60}, rules), LATER).outcomes) is False
    assert ("early" in replay(quick.under({}, rules), LATER).outcomes) is False
    asked = case(act(26, "ask_platform", PENDING, REVIEW))
    assert ("escalated" in replay(asked.under({}, rules), LATER).outcomes) is early
    life = replay(asked.under({"D10": 28 * 60}, rules), BEGAN + 28 * HOUR)
    assert ("escalated" in life.outcomes) is early


@pytest.mark.parametrize(("counts", "rejected"), [(True, True), (False, False)])
def test_whether_a_message_is_an_answer(counts: bool, rejected: bool) -> None:
    """NEG-30: without it the wait of a day goes on, and the time to handle runs out."""
    talk = (
        act(1, "negotiate"),
        act(2, "send_message"),
        act(3, "negotiate"),
        act(4, "send_message"),
    )
    history = case(*talk, act(5, "reject", PENDING, REJECTED)).under({"D15": A_DAY}, {})
    found = replay(history.under({}, {"any_message_counts": counts}), LATER).outcomes
    assert ("rejected" in found) is rejected


@pytest.mark.parametrize(
    ("earlier", "rules", "barred"),
    [
        ((0, 0), {"max_applications_per_line": 1}, False),
        ((1, 0), {"max_applications_per_line": 1}, True),
        ((1, 0), {"max_applications_per_line": 2}, False),
        ((1, 1), {"cancel_is_final": True}, True),
        ((1, 1), {"cancel_is_final": False}, False),
    ],
)
def test_what_could_not_have_been_applied_for(
    earlier: tuple[int, int], rules: dict[str, Any], barred: bool
) -> None:
    """G2, S-18: and then nothing else becomes of it."""
    found = replay(case(earlier=earlier).under({}, rules), LATER).outcomes
    assert found == ({"barred"} if barred else {"expired"})


@pytest.mark.parametrize(("most", "over"), [(2, False), (1, True)])
def test_who_showed_more_pictures_than_allowed_is_counted(most: int, over: bool) -> None:
    """G8."""
    applied = act(0, "apply", "", PENDING, evidence=[{"slot": "a"}, {"slot": "a"}])
    assert (
        "pictures" in replay(case(applied).under({}, {"max_images": most}), LATER).outcomes
    ) is over


def test_no_window_and_no_switch_is_left_out() -> None:
    """Whoever adds one says what it does to a case, or that it does nothing."""
    no_clock = ("D11m", "D17", "D18", "D19")  # the most that staff may choose; when one may apply
    timed = {each for each in Clock if each.value[0] == "D" and each.value not in no_clock}
    assert set(CLOCKS) == timed
    assert {each[0] for each in MOVED} | {"D10"} == {str(each) for each in timed}
    idle = {"mobile_negotiation", "agreement_version", "order_grace_minutes", "undo_seconds"}
    assert {*SWITCHES} == {*Policy().stamped()} - idle
    assert set(NAMES) == set(OUTCOMES)
