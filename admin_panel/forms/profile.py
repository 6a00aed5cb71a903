"""The parts of a profile's form: identity and unit, role and scope, saved certifications, new ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, EmailField, Form, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput

from admin_panel.forms.fields import Day, Pick, Ticks
from records.models import (
    Certification,
    CertificationKind,
    CertificationType,
    HeldCertification,
    Member,
    Position,
    Role,
)
from records.models.text import tidy
from records.queries.units import Choice
from records.services.certification_steps import Entry
from records.services.member_steps import Access, Identity
from records.web.form_markup import TickList
from records.web.words import ROLE_WORDS, day, today

Held = Certification | HeldCertification
Types = Sequence[CertificationType] | Sequence[CertificationKind]
_OFF = {"autocomplete": "off"}
_MOST_KEPT = 100  # trees of units


@lru_cache(_MOST_KEPT)
def unit_paths(units: tuple[Choice, ...]) -> tuple[tuple[int, str], ...]:
    """Units to choose from: the id of each, and its name with those above it."""
    return tuple([(unit.id, " / ".join(unit.path)) for unit in units])


def _choices(units: Sequence[Choice]) -> list[SelectChoice]:
    return [SelectChoice(*each) for each in unit_paths(tuple(units))]


class IdentityForm(Form):
    """Who the member is, and the unit."""

    given_name = StringField(lazy_gettext("Given name"), render_kw=_OFF)
    family_name = StringField(lazy_gettext("Family name"), render_kw=_OFF)
    suffix = StringField(lazy_gettext("Suffix"), render_kw=_OFF)
    number = StringField(lazy_gettext("Member number"), render_kw=_OFF)
    email = EmailField(lazy_gettext("E-mail"), render_kw=_OFF)
    joined_on = Day(lazy_gettext("Joined"))
    unit_id = Pick(lazy_gettext("Unit"))

    def offer(self, units: Sequence[Choice]) -> None:
        self.unit_id.choices = [SelectChoice("", gettext("No unit")), *_choices(units)]

    def facts(self) -> Identity:
        return Identity(**self.data)


class AccessForm(Form):
    """What the member may do. The scope counts for training coordinators only."""

    role = SelectField(
        lazy_gettext("Role"), validate_choice=False, choices=[SelectChoice(*pair) for pair in ROLE_WORDS.items()]
    )
    covers_organization = BooleanField(lazy_gettext("The whole organization"))
    scope_units = SelectMultipleField(
        lazy_gettext("These units, with their sub-units"),
        coerce=int,
        validate_choice=False,
        widget=TickList(),
        option_widget=CheckboxInput(),
    )

    def offer(self, units: Sequence[Choice]) -> None:
        self.scope_units.choices = _choices(units)

    def facts(self) -> Access:
        units = frozenset(self.scope_units.data or ())
        return Access(self.role.data or Role.MEMBER, bool(self.covers_organization.data), units)


class PositionsForm(Form):
    """What the member serves as."""

    positions = Ticks(lazy_gettext("Positions"))

    def offer(self, positions: Sequence[Position]) -> None:
        self.positions.choices = [SelectChoice(each.id, each.name) for each in positions]


class HeldForm(Form):
    """A saved row. Only `delete` is shown where the row is part of a history."""

    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw=_OFF)
    delete = BooleanField(lazy_gettext("Delete"))

    def entry(self) -> Entry:
        return Entry(None, self.expires_on.data, self.issued_on.data, tidy(self.number.data))


class NewForm(Form):
    """A row of New Certification; wholly empty, it counts for nothing."""

    type_id = Pick(lazy_gettext("Certification"))
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw=_OFF)
    renews_id = Pick(lazy_gettext("Renews"))

    def know(self, types: Types) -> None:
        """The types to choose from. A page that writes all options by itself needs no `offer`."""
        self.types = {type_.id: type_ for type_ in types}

    def offer(self, types: Types, held: Sequence[Held]) -> None:
        """The types to choose from, and what a new one may renew; both carry what scripts need to propose."""
        self.know(types)
        self.type_id.choices = [SelectChoice("", gettext("Choose"))]
        self.type_id.choices += [
            SelectChoice(each.id, each.name, {"data-term": each.usual_term or ""}) for each in types
        ]
        self.renews_id.choices = [SelectChoice("", gettext("Nothing: it stands beside the others"))]
        for each, is_due in (Renewable.of(one, today()) for one in held):
            said = {"data-type": str(each.type_id), "data-due": "yes" if is_due else ""}
            self.renews_id.choices.append(SelectChoice(each.id, named(each), said))

    @property
    def is_empty(self) -> bool:
        typed = [field.raw_data[0] if field.raw_data else field.data for field in self]
        return not any(str(value or "").strip() for value in typed)

    @property
    def proposal(self) -> str:
        """What the type's usual term makes of Issued, to be typed or not."""
        type_, issued_on = self.types.get(self.type_id.data or 0), self.issued_on.data
        proposed = type_.proposed_expiry(issued_on) if type_ and issued_on and not self.expires_on.data else None
        return gettext("Its usual term would end on %(day)s.", day=day(proposed)) if proposed else ""

    def entry(self) -> Entry:
        number = tidy(self.number.data)
        return Entry(self.type_id.data, self.expires_on.data, self.issued_on.data, number, self.renews_id.data)


def named(certification: Held) -> str:
    """A certification by name and date, where the name alone could mean several."""
    return gettext("%(name)s, expires %(day)s", name=certification.type.name, day=day(certification.expires_on))


class Renewable(NamedTuple):
    """What a new certification may renew. `is_due`: it expired or soon will, so that one of its type most likely
    does."""

    certification: Held
    is_due: bool

    @classmethod
    def of(cls, each: Held, on: date) -> Renewable:
        return cls(each, (each.expires_on - on).days <= max(each.type.notice_days, 30))


def facts_of(certification: HeldCertification) -> dict[str, object]:
    """What a saved row shows; the model's own `delete` is a method, which a form must not read as ticked."""
    return {name: getattr(certification, name) for name in ("issued_on", "expires_on", "number")}


def access_of(member: Member) -> dict[str, object]:
    """What the fields of `AccessForm` show of a member."""
    units = sorted(scope.unit_id for scope in member.scope_units)
    return {"role": member.role, "covers_organization": member.covers_organization, "scope_units": units}
