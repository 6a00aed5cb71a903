"""The form of a new member, and the filters of the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, SearchField, SelectChoice, SelectField

from admin_panel.forms.fields import show, unreadable
from admin_panel.forms.profile import AccessForm, IdentityForm
from records.errors import InvalidInput, Refusal
from records.models import Position
from records.queries.member_filters import WITHOUT_UNIT, Activity, ByClearance, Wanted
from records.queries.units import Choice
from records.services.member_steps import Access, Identity
from records.web.languages import texts_now
from records.web.words import ROLE_WORDS, STANDING_WORDS, refusal_text

_INDENT = "\u2003"

ACTIVITY_WORDS = {
    Activity.ACTIVE: lazy_gettext("Active"),
    Activity.LATELY: lazy_gettext("Signed in lately"),
    Activity.NEVER: lazy_gettext("Never signed in"),
    Activity.NOT_INVITED: lazy_gettext("Not invited yet"),
    Activity.DEACTIVATED: lazy_gettext("Deactivated"),
    Activity.ALL: lazy_gettext("All"),
}

CLEARANCE_WORDS = {
    ByClearance.NOT_CLEARED: lazy_gettext("Not cleared"),
    ByClearance.CLEARED: lazy_gettext("Cleared"),
    ByClearance.LAPSING: lazy_gettext("Cleared, but not in 30 days"),
}

SORT_WORDS = {
    "name": lazy_gettext("Name, A to Z"),
    "-name": lazy_gettext("Name, Z to A"),
    "number": lazy_gettext("Number, rising"),
    "-number": lazy_gettext("Number, falling"),
    "joined": lazy_gettext("Joined, longest ago first"),
    "-joined": lazy_gettext("Joined, newest first"),
    "seen": lazy_gettext("Last seen, longest ago first"),
    "-seen": lazy_gettext("Last seen, latest first"),
}


class InvitationForm(Form):
    invite = BooleanField(lazy_gettext("Send an invitation now"))


class NewMemberForm:
    """Identity, role and scope as in the profile, and whether to invite at once. `typed`: what was sent."""

    def __init__(self, units: Sequence[Choice], typed: Any = None) -> None:
        self.identity, self.access = IdentityForm(typed), AccessForm(typed)
        self.invitation = InvitationForm(typed)
        self.identity.offer(units)
        self.access.offer(units)
        self.form_errors: list[str] = []

    def __iter__(self) -> Iterator[Field]:
        for part in (self.identity, self.access, self.invitation):
            yield from part

    @property
    def errors(self) -> bool:
        return bool(self.form_errors or any(field.errors for field in self))

    @property
    def wants_invitation(self) -> bool:
        return bool(self.invitation.invite.data)

    def facts(self) -> tuple[Identity, Access]:
        """Raises InvalidInput for what cannot be read at all."""
        refusals = unreadable(self)
        if refusals:
            raise InvalidInput(refusals)
        return self.identity.facts(), self.access.facts()

    def show(self, refusals: Mapping[str, Refusal]) -> None:
        fields = {field.name: field for field in self}
        for name, refusal in refusals.items():
            if name in fields:
                show(fields[name], refusal)
            else:
                self.form_errors.append(refusal_text(refusal))


class FilterForm(Form):
    """What the list is asked for, as it stands in the address."""

    search = SearchField(lazy_gettext("Search"), render_kw={"autocomplete": "off", "maxlength": 200})
    unit = SelectField(lazy_gettext("Unit"))
    position = SelectField(lazy_gettext("Position"))
    role = SelectField(lazy_gettext("Role"))
    activity = SelectField(lazy_gettext("Activity"))
    standing = SelectField(lazy_gettext("Standing"))
    clearance = SelectField(lazy_gettext("Clearance"))
    sort = SelectField(lazy_gettext("Sort by"))

    def __init__(
        self,
        wanted: Wanted,
        units: Sequence[Choice],
        positions: Sequence[Position],
        *,
        tracks: bool,
        requires: bool,
        may_lack_unit: bool,
    ) -> None:
        super().__init__(data=vars(wanted) | {"sort": ("-" if wanted.descending else "") + wanted.sort})
        offered = _offered(texts_now())
        for name, choices in offered.items():
            self[name].choices = choices
        everything, without = offered["unit"]
        self.unit.choices = [everything, *indented(units), *([without] if may_lack_unit else [])]
        self.position.choices = [everything, *(SelectChoice(str(each.id), each.name) for each in positions)]
        if not tracks:
            del self.standing
        if not (tracks and requires):
            del self.clearance
        if not positions:
            del self.position


@cache
def _offered(_texts: Any) -> dict[str, list[SelectChoice]]:
    """What follows from the language alone, by field."""

    def words(table: Mapping[Any, Any]) -> list[SelectChoice]:
        return [SelectChoice(str(value), str(label)) for value, label in table.items()]

    everything = SelectChoice("", gettext("All"))
    return {
        "unit": [everything, SelectChoice(WITHOUT_UNIT, gettext("Without a unit"))],
        "role": [everything, *words(ROLE_WORDS)],
        "activity": words(ACTIVITY_WORDS),
        "standing": [everything, *words(STANDING_WORDS)],
        "clearance": [everything, *words(CLEARANCE_WORDS)],
        "sort": words(SORT_WORDS),
    }


def indented(units: Sequence[Choice]) -> list[SelectChoice]:
    """Units for a pull-down, each set in beneath the one that it lies in."""
    return [SelectChoice(str(unit.id), _INDENT * unit.depth + unit.name) for unit in units]
