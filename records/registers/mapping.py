"""What a person decided about a register: which column is which, what its words mean, who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from records.errors import N_, Invalid, InvalidInput, Refusal
from records.models.text import folded, tidy
from records.registers.dates import DateOrder, DateStyle, ShortYears

Word = TypeVar("Word", bound=StrEnum)


class Field(StrEnum):
    """What a column can hold. A column that holds none of these is left out."""

    FULL_NAME = "full_name"
    GIVEN_NAME = "given_name"
    MIDDLE_NAME = "middle_name"
    FAMILY_NAME = "family_name"
    SUFFIX = "suffix"
    MEMBER_NUMBER = "member_number"
    EMAIL = "email"
    UNIT = "unit"
    JOINED = "joined"
    TYPE = "certification"
    ISSUED = "issued"
    EXPIRES = "expires"
    NUMBER = "certification_number"
    STATUS = "status"
    STATUS_SINCE = "status_since"


NAMES = frozenset({Field.FULL_NAME, Field.GIVEN_NAME, Field.FAMILY_NAME})
DATES = frozenset({Field.JOINED, Field.ISSUED, Field.EXPIRES, Field.STATUS_SINCE})
OF_CERTIFICATIONS = frozenset({Field.TYPE, Field.ISSUED, Field.EXPIRES, Field.NUMBER, Field.STATUS, Field.STATUS_SINCE})


class IdentifyBy(StrEnum):
    """What tells people apart. `NAME`: the full name with suffix, and the certification's number."""

    MEMBER_NUMBER = "member_number"
    EMAIL = "email"
    NAME = "name_and_certification_number"


class StatusMeaning(StrEnum):
    AS_IT_IS = "as_it_is"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    LEAVE_OUT = "leave_out"


@dataclass(frozen=True)
class Mapping:
    """`columns` go from a header's name to what it holds.

    `type_name` is the certification of all rows where no column says it. `types` translate the file's words
    to names of certification types, None leaves their rows out; a word not listed is itself the name.
    `statuses` give every word of the status column its meaning.
    """

    columns: dict[str, Field] = field(default_factory=dict)
    identify_by: IdentifyBy | None = None
    type_name: str = ""
    types: dict[str, str | None] = field(default_factory=dict)
    statuses: dict[str, StatusMeaning] = field(default_factory=dict)
    date_order: DateOrder | None = None
    short_years: ShortYears = ShortYears.REFUSE
    new_members: bool = True
    new_types: bool = True
    new_units: bool = True

    @property
    def date_style(self) -> DateStyle:
        return DateStyle(self.date_order, self.short_years)

    @property
    def fields(self) -> frozenset[Field]:
        return frozenset(self.columns.values())

    @property
    def has_certifications(self) -> bool:
        """Whether rows hold certifications at all, or members only."""
        return bool(self.type_name or self.fields & OF_CERTIFICATIONS)

    def column_of(self, wanted: Field) -> str | None:
        return next((header for header, held in self.columns.items() if held is wanted), None)

    def for_header(self, header: Sequence[str]) -> Mapping:
        """This mapping with the columns that stand in `header`, found without regard to case and accents."""
        names = {folded(name): name for name in header}
        kept = {names[folded(name)]: held for name, held in self.columns.items() if folded(name) in names}
        return replace(self, columns=kept)

    def require_complete(self) -> None:
        """Raises InvalidInput: an Invalid for each thing that is missing or said twice."""
        errors: dict[str, Refusal] = {}
        for held in self.fields:
            if sum(each is held for each in self.columns.values()) > 1:
                errors["columns"] = Invalid(N_("Two columns cannot hold the same. Leave one of them out."))
        if Field.FULL_NAME in self.fields and self.fields & {Field.GIVEN_NAME, Field.FAMILY_NAME}:
            errors["columns"] = Invalid(N_("Choose either a full name or given and family name, not both."))
        if self.has_certifications:
            errors.update(self._missing_of_certifications())
        errors.update(self._missing_of_identity())
        if errors:
            raise InvalidInput(errors)

    def _missing_of_certifications(self) -> dict[str, Refusal]:
        errors: dict[str, Refusal] = {}
        if Field.EXPIRES not in self.fields:
            errors["columns"] = Invalid(N_("Say which column holds the date on which certifications expire."))
        if Field.TYPE not in self.fields and not self.type_name:
            errors["certification"] = Invalid(N_("Say which certification this is, or which column says it."))
        return errors

    def _missing_of_identity(self) -> dict[str, Refusal]:
        sentence = None
        if self.identify_by is None:
            sentence = N_("Say what identifies a person.")
        elif self.identify_by is IdentifyBy.MEMBER_NUMBER and Field.MEMBER_NUMBER not in self.fields:
            sentence = N_("To identify people by member number, say which column holds it.")
        elif self.identify_by is IdentifyBy.EMAIL and Field.EMAIL not in self.fields:
            sentence = N_("To identify people by e-mail, say which column holds it.")
        elif self.identify_by is IdentifyBy.NAME and not (self.fields & NAMES and Field.NUMBER in self.fields):
            sentence = N_("To identify people by name, say which columns hold the name and the certification number.")
        return {"identify_by": Invalid(sentence)} if sentence else {}

    def to_json(self) -> dict[str, Any]:
        """The mapping as it is kept, and as `--map` reads it."""
        return {
            "columns": {header: held.value for header, held in self.columns.items()},
            "identify_by": self.identify_by.value if self.identify_by else None,
            "certification": self.type_name,
            "certifications": dict(self.types),
            "statuses": {word: meaning.value for word, meaning in self.statuses.items()},
            "dates": self.date_order.value if self.date_order else None,
            "years_of_two_digits": self.short_years.value,
            "new_members": self.new_members,
            "new_certification_types": self.new_types,
            "new_units": self.new_units,
        }

    @classmethod
    def from_json(cls, facts: Any) -> Mapping:
        """Raises Invalid, which names the part that is wrong."""
        if not isinstance(facts, dict):
            raise Invalid(N_("The mapping is not a JSON object."), field="map")
        unknown = sorted(set(facts) - _KEYS)
        if unknown:
            raise Invalid(N_("The mapping has an unknown part “%(part)s”."), field="map", part=unknown[0])
        order, identify_by = facts.get("dates"), facts.get("identify_by")
        return cls(
            columns={name: _word(Field, word, "columns") for name, word in _dict(facts, "columns").items() if word},
            identify_by=_word(IdentifyBy, identify_by, "identify_by") if identify_by else None,
            type_name=tidy(_text(facts, "certification")),
            types={word: _type(name) for word, name in _dict(facts, "certifications").items()},
            statuses={
                word: _word(StatusMeaning, meaning, "statuses") for word, meaning in _dict(facts, "statuses").items()
            },
            date_order=_word(DateOrder, order, "dates") if order else None,
            short_years=_word(ShortYears, facts.get("years_of_two_digits", "refuse"), "years_of_two_digits"),
            new_members=_flag(facts, "new_members"),
            new_types=_flag(facts, "new_certification_types"),
            new_units=_flag(facts, "new_units"),
        )


_KEYS = {*Mapping().to_json(), "encoding", "delimiter", "sheet"}


def _dict(facts: dict[str, Any], part: str) -> dict[str, Any]:
    value = facts.get(part, {})
    if not isinstance(value, dict):
        raise Invalid(N_("“%(part)s” in the mapping is not a JSON object."), field="map", part=part)
    return value


def _text(facts: dict[str, Any], part: str) -> str:
    value = facts.get(part, "")
    if not isinstance(value, str):
        raise Invalid(N_("“%(part)s” in the mapping is not a text."), field="map", part=part)
    return value


def _flag(facts: dict[str, Any], part: str) -> bool:
    value = facts.get(part, True)
    if not isinstance(value, bool):
        raise Invalid(N_("“%(part)s” in the mapping is not true or false."), field="map", part=part)
    return value


def _type(name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise Invalid(N_("“%(part)s” in the mapping is not a text."), field="map", part="certifications")
    return tidy(name) or None


def _word(words: type[Word], value: Any, part: str) -> Word:
    try:
        return words(value)
    except ValueError:
        raise Invalid(N_("“%(value)s” in the mapping's part “%(part)s” is none of: %(words)s."), field="map",
                      value=str(value)[:60], part=part, words=", ".join(words)) from None  # fmt: skip
