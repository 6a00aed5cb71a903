"""The forms of Approvals: what the queue is asked for, a decision with its checklist, and a revocation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, HiddenField, SelectChoice, TextAreaField

from admin_panel.filters import Filter, named, pull_down, search, unit_filter
from admin_panel.forms.fields import Pick, show, unreadable
from admin_panel.forms.profile import NewForm
from records.errors import InvalidInput, Refusal
from records.models import Approval, ExternalCertificate, KeptReason
from records.models.credit_type import MOST_QUESTIONS
from records.pages.fields import Amount
from records.queries.approval_filters import QueueWanted
from records.queries.review_pages import ReviewPage
from records.queries.units import Choice
from records.services.certification_steps import Entry
from records.web.words import refusal_text

_TRACK = "track-"
_LONGEST_OPTION = 90


def queue_filters(
    wanted: QueueWanted, units: Sequence[Choice], types: Sequence[Any], *, may_lack_unit: bool
) -> list[Filter]:
    """What the list is asked for, as it stands in the address."""
    return [
        search(gettext("Learner"), wanted.search),
        pull_down("credit_type", gettext("Credit type"), named(types), wanted.credit_type),
        unit_filter(units, wanted.unit, may_lack_unit=may_lack_unit),
    ]


class DecisionForm(Form):
    """`seen` is the digest of what the page showed. `kept` is the id of a text that counts as typed below the rest."""

    seen = HiddenField()
    credits = Amount(lazy_gettext("Awarded credits"))
    reason = TextAreaField(lazy_gettext("Reason"), render_kw={"rows": 3})
    kept = Pick(lazy_gettext("Insert a kept text"))
    keep = BooleanField(lazy_gettext("Keep this text"))


class RevocationForm(Form):
    reason = TextAreaField(lazy_gettext("Reason"), render_kw={"rows": 3})
    keep_certification = BooleanField()


@dataclass(frozen=True)
class Question:
    """One of the checklist; `answer` is "yes", "no" or ''."""

    number: int
    text: str
    answer: str


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a field, for the summary that leads to it."""

    field_id: str
    label: str
    sentence: str


class ReviewForm:
    """A decision as it was typed, or as it opens: credits as claimed, fields of a certification from the claim."""

    def __init__(
        self, certificate: ExternalCertificate, kept: Sequence[KeptReason], typed: Mapping[str, str] | None = None
    ) -> None:
        self.decision = DecisionForm(typed, data={"credits": certificate.claimed_credits})
        claim = {
            "issued_on": certificate.earned_on,
            "expires_on": certificate.expires_on,
            "number": certificate.number,
        }
        self.entry = NewForm(typed if typed and f"{_TRACK}number" in typed else None, prefix=_TRACK, data=claim)
        self.checklist_error = ""
        self.other_errors: list[str] = []
        self._answers = _answers(typed or {})
        self._insert(kept)

    def _insert(self, kept: Sequence[KeptReason]) -> None:
        """A chosen text joins what was typed; whoever has a script sees that happen at once."""
        chosen = next((each.text for each in kept if each.id == self.decision.kept.data), "")
        typed = (self.decision.reason.data or "").strip()
        if chosen and chosen not in typed:
            self.decision.reason.data = f"{typed}\n{chosen}".strip()
        self.decision.kept.data = None
        shortened = [SelectChoice(each.id, _one_line(each.text), {"data-text": each.text}) for each in kept]
        self.decision.kept.choices = [SelectChoice("", gettext("Choose …")), *shortened]

    def offer(self, page: ReviewPage) -> None:
        """What a certification can be of, and what it can renew."""
        if page.trackable is not None:
            self.entry.offer(page.trackable.types, page.trackable.held)
        self.questions = [
            Question(number, text, self._answers.get(text, ""))
            for number, text in enumerate(page.certificate.credit_type.checklist)
        ]

    # What was typed

    @property
    def seen(self) -> str:
        return self.decision.seen.data or ""

    @property
    def reason(self) -> str:
        return self.decision.reason.data or ""

    @property
    def keeps_reason(self) -> bool:
        return bool(self.decision.keep.data and self.reason.strip())

    @property
    def tracks(self) -> bool:
        """Whether a certification is to come of it: choosing its type asks for that."""
        return self.entry.type_id.data is not None

    def approval(self) -> Approval:
        """Raises InvalidInput for what cannot be read at all."""
        refusals = unreadable([self.decision.credits, *(self.entry if self.tracks else ())])
        if refusals:
            raise InvalidInput(refusals)
        answers = tuple((text, answer == "yes") for text, answer in self._answers.items() if answer)
        return Approval(self.decision.credits.data, self.reason, answers)

    def certification(self) -> Entry | None:
        """The certification that is to come of it, None where nobody asked for one."""
        return self.entry.entry() if self.tracks else None

    # What is wrong with it

    def show(self, refusal: Refusal) -> None:
        errors = refusal.errors if isinstance(refusal, InvalidInput) else {refusal.field or "": refusal}
        fields = {field.name: field for field in self.decision}
        for name, error in errors.items():
            if name == "checklist":
                self.checklist_error = refusal_text(error)
            elif name in fields:
                show(fields[name], error)
            elif name.removeprefix(_TRACK) in self.entry:
                show(self.entry[name.removeprefix(_TRACK)], error)
            else:
                self.other_errors.append(refusal_text(error))

    @property
    def mistakes(self) -> list[Mistake]:
        found = [Mistake(field.id, str(field.label.text), str(error)) for field, error in self._errors()]
        if self.checklist_error:
            first = next((each.number for each in self.questions if not each.answer), 0)
            found.insert(0, Mistake(f"answer-{first}-yes", gettext("Checklist"), self.checklist_error))
        return found

    def _errors(self) -> Iterator[tuple[Field, Any]]:
        for part in (self.decision, self.entry):
            for field in part:
                for error in field.errors:
                    yield field, error


def _answers(typed: Mapping[str, str]) -> dict[str, str]:
    """By question, in the order of the page. A question that is no longer asked is refused by the verb."""
    asked = ((typed.get(f"question-{number}"), typed.get(f"answer-{number}", "")) for number in range(MOST_QUESTIONS))
    return {text: answer if answer in ("yes", "no") else "" for text, answer in asked if text}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_OPTION else line[: _LONGEST_OPTION - 1].rstrip() + "…"
