"""Dossiers to read and to tamper with."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from pypdf import PdfReader

from tests.factories import Desk

Files = dict[str, bytes]


@pytest.fixture
def told(make_desk: Callable[..., Desk], now: Any) -> Desk:
    """A case with much to tell: turned down, both sides have talked, the platform is asked."""
    desk = make_desk("rejected", type="refund_received")
    now.shift(timedelta(minutes=5))
    case = desk.case
    case.send_message(by=desk.buyer, text="杯口的裂纹 #strong[很] 清楚 😀", as_party="buyer")
    case.ask_platform(by=desk.buyer, reason="商家驳回没有道理，照片很清楚地拍到裂纹。")
    return desk


@pytest.fixture
def download(client: Client) -> Callable[..., bytes]:
    """``download(user, "buyers", case, "zip")``: the file, as that side gets it."""

    def get(user: Any, side: str, case: Any, form: str, **headers: Any) -> bytes:
        client.force_login(user)
        response = client.get(address(side, case, form), headers=headers)
        assert response.status_code == 200
        return b"".join(response.streaming_content)  # type: ignore[attr-defined]

    return get


def address(side: str, case: Any, form: str) -> str:
    place = {"buyers": "my/cases", "merchants": "merchant/cases", "admin": "admin/aftersales/case"}
    return f"/{place[side]}/{case.code}/dossier.{form}"


def words(paper: bytes) -> str:
    """The text of a PDF as one can select it, its lines joined."""
    pages = PdfReader(io.BytesIO(paper)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", "")


def unpacked(archive: bytes) -> Files:
    with ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(files: Files) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()
