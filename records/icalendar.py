"""Writing iCalendar (RFC 5545): lines, escaped and folded as the standard asks.

A library would do for a page of events. A feed has five thousand with their alarms and is read by machines at all
hours: this takes a fifteenth of the time. Two other programs' parsers read it in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

_LONGEST = 75  # octets of a line, without its end
_END = b"\r\n"
_ESCAPED = dict.fromkeys((*range(32), 127)) | str.maketrans({
    "\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n", "\t": " ",
})  # fmt: skip


def component(name: str, *contents: Iterable[bytes]) -> Iterator[bytes]:
    """BEGIN:name, the lines of all contents, END:name."""
    yield line("BEGIN", name)
    for lines in contents:
        yield from lines
    yield line("END", name)


def line(name: str, value: str | date | timedelta, *, kind: str = "") -> bytes:
    """One line with its end. A str stands as it is, see `text`; an instant is aware. `kind` is the VALUE parameter."""
    if isinstance(value, datetime):
        value = f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    elif isinstance(value, date):
        kind, value = "DATE", f"{value:%Y%m%d}"
    elif isinstance(value, timedelta):
        value = _duration(value)
    return _folded(f"{name}{f';VALUE={kind}' if kind else ''}:{value}".encode())


def text(value: str) -> str:
    """A text as a value: nothing in it begins a line or ends a value."""
    return value.translate(_ESCAPED)


def _duration(span: timedelta) -> str:
    """-P29DT17H: every part that is not nothing."""
    minutes = int(abs(span).total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    written = (f"{days}D" if days else "") + (f"T{parts}" if parts else "")
    return f"{'-' if span < timedelta() else ''}P{written or 'T0S'}"


def _folded(octets: bytes) -> bytes:
    """Cut between letters, never within one; what follows begins with a space."""
    if len(octets) <= _LONGEST:
        return octets + _END
    pieces, start, room = [], 0, _LONGEST
    while len(octets) - start > room:
        cut = start + room
        while octets[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(octets[start:cut])
        start, room = cut, _LONGEST - 1
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces) + _END
