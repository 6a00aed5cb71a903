"""Folding: how names, addresses and numbers are compared, sorted and searched, alike on every database."""

from __future__ import annotations

import unicodedata

from records.errors import N_, Invalid

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


def line(text: str | None, *, field: str, most: int = 255) -> str:
    """`text`, tidy. Raises Invalid (`field`) where that has more than `most` characters."""
    return _within(tidy(text), field=field, most=most)


def lines(text: str | None, *, field: str, most: int) -> str:
    """As `line`, for texts of several lines."""
    return _within(tidy_lines(text), field=field, most=most)


def reason_lines(text: str | None, *, field: str) -> str:
    """Why somebody does a thing, tidy, or nothing. Raises Invalid (`field`) for more than 4,000 characters."""
    return lines(text, field=field, most=4000)


def name_line(text: str | None) -> str:
    """A name, as `line`. Raises Invalid (field `name`), also where there is none."""
    name = line(text, field="name")
    if not name:
        raise Invalid(N_("Enter a name."), field="name")
    return name


def _within(text: str, *, field: str, most: int) -> str:
    if len(text) > most:
        raise Invalid(N_("Use at most %(most)s characters."), field=field, most=most)
    return text
