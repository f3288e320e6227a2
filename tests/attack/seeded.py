"""The product with weaknesses beside it, which the scanners must find; each says who finds it."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from aftersales.urls import (
    handler400,
    handler403,
    handler404,
    handler429,
    handler500,
)
from aftersales.urls import urlpatterns as ours

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

PLACE = "/seeded/"
NOTES: list[str] = []
NEWEST = 200  # of the notes are shown
# What is found, by which tool and where.
SEEDS = {
    ("sqlmap", "/seeded/search/", "SQL Injection"),
    ("sqlmap", "/seeded/blind/", "SQL Injection"),
    ("sqlmap", "/seeded/write/", "SQL Injection"),
    ("wapiti", "/seeded/search/", "SQL Injection"),
    ("wapiti", "/seeded/shown/", "Reflected Cross Site Scripting"),
    ("wapiti", "/seeded/note/", "Stored Cross Site Scripting"),
    ("wapiti", "/seeded/next/", "Open Redirect"),
    ("wapiti", "/seeded/file/", "Path Traversal"),
    ("wapiti", "/seeded/run/", "Command execution"),
    ("wapiti", "/seeded/write/", "Cross Site Request Forgery"),
}


def rows(where: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code FROM aftersales_case WHERE {where} LIMIT 5")
        return list(cursor.fetchall())


def form(name: str, value: str, method: str = "get", shown: str = "") -> HttpResponse:
    return HttpResponse(
        f'<html><body>{shown}<form method="{method}"><input name="{name}" value="{value}">'
        "<button>go</button></form></body></html>"
    )


def index(request: HttpRequest) -> HttpResponse:
    queries = {
        "search": "?q=AS",
        "blind": "?code=AS1",
        "shown": "?q=a",
        "next": "?url=/help/",
        "file": "?name=manage.py",
        "run": "?folder=.",
    }
    links = "".join(
        f'<a href="{PLACE}{name}/{queries.get(name, "")}">{name}</a>'
        for name in ("search", "blind", "write", "shown", "note", "notes", "next", "file", "run")
    )
    return HttpResponse(f"<html><body>{links}</body></html>")


def search(request: HttpRequest) -> HttpResponse:
    """The database's own complaint is shown."""
    try:
        found = rows(f"code >= '{request.GET.get('q', '')}'")
    except Exception as error:
        return HttpResponse(f"<html><body>{error}</body></html>", status=500)
    return form("q", "AS", shown="<p>".join(code for [code] in found))


def blind(request: HttpRequest) -> HttpResponse:
    """Nothing is shown but whether there was something."""
    try:
        found = rows(f"code > '{request.GET.get('code', '')}'")
    except Exception:
        found = []
    return form("code", "AS1", shown="<p>there are such cases</p>" if found else "<p>none</p>")


@csrf_exempt
def write(request: HttpRequest) -> HttpResponse:
    """By POST, without a token."""
    try:
        found = rows(f"code > '{request.POST.get('text', '')}'") if request.POST else []
    except Exception as error:
        return HttpResponse(f"<html><body>{error}</body></html>", status=500)
    return form("text", "AS1", "post", "<p>there are such cases</p>" if found else "<p>none</p>")


def shown(request: HttpRequest) -> HttpResponse:
    return form("q", "a", shown=request.GET.get("q", ""))


@csrf_exempt
def note(request: HttpRequest) -> HttpResponse:
    """Kept for whoever reads the notes, and not shown here."""
    if request.POST:
        NOTES.append(request.POST.get("words", ""))
        del NOTES[:-NEWEST]
    return form("words", "a", "post")


def notes(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<html><body>{'<p>'.join(NOTES)}</body></html>")


def lead(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(request.GET.get("url", "/"))


def file(request: HttpRequest) -> HttpResponse:
    try:
        text = Path(request.GET.get("name", "")).read_text()
    except (OSError, ValueError):
        text = "none"
    return HttpResponse(text)


def run(request: HttpRequest) -> HttpResponse:
    command = f"ls {request.GET.get('folder', '')}"
    here = tempfile.gettempdir()  # what is run may write files
    done = subprocess.run(
        command, shell=True, capture_output=True, timeout=9, check=False, cwd=here
    )
    return HttpResponse(done.stdout + done.stderr)


urlpatterns = [
    *ours,
    path("seeded/", index),
    path("seeded/search/", search),
    path("seeded/blind/", blind),
    path("seeded/write/", write),
    path("seeded/shown/", shown),
    path("seeded/note/", note),
    path("seeded/notes/", notes),
    path("seeded/next/", lead),
    path("seeded/file/", file),
    path("seeded/run/", run),
]
