"""Fixtures of the field: a shop with its people, and cases brought anywhere in their life."""

import html
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission as AdminPermission
from django.http import HttpResponse
from django.test import Client

from aftersales.admin.people import reviewers_group
from aftersales.models import Case, Conversation, Order, OrderLine, Shop, User
from merchants import counting
from tests.factories import (
    Desk,
    MemberFactory,
    OrderFactory,
    ReturnAddressFactory,
    ShopFactory,
    UserFactory,
    desk_maker,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in China


@pytest.fixture
def now() -> Iterator[Any]:
    """Time stands still at noon; ``now.shift(timedelta(...))`` moves it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where time stands still, a move can't be told by its moment from the one before it, so the
    numbers of a shop are not kept. Who tests that they are sets SECONDS again."""
    monkeypatch.setattr(counting, "SECONDS", 0)


@pytest.fixture
def shop(db: None, now: Any) -> Shop:
    shop = ShopFactory()
    ReturnAddressFactory(shop=shop)
    return shop


@pytest.fixture
def merchant(shop: Shop) -> User:
    """A member of the shop who may do everything there."""
    return MemberFactory(shop=shop, user__username="xiaochen", user__nick="小陈").user


@pytest.fixture
def buyer(db: None, now: Any) -> User:
    return UserFactory(username="linshu", nick="林溪树")


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody with a shop and orders of his own, and nothing to do with ours."""
    other = MemberFactory(user__username="stranger")
    OrderFactory(shop=other.shop, buyer=other.user)
    return other.user


@pytest.fixture
def staff(db: None) -> User:
    """A reviewer of the platform who may rule."""
    user = UserFactory(username="reviewer", nick="小周", is_staff=True)
    user.user_permissions.set(
        AdminPermission.objects.filter(
            codename__in=["rule", "view_case", "view_intervention", "view_refund"]
        )
    )
    return User.objects.get(pk=user.pk)


@pytest.fixture
def reviewer(client: Client, staff: User) -> Client:
    """The browser of a reviewer, who may what the platform's group of reviewers may."""
    staff.user_permissions.clear()
    staff.groups.set([reviewers_group()])
    client.force_login(User.objects.get(pk=staff.pk))
    return client


@pytest.fixture
def root(client: Client, django_user_model: type[User]) -> Client:
    client.force_login(django_user_model.objects.create_superuser("root"))
    return client


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """``signed_in(buyer)``: a browser of his own."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def text_of() -> Callable[[HttpResponse], str]:
    """What an answer says, in one line."""

    def read(answer: HttpResponse) -> str:
        return " ".join(html.unescape(answer.content.decode()).split())

    return read


@pytest.fixture
def order(shop: Shop, buyer: User) -> Order:
    """Two mugs for ¥128.00, signed the day before yesterday."""
    return OrderFactory(shop=shop, buyer=buyer)


@pytest.fixture
def line(order: Order) -> OrderLine:
    return order.lines.get()


@pytest.fixture
def talk(line: OrderLine) -> Conversation:
    """What is said of the order before any case."""
    return Conversation(line)


@pytest.fixture
def make_desk(shop: Shop, merchant: User, buyer: User, now: Any) -> Callable[..., Desk]:
    """``make_desk("negotiated", type="return_refund")``: a case and those who act on it."""

    def travel(by: timedelta) -> None:
        now.shift(by)

    return desk_maker(shop, merchant, buyer, travel)


@pytest.fixture
def make_case(make_desk: Callable[..., Desk]) -> Callable[..., Case]:
    """``make_case("waiting")``: the case alone."""

    def make(trait: str = "", **given: Any) -> Case:
        return make_desk(trait, **given).case

    return make


@pytest.fixture
def at(client: Client) -> Callable[[User], Client]:
    """A browser of this user."""

    def sign(user: User) -> Client:
        client.force_login(user)
        return client

    return sign
