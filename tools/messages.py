"""The English translation: gather what the screens say into the .po file, compile it, or check it.

Screen text is Chinese in the source. Beside it stands a .po written by hand, zh_Hans: what Django and
allauth say, in our words; it is only compiled. Needs no gettext programs, which a fresh machine has not.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["aftersales", "merchants", "buyers"]
LANGUAGE = "en"

KEYWORDS: dict[str, Any] = {"_": None}
for lazy in ("", "_lazy"):
    KEYWORDS |= {
        f"gettext{lazy}": None,
        f"ngettext{lazy}": (1, 2),
        f"pgettext{lazy}": ((1, "c"), 2),
        f"npgettext{lazy}": ((1, "c"), 2, 3),
    }
KEYWORDS["gettext_noop"] = None

# The files must not change when nothing was said differently.
A_FIXED_TIME = datetime(2026, 1, 1, tzinfo=UTC)
CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def main(root: Path, check: bool) -> int:
    po = root / "aftersales" / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
    said = gather(root)
    if check:
        faults = [*find_faults(said, po), *find_bare_text(root), *find_uncompiled(root)]
        for fault in faults:
            print(fault)
        if faults:
            print(f"{len(faults)} faults in the translation: run make messages, fill in {po.name}.")
        return 1 if faults else 0
    catalog = update(said, po)
    for other in by_hand(root):
        other.with_suffix(".mo").write_bytes(compiled(read(other)))
    untranslated = sum(1 for message in messages_of(catalog) if not is_translated(message))
    print(f"{len(catalog)} texts, {untranslated} without a translation: {po.relative_to(root)}")
    return 0


def by_hand(root: Path) -> list[Path]:
    places = (root / "aftersales" / "locale").glob("*/LC_MESSAGES/django.po")
    return sorted(po for po in places if po.parts[-3] != LANGUAGE)


def find_uncompiled(root: Path) -> Iterator[str]:
    for po in by_hand(root):
        catalog, mo = read(po), po.with_suffix(".mo")
        for message in messages_of(catalog):
            for error in message.check(catalog):
                yield f"wrong: {name(message)}: {error}"
        if not mo.exists() or mo.read_bytes() != compiled(catalog):
            yield f"{mo.name} was not compiled from this {po.parts[-3]}/{po.name}"


def gather(root: Path) -> Catalog:
    """Every text that the code and the templates mark for translation."""
    found = new_catalog()
    for path, content in sources(root):
        place = str(path.relative_to(root))
        for _, text, comments, context in extract("python", content, KEYWORDS, ["Translators:"]):
            found.add(text, locations=[(place, None)], auto_comments=comments, context=context)
    return found


def sources(root: Path) -> Iterator[tuple[Path, io.BytesIO]]:
    """Python as it is, and templates turned into Python by Django itself."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, io.BytesIO(path.read_bytes())
    for path in templates(root):
        calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # In brackets, so that the template's own indentation means nothing.
        yield path, io.BytesIO(f"(\n{calls}\n)".encode())


def templates(root: Path) -> list[Path]:
    places = [root / "templates", *(root / package for package in PACKAGES)]
    return sorted(
        path
        for place in places
        for ending in ("html", "txt")
        for path in place.rglob(f"*.{ending}")
    )


def update(said: Catalog, po: Path) -> Catalog:
    """Bring the .po up to date, keep its translations, and compile the .mo beside it."""
    catalog = read(po)
    catalog.update(said, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
    po.with_suffix(".mo").write_bytes(compiled(read(po)))
    return catalog


def read(po: Path) -> Catalog:
    catalog = new_catalog()
    if po.exists():
        with po.open("rb") as file:
            catalog = read_po(file, locale=po.parts[-3])
    catalog.creation_date = catalog.revision_date = A_FIXED_TIME
    return catalog


def new_catalog() -> Catalog:
    return Catalog(
        locale=LANGUAGE,
        project="Aftersales Desk",
        version="0",
        msgid_bugs_address="see README.md",
        last_translator="Aftersales Desk contributors",
        language_team="English",
        header_comment="# The English of 售后台; made by make messages.",
        creation_date=A_FIXED_TIME,
        revision_date=A_FIXED_TIME,
        fuzzy=False,
    )


def compiled(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def find_faults(said: Catalog, po: Path) -> Iterator[str]:
    catalog = read(po)
    for message in messages_of(said):
        there = catalog.get(message.id, message.context)
        if there is None:
            yield f"missing: {name(message)}"
        elif there.fuzzy:
            yield f"fuzzy: {name(message)}"
        elif not is_translated(there):
            yield f"untranslated: {name(message)}"
    for message in messages_of(catalog):
        if said.get(message.id, message.context) is None:
            yield f"stale: {name(message)}"
        for error in message.check(catalog):
            yield f"wrong: {name(message)}: {error}"
    mo = po.with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != compiled(catalog):
        yield f"{mo.name} was not compiled from this {po.name}"


def find_bare_text(root: Path) -> Iterator[str]:
    """Chinese in a template that nothing marks for translation."""
    for path in templates(root):
        within = ""
        for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
            if token.token_type == TokenType.BLOCK:
                tag = token.contents.split()[0]
                if tag in ("blocktranslate", "blocktrans", "comment"):
                    within = f"end{tag}"
                elif tag == within:
                    within = ""
            elif token.token_type == TokenType.TEXT and not within:
                text = re.sub(r"<!--.*?-->", "", token.contents, flags=re.DOTALL)
                for bare in CHINESE.findall(text):
                    yield f"not marked: {path.relative_to(root)}:{token.lineno}: {bare}"


def messages_of(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def is_translated(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(strings)


def name(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    where = ", ".join(place for place, _ in message.locations)
    return f"“{text}”" + (f" ({where})" if where else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is wrong, and fail")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    settings.configure()
    sys.exit(main(asked.root.resolve(), asked.check))
