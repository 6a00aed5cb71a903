"""The sweep: what nobody needs any more goes, after a grace time. Each step is a transaction of its own.

Rows go before bytes: a crash between the two leaves bytes without a row, which the next sweep finds. No
step touches what somebody asked for within the grace time, so an upload under way is never in its reach.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, text
from sqlalchemy.orm import joinedload

from records import clock, jobs, throttle
from records.connections import count_for_the_planner
from records.database import db, every_organization, is_sqlite, transaction
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    Erasure,
    HalfwaySignIn,
    KeptFigures,
    ListExport,
    Logo,
    Organization,
    ProposalState,
    RegisterImport,
    RenewalProposal,
    Scan,
    SignIn,
    SingleUseLink,
    StoredFile,
    Upload,
    UploadedFile,
)
from records.queries.retention import expired_scans
from records.queries.stray_bytes import stray_bytes
from records.services.previews import forget_drawn
from records.storage import storage

GRACE = timedelta(hours=24)
# How long ended sessions, spent links and registers never brought in can still be looked at.
_OVER = timedelta(days=30)
_AT_ONCE = 500
# So long after an erasure each sweep leaves nothing of it behind in the database's own files.
_OVERWRITES = timedelta(hours=3)
_REFUSED = (ProposalState.DECLINED, ProposalState.WITHDRAWN)


@dataclass(frozen=True)
class Swept:
    """How much went: uploads never finished, registers looked over and never brought in, deleted scans past
    retention, stored files that nothing refers to, bytes without a row, sessions and links long over, exports whose
    day is over, kept figures that nobody asked for in a day."""

    uploads: int
    imports: int
    scans: int
    files: int
    bytes_without_row: int
    sessions: int
    links: int
    exports: int
    figures: int

    def counts(self) -> dict[str, int]:
        return asdict(self)


@jobs.job(every_minutes=60)
def sweep() -> None:
    sweep_now(by=Actor.job("sweep"))


def sweep_now(*, by: Actor) -> Swept:
    """All steps, in the order in which one frees what the next may take."""
    before = clock.now() - GRACE
    throttle.forget_old(before=before)
    with every_organization():
        _forget_erased()
        _count_for_the_planner()
        return Swept(
            uploads=forget_uploads(before=before),
            imports=forget_imports(before=before - _OVER),
            exports=_delete(ListExport, ListExport.expires_at < clock.now()),
            figures=_delete(KeptFigures, KeptFigures.asked_at < before),
            scans=forget_scans(by=by),
            files=forget_files(before=before),
            bytes_without_row=forget_bytes(before=before),
            sessions=_forget_sessions(before=before - _OVER),
            links=_delete(SingleUseLink, SingleUseLink.expires_at < before - _OVER),
        )


def _forget_erased() -> None:
    """What erasing took out of rows goes from the search index and the log of changes, too, where those are SQLite's;
    PostgreSQL sees to it by itself."""
    since = clock.now() - _OVERWRITES
    if not is_sqlite() or db.session.scalar(select(Erasure.id).where(Erasure.erased_at > since).limit(1)) is None:
        db.session.rollback()
        return
    with transaction() as session:
        session.execute(text("INSERT INTO member_search(member_search) VALUES ('optimize')"))
    db.session.rollback()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _count_for_the_planner() -> None:
    if not is_sqlite():
        return
    db.session.rollback()
    with transaction() as session:
        count_for_the_planner(session.connection())
    db.session.rollback()


def _forget_sessions(*, before: datetime) -> int:
    """Those that ended before this instant, and sign-ins that stayed halfway."""
    over = or_(SignIn.ended_at < before, SignIn.expires_at < before)
    return _delete(SignIn, over) + _delete(HalfwaySignIn, HalfwaySignIn.expires_at < before)


def forget_uploads(*, before: datetime) -> int:
    """Uploads begun before this instant, finished or not: what became a scan stays one."""
    return _delete(Upload, Upload.created_at < before)


def forget_imports(*, before: datetime) -> int:
    """Registers begun before this instant and never brought in; those brought in stay, also undone ones."""
    return _delete(RegisterImport, and_(RegisterImport.applied_at.is_(None), RegisterImport.created_at < before))


def forget_scans(*, by: Actor) -> int:
    """Scans that were deleted, by themselves or with their certification, longer ago than can be restored; and those
    of proposed renewals that were declined or withdrawn as long ago; and those of certifications that expired so long
    ago that the organization's own rule lets them go."""
    organizations = db.session.execute(select(Organization.id, Organization.retention_days)).all()
    return sum(_forget_scans_of(owner, timedelta(days=days), by=by) for owner, days in organizations)


def _forget_scans_of(organization_id: int, retention: timedelta, *, by: Actor) -> int:
    now, swept = clock.now(), 0
    over = or_(  # NULL is neither
        Scan.id.in_(expired_scans(organization_id)),
        Scan.deleted_at < now - retention,
        Certification.deleted_at < now - retention,
        RenewalProposal.state.in_(_REFUSED) & (RenewalProposal.decided_at < now - retention),
    )
    statement = (
        select(Scan)
        .outerjoin(RenewalProposal, Scan.renewal_proposal_id == RenewalProposal.id)
        .outerjoin(
            Certification, func.coalesce(Scan.certification_id, RenewalProposal.certification_id) == Certification.id
        )
        .where(Scan.organization_id == organization_id, over)
        .options(
            joinedload(Scan.certification),
            joinedload(Scan.external_certificate),
            joinedload(Scan.renewal_proposal),
        )
        .order_by(Scan.id)
        .limit(_AT_ONCE)
    )
    while True:
        with transaction() as session:
            scans = session.scalars(statement.with_for_update(of=Scan, skip_locked=True)).unique().all()
            for scan in scans:
                facts = {"name": scan.name, "sha256": scan.stored_file.sha256}
                session.add(AuditEvent.of(AuditKind.SCAN_SWEPT, scan, by=by, at=now, before=facts))
                session.delete(scan)
        swept += len(scans)
        if len(scans) < _AT_ONCE:
            return swept


def forget_files(*, before: datetime) -> int:
    """Stored files that nothing refers to and nobody wanted since `before`: their rows, then their bytes."""
    swept = 0
    while keys := _delete_unneeded_rows(before):
        for key in keys:
            forget_drawn(key)
            storage().delete(key)
        swept += len(keys)
    return swept


def _delete_unneeded_rows(before: datetime) -> list[str]:
    """Whoever takes in the same bytes meanwhile either keeps this row by wanting it, or stores them anew."""
    users: tuple[Any, ...] = (Scan, UploadedFile, Logo, RegisterImport, ListExport)
    needed = [select(user.stored_file_id).where(user.stored_file_id == StoredFile.id).exists() for user in users]
    statement = (
        select(StoredFile.id, StoredFile.key)
        .where(StoredFile.wanted_at < before, *(~some for some in needed))
        .order_by(StoredFile.id)
        .limit(_AT_ONCE)
        .with_for_update(of=StoredFile, skip_locked=True)
    )
    with transaction() as session:
        rows = session.execute(statement).all()
        session.execute(delete(StoredFile).where(StoredFile.id.in_([row.id for row in rows])))
    return [row.key for row in rows]


def forget_bytes(*, before: datetime) -> int:
    """Bytes written before this instant that no row points to: of crashes, and of requests cut short."""
    swept = 0
    for keys in stray_bytes(before=before):
        for key in keys:
            storage().delete(key)
        swept += len(keys)
    return swept


def _delete(model: Any, over: Any) -> int:
    with transaction() as session:
        return int(session.execute(delete(model).where(over)).rowcount)  # type: ignore[attr-defined]  # because: a DELETE's result counts rows
