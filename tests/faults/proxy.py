"""A TCP proxy that stands before a server and does to its connections what networks do."""

import contextlib
import socket
import struct
import threading
import time

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST, not FIN


class Proxy:
    """Listens on ``port`` and passes on to ``target``, for as long as it is told nothing else.

    ``resets`` says what becomes of the connections that a black hole swallowed once it is over: reset (as by
    a firewall that has forgotten them), or left half-open for ever.
    """

    def __init__(self, target: int, *, resets: bool) -> None:
        self.target, self.resets = target, resets
        self.latency = 0.0  # seconds for each chunk
        self.hole = False
        self.commits_to_lose = 0  # answers to COMMIT that never arrive
        self.cuts = 0  # connections reset so far
        self._links: set[Link] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.listen()

    def listen(self) -> None:
        """Accept connections (again), always on the same port."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def refuse(self) -> None:
        """New connections are refused, those that are open reset."""
        if self._listener is not None:
            # Closed alone, it would stay open for as long as accept() waits on it.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        for link in list(self._links):
            link.reset()
            self.cuts += 1

    def heal(self) -> None:
        """As if nothing had been; what a black hole has swallowed does not come back."""
        swallowed = [link for link in self._links if link.swallowed]
        self.latency, self.hole, self.commits_to_lose = 0.0, False, 0
        self.listen()
        if self.resets:
            for link in swallowed:
                link.reset()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            link = Link(self, client)
            self._links.add(link)
            threading.Thread(target=link.run, daemon=True).start()


class Link:
    """One connection through the proxy: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self.proxy, self.client = proxy, client
        self.server: socket.socket | None = None
        self.swallowed = False  # once something is missing, nothing more may pass
        self.lost = False  # the answer to a COMMIT is on its way, and will not arrive

    def run(self) -> None:
        try:
            self.server = socket.create_connection(("127.0.0.1", self.proxy.target), 5)
            self.server.settimeout(None)
            for each in (self.client, self.server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.reset()  # no server, or cut before it began
            return
        back = threading.Thread(target=self._pump, args=[self.server, self.client], daemon=True)
        back.start()
        self._pump(self.client, self.server)
        back.join()
        self.reset()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        proxy, up = self.proxy, source is self.client
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if proxy.latency:
                    time.sleep(proxy.latency)
                if proxy.hole:
                    self.swallowed = True
                if self.swallowed:
                    continue
                if up and proxy.commits_to_lose and b"COMMIT" in data:
                    proxy.commits_to_lose -= 1
                    proxy.cuts += 1
                    self.lost = True
                if self.lost and not up:
                    self.reset()  # it is committed, and nobody hears of it
                    return
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.proxy._links.discard(self)
        for each in (self.client, self.server):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    each.shutdown(socket.SHUT_RDWR)
                    each.close()
