"""What Werkzeug itself makes of a form with a file: parsed, hashed, written, synced. BENCH_FOLDER says where."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request

_CHUNK = 1024 * 1024


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    request = Request(environ)
    answer = _kept(request).encode() if request.method == "POST" else b""
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def _kept(request: Request) -> str:
    """The SHA-256 (hexadecimal) of the form's file, which is safe on disk."""
    folder, digest = Path(os.environ["BENCH_FOLDER"]), hashlib.sha256()
    path = folder / secrets.token_hex(16)
    with path.open("xb") as file:
        while chunk := request.files["files"].stream.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    path.rename(folder / digest.hexdigest())
    return digest.hexdigest()
