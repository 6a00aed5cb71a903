"""A way to the database, or to a store of objects, that drops, delays and falls silent when told to."""

from __future__ import annotations

import contextlib
import socket
import time
from threading import Event, Thread


class Proxy:
    """Hands bytes on between clients and a server, at its Unix socket or its port.

    `on_words` is what happens once a client has said these words: `silent` hands nothing on any more, neither these
    words; `cut` ends all connections before the server hears them; `deaf` lets the server hear them, and ends all
    connections before the client hears of it. `most` is how many bytes of the server's a connection gets through before
    it is cut; `alters` turns some bytes of a client into others.
    """

    def __init__(self, server: str | int) -> None:
        self.server = server
        self.most: int | None = None
        self.alters: tuple[bytes, bytes] | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self.delay = 0.0
        self._words, self._then, self.happened = b"", "", Event()
        Thread(target=self._accept, daemon=True).start()

    def on_words(self, words: bytes, then: str) -> None:
        self.happened.clear()
        self._then, self._words = then, words

    def mend(self) -> None:
        """All is handed on again, on new connections: what was caught in between is lost."""
        self._words, self._then, self.delay, self.most, self.alters = b"", "", 0.0, None, None
        self.happened.clear()
        self.end_all()

    def end_all(self) -> None:
        _end(*self._open)
        self._open.clear()

    def close(self) -> None:
        self._listening.close()
        self.end_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                try:
                    server = self._connected()
                except OSError:
                    client.close()
                    continue
                self._open += [client, server]
                for one, other, is_client in ((client, server, True), (server, client, False)):
                    Thread(target=self._hand_on, args=(one, other, is_client), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self.server, int):
            return socket.create_connection(("127.0.0.1", self.server))
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        return server

    def _hand_on(self, one: socket.socket, other: socket.socket, is_client: bool) -> None:
        handed_on = 0
        with contextlib.suppress(OSError):
            while said := one.recv(65536):
                time.sleep(self.delay)
                if is_client and self.alters:
                    said = said.replace(*self.alters)
                if not is_client and self.most is not None:
                    said = said[: self.most - handed_on]
                    if not said:
                        break
                    handed_on += len(said)
                if is_client and self._words and self._words in said:
                    self._words = b""
                    self.happened.set()
                    if self._then == "deaf":
                        other.sendall(said)
                        time.sleep(0.3)  # so that the server is done with it
                    if self._then != "silent":
                        self.end_all()
                if not (self.happened.is_set() and self._then in ("silent", "deaf")):
                    other.sendall(said)
        _end(one, other)
        one.close()  # nobody else waits for what comes from there


def _end(*connections: socket.socket) -> None:
    """Also where another thread is waiting for what comes from there."""
    for each in connections:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
