"""manage.py verify_dossier: what was handed out passes; what was tampered with is named."""

import hashlib
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from aftersales.dossier.archive import as_json, whole
from aftersales.models import DossierCopy, Event
from tests.aftersales.dossier.conftest import Files, packed, unpacked
from tests.factories import Desk


@pytest.fixture
def files(told: Desk, download: Callable[..., bytes]) -> Files:
    """The buyer's ZIP, open for tampering."""
    return unpacked(download(told.buyer, "buyers", told.case, "zip"))


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., str]:
    def run(files: Files | bytes, name: str = "dossier.zip") -> str:
        path = tmp_path / name
        path.write_bytes(files if isinstance(files, bytes) else packed(files))
        out = StringIO()
        call_command("verify_dossier", str(path), stdout=out)
        return out.getvalue()

    return run


def resealed(files: Files, **more: Any) -> Files:
    """A forger's manifest: every hash in it fits the files as they are now."""
    manifest = json.loads(files["manifest.json"]) | more
    for each in manifest["files"]:
        body = files[each["path"]]
        each |= {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
    manifest["sha256"] = whole(manifest)
    return files | {"manifest.json": as_json(manifest)}


@pytest.mark.parametrize("side", ["buyers", "merchants", "admin"])
def test_what_was_handed_out_is_whole(
    told: Desk, staff: Any, download: Callable[..., bytes], verify: Callable[..., str], side: str
) -> None:
    reader = {"buyers": told.buyer, "merchants": told.merchant, "admin": staff}[side]
    said = verify(download(reader, side, told.case, "zip"))
    assert told.case.code in said
    assert "all whole" in said
    assert "Handed out here" in said


def test_it_stays_whole_when_the_case_goes_on(
    told: Desk, files: Files, verify: Callable[..., str]
) -> None:
    told.case.send_message(by=told.buyer, text="还有一句话", as_party="buyer")
    assert "all whole" in verify(files)


def test_a_changed_file_is_named(files: Files, verify: Callable[..., str]) -> None:
    name = next(each for each in files if each.startswith("evidence/"))
    with pytest.raises(CommandError, match=f"{name} was changed"):
        verify(files | {name: files[name] + b"x"})


def test_a_missing_file_is_named(files: Files, verify: Callable[..., str]) -> None:
    name = next(each for each in files if each.startswith("evidence/"))
    del files[name]
    with pytest.raises(CommandError, match=f"{name} is missing"):
        verify(files)


def test_an_added_file_is_named(files: Files, verify: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match=r"evidence/E99\.jpg was added"):
        verify(files | {"evidence/E99.jpg": b"x"})


def test_a_changed_manifest_is_named(files: Files, verify: Callable[..., str]) -> None:
    manifest = json.loads(files["manifest.json"]) | {"reader": "staff"}
    with pytest.raises(CommandError, match=r"manifest\.json was changed"):
        verify(files | {"manifest.json": as_json(manifest)})


@pytest.mark.parametrize("part", ["details", "at", "party", "after", "user"])
def test_a_changed_event_breaks_the_chain_even_under_fitting_hashes(
    files: Files, verify: Callable[..., str], part: str
) -> None:
    links = json.loads(files["events.json"])
    links[3][part] = {"details": {"text": "别的话"}, "user": 1}.get(part, "2020-01-01")
    with pytest.raises(CommandError, match="link 4 was changed"):
        verify(resealed(files | {"events.json": as_json(links)}))


def test_a_lost_event_breaks_the_chain(files: Files, verify: Callable[..., str]) -> None:
    links = json.loads(files["events.json"])
    del links[2]
    with pytest.raises(CommandError, match="link 3 is missing"):
        verify(resealed(files | {"events.json": as_json(links)}))


def test_a_chain_cut_short_is_noticed(files: Files, verify: Callable[..., str]) -> None:
    links = json.loads(files["events.json"])[:-1]
    with pytest.raises(CommandError, match="does not end where the manifest says"):
        verify(resealed(files | {"events.json": as_json(links)}))


def test_a_picture_exchanged_under_fitting_hashes_is_noticed(
    files: Files, verify: Callable[..., str]
) -> None:
    """The event that filed it holds its hash."""
    name = next(each for each in files if each.startswith("evidence/"))
    with pytest.raises(CommandError, match=f"{name} is not what link 1 filed"):
        verify(resealed(files | {name: b"another picture"}))


def test_evidence_lost_from_the_storage_is_noticed(
    told: Desk, download: Callable[..., bytes], verify: Callable[..., str]
) -> None:
    """The dossier still comes; checking says which file was lost."""
    lost = told.case.evidence.first().upload
    lost.file.delete(save=False)
    archive = download(told.buyer, "buyers", told.case, "zip")
    with pytest.raises(CommandError, match="that link 1 filed is missing"):
        verify(archive)


def test_a_whole_forgery_does_not_fit_the_platforms_books(
    told: Desk, files: Files, verify: Callable[..., str]
) -> None:
    """Every hash inside is worked out anew, and still it is not what happened here."""
    links = json.loads(files["events.json"])
    previous = ""
    for each in links:
        event = Event(
            case_id=told.case.pk,
            **{
                name: value
                for name, value in each.items()
                if name in ("version", "step", "party", "before", "after", "details")
            },
        )
        if "sealed" in each:
            previous = each["hash"]
            continue
        if each["version"] == 1:
            each["details"]["amount"] = "1.00"
        content = {name: value for name, value in each.items() if name != "hash"}
        each["hash"] = previous = _digest(content, previous)
        assert event.case_id == each["case"]
    with pytest.raises(CommandError, match="link 1 is not what happened"):
        verify(resealed(files | {"events.json": as_json(links)}, chain=previous))


def _digest(content: dict[str, Any], previous: str) -> str:
    text = json.dumps(content | {"previous": previous}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_what_was_never_handed_out_is_said(files: Files, verify: Callable[..., str]) -> None:
    DossierCopy.objects.all().delete()
    with pytest.raises(CommandError, match="not handed out by this platform"):
        verify(files)


def test_elsewhere_the_file_alone_is_checked(
    told: Desk, files: Files, verify: Callable[..., str]
) -> None:
    """Who does not have the platform's books still proves that the file is whole."""
    type(told.case).objects.filter(pk=told.case.pk).update(code="AS-ELSEWHERE")
    assert "only the file itself was checked" in verify(files)


def test_a_pdf_is_known_again(
    told: Desk, download: Callable[..., bytes], verify: Callable[..., str]
) -> None:
    paper = download(told.buyer, "buyers", told.case, "pdf")
    assert "a PDF handed out here" in verify(paper, "dossier.pdf")
    with pytest.raises(CommandError, match="no dossier that this platform handed out"):
        verify(paper + b" ", "dossier.pdf")


@pytest.mark.parametrize(
    ("files_", "said"),
    [
        ({"a.txt": b"x"}, r"manifest\.json is missing"),
        ({"manifest.json": b"no"}, r"manifest\.json is broken"),
        ({"manifest.json": b"[]"}, "no dossier"),
        ({"manifest.json": b'{"format": "aftersales-dossier", "version": 9}'}, "version 9"),
        ({"manifest.json": b'{"format": "aftersales-dossier", "version": 1}'}, "is broken"),
    ],
)
@pytest.mark.django_db
def test_something_else_is_refused_in_a_sentence(
    verify: Callable[..., str], files_: Files, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        verify(files_)
