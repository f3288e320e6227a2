"""The dossier as a ZIP: the paper, the chain of events, every visible file, and the manifest.

``manifest.json`` is ``{"format", "version", "case", "reader", "made_at", "events", "chain",
"files": [{"path", "sha256", "size", "event"?}], "sha256"}``: the last is the hash of all the rest.
``events.json`` is the chain from its first link: an event as it was hashed, or, where the reader
may not see its content, only ``{"version", "sealed", "hash"}``, by which the chain still holds.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.timezone import localtime

from aftersales.dossier.content import Content
from aftersales.dossier.pdf import typeset
from aftersales.models import Event, Upload

FORMAT, VERSION = "aftersales-dossier", 1
PIECE = 64 * 1024  # bytes read and written at a time


def pack(content: Content, out: IO[bytes]) -> dict[str, Any]:
    """Write the ZIP into ``out``, a piece at a time, and return its manifest.

    A file that is gone from the storage is left out of it: checking names it, as it should.
    """
    with ZipFile(out, "w", allowZip64=True) as archive:
        writer = Writer(archive, content)
        writer.write("dossier.pdf", [typeset(content)])
        writer.write("dossier.json", [as_json([asdict(each) for each in content.sections()])])
        writer.write("events.json", [as_json(list(links(content)))])
        for piece in content.pieces:
            if piece.shown:
                row = piece.evidence
                name = f"evidence/{piece.number}-{row.party}"
                writer.file(name, row.upload, event=row.version)
        for number, message in content.said:
            for n, upload in enumerate(message.uploads.all(), start=1):
                writer.file(f"messages/M{number}-{n}", upload)
        case = content.case
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "case": case.code,
            "reader": str(content.reader),
            "made_at": content.at.isoformat(),
            "events": len(content.events),
            "chain": case.chain,
            "files": list(writer.files),
        }
        manifest["sha256"] = whole(manifest)
        writer.write("manifest.json", [as_json(manifest)])
    return manifest


def as_json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, cls=DjangoJSONEncoder)
    return text.encode()


def whole(manifest: dict[str, Any]) -> str:
    """The hash of a manifest's content, but for the hash itself."""
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(as_json(rest)).hexdigest()


def links(content: Content) -> Iterator[dict[str, Any]]:
    """The events as they were hashed; of a sealed one, what keeps the chain whole."""
    for event in content.events:
        why = content.sealed(event)
        yield {"version": event.version, "sealed": why, "hash": event.hash} if why else link(event)


def link(event: Event) -> dict[str, Any]:
    return {**event.content(), "hash": event.hash}


class Writer:
    """Writes files one after the other, noting hash and size as they go by."""

    def __init__(self, archive: ZipFile, content: Content) -> None:
        self.archive, self.at = archive, localtime(content.at).timetuple()[:6]
        self.files: list[dict[str, Any]] = []

    def write(self, path: str, parts: Iterable[bytes], **more: Any) -> None:
        info = ZipInfo(path, self.at)
        packed = path.endswith(".json")  # pictures and films are small already
        info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.archive.open(info, "w", force_zip64=True) as out:
            for part in parts:
                digest.update(part)
                size += len(part)
                out.write(part)
        self.files.append({"path": path, "sha256": digest.hexdigest(), "size": size, **more})

    def file(self, name: str, upload: Upload, **more: Any) -> None:
        ending = mimetypes.guess_extension(upload.kind) or ""
        if not upload.clear:
            return
        try:
            file = upload.file.open("rb")
        except OSError:
            return
        with file:
            self.write(f"{name}{ending}", file.chunks(PIECE), **more)
