"""The form of a new member, and the filters of the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, SelectChoice

from admin_panel import filters
from admin_panel.filters import SEARCH, Filter, named, pull_down, unit_filter, worded
from admin_panel.forms.fields import show, unreadable
from admin_panel.forms.profile import AccessForm, IdentityForm
from records.errors import InvalidInput, Refusal
from records.models import Position
from records.queries.member_filters import Activity, ByClearance, Wanted
from records.queries.units import Choice
from records.services.member_steps import Access, Identity
from records.web.languages import texts_now
from records.web.words import ROLE_WORDS, STANDING_WORDS, refusal_text

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


def member_filters(
    wanted: Wanted,
    units: Sequence[Choice],
    positions: Sequence[Position],
    *,
    tracks: bool,
    requires: bool,
    may_lack_unit: bool,
) -> list[Filter]:
    """What the list is asked for, as it stands in the address."""
    said = _declared(texts_now())
    served = said["position"]._replace(options=(*said["position"].options, *named(positions)), value=wanted.position)
    return [
        said["search"].asking(wanted.search),
        unit_filter(units, wanted.unit, may_lack_unit=may_lack_unit),
        *([served] if positions else []),
        said["role"].asking(wanted.role),
        said["activity"].asking(wanted.activity),
        *([said["standing"].asking(wanted.standing)] if tracks else []),
        *([said["clearance"].asking(wanted.clearance)] if tracks and requires else []),
        said["sort"].asking(("-" if wanted.descending else "") + wanted.sort),
    ]


@cache
def _declared(_texts: Any) -> dict[str, Filter]:
    """What follows from the language alone, by name."""
    declared = [
        Filter("search", gettext("Search"), kind=SEARCH),
        pull_down("position", gettext("Position"), ()),
        pull_down("role", gettext("Role"), worded(ROLE_WORDS)),
        Filter("activity", gettext("Activity"), worded(ACTIVITY_WORDS)),
        pull_down("standing", gettext("Standing"), worded(STANDING_WORDS)),
        pull_down("clearance", gettext("Clearance"), worded(CLEARANCE_WORDS)),
        Filter("sort", gettext("Sort by"), worded(SORT_WORDS)),
    ]
    return {each.name: each for each in declared}


def indented(units: Sequence[Choice]) -> list[SelectChoice]:
    """Units for a pull-down of a form, each set in beneath the one that it lies in."""
    return [SelectChoice(*each) for each in filters.indented(units)]
