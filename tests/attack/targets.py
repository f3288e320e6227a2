"""What is attacked: every page of the crawl, and every parameter of its forms and links."""

import re
from html import unescape
from http.cookies import SimpleCookie
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import html5lib
from django.test import Client

from aftersales.models import User
from tests.attack.seeded import PLACE
from tests.crawl.places import places
from tests.crawl.rich import Rich, Visit

# Who signs out is somebody else for the rest; and who changes his password is nobody any more.
LEFT_ALONE = {"account_logout", "admin:logout", "account_change_password", "admin:password_change"}
UNTRIED = {
    "csrfmiddlewaretoken",
    "key",
    "version",
}  # ours, not the user's; what is forged is refused
FIELDS = ("input", "select", "textarea", "button")
MARK = "*"
MOST_TRIED = 10  # visits until one shows the page
MOST_VALUES = 200  # characters of a value that is sent as it was found


class Target(NamedTuple):
    """One request, with a value for each parameter."""

    place: str  # the name of the URL
    user: User | None
    method: str
    path: str
    data: dict[str, str]


def targets(rich: Rich, *, whole: bool, only: str) -> list[Target]:
    """The seeds, and a request of each kind, place and set of parameters, as whoever sees it;
    ``only`` the places whose name has such words."""
    found: dict[Any, Target] = {}
    for path, data, method in SEEDED:
        found[path, method] = Target("seeded", rich.admin, method, f"{PLACE}{path}/", data)
    for place in places().values():
        if place.name in LEFT_ALONE or place.kind not in ("page", "part", "model"):
            continue
        if not re.search(only, place.name):
            continue
        for visit in islice(rich.visits(place), MOST_TRIED):
            answer: Any = rich.client_of(visit.user).get(visit.url)
            answer.close()
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                for target in on_page(visit, answer.text):
                    known = target.place, target.method, tuple(sorted(target.data))
                    found.setdefault(known, target)
                break
    return untold(list(found.values()), whole=whole)


SEEDED = [
    ("search", {"q": "AS"}, "GET"),
    ("blind", {"code": "AS1"}, "GET"),
    ("write", {"text": "AS1"}, "POST"),
]


def on_page(visit: Visit, text: str) -> list[Target]:
    """Its forms, each to where it is sent, and links that have parameters."""
    here = urlsplit(visit.url).path
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    found = []
    for form in tree.iter("form"):
        to = urlsplit(urljoin(here, form.get("action") or "")).path
        data: dict[str, str] = {}
        for field in form.iter():
            name = field.get("name") if field.tag in FIELDS else None
            if name and name not in data and field.get("type") != "file":
                data[name] = value_of(field)
        if data and not to.endswith(("/logout/", "/password/change/", "/password_change/")):
            place = visit.place.name if to == here else to
            method = (form.get("method") or "get").upper()
            found.append(Target(place, visit.user, method, to, data))
    for link in re.findall(r'href="([^"]*\?[^"]+)"', text):
        parts = urlsplit(urljoin(here, unescape(link)))
        if not parts.netloc:
            data = {
                name: value[:MOST_VALUES].replace(MARK, "")
                for name, value in parse_qsl(parts.query, True)
            }
            place = re.sub(r"\w*\d\w*", "#", parts.path)
            found.append(Target(place, visit.user, "GET", parts.path, data))
    return found


def value_of(field: Any) -> str:
    for option in field.iter("option"):
        if option.get("value"):
            return str(option.get("value"))
    given = field.get("value") or "".join(field.itertext()).strip() or "1"
    return str(given)[:MOST_VALUES].replace(MARK, "")


def untold(found: list[Target], *, whole: bool) -> list[Target]:
    """Each parameter once: of its method and side of the house, or, ``whole``, of its page; rows
    of a table of forms are one. What is tried is marked, as sqlmap has it."""
    seen: set[Any] = set()
    kept = []
    for target in sorted(found, key=lambda each: len(each.data)):
        side = target.place if whole else target.path.split("/")[1]
        data = dict(target.data)
        for name in target.data:
            known = side, target.method, re.sub(r"\d+", "#", name)
            if name not in UNTRIED and known not in seen:
                seen.add(known)
                data[name] += MARK
        if data != target.data:
            kept.append(target._replace(data=data))
    return kept


def cookies(client: Client) -> str:
    jar: SimpleCookie = client.cookies
    return "; ".join(f"{name}={one.value}" for name, one in jar.items())


def as_log(found: list[Target], rich: Rich, url: str) -> str:
    """The requests as sqlmap reads them from a proxy's log."""
    host = urlsplit(url).netloc
    rule = "=" * 54
    told = []
    for user, method, path, data in (
        (each.user, each.method, each.path, each.data) for each in found
    ):
        client = rich.client_of(user)
        query = urlencode(data, safe=MARK)
        asked = f"{path}?{query}" if method == "GET" else path
        lines = [f"{method} {asked} HTTP/1.1", f"Host: {host}", f"Cookie: {cookies(client)}"]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", "", query]
        told.append(f"{rule}\n12:00:00 PM  {url}  [127.0.0.1]\n{rule}\n" + "\n".join(lines))
    return f"\n{rule}\n\n\n".join(told) + f"\n{rule}\n"
