"""The form of a batch of renewals. It goes through four pages, and each carries what the others asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Form, MultipleFileField, SearchField, SelectChoice, SelectField

from admin_panel.forms.fields import Day, Pick, unreadable
from records.errors import Refusal
from records.models import CertificationType, Position
from records.pages.arriving import is_key, new_key
from records.pages.fields import ids_in
from records.pages.forms import show_refusal
from records.queries.member_filters import WITHOUT_UNIT, Wanted
from records.queries.renewal_candidates import Holding, Sought
from records.queries.renewal_plans import MOST_MEMBERS, Given
from records.queries.units import Choice
from records.web.words import today

_INDENT = "\u2003"
# Beyond these nothing is read: who sends more has not sent this form.
_MOST_SENT = 4 * MOST_MEMBERS


class TypeForm(Form):
    type_id = Pick(lazy_gettext("Certification"))


class SearchForm(Form):
    """Whom to show. `after` and `before` are words of cursors."""

    search = SearchField(lazy_gettext("Search"), render_kw={"autocomplete": "off", "maxlength": 200})
    unit = SelectField(lazy_gettext("Unit"), validate_choice=False)
    position = Pick(lazy_gettext("Position"))
    holding = SelectField(lazy_gettext("Who has it"), validate_choice=False)
    expiring_by = Day(lazy_gettext("Expires by"))

    def offer(self, units: Sequence[Choice], positions: Sequence[Position], *, may_lack_unit: bool) -> None:
        self.unit.choices = [SelectChoice("", gettext("All"))]
        self.unit.choices += [SelectChoice(WITHOUT_UNIT, gettext("No unit"))] if may_lack_unit else []
        self.unit.choices += [SelectChoice(str(unit.id), _INDENT * unit.depth + unit.name) for unit in units]
        self.position.choices = [SelectChoice("", gettext("All"))]
        self.position.choices += [SelectChoice(str(each.id), each.name) for each in positions]
        self.holding.choices = [
            SelectChoice("", gettext("All")),
            SelectChoice(Holding.HAS.value, gettext("Has this certification")),
            SelectChoice(Holding.LACKS.value, gettext("Does not have it")),
        ]


class DatesForm(Form):
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    files = MultipleFileField(lazy_gettext("Files"))


class BatchForm:
    """What was sent so far, or nothing yet. `seen`: the digest of the plan that the last page showed."""

    def __init__(self, sent: MultiDict[str, str] | None = None) -> None:
        self.sent: MultiDict[str, str] = MultiDict() if sent is None else sent
        typed = self.sent if self.sent else None
        key = self.sent.get("key", "")
        self.key = key if is_key(key) else new_key()
        self.seen = self.sent.get("seen", "")
        self.type, self.search, self.dates = TypeForm(typed), SearchForm(typed), DatesForm(typed)
        self.chosen: list[int] = list(dict.fromkeys(ids_in(self.sent.getlist("chosen")[:_MOST_SENT])))
        self.after = self.before = ""
        self.number_errors: dict[int, list[str]] = {}
        self.members_error = ""
        if typed is None:
            self.dates.issued_on.data = today()

    @property
    def type_id(self) -> int | None:
        return self.type.type_id.data

    def offer_types(self, types: Sequence[CertificationType]) -> None:
        self.type.type_id.choices = [SelectChoice("", gettext("Choose"))]
        self.type.type_id.choices += [SelectChoice(str(each.id), each.name) for each in types]

    def turn(self, do: str) -> None:
        """To another page of members: the button says `after:…` or `before:…`."""
        which, _, word = do.partition(":")
        self.after, self.before = (word if which == "after" else ""), (word if which == "before" else "")

    def sought(self) -> Sought:
        form, holding = self.search, self.search.holding.data or ""
        asked = {"search": form.search.data or "", "unit": form.unit.data or ""}
        return Sought(
            type_id=self.type_id or 0,
            wanted=Wanted.read(asked | {"after": self.after, "before": self.before}),
            position_id=form.position.data,
            holding=Holding(holding) if holding in set(Holding) else Holding.ANYBODY,
            expiring_by=form.expiring_by.data,
        )

    def propose_expiry(self, type_: CertificationType | None) -> None:
        """Fill an empty Expires in with Issued plus the usual term."""
        form = self.dates
        if type_ is None or form.issued_on.data is None or form.expires_on.data or form.expires_on.refusal:
            return
        form.expires_on.raw_data, form.expires_on.data = None, type_.proposed_expiry(form.issued_on.data)

    @cached_property
    def numbers(self) -> dict[int, str]:
        """By member's id, those that were typed."""
        chosen = set(self.chosen)
        named = ((ids_in([name.removeprefix("number-")]), text) for name, text in self.sent.items()
                 if name.startswith("number-"))  # fmt: skip
        return {ids[0]: text for ids, text in named if ids and ids[0] in chosen and text.strip()}

    def given(self) -> Given:
        dates = self.dates
        return Given(self.type_id, self.chosen, dates.issued_on.data, dates.expires_on.data, self.numbers)

    def unreadable(self) -> dict[str, Refusal]:
        return unreadable(self.dates)

    def complain(self, errors: dict[str, Refusal], words: dict[str, str]) -> int:
        """Put each sentence (`words`, by name) where it belongs; returns the step of the first that is wrong."""
        for name, refusal in errors.items():
            if name == "members":
                self.members_error = words[name]
            elif name.startswith("number-"):
                self.number_errors[int(name.removeprefix("number-"))] = [words[name]]
            else:
                show_refusal(self.type if name == "type_id" else self.dates, _named(refusal, name))
        if "type_id" in errors:
            return 1
        return 2 if "members" in errors else 4 if any(name.startswith("number-") for name in errors) else 3

    def carried(self, step: int, shown: Sequence[int] = ()) -> Iterator[tuple[str, str]]:
        """The hidden fields of a page: what its own fields do not ask. `shown`: members that have a box there."""
        if step != 1:
            yield "type_id", str(self.type_id or "")
        if step != 3:
            for field in (self.dates.issued_on, self.dates.expires_on):
                yield field.name, _text(field.data)
        if step not in (1, 2):
            for field in self.search:
                yield field.name, _text(field.data)
        boxes = set(shown)
        yield from (("chosen", str(each)) for each in self.chosen if each not in boxes)
        if step != 4:
            yield from ((f"number-{each}", text) for each, text in self.numbers.items())


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _named(refusal: Refusal, name: str) -> Refusal:
    refusal.field = name
    return refusal
