"""Writing what rows came to, many rows a statement, inside the transaction of the verb that brings a register in.

The rules stand in the models: every new record is made as an object, whose own checks and folded columns
count, before its columns are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update

from records.database import chosen_organization_id, db
from records.models import Certification, CertificationType, ImportRow, Member, RowOutcome, Unit
from records.registers.rows import shown
from records.services.register_checking import Decision, Named
from records.services.register_people import Held

_MEMBER_COLUMNS = (
    "organization_id", "unit_id", "number", "given_name", "family_name", "suffix", "email", "joined_on", "created_at",
    "folded_number", "folded_email", "sort_name", "search_text",
)  # fmt: skip
_CERTIFICATION_COLUMNS = (
    "organization_id", "member_id", "type_id", "number", "folded_number", "issued_on", "expires_on", "recorded_on",
    "supersedes_id", "suspended_on", "suspended_reason", "revoked_on", "revoked_reason", "import_id", "created_at",
)  # fmt: skip


class Writer:
    """`made` collects the ids of the types and units that were created, `counts` members and certifications."""

    def __init__(self, import_id: int, *, at: datetime, today: date) -> None:
        self._import_id, self._at, self._today = import_id, at, today
        self._organization_id = chosen_organization_id()
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
        ids = _inserted(Member, [self._member(decision) for decision in decisions])
        for decision, id_ in zip(decisions, ids, strict=True):
            if decision.person is not None:
                decision.person.id = id_
        self.counts["members"] += len(ids)

    def _member(self, decision: Decision) -> dict[str, Any]:
        wanted = decision.wanted
        if wanted is None:
            raise ValueError("a row without values brings nobody")
        member = Member(
            organization_id=self._organization_id,
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
        return {name: getattr(member, name) for name in _MEMBER_COLUMNS}

    def _write_certifications(self, decisions: Sequence[Decision]) -> None:
        """A renewal comes after what it renews: one of the same batch has to have its id first."""
        left = list(decisions)
        while left:
            ready = [decision for decision in left if decision.supersedes is None or decision.supersedes.id]
            ids = _inserted(Certification, [self._certification(decision) for decision in ready])
            for decision, id_ in zip(ready, ids, strict=True):
                _held(decision).id = id_
            self.counts["certifications"] += len(ids)
            left = [decision for decision in left if _held(decision).id is None]

    def _certification(self, decision: Decision) -> dict[str, Any]:
        wanted, held = decision.wanted, _held(decision)
        if wanted is None or decision.person is None or decision.type is None:
            raise ValueError("a row without values records no certification")
        certification = Certification(
            organization_id=self._organization_id,
            member_id=decision.person.id,
            type_id=decision.type.id,
            number=wanted.certification_number,
            issued_on=wanted.issued_on,
            expires_on=held.expires_on,
            recorded_on=self._today,
            supersedes_id=decision.supersedes.id if decision.supersedes else None,
            suspended_reason="",
            revoked_reason="",
            import_id=self._import_id,
            created_at=self._at,
        )
        certification.check()
        since, reason = wanted.status_since or self._today, wanted.status_word
        if held.is_suspended:
            certification.suspend(on=since, reason=reason)
        if held.is_revoked:
            certification.revoke(on=since, reason=reason)
        return {name: getattr(certification, name) for name in _CERTIFICATION_COLUMNS}

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
            notes.append({
                "id": ids[decision.row.line],
                "member_id": decision.person.id if decision.person else None,
                "certification_id": decision.held.id if decision.held else None,
                "created": [kind for kind, is_new in made if is_new],
                "before": before,
                "versions": {"certification": version} if decision.held else {},
            })  # fmt: skip
        db.session.execute(update(ImportRow), notes)


def keep_rows(import_id: int, decisions: Iterable[Decision], answers: dict[int, str]) -> None:
    """What the dry run found for each row."""
    organization_id = chosen_organization_id()
    rows = [
        {
            "organization_id": organization_id,
            "import_id": import_id,
            "line": decision.row.line,
            "cells": [shown(cell) for cell in decision.row.cells],
            "name": decision.name,
            "outcome": decision.outcome,
            "problem": decision.problem.sentence if decision.problem else "",
            "problem_params": {name: str(value) for name, value in decision.problem.params.items()}
            if decision.problem else {},
            "problem_column": (decision.problem.field or "") if decision.problem else "",
            "candidates": decision.candidates,
            "answer": answers.get(decision.row.line, ""),
            "member_id": decision.person.id if decision.person else None,
            "certification_id": decision.held.id if decision.held else None,
        }
        for decision in decisions
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(ImportRow), rows)


def _inserted(model: type[Member] | type[Certification], rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """The new ids, in the order of `rows`."""
    if not rows:
        return []
    statement = insert(model).returning(model.id, sort_by_parameter_order=True)
    return db.session.scalars(statement, list(rows)).all()


def _held(decision: Decision) -> Held:
    if decision.held is None:
        raise ValueError("a row without a certification")
    return decision.held


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
