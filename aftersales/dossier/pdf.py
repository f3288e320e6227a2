"""The dossier as a PDF, set by Typst in Noto Sans SC: selectable text, the font embedded as a subset."""

import json
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import pylopdf_fonts_zh_cn as noto
import typst
from django.utils.translation import gettext as _
from PIL import Image

from aftersales.display import exact
from aftersales.dossier.content import Content, Piece
from aftersales.languages import either
from aftersales.models import Upload

TEMPLATE = Path(__file__).with_name("dossier.typ")
MOST_PICTURES = 60  # the rest are named, and whole in the ZIP
LONGEST_SIDE = 900  # pixels of a picture in the paper


@cache
def fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(noto.sans_path().parent)],
    )


def typeset(content: Content) -> bytes:
    """The whole dossier as one PDF; pictures are scaled down, one at a time."""
    with TemporaryDirectory(prefix="dossier-") as name:
        folder = Path(name)
        pictures = dict(_pictures(content.pieces, folder))
        sections = [
            {"title": section.title, "blocks": [_block(each, pictures) for each in section.blocks]}
            for section in content.sections()
        ]
        paper = {
            "title": _("售后卷宗 {code}").format(code=content.case.code),
            "made": exact(content.at),
            "foot": _("记录链首 {hash}").format(hash=content.case.chain[:16]),
            "lang": either("zh", "en"),
            "region": either("cn", "us"),
            "sections": sections,
        }
        text = spelled(json.dumps(paper, ensure_ascii=False))
        return bytes(
            typst.compile(
                Path(copy(TEMPLATE, folder)),
                root=folder,
                font_paths=fonts(),
                ignore_system_fonts=True,
                sys_inputs={"dossier": text},
                format="pdf",
                timestamp=int(content.at.timestamp()),
            )
        )


def spelled(text: str) -> str:
    """Signs that no text font has (emoji and their like) by name, so that nothing said is lost."""
    return "".join(
        each if ord(each) < 0x1F000 or ord(each) > 0x1FAFF else f"[{unicodedata.name(each, '?')}]"
        for each in text
    )


def _block(block: dict[str, Any], pictures: dict[str, str]) -> dict[str, Any]:
    if "entries" not in block:
        return block
    entries = [
        each | ({"image": pictures[each["picture"]]} if each.get("picture") in pictures else {})
        for each in block["entries"]
    ]
    return {"entries": entries}


def _pictures(pieces: Iterable[Piece], folder: Path) -> Iterable[tuple[str, str]]:
    """Small copies of what the reader may see, by number; what cannot be read is left out."""
    shown = [each for each in pieces if each.shown and each.evidence.upload.image]
    for piece in shown[:MOST_PICTURES]:
        name = f"{piece.number}.jpg"
        if _scaled(piece.evidence.upload, folder / name):
            yield piece.number, f"/{name}"


def _scaled(upload: Upload, path: Path) -> bool:
    try:
        with upload.file.open("rb") as file, Image.open(file) as picture:
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            picture.convert("RGB").save(path, "JPEG", quality=80)
    except (OSError, ValueError):  # gone from the storage, or no picture any more
        return False
    return True
