"""Finding members by any part of a name, an e-mail address or a number, whatever the case and the accents.

Words of three letters and more go by the trigram index: FTS5 on SQLite, pg_trgm on PostgreSQL. Of two
letters, with the space before them, likewise: they match the beginning of a word. A single letter matches
the beginning of a word of the name, or of the number.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    words = list(words)
    parts = [word if len(word) >= 3 else f" {word}" for word in words if len(word) >= 2]
    letters = [_begins_with(word) for word in words if len(word) == 1]
    return and_(*_contain(parts), *letters)


def _contain(parts: list[str]) -> list[ColumnElement[bool]]:
    if not parts:
        return []
    if not is_sqlite():
        return [Member.search_text.like(f"%{_plain(part)}%", escape="\\") for part in parts]
    phrases = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    return [Member.id.in_(select(_search.c.rowid).where(_search.c.search_text.match(phrases)))]


def _begins_with(letter: str) -> ColumnElement[bool]:
    plain = _plain(letter)
    return or_(
        Member.sort_name.like(f"{plain}%", escape="\\"),
        Member.sort_name.like(f"% {plain}%", escape="\\"),
        Member.folded_number.like(f"{plain}%", escape="\\"),
    )


def _plain(text: str) -> str:
    """`text` for LIKE, where % and _ are letters like any other."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
