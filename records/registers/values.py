"""Reading one row by a mapping: what it wants recorded, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from records.errors import N_, ExpiresBeforeIssued, ExpiresRequired, Invalid
from records.models.account import email_address
from records.models.text import folded, tidy
from records.registers.dates import read_date
from records.registers.files import Register
from records.registers.mapping import OF_CERTIFICATIONS, Field, Mapping, StatusMeaning
from records.registers.names import Name, person_key, split_name
from records.registers.rows import Cell, Row, named_columns, shown

_NAME_PARTS = (Field.FULL_NAME, Field.GIVEN_NAME, Field.MIDDLE_NAME, Field.FAMILY_NAME, Field.SUFFIX)
# What a spreadsheet program would calculate. A plain number or a telephone number may begin with a sign.
_FORMULA = re.compile(r"\s*(?:[=@]|[+\-\u2212](?![\d\s().,/\-]*$))")
# The mark by which spreadsheet programs, and our own files, say "this is text".
_MARKED_AS_TEXT = re.compile(r"'(?=[\t\r\n =+\-@\u2212])")


# How many values of a register are remembered: names, words and dates come again and again.
_REMEMBERED = 8192


@dataclass(slots=True)
class Wanted:
    """`type_name` is '' where the row holds no certification; `left_out` says which word left it out."""

    line: int
    name: Name
    number: str
    email: str | None
    unit: str
    joined_on: date | None
    type_name: str
    issued_on: date | None
    expires_on: date | None
    certification_number: str
    status: StatusMeaning
    status_word: str
    status_since: date | None
    left_out: str = ""


def names_in(register: Register, mapping: Mapping) -> set[str]:
    """The keys of all names that the rows of `register` have; reads it once."""
    reader = RowReader(mapping, named_columns(register.header))
    return {key for key in map(reader.person_in, register.rows()) if key is not None}


class RowReader:
    """Reads rows of one header by one mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        self._mapping = mapping
        self._at = {held: header.index(name) for name, held in mapping.columns.items() if name in header}
        self._columns = tuple(self._at.items())
        self._name_parts = [held for held in _NAME_PARTS if held in self._at]
        self._name_at = [self._at[held] for held in self._name_parts]
        self._header = header
        self._has_certifications = mapping.has_certifications
        self._shown_by = OF_CERTIFICATIONS & self._at.keys() - {Field.STATUS, Field.STATUS_SINCE}
        self._date_in = lru_cache(_REMEMBERED)(lambda cell: read_date(cell, mapping.date_style))
        self._types = {folded(word): name for word, name in mapping.types.items()}
        self._statuses = {folded(word): meaning for word, meaning in mapping.statuses.items()}

    def read(self, row: Row) -> Wanted:
        """Raises Invalid (or its kin), whose `field` is the column's name and whose sentence the value."""
        if row.problem is not None:
            raise row.problem
        cells = row.cells
        text = {held: _plain(cells[at]) or self._text(cells[at], held) for held, at in self._columns}
        type_name, left_out = self._type(text)
        status, word = self._status(text)
        if status is StatusMeaning.LEAVE_OUT:
            left_out = word
        holds = self._has_certifications and self._holds(text)
        issued_on, expires_on = self._date(row, Field.ISSUED), self._date(row, Field.EXPIRES)
        if holds:
            self._require_certification(type_name or left_out, issued_on, expires_on)
        return Wanted(
            line=row.line,
            name=self._name(text),
            number=self._short(text, Field.MEMBER_NUMBER, 64),
            email=self._email(text),
            unit=self._short(text, Field.UNIT, 255),
            joined_on=self._date(row, Field.JOINED),
            type_name=type_name if holds else "",
            issued_on=issued_on,
            expires_on=expires_on,
            certification_number=self._short(text, Field.NUMBER, 255),
            status=status,
            status_word=word,
            status_since=self._date(row, Field.STATUS_SINCE),
            left_out=left_out,
        )

    def person_in(self, row: Row) -> str | None:
        """The key of the name in a row, None where it cannot be read."""
        try:
            return person_key(
                self._name({held: self._text(row.cells[self._at[held]], held) for held in self._name_parts})
            )
        except (Invalid, IndexError):
            return None

    def name_in(self, row: Row) -> str:
        """The name as the row has it, for showing; '' where it cannot be told."""
        cells = [_tidy(shown(row.cells[at])) for at in self._name_at if at < len(row.cells)]
        return " ".join(cell for cell in cells if cell)[:300]

    def _text(self, cell: Cell, held: Field) -> str:
        text = _plain(cell)
        if text is None:
            said = _MARKED_AS_TEXT.sub("", shown(cell), count=1)
            raise self._wrong(held, N_("“%(value)s” looks like a formula. Put its value there instead."), said)
        return text

    def _type(self, text: dict[Field, str]) -> tuple[str, str]:
        """The certification type's name, and the word that leaves this row out."""
        word = text.get(Field.TYPE, "")
        if not word:
            return self._mapping.type_name, ""
        name = self._types.get(folded(word), word)
        if name is None:
            return "", word
        if len(name) > 255:
            raise self._too_long(Field.TYPE, 255)
        return name, ""

    def _status(self, text: dict[Field, str]) -> tuple[StatusMeaning, str]:
        word = text.get(Field.STATUS, "")
        if not word:
            return StatusMeaning.AS_IT_IS, ""
        meaning = self._statuses.get(folded(word))
        if meaning is None:
            raise self._wrong(Field.STATUS, N_("It is not said what “%(value)s” means."), word)
        return meaning, word

    def _holds(self, text: dict[Field, str]) -> bool:
        """Whether this row holds a certification: without a column for the type, every row does."""
        if Field.TYPE not in text:
            return True
        return bool(text[Field.TYPE]) or any(text[held] for held in self._shown_by)

    def _name(self, text: dict[Field, str]) -> Name:
        if Field.FULL_NAME in text:
            name = split_name(text[Field.FULL_NAME])
            suffix = " ".join(part for part in (name.suffix, text.get(Field.SUFFIX, "")) if part)
            name = Name(name.given, name.family, suffix)
        else:
            given = " ".join(text[held] for held in (Field.GIVEN_NAME, Field.MIDDLE_NAME) if text.get(held))
            name = Name(given, text.get(Field.FAMILY_NAME, ""), text.get(Field.SUFFIX, ""))
        if len(name.given) > 120 or len(name.family) > 120 or len(name.suffix) > 20:
            raise Invalid(N_("The name “%(value)s” is too long."), value=name.full[:80])
        return name

    def _email(self, text: dict[Field, str]) -> str | None:
        address = text.get(Field.EMAIL, "")
        if not address:
            return None
        try:
            return email_address(address)
        except Invalid:
            raise self._wrong(Field.EMAIL, N_("“%(value)s” is not an e-mail address."), address) from None

    def _short(self, text: dict[Field, str], held: Field, most: int) -> str:
        value = text.get(held, "")
        if len(value) > most:
            raise self._too_long(held, most)
        return value

    def _date(self, row: Row, held: Field) -> date | None:
        at = self._at.get(held)
        if at is None:
            return None
        try:
            return self._date_in(row.cells[at])
        except Invalid as problem:
            raise Invalid(problem.sentence, field=self._column(held), **problem.params) from None

    def _require_certification(self, type_name: str, issued_on: date | None, expires_on: date | None) -> None:
        if not type_name:
            raise Invalid(N_("It is not said which certification this is."))
        if expires_on is None:
            raise ExpiresRequired(field=self._column(Field.EXPIRES))
        if issued_on is not None and expires_on < issued_on:
            raise ExpiresBeforeIssued(field=self._column(Field.EXPIRES))

    def _too_long(self, held: Field, most: int) -> Invalid:
        return Invalid(N_("Use at most %(most)s characters."), field=self._column(held), most=most)

    def _wrong(self, held: Field, sentence: str, value: str) -> Invalid:
        return Invalid(sentence, field=self._column(held), value=value.strip()[:80])

    def _column(self, held: Field) -> str:
        return self._header[self._at[held]]


@lru_cache(_REMEMBERED)
def _plain(cell: Cell) -> str | None:
    """The text of a cell, tidy; None where a spreadsheet program would calculate it."""
    text = shown(cell)
    if "'" in text:
        text = _MARKED_AS_TEXT.sub("", text, count=1)
    if isinstance(cell, str) and not text[:1].isalnum() and _FORMULA.match(text):
        return None
    return tidy(text)


_tidy = lru_cache(_REMEMBERED)(tidy)
