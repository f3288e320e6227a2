"""协商话术 as a page: the platform's by scenario, the shop's own, and what each has brought (M19)."""

from typing import NamedTuple

from aftersales.display import EMPTY
from aftersales.enums import WizardStep
from aftersales.figures import advice
from aftersales.models import Scenario, Script, Shop, ShopScript, StepForm


class Worked(NamedTuple):
    """In how many cases a script was sent, and how often it was accepted; "—" while too few."""

    cases: int
    rate: str
    interval: str


class Row(NamedTuple):
    script: Script
    where: list[str]
    worked: Worked


class Group(NamedTuple):
    """A scenario with the platform's scripts, each with the steps that offer it."""

    scenario: Scenario
    rows: list[Row]


def worked(share: advice.Share) -> Worked:
    if share.whole < advice.SHOWN_FROM:
        return Worked(share.whole, EMPTY, "")
    return Worked(
        share.whole,
        f"{share.rate}%",
        " – ".join(f"{end}%" for end in share.interval or ()),
    )


def own(shop: Shop) -> tuple[list[Row], list[Row]]:
    """The shop's scripts in use, and the archived."""
    shares = advice.shares(shop, "script")
    rows = ShopScript.objects.filter(shop=shop).prefetch_related("scenarios").order_by("code")
    shown = [
        Row(
            script,
            [scenario.label for scenario in script.scenarios.all()],
            worked(advice.share_of(script, shares)),
        )
        for script in rows
    ]
    used = [row for row in shown if row.script.active]
    return used, [row for row in shown if not row.script.active]


def of_the_platform(shop: Shop) -> list[Group]:
    shares = advice.shares(shop, "script")
    forms = StepForm.objects.filter(scenario__active=True).select_related("scenario")
    groups: dict[int, tuple[Scenario, dict[int, tuple[Script, list[str]]]]] = {}
    for form in sorted(
        forms.prefetch_related("scripts"),
        key=lambda form: (form.scenario.position, list(WizardStep).index(WizardStep(form.step))),
    ):
        _scenario, scripts = groups.setdefault(form.scenario_id, (form.scenario, {}))
        for script in form.scripts.all():
            if script.active:
                _script, steps = scripts.setdefault(script.pk, (script, []))
                steps.append(str(WizardStep(form.step).label))
    return [
        Group(
            scenario,
            [
                Row(script, steps, worked(advice.share_of(script, shares)))
                for script, steps in scripts.values()
            ],
        )
        for scenario, scripts in groups.values()
    ]
