"""The form that exempts a member from a requirement."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import Form, SearchField, SelectChoice, TextAreaField

from admin_panel.forms.fields import Day, Pick, PickOne, unreadable
from admin_panel.forms.picking import choices
from records.models import Actor, Requirement
from records.queries.member_picks import FoundMembers
from records.services.exemptions import ExemptionFacts


class ExemptionForm(Form):
    """`find` looks for the member."""

    requirement_id = Pick(lazy_gettext("Requirement"))
    find = SearchField(lazy_gettext("Find a member"), render_kw={"autocomplete": "off", "maxlength": 200})
    member_id = PickOne(lazy_gettext("Member"))
    reason = TextAreaField(lazy_gettext("Reason"), render_kw={"rows": 3})
    starts_on = Day(lazy_gettext("From"))
    ends_on = Day(lazy_gettext("Ends"))

    def offer(self, requirements: Sequence[Requirement], found: FoundMembers, *, by: Actor) -> None:
        self.requirement_id.choices = [SelectChoice("", gettext("Choose"))]
        self.requirement_id.choices += [SelectChoice(each.id, each.name) for each in requirements]
        self.member_id.choices = choices([self.member_id.data] if self.member_id.data else [], found, by=by)

    def facts(self) -> ExemptionFacts:
        return ExemptionFacts(
            requirement_id=self.requirement_id.data,
            member_id=self.member_id.data,
            reason=self.reason.data or "",
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            unreadable=unreadable(self),
        )
