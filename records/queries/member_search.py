"""Finding members by any part of a name, an e-mail address or a number, whatever the case and the accents.

Words of three letters and more go by the trigram index: FTS5 on SQLite, pg_trgm on PostgreSQL. Of two
letters, with the space before them, likewise: they match the beginning of a word. A single letter matches
the beginning of a word of the name, or of the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, column, or_, select, table

from records.database import is_sqlite
from records.models import Member
from records.models.text import folded, tidy

_MOST_LETTERS, _MOST_WORDS = 200, 8
_search = table("member_search", column("rowid"), column("search_text"))


def words_of(text: str) -> list[str]:
    """The words to look for, folded as the index is."""
    return folded(tidy(text[:_MOST_LETTERS]))[:_MOST_LETTERS].split()[:_MOST_WORDS]


def matches(words: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a member matches every word."""
    return and_(*matching(patterns_of(words)))


def patterns_of(words: Iterable[str]) -> dict[str, str]:
    """What is looked for, by names that tell where."""
    words = list(words)
    parts = [word if len(word) >= 3 else f" {word}" for word in words if len(word) >= 2]
    letters = [_plain(word) for word in words if len(word) == 1]
    if parts and is_sqlite():
        found = {"phrases": " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)}
    else:
        found = {f"part_{number}": f"%{_plain(part)}%" for number, part in enumerate(parts)}
    found |= {f"begins_{number}": f"{letter}%" for number, letter in enumerate(letters)}
    return found | {f"within_{number}": f"% {letter}%" for number, letter in enumerate(letters)}


def matching(given: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions that patterns make, or parameters in their places; what else is given makes none."""
    found: list[ColumnElement[bool]] = []
    for name, pattern in given.items():
        if name == "phrases":
            found.append(Member.id.in_(select(_search.c.rowid).where(_search.c.search_text.match(pattern))))
        elif name.startswith("part_"):
            found.append(Member.search_text.like(pattern, escape="\\"))
        elif name.startswith("begins_"):
            found.append(_begins_with(pattern, given[name.replace("begins_", "within_")]))
    return found


def _begins_with(pattern: Any, within: Any) -> ColumnElement[bool]:
    return or_(
        Member.sort_name.like(pattern, escape="\\"),
        Member.sort_name.like(within, escape="\\"),
        Member.folded_number.like(pattern, escape="\\"),
    )


def _plain(text: str) -> str:
    """`text` for LIKE, where % and _ are letters like any other."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
