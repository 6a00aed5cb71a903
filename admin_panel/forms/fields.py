"""Fields that keep what was typed: what they cannot read becomes a refusal, and the verb adds its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from wtforms import DateField, Field, IntegerField, SelectField

from records.errors import N_, DateUnreadable, Invalid, Refusal
from records.web.words import refusal_text

_YEARS = range(1900, 2200)


class Day(DateField):
    """A date as browsers send it, 2027-03-21; '' is None. `refusal` says what is wrong with anything else."""

    refusal: Refusal | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data, self.refusal = None, None
        if typed := valuelist[0].strip():
            try:
                self.data = datetime.strptime(typed, "%Y-%m-%d").date()  # noqa: DTZ007  # because: a date has no zone
            except ValueError:
                self.refusal = DateUnreadable(field=self.name)
        if self.data and self.data.year not in _YEARS:
            self.data, self.refusal = None, DateUnreadable(field=self.name)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if isinstance(self.data, date) else ""


class Number(IntegerField):
    """A whole number; '' is None."""

    refusal: Refusal | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data, self.refusal = None, None
        typed = valuelist[0].strip()
        if typed.lstrip("-").isdecimal() and len(typed) < 10:
            self.data = int(typed)
        elif typed:
            self.refusal = Invalid(N_("Enter a whole number."), field=self.name)


class Pick(SelectField):
    """A pull-down of records by id; '' is None, and what is no id is -1: no record has that."""

    def __init__(self, label: Any = None, **options: Any) -> None:
        super().__init__(label, coerce=_id, validate_choice=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = _id(valuelist[0])


def _id(value: object) -> int | None:
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 19 else -1


def unreadable(fields: Iterable[Field]) -> dict[str, Refusal]:
    """The refusals of fields that could not be read, by name."""
    return {field.name: field.refusal for field in fields if getattr(field, "refusal", None) is not None}


def show(field: Field, refusal: Refusal) -> None:
    """Put a refusal's sentence beside its field."""
    field.errors = [refusal_text(refusal)]
