"""Writing what rows came to, many rows a statement, inside the transaction of the verb that brings a register in.

The rules stand in the models: every new member is made as an object, whose own checks and folded columns count, before
its columns are sent; so is what an issuer did to a certification.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from records.database import db
from records.errors import Refusal
from records.models import Certification, CertificationType, ImportRow, Member, RowOutcome, Unit
from records.registers.rows import shown
from records.registers.values import Wanted
from records.services.in_bulk import insert_rows, new_ids, update_rows
from records.services.register_checking import Decision, Named
from records.services.register_people import Held

_MEMBER_COLUMNS = (
    "unit_id", "number", "given_name", "family_name", "suffix", "email", "joined_on", "created_at", "folded_number",
    "folded_email", "sort_name", "search_text",
)  # fmt: skip
_of_member = attrgetter(*_MEMBER_COLUMNS)
_STATUS_COLUMNS = ("suspended_on", "suspended_reason", "revoked_on", "revoked_reason")
_of_status = attrgetter(*_STATUS_COLUMNS)
_STANDS = (None, "", None, "")
_CERTIFICATION_COLUMNS = (
    "member_id", "type_id", "number", "folded_number", "issued_on", "expires_on", "recorded_on", "supersedes_id",
    "import_id", "created_at", *_STATUS_COLUMNS,
)  # fmt: skip
_ROW_COLUMNS = (
    "import_id", "line", "cells", "name", "outcome", "problem", "problem_params", "problem_column", "candidates",
    "answer", "member_id", "certification_id",
)  # fmt: skip


class Writer:
    """`made` collects the ids of the types and units that were created, `counts` members and certifications."""

    def __init__(self, import_id: int, *, at: datetime, today: date) -> None:
        self._import_id, self._at, self._today = import_id, at, today
        self.made: dict[str, list[int]] = {"types": [], "units": []}
        self.counts = {"members": 0, "certifications": 0}

    def write(self, decisions: Sequence[Decision]) -> None:
        """Everything that this batch of rows came to, and in each row what it did."""
        good = [decision for decision in decisions if decision.person is not None]
        self._make_types_and_units(good)
        self._write_members([decision for decision in good if decision.brings])
        self._write_certifications([decision for decision in good if decision.records])
        changed = self._change([decision for decision in good if decision.outcome is RowOutcome.CHANGED])
        self._note(good, changed)

    def _make_types_and_units(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if decision.type is not None and decision.type.id is None and decision.records:
                self._make(CertificationType(name=decision.type.name, created_at=self._at), decision.type, "types")
            if decision.unit is not None and decision.unit.id is None and decision.brings:
                self._make(Unit(name=decision.unit.name), decision.unit, "units")

    def _make(self, record: CertificationType | Unit, named: Named, kind: str) -> None:
        db.session.add(record)
        db.session.flush()
        named.id = record.id
        self.made[kind].append(record.id)

    def _write_members(self, decisions: Sequence[Decision]) -> None:
        rows = []
        for decision, id_ in zip(decisions, new_ids(Member, len(decisions)), strict=True):
            if decision.person is not None:
                decision.person.id = id_
            rows.append((id_, *self._member(decision)))
        insert_rows(Member, ("id", *_MEMBER_COLUMNS), rows)
        self.counts["members"] += len(rows)

    def _member(self, decision: Decision) -> tuple[Any, ...]:
        wanted = decision.wanted
        if wanted is None:
            raise ValueError("a row without values brings nobody")
        member = Member(
            unit_id=decision.unit.id if decision.unit else None,
            number=wanted.number or None,
            given_name=wanted.name.given,
            family_name=wanted.name.family,
            suffix=wanted.name.suffix,
            email=wanted.email,
            joined_on=wanted.joined_on,
            created_at=self._at,
        )
        member.fold()
        return _of_member(member)

    def _write_certifications(self, decisions: Sequence[Decision]) -> None:
        """In the order of the file: a renewal comes after what it renews."""
        rows = []
        for decision, id_ in zip(decisions, new_ids(Certification, len(decisions)), strict=True):
            _held(decision).id = id_
            rows.append((id_, *self._certification(decision)))
        insert_rows(Certification, ("id", *_CERTIFICATION_COLUMNS), rows)
        self.counts["certifications"] += len(rows)

    def _certification(self, decision: Decision) -> tuple[Any, ...]:
        """As the model makes it: a test holds the two alike. The row was read and judged: its number is tidy, and it
        does not expire before it is issued."""
        wanted, held = decision.wanted, _held(decision)
        if wanted is None or decision.person is None or decision.type is None:
            raise ValueError("a row without values records no certification")
        return (
            decision.person.id,
            decision.type.id,
            wanted.certification_number,
            held.number_key,
            wanted.issued_on,
            held.expires_on,
            self._today,
            decision.supersedes.id if decision.supersedes else None,
            self._import_id,
            self._at,
            *(self._status(wanted, held) if held.is_suspended or held.is_revoked else _STANDS),
        )

    def _status(self, wanted: Wanted, held: Held) -> tuple[Any, ...]:
        certification = Certification()
        since, reason = wanted.status_since or self._today, wanted.status_word
        certification.suspend(on=since if held.is_suspended else None, reason=reason)
        certification.revoke(on=since if held.is_revoked else None, reason=reason)
        return _of_status(certification)

    def _change(self, decisions: Sequence[Decision]) -> dict[int, tuple[dict[str, Any], int]]:
        """By line: what the changed columns held before, and the version that is left behind."""
        wanted = {_held(decision).id: decision for decision in decisions}
        found = db.session.scalars(select(Certification).where(Certification.id.in_(wanted))).all() if wanted else []
        before: dict[int, dict[str, Any]] = {}
        for certification in found:
            decision = wanted[certification.id]
            before[decision.row.line] = {name: _plain(getattr(certification, name)) for name in decision.changes}
            for name, value in decision.changes.items():
                setattr(certification, name, value)
            certification.check()
        db.session.flush()
        versions = {wanted[certification.id].row.line: certification.version for certification in found}
        for certification in found:
            db.session.expunge(certification)
        return {line: (before[line], versions[line]) for line in before}

    def _note(self, decisions: Sequence[Decision], changed: dict[int, tuple[dict[str, Any], int]]) -> None:
        lines = [decision.row.line for decision in decisions]
        if not lines:
            return
        of_batch = select(ImportRow.line, ImportRow.id).where(
            ImportRow.import_id == self._import_id, ImportRow.line.between(min(lines), max(lines))
        )
        ids = dict(db.session.execute(of_batch).all())
        notes = []
        for decision in decisions:
            made = (("member", decision.brings), ("certification", decision.records))
            before, version = changed.get(decision.row.line, ({}, 1))
            notes.append((
                ids[decision.row.line],
                decision.person.id if decision.person else None,
                decision.held.id if decision.held else None,
                [kind for kind, is_new in made if is_new],
                before,
                {"certification": version} if decision.held else {},
            ))  # fmt: skip
        update_rows(ImportRow, ("member_id", "certification_id", "created", "before", "versions"), notes)


def keep_rows(import_id: int, decisions: Iterable[Decision], answers: dict[int, str]) -> None:
    """What the dry run found for each row."""
    rows = [
        (
            import_id,
            decision.row.line,
            [shown(cell) for cell in decision.row.cells],
            decision.name,
            decision.outcome,
            *_told(decision.problem),
            decision.candidates,
            answers.get(decision.row.line, ""),
            decision.person.id if decision.person else None,
            decision.held.id if decision.held else None,
        )
        for decision in decisions
    ]
    insert_rows(ImportRow, _ROW_COLUMNS, rows)


def _told(problem: Refusal | None) -> tuple[str, dict[str, str], str]:
    if problem is None:
        return "", {}, ""
    return problem.sentence, {name: str(value) for name, value in problem.params.items()}, problem.field or ""


def _held(decision: Decision) -> Held:
    if decision.held is None:
        raise ValueError("a row without a certification")
    return decision.held


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
