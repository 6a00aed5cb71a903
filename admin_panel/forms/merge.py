"""The form of a merge: whose name, number, address and so on the member who stays has afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Field, Form, HiddenField, RadioField, SearchField, SelectChoice

from records.models import Member
from records.queries.member_merges import Comparison
from records.services.member_merges import Choices, Whose, seen_of
from records.web.words import day


class TwinSearchForm(Form):
    search = SearchField(lazy_gettext("Find another member"), render_kw={"autocomplete": "off", "maxlength": 200})


class MergeForm(Form):
    """A field of which both have the same, or of which the other has nothing, is no question: it is left out."""

    seen = HiddenField()
    name = RadioField(lazy_gettext("Name"))
    number = RadioField(lazy_gettext("Member number"))
    email = RadioField(lazy_gettext("E-mail"))
    joined_on = RadioField(lazy_gettext("Joined"))
    unit_id = RadioField(lazy_gettext("Unit"))
    positions = RadioField(lazy_gettext("Positions"))

    def __init__(self, compared: Comparison, typed: Any = None) -> None:
        filled = Choices.filling(compared.kept, compared.merged, positions=bool(compared.kept_positions))
        seen = seen_of(compared.kept, compared.merged)
        super().__init__(typed, data=vars(filled) | {"seen": seen})
        self.values = {Whose.KEPT: _values(compared.kept, compared.kept_positions),
                       Whose.MERGED: _values(compared.merged, compared.merged_positions)}  # fmt: skip
        for field in self.fields:
            field.choices = [SelectChoice(Whose.KEPT, self.values[Whose.KEPT][field.name]),
                             SelectChoice(Whose.MERGED, self.values[Whose.MERGED][field.name])]  # fmt: skip
            field.validate_choice = False
        if compared.kept_positions and compared.merged_positions:
            self.positions.choices.append(SelectChoice(Whose.BOTH, gettext("Both")))
        if typed is None:
            self.seen.data = seen

    @property
    def fields(self) -> Iterator[Any]:
        for field in self:
            if isinstance(field, RadioField):
                yield field

    def asks(self, field: Field) -> bool:
        """Whether there is anything to choose."""
        kept, merged = (self.values[whose][field.name] for whose in (Whose.KEPT, Whose.MERGED))
        return bool(merged) and kept != merged

    def choices(self) -> Choices:
        wanted = {field.name: field.data or Whose.KEPT for field in self.fields if self.asks(field)}
        return Choices(**wanted)


def _values(member: Member, positions: Mapping[int, str]) -> dict[str, str]:
    return {
        "name": member.name,
        "number": member.number or "",
        "email": member.email or "",
        "joined_on": day(member.joined_on),
        "unit_id": member.unit.name if member.unit else "",
        "positions": ", ".join(positions.values()),
    }
