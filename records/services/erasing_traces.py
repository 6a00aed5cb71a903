"""Where an erased member is named outside their own records: the audit trail, messages to others, registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from records.database import chosen_organization_id, db
from records.models import (
    Account,
    AuditDetail,
    AuditEvent,
    AuditKind,
    ImportRow,
    Member,
    MemberMerge,
    Message,
    RegisterImport,
    StoredFile,
)
from records.models.member import listed_name
from records.services.merge_steps import change

_AT_ONCE = 500
# When nobody had wanted a file yet: the sweep takes it at once.
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
_MERGES = (AuditKind.MEMBERS_MERGED, AuditKind.MERGE_UNDONE)
_NAME = ("given_name", "family_name", "suffix")
_EMPTY_ROW: dict[str, Any] = {"cells": [], "name": "", "problem": "", "problem_params": {}, "candidates": []}


@dataclass(frozen=True)
class Traces:
    """By what members can be found elsewhere: `names` and `emails` are also those that they had before."""

    ids: Sequence[int]
    account_ids: Sequence[int]
    names: frozenset[str]
    emails: frozenset[str]

    @classmethod
    def of(cls, members: Sequence[Member], accounts: Sequence[Account]) -> Traces:
        """`accounts` are those that go with them."""
        ids = [member.id for member in members]
        names: set[str] = set()
        emails = {account.email for account in accounts}
        for member in members:
            for facts in _lives(member):
                names |= {_full(facts), listed_name(facts["family_name"], facts["given_name"], facts["suffix"])}
                emails |= {facts["email"]} - {None}
        return cls(ids, [account.id for account in accounts], frozenset(names - {""}), frozenset(emails - {""}))

    def name(self, value: Any) -> bool:
        """Whether any text in `value`, JSON, is about one of them: their name, or that and what of theirs."""
        mine = self.names | self.emails
        return any(text in mine or text.partition(": ")[0] in mine for text in _texts(value))


def empty_events(traces: Traces, *, at: datetime) -> int:
    """All values of events about them; of what they did to others, the name and the address. How many events."""
    about = _about(traces)
    emptied = _empty_details(about, at=at, before={}, after={}, actor_name="", administrator_name="", address="")
    did = AuditEvent.actor_member_id.in_(traces.ids)
    emptied += _empty_details(and_(did, ~about), at=at, actor_name="", address="")
    stood_behind = AuditEvent.administrator_id.in_(traces.ids)
    return emptied + _empty_details(and_(stood_behind, ~about), at=at, administrator_name="", address="")


def empty_messages(traces: Traces) -> None:
    """Mails to their addresses go; from messages to others, the lines that name them."""
    here = Message.organization_id == chosen_organization_id()
    if traces.account_ids:
        here = or_(here, Message.organization_id.is_(None))
    db.session.execute(
        delete(Message)
        .where(here, Message.member_id.is_(None), Message.to_address.in_(traces.emails))
        .execution_options(synchronize_session=False)
    )
    to_others = select(Message.id, Message.facts).where(
        Message.organization_id == chosen_organization_id(),
        Message.member_id.not_in(traces.ids),
        Message.page.like("/admin/%"),
    )
    changed = [
        {"id": row.id, "facts": _without(row.facts, traces)}
        for row in db.session.execute(to_others.order_by(Message.id).execution_options(yield_per=_AT_ONCE))
        if traces.name(row.facts)
    ]
    if changed:
        db.session.execute(update(Message), changed)


def empty_registers(traces: Traces, ids: Sequence[int]) -> int:
    """Of registers that name them: the file, samples and their rows; those not brought in yet go whole. How many."""
    unknown = and_(ImportRow.member_id.is_(None), ImportRow.name.in_(traces.names))
    rows = or_(ImportRow.member_id.in_(ids), unknown)
    found = select(RegisterImport).where(RegisterImport.id.in_(select(ImportRow.import_id).where(rows)))
    imports = db.session.scalars(found.with_for_update(of=RegisterImport)).unique().all()
    files = [each.stored_file_id for each in imports if each.stored_file_id]
    change(ImportRow, unknown, **_EMPTY_ROW)
    change(StoredFile, StoredFile.id.in_(files), wanted_at=LONG_AGO)
    for each in imports:
        if each.is_open:
            db.session.delete(each)
        else:
            each.stored_file_id, each.survey = None, _unsampled(each.survey)
    db.session.flush()
    return len(imports)


def _about(traces: Traces) -> Any:
    event = AuditEvent
    sides = select(MemberMerge.kept_id).where(MemberMerge.merged_id.in_(traces.ids))
    own = or_(event.kind.like("account.%"), event.kind == AuditKind.REFUSED)
    return or_(
        event.member_id.in_(traces.ids),
        and_(event.kind.in_(_MERGES), event.member_id.in_(sides)),
        and_(own, event.member_id.is_(None), event.actor_member_id.in_(traces.ids)),
        and_(event.kind.like("account.%"), event.account_id.in_(traces.account_ids)),
        and_(event.subject_kind == "account", event.subject_id.in_(traces.account_ids)),
    )


def _empty_details(condition: Any, *, at: datetime, **values: Any) -> int:
    events = select(AuditEvent.id).where(condition)
    return change(AuditDetail, AuditDetail.event_id.in_(events), erased_at=at, salt="", **values)


def _lives(member: Member) -> Iterator[dict[str, Any]]:
    """Who the member is and was, latest first, as far as the audit trail knows."""
    facts = {name: getattr(member, name) for name in (*_NAME, "email")}
    yield dict(facts)
    changes = (
        select(AuditEvent)
        .where(AuditEvent.member_id == member.id)
        .where(or_(AuditEvent.kind.like("member.%"), AuditEvent.kind == AuditKind.EMAIL_CHANGED))
        .order_by(AuditEvent.id.desc())
    )
    for event in db.session.scalars(changes):
        known = {name: value for name, value in event.detail.before.items() if name in facts}
        if known:
            facts |= known
            yield dict(facts)


def _full(facts: dict[str, Any]) -> str:
    return " ".join(facts[name] for name in _NAME if facts[name])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _without(value: Any, traces: Traces) -> Any:
    """The same without the items of lists that name them."""
    if isinstance(value, dict):
        return {name: _without(each, traces) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, traces) for each in value if not traces.name(each)]
    return value


def _unsampled(survey: dict[str, Any]) -> dict[str, Any]:
    columns = [column | {"samples": [], "words": None} for column in survey["columns"]]
    return survey | {"columns": columns}
