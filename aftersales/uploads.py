"""Files people send: looked at, made safe, and kept until a step puts them forward."""

import hashlib
import io
import logging
import secrets
from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from aftersales import clock
from aftersales.models import Upload, User
from aftersales.steps import Refused

logger = logging.getLogger(__name__)

LARGEST = 10 * 1024 * 1024  # bytes
LARGEST_VIDEO = 50 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2400  # pixels; larger pictures are scaled down
FORMATS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
# The brands of an MP4; pictures (heic, avif) and QuickTime come in the same kind of box.
MP4 = (b"iso", b"mp4", b"avc1", b"M4V", b"MSNV", b"dash", b"3gp")
ACCEPT = "image/jpeg,image/png,image/webp,image/gif,application/pdf,video/mp4"


def keep(file: UploadedFile, user: User) -> Upload:
    """Check a file by its content, re-encode pictures without their metadata, and store it.

    Raises Refused with the sentence that names the file, where it can't be taken.
    """
    name = named(file)
    size = file.size or 0
    if size == 0:
        raise Refused(_("%(file)s 是空文件") % {"file": name})
    head = file.read(16)
    file.seek(0)
    if head.startswith(b"%PDF-"):
        body, kind, ending = _plain(file, name, LARGEST), "application/pdf", "pdf"
    elif head[4:8] == b"ftyp" and head[8:12].startswith(MP4):
        body, kind, ending = _plain(file, name, LARGEST_VIDEO), "video/mp4", "mp4"
    else:
        body, kind, ending = _picture(file)
    token = secrets.token_urlsafe(24)
    upload = Upload(
        user=user,
        token=token,
        name=name,
        kind=kind,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        created_at=clock.now(),
    )
    try:
        upload.file.save(f"{token}.{ending}", ContentFile(body), save=False)
    except OSError:
        logger.exception("a file could not be stored")
        upload.file.storage.delete(upload.file.field.generate_filename(upload, f"{token}.{ending}"))
        raise Refused(_("%(file)s 没有存下，请稍后再传") % {"file": name}) from None
    upload.save()
    return upload


def named(file: UploadedFile) -> str:
    return (file.name or "").rsplit("/", 1)[-1][-100:] or "file"


def _plain(file: UploadedFile, name: str, largest: int) -> bytes:
    _check_size(file, name, largest)
    return bytes(file.read())


def _check_size(file: UploadedFile, name: str, largest: int) -> None:
    if (file.size or 0) > largest:
        size = f"{(file.size or 0) / 1024 / 1024:.1f}"
        raise Refused(
            _("%(file)s 为 %(size)s MB，超过 %(most)s MB，未上传")
            % {"file": name, "size": size, "most": largest // 1024 // 1024}
        )


def opened(file: UploadedFile) -> Any:
    """A picture that people sent, the right way up; raises Refused for what is none or too large."""
    name = named(file)
    _check_size(file, name, LARGEST)
    wrong = _("%(file)s 不是 JPG、PNG、WebP、GIF、PDF 或 MP4") % {"file": name}
    large = _("%(file)s 的尺寸太大，请缩小后再传") % {"file": name}
    try:
        picture: Any = Image.open(file)
        if picture.format not in {*FORMATS, "GIF"}:
            raise Refused(wrong)
        if picture.width * picture.height > MOST_PIXELS:
            raise Refused(large)
        picture.load()
        kind = picture.format
        picture = ImageOps.exif_transpose(picture)
        picture.format = kind
        return picture
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(large) from None
    except Exception:  # a damaged picture breaks a decoder in many ways
        raise Refused(wrong) from None


def _picture(file: UploadedFile) -> tuple[bytes, str, str]:
    picture = opened(file)
    kind, ending = FORMATS.get(picture.format, FORMATS["PNG"])
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if ending == "jpg":
        picture = picture.convert("RGB")
    elif picture.mode not in ("RGB", "RGBA", "L", "P", "LA"):
        picture = picture.convert("RGBA")
    out = io.BytesIO()
    fresh = Image.new(picture.mode, picture.size)
    if picture.mode == "P":
        fresh = picture.convert("RGBA")
    else:
        fresh.paste(picture)
    fresh.save(out, {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[ending], quality=88)
    return out.getvalue(), kind, ending


def of(user: Any, tokens: Iterable[str]) -> list[Upload]:
    """This user's own uploads by their tokens, in order; unknown tokens are left out."""
    wanted = [token for token in tokens if token]
    found = {each.token: each for each in Upload.objects.filter(user=user, token__in=wanted)}
    return [found[token] for token in dict.fromkeys(wanted) if token in found]
