"""Files people send are taken by their content, cleaned, and refused with a sentence that names them."""

import io
import resource
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from aftersales import uploads
from aftersales.models import Upload, User
from aftersales.steps import Refused

ORIENTATION, GPS = 0x0112, 0x8825


@pytest.fixture
def sender(db: Any) -> User:
    return User.objects.create(username="sender")


def sent(name: str, content: bytes, kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=kind)


def drawn(form: str, mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **options)
    return out.getvalue()


def opened(upload: Upload) -> Image.Image:
    with upload.file.open("rb") as file:
        picture = Image.open(io.BytesIO(file.read()))
    picture.load()
    return picture


def bomb(side: int) -> bytes:
    """A PNG that claims to be ``side`` × ``side`` pixels and is a few bytes long."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9))


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [
        pytest.param(drawn("JPEG"), "image/jpeg", ".jpg", id="jpeg"),
        pytest.param(drawn("JPEG", "CMYK"), "image/jpeg", ".jpg", id="jpeg for print"),
        pytest.param(drawn("PNG", "RGBA"), "image/png", ".png", id="png"),
        pytest.param(drawn("PNG", "P"), "image/png", ".png", id="png with a palette"),
        pytest.param(drawn("PNG", "1"), "image/png", ".png", id="png in black and white"),
        pytest.param(drawn("PNG", "I;16"), "image/png", ".png", id="png in 16 bits"),
        pytest.param(drawn("WEBP"), "image/webp", ".webp", id="webp"),
        pytest.param(drawn("GIF", "P"), "image/png", ".png", id="gif"),
        pytest.param(b"%PDF-1.7\n%%EOF", "application/pdf", ".pdf", id="pdf"),
        pytest.param(b"\0\0\0\x18ftypmp42" + bytes(32), "video/mp4", ".mp4", id="mp4"),
        pytest.param(b"\0\0\0\x18ftypisom" + bytes(32), "video/mp4", ".mp4", id="mp4 of a phone"),
    ],
)
def test_a_file_is_known_by_its_content_not_by_its_name(
    sender: User, content: bytes, kind: str, ending: str
) -> None:
    """S-33, S-76: the name that came with it is only shown."""
    upload = uploads.keep(sent("发票.exe", content, "text/html"), sender)

    assert (upload.kind, upload.name) == (kind, "发票.exe")
    assert upload.file.name.endswith(ending)
    assert upload.size == upload.file.size


def test_where_a_picture_was_taken_does_not_stay_in_it(sender: User) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the phone was held upright
    exif[0x010F] = "Phone"
    exif.get_ifd(GPS)[1] = "N"
    content = drawn("JPEG", size=(60, 40), exif=exif, comment=b"home") + b"<?php evil(); ?>"

    upload = uploads.keep(sent("a.jpg", content), sender)

    picture = opened(upload)
    assert picture.size == (40, 60)
    assert not picture.getexif()
    assert "exif" not in picture.info
    with upload.file.open("rb") as file:
        kept = file.read()
    assert b"php" not in kept
    assert b"home" not in kept


def test_a_large_picture_is_scaled_down(sender: User) -> None:
    upload = uploads.keep(sent("a.png", drawn("PNG", "L", (3000, 1500))), sender)
    assert opened(upload).size == (2400, 1200)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param("a.jpg", b"", "a.jpg 是空文件", id="empty"),
        pytest.param("a.jpg", b"<html>hello</html>", "a.jpg 不是 JPG", id="a page named jpg"),
        pytest.param("a.jpg", drawn("JPEG")[:300], "a.jpg 不是 JPG", id="cut off"),
        pytest.param("a.bmp", drawn("BMP"), "a.bmp 不是 JPG", id="another format"),
        pytest.param(
            "a.heic", b"\0\0\0\x18ftypheic" + bytes(32), "a.heic 不是 JPG", id="a phone's heic"
        ),
        pytest.param("a.mov", b"\0\0\0\x18ftypqt  " + bytes(32), "a.mov 不是 JPG", id="quicktime"),
        pytest.param("a.png", bomb(9_000), "a.png 的尺寸太大", id="many pixels"),
        pytest.param("a.png", bomb(12_000), "a.png 的尺寸太大", id="very many pixels"),
        pytest.param("a.png", bomb(30_000), "a.png 的尺寸太大", id="a bomb"),
        pytest.param(
            "a.pdf",
            b"%PDF-" + bytes(uploads.LARGEST),
            "a.pdf 为 10.0 MB，超过 10 MB，未上传",
            id="too large",
        ),
    ],
)
def test_what_is_not_taken_is_refused_with_a_sentence(
    sender: User, name: str, content: bytes, sentence: str
) -> None:
    """S-76: the file and what is wrong with it are named."""
    with pytest.raises(Refused) as refused:
        uploads.keep(sent(name, content), sender)

    assert refused.value.sentence.startswith(sentence)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("brand", "hint"), [("heic", "请截图后再传"), ("mif1", "请截图后再传"), ("qt  ", "请转成 MP4")]
)
def test_what_a_phone_makes_of_itself_and_is_not_taken_comes_with_a_way_out(
    sender: User, brand: str, hint: str
) -> None:
    """S-76."""
    with pytest.raises(Refused) as refused:
        uploads.keep(sent("a.bin", b"\0\0\0\x18ftyp" + brand.encode() + bytes(32)), sender)

    assert hint in refused.value.sentence


@pytest.mark.parametrize("damage", [b"\xff", b"\x00", b"\x7f\xff\xff\xff"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_damaged_picture_is_kept_or_refused_and_never_breaks(
    sender: User, form: str, damage: bytes
) -> None:
    whole = drawn(form, "P" if form == "GIF" else "RGB")
    for place in range(4, len(whole), max(len(whole) // 24, 1)):
        content = whole[:place] + damage + whole[place + len(damage) :]
        with suppress(Refused):
            assert uploads.keep(sent("a.jpg", content), sender).image


def test_a_name_is_only_a_name(sender: User) -> None:
    """Neither a path nor its length is believed."""
    upload = uploads.keep(sent("../../" + "长" * 200 + ".jpg", drawn("JPEG")), sender)
    assert len(upload.name) <= 100
    assert "/" not in upload.name
    assert "长" not in upload.file.name


def test_a_sender_uses_only_his_own_files(sender: User) -> None:
    other = User.objects.create(username="other")
    mine = [uploads.keep(sent(f"{name}.jpg", drawn("JPEG")), sender) for name in "ab"]
    theirs = uploads.keep(sent("c.jpg", drawn("JPEG")), other)
    wanted = [mine[1].token, theirs.token, "", "nothing", mine[0].token, mine[1].token]

    assert uploads.of(sender, wanted) == [mine[1], mine[0]]


def test_a_full_disk_refuses_a_picture_in_words_and_keeps_nothing_of_it(
    sender: User, settings: Any, tmp_path: Path
) -> None:
    """F29: neither a row nor half a file."""
    settings.MEDIA_ROOT = str(tmp_path)
    picture = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(picture, "PNG")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        with pytest.raises(Refused, match="没有存下，请稍后再传"):
            uploads.keep(sent("a.png", picture.getvalue()), sender)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not Upload.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
