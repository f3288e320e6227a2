"""暂时取不到: Redis or the carrier is away, and pages show what is known, and say so."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.enums import ScanKind, Status
from aftersales.logistics import traces
from aftersales.models import Case, Parcel, User
from aftersales.rules import facts
from tests.factories import MemberFactory

UNREACHED = "物流信息暂时取不到"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# Redis --------------------------------------------------------------------------------------------


class Hanging:
    """A server that takes connections, and never says a word."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.door.setblocking(False)
        self.port = self.door.getsockname()[1]

    def callers(self) -> int:
        """How many have come so far."""
        number = 0
        while True:
            try:
                self.door.accept()[0].close()
            except BlockingIOError:
                return number
            number += 1


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    server = Hanging()
    yield server
    server.door.close()


@pytest.fixture
def refusing() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def redis_on(port: int) -> dict[str, Any]:
    """As ``aftersales/settings.py`` says, only more hasty."""
    return {
        "default": {
            "BACKEND": "aftersales.cached.Cache",
            "LOCATION": f"redis://127.0.0.1:{port}/0",
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    }


def go_about(case: Case, merchant: User, buyer: User) -> None:
    """Sign in, look around, take a step, and have one's tries counted."""
    desk = Client()
    login = reverse("account_login")
    for _try in range(5):
        wrong = desk.post(login, {"login": merchant.username, "password": "no"})
        assert wrong.status_code in (200, 422)
    limited = desk.post(login, {"login": merchant.username, "password": "no"})
    assert "太多" in read(limited)
    other = MemberFactory(shop=case.shop)
    signed = desk.post(login, {"login": other.user.username, "password": "secret-for-tests"})
    assert (signed.status_code, signed["Location"]) == (302, reverse("home"))
    assert desk.get(reverse("merchants:queue")).context["counts"]["mine"] == 1
    page = read(desk.get(reverse("merchants:case", args=[case.code])))
    assert "同事是否在处理，暂时取不到" in page
    presence = desk.get(reverse("merchants:presence", args=[case.code]))
    assert "暂时取不到" in read(presence)
    agreed = desk.post(reverse("merchants:agree", args=[case.code]), {"version": case.version})
    assert agreed.status_code == 302
    assert Case.objects.get(pk=case.pk).status == Status.REFUNDING
    phone = client_of(buyer)
    assert phone.get(reverse("buyers:case", args=[case.code])).status_code == 200
    given = {"number": "no-such-order", "paid": "1.00"}
    tries = [phone.post(reverse("buyers:find_order"), given).status_code for _ in range(6)]
    assert tries == [422, 422, 422, 422, 422, 429]


def test_a_redis_that_refuses_breaks_nothing(
    make_case: Any, merchant: User, buyer: User, refusing: int, settings: Any
) -> None:
    """S-70: sign-in with its limits, pages, steps; who else is here is not known, and that is said."""
    case = make_case()
    settings.CACHES = redis_on(refusing)

    go_about(case, merchant, buyer)


def test_a_redis_that_hangs_is_waited_for_once(
    make_case: Any, merchant: User, buyer: User, hanging: Hanging, settings: Any
) -> None:
    case = make_case()
    settings.CACHES = redis_on(hanging.port)

    go_about(case, merchant, buyer)

    assert hanging.callers() == 1


# The carrier --------------------------------------------------------------------------------------


class Silent:
    """An adapter whose carrier does not answer."""

    asked: list[str] = []

    def trace(self, carrier: str, tracking: str) -> list[traces.Scan]:
        self.asked.append(tracking)
        raise TimeoutError


SILENT = f"{__name__}.Silent"


def test_a_carrier_that_cannot_be_asked_is_named_with_what_was_known(
    make_case: Any, merchant: User, buyer: User, staff: User, now: Any, settings: Any
) -> None:
    """Never 无物流: the scans stay, with the moment until which they are true."""
    case = make_case(type="refund_not_received")
    settings.CARRIER = SILENT
    pages = [
        (merchant, reverse("merchants:case", args=[case.code])),
        (merchant, reverse("merchants:peek", args=[case.code])),
        (
            buyer,
            reverse("buyers:order", args=[case.order.shop.code, case.order.number]),
        ),
        (staff, reverse("admin:aftersales_case_change", args=[case.pk])),
    ]
    traces.watch()
    now.shift(timedelta(minutes=30))
    traces.watch()

    for user, path in pages:
        page = read(client_of(user).get(path))
        assert UNREACHED in page, path
        assert "12:00</time> 更新" in page, path
        assert "运输中" in page, path
        assert "还没有物流" not in page, path

    settings.CARRIER = "aftersales.logistics.traces.Recorded"
    traces.watch()
    for user, path in pages:
        assert UNREACHED not in read(client_of(user).get(path)), path


def test_silence_of_the_carrier_is_no_silence_of_the_parcel(
    make_case: Any, now: Any, settings: Any
) -> None:
    """断更 counts only hours in which a scan would have been seen."""
    case = make_case(type="refund_not_received")
    settings.CARRIER = SILENT
    traces.watch()
    now.shift(timedelta(days=4))

    assert not facts.stalled(Case.objects.get(pk=case.pk), clock.now())
    Parcel.objects.update(unreached_at=None)
    assert facts.stalled(Case.objects.get(pk=case.pk), clock.now())


def test_a_carrier_that_is_silent_is_not_asked_two_hundred_times(
    make_case: Any, shop: Any, buyer: User, now: Any, settings: Any
) -> None:
    """One number that nobody knows is not the carrier's end: three in a row are."""
    for _case in range(5):
        make_case(type="refund_not_received")
    settings.CARRIER = SILENT
    Silent.asked.clear()

    traces.watch()

    assert len(Silent.asked) == traces.MOST_MISSED
    assert Parcel.objects.filter(unreached_at=clock.now()).count() == 5


def test_a_parcel_that_is_signed_meanwhile_moves_its_case(
    make_case: Any, now: Any, settings: Any
) -> None:
    """What was missed comes with the next answer."""
    case = make_case("sent_back", type="return_refund")
    settings.CARRIER = SILENT
    traces.watch()
    now.shift(timedelta(days=1))
    Returned.at = clock.now() - timedelta(hours=2)
    settings.CARRIER = f"{__name__}.Returned"

    traces.watch()

    stored = Case.objects.get(pk=case.pk)
    assert stored.return_signed_at == Returned.at
    assert stored.events.filter(step="note_delivery").exists()


class Returned:
    """An adapter that knows of one signature."""

    at: Any = None

    def trace(self, carrier: str, tracking: str) -> list[traces.Scan]:
        if not tracking.startswith("ZT"):
            return []
        return [traces.Scan(self.at, ScanKind.SIGNED, "已签收", "前台")]
