"""A payment gateway with books of its own, as moody as it is told."""

import json
import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADDRESS = "FAULTS_GATEWAY"  # its port, for the programs that ask it
PATIENCE = 2.0  # seconds that the adapter waits for an answer

# Of a hundred numbers asked for the first time, on a bad day.
REFUSES, FORGETS, HANGS, THINKS = 15, 15, 5, 5


@dataclass
class Bank:
    """Pays a number once, however often it is asked. ``payouts`` are its books."""

    seed: int
    moody: bool = True
    down: bool = False
    hung: bool = False
    payouts: list[tuple[str, Decimal, float]] = field(default_factory=list)  # number, amount, when
    calls: int = 0

    def __post_init__(self) -> None:
        self._paid: set[str] = set()
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()

    def refund(self, number: str, amount: Decimal) -> tuple[int, str, float]:
        """The answer: HTTP status, word, and how many seconds it takes."""
        with self._lock:
            self.calls += 1
            self._asked[number] += 1
            if self.down:
                return 500, "down", 0.0
            if self.hung:
                return 500, "hung", PATIENCE * 1.5
            if number in self._paid:
                return 200, "paid", 0.0
            # The same seed is as moody to the same number, whoever asks when.
            dice = random.Random(f"{self.seed} {number} {self._asked[number]}").randrange(100)
            if self.moody and dice < REFUSES:
                return 500, "before paying", 0.0
            if self.moody and dice >= 100 - THINKS and self._asked[number] == 1:
                return 202, "processing", 0.0
            self._paid.add(number)
            self.payouts.append((number, amount, time.time()))
        if self.moody and dice < REFUSES + FORGETS:
            return 500, "after paying", 0.0
        hangs = self.moody and dice < REFUSES + FORGETS + HANGS
        return 200, "paid", PATIENCE * 1.5 if hangs else 0.0


def open_bank(bank: Bank) -> ThreadingHTTPServer:
    """Serve it on a free port of this machine."""

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, word, wait = bank.refund(asked["number"], Decimal(asked["amount"]))
            time.sleep(wait)
            self.answer(status, word)

        def do_GET(self) -> None:
            self.answer(200, json.dumps(bank.payouts, default=str))

        def answer(self, status: int, word: str) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(word)))
                self.end_headers()
                self.wfile.write(word.encode())
            except OSError:
                pass  # whoever asked has gone: the answer is lost, the money is not

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 100
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Desk)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
