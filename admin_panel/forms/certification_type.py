"""A certification type's form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, IntegerField, SelectChoice, StringField, TextAreaField

from admin_panel.forms.fields import Number, Ticks, unreadable
from records.errors import N_, Invalid, Refusal
from records.models import CertificationType
from records.models.certification_type import DEFAULT_STAGES
from records.services.certification_types import TypeFacts

_OFF = {"autocomplete": "off"}


class Days(StringField):
    """Whole numbers of days, commas or spaces between, as "90, 30, 7, 0"."""

    refusal: Refusal | None = None

    @property
    def days(self) -> tuple[int, ...]:
        return tuple(int(part) for part in _parts(self.data)) if self.refusal is None else ()

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if not all(part.isdecimal() and len(part) <= 4 for part in _parts(self.data)):
            self.refusal = Invalid(N_("Enter whole numbers of days, with commas between them."), field=self.name)


def _parts(text: str | None) -> list[str]:
    return [part for part in re.split(r"[\s,;]+", text or "") if part]


class CertificationTypeForm(Form):
    """`version` is the one that the page showed."""

    version = IntegerField()
    name = StringField(lazy_gettext("Name"), render_kw=_OFF)
    issuer = StringField(lazy_gettext("Issuer"), render_kw=_OFF)
    description = TextAreaField(lazy_gettext("Description"), render_kw={"rows": 3})
    usual_term = Number(lazy_gettext("Usual term in months"), render_kw={"min": 1, "max": 1200})
    grace_days = Number(lazy_gettext("Days of grace"), default=0, render_kw={"min": 0, "max": 3650})
    stages_before = Days(lazy_gettext("Reminders: days before it expires"), render_kw=_OFF)
    stages_after = Days(lazy_gettext("Reminders: days after it expired"), render_kw=_OFF)
    position = Number(lazy_gettext("Order"), default=0, render_kw={"min": 0, "max": 100000})
    counts_as = Ticks(lazy_gettext("Counts also as"))
    members_propose_renewals = BooleanField(lazy_gettext("Members may propose a renewal"))

    def offer(self, type_: CertificationType | None, types: Sequence[CertificationType]) -> None:
        """The other types; retired ones only where they are ticked already."""
        others = [each for each in types if type_ is None or each.id != type_.id]
        self.counts_as.choices = [
            SelectChoice(each.id, gettext("%(name)s (retired)", name=each.name) if each.is_retired else each.name)
            for each in others
            if not each.is_retired or each.id in self.counts_as.ids
        ]

    def show_stages(self, stages: list[int]) -> None:
        self.stages_before.data = ", ".join(str(stage) for stage in stages if stage >= 0)
        self.stages_after.data = ", ".join(str(-stage) for stage in stages if stage < 0)

    def facts(self) -> TypeFacts:
        refusals = unreadable(self)
        stages = (*self.stages_before.days, *(-days for days in self.stages_after.days))
        return TypeFacts(
            name=self.name.data or "",
            description=self.description.data or "",
            issuer=self.issuer.data or "",
            usual_term=self.usual_term.data,
            reminder_stages=stages,
            grace_days=self.grace_days.data or 0,
            position=self.position.data or 0,
            counts_as=self.counts_as.ids,
            members_propose_renewals=bool(self.members_propose_renewals.data),
            unreadable=refusals,
        )

    def field_of(self, name: str) -> Field:
        """The field that a refusal of this name stands beside."""
        return self["stages_before" if name == "reminder_stages" else name]


def form_for(type_: CertificationType | None, counts_as: frozenset[int] = frozenset()) -> CertificationTypeForm:
    """The form as it opens: with the type's values, or those that a new one usually has."""
    form = CertificationTypeForm(obj=type_, data={"counts_as": sorted(counts_as)})
    form.show_stages(type_.reminder_stages if type_ else DEFAULT_STAGES)
    return form
