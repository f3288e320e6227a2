"""Files that nobody means well with, made here; each with what becomes of it (security.md §7, U)."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

GPS, ORIENTATION = 0x8825, 0x0112
SCRIPT = b"<script>alert(document.domain)</script>"
PHP = b"<?php system($_GET['c']); ?>"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
REFUSED = ""
# What may not be in any picture that is kept, whatever came with it.
TRACES = (
    b"<script",
    b"<?php",
    b"<svg",
    b"Exif",
    b"GPS",
    b"photoshop",
    b"xmpmeta",
    b"PK\3\4",
    b"home-9",
)
TRACES += (b"acsp", b"%PDF", b"javascript")


class Nasty(NamedTuple):
    row: str  # of the table
    name: str
    content: bytes
    becomes: str  # the kind it is kept as; REFUSED


def drawn(
    form: str, mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: object
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 200 if mode in ("L", "I;16", "1", "P") else None or 0).save(
        out, form, **options
    )
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    told = Image.Exif()
    told[ORIENTATION], told[0x010F], told[0x9286] = orientation, "Phone", b"home-9"
    told.get_ifd(GPS).update({1: "N", 2: (30.0, 16.0, 1.0), 3: "E", 4: (120.0, 9.0, 1.0)})
    return told


def png(width: int, height: int, depth: int = 1, colour: int = 0, rest: bytes = b"") -> bytes:
    """A PNG that claims to be so large, made of next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        told = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + told

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(bytes(min(width * height * max(depth, 8) // 8, 200_000)))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def frames(form: str, many: int) -> bytes:
    first, *rest = [Image.new("RGB", (8, 8), (n % 256, 90, 30)) for n in range(many)]
    out = io.BytesIO()
    first.save(out, form, save_all=True, append_images=rest)
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def pdf(extra: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + extra + b" >>\nendobj\n%%EOF"


def corpus() -> Iterator[Nasty]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
    jpeg, webp = drawn("JPEG"), drawn("WEBP")
    gif = drawn("GIF", "P")
    yield Nasty("U1", "a.svg", svg, REFUSED)
    yield Nasty("U1", "a.svg", b'<?xml version="1.0"?>' + svg, REFUSED)
    yield Nasty("U2", "a.jpg", svg, REFUSED)
    for name in ("a.jpg", "a.png"):
        yield Nasty("U3", name, b"<!doctype html>" + SCRIPT, REFUSED)
    yield Nasty("U3", "a.png", b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT, REFUSED)
    yield Nasty("U4", "a.jpg", jpeg + PHP + SCRIPT, "image/jpeg")
    yield Nasty("U4", "a.jpg", drawn("JPEG", comment=PHP + SCRIPT), "image/jpeg")
    yield Nasty("U4", "a.png", drawn("PNG") + SCRIPT, "image/png")
    yield Nasty("U4", "a.webp", webp + PHP, "image/webp")
    yield Nasty("U5", "a.gif", gif + zipped("a.class", b"\xca\xfe\xba\xbe" * 9), "image/png")
    yield Nasty(
        "U5", "a.gif", gif.replace(b"GIF89a", b"GIF89a", 1) + b"/*" + SCRIPT + b"*/", "image/png"
    )
    yield Nasty("U5", "a.gif", b"GIF89a/*" + SCRIPT + b"*/=1;", REFUSED)
    yield Nasty("U5", "a.png", drawn("PNG") + zipped("a.jar", PHP), "image/png")
    yield Nasty("U5", "a.jpg", jpeg + pdf(b"/OpenAction << /JS (app.alert(1)) >>"), "image/jpeg")
    yield Nasty("U5", "a.jpg", zipped("a.jpg", jpeg) + jpeg, REFUSED)
    yield Nasty("U6", "a.png", png(30_000, 30_000), REFUSED)
    yield Nasty("U6", "a.png", png(2**31 - 1, 2**31 - 1), REFUSED)
    yield Nasty("U6", "a.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:], REFUSED)
    yield Nasty("U7", "a.png", png(9_000, 9_000), REFUSED)
    yield Nasty("U7", "a.png", png(1, 60_000_000), REFUSED)
    yield Nasty("U7", "a.png", frames("PNG", 300), "image/png")
    yield Nasty("U7", "a.gif", frames("GIF", 300), "image/png")
    yield Nasty("U7", "a.webp", frames("WEBP", 60), "image/webp")
    yield Nasty("U7", "a.jpg", frames("TIFF", 4), REFUSED)
    yield Nasty("U8", "a.jpg", b"", REFUSED)
    yield Nasty("U9", "a.jpg", jpeg + bytes(10 * 1024 * 1024), REFUSED)
    yield Nasty("U9", "a.pdf", pdf(b"") + bytes(10 * 1024 * 1024), REFUSED)
    for name in ("a", "a.php.jpg", "a.jpg.php", ".htaccess", "CON.jpg", "a.exe", "web.config"):
        yield Nasty("U10", name, jpeg, "image/jpeg")
    yield Nasty("U10", "a.png", jpeg, "image/jpeg")
    yield Nasty("U10", "a.jpg", b"MZ" + bytes(200), REFUSED)
    yield Nasty("U10", "a.jpg", b"\x7fELF" + bytes(200), REFUSED)
    for turn in range(1, 9):
        yield Nasty("U15", "a.jpg", drawn("JPEG", exif=exif(turn)), "image/jpeg")
    yield Nasty("U15", "a.png", drawn("PNG", exif=exif(6)), "image/png")
    yield Nasty("U15", "a.webp", drawn("WEBP", exif=exif(3)), "image/webp")
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">home-9</x:xmpmeta>'
    yield Nasty("U15", "a.jpg", drawn("JPEG", xmp=xmp), "image/jpeg")
    yield Nasty("U15", "a.webp", drawn("WEBP", xmp=xmp), "image/webp")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield Nasty("U15", "a.jpg", drawn("JPEG", icc_profile=profile), "image/jpeg")
    told = PngInfo()
    told.add_text("Comment", "home-9 <script>", zip=True)
    told.add_itxt("XML:com.adobe.xmp", xmp.decode())
    yield Nasty("U15", "a.png", drawn("PNG", pnginfo=told), "image/png")
    bomb = PngInfo()
    bomb.add_text("Comment", "x" * 80_000_000, zip=True)
    yield Nasty("U15", "a.png", drawn("PNG", pnginfo=bomb), REFUSED)
    for whole, name in ((jpeg, "a.jpg"), (drawn("PNG"), "a.png"), (webp, "a.webp")):
        yield Nasty("U16", name, whole[: len(whole) // 2], REFUSED)
    broken = bytearray(drawn("PNG"))
    broken[-8] ^= 0xFF
    yield Nasty("U16", "a.png", bytes(broken[:20]) + bytes(30), REFUSED)
    yield Nasty("U17", "a.heic", b"\0\0\0\x18ftypheic" + bytes(64), REFUSED)
    yield Nasty("U17", "a.avif", b"\0\0\0\x18ftypavif" + bytes(64), REFUSED)
    yield Nasty("U17", "a.jpg", drawn("JPEG", "CMYK"), "image/jpeg")
    yield Nasty("U17", "a.png", drawn("PNG", "I;16"), "image/png")
    yield Nasty(
        "U18", "a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) file", REFUSED
    )
    for form in ("EPS", "ICO", "BMP", "PPM", "TGA", "PCX"):
        yield Nasty("U18", "a.jpg", drawn(form, size=(16, 16)), REFUSED)
    yield Nasty("U18", "a.jpg", b"8BPS\0\1" + bytes(40), REFUSED)
    yield Nasty("U18", "a.wmf", b"\xd7\xcd\xc6\x9a" + bytes(60), REFUSED)
    yield Nasty("U19", "a.mp4", b"\0\0\0\x18ftypqt  " + bytes(64), REFUSED)
    yield Nasty("U19", "a.mp4", b"RIFF" + bytes(64), REFUSED)
    yield Nasty("U19", "a.mp4", b"\0\0\0\x18ftypisom" + bytes(16) + SCRIPT, "video/mp4")
    yield Nasty(
        "U20",
        "a.pdf",
        pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
        "application/pdf",
    )
    yield Nasty(
        "U20", "a.pdf", pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"), "application/pdf"
    )
    yield Nasty("U20", "a.pdf", pdf(b"/Encrypt 5 0 R"), "application/pdf")
    yield Nasty("U21", "a.jpg", zipped("a.jpg", bytes(10_000_000)), REFUSED)
