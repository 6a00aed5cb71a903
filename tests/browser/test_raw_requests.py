"""Requests that programs read differently: about where one ends there is one reading, or an end to the connection."""

from __future__ import annotations

import re
import socket

import pytest

from tests.browser.server import Server

HIDDEN = "GET /hidden-request HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


def answers(server: Server, sent: str) -> list[str]:
    """The status of each answer to these bytes, and "waits" where the server keeps the connection for more."""
    received, waits = b"", []
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as connection:
        connection.sendall(sent.encode("latin-1"))
        try:
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            waits = ["waits"]
        except ConnectionResetError:
            pass
    return re.findall(r"HTTP/1\.1 (\d{3})", received.decode("latin-1")) + waits


def post(headers: str, body: str = "") -> str:
    """To an address that takes none: 405 says that the program was asked, 400 that the server understood nothing."""
    return (
        f"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}"
    )


# What two programs could read in two ways: where the first believes one of the two, the rest would be another request.
DOUBTFUL = {
    "length and chunks": post(f"Content-Length: 6\r\n{CHUNKED}", f"0\r\n\r\n{HIDDEN}"),
    "chunks and length": post(f"{CHUNKED}Content-Length: 6\r\n", f"0\r\n\r\n{HIDDEN}"),
    "two lengths": post(f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n", HIDDEN),
    "two lengths in one": post(f"Content-Length: 0, {len(HIDDEN)}\r\n", HIDDEN),
    "a length with a sign": post("Content-Length: +0\r\n", HIDDEN),
    "a length below nothing": post("Content-Length: -1\r\n", HIDDEN),
    "a length in hexadecimal": post("Content-Length: 0x0\r\n", HIDDEN),
    "unknown chunks": post("Transfer-Encoding: xchunked\r\n", f"0\r\n\r\n{HIDDEN}"),
    "chunks named twice": post("Transfer-Encoding: chunked, identity\r\n", f"0\r\n\r\n{HIDDEN}"),
    "chunks behind a tab": post("Transfer-Encoding:\x0bchunked\r\n", f"0\r\n\r\n{HIDDEN}"),
    "a blank before the colon": post("Content-Length : 0\r\n", HIDDEN),
    "a header that goes on": post(f"X-A: b\r\n Content-Length: {len(HIDDEN)}\r\n", HIDDEN),
    "a chunk of no number": post(CHUNKED, f"zz\r\n{HIDDEN}"),
    "a chunk of a signed number": post(CHUNKED, f"+0\r\n\r\n{HIDDEN}"),
    "a chunk without an end": post(CHUNKED, f"ffffffffffffffffff\r\n{HIDDEN}"),
    "a NUL in a header": post("X-A: b\0c\r\nContent-Length: 0\r\n", HIDDEN),
    "no name of a header": post(": x\r\nContent-Length: 0\r\n", HIDDEN),
    "a bare carriage return": post(f"X-A: b\rContent-Length: {len(HIDDEN)}\r\n", HIDDEN),
}  # fmt: skip


@pytest.mark.parametrize("which", DOUBTFUL)
def test_a_doubtful_request_is_answered_once_and_the_connection_ends(server: Server, which: str) -> None:
    """In the body it shows too late for a 400 where nobody reads the body: then the rest is read by nobody, either."""
    too_late = "chunk " in which or which in ("length and chunks", "chunks and length")
    assert answers(server, DOUBTFUL[which]) in ([], ["400"], ["405"] if too_late else ["501"])


def test_what_is_plain_is_answered_each_by_its_own(server: Server) -> None:
    """Else the test above proved nothing."""
    assert answers(server, HIDDEN + HIDDEN) == ["404", "404", "waits"]
    form = "a=b"
    whole = post(f"Content-Length: {len(form)}\r\n", form)
    assert answers(server, whole + HIDDEN) == ["405", "404", "waits"]
    in_chunks = post(CHUNKED, "3;extension=x\r\na=b\r\n0\r\nTrailer: x\r\n\r\n")
    assert answers(server, in_chunks + HIDDEN) == ["405", "404", "waits"]
