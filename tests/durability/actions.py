"""What is interrupted: upload, replace, delete, approve, import by people; sweep and preview by the worker."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from records import clock
from records.database import choose_organization, db, every_organization, found, transaction
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Base,
    Certification,
    Preview,
    Scan,
    SignIn,
    StoredFile,
    ThrottleCount,
)
from records.services import files, previews, register_imports, sweeps
from records.storage import preview_key, thumbnail_key
from tests import certificates, samples, stored
from tests.cast import Cast
from tests.clients import SignedClient
from tests.durability.processes import Door, Visitor
from tests.forms import filled, read
from tests.holdings import give
from tests.registers import HEADER, MAPPING

DAY = timedelta(days=1)
OLD, NEW = b"as it was", b"as it should be"
REGISTER = HEADER + "".join(f"Ann Abel,A-{number},EMT-Basic,,20{30 + number}-01-31\n" for number in range(20))
KEY = "k" * 22


@dataclass(frozen=True)
class Scene:
    """What stands before anybody acts, as ids and values."""

    ada: Visitor
    max: Visitor
    certification_id: int
    scan_id: int
    certificate_id: int
    approving: dict[str, list[str]]
    editing: dict[str, Any]
    import_id: int
    import_version: int

    @classmethod
    def set_up(cls, app: Flask, cast: Cast) -> Scene:
        ada = SignedClient(app)
        ada.enter(cast.ada)
        certification_id = give(cast.max, cast.emt, 400, files={"card.txt": OLD})
        scan_id = db.session.scalars(select(Scan.id)).one()
        type_ = certificates.credit_type()
        certificate = certificates.submitted(cast, type_)
        editing = {
            "title": "Ladder rescue", "credit_type_id": str(type_.id), "credits": "2.50", "earned_on": "2025-03-01",
            "key": KEY, "seen": certificate.digest(), "drop": [str(scan.id) for scan in certificate.scans],
        }  # fmt: skip
        approve = f"/admin/approvals/{certificate.id}"
        approving = filled(read(ada.get(approve).text), action=f"{approve}/approve")
        approving.pop("csrf_token")
        by = cast.actor(cast.ada)
        register = register_imports.start(io.BytesIO(REGISTER.encode()), name="a.csv", by=by, mapping=MAPPING)
        register_imports.check(register, MAPPING, by=by)
        _leave_leftovers(cast)
        previews.draw_previews()
        _let_one_wait_for_its_preview(cast)
        register = found(type(register), register.id)
        return cls(
            Visitor.of(app, cast.ada), Visitor.of(app, cast.max), certification_id, scan_id, certificate.id, approving,
            editing, register.id, register.version,
        )  # fmt: skip


def _leave_leftovers(cast: Cast) -> None:
    """A file that nobody wants any more, with its preview to come, and bytes that never got a row."""
    arrived = files.take_in(io.BytesIO(samples.picture("PNG", colour="gold")), name="a.png", organization=cast.fire)
    with transaction() as session:
        stored = files.row_for(arrived)
        session.execute(update(StoredFile).where(StoredFile.id == stored.id).values(wanted_at=clock.now() - 9 * DAY))
    files.take_in(io.BytesIO(b"never got a row"), name="b", organization=cast.fire)


def _let_one_wait_for_its_preview(cast: Cast) -> None:
    give(cast.mia, cast.emt, 300, files={"back.png": samples.picture("PNG", colour="olive")})


@dataclass(frozen=True)
class Action:
    """`send` asks a served application, and returns the status; `job` runs in a process of its own instead."""

    name: str
    send: Callable[[Door, Scene], int | None] | None = None
    job: Callable[[], Any] | None = None
    # What a person may be told when the same is sent a second time.
    again: tuple[int, ...] = (302,)


def _upload(door: Door, scene: Scene) -> int | None:
    path = f"/admin/certifications/{scene.certification_id}/files"
    return door.post(path, scene.ada, {"key": KEY}, {"files": ("new.txt", NEW)})


def _replace(door: Door, scene: Scene) -> int | None:
    path = f"/portfolio/certificates/{scene.certificate_id}/edit"
    return door.post(path, scene.max, scene.editing, {"files": ("new.txt", NEW)})


def _delete(door: Door, scene: Scene) -> int | None:
    return door.post(f"/admin/scans/{scene.scan_id}/delete", scene.ada, {})


def _approve(door: Door, scene: Scene) -> int | None:
    return door.post(f"/admin/approvals/{scene.certificate_id}/approve", scene.ada, scene.approving)


def _import(door: Door, scene: Scene) -> int | None:
    return door.post(f"/admin/imports/{scene.import_id}/apply", scene.ada, {"version": str(scene.import_version)})


_BY_PEOPLE = (
    Action("upload", _upload),
    Action("replace", _replace),
    Action("delete", _delete, again=(302, 404)),
    Action("approve", _approve, again=(302, 409)),
    Action("import", _import, again=(302, 409)),
)
_BY_THE_WORKER = (
    Action("sweep", job=partial(sweeps.sweep_now, by=Actor.job("sweep"))),
    Action("preview", job=previews.draw_previews),
)
BY_PEOPLE = {action.name: action for action in _BY_PEOPLE}
ACTIONS = BY_PEOPLE | {action.name: action for action in _BY_THE_WORKER}

_NOTES = (SignIn, ThrottleCount)


def rows() -> Counter[str]:
    """How many rows each table has: what came of everything. Refusals and who looked are no outcome."""
    counted: Counter[str] = Counter()
    with every_organization():
        for mapper in Base.registry.mappers:
            if mapper.class_ not in _NOTES and "audit" not in str(mapper.local_table):
                counted[str(mapper.local_table)] = (
                    db.session.scalar(select(func.count()).select_from(mapper.class_)) or 0
                )
        noted = (AuditKind.REFUSED, AuditKind.CERTIFICATE_OPENED, AuditKind.SCAN_VIEWED)
        events = select(AuditEvent.kind, func.count()).where(AuditEvent.kind.not_in(noted)).group_by(AuditEvent.kind)
        counted.update({f"event {kind}": number for kind, number in db.session.execute(events)})
        live = select(func.count()).select_from(Scan).where(Scan.deleted_at.is_(None))
        counted["live scans"] = db.session.scalar(live) or 0
        holding = select(func.count()).select_from(Certification).where(Certification.deleted_at.is_(None))
        counted["live certifications"] = db.session.scalar(holding) or 0
    db.session.rollback()
    return counted


def sweep_everything(cast: Cast) -> None:
    """As the worker does when the grace time of all that happened has passed."""
    with clock.standing_at(clock.now() + 2 * DAY):
        sweeps.sweep_now(by=Actor.job("sweep"))
    choose_organization(cast.fire.id)


def stored_by_rows() -> set[str]:
    """The keys of all bytes that there should be."""
    keys: set[str] = set()
    with every_organization():
        for stored in db.session.scalars(select(StoredFile)):
            keys.add(stored.key)
            if stored.preview == Preview.READY:
                keys |= {preview_key(stored.key), thumbnail_key(stored.key)}
    db.session.rollback()
    return keys


def stored_files() -> set[str]:
    """The keys of all bytes that there are."""
    return stored.names()
