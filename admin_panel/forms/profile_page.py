"""A profile's whole form: what it shows, what was typed into it, and what is wrong with that.

Nothing typed is lost: every field keeps its text, whatever a verb says about it, and where somebody else
saved meanwhile, their values come in only where nothing was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from flask import current_app
from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

from admin_panel.forms.fields import show, unreadable
from admin_panel.forms.profile import HeldForm, NewForm, Renewable, facts_of, named
from admin_panel.forms.profile_member import MemberParts
from records.errors import N_, Invalid, InvalidInput, Refusal
from records.models import Actor, CertificationKind, HeldCertification
from records.queries.profile_fields import Shown, held_field, new_field
from records.queries.profiles import Profile
from records.services.certification_steps import Entry
from records.services.profiles import ProfileChanges
from records.web.words import refusal_text, today

_MOST_ROWS = 100
_ROW = re.compile(r"(held|new)-(\d{1,18})-\w+")


@dataclass(frozen=True)
class Mistake:
    """One line of the summary; `field_id` is where it leads."""

    field_id: str
    label: str
    sentence: str


class Row(NamedTuple):
    """The fields of a saved row as they are shown, and what is wrong with them, by field."""

    issued_on: str
    expires_on: str
    number: str
    delete: bool = False
    wrong: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def of(cls, certification: HeldCertification) -> Row:
        issued_on = certification.issued_on
        issued = issued_on.isoformat() if issued_on else ""
        return cls(issued, certification.expires_on.isoformat(), certification.number)

    @classmethod
    def typed(cls, form: HeldForm) -> Row:
        wrong = {field.short_name: " ".join(map(str, field.errors)) for field in form}
        issued, expires, number = (field._value() for field in (form.issued_on, form.expires_on, form.number))
        return cls(issued, expires, number, bool(form.delete.data), wrong)


class ProfileForm:
    """Built from the profile as it stands, and from what was typed (None: a form just opened, where no row is touched:
    `held` and `new` are of what was typed)."""

    def __init__(self, profile: Profile, *, by: Actor, typed: MultiDict[str, str] | None = None) -> None:
        self.typed = typed
        self.form_errors: list[str] = []
        self.of_member = MemberParts(profile, by=by, typed=typed, seen=self.seen)
        touched = profile.certifications if typed is not None else ()
        self.held = {each.id: HeldForm(typed, prefix=held_field(each.id, ""), data=facts_of(each)) for each in touched}
        self._certifications = {each.id: each for each in profile.certifications}
        on, last = today(), [row.certification for row in profile.rows if row.certification.renewal is None]
        self.renewable = [Renewable.of(each, on) for each in last]
        self._types = profile.types
        self.new = [self._new_row(number) for number in self._new_numbers()] if typed is not None else []
        self.shown = profile.shown

    def _new_numbers(self) -> list[int]:
        return self._row_numbers("new")[:_MOST_ROWS] or [0]

    def _row_numbers(self, kind: str) -> list[int]:
        """The rows of a kind that were sent, in order."""
        found = (_ROW.fullmatch(name) for name in self.typed or ())
        return sorted({int(match[2]) for match in found if match and match[1] == kind})

    def _new_row(self, number: int) -> NewForm:
        row = NewForm(self.typed, prefix=new_field(number, ""))
        row.know(self._types)
        return row

    @staticmethod
    def untouched(types: Sequence[CertificationKind]) -> NewForm:
        """The row that scripts copy; they put its number for `__row__`."""
        row = NewForm(None, prefix=new_field("__row__", ""))
        row.know(types)
        return row

    def add_row(self) -> None:
        number = max(self._new_numbers()) + 1
        if len(self.new) < _MOST_ROWS:
            self.new.append(self._new_row(number))

    def row(self, certification: HeldCertification) -> Row:
        """A saved row as the page shows it."""
        form = self.held.get(certification.id)
        return Row.of(certification) if form is None else Row.typed(form)

    # What was typed, for the verb

    @property
    def seen(self) -> Shown:
        """What the form showed when it was opened; nothing at all where the field is missing or not from us."""
        try:
            fields, event_id = _seal().loads(self.typed.get("shown", "") if self.typed else "")
        except BadData:
            return Shown({})
        return Shown(fields, event_id)

    @property
    def shown_text(self) -> str:
        """The hidden field that `seen` reads: signed, so that nobody else's words come back as shown by us."""
        return str(_seal().dumps([dict(self.shown.fields), self.shown.event_id]))

    def changes(self) -> ProfileChanges:
        """The saved rows that were edited, unless they are to be deleted, and the new rows that are not empty.

        Raises Invalid where there are more new rows than one page takes.
        """
        sent = self._row_numbers("held")
        unknown = {number for number in sent if number not in self.held}
        deletions = {number for number in sent if number in self.held and self.held[number].delete.data}
        edited = [self.held[number] for number in sent if number not in deletions | unknown and self._is_edited(number)]
        self._require_few_rows()
        additions = {_number_of(row): row for row in self.new if not row.is_empty}
        of_member = self.of_member
        parts: list[Form] = [*([of_member.identity] if of_member.identity else []), *edited, *additions.values()]
        return ProfileChanges(
            identity=of_member.identity.facts() if of_member.identity else None,
            access=of_member.access.facts() if of_member.access else None,
            positions=of_member.positions.positions.ids if of_member.positions else None,
            corrections={_number_of(row): row.entry() for row in edited} | dict.fromkeys(unknown, Entry(None, None)),
            deletions=frozenset(deletions),
            additions={number: row.entry() for number, row in additions.items()},
            unreadable=unreadable(field for part in parts for field in part),
        )

    def _require_few_rows(self) -> None:
        if len(self._row_numbers("new")) > _MOST_ROWS:
            raise Invalid(N_("Add at most %(most)s certifications at a time. Nothing was saved yet."), most=_MOST_ROWS)

    def _is_edited(self, number: int) -> bool:
        return bool(typed_for(self.typed or MultiDict(), number, self.seen))

    # What is wrong with it

    def show(self, refusal: Refusal) -> None:
        errors = refusal.errors if isinstance(refusal, InvalidInput) else {refusal.field or "": refusal}
        fields = {field.name: field for _label, field in self._labelled()}
        for name, error in errors.items():
            if name in fields:
                show(fields[name], error)
            else:
                self.form_errors.append(refusal_text(error))

    @property
    def mistakes(self) -> list[Mistake]:
        if self.typed is None:
            return []
        return [
            Mistake(field.id, f"{label}, {field.label.text}" if label else field.label.text, str(error))
            for label, field in self._labelled()
            for error in field.errors
        ]

    def _labelled(self) -> Iterator[tuple[str, Field]]:
        """Every field with the name of its row."""
        parts: list[tuple[str, Form]] = [("", form) for form in self.of_member]
        parts += [(named(self._certifications[number]), form) for number, form in self.held.items()]
        parts += [
            (gettext("New Certification %(number)s", number=number), form) for number, form in enumerate(self.new, 1)
        ]
        for label, form in parts:
            for field in form:
                yield label, field


def _seal() -> URLSafeSerializer:
    return _seal_of(current_app.config["SECRET_KEY"])


@lru_cache(1)
def _seal_of(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="shown")


def _number_of(row: Form) -> int:
    """The number in the names of a row's fields."""
    return int(next(iter(row)).name.split("-")[1])


def merged(typed: MultiDict[str, str], seen: Shown, now: Shown) -> MultiDict[str, str]:
    """What was typed, with the values that somebody else saved meanwhile where nothing was typed."""
    result = typed.copy()
    for name, was in seen.fields.items():
        value = now.fields.get(name)
        if value is None or value == was:
            continue
        if name == "scope":
            if _typed_scope(typed) == was:
                _put_scope(result, value)
        elif name == "positions":
            if _ids(typed, "positions") == was:
                result.setlist("positions", _parts(value))
        elif typed.get(name) == was:
            result[name] = value
    return result


def _typed_scope(typed: MultiDict[str, str]) -> str:
    if typed.get("covers_organization"):
        return "all"
    return _ids(typed, "scope_units")


def _put_scope(typed: MultiDict[str, str], scope: str) -> None:
    typed.setlist("covers_organization", ["y"] if scope == "all" else [])
    typed.setlist("scope_units", [] if scope == "all" else _parts(scope))


def _ids(typed: MultiDict[str, str], name: str) -> str:
    """The ids that were ticked, as `shown_fields` writes them."""
    return ",".join(sorted(typed.getlist(name), key=lambda text: (len(text), text)))


def _parts(ids: str) -> list[str]:
    return [part for part in ids.split(",") if part]


def typed_for(typed: MultiDict[str, str], certification_id: int, seen: Shown) -> dict[str, str]:
    """What was typed into a saved row, where it differs from what the row showed."""
    names = {name: held_field(certification_id, name) for name in ("issued_on", "expires_on", "number")}
    return {
        name: typed.get(field, "")
        for name, field in names.items()
        if typed.get(field) is not None and typed.get(field) != seen.fields.get(field, "")
    }
