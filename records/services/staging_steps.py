"""Files that have arrived and wait under the key of a form until all else of it is right. Inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, select

from records import clock
from records.database import db
from records.models import Actor, Member, Upload, UploadedFile
from records.queries.external_certificates import upload_of
from records.services.files import Arrived, row_for


def keep(
    member: Member, arrived: Sequence[Arrived], *, key: str, most: int, by: Actor, left_out: Collection[int] = ()
) -> list[str]:
    """Let files whose bytes are safe wait under `key`, each once; those `left_out` (ids of waiting files) go.

    `member` is whose form it is. Returns the names of files beyond `most`, which are not kept.
    """
    upload = upload_of(key, by=by)
    if upload is None:
        upload = Upload(member_id=member.id, started_by_id=member.id, submission_key=key, created_at=clock.now())
        db.session.add(upload)
        db.session.flush()
    unwanted = and_(UploadedFile.upload_id == upload.id, UploadedFile.id.in_(left_out))
    db.session.execute(delete(UploadedFile).where(unwanted))
    waiting = set(db.session.scalars(select(UploadedFile.stored_file_id).where(UploadedFile.upload_id == upload.id)))
    too_many = []
    for file in arrived:
        stored = row_for(file)
        if stored.id in waiting:
            continue
        if len(waiting) == most:
            too_many.append(file.name)
            continue
        db.session.add(UploadedFile(upload_id=upload.id, stored_file_id=stored.id, name=file.name))
        waiting.add(stored.id)
    db.session.flush()
    return too_many


def move(key: str, *, to: str, by: Actor) -> None:
    """What waits under `key` waits under another one: the first form was submitted already."""
    upload = upload_of(key, by=by)
    if upload is not None:
        upload.submission_key = to
        db.session.flush()


def forget(key: str, *, by: Actor) -> None:
    """Nothing waits under `key` any more: its files have become scans."""
    db.session.execute(delete(Upload).where(Upload.submission_key == key, Upload.started_by_id == by.member_id))
    db.session.flush()
