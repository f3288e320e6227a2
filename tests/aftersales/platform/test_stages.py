"""平台介入's stages: supplements, taking over, declining, early requests, settling (§1.6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales.enums import ENDED, Party, RoundState, Stage, Status
from aftersales.models import Case, DecisionReason, Intervention, Policy, Supplement, User
from aftersales.rules.visibility import sees_content
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    SECOND,
    WHY,
    assert_moved,
    last,
    refused,
    stored,
    told,
)
from tests.factories import upload
from tests.world import NOON

WHAT = "请提供杯底印章和裂纹处的近照。"
MASS = "该店一周内出现大量同类投诉，平台统一处理。"

# Supplements --------------------------------------------------------------------------------------


def test_staff_ask_one_side_for_more(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User
) -> None:
    """D11, §1.6: to whom, what, until when; the other side may not file, both are told."""
    case = deciding()

    case.ask_supplement(by=staff, of="buyer", what=WHAT)

    event = assert_moved(
        case,
        "ask_supplement",
        Party.STAFF,
        Status.PLATFORM_REVIEW,
        Status.PLATFORM_REVIEW,
        staff,
    )
    row = stored(case)
    assert row.stage == Stage.SUPPLEMENT
    assert row.evidence_due_at == row.wake_at == event.at + 24 * HOUR
    asked = Supplement.objects.get()
    assert (asked.of, asked.what, asked.due_at) == ("buyer", WHAT, event.at + 24 * HOUR)
    # D14: of the 72 hours 24 are left, and the supplement's do not count
    assert row.due_at == Intervention.objects.get().decide_by == event.at + 48 * HOUR
    assert told(case) == {buyer.username, merchant.username}
    case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})
    with refused(case, "平台没有请你补充凭证", by=merchant):
        case.add_evidence(by=merchant, evidence={"added": [upload(merchant)]})


def test_a_supplement_ends_to_the_second(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """D11: 24 hours; then it waits for the ruling again, which may ask once more."""
    case = deciding()
    case.ask_supplement(by=staff, of="", what=WHAT)
    due = stored(case).evidence_due_at
    assert due is not None
    now.move_to(due - SECOND, tick=False)
    for user in (buyer, merchant):
        case.add_evidence(by=user, evidence={"added": [upload(user)]})
    now.shift(SECOND)
    with refused_late(case, buyer):
        case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})
    assert (stored(case).stage, stored(case).evidence_due_at) == (Stage.DECIDING, None)
    now.shift(SECOND)
    with refused(case, "举证时间已过", by=merchant):
        case.add_evidence(by=merchant, evidence={"added": [upload(merchant)]})
    case.ask_supplement(by=staff, of="merchant", what=WHAT)
    assert stored(case).stage == Stage.SUPPLEMENT


def test_who_was_not_asked_for_a_supplement_files_nothing_by_another_door(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User
) -> None:
    """§1.6, D11: not as a picture in the chat either; words are free, and who was asked may."""
    case = deciding()
    case.ask_supplement(by=staff, of="buyer", what=WHAT)
    with refused(case, "平台没有请你补充凭证", by=merchant) as caught:
        case.send_message(by=merchant, text="见图", evidence={"chat": [upload(merchant)]})
    assert list(caught.value.errors) == ["proof_chat"]
    case.send_message(by=merchant, text="我方没有其他凭证了。")
    case.send_message(by=buyer, text="见图", evidence={"chat": [upload(buyer)]})


def refused_late(case: Case, user: User) -> Any:
    """The clock acts first, then the person is refused."""
    return pytest.raises(Exception, match="举证时间已过")


def test_a_supplement_is_shown_to_the_other_side_when_it_is_over(
    deciding: Callable[..., Case], staff: User, buyer: User, now: Any
) -> None:
    """§1.6: what is filed in a supplement waits for its window as well."""
    case = deciding()
    now.shift(HOUR)
    case.ask_supplement(by=staff, of="buyer", what=WHAT)
    case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})
    before, *_more, new = case.evidence.filter(party=Party.BUYER)
    assert sees_content(before, case, Party.MERCHANT)
    assert not sees_content(new, case, Party.MERCHANT)
    now.shift(24 * HOUR)
    case.catch_up()
    assert sees_content(new, case, Party.MERCHANT)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"of": "carrier", "what": WHAT}, "of"),
        ({"of": "buyer", "what": " "}, "what"),
        ({"of": "buyer", "what": "照片"}, "what"),
    ],
)
def test_a_supplement_names_side_and_matter(
    given: dict[str, str], field: str, deciding: Callable[..., Case], staff: User
) -> None:
    case = deciding()
    with refused(case, "", by=staff) as caught:
        case.ask_supplement(by=staff, **given)
    assert list(caught.value.errors) == [field]


def test_no_ruling_while_a_supplement_runs(deciding: Callable[..., Case], staff: User) -> None:
    case = deciding()
    case.ask_supplement(by=staff, of="buyer", what=WHAT)
    with refused(case, "举证时间还没有结束", by=staff):
        case.rule(by=staff, ruling="deny", responsible="none", grounds=WHY)


# Taking over --------------------------------------------------------------------------------------

OPEN = {
    "": Status.PENDING_MERCHANT,
    "waiting": Status.PENDING_MERCHANT,
    "negotiated": Status.PENDING_MERCHANT,
    "rejected": Status.REJECTED,
    "agreed": Status.AWAITING_BUYER_RETURN,
    "sent_back": Status.AWAITING_MERCHANT_RECEIPT,
    "refused_goods": Status.RETURN_REFUSED,
}
RETURNS = ("agreed", "sent_back", "refused_goods")


@pytest.mark.parametrize(("trait", "before"), OPEN.items())
def test_the_platform_takes_a_case_over(
    trait: str, before: Status, make_case: Any, staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """§1.6, NEG-52: from any open status, with grounds; the round and its window close."""
    case = make_case(trait, **({"type": "return_refund"} if trait in RETURNS else {}))
    now.shift(timedelta(minutes=5))

    case.take_over(by=staff, grounds=MASS)

    event = assert_moved(case, "take_over", Party.STAFF, before, Status.PLATFORM_REVIEW, staff)
    row, asked = stored(case), Intervention.objects.get()
    assert (asked.asked_by, asked.reason, asked.came_from) == (Party.STAFF, MASS, before)
    assert asked.assignee == staff
    assert row.evidence_due_at == event.at + 48 * HOUR
    assert row.reply_due_at is None
    assert row.round_state != RoundState.WAITING
    assert not row.agreement_claimed
    assert told(case) == {buyer.username, merchant.username}
    assert case.refusal("negotiate", merchant)
    assert case.refusal("reject", merchant)


@pytest.mark.parametrize("status", [*sorted(ENDED), Status.REFUNDING, Status.REFUND_FAILED])
def test_what_is_over_or_paid_is_not_taken_over(
    status: Status, make_case: Any, staff: User
) -> None:
    case = make_case()
    Case.objects.filter(pk=case.pk).update(status=status, due_at=None, wake_at=None)
    with refused(case, "售后单当前状态不能进行此操作", by=staff):
        case.take_over(by=staff, grounds=MASS)


def test_taking_over_says_why(make_case: Any, staff: User) -> None:
    case = make_case()
    with refused(case, "依据至少 10 个字", by=staff) as caught:
        case.take_over(by=staff, grounds="太多投诉")
    assert list(caught.value.errors) == ["grounds"]


# Declining ----------------------------------------------------------------------------------------


def reason(code: str) -> DecisionReason:
    return DecisionReason.objects.get(code=code)


def test_a_request_that_is_not_heard_goes_back_with_its_time(
    make_case: Any, staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """§1.6: the coded reason puts it back where it was, the time left restored."""
    case = make_case("rejected")
    now.shift(2 * DAY)
    case.ask_platform(by=buyer, reason=WHY)
    now.shift(HOUR)

    case.decline(by=staff, reason=reason("DN-04"), grounds=MASS)

    event = assert_moved(
        case, "decline", Party.STAFF, Status.PLATFORM_REVIEW, Status.REJECTED, staff
    )
    row, asked = stored(case), Intervention.objects.get()
    assert row.due_at == row.wake_at == event.at + 5 * DAY
    assert (row.stage, asked.stage, asked.ruling) == (Stage.DECLINED, Stage.DECLINED, "")
    assert (asked.decision_reason, asked.grounds) == (reason("DN-04"), MASS)
    assert not row.dispute_refund
    assert told(case) == {buyer.username, merchant.username}


def test_what_was_declined_is_heard_again_only_with_something_new(
    make_case: Any, staff: User, buyer: User
) -> None:
    """§1.6: already decided, without new facts."""
    case = make_case("under_review")
    case.decline(by=staff, reason=reason("DN-06"), grounds=MASS)
    with refused(case, "再次申请需要新的凭证", by=buyer):
        case.ask_platform(by=buyer, reason=WHY)
    shown = [each.upload for each in case.evidence.all() if each.upload.user_id == buyer.pk]
    with refused(case, "这些凭证本单里已经有了，请上传新的", by=buyer):
        case.ask_platform(by=buyer, reason=WHY, evidence={"platform": shown[:1]})
    case.ask_platform(by=buyer, reason=WHY, evidence={"platform": [*shown[:1], upload(buyer)]})
    assert case.status == Status.PLATFORM_REVIEW


@pytest.mark.parametrize("code", ["DN-02", "DN-03", "DN-05"])
def test_a_reason_that_closes_ends_the_case(code: str, make_case: Any, staff: User) -> None:
    """§1.6: performed and regretted, fake trade, already ruled."""
    case = make_case("under_review")
    case.decline(by=staff, reason=reason(code), grounds=MASS)
    row = stored(case)
    assert (row.status, row.stage) == (Status.CLOSED_PLATFORM_DENIED, Stage.DECLINED)
    assert (row.wake_at, row.evidence_due_at) == (None, None)
    assert case.refusal("appeal", case.buyer) == "没有可以申诉的判定"


def test_declining_takes_a_reason_for_declining(make_case: Any, staff: User) -> None:
    case = make_case("under_review")
    for wrong in (None, reason("DR-01")):
        with refused(case, "请选择不予受理的理由", by=staff):
            case.decline(by=staff, reason=wrong, grounds=MASS)


def test_rounds_begin_anew_when_the_platform_gives_a_case_back(
    make_case: Any, staff: User, merchant: User
) -> None:
    """NEG-50, NEG-52: a round that the platform cut off does not count."""
    case = make_case("second_waiting")
    case.take_over(by=staff, grounds=MASS)
    case.decline(by=staff, reason=reason("DN-07"), grounds=MASS)
    row = stored(case)
    assert (row.status, row.round_number, row.round_state) == (Status.PENDING_MERCHANT, 0, "")
    assert row.due_at is not None
    assert case.refusal("reject", merchant)


def test_what_a_court_handles_is_not_heard(make_case: Any, buyer: User, now: Any) -> None:
    """§1.6."""
    case = make_case("rejected")
    case.record_complaint(by=buyer, channel="court", filed_on=NOON.date())
    with refused(case, "法院已受理这笔纠纷", by=buyer):
        case.ask_platform(by=buyer, reason=WHY)


def test_what_was_sent_is_disputed_by_the_same_rules(
    make_case: Any, buyer: User, staff: User, now: Any
) -> None:
    """T-16b, §1.6: declined once it comes with something new; what a court handles is not heard."""
    case = make_case("shipped_again", type="exchange")
    shot = upload(buyer)
    case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [shot]})
    case.decline(by=staff, reason=reason("DN-06"), grounds=MASS)
    assert case.status == Status.AWAITING_BUYER_RECEIPT

    with refused(case, "这些凭证本单里已经有了，请上传新的", by=buyer):
        case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [shot]})
    case.record_complaint(by=buyer, channel="court", filed_on=NOON.date())
    with refused(case, "法院已受理这笔纠纷", by=buyer):
        case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [upload(buyer)]})


# Before the merchant answered ---------------------------------------------------------------------


@pytest.mark.parametrize(("after", "heard"), [(24 * HOUR - SECOND, False), (24 * HOUR, True)])
def test_a_shop_that_is_to_handle_it_again_has_its_day_too(
    after: timedelta, heard: bool, ruled: Any, buyer: User, now: Any
) -> None:
    """D10, T-20: given back by a ruling, the case was before the platform again at once."""
    Policy.objects.update(allow_early_intervention=True)
    case = ruled("rehandle")
    assert case.status == Status.PENDING_MERCHANT

    now.shift(after)

    assert (case.refusal("ask_platform", buyer) == "") is heard


@pytest.mark.parametrize(
    ("after", "heard"), [(24 * HOUR - SECOND, False), (24 * HOUR, True), (24 * HOUR + SECOND, True)]
)
def test_a_silent_shop_is_passed_over_after_a_day(
    after: timedelta, heard: bool, make_case: Any, buyer: User, now: Any
) -> None:
    """D10, T-17: where the policy allows it, 24 hours after applying, to the second."""
    Policy.objects.update(allow_early_intervention=True)
    case = make_case()
    now.shift(after)
    if not heard:
        with refused(case, "还没到可以申请平台介入的时间", by=buyer) as caught:
            case.ask_platform(by=buyer, reason=WHY)
        assert caught.value.conflict
        return
    case.ask_platform(by=buyer, reason=WHY)
    assert_moved(
        case, "ask_platform", Party.BUYER, Status.PENDING_MERCHANT, Status.PLATFORM_REVIEW, buyer
    )


def test_with_the_switch_off_nobody_passes_the_shop_over(
    make_case: Any, buyer: User, now: Any
) -> None:
    """D10: off as shipped: the shop's own deadline answers."""
    case = make_case()
    now.shift(47 * HOUR)
    with refused(case, "商家还没有处理", by=buyer):
        case.ask_platform(by=buyer, reason=WHY)


# The target of the platform itself ----------------------------------------------------------------


def test_an_overdue_decision_moves_nothing_and_is_marked_for_staff(
    deciding: Callable[..., Case], now: Any, client: Any, staff: User
) -> None:
    """D14: 72 hours, a target: at its second the queue says 逾期, and the case stands."""
    case = deciding()
    asked = Intervention.objects.get()
    client.force_login(staff)
    for at, late in ((-SECOND, 0), (timedelta(), 1), (SECOND, 1)):
        now.move_to(asked.decide_by + at, tick=False)
        assert expire_all() == (0, 0)
        listed = client.get("/admin/aftersales/intervention/?overdue=yes")
        assert listed.context["cl"].result_count == late
    assert stored(case).status == Status.PLATFORM_REVIEW
    assert last(case).step == "close_evidence"


@pytest.mark.parametrize(("hours", "given"), [(None, 24), (24, 24), (36, 36), (72, 72)])
def test_staff_may_give_longer_for_a_supplement(
    hours: int | None, given: int, deciding: Callable[..., Case], staff: User
) -> None:
    """D11: a window row of its own, stamped on the case, and a limit that is one too."""
    case = deciding()
    assert (case.windows["D11s"], case.windows["D11m"]) == (24 * 60, 72 * 60)
    case.ask_supplement(by=staff, of="buyer", what=WHAT, hours=hours)
    assert stored(case).evidence_due_at == stored(case).updated_at + given * HOUR
    assert case.last_supplement.due_at == stored(case).evidence_due_at


@pytest.mark.parametrize("hours", [0, 23, 73])
def test_a_supplement_is_neither_shorter_than_its_window_nor_longer_than_the_limit(
    hours: int, deciding: Callable[..., Case], staff: User
) -> None:
    case = deciding()
    with refused(case, "补充举证的时间需在 24 到 72 小时之间", by=staff) as caught:
        case.ask_supplement(by=staff, of="buyer", what=WHAT, hours=hours)
    assert list(caught.value.errors) == ["hours"]
