"""F25, F26: what the database undoes for another's sake is taken again, whole, and once."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from aftersales.enums import Direction, Status
from aftersales.models import Case, Order, Parcel
from aftersales.retrying import TRIES
from tests.aftersales.negotiation.talk import steps, whole
from tests.factories import OrderFactory, application_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

# What is drawn from a sequence stays drawn, whatever is undone.
UNDOES = """
CREATE SEQUENCE undone;
CREATE FUNCTION undoes() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF nextval('undone') <= {times} THEN
        RAISE EXCEPTION 'undone' USING ERRCODE = '{state}';
    END IF; RETURN NEW; END $$;
CREATE TRIGGER undoes BEFORE INSERT ON aftersales_event FOR EACH ROW EXECUTE FUNCTION undoes();
"""


@pytest.fixture
def undoing(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``undoing(2, "40P01")``: the next two transactions that write an event are undone."""

    def tidy() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER undoes ON aftersales_event")
            cursor.execute("DROP FUNCTION undoes; DROP SEQUENCE undone")

    def begin(times: int, state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(UNDOES.format(times=times, state=state))
        request.addfinalizer(tidy)

    request.getfixturevalue("transactional_db")
    return begin


def send_reply(case: Case) -> Any:
    client = Client(raise_request_exception=False)
    client.force_login(case.buyer)
    said = {"text": "都不接受", "plan": "none", "key": "k1", "version": case.version}
    return client.post(reverse("buyers:reply", args=[case.code]), said)


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_a_step_that_was_undone_is_taken_again_once(
    make_case: Any, undoing: Any, state: str
) -> None:
    case = make_case("waiting")
    before = steps(case)
    undoing(TRIES - 1, state)

    assert send_reply(case).status_code == 302

    assert steps(case) == [*before, "reply"]
    assert case.messages.filter(text="都不接受").count() == 1
    assert whole(case)


def test_time_and_an_application_are_taken_again_too(
    make_case: Any, undoing: Any, shop: Any, buyer: Any, now: Any
) -> None:
    case, order = make_case("waiting"), OrderFactory(shop=shop, buyer=buyer)
    now.shift(case.reply_due_at - case.updated_at)
    undoing(1, "40P01")
    assert case.catch_up()
    assert steps(case)[-1] == "stop_waiting"
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('undone', 1, false)")

    Case.apply(order.lines.get(), application_for(order), by=buyer)

    assert steps(order.cases.get()) == ["apply"]


def test_after_the_last_try_the_page_says_to_come_back_and_nothing_has_happened(
    make_case: Any, undoing: Any
) -> None:
    case = make_case("waiting")
    before = steps(case)
    undoing(TRIES, "40P01")

    answer = send_reply(case)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert steps(case) == before
    assert send_reply(case).status_code == 302  # the same click, once the database is in order


def test_a_real_deadlock_with_a_carriers_trace_is_not_noticed(make_case: Any) -> None:
    """A trace locks the parcel and then the order, a correction the order and then the parcel."""
    case = make_case("sent_back", type="return_refund")
    parcel = Parcel.objects.get(case=case, direction=Direction.RETURN)
    holds, over = threading.Event(), []

    def trace() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '20s'")  # the page's is the one undone
            Parcel.objects.select_for_update(of=("self",)).get(pk=parcel.pk)
            holds.set()
            time.sleep(0.3)
            Order.objects.filter(pk=case.order_id).update(buyer_nick="读过了")
        over.append(True)
        connection.close()

    other = threading.Thread(target=trace)
    other.start()
    holds.wait(10)
    case.correct_tracking(by=case.buyer, carrier="中通快递", tracking="ZT9876543210")
    other.join(30)

    assert over == [True]
    assert steps(case)[-1] == "correct_tracking"
    assert (case.status, case.version) == (Status.AWAITING_MERCHANT_RECEIPT, len(steps(case)))
    assert Parcel.objects.get(pk=parcel.pk).tracking == "ZT9876543210"
    assert Order.objects.get(pk=case.order_id).buyer_nick == "读过了"
    assert whole(case)
