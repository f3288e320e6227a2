"""The sweep: a batch does what one by one would do, in few statements, and one broken row is alone."""

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.enums import Status
from aftersales.models import Case, Event, Fault, Offer, Refund, Round
from aftersales.sweeping import RETRY_AFTER, take_all
from aftersales.tasks import expire_all
from tests.factories import OrderFactory, application_for

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
LONG = 30 * DAY


@pytest.fixture
def all_kinds(make_case: Any, make_desk: Any, now: Any) -> Callable[[], list[Case]]:
    """A case for every clock: pending, waiting, rejected, returning, refused, under review."""

    def make() -> list[Case]:
        return [
            make_case(),
            make_case(type="refund_unshipped"),
            make_case(type="refund_not_received"),
            make_case(type="return_refund"),
            make_case("waiting"),
            make_case("negotiated"),
            make_case("rejected"),
            make_case("agreed", type="return_refund"),
            make_case("sent_back", type="return_refund"),
            make_case("refused_goods", type="return_refund"),
            make_case("under_review"),
        ]

    return make


def left_behind(cases: list[Case]) -> list[Any]:
    """All that the sweep wrote about the cases, without what names a case."""
    seen = []
    for case in cases:
        row = Case.objects.filter(pk=case.pk).values().get()
        for name in ("id", "code", "chain", "order_id", "line_id", "return_tracking", "snapshot"):
            del row[name]
        seen.append(
            (
                row,
                list(
                    Event.objects.filter(case=case)
                    .order_by("version")
                    .values_list("step", "party", "before", "after", "at", "user")
                ),
                [
                    str(each.number.endswith(f"{case.code[2:]}-1")) + str(each.amount) + each.state
                    for each in Refund.objects.filter(case=case)
                ],
                list(Round.objects.filter(case=case).values_list("series", "number", "state")),
                list(Offer.objects.filter(case=case).values_list("plan", "amount", "state")),
                list(case.interventions.values_list("stage")),
            )
        )
    return seen


def one_by_one(cases: list[Case]) -> None:
    for case in cases:
        Case.objects.get(pk=case.pk).catch_up()


def test_a_batch_leaves_what_one_by_one_would_leave(
    all_kinds: Callable[[], list[Case]], now: Any
) -> None:
    """S-20: one road, for one click and for ten thousand cases."""
    first, second = all_kinds(), all_kinds()
    now.shift(LONG)
    one_by_one(first)
    assert expire_all() == (len(second), 0)
    assert left_behind(first) == left_behind(second)
    call_command("verify_history", stdout=io.StringIO())


def test_batches_follow_each_other_until_nothing_is_due(make_case: Any, now: Any) -> None:
    cases = [make_case() for _number in range(5)]
    now.shift(LONG)
    assert expire_all(batch=2) == (5, 0)
    assert expire_all(batch=2) == (0, 0)
    assert {each.status for each in Case.objects.all()} == {Status.REFUNDING}
    assert Refund.objects.count() == len(cases)


def test_two_cases_of_one_order_split_its_ways_between_them(
    make_case: Any, shop: Any, buyer: Any, now: Any
) -> None:
    """S-37: in one batch the second sees what the first has taken."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        lines=[{"paid": Decimal("64.00")}, {"paid": Decimal("64.00")}],
        payments=[("微信支付", Decimal("100.00")), ("礼品卡", Decimal("28.00"))],
    )
    make_case(order=order)
    Case.apply(order.lines.last(), application_for(order, amount=Decimal("64.00")), by=buyer)
    now.shift(2 * DAY)
    assert take_all(Case, 1000, 1) == (2, 0)
    by_route: dict[str, Decimal] = {}
    for refund in Refund.objects.all():
        by_route[refund.route] = by_route.get(refund.route, Decimal()) + refund.amount
    assert by_route == {"微信支付": Decimal("100.00"), "礼品卡": Decimal("28.00")}


def test_a_larger_batch_takes_no_more_statements(make_case: Any, now: Any) -> None:
    """Few statements a batch, however many cases are in it."""

    def statements(count: int) -> int:
        for number in range(count):
            make_case("waiting" if number % 2 else "")
        now.shift(LONG)
        with CaptureQueriesContext(connection) as queries:
            assert take_all(Case, 1000, 1) == (count, 0)
        return len(queries)

    few, many = statements(6), statements(18)
    assert many == few
    assert many <= 25


# Poisoned rows ------------------------------------------------------------------------------------


def poison(case: Case) -> None:
    """Its window is gone: the next clock can't be set."""
    Case.objects.filter(pk=case.pk).update(windows={})


def mend(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(windows=case.windows)


@pytest.fixture
def three(make_case: Any, now: Any) -> list[Case]:
    """Three due cases, the one in the middle broken."""
    cases = [make_case(type="return_refund") for _number in range(3)]
    poison(cases[1])
    now.shift(2 * DAY)
    return cases


def statuses(cases: list[Case]) -> list[str]:
    return [str(Case.objects.get(pk=case.pk).status) for case in cases]


def test_a_broken_row_does_not_stop_the_rest_and_is_seen(three: list[Case]) -> None:
    """One poisoned row does not stop the rest and is visible to staff."""
    assert expire_all() == (2, 1)

    good, bad = str(Status.AWAITING_BUYER_RETURN), str(Status.PENDING_MERCHANT)
    assert statuses(three) == [good, bad, good]
    fault = Fault.objects.get()
    assert (fault.case, fault.sweep, fault.tries) == (three[1], "expire_cases", 1)
    assert fault.error == "KeyError: 'D4'"
    assert three[1].events.count() == 1  # nothing of it was written
    assert not Refund.objects.exists()


@pytest.mark.postgres
def test_what_the_database_is_to_blame_for_is_no_fault_of_the_case(
    make_case: Any, now: Any
) -> None:
    """F22, F25: after a deadlock the next sweep takes it, not one in five minutes; the rest go on."""
    cases = [make_case() for _number in range(3)]
    now.shift(2 * DAY)
    with connection.cursor() as cursor:
        cursor.execute(DEADLOCK % cases[1].pk)
    assert expire_all() == (2, 0)
    assert statuses(cases)[1] == Status.PENDING_MERCHANT
    assert not Fault.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER deadlock ON aftersales_case")
    assert expire_all() == (1, 0)


DEADLOCK = """
CREATE FUNCTION pg_temp.deadlock() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$;
CREATE TRIGGER deadlock BEFORE UPDATE ON aftersales_case FOR EACH ROW WHEN (NEW.id = %s)
    EXECUTE FUNCTION pg_temp.deadlock();
"""


def test_it_is_tried_again_after_a_while_and_not_before(three: list[Case], now: Any) -> None:
    expire_all()
    now.shift(RETRY_AFTER - SECOND)
    assert expire_all() == (0, 0)
    now.shift(SECOND)
    assert expire_all() == (0, 1)
    assert Fault.objects.get().tries == 2


def test_once_mended_it_goes_on_and_the_fault_is_gone(three: list[Case], now: Any) -> None:
    expire_all()
    mend(three[1])
    now.shift(RETRY_AFTER)
    assert expire_all() == (1, 0)
    assert not Fault.objects.exists()
    assert Case.objects.get(pk=three[1].pk).status == Status.AWAITING_BUYER_RETURN


def test_a_row_that_the_database_refuses_is_alone_too(make_case: Any, now: Any) -> None:
    """What breaks only when written: the batch is taken apart, one by one."""
    cases = [make_case() for _number in range(3)]
    Case.objects.filter(pk=cases[1].pk).update(version=0)  # its next link has been taken
    now.shift(2 * DAY)

    assert expire_all() == (2, 1)

    good, bad = str(Status.REFUNDING), str(Status.PENDING_MERCHANT)
    assert statuses(cases) == [good, bad, good]
    assert "IntegrityError" in Fault.objects.get().error
    Case.objects.filter(pk=cases[1].pk).update(version=1)
    now.shift(RETRY_AFTER)
    assert expire_all() == (1, 0)
    assert not Fault.objects.exists()


def test_a_fault_is_gone_also_when_the_rest_were_taken_one_by_one(make_case: Any, now: Any) -> None:
    """Mended in a batch in which another row is refused by the database."""
    mended, broken = make_case(type="return_refund"), make_case()
    poison(mended)
    now.shift(2 * DAY)
    expire_all()
    assert Fault.objects.get().case == mended
    mend(mended)
    later = make_case()
    Case.objects.filter(pk=later.pk).update(version=0)
    now.shift(2 * DAY)

    assert expire_all() == (1, 1)

    assert Fault.objects.get().case == later
    assert statuses([mended, broken]) == [Status.AWAITING_BUYER_RETURN, Status.REFUNDING]


def test_a_person_mends_what_time_could_not(three: list[Case], merchant: Any, now: Any) -> None:
    """Whoever moves the case on also clears its fault."""
    expire_all()
    case = Case.objects.get(pk=three[1].pk)
    mend(three[1])
    case.catch_up()
    now.shift(RETRY_AFTER)
    case.catch_up()
    assert case.status == Status.AWAITING_BUYER_RETURN
    assert not Fault.objects.exists()


def test_a_row_with_nothing_to_do_is_not_looked_at_for_ever(make_case: Any, now: Any) -> None:
    """A wake-up that was put too early is put right, so that it can't block the queue."""
    case = make_case()
    Case.objects.filter(pk=case.pk).update(wake_at=case.applied_at)
    now.shift(HOUR)
    assert expire_all(batch=1) == (1, 0)
    assert Case.objects.get(pk=case.pk).wake_at == case.due_at
    assert expire_all(batch=1) == (0, 0)


# The command --------------------------------------------------------------------------------------


def test_a_dry_run_lists_and_changes_nothing(make_case: Any, now: Any) -> None:
    case, waiting, fresh = make_case(), make_case("waiting"), None
    now.shift(2 * DAY)
    fresh = make_case()
    before = list(Case.objects.order_by("pk").values())
    out = io.StringIO()

    call_command("expire_cases", "--dry-run", stdout=out)

    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == [waiting.code, case.code]
    assert lines[1].endswith("->  agree_by_default")
    assert lines[0].endswith("->  stop_waiting, agree_by_default")
    assert fresh.code not in out.getvalue()
    assert list(Case.objects.order_by("pk").values()) == before


def test_the_command_does_what_beat_does(make_case: Any, now: Any) -> None:
    case = make_case()
    now.shift(2 * DAY)
    out = io.StringIO()
    call_command("expire_cases", stdout=out)
    assert out.getvalue().strip() == "1 cases moved, 0 set aside"
    assert Case.objects.get(pk=case.pk).status == Status.REFUNDING
