"""The faults: each breaks something for a moment and puts it back; what it stands for is its F numbers."""

import contextlib
import io
import json
import os
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg
from PIL import Image

from tests.faults.people import ask
from tests.faults.stack import Program, Stack

Break = Callable[[Stack, Random], None]


@dataclass(frozen=True)
class Fault:
    """``hurts``: whether a page may answer 503 meanwhile, and for ``GRACE`` seconds after.

    What befalls ``programs`` and what befalls servers happens at the same time; two of a kind do not.
    """

    name: str
    stands_for: str
    programs: bool
    hurts: bool
    strike: Break


Struck = list[tuple[Fault, float, float]]  # what struck, from when to when
GRACE = 5.0
FAULTS: list[Fault] = []


def fault(
    stands_for: str, *, programs: bool = False, hurts: bool = False
) -> Callable[[Break], Break]:
    def decorate(strike: Break) -> Break:
        FAULTS.append(Fault(strike.__name__, stands_for, programs, hurts, strike))
        return strike

    return decorate


def a_while(random: Random, least: float = 0.3, most: float = 2.5) -> None:
    time.sleep(random.uniform(least, most))


def one_of(stack: Stack, random: Random, kind: str) -> Program:
    return stack.programs[random.choice([name for name in stack.programs if name.startswith(kind)])]


# Worker and beat ----------------------------------------------------------------------------------


@fault("F1 F5", programs=True)
def kill_worker(stack: Stack, random: Random) -> None:
    worker = one_of(stack, random, "worker")
    worker.kill()
    a_while(random)
    worker.start()


@fault("F2", programs=True)
def kill_child_of_worker(stack: Stack, random: Random) -> None:
    _kill_child(one_of(stack, random, "worker"), random)


@fault("F3", programs=True)
def stop_worker(stack: Stack, random: Random) -> None:
    worker = one_of(stack, random, "worker")
    worker.stop()
    a_while(random)
    worker.start()


@fault("F4", programs=True)
def pause_worker(stack: Stack, random: Random) -> None:
    worker = one_of(stack, random, "worker")
    worker.signal(signal.SIGSTOP)
    a_while(random, 2, 6)
    worker.signal(signal.SIGCONT)


@fault("F6 F7", programs=True)
def kill_beat(stack: Stack, random: Random) -> None:
    beat = one_of(stack, random, "beat")
    beat.kill()
    a_while(random)
    beat.start()


@fault("F6 F7", programs=True)
def kill_both_beats(stack: Stack, random: Random) -> None:
    beats = [stack.programs["beat1"], stack.programs["beat2"]]
    for beat in beats:
        beat.kill()
    a_while(random, 1, 4)
    for beat in beats:
        beat.start()


@fault("F9 F18 F20")
def send_odd_messages(stack: Stack, random: Random) -> None:
    """The same sweep thrice, one with an argument of a newer version, an unknown task, and garbage."""
    for name, kwargs in [
        *[("aftersales.tasks.pay_refunds", {})] * 3,
        *[("aftersales.tasks.expire_cases", {})] * 3,
        ("aftersales.tasks.expire_cases", {"newer": 1}),
        ("aftersales.tasks.of_tomorrow", {}),
    ]:
        stack.redis.lpush("aftersales", message(name, kwargs))
    stack.redis.lpush("aftersales", "this is no message")


def message(task: str, kwargs: dict[str, Any]) -> str:
    """As Celery would have put it into the queue."""
    number = str(uuid.uuid4())
    headers = {"lang": "py", "task": task, "id": number, "root_id": number, "retries": 0}
    return json.dumps(
        {
            "body": json.dumps([[], kwargs, {}]),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": headers,
            "properties": {
                "correlation_id": number,
                "delivery_info": {"exchange": "", "routing_key": "aftersales"},
                "delivery_mode": 2,
                "delivery_tag": number,
                "priority": 0,
                "body_encoding": "utf-8",
            },
        }
    )


# Redis --------------------------------------------------------------------------------------------


@fault("F11")
def restart_redis(stack: Stack, random: Random) -> None:
    stack.crash_redis()
    a_while(random)
    stack.restart_redis()


@fault("F12")
def flush_redis(stack: Stack, random: Random) -> None:
    stack.redis.flushall()


@fault("F13")
def cut_redis(stack: Stack, random: Random) -> None:
    stack.to_redis.cut()


@fault("F14")
def swallow_redis(stack: Stack, random: Random) -> None:
    stack.to_redis.hole = True
    a_while(random, 2, 6)
    stack.to_redis.heal()


@fault("F15")
def refuse_redis(stack: Stack, random: Random) -> None:
    stack.to_redis.refuse()
    a_while(random, 1, 5)
    stack.to_redis.heal()


@fault("F16")
def fill_redis(stack: Stack, random: Random) -> None:
    stack.redis.config_set("maxmemory", 1)
    a_while(random)
    stack.redis.config_set("maxmemory", 0)


# PostgreSQL ---------------------------------------------------------------------------------------


@fault("F21 F22", hurts=True)
def cut_postgres(stack: Stack, random: Random) -> None:
    stack.to_postgres.cut()


@fault("F22", hurts=True)
def end_backends(stack: Stack, random: Random) -> None:
    stack.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@fault("F23", hurts=True)
def lose_commits(stack: Stack, random: Random) -> None:
    """Committed, and the answer never arrives."""
    stack.to_postgres.commits_to_lose = random.randint(1, 4)
    a_while(random, 1, 2)
    stack.to_postgres.commits_to_lose = 0


@fault("F24", hurts=True)
def crash_postgres(stack: Stack, random: Random) -> None:
    stack.crash_postgres()
    a_while(random, 0.2, 2)
    stack.restart_postgres()


@fault("F22", hurts=True)
def swallow_postgres(stack: Stack, random: Random) -> None:
    stack.to_postgres.hole = True
    a_while(random, 1, 4)
    stack.to_postgres.heal()


@fault("F28", hurts=True)
def refuse_postgres(stack: Stack, random: Random) -> None:
    stack.to_postgres.refuse()
    a_while(random)
    stack.to_postgres.heal()


@fault("F22")
def slow_postgres(stack: Stack, random: Random) -> None:
    stack.to_postgres.latency = random.uniform(0.01, 0.05)
    a_while(random)
    stack.to_postgres.heal()


@fault("F27 F30", hurts=True)
def lock_cases(stack: Stack, random: Random) -> None:
    """As a migration would that forgets everybody else: who comes after it waits, though it waits itself."""
    waits_in_vain = contextlib.suppress(psycopg.errors.LockNotAvailable)
    with waits_in_vain, psycopg.connect(stack.at()) as link:
        link.execute("SET lock_timeout = '2s'")
        link.execute("LOCK TABLE aftersales_case IN ACCESS EXCLUSIVE MODE")
        a_while(random, 0.5, 3)
        link.rollback()


# Money, time, web ---------------------------------------------------------------------------------


@fault("F33 F38")
def close_gateway(stack: Stack, random: Random) -> None:
    """On top of its moods, which last through the whole campaign (F34 F35 F36)."""
    stack.bank.down = True
    a_while(random, 1, 4)
    stack.bank.down = False


@fault("F35 F38")
def hang_gateway(stack: Stack, random: Random) -> None:
    stack.bank.hung = True
    a_while(random, 2, 6)
    stack.bank.hung = False


@fault("F65", programs=True)
def shift_clock_of_worker(stack: Stack, random: Random) -> None:
    _shift(one_of(stack, random, "worker"), random)


@fault("F65", programs=True)
def shift_clock_of_beats(stack: Stack, random: Random) -> None:
    by = random.choice(JUMPS)
    for name in ("beat1", "beat2"):
        stack.programs[name].shift(by)
    a_while(random, 2, 6)
    for name in ("beat1", "beat2"):
        stack.programs[name].shift(0)


@fault("F66", programs=True)
def shift_clock_of_web(stack: Stack, random: Random) -> None:
    _shift(stack.programs["web"], random)


JUMPS = [-4 * 3600, -600, 600, 2 * 3600]  # seconds


def _shift(program: Program, random: Random) -> None:
    program.shift(random.choice(JUMPS))
    a_while(random, 2, 6)
    program.shift(0)


@fault("F70", programs=True)
def kill_web_worker(stack: Stack, random: Random) -> None:
    _kill_child(stack.programs["web"], random)


def _kill_child(program: Program, random: Random) -> None:
    children = program.children()
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)


@fault("F29", programs=True)
def fill_disk(stack: Stack, random: Random) -> None:
    """A picture comes in while the disk is full: it is refused in words, and nothing is left of it."""
    web = stack.programs["web"]
    web.limit_files(1024)
    try:
        status, said = ask(f"{stack.url}/files/stage/", stack.buyer, *picture())
        stack.uploads.append((status, said))
    finally:
        web.limit_files(-1)


def picture() -> tuple[bytes, str]:
    """A form with a PNG that is larger than 1 kB."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(out, "PNG")
    edge = "faults"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + out.getvalue() + f"\r\n--{edge}--\r\n".encode(), (
        f"multipart/form-data; boundary={edge}"
    )
