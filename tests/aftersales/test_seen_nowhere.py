"""R12: a buyer's phone and address, seeded, are found in clear nowhere but where docs/privacy.md says."""

import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse

from aftersales.enums import CaseType
from aftersales.jobs import exporting, running
from aftersales.models import Case, Job, Order, User
from aftersales.notices.delivering import deliver_due, send_mails
from tests.crawl.places import places
from tests.factories import Desk, UserFactory

pytestmark = pytest.mark.django_db

PHONE, ADDRESS = "13987654321", "海曙区柳汀街 77 弄 5 号 1203 室"
# Whoever may change accounts reads the account's own number; the platform's dossier of a case is
# whole, for a court, and each copy is logged (DossierCopy).
STAFF_READ = {"admin:aftersales_user_change", "admin:dossier_zip"}


@pytest.fixture
def seeded(make_desk: Callable[..., Desk]) -> Case:
    """Goods that come back, with messages on both sides, and everybody reads e-mail."""
    User.objects.update(email="somebody@example.com")
    desk = make_desk("sent_back", type=CaseType.RETURN_REFUND)
    Order.objects.update(phone=PHONE, address=f"浙江省宁波市{ADDRESS}", receiver="欧阳若兰")
    User.objects.filter(pk=desk.buyer.pk).update(phone=PHONE, email="buyer@example.com")
    return Case.objects.select_related("order", "line").get(pk=desk.case.pk)


def text_of(answer: Any) -> str:
    """An answer as text; of a ZIP all that is in it. PDFs, made of the same content, are left out."""
    body = answer.getvalue()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts = [packed.read(name) for name in packed.namelist()]
        return "\n".join(part.decode("utf-8", "replace") for part in parts)
    return str(body.decode("utf-8", "replace"))


def urls_of(role: str, case: Case) -> Iterator[tuple[str, str]]:
    """Every page, part and file of a side that a case, its order or nothing at all leads to."""
    known: dict[str, list[Any]] = {
        "": [],
        "tabs": [],
        "case": [case.code],
        "statuses": [case.code],
        "order": [case.order.number],
        "order_row": [case.order_id],
    }
    for place in places().values():
        shown = place.role == role and place.kind in ("page", "part", "file")
        if shown and place.finder in known and not place.name.endswith("_pdf"):
            yield place.name, reverse(place.name, args=known[place.finder])


def leaks(
    client: Client, urls: Iterator[tuple[str, str]], allowed: set[str]
) -> tuple[int, list[str]]:
    """How many answers were read, and which of them say what they must not."""
    read, found = 0, []
    for name, url in urls:
        answer = client.get(url)
        read += answer.status_code == 200
        said = text_of(answer)
        if (PHONE in said or ADDRESS in said) and name not in allowed:
            found.append(f"{name}: {'phone' if PHONE in said else 'address'}")
    return read, found


def test_no_page_of_the_shop_or_the_platform_shows_them(seeded: Case, merchant: User) -> None:
    desk = Client()
    desk.force_login(merchant)
    read, found = leaks(desk, urls_of("merchant", seeded), set())
    assert not found
    assert read > 30
    root = UserFactory(username="root", is_staff=True, is_superuser=True)
    office = Client()
    office.force_login(root)
    rows = [
        (f"admin:aftersales_{model._meta.model_name}_{verb}", args)
        for model in admin.site._registry
        if model._meta.app_label == "aftersales"
        for verb, args in (
            ("changelist", []),
            *(
                ("change", [key])
                for key in model._default_manager.values_list("pk", flat=True)[:1]
                if model in (Case, Order, User)
            ),
        )
    ]
    models = ((name, reverse(name, args=args)) for name, args in rows)
    read, found = leaks(office, models, STAFF_READ)
    assert not found
    assert read > 30
    read, found = leaks(office, urls_of("staff", seeded), STAFF_READ)
    assert not found
    assert read > 10


def test_no_export_mail_notice_or_log_says_them(
    seeded: Case, merchant: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    desk = Client()
    desk.force_login(merchant)
    with caplog.at_level(logging.DEBUG):
        for of in exporting.SOURCES:
            columns = list(exporting.SOURCES[of].columns)
            given = {"of": of, "list": "tab=all", "format": "utf-8", "key": of, "columns": columns}
            assert desk.post(reverse("merchants:bulk_export"), given).status_code == 302
        running.run_due()
        files = []
        for job in Job.objects.exclude(file=""):
            with job.file.open() as file:
                files.append(file.read().decode())
        while deliver_due():
            pass
        assert send_mails() > 0
    assert len(files) == len(exporting.SOURCES)
    assert seeded.order.number in "".join(files)
    mails = [f"{each.subject}\n{each.body}" for each in mail.outbox]
    assert any(seeded.code in each for each in mails)
    for said in (*files, *mails, caplog.text):
        assert PHONE not in said
        assert ADDRESS not in said


def test_where_goods_must_be_sent_the_address_is_shown_and_the_number_is_not(
    make_desk: Callable[..., Desk], merchant: User
) -> None:
    """Whoever packs a replacement reads where it goes; he rings a virtual number."""
    case = make_desk("agreed", type=CaseType.RESEND).case
    there = {"name": "欧阳若兰", "phone": PHONE, "address": f"浙江省宁波市{ADDRESS}"}
    Case.objects.update(ship_to=there)
    desk = Client()
    desk.force_login(merchant)
    said = text_of(desk.get(reverse("merchants:case", args=[case.code])))
    assert ADDRESS in said
    assert PHONE not in said
    assert "139****4321" in said
