"""The page on which a person says what the columns of a register are: what it shows, and what it sends back."""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flask_babel import lazy_gettext, lazy_pgettext

from records.models.text import folded
from records.registers.dates import DateOrder, ShortYears
from records.registers.guessing import guessed_statuses, identified_by
from records.registers.mapping import DATES, Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.rows import Reading
from records.registers.survey import Column, Survey

Word = TypeVar("Word", Field, IdentifyBy, StatusMeaning, DateOrder, ShortYears)

FIELD_WORDS = {
    Field.FULL_NAME: lazy_gettext("Full name"),
    Field.GIVEN_NAME: lazy_gettext("Given name"),
    Field.MIDDLE_NAME: lazy_gettext("Middle name"),
    Field.FAMILY_NAME: lazy_gettext("Family name"),
    Field.SUFFIX: lazy_gettext("Suffix"),
    Field.MEMBER_NUMBER: lazy_gettext("Member number"),
    Field.EMAIL: lazy_gettext("E-mail"),
    Field.UNIT: lazy_gettext("Unit"),
    Field.JOINED: lazy_gettext("Joined"),
    Field.TYPE: lazy_gettext("Certification"),
    Field.ISSUED: lazy_gettext("Issued"),
    Field.EXPIRES: lazy_gettext("Expires"),
    Field.NUMBER: lazy_gettext("Certification Num"),
    Field.STATUS: lazy_gettext("Status"),
    Field.STATUS_SINCE: lazy_gettext("Status since"),
}
IDENTITY_WORDS = {
    IdentifyBy.MEMBER_NUMBER: lazy_gettext("Member number"),
    IdentifyBy.EMAIL: lazy_gettext("E-mail"),
    IdentifyBy.NAME: lazy_gettext("Full name with suffix, and certification number"),
}
STATUS_WORDS = {
    StatusMeaning.AS_IT_IS: lazy_gettext("Nothing special: its dates count"),
    StatusMeaning.SUSPENDED: lazy_pgettext("certification", "Suspended"),
    StatusMeaning.REVOKED: lazy_pgettext("certification", "Revoked"),
    StatusMeaning.LEAVE_OUT: lazy_gettext("Leave the row out"),
}
ORDER_WORDS = {
    DateOrder.MONTH_FIRST: lazy_gettext("Month first: 03/21/2027"),
    DateOrder.DAY_FIRST: lazy_gettext("Day first: 21/03/2027"),
}
YEAR_WORDS = {
    ShortYears.REFUSE: lazy_gettext("An error"),
    ShortYears.FROM_1950: lazy_gettext("1950 to 2049"),
    ShortYears.FROM_2000: lazy_gettext("2000 to 2099"),
}
DELIMITER_WORDS = {
    ",": lazy_gettext("Comma"),
    ";": lazy_gettext("Semicolon"),
    "\t": lazy_gettext("Tab"),
    "|": lazy_gettext("Vertical bar"),
}
LEAVE_OUT, AS_NAMED = "-", ""


@dataclass
class MappingPage:
    """What the page shows: the file's survey, the mapping so far, and an error for each part of it."""

    reading: Reading
    survey: Survey
    mapping: Mapping
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def status_column(self) -> Column | None:
        return self.survey.column(self.mapping.column_of(Field.STATUS))

    @property
    def type_column(self) -> Column | None:
        return self.survey.column(self.mapping.column_of(Field.TYPE))

    @property
    def date_columns(self) -> list[str]:
        return [name for name, held in self.mapping.columns.items() if held in DATES]

    @property
    def asks_for_order(self) -> bool:
        return self.survey.needs_date_order(self.date_columns)

    @property
    def asks_for_years(self) -> bool:
        return self.survey.has_short_years(self.date_columns)

    def chosen_type(self, word: str) -> str:
        """The choice in the pull-down of one of the file's words for certifications."""
        types = {folded(each): name for each, name in self.mapping.types.items()}
        if folded(word) not in types:
            return AS_NAMED
        return types[folded(word)] or LEAVE_OUT

    def chosen_status(self, word: str) -> StatusMeaning:
        statuses = {folded(each): meaning for each, meaning in self.mapping.statuses.items()}
        return statuses.get(folded(word), StatusMeaning.AS_IT_IS)


def sent_reading(form: Facts[str, str], reading: Reading) -> Reading:
    """How the file is to be read, as the page was sent."""
    return Reading(
        reading.kind,
        encoding=form.get("encoding", reading.encoding),
        delimiter=form.get("delimiter", reading.delimiter),
        sheet=form.get("sheet", reading.sheet),
    )


def sent_mapping(form: Facts[str, str], survey: Survey, before: Mapping) -> Mapping:
    """The mapping as the page was sent. What cannot be chosen counts as not chosen, what was not asked stays."""
    columns = {
        name: held
        for position, name in enumerate(survey.header)
        if (held := _word(Field, form.get(f"column-{position}"))) is not None
    }
    chosen = Mapping(columns=columns)
    return replace(
        chosen,
        identify_by=_word(IdentifyBy, form.get("identify_by")) or identified_by(columns.values()),
        type_name="" if chosen.column_of(Field.TYPE) else form.get("certification", "").strip()[:255],
        types=_types(form, survey, chosen),
        statuses=_statuses(form, survey, chosen),
        date_order=_word(DateOrder, form.get("dates")),
        short_years=_word(ShortYears, form.get("years_of_two_digits")) or ShortYears.REFUSE,
        new_members=_flag(form, "new_members", before.new_members),
        new_types=_flag(form, "new_certification_types", before.new_types),
        new_units=_flag(form, "new_units", before.new_units),
    )


def words_were_asked(form: Facts[str, str], mapping: Mapping, survey: Survey) -> bool:
    """Whether the page that was sent had asked about the words of the columns that are chosen in it."""
    chosen = {kind: survey.column(mapping.column_of(held)) for kind, held in
              (("status", Field.STATUS), ("type", Field.TYPE))}  # fmt: skip
    return all(
        column is None or not column.words or form.get(f"{kind}-column") == column.name
        for kind, column in chosen.items()
    )


def _types(form: Facts[str, str], survey: Survey, mapping: Mapping) -> dict[str, str | None]:
    column = survey.column(mapping.column_of(Field.TYPE))
    if column is None or form.get("type-column") != column.name:
        return {}
    chosen = {word: form.get(f"type-{at}", AS_NAMED) for at, word in enumerate(column.words or {})}
    return {word: None if name == LEAVE_OUT else name for word, name in chosen.items() if name != AS_NAMED}


def _statuses(form: Facts[str, str], survey: Survey, mapping: Mapping) -> dict[str, StatusMeaning]:
    name = mapping.column_of(Field.STATUS)
    statuses = guessed_statuses(survey, name)
    if form.get("status-column") != name:
        return statuses
    return {
        word: _word(StatusMeaning, form.get(f"status-{at}")) or guess
        for at, (word, guess) in enumerate(statuses.items())
    }


def _flag(form: Facts[str, str], name: str, before: bool) -> bool:
    """A box that was not offered says nothing by being empty."""
    return name in form if f"{name}-asked" in form else before


def _word(words: type[Word], value: str | None) -> Word | None:
    try:
        return words(value) if value else None
    except ValueError:
        return None
