"""How a profile's page, and a certification's, says what somebody else changed while it was open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext, lazy_gettext

from records.models import Position
from records.queries.profile_fields import Changed
from records.queries.units import Choice
from records.web.words import day, role_word

_LABELS = {
    "given_name": lazy_gettext("Given name"),
    "family_name": lazy_gettext("Family name"),
    "suffix": lazy_gettext("Suffix"),
    "number": lazy_gettext("Member number"),
    "email": lazy_gettext("E-mail"),
    "joined_on": lazy_gettext("Joined"),
    "unit_id": lazy_gettext("Unit"),
    "role": lazy_gettext("Role"),
    "scope": lazy_gettext("Scope"),
    "positions": lazy_gettext("Positions"),
    "added": lazy_gettext("Added"),
    "deleted": lazy_gettext("Deleted"),
    "issued_on": lazy_gettext("Issued"),
    "expires_on": lazy_gettext("Expires"),
    "suspended_on": lazy_gettext("Suspended from"),
    "suspended_reason": lazy_gettext("Reason of the suspension"),
    "revoked_on": lazy_gettext("Revoked from"),
    "revoked_reason": lazy_gettext("Reason of the revocation"),
}


@dataclass(frozen=True)
class Line:
    """One change, in words; `was` is '' for a whole certification that came or went.

    `typed` is what the reader had typed for something that is gone.
    """

    subject: str
    label: str
    was: str
    now: str
    who: str
    typed: str = ""


@dataclass(frozen=True)
class Names:
    """Of units and positions, by their ids as text."""

    units: Mapping[str, str]
    positions: Mapping[str, str]


def lines_of(
    changes: Sequence[Changed],
    lost: Mapping[int | None, Mapping[str, str]],
    offered: Sequence[Choice],
    positions: Sequence[Position] = (),
) -> list[Line]:
    """`lost`: what was typed into the rows of deleted certifications, by id."""
    names = Names(
        {str(unit.id): " / ".join(unit.path) for unit in offered}, {str(each.id): each.name for each in positions}
    )
    return [_line(change, lost.get(change.certification_id, {}), names) for change in changes]


def _line(change: Changed, lost: Mapping[str, str], names: Names) -> Line:
    def said(value: str) -> str:
        return _value(change.field, value, names)

    typed = "; ".join(f"{_label(name, of_member=False)}: {_value(name, text, names)}" for name, text in lost.items())
    label = _label(change.field, of_member=change.certification_id is None)
    if change.field in ("added", "deleted"):
        now = gettext("expires %(day)s", day=_date(change.now or change.was))
        return Line(change.certification, label, "", now, change.who, typed)
    return Line(change.certification, label, said(change.was), said(change.now), change.who, typed)


def _label(field: str, *, of_member: bool) -> str:
    return gettext("Certification Num") if field == "number" and not of_member else str(_LABELS.get(field, field))


def _value(field: str, value: str, names: Names) -> str:
    if not value:
        return gettext("nothing")
    said: dict[str, Callable[[str], str]] = {
        "unit_id": lambda text: names.units.get(text, "–"),
        "role": role_word,
        "scope": lambda text: _scope(text, names.units),
        "positions": lambda text: _listed(text, names.positions),
    }
    if field.endswith("_on"):
        return _date(value)
    return said[field](value) if field in said else value


def _scope(value: str, units: Mapping[str, str]) -> str:
    if value == "all":
        return gettext("The whole organization")
    return _listed(value, units)


def _listed(ids: str, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(each, "–") for each in ids.split(","))


def _date(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text
