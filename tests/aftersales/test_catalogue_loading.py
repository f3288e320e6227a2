"""Loading the catalogue: idempotent, kind to staff's edits, whole on a reset; and what it refuses."""

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command

from aftersales import catalogue
from aftersales.models import (
    Agreement,
    Case,
    Edition,
    Policy,
    Proof,
    Reason,
    Risk,
    Script,
    StepForm,
    Window,
)

pytestmark = pytest.mark.django_db


def step_form(scenario: str, step: str) -> StepForm:
    return StepForm.objects.get(scenario__code=scenario, step=step)


# Loading ------------------------------------------------------------------------------------------


def everything() -> dict[str, list[Any]]:
    """Every row of the catalogue, with what its lists refer to."""
    found = {}
    for model in (Window, Agreement, Policy, Proof, StepForm, *map(model_of, catalogue.KINDS)):
        lists = [field.name for field in model._meta.many_to_many]
        found[model.__name__] = [
            (values, [sorted(getattr(row, name).values_list("pk", flat=True)) for name in lists])
            for row, values in zip(
                model._default_manager.order_by("pk"),
                model._default_manager.order_by("pk").values(),
                strict=True,
            )
        ]
    return found


def model_of(kind: str) -> Any:
    return apps.get_model("aftersales", catalogue.KINDS[kind])


def test_loading_twice_changes_nothing() -> None:
    before = everything()
    assert not any(catalogue.load().values())
    assert everything() == before


def edit_by_staff() -> None:
    Window.objects.filter(clock="D15").update(minutes=30)
    Script.objects.filter(code="SC-01").update(text_zh="您好", active=False)
    Risk.objects.filter(code="RW-02").update(threshold=96)
    Script.objects.get(code="SC-01").reasons.set(Reason.objects.filter(code="R1"))
    Reason.objects.get(code="R1").proofs.filter(code="whole").delete()
    step_form("unshipped", "round_1").plans.clear()


def test_staffs_edits_survive_a_second_load() -> None:
    edit_by_staff()
    before = everything()
    catalogue.load()
    assert everything() == before


def test_what_went_missing_comes_back() -> None:
    Risk.objects.filter(code="RW-20").delete()
    step_form("unshipped", "reject").delete()
    made = catalogue.load()
    assert {kind for kind, count in made.items() if count} == {"risk", "scenario"}
    assert step_form("unshipped", "reject").scripts.get().code == "SC-24"


def test_a_reset_restores_every_shipped_value(capsys: pytest.CaptureFixture[str]) -> None:
    edit_by_staff()
    call_command("load_catalogue", reset=True)
    assert "v2: window D15, reason R1, script SC-01, risk RW-02" in capsys.readouterr().out
    assert Window.objects.get(clock="D15").minutes == 60
    script = Script.objects.get(code="SC-01")
    assert script.active
    assert script.text_zh.startswith("您好，我是{shop}")
    assert not script.reasons.exists()
    assert Risk.objects.get(code="RW-02").threshold == 72
    assert [proof.code for proof in Reason.objects.get(code="R1").proofs.all()] == [
        "close",
        "whole",
        "label",
    ]
    assert step_form("unshipped", "round_1").plans.exists()


def test_a_reset_is_an_edition_and_an_old_case_keeps_its_words(make_case: Any) -> None:
    """Rules are editions: the difference is kept, and the row that a case points at stays."""
    Reason.objects.filter(code="R1").update(label_zh="有裂纹")
    old = make_case(reason="R1")

    call_command("load_catalogue", reset=True)

    edition = Edition.objects.get(note="恢复出厂规则")
    [change] = edition.changes
    assert (change["kind"], change["key"]) == ("reason", "R1")
    assert change["before"]["label_zh"] == "有裂纹"
    assert edition.content["reason"]["R1"] == change["after"] == catalogue.content()["reason"]["R1"]
    assert Case.objects.get(pk=old.pk).reason.label_zh == "有裂纹"
    fresh = Reason.objects.get(code="R1")
    assert fresh.pk != old.reason_id
    assert fresh.label_zh != "有裂纹"


def test_a_reset_of_what_is_as_shipped_publishes_nothing() -> None:
    before = Edition.objects.count()
    call_command("load_catalogue", reset=True)
    assert Edition.objects.count() == before
    assert catalogue.restored() == []


def test_a_reset_leaves_what_staff_added_and_what_buyers_agreed_to() -> None:
    Agreement.objects.update(text_zh="改过的协议")
    Window.objects.create(clock="D15", minutes=90, starts_on="2027-02-10", ends_on="2027-02-20")
    Script.objects.create(code="SC-99", text_zh="您好", text_en="Hello")
    call_command("load_catalogue", reset=True)
    assert set(Agreement.objects.values_list("text_zh", flat=True)) == {"改过的协议"}
    assert Window.objects.filter(clock="D15", minutes=90).exists()
    assert Script.objects.filter(code="SC-99").exists()


def test_a_row_that_refers_to_nothing_stops_the_whole_load(monkeypatch: Any) -> None:
    shipped = catalogue.read

    def read(kind: str) -> list[dict[str, Any]]:
        rows = shipped(kind)
        return [row | {"blocks": ["RR-99"]} for row in rows] if kind == "risk" else rows

    monkeypatch.setattr(catalogue, "read", read)
    Risk.objects.filter(code="RW-01").delete()
    before = everything()
    with pytest.raises(ValueError, match="RW-01: no blocks RR-99"):
        catalogue.load()
    assert everything() == before


# Wording on the row -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("加微信 abc", "话术不能包含电话、微信或外部链接：「微信」"),
        ("打 138 1234 5678", "话术不能包含电话、微信或外部链接：「138 1234 5678」"),
        ("{phone} 联系", "不认识的变量：phone"),
        ("字" * 401, "400"),
    ],
)
def test_neg_13_a_script_that_may_not_be_sent_is_not_kept(text: str, told: str) -> None:
    script = Script.objects.get(code="SC-01")
    script.text_zh = text
    with pytest.raises(ValidationError) as refused:
        script.full_clean()
    assert told in refused.value.message_dict["text_zh"][0]
    script.full_clean(exclude=["text_zh"])
