"""The virus scanner, behind one small door: ClamAV's daemon. Without CLAMD_URL there is none.

Source of the protocol: clamd(8), INSTREAM and PING.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote, urlparse

from flask import Flask, current_app

_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096


class NoAnswer(Exception):
    """The daemon is not to be had, ended half-way, or took too long. Another time it may work."""


class NotScannable(Exception):
    """The daemon answered that it cannot scan these bytes, such as more of them than it takes."""


@dataclass(frozen=True)
class Scanner:
    """`url` as in CLAMD_URL. `patience` in seconds, for each step; `longest` for the whole of one file."""

    url: str
    patience: float = 30
    longest: float = 300

    def virus_in(self, stream: BinaryIO) -> str:
        """The name of the virus that was found in the bytes from here on; '' in clean ones. Raises NoAnswer,
        NotScannable."""
        ends_at = time.monotonic() + self.longest
        with self._connected() as connection:
            try:
                connection.sendall(b"zINSTREAM\0")
                while chunk := stream.read(_CHUNK):
                    connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
                    if time.monotonic() > ends_at:
                        raise NoAnswer("it takes too long")
                connection.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):
                pass  # because: it hangs up on what is too large for it, and its answer says so
            verdict = _answer(connection, ends_at)
        if verdict.endswith(" FOUND"):
            return verdict.removeprefix("stream: ").removesuffix(" FOUND")
        if verdict.endswith(" ERROR"):
            raise NotScannable(verdict)
        if verdict != "stream: OK":
            raise NoAnswer(f"it answered {verdict!r}")
        return ""

    def answers(self, *, patience: float = 2) -> bool:
        """Whether the daemon is there and says so, within `patience` seconds or little more."""
        try:
            with Scanner(self.url, patience, patience)._connected() as connection:
                connection.sendall(b"zPING\0")
                return _answer(connection, time.monotonic() + patience) == "PONG"
        except NoAnswer:
            return False

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        address = urlparse(self.url)
        try:
            if address.scheme == "unix":
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(self.patience)
                target: str | tuple[str | None, int | None] = unquote(address.path)
            else:
                connection = socket.create_connection((address.hostname, address.port), timeout=self.patience)
                target = ""
            with connection:
                if target:
                    connection.connect(target)
                yield connection
        except OSError as error:
            raise NoAnswer(str(error)) from error


def _answer(connection: socket.socket, ends_at: float) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER and (more := connection.recv(_LONGEST_ANSWER)):
        answer += more
        if time.monotonic() > ends_at:
            raise NoAnswer("it takes too long")
    if not answer.endswith(b"\0"):
        raise NoAnswer("its answer broke off")
    return answer[:-1].decode("utf-8", "replace").strip()


def init_app(app: Flask) -> None:
    app.extensions["scanner"] = Scanner(app.config["CLAMD_URL"]) if app.config["CLAMD_URL"] else None


def scanner() -> Scanner | None:
    """None where files are not scanned."""
    door: Scanner | None = current_app.extensions["scanner"]
    return door
