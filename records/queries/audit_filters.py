"""What administrators ask of the audit trail, and the conditions that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from records.database import chosen_organization_id
from records.models import AuditEvent, AuditKind, Member
from records.models.credit_type import Span
from records.models.text import tidy
from records.queries.member_filters import says_an_id
from records.queries.member_search import matches, words_of
from records.queries.reports.frame import during
from records.queries.reports.periods import readable_date

# The records that events are about, by the names of their tables.
RECORDS = (
    "member", "certification", "external_certificate", "scan", "certification_type", "credit_type", "unit", "position",
    "requirement", "exemption", "reminder", "renewal_batch", "renewal_proposal", "register_import", "proof",
    "calendar_feed", "transcript", "kept_reason", "saved_view", "list_export", "account", "organization",
)  # fmt: skip


@dataclass(frozen=True)
class TrailWanted:
    """The question as far as it makes sense: what does not is as if it had not been asked.

    `search` looks for the member whose record it is, `who` for the one who did it; `member` is an id as text or ''.
    `before` is the id of the event before which a page begins, or ''.
    """

    search: str = ""
    who: str = ""
    kind: str = ""
    record: str = ""
    member: str = ""
    first: date | None = None
    last: date | None = None
    before: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> TrailWanted:
        """From the fields of an address; anything may stand in them."""
        kind, record, member = (asked.get(name, "") for name in ("kind", "record", "member"))
        before = asked.get("before", "")
        return cls(
            search=tidy(asked.get("search", "")[:200]),
            who=tidy(asked.get("who", "")[:200]),
            kind=kind if kind in set(AuditKind) else "",
            record=record if record in RECORDS else "",
            member=member if says_an_id(member) else "",
            first=readable_date(asked.get("first", "")),
            last=readable_date(asked.get("last", "")),
            before=before if says_an_id(before) else "",
        )

    def asked(self) -> dict[str, str]:
        """The fields of an address that asks the same, from the newest on."""
        asked = {
            "search": self.search,
            "who": self.who,
            "kind": self.kind,
            "record": self.record,
            "member": self.member,
            "first": self.first.isoformat() if self.first else "",
            "last": self.last.isoformat() if self.last else "",
        }
        return {name: value for name, value in asked.items() if value}


def trail_conditions(wanted: TrailWanted) -> list[ColumnElement[bool]]:
    """The trail is no table of an organization (a failed sign-in may belong to none), so the organization is named
    here."""
    found = [AuditEvent.organization_id == chosen_organization_id(), *during(AuditEvent.at, _span(wanted))]
    if wanted.kind:
        found.append(AuditEvent.kind == wanted.kind)
    if wanted.record:
        found.append(AuditEvent.subject_kind == wanted.record)
    if wanted.member:
        found.append(AuditEvent.member_id == int(wanted.member))
    if words := words_of(wanted.search):
        found.append(AuditEvent.member_id.in_(select(Member.id).where(matches(words))))
    if words := words_of(wanted.who):
        those = select(Member.id).where(matches(words))
        found.append(or_(AuditEvent.actor_member_id.in_(those), AuditEvent.administrator_id.in_(those)))
    return found


def _span(wanted: TrailWanted) -> Span:
    return Span(wanted.first, wanted.last)
