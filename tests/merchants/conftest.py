"""A merchant at his pages: what they show, and posts as their forms would send them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from aftersales.models import Case, User


class Desk:
    """Signed in, with the words of a browser: ``look`` is GET, ``send`` is a form of a case."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def look(self, name: str, /, *args: Any, **query: Any) -> HttpResponse:
        wanted = [each.code if isinstance(each, Case) else each for each in args]
        return self.client.get(reverse(f"merchants:{name}", args=wanted), query)

    def send(self, name: str, case: Case, /, **filled: Any) -> HttpResponse:
        """A form of the case as the page shows it now; ``version`` and ``key`` may be given."""
        case.refresh_from_db()
        hidden = {"version": case.version, "key": uuid.uuid4().hex}
        url = reverse(f"merchants:{name}", args=[case.code])
        answer = self.client.post(url, hidden | filled)
        case.refresh_from_db()
        return answer

    def post(self, name: str, /, *args: Any, **filled: Any) -> HttpResponse:
        return self.client.post(reverse(f"merchants:{name}", args=args), filled)


def page_of(answer: HttpResponse) -> str:
    """Where an answer leads, without the list that the way there remembers."""
    return str(answer.headers["Location"]).partition("?")[0]


@pytest.fixture
def at_desk(merchant: User) -> Desk:
    """The pages, as a member who may do everything sees them."""
    return Desk(merchant)


@pytest.fixture
def desk_of() -> Callable[[User], Desk]:
    return Desk
