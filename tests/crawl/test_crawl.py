"""Every page of the project, visited by everybody on a rich market."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

from aftersales.market.build import Market
from tests.crawl.looks import faults, seen_faults, told_in_addresses, undrafted
from tests.crawl.places import Place, names, places
from tests.crawl.rich import Rich, Visit, enrich

TABLE = places()
EACH_STATE = ("tabs", "statuses", "app")
# Faults that are not ours: Django's own help text of a password holds paragraphs in a paragraph.
NOT_OURS = {"admin:auth_user_password_change": "unexpected-end-tag {'name': 'p'}"}
# One sentence of why, beside what will be done.
JUST_A_REASON = {"admin:record_outage", "admin:extend_window"}
# URLs without a name: Django's own redirect of an old address, and its catch-all.
UNNAMED = ("?<path:object_id>/", "?(?P<url>.*)$")


@pytest.fixture
def rich(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Rich]:
    settings.DEMO, settings.VAR = True, tmp_path
    settings.DEMO_CLOCK = tmp_path / "clock"
    Market().build()
    enrich("shanlan")
    return Rich()


def test_every_url_has_its_line() -> None:
    """And every line its URL."""
    known = {name for name in names() if not name.endswith(UNNAMED)}
    assert known - set(TABLE) == set()
    assert set(TABLE) - known == set()


def test_a_phone_number_in_an_address_is_noticed() -> None:
    field = '<!doctype html><form%s><input type="text" name="ship_phone"></form>'
    assert told_in_addresses(field % "") == ["ship_phone would stand in the address"]
    assert told_in_addresses(field % ' method="post"') == []


def shown(rich: Rich, place: Place) -> list[tuple[Visit, Any]]:
    """The visits to make of a page: each state of those that have many, else the first that shows."""
    if place.name not in rich.shown:
        rich.shown[place.name] = _shown(rich, place)
    known: list[tuple[Visit, Any]] = rich.shown[place.name]
    return known


def _shown(rich: Rich, place: Place) -> list[tuple[Visit, Any]]:
    found: dict[Any, tuple[Visit, Any]] = {}
    for visit in rich.visits(place):
        key = visit.url if place.finder in EACH_STATE else visit.place.role
        if key not in found:
            answer: Any = rich.client_of(visit.user).get(visit.url)
            if answer.status_code == 200:
                found[key] = visit, answer
                if key == place.role:
                    break
    return list(found.values())


def of(*roles: str) -> list[Place]:
    return [place for place in TABLE.values() if place.role in roles]


PARTS = {
    "merchant": of("merchant"),
    "buyer": of("buyer", "anybody", "nobody"),
    "staff": of("staff"),
}


@pytest.mark.browser
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_every_page_is_valid_and_accessible(
    whole: bool, rich: Rich, new_page: Callable[..., Page]
) -> None:
    """One market serves for all looks: to make it takes as long as to look at a part."""
    wrong: list[str] = []
    for part in PARTS:
        wrong += [*invalid(part, rich), *inaccessible(part, rich, new_page, whole)]
    assert not wrong, "\n" + "\n".join(dict.fromkeys(wrong))


def invalid(part: str, rich: Rich) -> list[str]:
    """Pages that are no pages; to whom they are shut, tests/rights says."""
    wrong: list[str] = []
    for place in PARTS[part]:
        if place.kind in ("page", "model"):
            visits = shown(rich, place)
            if not visits and place.finder not in ("add", "delete", "change", "history"):
                wrong.append(f"{place.name}: nothing in the market shows it")
            for visit, answer in visits:
                not_ours = NOT_OURS.get(place.name, "-")
                wrong += [
                    f"{visit.label}: {fault}"
                    for fault in faults(answer.text)
                    if not fault.startswith(not_ours)
                ]
                if place.kind == "page" and place.name not in JUST_A_REASON:
                    wrong += [f"{visit.label}: {fault}" for fault in undrafted(answer.text)]
            if visits:
                continue  # what shows is of its kind
        for visit in islice(rich.visits(place), 1):
            wrong += kind_faults(rich, visit)
    return wrong


def kind_faults(rich: Rich, visit: Visit) -> Iterator[str]:
    answer = rich.client_of(visit.user).get(
        visit.url, headers={"HX-Request": "true"} if visit.place.kind == "part" else {}
    )
    status, kind = answer.status_code, visit.place.kind
    allowed = {
        "page": {200, 302, 403, 404, 422},
        "model": {200, 302, 403},
        "part": {200, 204},
        "file": {200},
        "post": {405},
        "act": {403, 405},
        "turn": {302},
        "gone": {302, 404, 403},
    }[kind]
    if status not in allowed:
        yield f"{visit.label}: {kind} answers {status}"
    if kind == "post" and status == 405:
        yield from refused_faults(rich, visit.label, answer)
    if kind == "file" and status == 200 and not answer.getvalue():
        yield f"{visit.label}: an empty file"
    if kind == "part" and "<html" in answer.text:
        yield f"{visit.label}: a whole page in place of a part"


def refused_faults(rich: Rich, label: str, answer: Any) -> Iterator[str]:
    """The same page says 404 wherever it is said: one look at what it is made of is enough."""
    made_of = answer.status_code, *(each.name for each in answer.templates)
    if made_of not in rich.refused:
        rich.refused.add(made_of)
        yield from (f"{label}: {fault}" for fault in faults(answer.text))


def note(wrong: list[str], said: ConsoleMessage) -> None:
    if said.type in ("error", "warning"):
        wrong.append(f"{said.location}: {said.text}")


def inaccessible(part: str, rich: Rich, new_page: Callable[..., Page], whole: bool) -> list[str]:
    """axe-core, WCAG 2.2 AA and best practice, in light and in dark; 320 px; nothing said on the console.

    A page made of the same templates as one before, down to its widgets, is not looked at again;
    if not ``whole``, neither is one whose templates were seen on several pages.
    """
    wrong: list[str] = []
    pages: dict[Any, Page] = {}
    looked: set[frozenset[str]] = set()
    for made_of, visit in to_look_at(part, rich):
        if made_of in looked or (not whole and made_of <= frozenset().union(*looked)):
            continue
        looked.add(made_of)
        page = pages.get(visit.user)
        if page is None:
            page = pages[visit.user] = new_page(visit.user, width=390 if part == "buyer" else 1440)
            page.on("console", partial(note, wrong))
        page.goto(visit.url)
        wrong += [f"{visit.label}: {fault}" for fault in seen_faults(page)]
    return wrong


def to_look_at(part: str, rich: Rich) -> list[tuple[frozenset[str], Visit]]:
    """The pages of a part with their templates, those made of most first: few then hold all."""
    found = [
        (frozenset(each.name for each in answer.templates if each.name), visit)
        for place in PARTS[part]
        if place.kind in ("page", "model")
        for visit, answer in shown(rich, place)
    ]
    return sorted(found, key=lambda each: -len(each[0]))
