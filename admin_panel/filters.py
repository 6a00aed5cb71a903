"""The filters of a list, as its line of tools shows them: what each is called, what it offers, and what is asked.

What an address asks is read and checked by the list's own question, such as `Wanted`; here nothing is left to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from flask_babel import gettext

from records.queries.member_filters import WITHOUT_UNIT
from records.queries.units import Choice
from records.web.languages import texts_now
from records.web.words import day

SEARCH, TEXT, DAY = "search", "text", "date"  # types of <input>
# What a pull-down offers: value and words.
Options = tuple[tuple[str, str], ...]

_INDENT = "\u2003"
_MOST_KEPT = 100  # trees of units, as one sees them


class Filter(NamedTuple):
    """`label` and the words of `options` are in the language of the page. `value` is what is asked, as an address says
    it. Without a `kind` it is a pull-down."""

    name: str
    label: str
    options: Options = ()
    kind: str = ""
    value: str = ""

    def asking(self, value: str) -> Filter:
        return Filter(self.name, self.label, self.options, self.kind, str(value))

    def words_of(self, value: str) -> str:
        """A value as the page says it."""
        if self.kind == DAY:
            return day(date.fromisoformat(value))
        return dict(self.options).get(value, value).strip()


def search(label: str, value: str) -> Filter:
    return Filter(SEARCH, label, kind=SEARCH, value=value)


def pull_down(name: str, label: str, options: Iterable[tuple[str, str]], value: str = "") -> Filter:
    """Before the options stands what narrows to none of them."""
    return Filter(name, label, (("", gettext("All")), *options), value=value)


def unit_filter(units: Sequence[Choice], value: str, *, may_lack_unit: bool) -> Filter:
    """`units` are those in the asker's scope."""
    return _of_units(tuple(units), may_lack_unit, texts_now()).asking(value)


def worded(words: Mapping[Any, Any]) -> Options:
    return tuple([(str(value), str(label)) for value, label in words.items()])


def named(records: Iterable[Any]) -> Options:
    """Records by their ids."""
    return tuple([(str(each.id), each.name) for each in records])


@lru_cache(_MOST_KEPT)
def _of_units(units: tuple[Choice, ...], may_lack_unit: bool, _texts: Any) -> Filter:
    without = [(WITHOUT_UNIT, gettext("Without a unit"))] if may_lack_unit else []
    return pull_down("unit", gettext("Unit"), [*indented(units), *without])


def indented(units: Iterable[Choice]) -> Options:
    """Each unit set in beneath the one that it lies in."""
    return _indented(tuple(units))


@lru_cache(_MOST_KEPT)
def _indented(units: tuple[Choice, ...]) -> Options:
    return tuple([(str(unit.id), _INDENT * unit.depth + unit.name) for unit in units])
