"""Pictures of the product for its docs: the demo's market, looked at in both languages (make tour).

Writes docs/tour/<language>-<name>.png and docs/tour.md. Needs a Chromium.
"""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import django
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "tour"
VAR = Path(tempfile.mkdtemp(prefix="aftersales-tour-"))
COLOURS = 192  # of a picture: flat surfaces and letters need no more
DESKTOP, LAPTOP, PHONE = (1440, 900), (1280, 900), (390, 844)

sys.path.insert(0, str(ROOT))
os.environ.update(
    DEMO="1",
    VAR=str(VAR),
    DJANGO_SETTINGS_MODULE="aftersales.settings",
    DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright's loop runs in this thread
)
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from aftersales.management.commands.demo import (  # noqa: E402
    CELERY,
    GUNICORN,
    is_taken,
    running,
)
from aftersales.models import Case, Intervention, Pulse, User  # noqa: E402


class Shot(NamedTuple):
    """One picture: who looks at what, and what it is to show, in both languages."""

    name: str
    account: str
    url: Callable[[], str]
    size: tuple[int, int]
    zh: str
    en: str
    scheme: str = "light"


def shots() -> list[Shot]:

    cases = Case.objects.select_related("shop", "buyer", "line__order").order_by("pk")

    def where(name: str, *, account: str = "", page: str = "", **filters: Any) -> str:
        """The page of the first case in which the account may take the step."""
        of = cases.filter(**filters)
        user = User.objects.get(username=account)
        case = next(each for each in of if not page or not each.refusal(page, user))
        return reverse(name, args=[case.code])

    def ruling() -> str:
        asked = Intervention.objects.filter(stage="deciding").order_by("pk").first()
        return reverse("admin:aftersales_intervention_change", args=[asked.pk if asked else 0])

    ours, mine = {"shop__code": "shanlan"}, {"buyer__username": "linshu"}
    return [
        Shot(
            *("queue", "chen", lambda: reverse("merchants:queue"), DESKTOP),
            "商家的工作台：按轮到谁分页，剩余时间最少的排在最前",
            "The merchant's queue: tabs by whose turn it is, least time left first",
        ),
        Shot(
            *("risks", "chen"),
            lambda: where("merchants:confirm_risks", account="chen", page="confirm_risks", **ours),
            DESKTOP,
            "想驳回？先看具体的风险",
            "Before rejecting: what speaks against it, in concrete terms",
        ),
        Shot(
            *("negotiate", "chen"),
            lambda: where("merchants:negotiate", account="chen", page="negotiate", **ours),
            DESKTOP,
            "选话术和方案，右边就是买家会看到的样子",
            "Words and plans, with a preview of what the buyer will see",
        ),
        Shot(
            *("waiting", "chen"),
            lambda: where("merchants:case", account="chen", round_state="waiting", **ours),
            DESKTOP,
            "等待买家回复：此时不能驳回",
            "Waiting for the buyer: no rejecting until the window lapses",
        ),
        Shot(
            *("figures", "chen", lambda: reverse("merchants:figures"), DESKTOP),
            "介入率、纠纷退款率、自主完结时长",
            "Intervention rate, disputed refunds, time to settle by oneself",
        ),
        Shot(
            *("scripts", "chen", lambda: reverse("merchants:scripts"), DESKTOP),
            "话术库：平台的和本店的，每条的接受率",
            "Scripts, the platform's and the shop's own, and how often each was accepted",
        ),
        Shot(
            *("rules", "chen", lambda: reverse("merchants:rules"), DESKTOP),
            "时限，以及本店自动同意的规则，先试算再启用",
            "The clocks, and rules that agree by themselves, tried out first",
        ),
        Shot(
            *("queue-dark", "chen", lambda: reverse("merchants:queue"), DESKTOP),
            "深色",
            "In the dark",
            "dark",
        ),
        Shot(
            *("queue-phone", "chen", lambda: reverse("merchants:queue"), PHONE),
            "手机上的工作台",
            "The queue on a phone",
        ),
        Shot(
            *("orders", "linshu", lambda: reverse("buyers:orders"), PHONE),
            "买家的订单，带售后状态",
            "The buyer's orders, with what is under way",
        ),
        Shot(
            *("buyer-case", "linshu"),
            lambda: where("buyers:case", account="linshu", **mine, status="awaiting_buyer_return"),
            PHONE,
            "到哪了、现在要做什么、到什么时候、没人处理会怎样",
            "Where is it, what now, until when, and what if nobody acts",
        ),
        Shot(
            *("offer", "linshu"),
            lambda: where("buyers:case", account="linshu", page="reply", **mine),
            PHONE,
            "商家的方案，点一下就能答复",
            "The shop's plans, answered with one tap",
        ),
        Shot(
            *("staff", "admin", lambda: reverse("admin:index"), LAPTOP),
            "平台首页：待办与健康状况",
            "The platform's home: what waits, and whether all is well",
        ),
        Shot(
            *("ruling", "reviewer", ruling, LAPTOP),
            "判定：双方的说法逐条对照",
            "Ruling: both sides, question by question",
        ),
    ]


# A market of its own, and a server before it ------------------------------------------------------


@contextlib.contextmanager
def market() -> Iterator[str]:
    """The demo's market in a folder that goes again; gives the address of its server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    try:
        for part in ("tmp", "broker", "media"):
            (VAR / part).mkdir(exist_ok=True)
        call_command("migrate", verbosity=0)
        call_command("make_market")
        with running([*GUNICORN, "--bind", address], CELERY):
            wait_until(lambda: Pulse.objects.count() > 1, "worker and beat")
            wait_until(lambda: is_taken(int(address.rpartition(":")[2])), "the server")
            yield f"http://{address}"
    finally:
        shutil.rmtree(VAR)


def wait_until(ready: Callable[[], bool], what: str) -> None:
    for _ in range(600):
        if ready():
            return
        time.sleep(0.1)
    sys.exit(f"No sign of {what}.")


# Looking ------------------------------------------------------------------------------------------


def take(base: str) -> list[Shot]:
    """Every shot in every language; what the market does not have is an error."""

    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not chromium:
        sys.exit("No Chromium: install it, or name it in CHROMIUM.")
    everything = shots()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in ("zh-hans", "en"):
            User.objects.update(language=language)
            for shot in everything:
                client = Client()
                client.force_login(User.objects.get(username=shot.account))
                width, height = shot.size
                context = browser.new_context(
                    base_url=base,
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if shot.scheme == "dark" else "light",
                    timezone_id="Asia/Shanghai",
                )
                session = client.cookies[settings.SESSION_COOKIE_NAME].value
                context.add_cookies(
                    [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}]
                )
                page = context.new_page()
                answer = page.goto(shot.url(), wait_until="networkidle")
                if answer is None or not answer.ok:
                    sys.exit(f"{shot.name}: {shot.url()} answers {answer and answer.status}")
                path = FOLDER / f"{language[:2]}-{shot.name}.png"
                page.screenshot(path=path)
                shrink(path)
                context.close()
        browser.close()
    return everything


def shrink(path: Path) -> None:
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def tell(everything: list[Shot]) -> str:
    """docs/tour.md: every picture in both languages, wide ones below each other."""
    lines = [
        "# The product in pictures · 产品一览",
        "",
        "Made by `make tour` from the demo's market. 由 `make tour` 从演示数据生成。",
    ]
    for shot in everything:
        width = 720 if shot.size != PHONE else 260
        lines += ["", f"## {shot.en} · {shot.zh}", ""]
        lines += [
            f'<img src="tour/{language}-{shot.name}.png" width="{width}" alt="{told}">'
            for language, told in (("en", shot.en), ("zh", shot.zh))
        ]
    return "\n".join([*lines, ""])


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with market() as base:
        everything = take(base)
    (ROOT / "docs" / "tour.md").write_text(tell(everything), encoding="utf-8")


if __name__ == "__main__":
    main()
