"""Certifications of one type for many members at once, and taking that back as one. Each verb is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, transaction
from records.errors import Invalid, InvalidInput, Refusal, Stale
from records.errors.renewals import NobodyChosen, NothingToRecord, PlanChanged, RecordedAlready, TooManyMembers
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    BatchedRenewal,
    Certification,
    Member,
    RenewalBatch,
    Scan,
    StoredFile,
)
from records.queries.external_certificates import staged
from records.queries.member_filters import in_scope
from records.queries.renewal_batches import made_with
from records.queries.renewal_plans import MOST_MEMBERS, Given, Plan, Planned, plan
from records.services import certification_steps as steps
from records.services.certification_steps import Entry
from records.services.files import Arrived
from records.services.scan_steps import attach
from records.services.staging_steps import Kept, forget, keep, move

MOST_FILES = 5


@dataclass(frozen=True)
class Undone:
    """Ids of certifications: those deleted, and those left as they are because somebody changed them since."""

    deleted: tuple[int, ...]
    kept: tuple[int, ...]


def stage(
    arrived: Sequence[Arrived], *, key: str, by: Actor, left_out: Collection[int] = (), order: Sequence[int] = ()
) -> Kept:
    """Keep files for everybody's certification until the form that carries `key` is submitted; `left_out` (they go)
    and `order` are ids of waiting files. Raises NotAllowed, ModuleOff.
    """
    with transaction():
        steps.require_tracking()
        maker = lock(_maker(by))  # so that files that arrive side by side follow each other
        return keep(maker, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out, order=order)


def restage(key: str, *, to: str, by: Actor) -> None:
    """Let the files that wait under `key` wait under another one: the first form was submitted already.

    Raises NotAllowed, ModuleOff.
    """
    with transaction():
        steps.require_tracking()
        _maker(by)
        move(key, to=to, by=by)


def check(given: Given, *, unreadable: Mapping[str, Refusal] | None = None) -> None:
    """Raises InvalidInput for what is wrong with it for everybody: `type_id`, `members`, `issued_on`, `expires_on`."""
    errors: dict[str, Refusal] = {}
    try:
        steps.checked_type(Entry(given.type_id, given.expires_on))
    except InvalidInput as refusal:
        errors |= refusal.errors
    try:
        Certification(number="", issued_on=given.issued_on, expires_on=given.expires_on or given.issued_on).check()
    except Invalid as refusal:
        errors["expires_on"] = refusal
    if not given.member_ids:
        errors["members"] = NobodyChosen(field="members")
    elif len(set(given.member_ids)) > MOST_MEMBERS:
        errors["members"] = TooManyMembers(field="members", most=MOST_MEMBERS)
    errors |= unreadable or {}
    if errors:
        raise InvalidInput(errors)


def make(given: Given, *, key: str, seen: str, by: Actor) -> RenewalBatch:
    """Record it for everybody, or for nobody; with the files that wait under `key`. The same key makes one batch.

    `seen` is the digest of the plan that the person agreed to. Raises PlanChanged where it is no longer that,
    RecordedAlready where the key made a batch of something else, InvalidInput (as `check`, and `number-<member id>`),
    NothingToRecord, Stale, NotAllowed, ModuleOff.
    """
    try:
        with transaction() as session:
            steps.require_tracking()
            _maker(by)
            if (made := _made_before(given, key=key, by=by)) is not None:
                return made
            check(given)
            lock_all = select(Member).where(Member.id.in_(set(given.member_ids))).order_by(Member.id).with_for_update()
            session.scalars(lock_all).all()
            if (made := _made_before(given, key=key, by=by)) is not None:  # by the press that this one waited for
                return made
            agreed = plan(given, by=by)
            if agreed.digest() != seen:
                raise PlanChanged()
            if not agreed.recorded:
                raise NothingToRecord(field="members")
            return _made(given, agreed, key=key, by=by)
    except IntegrityError:
        raise Stale() from None


def undo(batch: RenewalBatch, *, by: Actor) -> Undone:
    """Delete what came of it and is untouched since; what somebody changed, renewed or added files to stays.

    Raises UndoneAlready, UndoneByAdministrators, NotFound, ModuleOff.
    """
    with transaction() as session:
        steps.require_tracking()
        batch = lock(batch)
        batch.require_seen_by(by)
        batch.undo(by=by, at=clock.now())
        certifications = session.scalars(
            select(Certification)
            .join(BatchedRenewal, BatchedRenewal.certification_id == Certification.id)
            .where(BatchedRenewal.batch_id == batch.id, Certification.deleted_at.is_(None))
            .order_by(Certification.id)
            .with_for_update(of=Certification)
        ).all()
        touched = _touched(batch, by=by)
        for certification in certifications:
            if certification.id not in touched:
                steps.delete(certification, by=by)
        ids = [certification.id for certification in certifications]
        kept = tuple(each for each in ids if each in touched)
        undone = Undone(tuple(each for each in ids if each not in touched), kept)
        after = {"deleted": len(undone.deleted), "kept": list(undone.kept)}
        session.add(AuditEvent.of(AuditKind.RENEWALS_UNDONE, batch, by=by, at=clock.now(), after=after))
        return undone


def _maker(by: Actor) -> Member:
    by.require_staff()
    return db.session.get_one(Member, by.member_id)


def _made_before(given: Given, *, key: str, by: Actor) -> RenewalBatch | None:
    """What the same form made when it was sent before. Raises RecordedAlready where it says something else now."""
    made = made_with(key, by=by)
    if made is not None and not _says_nothing_else(given, made, key=key, by=by):
        raise RecordedAlready()
    return made


def _says_nothing_else(given: Given, made: RenewalBatch, *, key: str, by: Actor) -> bool:
    """Whether all that came of the batch stands as it is given now, and nothing would come of it besides."""
    of_batch = select(Certification).join(BatchedRenewal, BatchedRenewal.certification_id == Certification.id)
    recorded = db.session.scalars(of_batch.where(BatchedRenewal.batch_id == made.id)).all()
    chosen, facts = set(given.member_ids), (given.type_id, given.issued_on, given.expires_on)
    stands = all(
        each.member_id in chosen
        and each.deleted_at is None
        and (each.type_id, each.issued_on, each.expires_on) == facts
        for each in recorded
    )
    return stands and not staged(key, by=by) and not plan(given, by=by).recorded


def _made(given: Given, agreed: Plan, *, key: str, by: Actor) -> RenewalBatch:
    files = [(file.stored_file, file.name) for file in staged(key, by=by)]
    recorded = [_recorded(row, given, files, by=by) for row in agreed.rows if row.is_recorded]
    batch = RenewalBatch(type_id=given.type_id, made_by_id=by.member_id, made_at=clock.now(), submission_key=key)
    db.session.add(batch)
    db.session.flush()
    db.session.add_all(
        BatchedRenewal(batch_id=batch.id, certification_id=each.id, version=each.version) for each in recorded
    )
    forget(key, by=by)
    after = {
        "type_id": given.type_id,
        "issued_on": given.issued_on.isoformat() if given.issued_on else None,
        "expires_on": given.expires_on.isoformat() if given.expires_on else None,
        "files": [name for _stored, name in files],
        "certifications": [each.id for each in recorded],
    }
    db.session.add(AuditEvent.of(AuditKind.RENEWALS_MADE, batch, by=by, at=clock.now(), after=after))
    return batch


def _recorded(row: Planned, given: Given, files: list[tuple[StoredFile, str]], *, by: Actor) -> Certification:
    number = given.numbers.get(row.member.id, "")
    entry = Entry(given.type_id, given.expires_on, given.issued_on, number, row.renews_id)
    try:
        certification = steps.record(row.member, entry, by=by)
    except InvalidInput as refusal:
        raise InvalidInput({f"number-{row.member.id}": next(iter(refusal.errors.values()))}) from None
    for stored, name in files:
        attach(certification, stored, name=name, by=by)
    return certification


def _touched(batch: RenewalBatch, *, by: Actor) -> set[int]:
    """Certifications of the batch that somebody changed, renewed or added files to since, or that are out of reach."""
    of_batch = select(BatchedRenewal.certification_id).where(BatchedRenewal.batch_id == batch.id)
    changed = (
        select(Certification.id)
        .join(BatchedRenewal, BatchedRenewal.certification_id == Certification.id)
        .join(Member, Certification.member_id == Member.id)
        .where(BatchedRenewal.batch_id == batch.id)
        .where(or_(Certification.version != BatchedRenewal.version, ~in_scope(by)))
    )
    renewed = select(Certification.supersedes_id).where(
        Certification.supersedes_id.in_(of_batch), Certification.deleted_at.is_(None)
    )
    with_files = select(Scan.certification_id).where(
        Scan.certification_id.in_(of_batch), Scan.created_at > batch.made_at, Scan.deleted_at.is_(None)
    )
    found = (db.session.scalars(statement) for statement in (changed, renewed, with_files))
    return {each for those in found for each in those if each is not None}
