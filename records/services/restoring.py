"""Restoring a backup into an empty installation, on either database, of the same version or a newer one.

Bytes first, then all rows in one transaction: until it commits, the installation is as empty as before, and a restore
that was killed is simply started again. Bytes that the backup has, too, are no harm then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text, update

from records import clock
from records.carrying import rows, schema
from records.carrying.backup_folder import BackupFolder, Manifest
from records.carrying.files import NotCarried, carry_all
from records.carrying.loading import loading
from records.database import db
from records.errors.backups import BackupInconsistent, BackupOfNewerVersion, InstallationNotEmpty
from records.mail import SECRET_FACTS
from records.models.message import WAITING
from records.storage import is_arriving, storage

_EVER = float("inf")
_HELD = "Held back when a backup was restored."


# A worker that was there first has written when it runs what; nothing hangs on it.
_OF_WORKERS = ("job_state",)


@dataclass(frozen=True)
class Restored:
    """`problems` names the bytes that could not be restored; `waiting` counts the messages that will be mailed."""

    manifest: Manifest
    problems: list[str]
    waiting: int


def restore(backup: BackupFolder, *, hold_mail: bool = False) -> Restored:
    """Fill the installation, which must be empty. Bytes that are missing from the backup, or are not what was written,
    are left out and named. `hold_mail`: messages that were still to be mailed never are.

    Raises BackupDamaged, BackupInconsistent, BackupOfNewerVersion, InstallationNotEmpty, StorageFull.
    """
    manifest = backup.manifest()
    if not schema.is_known(manifest.migration):
        raise BackupOfNewerVersion(version=manifest.version, migration=manifest.migration)
    with db.engine.connect() as connection:
        _require_empty(connection)
    _require_no_other_bytes(backup)
    schema.bring_to(db.engine, manifest.migration)
    problems = _restore_bytes(backup)
    with loading(db.engine) as target:
        _require_empty(target)
        _restore_rows(backup, manifest, target)
        if hold_mail:
            _hold_mail(target)
        waiting = target.scalar(select(func.count()).select_from(text("message")).where(text(WAITING))) or 0
    schema.bring_to(db.engine, "head")
    return Restored(manifest, problems, waiting)


def _require_empty(connection: Connection) -> None:
    if name := rows.filled(connection, without=_OF_WORKERS):
        raise InstallationNotEmpty(what=f"its database has rows, such as in the table {name}")


def _require_no_other_bytes(backup: BackupFolder) -> None:
    """What a killed upload left among the arriving bytes is no harm, nor what the backup has."""
    for key in storage().keys_before(_EVER):
        if not is_arriving(key) and not backup.has(key):
            raise InstallationNotEmpty(what=f"its storage has bytes that are not of this backup, such as {key}")


def _restore_bytes(backup: BackupFolder) -> list[str]:
    carried = carry_all(backup.bytes(), backup.storage, storage())
    return [str(outcome) for _wanted, outcome in carried if isinstance(outcome, NotCarried)]


def _restore_rows(backup: BackupFolder, manifest: Manifest, target: Connection) -> None:
    with backup.database() as source:
        try:
            copied = rows.copy_rows(source, target)
        except ValueError as error:
            raise BackupInconsistent(problem=str(error)) from error
    if {name: number for name, number in copied.items() if number} != {
        name: number for name, number in manifest.tables.items() if number
    }:
        raise BackupInconsistent(problem="there are not as many as the manifest says")
    rows.count_on(target, manifest.numbers)


def _hold_mail(target: Connection) -> None:
    """As with messages that could not be sent: they stay on record, their links are wiped."""
    message = rows.tables(target)["message"]
    for message_id, facts in target.execute(select(message.c.id, message.c.facts).where(text(WAITING))).all():
        kept = {key: value for key, value in json.loads(facts).items() if key not in SECRET_FACTS}
        held = {"failed_at": clock.now(), "last_error": _HELD, "facts": json.dumps(kept)}
        target.execute(update(message).where(message.c.id == message_id).values(**held))
