"""The shipped catalogue is whole, in both languages, and what it offers goes together."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

from aftersales import catalogue
from aftersales.enums import Burden, CaseType, Clock, Freight, GoodsState, Severity, WizardStep
from aftersales.models import (
    Agreement,
    Policy,
    Proof,
    Reason,
    RejectReason,
    Risk,
    Scenario,
    Script,
    StepForm,
    Window,
)
from aftersales.rules import facts, plans, risks

pytestmark = pytest.mark.django_db

HOUR, DAY = 60, 24 * 60
MINUTES = {
    "D1": 48 * HOUR,
    "D2": 48 * HOUR,
    "spoiled": 48 * HOUR,
    "D3": 48 * HOUR,
    "D4": 7 * DAY,
    "D5": 10 * DAY,
    "D6": 7 * DAY,
    "D7": 10 * DAY,
    "D7s": 7 * DAY,
    "D10": 24 * HOUR,
    "D8": 72 * HOUR,
    "D8r": 30 * DAY,
    "D9": 15 * DAY,
    "D9s": 7 * DAY,
    "D11": 48 * HOUR,
    "D11s": 24 * HOUR,
    "D11m": 72 * HOUR,
    "D12": 24 * HOUR,
    "D13": 7 * DAY,
    "D14": 72 * HOUR,
    "D15": 60,
    "D16": 30 * DAY,
    "D17": 7 * DAY,
    "D18": 15 * DAY,
    "service": 48 * HOUR,
    "request": 24 * HOUR,
    "D19": 90 * DAY,
    "price": 30 * DAY,
    "call": 72 * HOUR,
    "grace": 7 * DAY,
    "restored": 24 * HOUR,
}
U, N = (f"U{n}" for n in range(1, 6)), ("N1", "N2", "N3", "N4", "N4D", "N5")
REASONS = [*U, *N, *(f"R{n}" for n in range(1, 21))]
SCRIPTS = [f"SC-{n:02}" for n in range(1, 25)]
EDITABLE = {f"SC-{n:02}" for n in (1, 2, 3, 5, 6, 7, 18, 23)}
REJECT_REASONS = [f"RR-{n:02}" for n in range(1, 18)]
RISKS = [f"RW-{n:02}" for n in range(1, 21)]
SEVERITY = {
    Severity.BLOCK: {"RW-06", "RW-08", "RW-18"},
    Severity.INFO: {"RW-13", "RW-14", "RW-15", "RW-16", "RW-17", "RW-19"},
}
THRESHOLDS = {"RW-02": 72, "RW-03": 24, "RW-13": 3, "RW-14": 30, "RW-15": 3}
BLOCKS = {"RW-01": ["RR-10"], "RW-09": ["RR-11"], "RW-10": ["RR-11"]}
PLANS = [
    "partial_refund",
    "full_refund_no_return",
    "return_refund",
    "return_freight_covered",
    "exchange",
    "resend",
    "repair",
    "intercept_refund",
    "wait_until",
    "coupon",
    "invite_evidence",
    "freight_compensation",
    "price_difference",
]
# The proofs that round 2 demands for each result of round 1 (§2.4).
OUTCOMES = {
    "amount": [],
    "evidence_missing": ["packing"],
    "evidence_described": ["detail", "shipped"],
    "evidence_quality": ["detail", "shipped"],
    "in_transit": [],
    "agreed": ["chat"],
    "signed_not_received": ["carrier"],
    "return_in_transit": ["return_trace"],
    "goods_not_ok": ["inspection", "label"],
}
SCENARIOS = [
    "goods_back",
    "unshipped",
    "logistics_refund",
    "goods_return",
    "goods_refund",
    "goods_exchange",
    "missing_resend",
    "price",
]
STEPS = [(scenario, str(step)) for scenario in SCENARIOS for step in WizardStep]
CODES = {
    "plan": PLANS,
    "reason": REASONS,
    "script": SCRIPTS,
    "outcome": [*OUTCOMES],
    "reject_reason": REJECT_REASONS,
    "risk": RISKS,
    "scenario": SCENARIOS,
}
ROWS = [(kind, code) for kind, codes in CODES.items() for code in codes]


def row_of(kind: str, code: str) -> Any:
    return apps.get_model("aftersales", catalogue.KINDS[kind])._default_manager.get(code=code)


def step_form(scenario: str, step: str) -> StepForm:
    return StepForm.objects.get(scenario__code=scenario, step=step)


def texts(row: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every field that there is in both languages, with both."""
    for field in row._meta.concrete_fields:
        if field.name.endswith("_zh") and hasattr(row, f"{field.name[:-3]}_en"):
            name = field.name[:-3]
            yield name, getattr(row, f"{name}_zh"), getattr(row, f"{name}_en")


def has_chinese(text: str) -> bool:
    return any("\u4e00" <= each <= "\u9fff" for each in text)


# Complete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CODES)
def test_the_catalogue_ships_exactly_the_rows_of_the_reference(kind: str) -> None:
    assert [row["code"] for row in catalogue.read(kind)] == CODES[kind]


@pytest.mark.parametrize(("kind", "code"), ROWS)
def test_a_row_speaks_both_languages_in_full(kind: str, code: str) -> None:
    row = row_of(kind, code)
    row.full_clean()
    for each in [row, *(row.proofs.all() if hasattr(row, "proofs") else [])]:
        for name, zh, en in texts(each):
            assert bool(zh) == bool(en), name
            if isinstance(zh, list):
                assert len(zh) == len(en), name
                continue
            assert not zh or has_chinese(zh), name
            assert not has_chinese(en), name
    with translation.override("en"):
        assert row.label == row.label_en


@pytest.mark.parametrize("clock", MINUTES)
def test_a_window_has_its_shipped_length(clock: str) -> None:
    assert Window.objects.get(clock=clock).minutes == MINUTES[clock]


def test_there_is_a_window_for_every_clock() -> None:
    assert set(MINUTES) == {str(clock) for clock in Clock}


def test_the_agreement_in_force_is_there_in_both_languages() -> None:
    """S-11, G9."""
    agreement = Agreement.objects.get(version=Policy.current().agreement_version)
    assert len(agreement.text_zh.splitlines()) == len(agreement.text_en.splitlines()) == 8
    assert has_chinese(agreement.text_zh)
    assert not has_chinese(agreement.text_en)


# Each kind ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_names_known_types_and_guides_every_shot(code: str) -> None:
    """G7, G8, S-09."""
    reason = Reason.objects.get(code=code)
    assert set(reason.types) <= {str(kind) for kind in CaseType}
    assert set(reason.goods_states) <= {str(state) for state in GoodsState}
    assert reason.types
    for proof in reason.proofs.all():
        assert proof.label_zh
        assert proof.label_en
        assert proof.hint_zh
        assert proof.hint_en
        assert 1 <= proof.most <= 3
    if reason.no_reason:
        assert (reason.freight, reason.quality) == (Freight.BUYER, False)


@pytest.mark.parametrize(
    ("code", "shots"),
    {
        "N5": ["parcel", "label", "weight"],
        "R1": ["close", "whole"],
        "R7": ["goods", "box", "label"],
        "R8": ["all", "label"],
        "R4": ["ruler"],
    }.items(),
)
def test_a_reason_demands_its_shots(code: str, shots: list[str]) -> None:
    """G8."""
    required = Proof.objects.filter(reason__code=code, required=True)
    assert [proof.code for proof in required] == shots


def test_reasons_say_what_is_quality_what_must_be_written_and_who_proves() -> None:
    rows = {row.code: row for row in Reason.objects.all()}
    quality = {"N4D", *(f"R{n}" for n in (*range(1, 8), *range(9, 13), 18))}
    assert {code for code, row in rows.items() if row.quality} == quality
    assert {code for code, row in rows.items() if row.no_reason} == {"R13", "R14"}
    least = {code: row.min_text for code, row in rows.items() if row.min_text}
    assert least == {"R2": 10, "R10": 10, "R16": 10, "R18": 10, "R20": 10}
    buyer_first = {"N4D", "R1", "R3", "R4", "R6", "R11", "R12", "R17", "R20"}
    found = {code for code, row in rows.items() if row.burden == Burden.BUYER_FIRST}
    assert found == buyer_first
    assert {code for code, row in rows.items() if row.burden == Burden.DURABLE} == {"R18"}


@pytest.mark.parametrize("code", SCRIPTS)
def test_a_script_is_editable_only_as_the_reference_says(code: str) -> None:
    """NEG-13."""
    script = Script.objects.get(code=code)
    assert script.active
    assert script.editable == (code in EDITABLE)
    assert len(script.text_zh) <= 400


@pytest.mark.parametrize("code", PLANS)
def test_a_plan_says_what_accepting_it_means(code: str) -> None:
    """S-23."""
    plan = row_of("plan", code)
    assert plan.consequence_zh
    assert plan.consequence_en
    assert plan.active
    amounts = {"partial_refund", "coupon", "freight_compensation", "price_difference"}
    assert plan.wants_amount == (code in amounts)


@pytest.mark.parametrize("code", OUTCOMES)
def test_an_outcome_demands_its_proofs(code: str) -> None:
    """NEG-41, NEG-42."""
    outcome = row_of("outcome", code)
    assert [proof.code for proof in outcome.proofs.filter(required=True)] == OUTCOMES[code]
    assert all(proof.most == 3 for proof in outcome.proofs.all())
    assert outcome.needs_reply == (code == "agreed")
    assert outcome.when in facts.WHEN


@pytest.mark.parametrize("code", REJECT_REASONS)
def test_a_reject_reason_says_what_to_prove_and_to_answer(code: str) -> None:
    """NEG-47."""
    row = RejectReason.objects.get(code=code)
    assert row.types
    assert row.must_answer_zh
    assert row.advice_zh
    assert row.when in facts.WHEN
    assert row.proofs.exists() == (code != "RR-12")  # dates are the system's to check
    for proof in row.proofs.all():
        assert proof.hint_zh
        assert proof.hint_en


@pytest.mark.parametrize("code", RISKS)
def test_a_risk_has_its_severity_threshold_and_blocks(code: str) -> None:
    """NEG-04."""
    risk = Risk.objects.get(code=code)
    found = [severity for severity, codes in SEVERITY.items() if code in codes]
    assert risk.severity == (found or [Severity.CONFIRM])[0]
    assert risk.threshold == THRESHOLDS.get(code)
    assert bool(risk.unit_zh) == bool(risk.threshold)
    assert [reason.code for reason in risk.blocks.all()] == BLOCKS.get(code, [])
    assert code in risks.CHECKS


# of all others a plan or a ruling may ask the goods back
NEVER_BACK = ("refund_unshipped", "price_difference")

# Scenarios ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", SCENARIOS)
def test_a_scenario_advises_to_talk_first_and_has_every_step(code: str) -> None:
    """S-61, S-67."""
    scenario = Scenario.objects.get(code=code)
    assert scenario.advice_zh
    assert scenario.advice_en
    steps = {form.step for form in scenario.forms.all()}
    assert steps == {str(step) for step in WizardStep}


@pytest.mark.parametrize("kind", [str(kind) for kind in CaseType])
@pytest.mark.parametrize("goods_back", [False, True])
def test_every_case_that_can_be_has_a_scenario(kind: str, goods_back: bool) -> None:
    """S-61: goods come back only once they were received."""
    if goods_back and kind in NEVER_BACK:
        return
    fitting = [
        row
        for row in Scenario.objects.filter(active=True)
        if kind in row.types and row.goods_back == goods_back and row.logistics is None
    ]
    assert len(fitting) == 1


@pytest.mark.parametrize(("scenario", "step"), STEPS)
def test_a_step_offers_only_active_rows_and_never_nothing(scenario: str, step: str) -> None:
    """S-61, NEG-10, NEG-41."""
    form = step_form(scenario, step)
    wanted = {
        WizardStep.ROUND_1: ["plans", "scripts"],
        WizardStep.ROUND_2: ["plans", "scripts", "outcomes"],
        WizardStep.REJECT: ["scripts", "reject_reasons"],
    }[WizardStep(step)]
    for name in ("plans", "scripts", "outcomes", "reject_reasons"):
        rows = list(getattr(form, name).all())
        assert bool(rows) == (name in wanted), name
        assert rows == form.offered(name), f"{name}: a retired row"


@pytest.mark.parametrize(("scenario", "step"), STEPS)
def test_what_a_step_offers_goes_together(scenario: str, step: str) -> None:
    """S-61: a script finds one of its plans, an amount a plan with one, a reason one of the types."""
    form = step_form(scenario, step)
    offered = {plan.code for plan in form.plans.all()}
    with_amount = form.plans.filter(wants_amount=True).exists()
    types = set(form.scenario.types)
    for script in form.scripts.all():
        wanted = {plan.code for plan in script.plans.all()}
        assert not wanted or wanted & offered, script.code
        assert "{amount}" not in script.text_zh or with_amount, script.code
        fitting = [reason for reason in script.reasons.all() if types & set(reason.types)]
        assert fitting or not script.reasons.exists(), script.code
    for row in form.reject_reasons.all():
        assert types & set(row.types), row.code
        fitting = [reason for reason in row.reasons.all() if types & set(reason.types)]
        assert fitting or not row.reasons.exists(), row.code
    if scenario == "goods_back":
        assert not offered & plans.RETURNS


def test_the_whole_is_read_in_as_many_statements_however_long_it_is(
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(23):
        read = catalogue.content()
    assert sum(map(len, read.values())) > 150
