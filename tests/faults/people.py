"""People at their browsers while everything breaks: what they asked for, and what they were answered."""

import http.client
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass
from random import Random

from tests.faults.cases import Plan

TOKEN = "faults" + "0" * 26  # both halves of the CSRF check are ours
PATIENCE = 30.0  # seconds; longer than any page may take


@dataclass
class Answer:
    """``status`` is 0 where the connection broke; ``began`` and ``ended`` are of the wall clock."""

    what: str
    status: int
    began: float
    ended: float


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


BROWSER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def ask(url: str, session: str, data: bytes | None = None, kind: str = "") -> tuple[int, str]:
    """GET, or POST ``data``: the status (0 for a broken connection) and the body."""
    request = urllib.request.Request(url, data)  # noqa: S310
    request.add_header("Cookie", f"sessionid={session}; csrftoken={TOKEN}")
    request.add_header("X-CSRFToken", TOKEN)
    if kind:
        request.add_header("Content-Type", kind)
    try:
        with BROWSER.open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""


class People(threading.Thread):
    """One person after the other looks at pages; the merchant agrees to some cases, the buyer writes.

    Whoever gets no answer, or an error, presses the same button again: the same key.
    """

    def __init__(self, url: str, plan: Plan, random: Random, *, act: bool) -> None:
        super().__init__(daemon=True)
        self.url, self.plan, self.random, self.act = url, plan, random, act
        self.answers: list[Answer] = []
        self.agreed: dict[str, int] = {}  # key of a click that succeeded: its case
        self.said: dict[str, int] = {}
        self.over = threading.Event()

    def run(self) -> None:
        keys = list(self.plan.due)
        while not self.over.is_set():
            key = self.random.choice(keys)
            code = self.plan.codes[key]
            what = self.random.choice(["queue", "case", "agree", "message", "my case"])
            if what == "agree" and self.act and self.plan.due[key].timestamp() > time.time() + 1:
                if self.insist(f"/merchant/cases/{code}/agree/", self.plan.merchant, "agree"):
                    self.agreed[self.last] = key
            elif what == "message" and self.act:
                path = f"/my/cases/{code}/send_message/"
                if self.insist(path, self.plan.buyer, "message", text="请问什么时候处理？"):
                    self.said[self.last] = key
            elif what == "my case":
                self.once("my case", f"/my/cases/{code}/", self.plan.buyer)
            else:
                path = "/merchant/" if what == "queue" else f"/merchant/cases/{code}/"
                self.once(what, path, self.plan.merchant)
            self.over.wait(self.random.uniform(0.05, 0.4))

    def once(self, what: str, path: str, session: str, data: bytes | None = None) -> int:
        began = time.time()
        status, _body = ask(self.url + path, session, data)
        self.answers.append(Answer(what, status, began, time.time()))
        return status

    def insist(self, path: str, session: str, what: str, **given: str) -> bool:
        """Press until there is an answer that is one; true if the step was taken."""
        self.last = uuid.uuid4().hex
        data = urllib.parse.urlencode({"key": self.last, "version": "", **given}).encode()
        while not self.over.is_set():
            status = self.once(what, path, session, data)
            if status and status < 500:
                return status == 302
            self.over.wait(0.5)
        return False
