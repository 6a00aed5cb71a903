"""Files that have arrived and wait under the key of a form until all else of it is right. Inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import delete, func, select

from records import clock
from records.database import after_commit, db, this_organization
from records.errors import NotFound, OneFileTooMany, Refusal, TooMuchTogether, TooMuchWaiting
from records.models import Actor, Member, StoredFile, Upload, UploadedFile
from records.queries.external_certificates import upload_of
from records.services.files import Arrived, discard, row_for
from records.storage import megabytes

# How many times as much as may come together one person may have waiting, in all their forms.
_FORMS_FULL = 3


@dataclass
class Kept:
    """`ids` of the waiting files, in the order in which they arrived; `refused`: one for each that does not wait."""

    ids: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def keep(
    member: Member,
    arrived: Sequence[Arrived],
    *,
    key: str,
    most: int,
    by: Actor,
    left_out: Collection[int] = (),
    order: Sequence[int] = (),
) -> Kept:
    """Let files whose bytes are safe wait under `key`, each once, however often it arrives; those `left_out` go.

    `member` is whose records they are for; `order` are ids of waiting files as the person sees them. Raises NotFound
    where the key is that of a form about somebody else.
    """
    upload = _under(key, member, by=by)
    if left_out:
        unwanted = UploadedFile.upload_id == upload.id, UploadedFile.id.in_(left_out)
        db.session.execute(delete(UploadedFile).where(*unwanted))
    db.session.expire(upload, ["files"])
    _arrange(upload, order)
    waiting = {file.stored_file.sha256: file.id for file in upload.files}
    together, of_all_forms = sum(file.stored_file.size for file in upload.files), _waiting_bytes(by)
    kept, limit = Kept(), this_organization().most_together
    for file in arrived:
        if file.sha256 not in waiting:
            refusal = _one_more(file, len(waiting), most, together, limit) or _too_much(file, of_all_forms, limit)
            if refusal is not None:
                kept.refused.append(refusal)
                after_commit(partial(discard, file))
                continue
            row = UploadedFile(upload_id=upload.id, stored_file_id=row_for(file).id, name=file.name)
            db.session.add(row)
            db.session.flush()
            waiting[file.sha256] = row.id
            together, of_all_forms = together + file.size, of_all_forms + file.size
        kept.ids.append(waiting[file.sha256])
    db.session.expire(upload, ["files"])
    return kept


def _under(key: str, member: Member, *, by: Actor) -> Upload:
    upload = upload_of(key, by=by)
    if upload is None:
        upload = Upload(member_id=member.id, started_by_id=by.member_id, submission_key=key, created_at=clock.now())
        db.session.add(upload)
        db.session.flush()
    if upload.member_id != member.id:
        raise NotFound()
    return upload


def _one_more(file: Arrived, waiting: int, most: int, together: int, limit: int) -> Refusal | None:
    if waiting >= most:
        return OneFileTooMany(field="files", most=most, name=file.name)
    if together + file.size > limit:
        return TooMuchTogether(field="files", limit=megabytes(limit), name=file.name)
    return None


def _too_much(file: Arrived, of_all_forms: int, limit: int) -> Refusal | None:
    most = _FORMS_FULL * limit
    if of_all_forms + file.size > most:
        return TooMuchWaiting(field="files", limit=megabytes(most), name=file.name)
    return None


def _waiting_bytes(by: Actor) -> int:
    """How many bytes wait in all forms that the asker began."""
    statement = (
        select(func.coalesce(func.sum(StoredFile.size), 0))
        .join(UploadedFile, UploadedFile.stored_file_id == StoredFile.id)
        .join(Upload, UploadedFile.upload_id == Upload.id)
        .where(Upload.started_by_id == by.member_id, UploadedFile.submitted_at.is_(None))
    )
    return int(db.session.scalar(statement) or 0)


def arranged(waiting: Sequence[UploadedFile], order: Sequence[int]) -> list[UploadedFile]:
    """Files that travel side by side arrive in any order: those that the person sees stand in the `order` (ids) in
    which they see them."""
    by_id = {file.id: file for file in waiting if file.submitted_at is None}
    seen = [by_id[one_id] for one_id in dict.fromkeys(order) if one_id in by_id]
    instead = dict(zip(sorted(file.id for file in seen), seen, strict=True))
    return [instead.get(file.id, file) for file in waiting]


def _arrange(upload: Upload, order: Sequence[int]) -> None:
    """Their rows, by id, take that order."""
    if not order:
        return
    contents = [(file.stored_file_id, file.name) for file in arranged(upload.files, order)]
    for file, content in zip(upload.files, contents, strict=True):
        file.stored_file_id, file.name = content
    db.session.flush()
    for file in upload.files:
        db.session.expire(file, ["stored_file"])


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
