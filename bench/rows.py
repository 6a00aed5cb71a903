"""Facts as rows of Certfolio's own tables, in values that SQLite and PostgreSQL read alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from bench import few_rows as few
from bench.facts import Course, Person, Source
from bench.few_rows import BEGAN as _BEGAN
from bench.few_rows import MEBIBYTE as _SIZE
from bench.few_rows import ORGANIZATION_ID as _ORGANIZATION_ID
from records.models.revision import digest_of


class Filling(NamedTuple):
    """The rows of one table."""

    table: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


_Large = tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]


def fillings(source: Source) -> Iterator[Filling]:
    """All rows, table by table, parents first. The administrator is the member after the last; the learner with an
    account is the one in the middle."""
    yield _small("organization", few.organization())
    yield _small("unit", few.units(source))
    yield _small("account", few.accounts())
    yield Filling("member", *_members(source))
    yield _small("certification_type", few.types(source))
    yield _small("credit_type", few.credit_types(source))
    yield Filling("certification", *_certifications(source))
    yield Filling("external_certificate", *_certificates(source))
    yield Filling("revision", *_revisions(source))
    yield Filling("credit_entry", *_entries(source))
    yield Filling("stored_file", *_files(source))
    yield Filling("scan", *_scans(source))
    yield Filling("reminder", *_reminders(source))
    yield _small("requirement", few.requirements())
    yield _small("requirement_type", few.required_types())
    yield _small("requirement_unit", few.bound_units())


def administrator_id(source: Source) -> int:
    return source.members + 1


def learner_id(source: Source) -> int:
    return source.members // 2


def _small(table: str, rows: Iterator[few.Row]) -> Filling:
    listed = list(rows)
    return Filling(table, tuple(listed[0]), [tuple(each.values()) for each in listed])


def paper_of(course: Course) -> str:
    """The SHA-256 of the only file of an external certificate."""
    return hashlib.sha256(b"course %d" % course.id).hexdigest()


def _members(source: Source) -> _Large:
    columns = (
        "id", "account_id", "unit_id", "number", "given_name", "family_name", "suffix", "email", "role",
        "covers_organization", "joined_on", "created_at", "deactivated_at", "version", "folded_number", "folded_email",
        "sort_name", "search_text", "organization_id",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Any, ...]]:
        learner = learner_id(source)
        for each in source.people():
            account = 2 if each.id == learner else None
            yield _member(each.id, account, each, "member")
        yield _member(administrator_id(source), 1, few.CHIEF, "administrator")

    def _member(member_id: int, account: int | None, each: Person, role: str) -> tuple[Any, ...]:
        given, family, number, email = each.given, each.family, each.number, each.email
        shown = f"{given} {family} {family} {given} {number} {email}".casefold()
        return (
            member_id, account, each.unit_id, number, given, family, "", email, role, False, each.joined_on, _BEGAN,
            None if each.is_active else _BEGAN, 1, number.casefold(), email.casefold(),
            f"{family} {given}".casefold(), shown, _ORGANIZATION_ID,
        )  # fmt: skip

    return columns, rows()


def _certifications(source: Source) -> _Large:
    columns = (
        "id", "member_id", "type_id", "number", "folded_number", "issued_on", "expires_on", "recorded_on",
        "suspended_reason", "revoked_on", "revoked_reason", "created_at", "version", "organization_id",
    )  # fmt: skip
    rows = (
        (
            each.id, each.member_id, each.type_id, each.number, each.number.casefold(), each.issued_on,
            each.expires_on, each.issued_on, "", each.issued_on if each.is_revoked else None,
            "Revoked" if each.is_revoked else "", f"{each.issued_on} 09:00:00.000000", 1, _ORGANIZATION_ID,
        )
        for each in source.holdings()
    )  # fmt: skip
    return columns, rows


def _certificates(source: Source) -> _Large:
    columns = (
        "id", "member_id", "state", "submission_key", "created_at", "submitted_at", "announced_at", "decided_at",
        "decided_by_id", "reason", "awarded_credits", "answers", "revoked_reason", "version", "credit_type_id", "title",
        "claimed_credits", "earned_on", "issuer", "number", "folded_number", "expires_on", "note", "organization_id",
    )  # fmt: skip
    by = administrator_id(source)
    rows = (
        (
            each.id, each.member_id, each.state, str(each.id), each.submitted_at, each.submitted_at, each.submitted_at,
            each.decided_at, by if each.decided_at else None, "Not of us" if each.state == "declined" else "",
            each.hundredths if each.state == "approved" else None, "[]", "", 1, each.credit_type_id, each.title,
            each.hundredths, each.earned_on, each.issuer, "", "", each.expires_on, "", _ORGANIZATION_ID,
        )
        for each in source.courses()
    )  # fmt: skip
    return columns, rows


def _revisions(source: Source) -> _Large:
    columns = (
        "id", "external_certificate_id", "number", "digest", "facts", "files", "submitted_by_id", "created_at",
        "organization_id",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Any, ...]]:
        for each in source.courses():
            facts, paper = _said(each), paper_of(each)
            files = json.dumps([{"name": f"course-{each.id}.pdf", "sha256": paper}])
            yield (
                each.id, each.id, 1, digest_of(facts, [paper]), json.dumps(facts), files, each.member_id,
                each.submitted_at, _ORGANIZATION_ID,
            )  # fmt: skip

    return columns, rows()


def _said(course: Course) -> dict[str, Any]:
    """As `Claim.facts` has it."""
    return {
        "title": course.title,
        "credit_type_id": course.credit_type_id,
        "claimed_credits": f"{course.hundredths // 100}.{course.hundredths % 100:02d}",
        "earned_on": course.earned_on,
        "issuer": course.issuer,
        "number": "",
        "expires_on": course.expires_on,
        "note": "",
    }


def _entries(source: Source) -> _Large:
    columns = (
        "id", "member_id", "credit_type_id", "external_certificate_id", "kind", "amount", "counts_on", "created_at",
        "organization_id",
    )  # fmt: skip
    rows = (
        (
            each.id, each.member_id, each.credit_type_id, each.id, "award", each.hundredths, each.earned_on,
            each.decided_at, _ORGANIZATION_ID,
        )
        for each in source.courses()
        if each.state == "approved"
    )  # fmt: skip
    return columns, rows


def _pictured(source: Source) -> Iterator[tuple[str, int | None, int | None, str]]:
    """Every file: its hash, the certification or the external certificate that it belongs to, and its name."""
    for paper in source.papers():
        yield paper.sha256, paper.certification_id, None, f"scan-{paper.certification_id}.pdf"
    for course in source.courses():
        yield paper_of(course), None, course.id, f"course-{course.id}.pdf"


def _files(source: Source) -> _Large:
    columns = (
        "id", "sha256", "key", "size", "kind", "preview", "preview_attempts", "created_at", "wanted_at",
        "organization_id",
    )  # fmt: skip
    rows = (
        (
            number, sha256, f"{_ORGANIZATION_ID}/{sha256}-{number:016x}", _SIZE, "application/pdf", "none", 0, _BEGAN,
            _BEGAN, _ORGANIZATION_ID,
        )
        for number, (sha256, *_) in enumerate(_pictured(source), start=1)
    )  # fmt: skip
    return columns, rows


def _scans(source: Source) -> _Large:
    columns = (
        "id", "certification_id", "external_certificate_id", "stored_file_id", "name", "rotation", "created_at",
        "organization_id",
    )  # fmt: skip
    rows = (
        (number, certification_id, certificate_id, number, name, 0, _BEGAN, _ORGANIZATION_ID)
        for number, (_, certification_id, certificate_id, name) in enumerate(_pictured(source), start=1)
    )
    return columns, rows


def _reminders(source: Source) -> _Large:
    columns = (
        "id", "certification_id", "member_id", "expires_on", "stage", "due_on", "audience", "created_at",
        "organization_id",
    )  # fmt: skip
    rows = (
        (number, *each, "member", f"{each.due_on} 09:00:00.000000", _ORGANIZATION_ID)
        for number, each in enumerate(source.notices(), start=1)
    )
    return columns, rows
