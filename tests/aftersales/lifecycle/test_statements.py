"""What a step costs: its statements, beginning and end of the transaction included."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.enums import WizardStep
from aftersales.market.desk import Desk


def statements(act: Callable[..., Any], **answers: Any) -> int:
    with CaptureQueriesContext(connection) as caught:
        act(**answers)
    return len(caught)


@pytest.mark.postgres
def test_a_step_of_the_tool_asks_no_more_than_it_must(make_desk):
    """The catalogue is in memory, and a risk evaluation reads each fact once."""
    desk: Desk = make_desk()
    risks = [each.code for each in desk.case.warnings() if each.ticked]
    assert statements(desk.case.confirm_risks, by=desk.merchant, risks=risks) <= 5
    case, by = desk.case, desk.merchant
    offers = desk.offers()
    script = desk.script(case.step_form(WizardStep.ROUND_1), offers)
    asked = [each.code for each in case.warnings() if each.ticked]
    cost = statements(case.negotiate, by=by, offers=offers, script=script, risks=asked)
    assert cost <= 7
    assert statements(case.reply, by=desk.buyer, text="不接受") <= 5
    desk.negotiate()
    desk.reply()
    assert statements(case.reject, by=by, **desk.rejection()) <= 5


@pytest.mark.postgres
def test_an_agreement_asks_no_more_than_it_must(make_desk):
    desk: Desk = make_desk()
    assert statements(desk.case.agree, by=desk.merchant) <= 5
