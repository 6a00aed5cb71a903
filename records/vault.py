"""Secrets that the program must read again, such as a second factor's, kept unreadable in the database.

The key comes from SECRET_KEY, so that a copy of the database alone gives nothing away. After a change of it, what was
sealed under an older one in SECRET_KEY_FALLBACKS can still be read.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class Unreadable(Exception):
    """It was sealed under a key that the program does not have (any more), or was tampered with."""


def seal(secret: str) -> str:
    """`secret` as it may stand in the database: ASCII, about a third longer plus 100 letters, never twice the same."""
    return _vault().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret that was sealed. Raises Unreadable."""
    try:
        return _vault().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable() from None


def _vault() -> MultiFernet:
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    secret = key if isinstance(key, bytes) else key.encode()
    return base64.urlsafe_b64encode(hashlib.sha256(b"certfolio vault:" + secret).digest())
