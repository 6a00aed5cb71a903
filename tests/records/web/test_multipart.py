"""Uploaded bytes arrive as they were sent, wherever the pieces in which they travel are cut."""

from __future__ import annotations

import io
from typing import IO

import pytest
from flask import Flask
from werkzeug.formparser import FormDataParser

BOUNDARY = "----WebKitFormBoundaryXyz789abc"


class InPieces(io.RawIOBase):
    """A body that arrives in pieces of these lengths, and then the rest at once."""

    def __init__(self, body: bytes, lengths: list[int]) -> None:
        self.body, self.lengths = io.BytesIO(body), lengths

    def read(self, _size: int = -1) -> bytes:
        return self.body.read(self.lengths.pop(0) if self.lengths else -1)


def body(*parts: tuple[str, str | None, bytes]) -> bytes:
    """A form as browsers send it: name, file name or None, content."""
    sent = b""
    for name, file_name, content in parts:
        sent += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file_name is not None:
            sent += f'; filename="{file_name}"\r\nContent-Type: application/octet-stream'.encode()
        sent += b"\r\n\r\n" + content + b"\r\n"
    return sent + f"--{BOUNDARY}--\r\n".encode()


def received(stream: IO[bytes]) -> dict[str, bytes]:
    parser = FormDataParser(silent=False)
    _, form, files = parser.parse(stream, "multipart/form-data", None, {"boundary": BOUNDARY})
    content = {name: value.encode() for name, value in form.items()}
    for name, file in files.items():
        content[name] = file.read()
        file.close()
    return content


@pytest.mark.parametrize(
    "content",
    [b"", b"\r", b"\n", b"\r\n", b"x", b"x\r", b"x\n", b"x\r\n", b"end\r\n\r\n", b"a" * 100, b"a" * 99 + b"\r",
     b"\r\n--" + BOUNDARY.encode()[:10], b"\r\n" * 60, b"-" * 50, b"--\r\n--" * 20],
)  # fmt: skip
def test_no_byte_is_added_or_lost_wherever_a_piece_ends(app: Flask, content: bytes) -> None:
    sent = body(("first", None, b""), ("file", "x.bin", content), ("empty", "", b""), ("last", None, b"the end"))
    whole = {"first": b"", "file": content, "empty": b"", "last": b"the end"}
    for cut in range(1, len(sent)):
        for lengths in ([cut], [cut, 1], [cut, 2], [cut, 1, 1]):
            assert received(InPieces(sent, list(lengths))) == whole, lengths


def test_a_large_file_arrives_whole_whatever_its_size(app: Flask) -> None:
    """Sizes that let the closing delimiter fall on every place around the end of a piece of 64 KiB."""
    head = len(body(("file", "x.bin", b"")))
    for size in range(65536 - head - 20, 65536 + 20):
        content = b"\x00" * size
        assert received(io.BytesIO(body(("file", "x.bin", content)))) == {"file": content}, size
