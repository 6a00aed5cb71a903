"""Undoing a register that was brought in: rows untouched since are reverted, those changed since are told.

What was created goes, what was changed gets its former values back. A certification leaves a tombstone; only
where a member came with the register, and nothing else is known of them by now, do member and certifications
go for good, as if they had never come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from records import clock
from records.database import lock, transaction
from records.errors import N_
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Base,
    Certification,
    CertificationType,
    ImportRow,
    Member,
    RegisterImport,
    RowOutcome,
    Unit,
)
from records.models.register_import import GOOD
from records.queries.member_filters import in_scope
from records.services.certification_steps import require_tracking
from records.services.register_people import batches

CHANGED_SINCE = N_("The certification was changed since, so it stays as it is.")
MEMBER_CHANGED_SINCE = N_("The member was changed since, or more is known of them by now, so they stay.")
OUT_OF_SCOPE = N_("The member is not in your scope any more.")
OWN = N_("The certification is your own by now, so it stays: only an administrator can take it back.")
_AT_ONCE = 500


@dataclass
class _Undoing:
    """`kept` goes from the ids of rows to the reason why something of them stays."""

    register_import: RegisterImport
    by: Actor
    at: datetime
    kept: dict[int, str] = field(default_factory=dict)


def undo(register_import: RegisterImport, *, by: Actor) -> None:
    """Revert what the register brought in. Raises NotBroughtIn, NotAllowed, NotFound, ModuleOff."""
    with transaction() as session:
        require_tracking()
        register_import = lock(register_import)
        register_import.require_handled_by(by)
        register_import.undo(at=clock.now())
        undoing = _Undoing(register_import, by, clock.now())
        rows = 0
        for some in _rows(session, register_import, GOOD):
            rows += len(some)
            _revert_certifications(session, some, undoing)
        for some in _rows(session, register_import, (RowOutcome.NEW_MEMBER,)):
            _remove_members(session, some, undoing)
        _remove_made(session, undoing)
        for kept in batches(undoing.kept.items(), _AT_ONCE):
            session.execute(update(ImportRow), [{"id": id_, "kept": reason} for id_, reason in kept])
        tally = {"reverted": rows - len(undoing.kept), "kept": len(undoing.kept)}
        register_import.counts = register_import.counts | tally
        session.flush()
        session.add(AuditEvent.of(AuditKind.REGISTER_IMPORT_UNDONE, register_import, by=by, at=clock.now(),
                                  after={"file_name": register_import.file_name} | tally))  # fmt: skip


def _rows(session: Session, register_import: RegisterImport, outcomes: Iterable[str]) -> Iterator[Sequence[Any]]:
    """The rows that did something, last line first, so that a renewal goes before what it renews."""
    columns = (ImportRow.id, ImportRow.line, ImportRow.outcome, ImportRow.member_id, ImportRow.certification_id,
               ImportRow.created, ImportRow.before, ImportRow.versions)  # fmt: skip
    line = 2**31 - 1
    while True:
        some = session.execute(
            select(*columns)
            .where(ImportRow.import_id == register_import.id, ImportRow.outcome.in_(tuple(outcomes)))
            .where(ImportRow.line < line)
            .order_by(ImportRow.line.desc())
            .limit(_AT_ONCE)
        ).all()
        if not some:
            return
        line = some[-1].line
        yield some


def _revert_certifications(session: Session, rows: Sequence[Any], undoing: _Undoing) -> None:
    ids = [row.certification_id for row in rows if row.certification_id]
    found = session.scalars(select(Certification).where(Certification.id.in_(ids)).with_for_update()).all()
    certifications = {certification.id: certification for certification in found}
    out_of_reach = _out_of_reach(session, {certification.member_id for certification in found}, undoing.by)
    touched = _referred_to(session, Certification, ids)
    removed: list[Certification] = []
    for row in rows:
        if not row.certification_id:
            continue
        certification = certifications.get(row.certification_id)
        version = row.versions.get("certification")
        if certification is None or certification.version != version or certification.deleted_at is not None:
            undoing.kept[row.id] = CHANGED_SINCE
        elif certification.member_id in out_of_reach:
            undoing.kept[row.id] = out_of_reach[certification.member_id]
        elif row.outcome == RowOutcome.CHANGED:
            _put_back(certification, row.before)
        elif certification.id in touched and not _only_renewed_by(session, certification, removed):
            undoing.kept[row.id] = CHANGED_SINCE
        else:
            certification.delete(at=undoing.at)
            removed.append(certification)
    session.flush()
    for certification in found:
        session.expunge(certification)


def _put_back(certification: Certification, before: dict[str, Any]) -> None:
    for name, value in before.items():
        is_date = name.endswith("_on") and value is not None
        setattr(certification, name, date.fromisoformat(value) if is_date else value)


def _only_renewed_by(session: Session, certification: Certification, removed: Sequence[Certification]) -> bool:
    """Whether all that points at a certification are renewals that this undoing takes back too."""
    if _referred_to(session, Certification, [certification.id], besides=Certification):
        return False
    renewals = select(Certification.id).where(
        Certification.supersedes_id == certification.id, Certification.deleted_at.is_(None)
    )
    with session.no_autoflush:
        return set(session.scalars(renewals)) <= {each.id for each in removed}


def _out_of_reach(session: Session, ids: set[int], by: Actor) -> dict[int, str]:
    """Of the members who have the certifications by now (a merge may have come between), those whose the asker may
    not touch, and why."""
    reached = set(session.scalars(select(Member.id).where(Member.id.in_(ids), in_scope(by))))
    reasons = dict.fromkeys(ids - reached, OUT_OF_SCOPE)
    if by.member_id in reached and not by.administers:
        reasons[by.member_id] = OWN
    return reasons


def _remove_members(session: Session, rows: Sequence[Any], undoing: _Undoing) -> None:
    """Members who came with the register and of whom nothing else is known."""
    ids = {row.member_id: row for row in rows}
    versions = dict(session.execute(select(Member.id, Member.version).where(Member.id.in_(ids))).all())
    others = select(Certification.member_id).where(
        Certification.member_id.in_(ids),
        (Certification.deleted_at.is_(None)) | (Certification.deleted_at != undoing.at)
        | (Certification.import_id.is_(None)) | (Certification.import_id != undoing.register_import.id),
    )  # fmt: skip
    known = set(session.scalars(others)) | _referred_to(session, Member, ids, besides=Certification)
    gone = [id_ for id_, version in versions.items() if version == 1 and id_ not in known]
    for id_ in ids.keys() - set(gone):
        undoing.kept.setdefault(ids[id_].id, MEMBER_CHANGED_SINCE)
    unlinked = update(ImportRow).where(ImportRow.member_id.in_(gone)).values(member_id=None, certification_id=None)
    session.execute(unlinked)
    session.execute(delete(Certification).where(Certification.member_id.in_(gone)))
    session.execute(delete(Member).where(Member.id.in_(gone)))


def _remove_made(session: Session, undoing: _Undoing) -> None:
    """Certification types and units that came with the register and that nothing uses. Used types are retired."""
    made = undoing.register_import.made
    types = session.scalars(select(CertificationType).where(CertificationType.id.in_(made.get("types", [])))).all()
    used = _referred_to(session, CertificationType, [type_.id for type_ in types])
    live = set(session.scalars(
        select(Certification.type_id).where(Certification.type_id.in_(used), Certification.deleted_at.is_(None))
    ))  # fmt: skip
    for type_ in types:
        if type_.id not in used and type_.version == 1:
            session.delete(type_)
        elif type_.id not in live and type_.retired_at is None and type_.version == 1:
            type_.retired_at = undoing.at
    units = session.scalars(select(Unit).where(Unit.id.in_(made.get("units", [])))).all()
    used = _referred_to(session, Unit, [unit.id for unit in units])
    for unit in units:
        if unit.id not in used:
            session.delete(unit)


def _referred_to(
    session: Session, model: type[Base], ids: Iterable[int], *, besides: type[Base] | None = None
) -> set[int]:
    """Which of these records something else points at, through any foreign key but those of imports' rows."""
    ids = list(ids)
    found: set[int] = set()
    for column in _references(model, besides) if ids else ():
        found |= set(session.scalars(select(column).where(column.in_(ids)).distinct()))
    return found


def _references(model: type[Base], besides: type[Base] | None) -> Iterator[InstrumentedAttribute[Any]]:
    for mapper in Base.registry.mappers:
        if mapper.class_ in (besides, ImportRow):  # an import's rows only tell what became of them
            continue
        for key in mapper.local_table.foreign_key_constraints:  # type: ignore[attr-defined]  # because: every mapper here has a table
            if key.referred_table is inspect(model).local_table:
                local = next(element.parent for element in key.elements if element.column.name == "id")
                yield getattr(mapper.class_, mapper.get_property_by_column(local).key)
