"""Which encoding a text is in: proven where it can be, else the likeliest, for a person to confirm."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from charset_normalizer import from_bytes

from records.errors import N_

# What a person may choose from: our name for the codec, and what it is called.
ENCODINGS = {
    "utf-8": "UTF-8",
    "windows-1252": N_("Western European (Windows-1252)"),
    "windows-1250": N_("Central European (Windows-1250)"),
    "windows-1251": N_("Cyrillic (Windows-1251)"),
    "windows-1253": N_("Greek (Windows-1253)"),
    "windows-1254": N_("Turkish (Windows-1254)"),
    "windows-1255": N_("Hebrew (Windows-1255)"),
    "windows-1256": N_("Arabic (Windows-1256)"),
    "windows-1257": N_("Baltic (Windows-1257)"),
    "iso-8859-15": N_("Western European (ISO 8859-15)"),
    "mac-roman": N_("Western European (Mac)"),
    "shift-jis": N_("Japanese (Shift JIS)"),
    "gb18030": N_("Chinese (GB 18030)"),
    "big5": N_("Chinese (Big5)"),
    "euc-kr": N_("Korean (EUC-KR)"),
    "utf-16": "UTF-16",
    "utf-16-le": N_("UTF-16 little endian"),
    "utf-16-be": N_("UTF-16 big endian"),
}
_TRIED = ("windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "shift-jis", "gb18030",
          "big5", "euc-kr")  # fmt: skip
_ENOUGH_TO_GUESS = 64 * 1024
_FEW = 24


def detected_encoding(stream: BinaryIO) -> str:
    """The encoding of the whole of `stream`, read from where it stands."""
    head = stream.read(4096)
    marked = _marked(head)
    if marked:
        return marked
    good, bad, sample = _tally(head, stream)
    if not bad or good >= bad:
        return "utf-8"
    return _likeliest(sample)


def _marked(head: bytes) -> str | None:
    """By its byte order mark, or by the zeros that plain letters leave in UTF-16."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > half * 0.7 and not head[::2].count(0):
        return "utf-16-le"
    if head[::2].count(0) > half * 0.7 and not head[1::2].count(0):
        return "utf-16-be"
    return None


def _tally(head: bytes, stream: BinaryIO) -> tuple[int, int, bytes]:
    """How many lines hold UTF-8 beyond ASCII, how many hold bytes that are none, and some of the latter."""
    good = bad = 0
    sample = bytearray()
    rest = head
    while rest:
        lines = rest.split(b"\n")
        more = stream.read(1024 * 1024)
        rest = lines.pop() + more if more else b""
        for line in lines:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                if len(sample) < _ENOUGH_TO_GUESS:
                    sample += line[:2000] + b"\n"
    return good, bad, bytes(sample)


def _likeliest(sample: bytes) -> str:
    """With few letters to go by, Western European Windows: most registers without a mark are from there."""
    if sum(byte > 127 for byte in sample) < _FEW:
        return "windows-1252"
    best = from_bytes(sample, cp_isolation=list(_TRIED)).best()
    if best is None:
        return "windows-1252"
    codec = codecs.lookup(best.encoding).name
    return next((name for name in _TRIED if codecs.lookup(name).name == codec), "windows-1252")
