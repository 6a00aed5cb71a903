"""The fields of the upload wizard's second page: a group for each file, and in it one for each certification."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Form, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from admin_panel.forms.fields import Day, show
from records.models import Certification, Upload, UploadedFile
from records.pages.forms import show_refusal
from records.queries.uploads import Choices
from records.services.uploads import Facts, FileRefused, Match, Target
from records.web.words import day, short

LEFT_OUT = "skip"
_MOST_TARGETS = 20


class TargetForm(Form):
    """One certification that a file goes to. `shown` names the choice whose known values stand in the fields."""

    certification = SelectField(lazy_gettext("Certification"), validate_choice=False)
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw={"maxlength": 255, "autocomplete": "off"})
    shown = HiddenField()

    def show(self, known: Facts) -> None:
        """Put these values into the fields, instead of what was sent."""
        values = {"issued_on": known.issued_on, "expires_on": known.expires_on, "number": known.number}
        for name, value in {**values, "shown": self.chosen}.items():
            self[name].raw_data = None
            self[name].process(None, value)

    def check_dates(self) -> bool:
        """Whether both dates can be read; if not, each says so."""
        for day_field in (self.issued_on, self.expires_on):
            if day_field.refusal is not None:
                show(day_field, day_field.refusal)
        return not self.errors

    @property
    def chosen(self) -> str:
        return self.certification.data or ""


@dataclass
class FileGroup:
    """One waiting file, its place in the upload, and the certifications that it goes to."""

    file: UploadedFile
    position: int
    targets: list[TargetForm]
    template: TargetForm

    def check_dates(self) -> bool:
        """Dates count only where the file goes to a certification by itself."""
        if self.targets[0].chosen == LEFT_OUT:
            return True
        readable = [form.check_dates() for form in self.targets if not form.chosen.startswith("same-")]
        return all(readable)

    @property
    def has_errors(self) -> bool:
        return any(form.errors for form in self.targets)


class MatchForms:
    """All groups of one upload. `known` are the values that the page showed, by certification."""

    def __init__(self, upload: Upload, choices: Choices, given: Mapping[str, str]) -> None:
        self.choices = choices
        self.now = {one.id: Facts.of(one) for one in choices.existing}
        self.known = {one_id: _facts(given.get(f"known-{one_id}")) or now for one_id, now in self.now.items()}
        self.groups = [
            self._group(file, position, upload, given)
            for position, file in enumerate(upload.files, 1)
            if file.submitted_at is None
        ]

    def _group(self, file: UploadedFile, position: int, upload: Upload, given: Mapping[str, str]) -> FileGroup:
        places = _places(file.id, given)
        if given.get("also") == str(file.id) and len(places) < _MOST_TARGETS:
            places.append(places[-1] + 1)
        sides = [(at, other) for at, other in enumerate(upload.files, 1) if at < position]
        first, further = _first_choices(self.choices, sides), _further_choices(self.choices)

        def target(place: int | str, options: list[SelectChoice]) -> TargetForm:
            form = TargetForm(_Given(given) if given else None, prefix=f"file-{file.id}-{place}-")
            form.certification.choices = options
            return form

        targets = [target(place, further if at else first) for at, place in enumerate(places)]
        return FileGroup(file, position, targets, target("N", further))

    @property
    def left_out(self) -> list[str]:
        """The names of the files that nobody wants."""
        return [group.file.name for group in self.groups if group.targets[0].chosen == LEFT_OUT]

    def show_known(self) -> None:
        """Fill the known values in wherever an existing certification is chosen and they do not stand yet."""
        for group in self.groups:
            for form in group.targets:
                known = self.now.get(_chosen(form.chosen).get("add_to_id", 0))
                if known and form.shown.data != form.chosen:
                    form.show(known)

    def matches(self) -> list[Match]:
        """Where each file goes; files with a date that cannot be read are kept back, with their error."""
        valid = [group for group in self.groups if group.check_dates()]
        return [self._match(group) for group in valid]

    def _match(self, group: FileGroup) -> Match:
        first = group.targets[0].chosen
        if first == LEFT_OUT:
            return Match(group.file.id, left_out=True)
        group.targets = [form for at, form in enumerate(group.targets) if form.chosen or not at]
        side = _chosen(first).get("same_as_id")
        own = group.targets if side is None else group.targets[1:]
        return Match(group.file.id, targets=[self._target(form) for form in own], same_as_id=side)

    def _target(self, form: TargetForm) -> Target:
        given = Facts(form.issued_on.data, form.expires_on.data, form.number.data or "")
        choice = {"type_id": 0} if form.chosen.startswith("same-") else _chosen(form.chosen)
        shown = self.known.get(choice.get("add_to_id", 0)) if form.shown.data == form.chosen else None
        return Target(given, shown=shown, **choice)

    def refuse(self, refused: Mapping[int, FileRefused]) -> None:
        for group in self.groups:
            if group.file.id in refused:
                for position, error in refused[group.file.id].errors.items():
                    show_refusal(group.targets[position], error)


class _Given(dict[str, str]):
    """What was sent, as WTForms wants it."""

    def getlist(self, key: str) -> list[str]:
        return [self[key]] if key in self else []


def _places(file_id: int, given: Mapping[str, str]) -> list[int]:
    named = (re.fullmatch(rf"file-{file_id}-([0-9]{{1,3}})-certification", key) for key in given)
    return sorted({int(match[1]) for match in named if match})[:_MOST_TARGETS] or [0]


def _chosen(value: str) -> dict[str, int]:
    """`add-12` as {"add_to_id": 12}; an id that cannot be one becomes 0, which nothing has."""
    names = {"add": "add_to_id", "renew": "renews_id", "new": "type_id", "same": "same_as_id"}
    what, _, text = value.partition("-")
    if not value:
        return {}
    number = int(text) if re.fullmatch("[0-9]{1,18}", text) else 0
    return {names.get(what, "type_id"): number}


def _facts(text: str | None) -> Facts | None:
    """The opposite of `known_text`; None where it cannot be read."""
    parts = (text or "").split("|", 2)
    try:
        issued_on, expires_on = (date.fromisoformat(part) if part else None for part in parts[:2])
        return Facts(issued_on, expires_on, parts[2])
    except (ValueError, IndexError):
        return None


def known_text(known: Facts) -> str:
    days = (one.isoformat() if one else "" for one in (known.issued_on, known.expires_on))
    return "|".join([*days, known.number])


def _first_choices(choices: Choices, sides: list[tuple[int, UploadedFile]]) -> list[SelectChoice]:
    group = gettext("Other side of a file above")
    same = [
        _option(f"same-{file.id}", gettext("Same as file %(number)s (%(name)s)", number=at, name=file.name), group)
        for at, file in sides
    ]
    skip = _option(LEFT_OUT, gettext("Do not use this file"), gettext("None"))
    return [*_further_choices(choices), *same, skip]


def _further_choices(choices: Choices) -> list[SelectChoice]:
    existing, renewals, new = gettext("Add to"), gettext("Renew"), gettext("New")
    return [
        _option("", gettext("Choose …")),
        *(_option(f"add-{one.id}", named(one), existing, _known(one)) for one in choices.existing),
        *(
            _option(f"renew-{one.id}", gettext("Renew %(name)s", name=named(one)), renewals, _renewal(one))
            for one in choices.renewable
        ),
        *(
            _option(f"new-{type_.id}", gettext("New: %(name)s", name=type_.name), new, _term(type_.usual_term))
            for type_ in choices.types
        ),
    ]


def _option(value: str, label: str, group: str | None = None, facts: dict[str, Any] | None = None) -> SelectChoice:
    return SelectChoice(value, label, facts or {}, group)


def named(certification: Certification) -> str:
    """The type, with the number where there is one and the day on which it expires."""
    number, name, expires = short(certification.number), certification.type.name, day(certification.expires_on)
    if not number:
        return gettext("%(name)s – expires %(day)s", name=name, day=expires)
    return gettext("%(name)s – no. %(number)s, expires %(day)s", name=name, number=number, day=expires)


def _known(certification: Certification) -> dict[str, Any]:
    """The values that the page's script fills in when the option is chosen."""
    known = Facts.of(certification)
    return {
        "data-issued": known.issued_on.isoformat() if known.issued_on else "",
        "data-expires": known.expires_on.isoformat() if known.expires_on else "",
        "data-number": known.number,
    }


def _renewal(certification: Certification) -> dict[str, Any]:
    return {"data-number": certification.number, **_term(certification.type.usual_term)}


def _term(months: int | None) -> dict[str, Any]:
    return {"data-term": str(months)} if months else {}
