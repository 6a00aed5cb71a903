"""A credit type's form."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, IntegerField, SelectChoice, SelectField, StringField, TextAreaField

from admin_panel.forms.fields import Day, Number, unreadable
from records.models import CreditType, Period
from records.pages.fields import Amount
from records.services.credit_types import CreditTypeFacts
from records.web.event_words import PERIOD_WORDS
from records.web.words import day

_OFF = {"autocomplete": "off"}


class CreditTypeForm(Form):
    """`version` is the one that the page showed."""

    version = IntegerField()
    name = StringField(lazy_gettext("Name"), render_kw=_OFF)
    unit = StringField(lazy_gettext("Unit"), render_kw=_OFF)
    accepts_uploads = BooleanField(lazy_gettext("Accepts uploads"))
    period = SelectField(
        lazy_gettext("Period"), choices=[SelectChoice(each.value, word) for each, word in PERIOD_WORDS.items()],
        validate_choice=False, default=Period.CALENDAR_YEAR,
    )  # fmt: skip
    starts_on = Day(lazy_gettext("First day"))
    ends_on = Day(lazy_gettext("Last day"))
    goal = Amount(lazy_gettext("Goal per period"))
    largest_claim = Amount(lazy_gettext("Largest amount per certificate"))
    checklist = TextAreaField(lazy_gettext("Checklist"), render_kw={"rows": 5})
    position = Number(lazy_gettext("Order"), default=0, render_kw={"min": 0, "max": 100000})

    def facts(self) -> CreditTypeFacts:
        """Dates count only where the period has dates of its own."""
        refusals = unreadable(self)
        if self.period.data != Period.OWN_DATES:
            refusals.pop("starts_on", None)
            refusals.pop("ends_on", None)
        return CreditTypeFacts(
            name=self.name.data or "",
            unit=self.unit.data or "",
            accepts_uploads=bool(self.accepts_uploads.data),
            period=self.period.data or "",
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            goal=self.goal.data,
            largest_claim=self.largest_claim.data,
            checklist=tuple((self.checklist.data or "").splitlines()),
            position=self.position.data or 0,
            unreadable=refusals,
        )

    def standing(self) -> list[tuple[str, str]]:
        """Label and value of every field, in words."""
        return [(str(field.label.text), _in_words(field)) for field in self if field.name != "version"]


def _in_words(field: Field) -> str:
    if isinstance(field, BooleanField):
        return gettext("on") if field.data else gettext("off")
    if field.name == "period":
        return str(PERIOD_WORDS[Period(field.data)])
    if isinstance(field, Day):
        return day(field.data) or "–"
    return str(field._value()) or "–"


def form_for(type_: CreditType | None) -> CreditTypeForm:
    """The form as it opens: with the type's values, or those that a new one usually has."""
    if type_ is None:
        return CreditTypeForm(data={"accepts_uploads": True})
    form = CreditTypeForm(obj=type_)
    form.checklist.data = "\n".join(type_.checklist)
    return form
