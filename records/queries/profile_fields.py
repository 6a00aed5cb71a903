"""A profile's form field by field: what it showed, and what stands differently now, and who did that.

A page carries what it showed back with what was typed. Fields are named as the form names them, so that
refusals, the page and this comparison speak of the same things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from records.database import db
from records.models import Actor, AuditEvent, AuditKind, Certification, HeldCertification, Member, Position

_MEMBER = ("given_name", "family_name", "suffix", "number", "email", "joined_on", "unit_id", "role")
# Events about a member that change nothing which a profile shows.
_ELSEWHERE = {AuditKind.LOGGED_IN_AS, AuditKind.RETURNED, AuditKind.MAIL_CHOSEN, AuditKind.LANGUAGE_CHOSEN,
              AuditKind.REVIEWING_GRANTED, AuditKind.REVIEWING_ENDED}  # fmt: skip
_CHANGES = [kind for kind in AuditKind if kind.startswith(("member.", "certification.")) and kind not in _ELSEWHERE]
_CERTIFICATION = ("issued_on", "expires_on", "number", "suspended_on", "revoked_on")


@dataclass(frozen=True)
class Shown:
    """What a form showed, by field, and the member's last audit event then: a later one is news."""

    fields: Mapping[str, str]
    event_id: int = 0


def held_field(certification_id: int, name: str) -> str:
    """The name of a saved row's field."""
    return f"held-{certification_id}-{name}"


def new_field(number: int | str, name: str) -> str:
    """The name of a new row's field; rows count from 0 (a page's copy to be filled in has a word instead)."""
    return f"new-{number}-{name}"


def shown_fields(
    member: Member, positions: Iterable[Position], held: Iterable[Certification | HeldCertification], *, by: Actor
) -> dict[str, str]:
    """The values as text. Of the member only where `by` may change them.

    `scope` is "all" for the whole organization, else the ids of the units, comma between; so are `positions`.
    """
    fields: dict[str, str] = {}
    if by.administers:
        fields |= {name: _text(getattr(member, name)) for name in _MEMBER}
        units = _ids(scope.unit_id for scope in member.scope_units)
        fields["scope"] = "all" if member.covers_organization else units
        fields["positions"] = _ids(position.id for position in positions)
    for each in held:
        fields[held_field(each.id, "name")] = each.type.name
        fields |= {held_field(each.id, name): _text(getattr(each, name)) for name in _CERTIFICATION}
    return fields


def _ids(ids: Iterable[int]) -> str:
    return ",".join(str(each) for each in sorted(ids))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Changed:
    """One field that somebody else changed, or, with `field` "added" or "deleted", a whole certification:
    then `was` and `now` are the date on which it expires. `certification` is its name, '' for the member's
    own fields. `who` is '' where the audit trail does not say."""

    field: str
    was: str
    now: str
    certification: str = ""
    certification_id: int | None = None
    who: str = ""


def changed_since(seen: Shown, now: Shown, member: Member) -> list[Changed]:
    """What stands differently in `now` from what the form showed."""
    who = _who_since(seen.event_id, member)
    before, after = _grouped(seen.fields), _grouped(now.fields)
    changes: list[Changed] = []
    for key in [*before, *(key for key in after if key not in before)]:
        by = who.get(("certification", key) if key else ("member", member.id), "")
        named = (after.get(key) or before[key]).get("name", "")
        for field, was, value in _differences(before.get(key), after.get(key)):
            changes.append(Changed(field, was, value, named, key or None, by))
    return changes


def _differences(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> Iterator[tuple[str, str, str]]:
    if after is None:
        yield "deleted", (before or {}).get("expires_on", ""), ""
    elif before is None:
        yield "added", "", after.get("expires_on", "")
    else:
        for field, value in after.items():
            if value != before.get(field, ""):
                yield field, before.get(field, ""), value


def _grouped(fields: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """By certification id; 0 for the member's own fields."""
    groups: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        prefix, _, rest = name.partition("-")
        number, _, field = rest.partition("-")
        if prefix == "held" and number.isdecimal():
            groups.setdefault(int(number), {})[field] = value
        else:
            groups.setdefault(0, {})[name] = value
    return groups


def _who_since(event_id: int, member: Member) -> dict[tuple[str, int], str]:
    statement = (
        select(AuditEvent)
        .where(AuditEvent.organization_id == member.organization_id, AuditEvent.member_id == member.id)
        .where(AuditEvent.id > event_id, AuditEvent.kind.in_(_CHANGES))
        .order_by(AuditEvent.id)
        .limit(500)
    )
    events = db.session.scalars(statement)
    return {(event.subject_kind, event.subject_id or 0): event.detail.actor_name for event in events}
