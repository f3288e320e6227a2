"""扫一扫 (B11): the number of a waybill from a photograph, looked at before it is sent."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Page, expect
from zxingcpp import BarcodeFormat, create_barcode

from aftersales.enums import Status
from aftersales.models import Case, Upload, User
from tests.buyers.conftest import Phone

Read = Callable[[HttpResponse], str]
NUMBER = "SF1234567890123"


def waybill(*texts: str, turned: float = 4, size: tuple[int, int] = (1600, 1200)) -> bytes:
    """As a phone takes it: at an angle, not quite sharp, grey paper, other things around it."""
    paper = Image.new("L", (1100, 300 * max(1, len(texts))), 235)
    for place, text in enumerate(texts):
        bars = create_barcode(text, BarcodeFormat.Code128).to_image(scale=4)
        height, width = bars.shape
        code = Image.frombuffer("L", (width, height), bytes(bars), "raw", "L", 0, 1)
        paper.paste(code.resize((width, 160)), (60, 60 + 300 * place))
    ImageDraw.Draw(paper).text((60, 20), "SF EXPRESS 0755-12345678", fill=40)
    photo = Image.new("L", size, 120)
    photo.paste(paper.rotate(turned, expand=True, fillcolor=120), (140, 120))
    out = io.BytesIO()
    photo.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=70)
    return out.getvalue()


def photo(body: bytes, name: str = "waybill.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, "image/jpeg")


@pytest.fixture
def agreed(make_case: Callable[..., Case]) -> Case:
    return make_case("agreed", type="return_refund")


def fields(answer: Any) -> dict[str, Any]:
    form = answer.context["form"]
    return {name: form[name].value() for name in ("tracking", "carrier")}


def test_a_photograph_fills_number_and_carrier_and_sends_nothing(
    agreed: Case, at_phone: Phone, text_of: Read
) -> None:
    """Any way round; of several bars those of a parcel; nothing of the picture is kept."""
    for body in (waybill(NUMBER), waybill("20261126", NUMBER), waybill(NUMBER, turned=90)):
        answer = at_phone.send("send_back", agreed, refresh="1", scan=photo(body))

        assert fields(answer) == {"tracking": NUMBER, "carrier": "顺丰速运"}
        assert f"已从照片识别：{NUMBER}，请和底单核对" in text_of(answer)
    agreed.refresh_from_db()
    assert agreed.status == Status.AWAITING_BUYER_RETURN
    assert not Upload.objects.filter(user=at_phone.user, evidence=None).exists()


def test_a_picture_that_says_nothing_is_named_and_nothing_is_lost(
    agreed: Case, at_phone: Phone, text_of: Read
) -> None:
    for body, sentence in (
        (waybill(), "照片里认不出单号"),
        (b"not a picture", "waybill.jpg 不是 JPG"),
        (waybill(NUMBER, size=(160, 120)), "照片里认不出单号"),
    ):
        answer = at_phone.send(
            "send_back", agreed, refresh="1", tracking="ZT0987654321", scan=photo(body)
        )

        assert sentence in text_of(answer)
        assert fields(answer)["tracking"] == "ZT0987654321"


def test_without_script_a_number_is_looked_at_before_it_counts(
    agreed: Case, at_phone: Phone, text_of: Read
) -> None:
    """Sent at once with a picture and no number: shown first; what was typed is believed."""
    answer = at_phone.send("send_back", agreed, scan=photo(waybill(NUMBER)))

    assert answer.status_code == 422
    assert "单号是从照片识别的，请核对后再提交" in text_of(answer)
    agreed.refresh_from_db()
    assert agreed.return_tracking == ""
    at_phone.send("send_back", agreed, tracking=NUMBER, scan=photo(waybill("YT2222333344")))
    agreed.refresh_from_db()
    assert (agreed.return_tracking, agreed.return_carrier) == (NUMBER, "顺丰速运")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_a_phone_one_tap_reads_the_waybill(
    agreed: Case, buyer: User, new_page: Callable[..., Page], shoot: Any
) -> None:
    page = new_page(buyer, width=390)
    page.goto(f"/my/cases/{agreed.code}/send_back/")
    shoot(page, "before")
    page.locator("#id_scan").set_input_files(
        {"name": "waybill.jpg", "mimeType": "image/jpeg", "buffer": waybill(NUMBER)}
    )

    expect(page.locator("#id_tracking")).to_have_value(NUMBER)
    expect(page.locator("#id_carrier")).to_have_value("顺丰速运")
    shoot(page, "after")
