"""R12: who and where a buyer is, is kept no longer than needed, and an account goes without its cases."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from aftersales import clock, uploads
from aftersales.enums import CaseType
from aftersales.imports import jobs
from aftersales.models import Case, Draft, Event, Notice, Order, Session, Upload, User
from aftersales.notices.delivering import deliver_due
from aftersales.privacy import retention
from tests.aftersales.imports.conftest import taobao, upload
from tests.factories import Desk, OrderFactory

pytestmark = pytest.mark.django_db

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
PHONE, ADDRESS, RECEIVER = "13987654321", "宁波市海曙区柳汀街 77 弄 5 号", "欧阳若兰"


@pytest.fixture
def closed(make_desk: Callable[..., Desk], now: Any) -> Case:
    """A case that its buyer withdrew, on an order that says all of him."""
    desk = make_desk()
    Order.objects.filter(pk=desk.case.order_id).update(
        phone=PHONE, address=ADDRESS, receiver=RECEIVER, buyer_note=f"放门口，{PHONE}"
    )
    Case.objects.filter(pk=desk.case.pk).update(
        ship_to={"name": RECEIVER, "phone": PHONE, "address": ADDRESS}
    )
    desk.case.cancel(by=desk.buyer, version=desk.case.version)
    return Case.objects.select_related("order").get(pk=desk.case.pk)


def contact(order: Order) -> set[str]:
    order.refresh_from_db()
    return {getattr(order, name) for name in retention.CONTACT}


def everywhere() -> str:
    """All that the database holds, every row of every table, as text."""
    return "\n".join(
        serializers.serialize("json", model._base_manager.all(), ensure_ascii=False)
        for model in apps.get_models()
        if model._meta.managed
    )


def said_by(command: str, *args: str) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def test_contact_fields_go_fifteen_days_after_trade_and_case_have_ended(
    closed: Case, now: Any
) -> None:
    """To the second; a dry run only counts; hashes hold; nothing of him is left but his own account."""
    assert closed.closed_at is not None
    now.move_to(closed.closed_at + 15 * DAY - SECOND)
    assert retention.run()["contacts"] == 0
    assert PHONE in contact(closed.order)
    now.shift(SECOND)
    assert "contacts after 15 days: 1 due" in said_by("drop_personal", "--dry-run")
    assert PHONE in contact(closed.order)
    assert "contacts: 1 dropped" in said_by("drop_personal")
    assert contact(closed.order) == {""}
    held = everywhere()
    assert not [seed for seed in (PHONE, ADDRESS, RECEIVER) if seed in held]
    assert retention.run()["contacts"] == 0
    call_command("verify_history", verbosity=0)


def test_an_order_that_is_still_needed_keeps_its_address(
    closed: Case, make_case: Callable[..., Case], now: Any
) -> None:
    """A running case, goods on their way, a trade just ended: each keeps its own."""
    now.shift(40 * DAY)
    running = make_case("waiting").order
    on_its_way: Any = OrderFactory(in_transit=True, ordered_at=clock.now() - 90 * DAY)
    just_ended: Any = OrderFactory(finished=True)
    assert retention.run()["contacts"] == 1
    assert contact(closed.order) == {""}
    for order in (running, on_its_way, just_ended):
        assert len(contact(order)) > 1, order


def test_a_later_import_does_not_bring_the_contact_back(shop: Any, now: Any) -> None:
    def bring_in(**cells: str) -> Order:
        row = {
            "订单状态": "交易成功",
            "联系手机": PHONE,
            "收货地址": ADDRESS,
            "收货人姓名": RECEIVER,
        }
        jobs.run(jobs.check(upload(shop, taobao(row | cells))))
        return Order.objects.get()

    order = bring_in()
    assert PHONE in contact(order)
    now.shift(60 * DAY)
    assert retention.run()["contacts"] == 1
    assert contact(bring_in(订单备注="又来了")) == {""}


def test_files_that_nobody_put_forward_go_but_not_those_of_a_draft(
    make_case: Callable[..., Case],
    buyer: User,
    now: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    case = make_case()
    filed = set(case.evidence.values_list("upload", flat=True))
    kept = [
        uploads.keep(SimpleUploadedFile(f"{number}.pdf", b"%PDF-1.4 " + b"x" * 90), buyer)
        for number in range(2)
    ]
    now.shift(29 * DAY)
    assert retention.run()["uploads"] == 0
    Draft.objects.create(
        user=buyer, path="/x", data={"kept": [kept[1].token]}, updated_at=clock.now()
    )
    now.shift(DAY)
    storage, (name, other) = kept[0].file.storage, [str(each.file.name) for each in kept]
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.run()["uploads"] == 1
    assert not storage.exists(name)
    assert storage.exists(other)
    assert set(Upload.objects.values_list("pk", flat=True)) == {*filed, kept[1].pk}


def test_notices_and_sessions_end(make_case: Callable[..., Case], now: Any) -> None:
    make_case()
    deliver_due()
    Notice.objects.update(mail_due_at=None)
    assert Notice.objects.exists()
    Session.objects.create(session_key="old", expire_date=clock.now() - SECOND)
    Session.objects.create(session_key="new", expire_date=clock.now() + DAY)
    assert retention.run() == {"contacts": 0, "uploads": 0, "notices": 0, "sessions": 1}
    assert Session.objects.get().pk == "new"
    now.shift(365 * DAY)
    retention.run()
    assert not Notice.objects.exists()


def test_an_account_is_erased_and_its_cases_stay_lawful(
    closed: Case, merchant: User, now: Any
) -> None:
    """Nothing names him any more, he is signed out at once, and every chain is whole."""
    buyer = closed.buyer
    User.objects.filter(pk=buyer.pk).update(
        username="ouyang-ruolan", nick=RECEIVER, phone=PHONE, email="ruolan@example.com"
    )
    Order.objects.filter(pk=closed.order_id).update(buyer_nick=RECEIVER)
    EmailAddress.objects.create(user=buyer, email="ruolan@example.com")
    Draft.objects.create(user=buyer, path="/x", data={"t": [PHONE]}, updated_at=clock.now())
    deliver_due()
    client = Client()
    client.force_login(User.objects.get(pk=buyer.pk))
    mine = reverse("buyers:case", args=[closed.code])
    assert client.get(mine).status_code == 200
    before = everywhere()
    told = said_by("erase_account", "ouyang-ruolan", "--dry-run")
    assert "goes   draft: 1" in told
    assert f"stays  event.user: {Event.objects.filter(user=buyer).count()}" in told
    assert "goes   session: 1" in told
    assert "stays  case.buyer: 1" in told
    assert everywhere() == before

    said_by("erase_account", "ouyang-ruolan")

    held = everywhere()
    seeds = ("ouyang-ruolan", RECEIVER, PHONE, ADDRESS, "ruolan@example.com")
    assert not [seed for seed in seeds if seed in held]
    gone = User.objects.get(pk=buyer.pk)
    assert (gone.username, gone.is_active) == (f"erased-{buyer.pk}", False)
    assert not gone.has_usable_password()
    assert client.get(mine).status_code == 302
    call_command("verify_history", verbosity=0)
    call_command("check_consistency", verbosity=0)
    desk = Client()
    desk.force_login(merchant)
    assert desk.get(reverse("merchants:case", args=[closed.code])).status_code == 200


def test_an_account_with_business_under_way_is_not_erased(
    make_case: Callable[..., Case], buyer: User, merchant: User, staff: User
) -> None:
    case = make_case(type=CaseType.RETURN_REFUND)
    for user, why in (
        (buyer, f"case {case.code} is open"),
        (merchant, "is a member of"),
        (staff, "is staff"),
    ):
        with pytest.raises(CommandError, match=why):
            said_by("erase_account", user.username)
        assert User.objects.get(pk=user.pk).is_active
    with pytest.raises(CommandError, match="no such account"):
        said_by("erase_account", "nobody-at-all")
