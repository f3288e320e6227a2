"""A buyer at his phone: what the pages show, and posts as their forms would send them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from aftersales.models import Case, Order, Policy, Reason, User
from tests.factories import upload


class Phone:
    """Signed in: ``look`` is GET, ``send`` is a form of a case, ``apply`` is the whole way."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        self.client.force_login(user)

    def look(self, name: str, *args: Any, **query: Any) -> HttpResponse:
        wanted = [each.code if isinstance(each, Case) else each for each in args]
        return self.client.get(reverse(f"buyers:{name}", args=wanted), query)

    def send(self, name: str, case: Case, **filled: Any) -> HttpResponse:
        """A form of the case as the page shows it now; ``version`` and ``key`` may be given."""
        case.refresh_from_db()
        hidden = {"version": case.version, "key": uuid.uuid4().hex}
        answer = self.client.post(
            reverse(f"buyers:{name}", args=[case.code]), hidden | filled, follow=False
        )
        case.refresh_from_db()
        return answer

    def page(self, name: str, order: Order, *more: Any) -> str:
        return reverse(f"buyers:{name}", args=[order.shop.code, order.number, 1, *more])

    def fill(self, order: Order, kind: str, **filled: Any) -> HttpResponse:
        """The form of a demand, sent on to the review page."""
        return self.client.post(self.page("apply_form", order, kind), filled)

    def review(self, order: Order, kind: str) -> HttpResponse:
        return self.client.get(self.page("review", order, kind))

    def submit(
        self, order: Order, kind: str, *, agreed: bool = True, key: str = ""
    ) -> HttpResponse:
        answers = {"agreement": Policy.current().agreement_version, "key": key}
        if agreed:
            answers["agreed"] = "1"
        return self.client.post(self.page("review", order, kind), answers)

    def answers(self, kind: str, reason: str = "", **filled: Any) -> dict[str, Any]:
        """A plausible form of a demand, with a picture in every slot that must be filled."""
        row = Reason.objects.get(code=reason or {"refund_unshipped": "U1"}.get(kind, "R1"))
        given: dict[str, Any] = {
            "key": uuid.uuid4().hex,
            "reason": row.code,
            "description": "收到两只杯子都有裂纹，不敢用来喝热水，申请退款。",
        }
        if kind != "refund_not_received":
            given["quantity"] = 2
        if kind != "refund_unshipped":
            given["amount"] = "128.00"
        for proof in row.proofs.filter(required=True):
            given[f"proof_{proof.code}_kept"] = upload(self.user).token
        return given | filled


@pytest.fixture
def phone_of() -> Callable[[User], Phone]:
    return Phone


@pytest.fixture
def at_phone(buyer: User) -> Phone:
    """The pages, as the buyer of our cases sees them."""
    return Phone(buyer)
