"""Secrets that can be shown again without being kept: codes for people to type, and tokens of addresses.

Each is a keyed hash of a salt; the key is the installation's SECRET_KEY. The database holds the salt and the secret's
digest, and neither gives the secret away. Under another key nothing can be shown again, and what was handed out is
still found by its digest.
"""

from __future__ import annotations

import base64
import hmac
import secrets

from flask import current_app

# Without letters that are taken for a digit or for another letter: 100 bits in 20 of them.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LENGTH, _GROUP, _BITS = 20, 4, 5


def new_salt() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def code(salt: str) -> str:
    """The code of this salt: 20 letters and digits, without groups."""
    number = int.from_bytes(_keyed("code", salt))
    return "".join(_LETTERS[number >> (_BITS * place) & (2**_BITS - 1)] for place in range(_LENGTH))


def token(salt: str) -> str:
    """The token of this salt: 256 bits, fit for an address."""
    return base64.urlsafe_b64encode(_keyed("token", salt)).decode().rstrip("=")


def tidy(typed: str) -> str:
    """A code however it was typed: small letters, other groups, O for 0, I or L for 1."""
    return "".join(letter for letter in typed.upper().translate(_READ_AS) if letter in _LETTERS)


def grouped(code: str) -> str:
    """A code as it is printed, such as 7K2M-9QXA-04ZT-V5RE-1JHC."""
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _keyed(kind: str, salt: str) -> bytes:
    key: str | bytes = current_app.config["SECRET_KEY"]
    return hmac.digest(key if isinstance(key, bytes) else key.encode(), f"certfolio {kind}:{salt}".encode(), "sha256")
