"""What staff do with a pile of scans: stage the files, match each to certifications, submit, or discard.

Staging and discarding are one transaction each. Submitting is one transaction a file: the good files
land, and what fails stays staged, to be mended without choosing it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from secrets import token_urlsafe

from sqlalchemy import delete, select, update

from records import clock
from records.database import db, lock, locked, transaction
from records.errors import (
    CertificationChanged,
    InvalidInput,
    NoFiles,
    NotFound,
    OtherSideMissing,
    Refusal,
    TooManyFiles,
    TypeUnknown,
)
from records.models import Actor, Certification, Member, Upload, UploadedFile
from records.models.text import tidy
from records.services import certification_steps as steps
from records.services.files import Arrived
from records.services.scan_steps import attach
from records.services.staging_steps import Kept, keep

MOST_FILES = 50


@dataclass(frozen=True)
class Facts:
    """What a person gives, or was shown, for one certification."""

    issued_on: date | None = None
    expires_on: date | None = None
    number: str = ""

    @classmethod
    def of(cls, certification: Certification) -> Facts:
        return cls(certification.issued_on, certification.expires_on, certification.number)


@dataclass(frozen=True)
class Target:
    """One certification that a file goes to: an existing one (`add_to_id`), a renewal of one (`renews_id`),
    or a new one (`type_id`). `shown` is what stood in the fields when an existing one had been chosen;
    None where the person saw empty fields, which then mean "as it is"."""

    given: Facts
    add_to_id: int | None = None
    renews_id: int | None = None
    type_id: int | None = None
    shown: Facts | None = None


@dataclass(frozen=True)
class Match:
    """Where one file goes: to where another file of the upload went (`same_as_id`), to `targets`, or nowhere."""

    file_id: int
    targets: Sequence[Target] = ()
    same_as_id: int | None = None
    left_out: bool = False


class FileRefused(Refusal):
    """`errors` maps a position to what is wrong there, each an InvalidInput by field: `certification`,
    `issued_on`, `expires_on`, `number`. The other side comes first, where there is one, then the targets."""

    status = 422

    def __init__(self, errors: dict[int, InvalidInput]) -> None:
        super().__init__()
        self.errors = errors


def stage(member: Member, arrived: Sequence[Arrived], *, key: str, by: Actor, left_out: Collection[int] = ()) -> Kept:
    """Keep files whose bytes are safe until the form that carries `key` goes on; those `left_out` (ids of staged
    files) go. Raises NotFound, NotAllowed, OwnCertifications, ModuleOff."""
    with transaction():
        member = _for_files(member, by=by)
        return keep(member, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out)


def start(
    member: Member,
    arrived: Sequence[Arrived],
    *,
    by: Actor,
    key: str = "",
    left_out: Collection[int] = (),
    order: Sequence[int] = (),
) -> Upload:
    """Go on with files whose bytes are safe, and with those that wait under `key`; `left_out` and `order` are ids of
    the latter. The same key is the same upload. Raises NoFiles, OneFileTooMany, TooMuchTogether (field `files`), and
    as `stage`.
    """
    key = key or token_urlsafe(16)
    with transaction():
        member = _for_files(member, by=by)
        kept = keep(member, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out, order=order)
        if kept.refused:
            raise kept.refused[0]
        upload = db.session.scalars(select(Upload).where(Upload.submission_key == key)).one()
        require_number(len(upload.files))
    return upload


def _for_files(member: Member, *, by: Actor) -> Member:
    steps.require_tracking()
    member = lock(member)
    member.require_certifications_changed_by(by)
    return member


def require_number(files: int) -> None:
    """Raises NoFiles and TooManyFiles (field `files`)."""
    if not files:
        raise NoFiles(field="files")
    if files > MOST_FILES:
        raise TooManyFiles(field="files", most=MOST_FILES)


def submit(upload: Upload, matches: Iterable[Match], *, by: Actor) -> dict[int, FileRefused]:
    """Attach each file where its match says; what failed, by file. Files submitted before stay as they are.

    Files that are left out go once nothing else waits.
    """
    refused: dict[int, FileRefused] = {}
    left_out: set[int] = set()
    for match in matches:
        if match.left_out:
            left_out.add(match.file_id)
            continue
        try:
            submit_file(upload, match, by=by)
        except FileRefused as refusal:
            refused[match.file_id] = refusal
    leave_out(upload, left_out, by=by)
    return refused


def submit_file(upload: Upload, match: Match, *, by: Actor) -> None:
    """One file, in one transaction; nothing happens where it was submitted before. Raises FileRefused."""
    with transaction() as session:
        upload, member = _held(upload, by=by)
        waiting = (
            update(UploadedFile)
            .where(UploadedFile.id == match.file_id, UploadedFile.upload_id == upload.id)
            .where(UploadedFile.submitted_at.is_(None))
            .values(submitted_at=clock.now())
        )
        if session.execute(waiting).rowcount != 1:  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows
            return
        file = locked(UploadedFile, match.file_id)
        certifications = _where_it_goes(match, upload, member, by=by)
        for certification in certifications:
            attach(certification, file.stored_file, name=file.name, by=by)
        file.certification_ids = sorted({certification.id for certification in certifications})


def leave_out(upload: Upload, file_ids: set[int], *, by: Actor) -> None:
    """Forget staged files that nobody wants, unless others still wait; the sweep takes their bytes."""
    with transaction() as session:
        upload, _member = _held(upload, by=by)
        unsubmitted = (UploadedFile.upload_id == upload.id, UploadedFile.submitted_at.is_(None))
        if set(session.scalars(select(UploadedFile.id).where(*unsubmitted))) <= file_ids:
            session.execute(delete(UploadedFile).where(*unsubmitted))


def discard(upload: Upload, *, by: Actor) -> None:
    """Forget the upload. What was submitted stays; the sweep takes the bytes of all else."""
    with transaction() as session:
        upload, _member = _held(upload, by=by)
        session.execute(delete(Upload).where(Upload.id == upload.id))


def _held(upload: Upload, *, by: Actor) -> tuple[Upload, Member]:
    """Both locked, so that two submissions of one upload, or for one member, follow each other."""
    steps.require_tracking()
    upload = lock(upload)
    if upload.started_by_id != by.member_id:
        raise NotFound()
    member = locked(Member, upload.member_id)
    member.require_certifications_changed_by(by)
    return upload, member


def _where_it_goes(match: Match, upload: Upload, member: Member, *, by: Actor) -> list[Certification]:
    certifications: list[Certification] = []
    errors: dict[int, InvalidInput] = {}
    sides: list[int | Target] = [] if match.same_as_id is None else [match.same_as_id]
    for position, goal in enumerate([*sides, *match.targets]):
        try:
            with db.session.begin_nested():
                if isinstance(goal, Target):
                    certifications.append(_certification(goal, upload, member, by=by))
                else:
                    certifications.extend(_of_other_side(upload, goal))
        except InvalidInput as refusal:
            errors[position] = _by_field(refusal)
    if errors:
        raise FileRefused(errors)
    return certifications


def _by_field(refusal: InvalidInput) -> InvalidInput:
    """With the names of the wizard's fields."""
    names = {"type_id": "certification", "renews_id": "certification"}
    return InvalidInput({names.get(field, field): error for field, error in refusal.errors.items()})


def _of_other_side(upload: Upload, file_id: int) -> list[Certification]:
    """Where the other side of the same paper went. Raises InvalidInput."""
    other = db.session.get(UploadedFile, file_id)
    if other is None or other.upload_id != upload.id:
        raise InvalidInput({"certification": TypeUnknown(field="certification")})
    certifications = _made_of([other]) if other.submitted_at else []
    if not certifications:
        raise InvalidInput({"certification": OtherSideMissing(field="certification", name=other.name)})
    return certifications


def _made_of(files: Iterable[UploadedFile]) -> list[Certification]:
    ids = {certification_id for file in files for certification_id in file.certification_ids}
    statement = select(Certification).where(Certification.id.in_(ids), Certification.deleted_at.is_(None))
    return list(db.session.scalars(statement.order_by(Certification.id)))


def _certification(target: Target, upload: Upload, member: Member, *, by: Actor) -> Certification:
    """The certification that the target names, made or corrected as it says. Raises InvalidInput."""
    if target.add_to_id is not None:
        return _existing(target, target.add_to_id, member, by=by)
    type_id = target.type_id
    if target.renews_id is not None:
        type_id = _of_member(target.renews_id, member).type_id
    given = target.given
    entry = steps.Entry(type_id, given.expires_on, given.issued_on, given.number, target.renews_id)
    return _made_already(entry, upload) or steps.record(member, entry, by=by)


def _made_already(entry: steps.Entry, upload: Upload) -> Certification | None:
    """Front and back of one paper, each entered as the same new certification, are one certification."""
    files = db.session.scalars(
        select(UploadedFile).where(UploadedFile.upload_id == upload.id, UploadedFile.submitted_at.is_not(None))
    )
    wanted = (entry.type_id, entry.renews_id, tidy(entry.number), entry.issued_on, entry.expires_on)
    for made in _made_of(files):
        if (made.type_id, made.supersedes_id, made.number, made.issued_on, made.expires_on) == wanted:
            return made
    return None


def _existing(target: Target, certification_id: int, member: Member, *, by: Actor) -> Certification:
    """Corrected where the fields differ from what they showed. Raises InvalidInput."""
    certification = _of_member(certification_id, member)
    now, given = Facts.of(certification), target.given
    if target.shown is None:
        given = Facts(given.issued_on or now.issued_on, given.expires_on or now.expires_on, given.number or now.number)
    given = Facts(given.issued_on, given.expires_on, tidy(given.number))
    if given in (now, target.shown):
        return certification
    if target.shown not in (None, now):
        raise InvalidInput({"certification": CertificationChanged(field="certification")})
    entry = steps.Entry(certification.type_id, given.expires_on, given.issued_on, given.number)
    steps.correct(certification, entry, by=by)
    return certification


def _of_member(certification_id: int, member: Member) -> Certification:
    try:
        certification = locked(Certification, certification_id)
    except NotFound:
        certification = None
    if certification is None or certification.member_id != member.id or certification.deleted_at is not None:
        raise InvalidInput({"certification": TypeUnknown(field="certification")})
    return certification
