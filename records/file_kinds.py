"""What a file is, decided by its bytes and never by its name or by what the browser says."""

from __future__ import annotations

import filetype

UNKNOWN = "application/octet-stream"
# An animated PNG is a PNG to everything that opens it.
_SAME = {"image/apng": "image/png"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def kind_of(head: bytes) -> str:
    """The media type of a file that begins with `head` (its first 8 KiB), UNKNOWN where none is sure."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "image/heic"
    guess = str(filetype.guess_mime(head) or UNKNOWN)
    return _SAME.get(guess, guess)
