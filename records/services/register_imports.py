"""Bringing in a register: take the file, say what its columns are, see what would happen, then let it happen.

An import is mapped and checked as often as needed; the check writes no member and no certification.
Applying decides every row anew, in one transaction, and refuses where that comes to something else than
the check has shown.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import clock
from records.database import lock, this_organization, transaction
from records.errors import N_, FileTooLarge, Invalid, InvalidInput, RegisterChanged, Stale
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    ImportRow,
    ImportState,
    Organization,
    RegisterImport,
    RowOutcome,
    StoredFile,
)
from records.models.scan import file_name
from records.registers import files as registers
from records.registers.mapping import DATES, IdentifyBy, Mapping
from records.registers.rows import Reading, named_columns
from records.registers.survey import Survey, surveyed
from records.registers.values import names_in
from records.services import files
from records.services.certification_steps import require_tracking
from records.services.register_checking import Checker, Decision
from records.services.register_mappings import keep_mapping, mapped
from records.services.register_people import batches
from records.services.register_writing import Writer, keep_rows
from records.storage import megabytes, storage

_ROWS_AT_ONCE = 1000


def start(stream: BinaryIO, *, name: str | None, by: Actor, mapping: Mapping | None = None) -> RegisterImport:
    """Take in a file. Its columns are mapped by `mapping`, else as a file with the same header was, else guessed.

    Raises NotAllowed, ModuleOff, UnreadableRegister, FileTooLarge and what storing a file raises.
    """
    by.require_staff()
    require_tracking()
    survey, reading = _looked_over(stream, name=name)
    stream.seek(0)
    arrived = files.take_in(stream, name=name, organization=this_organization())
    with transaction() as session:
        stored = files.row_for(arrived)
        register_import = RegisterImport(
            stored_file_id=stored.id,
            file_name=arrived.name,
            reading=reading.to_json(),
            survey=survey.to_json(),
            mapping=mapped(survey, mapping).to_json(),
            started_by_id=by.member_id,
            started_by_name=by.name,
            created_at=clock.now(),
        )
        session.add(register_import)
    return register_import


def read_again(register_import: RegisterImport, reading: Reading, *, by: Actor, mapping: Mapping | None = None) -> None:
    """Read the file with another encoding, delimiter or sheet; its columns are mapped as in `start`.

    Raises UnreadableRegister, BroughtInAlready.
    """
    registers.require_known(reading)
    with transaction() as session:
        register_import = _open_import(register_import, by=by)
        with _file_of(register_import) as file:
            survey = surveyed(registers.opened(file, reading))
        _require_rows(survey)
        register_import.reading, register_import.survey = reading.to_json(), survey.to_json()
        register_import.mapping = mapped(survey, mapping).to_json()
        _forget_check(session, register_import)


def check(register_import: RegisterImport, mapping: Mapping, *, by: Actor) -> None:
    """The dry run: what each row would come to with this mapping, which is kept for the next such file.

    Answers given before count on while the mapping stays the same. Raises InvalidInput (an Invalid for each
    part of the mapping that is missing), BroughtInAlready.
    """
    with transaction() as session:
        register_import = _open_import(register_import, by=by)
        survey = Survey.from_json(register_import.survey)
        mapping = mapping.for_header(survey.header)
        _require_complete(mapping, survey)
        answers = _answers(session, register_import) if mapping.to_json() == register_import.mapping else {}
        register_import.mapping = mapping.to_json()
        keep_mapping(session, survey, mapping)
        _run_dry(session, register_import, answers, by=by)


def answer(register_import: RegisterImport, answers: dict[int, str], *, others: str = "", by: Actor) -> None:
    """Say who is meant in rows that ask (by line), and `others`: the answer for all rows left open.

    An answer that the row does not offer counts as none. Raises BroughtInAlready.
    """
    with transaction() as session:
        register_import = _open_import(register_import, by=by)
        given = _answers(session, register_import) | {line: word[:40] for line, word in answers.items()}
        if others:
            asking = select(ImportRow.line).where(
                ImportRow.import_id == register_import.id, ImportRow.outcome == RowOutcome.ASK
            )
            given |= {line: others[:40] for line in session.scalars(asking) if not given.get(line)}
        _run_dry(session, register_import, given, by=by)


def apply(register_import: RegisterImport, *, version: int, by: Actor) -> None:
    """Bring in all good rows at once. `version` is that of the check that the asker saw.

    Raises Stale, NotChecked, BroughtInAlready, and RegisterChanged where rows would come to something else now.
    """
    try:
        with transaction() as session:
            _let_others_wait(session)
            register_import = _open_import(register_import, by=by)
            register_import.require_checked()
            if register_import.version != version:
                raise Stale()
            writer = Writer(register_import.id, at=clock.now(), today=clock.today(this_organization()))
            answers = _answers(session, register_import)
            counts, digest = _decide(register_import, answers, writer.write, by=by, held_back=True)
            if digest != register_import.digest:
                raise RegisterChanged()
            register_import.apply(counts=counts | writer.counts, made=writer.made, at=clock.now())
            session.flush()
            session.add(_event(AuditKind.REGISTER_IMPORTED, register_import, by=by))
    except IntegrityError:
        raise RegisterChanged() from None


def discard(register_import: RegisterImport, *, by: Actor) -> None:
    """Forget an import that was not brought in, with all that its check found. Raises BroughtInAlready."""
    with transaction() as session:
        session.delete(_open_import(register_import, by=by))


def sheets(register_import: RegisterImport) -> Sequence[str]:
    """The names of the workbook's sheets."""
    with _file_of(register_import) as file:
        return registers.sheets(file)


def _open_import(register_import: RegisterImport, *, by: Actor) -> RegisterImport:
    require_tracking()
    register_import = lock(register_import)
    register_import.require_handled_by(by)
    register_import.require_open()
    return register_import


def _let_others_wait(session: Session) -> None:
    """One register at a time comes into an organization, so that no two bring the same person."""
    organization_id = this_organization().id
    session.scalars(select(Organization).where(Organization.id == organization_id)
                    .with_for_update(key_share=True)).one()  # fmt: skip


def _run_dry(session: Session, register_import: RegisterImport, answers: dict[int, str], *, by: Actor) -> None:
    _forget_check(session, register_import)
    import_id = register_import.id
    counts, digest = _decide(
        register_import, answers, lambda decisions: keep_rows(import_id, decisions, answers), by=by
    )
    register_import.counts, register_import.digest = counts, digest
    register_import.state = ImportState.CHECKED


def _decide(
    register_import: RegisterImport,
    answers: dict[int, str],
    act: Callable[[Sequence[Decision]], None],
    *,
    by: Actor,
    held_back: bool = False,
) -> tuple[dict[str, int], str]:
    """Judge all rows in batches and `act` on each: how many came to what, and the digest of it all."""
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    mapping, reading = Mapping.from_json(register_import.mapping), Reading.from_json(register_import.reading)
    with _file_of(register_import) as file:
        names = names_in(registers.opened(file, reading), mapping) if mapping.identify_by is IdentifyBy.NAME else None
        register = registers.opened(file, reading)
        checker = Checker(
            mapping,
            named_columns(register.header),
            by=by,
            today=clock.today(this_organization()),
            answers=answers,
            held_back=held_back,
            names=names,
        )
        for rows in batches(register.rows(), _ROWS_AT_ONCE):
            decisions = checker.judge(rows)
            counts.update(decision.outcome for decision in decisions)
            digest.update("".join(map(_told, decisions)).encode())
            act(decisions)
    return dict(counts), digest.hexdigest()


def _told(decision: Decision) -> str:
    """What a row comes to, in a line of the digest."""
    return f"{decision.row.line} {decision.outcome} {decision.person.reference if decision.person else ''}\n"


def _forget_check(session: Session, register_import: RegisterImport) -> None:
    session.execute(delete(ImportRow).where(ImportRow.import_id == register_import.id))
    register_import.state, register_import.counts, register_import.digest = ImportState.MAPPING, {}, ""


def _answers(session: Session, register_import: RegisterImport) -> dict[int, str]:
    given = select(ImportRow.line, ImportRow.answer).where(
        ImportRow.import_id == register_import.id, ImportRow.answer != ""
    )
    return dict(session.execute(given).all())


def _looked_over(stream: BinaryIO, *, name: str | None) -> tuple[Survey, Reading]:
    """Before anything is stored: what is not a table is refused."""
    if stream.seek(0, io.SEEK_END) > registers.LARGEST_REGISTER:
        limit = megabytes(registers.LARGEST_REGISTER)
        raise FileTooLarge(name=file_name(name), limit=limit, field="file")
    reading = registers.detected(stream)
    survey = surveyed(registers.opened(stream, reading))
    _require_rows(survey)
    return survey, reading


def _require_rows(survey: Survey) -> None:
    if not survey.rows:
        raise Invalid(N_("There are no rows below the header."), field="file")


def _require_complete(mapping: Mapping, survey: Survey) -> None:
    mapping.require_complete()
    dates = [name for name, held in mapping.columns.items() if held in DATES]
    if mapping.date_order is None and survey.needs_date_order(dates):
        raise InvalidInput({"dates": Invalid(N_("Say whether dates have the month or the day first."))})


def _event(kind: AuditKind, register_import: RegisterImport, *, by: Actor) -> AuditEvent:
    after: dict[str, Any] = {
        "file_name": register_import.file_name,
        "sha256": register_import.its_file.sha256,
        "mapping": register_import.mapping,
        "counts": register_import.counts,
        "made": register_import.made,
    }
    return AuditEvent.of(kind, register_import, by=by, at=clock.now(), after=after)


@contextmanager
def _file_of(register_import: RegisterImport) -> Iterator[BinaryIO]:
    with _opened(register_import.its_file) as file:
        yield file


@contextmanager
def _opened(stored: StoredFile) -> Iterator[BinaryIO]:
    """The bytes, from which one can read more than once."""
    with storage().open(stored.key) as file:
        yield file if file.seekable() else io.BytesIO(file.read())
