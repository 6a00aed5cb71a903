"""Fields of both faces that keep what was typed: what they cannot read becomes a refusal, and the verb adds its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_decimal_symbol, get_group_symbol
from wtforms import DateField, Field, SelectField, StringField

from records.errors import N_, DateUnreadable, Invalid, Refusal
from records.web.languages import locale_code
from records.web.words import refusal_text

_YEARS = range(1900, 2200)
_LONGEST = 40
_SPACES = re.compile(r"\s+")  # with the thin and unbreakable ones that some languages group by


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


class Pick(SelectField):
    """A pull-down of records by id; '' is None, and what is no id is -1: no record has that."""

    def __init__(self, label: Any = None, **options: Any) -> None:
        super().__init__(label, coerce=_id, validate_choice=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = _id(valuelist[0])


class Amount(StringField):
    """A Decimal typed with the language's decimal mark, as "2.5" or "2,5"; '' is None.

    Thousands may be grouped as the language does; any other use of its marks cannot be read, and `refusal` says so,
    rather than that 2,5 becomes 25. Whether the amount is fit for a record is for the model to say.
    """

    refusal: Refusal | None = None

    def __init__(self, label: Any = None, **options: Any) -> None:
        keywords = {"inputmode": "decimal", "autocomplete": "off"} | options.pop("render_kw", {})
        super().__init__(label, render_kw=keywords, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data, self.refusal = None, None
        if typed := _SPACES.sub("", valuelist[0]):
            self.data = read_amount(typed)
            if self.data is None:
                example = written_amount(Decimal("2.5"))
                self.refusal = Invalid(N_("Enter a number, such as %(example)s."), field=self.name, example=example)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return written_amount(self.data) if isinstance(self.data, Decimal) else ""


def unreadable(fields: Iterable[Field]) -> dict[str, Refusal]:
    """The refusals of fields that could not be read, by name."""
    return {field.name: field.refusal for field in fields if getattr(field, "refusal", None) is not None}


def show(field: Field, refusal: Refusal) -> None:
    """Put a refusal's sentence beside its field."""
    field.errors = [refusal_text(refusal)]


def read_amount(typed: str) -> Decimal | None:
    """The number that this text, free of spaces, is in the reader's language; None where it is none."""
    mark, group = (re.escape(_SPACES.sub("", symbol)) for symbol in _marks())
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d*)" if group else r"\d*"
    match = re.fullmatch(rf"([-−+]?)({whole})(?:{mark}(\d*))?", typed) if len(typed) <= _LONGEST else None
    if match is None or not (match[2] or match[3]):
        return None
    digits = re.sub(r"\D", "", match[2]) or "0"
    return Decimal(f"{'-' if match[1] in ('-', '−') else ''}{digits}.{match[3] or '0'}")


def written_amount(amount: Decimal) -> str:
    """As it is typed: the language's decimal mark, no grouping, no more places than it has."""
    mark, _group = _marks()
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", mark)


def _marks() -> tuple[str, str]:
    locale = locale_code()
    return get_decimal_symbol(locale), get_group_symbol(locale)


def ids_in(texts: Iterable[str]) -> list[int]:
    """Those of the texts that can be ids, in their order."""
    return [int(text) for text in texts if _can_be_id(text)]


def _id(value: object) -> int | None:
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    return int(text) if _can_be_id(text) else -1


def _can_be_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19
