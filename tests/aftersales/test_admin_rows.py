"""How many rows a form of the admin makes is never what a forged request says (ASVS 2.2.1)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.forms import BaseFormSet
from django.test import Client, RequestFactory
from django.urls import reverse

from aftersales.admin.looking import FEW
from aftersales.enums import WizardStep
from aftersales.models import User

pytestmark = pytest.mark.django_db

FORGED = "999999"
MOST = 200  # as many as a list shows at once


def page(verb: str, name: str) -> str:
    return reverse(f"admin:aftersales_{name}_{verb}")


def test_a_list_that_is_said_to_be_longer_is_refused_with_a_sentence(admin_client: Client) -> None:
    url = page("changelist", "channel")
    formset = admin_client.get(url).context["cl"].formset
    said = {bound.html_name: bound.value() for bound in formset.management_form}
    for form in formset.forms:
        said |= {bound.html_name: bound.value() or "" for bound in form}
    said |= {"form-0-position": "77", "form-TOTAL_FORMS": FORGED, "_save": "1"}
    answer = admin_client.post(url, said)
    again = answer.context["cl"].formset
    assert len(again.forms) <= MOST
    assert str(again.non_form_errors()[0]) in answer.text
    assert 'value="77"' in answer.text  # nothing typed is lost


def test_a_scenario_has_as_many_steps_as_the_tool(admin_client: Client) -> None:
    url = page("add", "scenario")
    said = {"forms-TOTAL_FORMS": FORGED, "forms-INITIAL_FORMS": "0", "label_zh": "破损"}
    answer = admin_client.post(url, said)
    [formset] = [each.formset for each in answer.context["inline_admin_formsets"]]
    assert len(formset.forms) <= len(WizardStep)
    assert str(formset.non_form_errors()[0]) in answer.text
    assert 'value="破损"' in answer.text


def test_no_form_of_the_admin_makes_more_rows_than_a_page_shows(admin_user: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    made = list(formsets(request))
    assert len(made) > 5
    assert [each for each, most in made if each.absolute_max > most] == []


def formsets(request: Any) -> Iterator[tuple[type[BaseFormSet], int]]:
    """Each with the most that it may make; rows under a form cost more than those of a list."""
    for model_admin in site._registry.values():
        if getattr(model_admin, "list_editable", None):
            yield model_admin.get_changelist_formset(request), MOST
        for inline in model_admin.get_inline_instances(request):
            if inline.has_change_permission(request):
                yield inline.get_formset(request), FEW
