"""协商记录: events are only added, and each is chained to the one before it."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from aftersales import clock
from aftersales.models import Case, Event
from aftersales.models.history import GENESIS


@pytest.fixture
def tampering(db: Any) -> Any:
    """Somebody with the rights of the database's owner: the trigger is off."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE aftersales_event DISABLE TRIGGER USER")


def verify(case: Case | None = None) -> str:
    """What the command says; CommandError where a link is broken."""
    lines: list[str] = []

    class Out:
        def write(self, text: str) -> None:
            lines.append(text)

    call_command("verify_history", *(["--case", case.code] if case else []), stdout=Out())
    return "".join(lines).strip()


def test_a_chain_grown_by_real_steps_is_whole(make_case: Any) -> None:
    """Every kind of row the steps write, read back from the database."""
    for trait, kind in (
        ("rejected", "refund_received"),
        ("refused_goods", "return_refund"),
        ("under_review", "refund_received"),
        ("", "refund_unshipped"),
    ):
        make_case(trait, type=kind)
    links = Event.objects.count()
    assert verify() == f"4 cases, {links} links, all whole"


def test_each_event_holds_on_to_the_one_before(make_case: Any) -> None:
    case = make_case("negotiated")
    previous = GENESIS
    for number, event in enumerate(Event.objects.filter(case=case).order_by("version"), start=1):
        assert event.version == number
        assert event.digest(previous) == event.hash
        previous = event.hash
    case.refresh_from_db()
    assert (case.chain, case.version) == (previous, number)


CHANGES: list[dict[str, Any]] = [
    {"details": {"amount": "1.00"}},
    {"after": "refunded"},
    {"before": "rejected"},
    {"party": "clock"},
    {"step": "agree"},
    {"user_id": None},
    {"hash": "0" * 64},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(each)) for each in CHANGES])
@pytest.mark.usefixtures("tampering")
def test_a_changed_link_is_named(change: dict[str, Any], make_case: Any) -> None:
    """The first broken link, and no other."""
    case = make_case("negotiated")
    Event.objects.filter(case=case, version=3).update(**change)
    with pytest.raises(CommandError, match=rf"^{case.code}: link 3 \(\w+\) was changed$"):
        verify()


@pytest.mark.usefixtures("tampering")
def test_a_link_moved_in_time_is_named(make_case: Any) -> None:
    case = make_case("negotiated")
    event = Event.objects.get(case=case, version=2)
    Event.objects.filter(pk=event.pk).update(at=event.at.replace(microsecond=1))
    with pytest.raises(CommandError, match=f"{case.code}: link 2"):
        verify(case)


@pytest.mark.usefixtures("tampering")
def test_a_missing_link_is_named(make_case: Any) -> None:
    case = make_case("negotiated")
    Event.objects.filter(case=case, version=2).delete()
    with pytest.raises(CommandError, match=f"{case.code}: link 2 is missing"):
        verify(case)


@pytest.mark.usefixtures("tampering")
def test_a_chain_cut_short_is_named(make_case: Any) -> None:
    """Also where the last links are gone and all that is left is whole."""
    case = make_case("negotiated")
    Event.objects.filter(case=case, version__gte=4).delete()
    with pytest.raises(
        CommandError, match=rf"{case.code}: the chain ends at 3, not at {case.version}"
    ):
        verify()


@pytest.mark.usefixtures("tampering")
def test_a_link_forged_with_its_own_hash_breaks_the_next(make_case: Any) -> None:
    case = make_case("negotiated")
    second, third = Event.objects.filter(case=case, version__in=[2, 3]).order_by("version")
    previous = Event.objects.get(case=case, version=1).hash
    second.details = {"forged": True}
    Event.objects.filter(pk=second.pk).update(details=second.details, hash=second.digest(previous))
    with pytest.raises(CommandError, match=f"{case.code}: link {third.version}"):
        verify()


@pytest.mark.usefixtures("tampering")
def test_one_case_is_verified_alone(make_case: Any) -> None:
    broken, whole = make_case(), make_case()
    Event.objects.filter(case=broken).update(details={})
    assert verify(whole).startswith("1 cases")
    with pytest.raises(CommandError, match="no case NOTHING"):
        call_command("verify_history", "--case", "NOTHING")


def test_a_step_taken_while_it_looks_is_no_break(make_desk: Any) -> None:
    """On a house at work the case is read before its links are."""
    desk = make_desk()
    came = []

    def meanwhile(execute: Any, sql: str, *given: Any) -> Any:
        if 'FROM "aftersales_event"' in sql and not came:
            came.append(sql)
            desk.case.agree(by=desk.merchant)
        return execute(sql, *given)

    with connection.execute_wrapper(meanwhile):
        said = verify()

    assert (len(came), desk.case.version) == (1, 2)
    assert said == "1 cases, 2 links, all whole"


def test_many_cases_are_read_in_few_queries(
    make_case: Any, django_assert_max_num_queries: Any
) -> None:
    for _number in range(5):
        make_case()
    with django_assert_max_num_queries(3):
        assert verify() == "5 cases, 5 links, all whole"


# The database's own refusal -----------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.parametrize(
    "change",
    [*CHANGES, {"at": None}, {"key": "forged"}, {"version": 9}, {"case_id": 1}],
    ids=lambda change: next(iter(change)),
)
def test_the_database_refuses_to_change_an_event(change: dict[str, Any], make_case: Any) -> None:
    """PostgreSQL: whoever holds a shell, by ORM or by SQL."""
    event = make_case().events.get()
    if "at" in change:
        change = {"at": clock.now()}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(**change)
    assert verify()


@pytest.mark.postgres
def test_the_database_refuses_to_delete_an_event(make_case: Any) -> None:
    event = make_case().events.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.all().delete()
    assert Event.objects.filter(pk=event.pk).exists()


@pytest.mark.postgres
def test_that_an_event_was_delivered_may_be_noted(make_case: Any) -> None:
    event = make_case().events.get()
    Event.objects.filter(pk=event.pk).update(delivered_at=clock.now())
    event.refresh_from_db()
    assert event.delivered_at == clock.now()
