"""The fields of the back office's forms: those of both faces, and whole numbers."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget, RadioInput

from records.errors import N_, Invalid, Refusal
from records.pages.fields import Day, Pick, ids_in, show, unreadable
from records.web.form_markup import TickList

__all__ = ["Day", "Number", "Pick", "PickOne", "Ticks", "show", "unreadable"]


class PickOne(Pick):
    """One record of a few, by id, each with its own button."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioInput()


class Ticks(SelectMultipleField):
    """Records to tick, by id; what is no id is -1: no record has that."""

    def __init__(self, label: Any = None, **options: Any) -> None:
        super().__init__(
            label, coerce=int, validate_choice=False, widget=TickList(), option_widget=CheckboxInput(), **options
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [*ids_in(valuelist), *([-1] if len(ids_in(valuelist)) < len(valuelist) else [])]

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(self.data or ())

    @property
    def words(self) -> str:
        """What is ticked, as far as it is offered."""
        return ", ".join(choice.label for choice in self.choices if choice.value in self.ids)


class Number(IntegerField):
    """A whole number; '' is None."""

    refusal: Refusal | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data, self.refusal = None, None
        typed = valuelist[0].strip()
        if typed.removeprefix("-").isdecimal() and len(typed) < 10:
            self.data = int(typed)
        elif typed:
            self.refusal = Invalid(N_("Enter a whole number."), field=self.name)
