"""Folding: how names, addresses and numbers are compared, sorted and searched, alike on every database."""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not decompose, but that people type without their stroke or ligature.
_UNSTROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def folded(text: str) -> str:
    """`text` without case, accents or doubled spaces: NFKC, casefold, marks removed."""
    if text.isascii():
        return " ".join(text.casefold().split())
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(unicodedata.normalize("NFKC", bare).translate(_UNSTROKED).split())


def tidy(text: str | None) -> str:
    """`text` as people meant to type it: NFC, no control characters, single spaces, trimmed."""
    if text and text.isascii() and text.isprintable():
        return " ".join(text.split())
    printable = "".join(
        " " if letter in "\t\r\n\u2028\u2029" else letter
        for letter in unicodedata.normalize("NFC", text or "")
        if letter in "\t\r\n" or unicodedata.category(letter) not in ("Cc", "Cs")
    )
    return " ".join(printable.split())


def tidy_lines(text: str | None) -> str:
    """As `tidy`, for texts of several lines: the line breaks stay."""
    return "\n".join(tidy(line) for line in (text or "").splitlines()).strip()
