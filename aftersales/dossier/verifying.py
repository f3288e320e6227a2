"""Is a dossier what was handed out? Asked of the file alone, and of this platform's own books."""

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from django.db import DatabaseError

from aftersales.dossier.archive import FORMAT, PIECE, VERSION, whole
from aftersales.models import Case, DossierCopy, Event
from aftersales.models.history import GENESIS, digest

LARGEST_JSON = 64 * 1024 * 1024  # bytes; more is nothing of ours
MANIFEST = "manifest.json"


class Wrong(Exception):
    """The file can't be read as a dossier at all."""


class Dossier:
    """A ZIP that claims to be a dossier; ``faults`` says what is wrong, empty if nothing is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []
        self.manifest: dict[str, Any] = {}
        self.links: list[dict[str, Any]] = []

    def check(self) -> list[str]:
        try:
            with ZipFile(self.path) as archive:
                self.manifest = self._json(archive, MANIFEST)
                self._check_manifest()
                self._check_files(archive)
                self._check_chain(self._json(archive, "events.json"))
        except (OSError, BadZipFile, NotImplementedError, RuntimeError, zlib.error) as broken:
            raise Wrong(f"{self.path.name} cannot be read: {broken}") from None
        except (AttributeError, KeyError, TypeError):
            raise Wrong(f"{self.path.name} has not the shape of a dossier") from None
        return self.faults

    def _json(self, archive: ZipFile, name: str) -> Any:
        try:
            if archive.getinfo(name).file_size > LARGEST_JSON:
                raise Wrong(f"{name} is too large to be a dossier's")
            return json.loads(archive.read(name))
        except KeyError:
            raise Wrong(f"{name} is missing") from None
        except (ValueError, BadZipFile) as broken:
            raise Wrong(f"{name} is broken: {broken}") from None

    def _check_manifest(self) -> None:
        found = self.manifest
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise Wrong("this is no dossier")
        if found.get("version") != VERSION:
            raise Wrong(f"format version {found.get('version')} is not known here")
        shape = {"case": str, "chain": str, "events": int, "files": list, "sha256": str}
        wrong = [name for name, kind in shape.items() if not isinstance(found.get(name), kind)]
        if wrong:
            raise Wrong(f"{MANIFEST} is broken: {', '.join(wrong)}")
        if whole(found) != found["sha256"]:
            self.faults.append(f"{MANIFEST} was changed")

    def _check_files(self, archive: ZipFile) -> None:
        listed = {each["path"]: each for each in self.manifest["files"]}
        names = [name for name in archive.namelist() if name != MANIFEST]
        self.faults += [f"{name} is missing" for name in listed if name not in names]
        self.faults += [f"{name} was added" for name in dict.fromkeys(names) if name not in listed]
        twice = sorted({name for name in archive.namelist() if archive.namelist().count(name) > 1})
        self.faults += [f"{name} is there twice" for name in twice]
        for name, told in listed.items():
            if name in names and _hash_of(archive, name) != (told["sha256"], told["size"]):
                self.faults.append(f"{name} was changed")

    def _check_chain(self, links: list[dict[str, Any]]) -> None:
        """Every link follows from the one before it, and every file from the link it came with."""
        previous = GENESIS
        filed: dict[int, Counter[str]] = {}
        for number, link in enumerate(links, start=1):
            if link.get("version") != number:
                self.faults.append(f"events.json: link {number} is missing")
                return
            if "sealed" not in link:
                content = {name: value for name, value in link.items() if name != "hash"}
                if digest(content, previous) != link["hash"]:
                    self.faults.append(f"events.json: link {number} was changed")
                    return
                told = (link.get("details") or {}).get("evidence") or []
                filed[number] = Counter(each["sha256"] for each in told)
            previous = link["hash"]
        self.links = links
        if len(links) != self.manifest["events"] or previous != self.manifest["chain"]:
            self.faults.append("events.json: the chain does not end where the manifest says")
        self._check_filed(filed)

    def _check_filed(self, filed: dict[int, Counter[str]]) -> None:
        """What a link says was filed with it is here, and nothing else is given out for it."""
        here: dict[int, Counter[str]] = defaultdict(Counter)
        for each in self.manifest["files"]:
            number = each.get("event")
            if number is not None:
                here[number][each["sha256"]] += 1
                if number in filed and each["sha256"] not in filed[number]:
                    self.faults.append(f"{each['path']} is not what link {number} filed")
        for number, hashes in filed.items():
            for lost in hashes - here[number]:
                self.faults.append(f"the file {lost[:12]}… that link {number} filed is missing")


def _hash_of(archive: ZipFile, name: str) -> tuple[str, int]:
    digest_, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as file:
            while part := file.read(PIECE):
                digest_.update(part)
                size += len(part)
    except (BadZipFile, zlib.error):  # its check sum is wrong: changed, whatever else
        return "", -1
    return digest_.hexdigest(), size


def is_dossier(path: Path) -> bool:
    return is_zipfile(path)


def issued(sha256: str) -> DossierCopy | None:
    """The copy that this platform handed out under a hash."""
    return DossierCopy.objects.filter(sha256=sha256).select_related("case").first()


def against_the_books(dossier: Dossier) -> tuple[str, list[str]]:
    """What this platform knows of a dossier: a sentence, and what contradicts its own books."""
    manifest = dossier.manifest
    try:
        case = Case.objects.filter(code=manifest["case"]).first()
        if case is None:
            return "The case is not known here: only the file itself was checked.", []
        copy = issued(manifest["sha256"])
        hashes = dict(Event.objects.filter(case=case).values_list("version", "hash"))
    except DatabaseError:
        return "There is no database here: only the file itself was checked.", []
    for link in dossier.links:
        if hashes.get(link["version"]) != link["hash"]:
            return "", [f"link {link['version']} is not what happened in {case.code}"]
    if copy is None:
        return "", ["it was not handed out by this platform"]
    return f"Handed out here on {copy.at.isoformat()} to the {copy.party}.", []
