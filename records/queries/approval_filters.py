"""What reviewers ask of the list of external certificates, and the conditions that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select

from records.models import Actor, ExternalCertificate, Member, Revision, State
from records.models.text import tidy
from records.queries.member_filters import WITHOUT_UNIT, Scope, in_scope, says_an_id, scope_of
from records.queries.member_search import matching, patterns_of, words_of
from records.queries.units import unit_and_below

ALL_STATES = "all"


@dataclass(frozen=True)
class QueueWanted:
    """The question as far as it makes sense: what does not is as if it had not been asked.

    `state` is a State or ALL_STATES. `credit_type` and `member` are ids as text, or ''; `unit` likewise, or
    WITHOUT_UNIT. `search` looks for the learner. `after` and `before` are words of cursors.
    """

    state: str = State.PENDING
    credit_type: str = ""
    unit: str = ""
    search: str = ""
    member: str = ""
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> QueueWanted:
        """From the fields of an address; anything may stand in them."""
        state, unit = asked.get("state", ""), asked.get("unit", "")
        return cls(
            state=state if state == ALL_STATES or state in set(State) else State.PENDING,
            credit_type=_id(asked.get("credit_type", "")),
            unit=unit if unit == WITHOUT_UNIT else _id(unit),
            search=tidy(asked.get("search", "")[:200]),
            member=_id(asked.get("member", "")),
            after=asked.get("after", ""),
            before=asked.get("before", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the state was asked for."""
        return bool(self.credit_type or self.unit or self.search or self.member)

    def asked(self) -> dict[str, Any]:
        """The fields of an address that asks the same, from the first page on."""
        asked = {
            "state": "" if self.state == State.PENDING else self.state,
            "credit_type": self.credit_type,
            "unit": self.unit,
            "search": self.search,
            "member": self.member,
        }
        return {name: str(value) for name, value in asked.items() if value}


class Sought(NamedTuple):
    """The question without its cursors, as far as statements depend on it: those that are kept for one are right for
    whoever asks the same. `units`: the ids of the unit and of all within it, as they are now."""

    wanted: QueueWanted
    scope: Scope
    units: tuple[int, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()

    @property
    def is_of_few(self) -> bool:
        """Whether it narrows the learners, too."""
        wanted = self.wanted
        return bool(wanted.search or wanted.member or wanted.unit) or not self.scope.covers_everyone

    @classmethod
    def of(cls, wanted: QueueWanted, *, by: Actor) -> Sought:
        of_unit = wanted.unit and wanted.unit != WITHOUT_UNIT
        units = tuple(unit_and_below(int(wanted.unit))) if of_unit else ()
        patterns = tuple(patterns_of(words_of(wanted.search)).items())
        return cls(replace(wanted, after="", before=""), scope_of(by), units, patterns)


def certificate_conditions(sought: Sought) -> list[ColumnElement[bool]]:
    """All but the state; the statement must join Member. Deactivated members are left out unless asked for by id."""
    wanted, found = sought.wanted, [in_scope(sought.scope)]
    if wanted.member:
        found.append(ExternalCertificate.member_id == int(wanted.member))
    else:
        found.append(Member.deactivated_at.is_(None))
    found += of_credit_type(wanted)
    if wanted.unit == WITHOUT_UNIT:
        found.append(Member.unit_id.is_(None))
    elif wanted.unit:
        found.append(Member.unit_id.in_(sought.units))
    return [*found, *matching(dict(sought.patterns))]


def of_credit_type(wanted: QueueWanted) -> list[ColumnElement[bool]]:
    return [ExternalCertificate.credit_type_id == int(wanted.credit_type)] if wanted.credit_type else []


def decidable(asker_id: Any) -> list[ColumnElement[bool]]:
    """Neither the asker's own, nor one that they submitted or edited for another: `may_be_reviewed_by` in SQL. Of an
    EXISTS PostgreSQL may read all revisions first, to find the asker's; this it looks up for each certificate."""
    theirs = select(Revision.id).where(
        Revision.organization_id == ExternalCertificate.organization_id,
        Revision.external_certificate_id == ExternalCertificate.id,
        or_(Revision.submitted_by_id == asker_id, Revision.administrator_id == asker_id),
    )
    return [ExternalCertificate.member_id != asker_id, theirs.limit(1).scalar_subquery().is_(None)]


def _id(text: str) -> str:
    return text if says_an_id(text) else ""
