"""The member's own part of a profile's form: identity and unit, role and scope, positions.

Forms are made of what was typed alone: a page that was just opened writes what is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, StringField

from admin_panel.forms.fields import Day
from admin_panel.forms.profile import AccessForm, IdentityForm, PositionsForm, access_of, unit_paths
from records.models import Actor, Member
from records.queries.profile_fields import Shown
from records.queries.profiles import Profile

_TEXTS = ("given_name", "family_name", "suffix", "number", "email")
_IDENTITY = {*_TEXTS, "joined_on", "unit_id"}


class Written(NamedTuple):
    """A field as the page writes it: its text, or what is chosen in it; and what is wrong with that, in sentences."""

    value: Any
    error: str = ""


Fields = dict[str, Written]


class MemberParts:
    """For administrators, and for whoever posts such fields all the same: the verb decides. The forms are None where
    nothing is typed, or not offered; only that of positions is made for a page that was just opened, too."""

    def __init__(self, profile: Profile, *, by: Actor, typed: MultiDict[str, str] | None, seen: Shown) -> None:
        self._member = member = profile.member
        self.units = unit_paths(tuple(profile.units))
        offered, names = by.administers and not member.is_merged, set(typed or ())
        self._opens = (offered, offered and by.member_id != member.id) if typed is None else (False, False)
        self.identity = self.access = self.positions = None
        if typed is not None and (offered or names & _IDENTITY):
            self.identity = IdentityForm(typed, obj=member)
        if "role" in names:
            self.access = AccessForm(typed, data=access_of(member))
        # Where none is ticked, none is sent: that the form offered them is known by what it showed.
        is_offered = offered and bool(profile.positions) if typed is None else "positions" in names
        if is_offered or "positions" in seen.fields:
            self.positions = PositionsForm(typed, data={"positions": [each.id for each in profile.serves]})
            self.positions.offer(profile.positions)

    def __iter__(self) -> Iterator[Form]:
        """The forms that there are."""
        return iter([form for form in (self.identity, self.access, self.positions) if form is not None])

    @property
    def identity_fields(self) -> Fields | None:
        """None where the page has none; likewise of access."""
        if self.identity is not None:
            return _typed(self.identity)
        return _recorded_identity(self._member) if self._opens[0] else None

    @property
    def access_fields(self) -> Fields | None:
        if self.access is not None:
            return _typed(self.access)
        return _recorded_access(self._member) if self._opens[1] else None


def _recorded_identity(member: Member) -> Fields:
    fields = {name: Written(getattr(member, name) or "") for name in _TEXTS}
    fields["joined_on"] = Written(member.joined_on.isoformat() if member.joined_on else "")
    fields["unit_id"] = Written(member.unit_id)
    return fields


def _recorded_access(member: Member) -> Fields:
    return {name: Written(_hashable(value)) for name, value in access_of(member).items()}


def _typed(form: Form) -> Fields:
    return {field.name: Written(_value(field), " ".join(map(str, field.errors))) for field in form}


def _value(field: Field) -> Any:
    """A text as it was typed; of what is chosen, what it was understood as."""
    return field._value() if isinstance(field, StringField | Day) else _hashable(field.data)


def _hashable(chosen: Any) -> Any:
    return tuple(chosen) if isinstance(chosen, list) else chosen
