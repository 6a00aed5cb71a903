"""Certfolio whose hashes are not done before a file `go` lies in its folder: for servers under a storm of sign-ins."""

from __future__ import annotations

import os
import time
from pathlib import Path

from argon2.exceptions import VerifyMismatchError

from records import passwords
from wsgi import app as app

_FOLDER = Path(os.environ["DATA_DIR"])


class _Waiting:
    """It never finds a password right."""

    def verify(self, _password_hash: str, _password: str) -> bool:
        (_FOLDER / "begun").touch()
        while not (_FOLDER / "go").exists():
            time.sleep(0.02)
        raise VerifyMismatchError()


passwords._hasher = _Waiting()  # type: ignore[assignment]  # because: nothing else of a hasher is asked for
