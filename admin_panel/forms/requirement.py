"""A requirement's form: whom it binds, what it asks of them, from when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext
from wtforms import (
    Field,
    Form,
    IntegerField,
    SearchField,
    SelectChoice,
    SelectField,
    SelectFieldBase,
    StringField,
    TextAreaField,
)

from admin_panel.forms.fields import Day, Number, Pick, Ticks, unreadable
from admin_panel.forms.picking import choices
from records.models import Actor, CertificationType, CreditType, Position, Requirement, RequirementKind, Rule
from records.pages.fields import Amount
from records.queries.certification_types import all_types
from records.queries.credit_types import credit_types
from records.queries.member_picks import FoundMembers, found_members
from records.queries.positions import positions
from records.queries.units import Choice, unit_choices
from records.services.requirements import RequirementFacts
from records.web.event_words import REQUIREMENT_KIND_WORDS
from records.web.requirement_words import RULE_WORDS, type_word
from records.web.words import day

_OFF = {"autocomplete": "off"}
EVERYONE, SOME = "everyone", "some"

WHO_WORDS = {
    EVERYONE: lazy_gettext("Everyone"),
    SOME: lazy_gettext("Units, positions or members that you choose"),
}


def _words(label: object, words: Mapping[Any, object], default: str) -> SelectField:
    offered = [SelectChoice(str(value), word) for value, word in words.items()]
    return SelectField(label, choices=offered, validate_choice=False, default=default)


@dataclass(frozen=True)
class Offered:
    """What there is to choose from. `found` are the members that the search found."""

    types: Sequence[CertificationType]
    units: Sequence[Choice]
    positions: Sequence[Position]
    credit_types: Sequence[CreditType]
    takes_credits: bool
    found: FoundMembers

    @classmethod
    def to(cls, by: Actor, *, takes_credits: bool, find: str = "") -> Offered:
        return cls(all_types(), unit_choices(by=by), positions(), credit_types(), takes_credits,
                   found_members(find, by=by))  # fmt: skip


class RequirementForm(Form):
    """`version` is the one that the page showed; `find` looks for members to name."""

    version = IntegerField()
    name = StringField(lazy_gettext("Name"), render_kw=_OFF)
    description = TextAreaField(lazy_gettext("Description"), render_kw={"rows": 2})
    who = _words(lazy_gettext("Who"), WHO_WORDS, SOME)
    units = Ticks(lazy_gettext("Units, with their sub-units"))
    positions = Ticks(lazy_gettext("Positions"))
    members = Ticks(lazy_gettext("Members by name"))
    find = SearchField(lazy_gettext("Find a member"), render_kw=_OFF | {"maxlength": 200})
    kind = _words(lazy_gettext("Must"), REQUIREMENT_KIND_WORDS, RequirementKind.TYPES)
    rule = _words(lazy_gettext("How many"), RULE_WORDS, Rule.ALL)
    at_least = Number(lazy_gettext("At least"), render_kw={"min": 1, "max": 1000})
    types = Ticks(lazy_gettext("Certification types"))
    credit_type_id = Pick(lazy_gettext("Credit type"))
    credits = Amount(lazy_gettext("Credits in each period"))
    from_on = Day(lazy_gettext("From"))
    newcomer_days = Number(lazy_gettext("Days of grace for newcomers"), default=0, render_kw={"min": 0, "max": 3650})
    position = Number(lazy_gettext("Order"), default=0, render_kw={"min": 0, "max": 100000})

    def offer(self, offered: Offered, *, by: Actor) -> None:
        """Retired types stay only where they are chosen already; so do credits that the organization does not take."""
        self.units.choices = [SelectChoice(unit.id, " / ".join(unit.path)) for unit in offered.units]
        self.positions.choices = [SelectChoice(each.id, each.name) for each in offered.positions]
        self.members.choices = choices(self.members.ids, offered.found, by=by)
        self.types.choices = [
            SelectChoice(each.id, type_word(each))
            for each in offered.types
            if not each.is_retired or each.id in self.types.ids
        ]
        self.credit_type_id.choices = [SelectChoice("", lazy_gettext("Choose"))]
        self.credit_type_id.choices += [
            SelectChoice(each.id, each.name)
            for each in offered.credit_types
            if not each.is_retired or each.id == self.credit_type_id.data
        ]
        if not offered.takes_credits and self.kind.data != RequirementKind.CREDITS:
            self.kind.choices = self.kind.choices[:1]

    def facts(self) -> RequirementFacts:
        """Only what the chosen kind asks for counts: what stands hidden in the other fields is not read."""
        refusals = unreadable(self)
        asks_credits = self.kind.data == RequirementKind.CREDITS
        for name in ("at_least",) if asks_credits or self.rule.data != Rule.AT_LEAST else ():
            refusals.pop(name, None)
        if not asks_credits:
            refusals.pop("credits", None)
        return RequirementFacts(
            name=self.name.data or "",
            description=self.description.data or "",
            binds_everyone=self.who.data == EVERYONE,
            unit_ids=self.units.ids,
            position_ids=self.positions.ids,
            member_ids=self.members.ids,
            kind=self.kind.data or "",
            rule=self.rule.data or "",
            at_least=self.at_least.data,
            type_ids=self.types.ids,
            credit_type_id=self.credit_type_id.data,
            credits=self.credits.data,
            from_on=self.from_on.data,
            newcomer_days=self.newcomer_days.data,
            position=self.position.data or 0,
            unreadable=refusals,
        )

    def standing(self) -> list[tuple[str, str]]:
        """Label and value of every field, in words."""
        fields = [field for field in self if field.name not in ("version", "find")]
        return [(str(field.label.text), _in_words(field) or "–") for field in fields]


def _in_words(field: Field) -> str:
    if isinstance(field, Ticks):
        return field.words
    if isinstance(field, Day):
        return day(field.data)
    if isinstance(field, SelectFieldBase):
        return next((str(choice.label) for choice in field.choices if choice.value == field.data), "")
    return str(field._value())


def form_for(requirement: Requirement | None) -> RequirementForm:
    """The form as it opens."""
    if requirement is None:
        return RequirementForm()
    chosen = {
        "who": EVERYONE if requirement.binds_everyone else SOME,
        "units": [each.unit_id for each in requirement.units],
        "positions": [each.position_id for each in requirement.positions],
        "members": [each.member_id for each in requirement.members],
        "types": [each.type_id for each in requirement.types],
    }
    plain = ("version", "name", "description", "kind", "rule", "at_least", "credit_type_id", "credits", "from_on",
             "newcomer_days", "position")  # fmt: skip
    return RequirementForm(data=chosen | {name: getattr(requirement, name) for name in plain})
