"""安全检查: with ``CLAMD_SOCKET`` nobody is shown a file that clamd has not cleared."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from aftersales import tasks, uploads
from aftersales.enums import Scan
from aftersales.models import Upload, User
from aftersales.steps import Refused
from tests.aftersales.corpus import EICAR, drawn, pdf


class Clamd(socketserver.StreamRequestHandler):
    """As clamd speaks: INSTREAM, chunks by length, an answer."""

    def handle(self) -> None:
        command = self.rfile.readline() if self.rfile.peek(1)[:1] == b"n" else self.rfile.read(10)
        assert b"INSTREAM" in command
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        end = b"\n" if command.startswith(b"n") else b"\0"
        said = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write(said + end)


@pytest.fixture
def address(settings: Any, tmp_path: Path) -> str:
    settings.CLAMD_SOCKET = str(tmp_path / "clamd")
    return str(settings.CLAMD_SOCKET)


@pytest.fixture
def clamd(address: str) -> Iterator[None]:
    with socketserver.ThreadingUnixStreamServer(address, Clamd) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def sent(user: User, content: bytes, name: str = "a.pdf") -> Upload:
    return uploads.keep(SimpleUploadedFile(name, content), user)


def test_what_clamd_knows_is_refused_and_logged(clamd: None, buyer: User, caplog: Any) -> None:
    """U23: also in the tail of a picture, which would have been cut off."""
    for content in (pdf(EICAR), drawn("JPEG") + EICAR):
        with pytest.raises(Refused) as refused:
            sent(buyer, content)
        assert refused.value.sentence == "a.pdf 未通过安全检查，未上传"

    assert not Upload.objects.exists()
    assert "Eicar-Test-Signature" in caplog.text


def test_what_is_clean_is_shown(clamd: None, buyer: User) -> None:
    assert sent(buyer, drawn("JPEG")).image


def test_while_clamd_is_away_nobody_is_shown_the_file(
    address: str, make_case: Any, buyer: User, merchant: User, client: Client
) -> None:
    """F77: 待安全检查 for both sides, until the sweep has asked."""
    case = make_case()
    Upload.objects.update(scan=Scan.CLEAR)
    case.add_evidence(by=buyer, evidence={"more": [sent(buyer, drawn("JPEG"), "a.jpg")]})
    upload = Upload.objects.filter(scan=Scan.PENDING).latest("pk")
    for user, page in ((buyer, "buyers:case"), (merchant, "merchants:case")):
        client.force_login(user)
        assert client.get(reverse("file", args=[upload.token])).status_code == 403
        shown = client.get(reverse(page, args=[case.code])).text
        assert "待安全检查" in shown
        assert f'src="{reverse("file", args=[upload.token])}' not in shown

    assert tasks.scan_files() == 0


def test_the_sweep_clears_what_is_clean_and_shuts_what_is_not(
    address: str, buyer: User, client: Client
) -> None:
    clean, bad = sent(buyer, drawn("JPEG"), "a.jpg"), sent(buyer, pdf(EICAR), "b.pdf")
    with socketserver.ThreadingUnixStreamServer(address, Clamd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert tasks.scan_files() == 2
        server.shutdown()

    client.force_login(buyer)
    assert Upload.objects.get(pk=clean.pk).scan == Scan.CLEAR
    assert Upload.objects.get(pk=bad.pk).scan == Scan.INFECTED
    assert client.get(reverse("file", args=[bad.token])).status_code == 403
    answer: Any = client.get(reverse("file", args=[clean.token]))
    assert answer.getvalue()
