"""What the line of tools above a list says: what is asked, each filter in force, and the addresses around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from wtforms import DateField, Field, Form

from admin_panel.saved_views import Views
from records.web.links import address
from records.web.words import day

_SEARCH, _SORT = "search", "sort"
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

    `form` holds the search, the filters and the order. `kept` are fields that clearing leaves, such as a tab; `besides`
    are filters without a field of the form: name, label and words.
    """

    endpoint: str
    form: Form
    asked: Mapping[str, Any]
    files: str = ""
    views: Views | None = None
    kept: Sequence[str] = ()
    besides: Sequence[tuple[str, str, str]] = ()
    path: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def home(self) -> str:
        return address(self.endpoint, **self.path)

    def address(self, **others: str) -> str:
        """Asks the same but for the others; '' takes a field away."""
        return self.home + _query({**self.asked, **others})

    def file(self, format: str) -> str:
        return address(self.files, **self.path) + _query({"format": format, **self.asked})

    @cached_property
    def cleared(self) -> str:
        return self.home + _query({name: value for name, value in self.asked.items() if name in (*self.kept, _SORT)})

    @cached_property
    def search(self) -> Field | None:
        return next((each for each in self.form if each.name == _SEARCH), None)

    @cached_property
    def filters(self) -> list[Field]:
        return [each for each in self.form if each.name != _SEARCH]

    @property
    def hidden(self) -> dict[str, Any]:
        """What stays asked without a field of the form."""
        names = (*self.kept, *(name for name, _label, _words in self.besides))
        return {name: value for name, value in self.asked.items() if name in names}

    @cached_property
    def chips(self) -> list[Chip]:
        return [*self._chips()]

    @property
    def narrowing(self) -> int:
        """How many filters are in force, besides the search."""
        return len(self.chips) - (_SEARCH in self.asked)

    def _chips(self) -> Iterator[Chip]:
        for each in self.form:
            if each.name != _SORT and self.asked.get(each.name):
                label, words = str(each.label.text), _words(each, self.asked[each.name])
                yield Chip(label, words, self.address(**{each.name: ""}))
        for name, label, words in self.besides:
            yield Chip(label, words, self.address(**{name: ""}))


def _query(asked: Mapping[str, Any]) -> str:
    """Written as `url_for` writes it, in less time."""
    said = {name: value for name, value in asked.items() if value}
    return f"?{urlencode(said, doseq=True, safe=_PLAIN)}" if said else ""


def _words(field: Field, value: str) -> str:
    """What a field is set to, as the page says it."""
    if isinstance(field, DateField):
        return day(field.data)
    choices = getattr(field, "choices", None) or ()
    return next((str(each.label).strip() for each in choices if str(each.value) == value), value)
