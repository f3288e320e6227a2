"""R6: whatever is sent, nothing harmful is kept or served, and it is known soon."""

import io
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from aftersales import uploads
from aftersales.models import Upload, User
from aftersales.steps import Refused
from tests.aftersales.corpus import GPS, ORIENTATION, REFUSED, TRACES, Nasty, corpus, drawn, exif

KINDS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
}


@pytest.fixture
def sender(db: Any) -> User:
    return User.objects.create(username="sender")


def test_nothing_harmful_is_kept_or_served(sender: User, client: Client) -> None:
    """U1 to U10, U15 to U21: refused with a sentence, or kept as what it is, without its tail."""
    wrong: list[str] = []
    client.force_login(sender)
    every = list(corpus())
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for nasty in every:
        began = time.thread_time()
        kept = sent(sender, nasty)
        took = time.thread_time() - began
        wrong += [f"{nasty.row} {nasty.name}: {why}" for why in faults(nasty, kept, client)]
        if took > 1:
            wrong.append(f"{nasty.row} {nasty.name}: took {took:.1f} s")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - least) / 1024
    assert not wrong, "\n" + "\n".join(wrong)
    assert len(every) >= 60
    assert grown <= 100, f"{grown:.0f} MB more"


def sent(sender: User, nasty: Nasty) -> Upload | None:
    file = SimpleUploadedFile(nasty.name, nasty.content, content_type="image/jpeg")
    try:
        return uploads.keep(file, sender)
    except Refused as refused:
        return None if refused.sentence else Upload()


def faults(nasty: Nasty, kept: Upload | None, client: Client) -> list[str]:
    if kept is None:
        return [] if nasty.becomes == REFUSED else [f"refused, and not kept as {nasty.becomes}"]
    if kept.kind != nasty.becomes:
        return [f"kept as {kept.kind}, not {nasty.becomes or 'refused'}"]
    answer: Any = client.get(reverse("file", args=[kept.token]))
    body, ending = answer.getvalue(), KINDS[kept.kind]
    found = []
    if answer["Content-Type"] != kept.kind or answer["X-Content-Type-Options"] != "nosniff":
        found.append("served as something else")
    if f'filename="evidence-{kept.pk}.{ending}"' not in answer["Content-Disposition"]:
        found.append(f"served under {answer['Content-Disposition']}")
    if answer["Content-Security-Policy"] != "default-src 'none'; sandbox":
        found.append("served without its sandbox")
    if not kept.image:
        return (
            found if answer["Content-Disposition"].startswith("attachment") else [*found, "shown"]
        )
    found += [f"{trace!r} in it" for trace in TRACES if trace in body]
    picture = Image.open(io.BytesIO(body))
    picture.load()
    if picture.getexif() or getattr(picture, "n_frames", 1) > 1:
        found.append("more than one picture in it")
    return found


def test_a_picture_stands_upright_however_the_phone_was_held(sender: User) -> None:
    """U15: the orientation is carried out before it is forgotten."""
    for turn in range(1, 9):
        kept = sent(sender, Nasty("U15", f"{turn}.jpg", drawn("JPEG", exif=exif(turn)), ""))
        assert kept is not None
        with kept.file.open("rb") as file, Image.open(file) as picture:
            assert picture.size == ((40, 60) if turn >= 5 else (60, 40)), turn


def test_what_is_refused_leaves_nothing_on_the_disk(
    sender: User, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # of its own: other workers write beside
    for nasty in corpus():
        if nasty.becomes == REFUSED:
            sent(sender, nasty)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Upload.objects.exists()


def test_a_name_is_shown_and_never_believed(sender: User, client: Client) -> None:
    """U11 to U14: a path, a line break, a turned direction, markup: only letters are left."""
    client.force_login(sender)
    for name, shown in (
        ("../../etc/x.jpg", "x.jpg"),
        ("..\\..\\x.jpg", "x.jpg"),
        ("%2e%2e%2fx.jpg", "%2e%2e%2fx.jpg"),
        ("/abs/x.jpg", "x.jpg"),
        ("\\\\host\\share\\x.jpg", "x.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u200bb.jpg", "ab.jpg"),
        ("a;b=c.jpg", "a;b=c.jpg"),
        ("<img src=x onerror=alert(1)>.jpg", "&lt;img src=x onerror=alert(1)&gt;.jpg"),
        ("长" * 300 + ".jpg", "长" * 96 + ".jpg"),
    ):
        file = SimpleUploadedFile("a.jpg", drawn("JPEG"))
        file.name = file._name = name  # as it comes, not as Django would have named it
        answer = client.post(reverse("stage"), {"file": file, "slot": "proof"})
        assert answer.status_code == 200, name
        assert shown in answer.text, name
        assert "<img src=x" not in answer.text


def test_the_same_file_again_is_the_upload_it_was(sender: User) -> None:
    """U24: by what came in, not by what is made of it."""
    first = sent(sender, Nasty("U24", "a.jpg", drawn("JPEG", exif=exif()), ""))
    again = sent(sender, Nasty("U24", "a.jpg", drawn("JPEG", exif=exif()), ""))
    other = sent(sender, Nasty("U24", "a.jpg", drawn("JPEG", exif=exif(6)), ""))

    assert first == again != other
    assert Upload.objects.count() == 2


def test_what_came_in_is_kept_sealed(sender: User) -> None:
    """The original, with all that was in it, is a file of its own; the picture has none of it."""
    content = drawn("JPEG", exif=exif(6))
    kept = sent(sender, Nasty("U15", "a.jpg", content, ""))

    assert kept is not None
    with kept.original.open("rb") as file:
        whole = file.read()
    assert whole == content
    assert Image.open(io.BytesIO(whole)).getexif().get_ifd(GPS)
    assert Image.open(io.BytesIO(whole)).getexif()[ORIENTATION] == 6
    assert kept.original.name.endswith(".bin")


def test_only_staff_who_rule_open_the_original(
    sender: User, staff: User, client: Client, caplog: Any
) -> None:
    """As a file without a type of its own, and with a line in the log."""
    content = drawn("JPEG", exif=exif())
    kept = sent(sender, Nasty("U15", "a.jpg", content, ""))
    assert kept is not None
    url = reverse("admin:original", args=[kept.token])
    client.force_login(sender)
    assert client.get(url).status_code == 302
    client.force_login(staff)
    with caplog.at_level("INFO"):
        answer: Any = client.get(url)
    assert answer.getvalue() == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert f"'upload': {kept.pk}" in caplog.text
