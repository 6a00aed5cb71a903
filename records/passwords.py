"""Passwords: how they are hashed, and which are good enough."""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from records import hashing
from records.errors import PasswordTooLong, PasswordTooShort, WeakPassword

LEAST, MOST = 12, 256
# So many letters and digits of a password are neither a name nor an address of its owner.
_LEAST_OWN = 6
_WORD = re.compile(r"[^\W_]{3,}")

# OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of a secret that was thrown away: checking against it costs what checking a real one costs.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$z/+ScDmtEeaW/O0rglZwHQ$W3W9AH7Zhue/0WCE/AGQjrBK4GqVd/79fO8Ojf7xT2k"


def hashed(password: str) -> str:
    return hashing.made(lambda: _hasher.hash(_normal(password)))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether they belong together. Takes as long for a missing hash as for a wrong password.

    A password longer than any that can be set is refused without looking at all of it.
    """
    password = _normal(password[: 4 * MOST])
    possible = password_hash is not None and len(password) <= MOST
    against = password_hash if password_hash and possible else _NOBODYS
    try:
        return hashing.made(lambda: _hasher.verify(against, password[:MOST])) and possible
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def require_good(password: str, *, personal: tuple[str, ...] = ()) -> None:
    """Raises PasswordTooShort, PasswordTooLong or WeakPassword (field `password`). Any characters will do.

    `personal` are texts that an attacker would try first, such as names and addresses: without their words, enough
    of the password must be left.
    """
    from zxcvbn import zxcvbn  # because: its word lists cost 60 ms and 20 MB; only this needs them

    password = _normal(password)
    if len(password) < LEAST:
        raise PasswordTooShort(field="password", least=LEAST)
    if len(password) > MOST:
        raise PasswordTooLong(field="password", most=MOST)
    words = {word for text in (*personal, "certfolio") for word in _WORD.findall(text.casefold())}
    if _is_personal(password.casefold(), words) or zxcvbn(password[:72], user_inputs=[*words])["score"] < 2:
        raise WeakPassword(field="password")


def _is_personal(password: str, words: set[str]) -> bool:
    own = password
    for word in sorted(words, key=len, reverse=True):
        own = own.replace(word, "")
    return own != password and sum(map(str.isalnum, own)) < _LEAST_OWN


def _normal(password: str) -> str:
    """NFC: one person's é typed on two keyboards is one password."""
    return unicodedata.normalize("NFC", password)
