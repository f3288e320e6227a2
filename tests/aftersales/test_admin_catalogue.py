"""Staff keep the catalogue in the admin: rows are edited and retired, never deleted (§3)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.forms import ModelForm
from django.test import Client, RequestFactory
from django.urls import reverse

from aftersales import clock
from aftersales.admin import catalogue as admin_catalogue
from aftersales.models import (
    Agreement,
    Case,
    Outcome,
    Policy,
    Reason,
    RejectReason,
    Risk,
    Scenario,
    Script,
    User,
    Window,
)
from aftersales.rules import facts

pytestmark = pytest.mark.django_db

KINDS = ["reason", "plan", "script", "outcome", "rejectreason", "risk", "scenario", "window"]
KINDS += ["policy", "agreement"]


def kind_of(name: str) -> Any:
    return next(model for model in site._registry if model._meta.model_name == name)


def page(verb: str, name: str, *args: Any) -> str:
    return reverse(f"admin:aftersales_{name}_{verb}", args=args)


def filled(client: Client, url: str, **changed: Any) -> dict[str, Any]:
    """What the form of a page would send, as it stands, with some of it changed."""
    context = client.get(url).context
    said: dict[str, Any] = {}
    formsets = [each.formset for each in context["inline_admin_formsets"]]
    managed = [formset.management_form for formset in formsets]
    forms: list[Any] = [context["adminform"].form, *managed]
    forms += [form for formset in formsets for form in formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                said[bound.html_name] = value
    return said | changed


def save(client: Client, url: str, said: dict[str, Any], **more: str) -> Any:
    """Save a form and publish the difference that is shown."""
    answer = client.post(url, said)
    if answer.status_code == 200 and "changes" in answer.context:
        publish = {"publish": "1", "edition-when": "now", "edition-note": "按运营要求调整"}
        answer = client.post(url, said | publish | more)
    return answer


def errors(client: Client, url: str, said: dict[str, Any]) -> dict[str, Any]:
    answer = save(client, url, said)
    if answer.status_code == 302:
        return {}
    form: ModelForm = answer.context["adminform"].form
    return dict(form.errors)


# Every kind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_a_reviewer_lists_opens_and_saves_every_kind(reviewer: Client, name: str) -> None:
    """Saving a row as it stands changes nothing: no field loses what it holds."""
    assert reviewer.get(page("changelist", name)).status_code == 200
    rows = kind_of(name)._default_manager
    shapes = {tuple(map(bool, row.values())): row["id"] for row in rows.values()}  # what is empty
    for row in rows.filter(pk__in=shapes.values()):
        before = type(row)._default_manager.filter(pk=row.pk).values().get()
        proofs = list(row.proofs.values()) if hasattr(row, "proofs") else []
        url = page("change", name, row.pk)
        assert errors(reviewer, url, filled(reviewer, url)) == {}, row
        assert type(row)._default_manager.filter(pk=row.pk).values().get() == before
        assert proofs == (list(row.proofs.values()) if hasattr(row, "proofs") else [])


@pytest.mark.parametrize("name", KINDS)
def test_nobody_deletes_a_row_of_the_catalogue(root: Client, name: str) -> None:
    """Not even a superuser: it is retired by 启用."""
    row = kind_of(name)._default_manager.first()
    assert root.post(page("delete", name, row.pk), {"post": "yes"}).status_code == 403
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", ["plan", "risk"])
def test_what_code_knows_by_its_code_gets_no_new_rows(root: Client, name: str) -> None:
    assert root.get(page("add", name)).status_code == 403


@pytest.mark.parametrize("name", ["reason", "script", "rejectreason"])
def test_a_code_never_changes(reviewer: Client, name: str) -> None:
    row = kind_of(name)._default_manager.first()
    url = page("change", name, row.pk)
    errors(reviewer, url, filled(reviewer, url, code="XX-1"))
    row.refresh_from_db()
    assert row.code != "XX-1"


def test_every_condition_has_a_name_staff_can_read() -> None:
    assert set(admin_catalogue.CONDITIONS) == set(facts.WHEN)


def test_a_row_is_retired_in_the_list(reviewer: Client) -> None:
    rows = list(Script.objects.all())
    said: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        said |= {f"form-{number}-id": row.pk, f"form-{number}-position": row.position}
        if row.code != "SC-02":
            said[f"form-{number}-active"] = "on"
    assert save(reviewer, page("changelist", "script"), said | {"_save": "1"}).status_code == 302
    assert [row.code for row in Script.objects.filter(active=False)] == ["SC-02"]


# Wording, lists and conditions --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [("加微信 abc", "「微信」"), ("{phone}", "phone"), ("字" * 401, "400")],
)
def test_neg_13_a_script_that_may_not_be_sent_is_refused(
    reviewer: Client, text: str, told: str
) -> None:
    script = Script.objects.get(code="SC-01")
    url = page("change", "script", script.pk)
    assert told in str(errors(reviewer, url, filled(reviewer, url, text_zh=text))["text_zh"])
    script.refresh_from_db()
    assert script.text_zh != text


def test_the_points_to_answer_are_as_many_in_both_languages(reviewer: Client) -> None:
    """NEG-47: a point is answered by its number."""
    row = RejectReason.objects.get(code="RR-01")
    url = page("change", "rejectreason", row.pk)
    three = {"must_answer_zh": "一\n二\n三"}
    assert "must_answer_en" in errors(reviewer, url, filled(reviewer, url, **three))
    both = three | {"must_answer_en": "one\ntwo\n\n three "}
    assert errors(reviewer, url, filled(reviewer, url, **both)) == {}
    row = RejectReason.objects.get(code="RR-01")
    assert row.must_answer_en == ["one", "two", "three"]


def test_a_type_that_comes_later_is_not_lost_by_saving(reviewer: Client) -> None:
    row = RejectReason.objects.get(code="RR-16")
    url = page("change", "rejectreason", row.pk)
    assert errors(reviewer, url, filled(reviewer, url, label_zh="价差不成立")) == {}
    row = RejectReason.objects.get(code="RR-16")
    assert (row.label_zh, row.types) == ("价差不成立", ["price_difference"])


def test_a_slot_may_be_narrowed_to_known_reasons(reviewer: Client) -> None:
    outcome = Outcome.objects.get(code="evidence_quality")
    url = page("change", "outcome", outcome.pk)
    name = "proofs-0-for_buyer_reasons"
    answer = reviewer.post(url, filled(reviewer, url, **{name: "R1、R99"}))
    assert "没有这个买家原因：R99" in answer.content.decode()
    assert save(reviewer, url, filled(reviewer, url, **{name: "r1，R2"})).status_code == 302
    first = Outcome.objects.get(code="evidence_quality").proofs.first()
    assert first is not None
    assert first.for_buyer_reasons == ["R1", "R2"]


def test_two_slots_of_a_row_do_not_share_a_code(reviewer: Client) -> None:
    reason = Reason.objects.get(code="R1")
    url = page("change", "reason", reason.pk)
    answer = reviewer.post(url, filled(reviewer, url, **{"proofs-1-code": "close"}))
    assert "凭证要求的代码不能重复" in answer.content.decode()


# Windows ------------------------------------------------------------------------------------------


def window_page(code: str) -> str:
    return page("change", "window", Window.objects.get(clock=code, starts_on=None).pk)


def test_the_standing_window_changes_only_its_length(reviewer: Client) -> None:
    """The clocks of §1.4 always have a row to fall back on."""
    url = window_page("D2")
    said = filled(reviewer, url, minutes=60, starts_on="2026-12-01", case_type="return_refund")
    assert errors(reviewer, url, said) == {}
    window = Window.objects.get(clock="D2")
    assert (window.minutes, window.starts_on, window.case_type) == (60, None, "")


@pytest.mark.parametrize(
    ("minutes", "fits"), [(14, False), (15, True), (1440, True), (1441, False)]
)
def test_d15_lasts_from_15_minutes_to_24_hours(reviewer: Client, minutes: int, fits: bool) -> None:
    url = window_page("D15")
    found = errors(reviewer, url, filled(reviewer, url, minutes=minutes))
    assert ("minutes" in found) is not fits


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"starts_on": "2027-02-01", "ends_on": "2027-02-10"}, ""),
        ({}, "已有一行"),
        ({"ends_on": "2027-02-10"}, "请填写起日"),
        ({"starts_on": "2027-02-10", "ends_on": "2027-02-01"}, "止日不能早于起日"),
        ({"starts_on": "2027-01-20"}, "已有一行"),
        ({"case_type": "return_refund"}, ""),
        ({"phase": "aftersale"}, ""),
        ({"category": "水果生鲜"}, ""),
    ],
    ids=[
        *("holiday", "twice", "no start", "backwards", "overlapping", "one type"),
        *("one phase", "one category"),
    ],
)
def test_a_window_for_a_while_stands_beside_the_standing_one(
    reviewer: Client, given: dict[str, str], told: str
) -> None:
    """§1.4: long holidays have rows of their own, and never two at a time."""
    Window.objects.create(
        clock="D3", minutes=1, starts_on=date(2027, 1, 25), ends_on=date(2027, 1, 31)
    )
    said = {"clock": "D3", "case_type": "", "minutes": 5760, "starts_on": "", "ends_on": ""}
    found = str(errors(reviewer, page("add", "window"), said | given))
    assert told in found
    assert (found == "{}") is (told == "")


@pytest.mark.parametrize(
    ("code", "counts"),
    [("D2", True), ("D15", True), ("D16", False), ("D11m", False), ("spoiled", False)],
)
def test_working_hours_are_given_only_to_what_counts_them(
    reviewer: Client, code: str, counts: bool
) -> None:
    """D16, R11, §1.4: on the others they were stored and meant nothing."""
    url = window_page(code)
    hours = {"works_from": "10:00", "works_until": "18:00"}
    found = errors(reviewer, url, filled(reviewer, url, **hours))
    assert ("这个时限只按自然时间计算" in str(found)) is not counts
    assert Window.objects.get(clock=code).hours == ("10:00-18:00" if counts else "")


def test_a_dated_window_is_the_one_in_force(reviewer: Client, now: Any) -> None:
    today = clock.now().date()
    said = {"clock": "D3", "case_type": "", "minutes": 5760, "starts_on": str(today)}
    said["ends_on"] = str(today + timedelta(days=7))
    assert errors(reviewer, page("add", "window"), said) == {}
    assert Window.in_force("return_refund", clock.now())["D3"] == 5760


# The agreement and the rules ----------------------------------------------------------------------


def test_an_agreement_that_was_accepted_stays_as_it_was_read(
    reviewer: Client, make_case: Callable[..., Case]
) -> None:
    """S-11, G9."""
    agreement = Agreement.objects.get(version="2026-11")
    url = page("change", "agreement", agreement.pk)
    assert errors(reviewer, url, filled(reviewer, url, text_zh="改前")) == {}
    make_case("")
    errors(reviewer, url, filled(reviewer, url, text_zh="改后"))
    agreement.refresh_from_db()
    assert agreement.text_zh == "改前"


def test_the_rules_are_one_row_and_name_an_agreement_that_exists(root: Client) -> None:
    assert root.get(page("add", "policy")).status_code == 403
    url = page("change", "policy", Policy.objects.get().pk)
    said = filled(root, url, agreement_version="2030-01")
    assert "agreement_version" in errors(root, url, said)


def test_a_risk_is_not_switched_off_by_a_tick_in_a_list() -> None:
    shown = site._registry[Risk].get_changelist_instance
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True)
    assert "active" not in shown(request).list_editable
    assert "active" in site._registry[Scenario].get_changelist_instance(request).list_editable
