"""The secret key of an installation that was given none."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def kept(data_dir: Path) -> str:
    """Development's secret: drawn once and kept beside the data, readable by its owner only.

    It appears whole or not at all, because several processes may start at once.
    """
    path, drawn = data_dir / "secret_key", data_dir / f"secret_key.{secrets.token_hex(8)}"
    if not path.exists():
        with os.fdopen(os.open(drawn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(drawn, path)
        drawn.unlink()
    return path.read_text()
