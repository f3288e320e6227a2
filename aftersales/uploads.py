"""Files people send: looked at, made safe, and kept until a step puts them forward."""

import hashlib
import io
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from aftersales import antivirus, clock
from aftersales.enums import Scan
from aftersales.models import Upload, User
from aftersales.steps import Refused

log = structlog.get_logger(__name__)

LARGEST = 10 * 1024 * 1024  # bytes
MOST, WITHIN = 200, timedelta(minutes=10)  # files of one person
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
PHOTO, QUICKTIME = (b"hei", b"hev", b"mif1", b"msf1", b"avi"), b"qt  "
ACCEPT = "image/jpeg,image/png,image/webp,image/gif,application/pdf,video/mp4"


def keep(file: UploadedFile, user: User) -> Upload:
    """Check a file by its content, re-encode pictures without their metadata, and store it.

    What came in stays beside a picture, sealed: only staff ever read it. The same file again from
    the same person is the upload that it was. Raises Refused with the sentence that names the
    file, where it can't be taken.
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
    file.seek(0)
    came = bytes(file.read())
    received = hashlib.sha256(came).hexdigest()
    known = Upload.objects.filter(user=user, received=received, name=name).exclude(
        scan=Scan.INFECTED
    )
    if earlier := known.first():
        Upload.objects.filter(pk=earlier.pk).update(created_at=clock.now())  # kept anew
        return earlier
    lately = Upload.objects.filter(user=user, created_at__gt=clock.now() - WITHIN)
    if lately.count() >= MOST:
        raise Refused(_("上传得太快了，请过 10 分钟再传"))
    token = secrets.token_urlsafe(24)
    upload = Upload(
        user=user,
        token=token,
        name=name,
        kind=kind,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        received=received,
        scan=Scan.PENDING if settings.CLAMD_SOCKET else Scan.CLEAR,
        created_at=clock.now(),
    )
    if scanned(upload, came) == Scan.INFECTED:
        raise Refused(_("%(file)s 未通过安全检查，未上传") % {"file": name})
    try:
        store(upload.file, f"{token}.{ending}", body)
        if body != came:
            store(upload.original, f"{secrets.token_urlsafe(24)}.bin", came)
    except OSError:
        log.exception("a file could not be stored")
        upload.file.delete(save=False)
        raise Refused(_("%(file)s 没有存下，请稍后再传") % {"file": name}) from None
    upload.save()
    return upload


def store(field: Any, name: str, content: bytes) -> None:
    """Whole or not at all: a full disk leaves no half of a file."""
    try:
        field.save(name, ContentFile(content), save=False)
    except OSError:
        field.storage.delete(field.field.generate_filename(field.instance, name))
        raise


def scanned(upload: Upload, content: bytes) -> str:
    """Ask clamd, if there is one, what came in; who is away is asked again by ``scan_due``."""
    if upload.scan != Scan.PENDING:
        return upload.scan
    try:
        found = antivirus.found_in(io.BytesIO(content))
    except antivirus.Away as away:
        log.warning("clamd is away", why=str(away))
        return upload.scan
    if found:
        log.error("infected file", user=upload.user_id, sha256=upload.received, found=found)
    upload.scan = Scan.INFECTED if found else Scan.CLEAR
    return upload.scan


def scan_due(most: int = 100) -> int:
    """Scan what could not be scanned when it came, the oldest first; what is found in stays shut."""
    done = 0
    if not settings.CLAMD_SOCKET:
        return done
    for upload in Upload.objects.filter(scan=Scan.PENDING).order_by("pk")[:most]:
        with (upload.original or upload.file).open("rb") as file:
            if scanned(upload, file.read()) == Scan.PENDING:
                break  # clamd is away: later
        done += Upload.objects.filter(pk=upload.pk, scan=Scan.PENDING).update(scan=upload.scan)
    return done


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
    large = _("%(file)s 的尺寸太大，请缩小后再传") % {"file": name}
    try:
        picture: Any = Image.open(file, formats=[*FORMATS, "GIF"])
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
        raise Refused(_not_taken(file, name)) from None


def _not_taken(file: UploadedFile, name: str) -> str:
    """Why, and for what phones make of themselves, what to do about it (U17)."""
    file.seek(0)
    head = file.read(16)
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand.startswith(PHOTO):
        told = _(
            "%(file)s 不是 JPG、PNG、WebP、GIF、PDF 或 MP4。HEIC 照片请截图后再传，"
            "或在相机设置里改存 JPG"
        )
    elif brand == QUICKTIME:
        told = _(
            "%(file)s 不是 JPG、PNG、WebP、GIF、PDF 或 MP4。MOV 视频请转成 MP4，或截几张图再传"
        )
    else:
        told = _("%(file)s 不是 JPG、PNG、WebP、GIF、PDF 或 MP4")
    return told % {"file": name}


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
    if not wanted:
        return []
    found = {each.token: each for each in Upload.objects.filter(user=user, token__in=wanted)}
    return [found[token] for token in dict.fromkeys(wanted) if token in found]
