"""What a step by POST costs: its statements, beginning and end of the transaction included."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.enums import Status
from aftersales.market.desk import Desk
from aftersales.models import Case
from tests.merchants.conftest import Desk as AtDesk


def statements(at_desk: AtDesk, step: str, case: Case, **filled: Any) -> int:
    """Of one POST by somebody whose browser has been here before."""
    at_desk.look("queue")
    hidden = {"version": case.version, "key": uuid.uuid4().hex}
    url = reverse(f"merchants:{step}", args=[case.code])
    with CaptureQueriesContext(connection) as caught:
        answer = at_desk.client.post(url, hidden | filled)
    assert answer.status_code == 302
    case.refresh_from_db()
    return len(caught)


@pytest.mark.postgres
def test_a_rejection_asks_no_more_than_it_must(make_desk: Any, at_desk: AtDesk) -> None:
    """NEG-05, NEG-48: its risks are judged for the form and again under the lock, its proofs looked up once."""
    desk: Desk = make_desk("negotiated")
    said = desk.rejection()
    filled = {"reason": said["reason"].code, "statement": said["statement"], "declared": "on"}
    filled |= {f"answer_{number}": text for number, text in enumerate(said["answers"])}
    filled |= {f"risk_{code}": "on" for code in said["risks"]}
    for slot, uploads in said["evidence"].items():
        filled[f"proof_{slot}_kept"] = [upload.token for upload in uploads]
    assert len(said["evidence"]) > 1

    assert statements(at_desk, "reject", desk.case, **filled) <= 11
    assert desk.case.status == Status.REJECTED


@pytest.mark.postgres
def test_an_agreement_asks_no_more_than_it_must(make_case: Any, at_desk: AtDesk) -> None:
    case = make_case()

    assert statements(at_desk, "agree", case) <= 8
    assert case.held_until is not None
