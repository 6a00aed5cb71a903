"""What the line of tools above a list says: what is asked, each filter in force, and the addresses around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from admin_panel.filters import SEARCH, Filter
from admin_panel.saved_views import Views
from records.web.links import address, each_address

_SORT = "sort"
_PLAIN = "!$'()*,/:;?@"


@dataclass(frozen=True)
class Chip:
    """A filter in force, in words; the address asks the same without it."""

    label: str
    words: str
    address: str


@dataclass(frozen=True)
class Listing:
    """`endpoint` is the list's, `files` that of its export. `asked` are the fields of an address that asks the same.

    `fields` are the search, the filters and the order. `kept` are fields that clearing leaves, such as a tab; `besides`
    are filters without a field: name, label and words. `path`: a plain word in the addresses, by its name, if any.
    """

    endpoint: str
    fields: Sequence[Filter]
    asked: Mapping[str, Any]
    files: str = ""
    views: Views | None = None
    kept: Sequence[str] = ()
    besides: Sequence[tuple[str, str, str]] = ()
    path: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def home(self) -> str:
        return self._at(self.endpoint)

    def address(self, **others: str) -> str:
        """Asks the same but for the others; '' takes a field away."""
        return self.home + _query({**self._said, **_said(others)})

    def file(self, format: str) -> str:
        return self.asked_of(self.files, format=format)

    def asked_of(self, endpoint: str, **others: str) -> str:
        """The address of a page beside this one, which is asked the same and the others."""
        return self._at(endpoint) + _query({**_said(others), **self._said})

    @cached_property
    def cleared(self) -> str:
        return self.home + _query({name: said for name, said in self._said.items() if name in (*self.kept, _SORT)})

    @cached_property
    def search(self) -> Filter | None:
        return next((each for each in self.fields if each.name == SEARCH), None)

    @cached_property
    def filters(self) -> list[Filter]:
        return [each for each in self.fields if each.name != SEARCH]

    @property
    def hidden(self) -> dict[str, Any]:
        """What stays asked without a field."""
        names = (*self.kept, *(name for name, _label, _words in self.besides))
        return {name: value for name, value in self.asked.items() if name in names}

    @cached_property
    def chips(self) -> list[Chip]:
        return [*self._chips()]

    @property
    def narrowing(self) -> int:
        """How many filters are in force, besides the search."""
        return len(self.chips) - (SEARCH in self.asked)

    def _chips(self) -> Iterator[Chip]:
        for each in self.fields:
            if each.name != _SORT and (value := self.asked.get(each.name)):
                yield Chip(each.label, each.words_of(value), self.address(**{each.name: ""}))
        for name, label, words in self.besides:
            yield Chip(label, words, self.address(**{name: ""}))

    def _at(self, endpoint: str) -> str:
        """An address that asks nothing; what the path names is put into one that was worked out once."""
        if not self.path:
            return address(endpoint)
        ((name, value),) = self.path.items()
        return each_address(endpoint, name) % value

    @cached_property
    def _said(self) -> dict[str, str]:
        return _said(self.asked)


def _said(asked: Mapping[str, Any]) -> dict[str, str]:
    """Each field as an address writes it, by name; '' for those without a value."""
    return {name: f"{name}={quote_plus(str(value), _PLAIN)}" if value else "" for name, value in asked.items()}


def _query(said: Mapping[str, str]) -> str:
    """Written as `url_for` writes it, in less time."""
    parts = "&".join(filter(None, said.values()))
    return f"?{parts}" if parts else ""
