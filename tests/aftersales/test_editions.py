"""规则版本: a change of the rules is an edition with a time, a reason and a difference."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales import catalogue, clock
from aftersales.models import (
    Case,
    Edition,
    Plan,
    Policy,
    Reason,
    RejectReason,
    Script,
    StepForm,
    User,
    Window,
)
from aftersales.models.edition import put_in_force
from tests.aftersales.test_admin_catalogue import filled, page, save
from tests.factories import OrderFactory, application_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
SECOND = timedelta(seconds=1)


def url_of(row: Any) -> str:
    return page("change", row._meta.model_name, row.pk)


def change_policy(client: Client, at: Any = None, **changed: Any) -> Any:
    """Change a switch in the admin; in force at once, or from ``at`` on."""
    url = url_of(Policy.objects.get())
    more = {"edition-when": "later", "edition-effective_from": f"{localtime(at):%Y-%m-%d %H:%M:%S}"}
    return save(client, url, filled(client, url, **changed), **(more if at else {}))


def apply(shop: Any, buyer: Any) -> Case:
    order = OrderFactory(shop=shop, buyer=buyer)
    case: Case = Case.apply(order.lines.first(), application_for(order), by=buyer)
    return case


# Publishing ---------------------------------------------------------------------------------------


def test_the_difference_of_a_window_is_told_in_days_too(reviewer: Client) -> None:
    url = url_of(Window.objects.get(clock="D13"))

    shown = reviewer.post(url, filled(reviewer, url, minutes="14400"))

    text = shown.content.decode()
    assert "10080 · 7 天" in text
    assert "14400 · 10 天" in text


def test_saving_shows_the_difference_and_changes_nothing(reviewer: Client) -> None:
    url = url_of(Policy.objects.get())
    answer = reviewer.post(url, filled(reviewer, url, min_rounds="3"))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "驳回前协商轮数" in html
    assert [change["fields"] for change in answer.context["changes"]] == [
        [("驳回前协商轮数", "2", "3")]
    ]
    assert Policy.current().min_rounds == 2
    assert Edition.objects.count() == 1


def test_a_published_change_is_the_next_edition_with_author_and_reason(
    reviewer: Client, staff: User
) -> None:
    before = Edition.in_force(clock.now())
    assert change_policy(reviewer, min_rounds="3").status_code == 302
    edition = Edition.in_force(clock.now())
    assert before is not None
    assert edition is not None
    assert edition.number == before.number + 1
    assert (edition.author, edition.note) == (staff, "按运营要求调整")
    assert edition.effective_from == clock.now()
    assert Policy.current().min_rounds == 3


def test_the_edition_before_stays_readable(reviewer: Client) -> None:
    change_policy(reviewer, min_rounds="3")
    change_policy(reviewer, min_rounds="1")
    told = {
        edition.number: edition.content["policy"]["policy"]["min_rounds"]
        for edition in Edition.objects.all()
    }
    assert told == {1: 2, 2: 3, 3: 1}
    for edition in Edition.objects.all():
        html = reviewer.get(reverse("admin:aftersales_edition_change", args=[edition.pk]))
        assert edition.note in html.content.decode()
    listed = reviewer.get(reverse("admin:aftersales_edition_changelist")).content.decode()
    assert all(number in listed for number in ("v1", "v2", "v3"))


def test_without_a_reason_nothing_is_published_and_nothing_typed_is_lost(reviewer: Client) -> None:
    url = url_of(Policy.objects.get())
    said = filled(reviewer, url, min_rounds="3")
    answer = reviewer.post(url, said | {"publish": "1", "edition-when": "now", "edition-note": " "})
    assert answer.status_code == 422
    assert "请填写修改原因" in answer.content.decode()
    assert ("min_rounds", "3") in answer.context["carried"]
    assert Policy.current().min_rounds == 2


def test_going_back_from_the_difference_shows_the_form_as_it_was_typed(reviewer: Client) -> None:
    url = url_of(Policy.objects.get())
    answer = reviewer.post(url, filled(reviewer, url, min_rounds="3") | {"revise": "1"})
    assert answer.context["adminform"].form["min_rounds"].value() == "3"
    assert Policy.current().min_rounds == 2


def test_saving_a_row_as_it_stands_makes_no_edition(reviewer: Client) -> None:
    row = Reason.objects.get(code="R1")
    assert save(reviewer, url_of(row), filled(reviewer, url_of(row))).status_code == 302
    assert Edition.objects.count() == 1


@pytest.mark.parametrize("late", [timedelta(), -SECOND, timedelta(days=367)])
def test_an_edition_starts_now_or_later_and_within_a_year(
    reviewer: Client, late: timedelta
) -> None:
    assert change_policy(reviewer, clock.now() + late, min_rounds="3").status_code == 422


# When it is in force ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "rounds", "number"), [(SECOND, 2, 1), (timedelta(), 3, 2), (-SECOND, 3, 2)]
)
def test_an_edition_is_in_force_from_its_second_on(
    before: timedelta, rounds: int, number: int, reviewer: Client, shop: Any, buyer: Any, now: Any
) -> None:
    """Whether or not a sweep ran: who applies is judged by what is in force at that second."""
    at = clock.now() + timedelta(hours=6)
    assert change_policy(reviewer, at, min_rounds="3").status_code == 302
    now.move_to(at - before, tick=False)
    case = apply(shop, buyer)
    assert case.policy["min_rounds"] == rounds
    assert case.edition is not None
    assert case.edition.number == number


def test_a_running_clock_is_never_moved(
    reviewer: Client, shop: Any, buyer: Any, make_case: Any
) -> None:
    """§1.4: windows and rules are those in force when the buyer applied."""
    case = apply(shop, buyer)
    due = case.due_at
    window = Window.objects.get(clock="D2", case_type="", starts_on=None)
    save(reviewer, url_of(window), filled(reviewer, url_of(window), minutes="1"))
    assert Window.in_force("refund_received", clock.now())["D2"] == 1
    case.refresh_from_db()
    assert (case.due_at, case.windows["D2"]) == (due, 2880)
    assert case.edition is not None
    assert case.edition.number == 1


def test_two_prepared_side_by_side_do_not_undo_each_other(reviewer: Client, now: Any) -> None:
    """Each changes only what it names; numbers follow the order in which they come into force."""
    first, later = clock.now() + timedelta(days=1), clock.now() + timedelta(days=2)
    change_policy(reviewer, later, min_rounds="1")
    change_policy(reviewer, first, max_images="5")
    now.move_to(later, tick=False)
    assert put_in_force(clock.now()) == 2
    assert put_in_force(clock.now()) == 0
    policy = Policy.current()
    assert (policy.min_rounds, policy.max_images) == (1, 5)
    numbered = Edition.objects.exclude(number=1).order_by("number")
    assert [each.effective_from for each in numbered] == [first, later]


def test_a_waiting_edition_can_be_withdrawn_and_one_in_force_can_not(
    reviewer: Client, now: Any
) -> None:
    at = clock.now() + timedelta(hours=1)
    change_policy(reviewer, at, min_rounds="3")
    edition = Edition.objects.get(number=None)
    withdraw = reverse("admin:withdraw_edition", args=[edition.pk])
    assert "撤回后不会生效" in reviewer.get(withdraw).content.decode()
    edition.refresh_from_db()
    assert edition.withdrawn_at is None
    reviewer.post(withdraw)
    now.move_to(at, tick=False)
    put_in_force(clock.now())
    assert Policy.current().min_rounds == 2
    shipped = Edition.objects.get(number=1)
    assert reviewer.get(reverse("admin:withdraw_edition", args=[shipped.pk])).status_code == 302
    reviewer.post(reverse("admin:withdraw_edition", args=[shipped.pk]))
    shipped.refresh_from_db()
    assert shipped.withdrawn_at is None


# What a case points at ----------------------------------------------------------------------------


def test_an_old_case_keeps_the_text_as_it_was(reviewer: Client, shop: Any, buyer: Any) -> None:
    case = apply(shop, buyer)
    before = case.reason.label_zh
    row = Reason.objects.get(code=case.reason.code)
    save(reviewer, url_of(row), filled(reviewer, url_of(row), label_zh="换了说法"))
    case = Case.objects.get(pk=case.pk)
    assert case.reason.label_zh == before
    assert Reason.objects.get(code=case.reason.code).label_zh == "换了说法"
    assert apply(shop, buyer).reason.label_zh == "换了说法"


def test_what_the_catalogue_names_follows_to_the_new_row(reviewer: Client) -> None:
    """S-61: scripts, step forms and reject reasons offer the new text at once."""
    plan = Plan.objects.get(code="coupon")
    forms = set(StepForm.objects.filter(plans=plan).values_list("pk", flat=True))
    scripts = set(Script.objects.filter(plans=plan).values_list("code", flat=True))
    save(reviewer, url_of(plan), filled(reviewer, url_of(plan), label_zh="送券"))
    new = Plan.objects.get(code="coupon")
    assert new.pk != plan.pk
    assert set(StepForm.objects.filter(plans=new).values_list("pk", flat=True)) == forms
    assert set(Script.objects.filter(plans=new).values_list("code", flat=True)) == scripts
    assert not StepForm.objects.filter(plans=plan.pk).exists()


def test_retiring_a_row_needs_no_new_one(reviewer: Client) -> None:
    row = RejectReason.objects.get(code="RR-01")
    save(reviewer, url_of(row), filled(reviewer, url_of(row), active=""))
    row.refresh_from_db()
    assert (row.active, row.replaced_at) == (False, None)


def test_the_catalogue_as_data_is_written_back_as_it_was() -> None:
    """Every row of every kind, with proofs and forms inside."""
    before = catalogue.content()
    changes = [
        catalogue.Change(kind=kind, key=key, before=None, after=row)
        for kind, rows in before.items()
        for key, row in rows.items()
    ]
    catalogue.write(changes, clock.now())
    assert catalogue.content() == before
