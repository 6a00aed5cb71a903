"""Records of every kind that two members may have, drawn at random, and all rows of the database to compare."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from records import clock
from records.database import db, found, transaction
from records.models import (
    Approval,
    Base,
    CalendarFeed,
    Certification,
    CertificationType,
    CreditType,
    Exemption,
    ExternalCertificate,
    FeedKind,
    Member,
    MemberPosition,
    Message,
    MessageKind,
    Position,
    Proof,
    ProposalState,
    Reminder,
    RenewalProposal,
    Requirement,
    RequirementMember,
    SavedView,
    Transcript,
)
from records.services import member_merges, reviews, revocations, submissions
from records.services.member_merges import Choices
from tests.cast import Cast
from tests.certificates import submitted
from tests.holdings import give, picture

DAY = date(2026, 5, 1)
# What a merge and its undoing write besides: who did it, sessions, and that rows were touched.
_BESIDES = {"audit_event", "audit_detail", "member_merge", "sign_in", "single_use_link"}


def everything() -> dict[str, list[Any]]:
    """Every row of every table but those that tell of a merge itself; versions and last sights left out."""
    db.session.rollback()
    rows: dict[str, list[Any]] = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in _BESIDES:
                columns = [each for each in table.columns if each.name not in {"version", "last_seen_at", "invited_at"}]
                rows[table.name] = sorted(map(repr, connection.execute(sa.select(*columns))))
    return rows


def merged(kept: Member, other: Member, *, by: Any, choices: Choices | None = None) -> Any:
    kept, other = found(Member, kept.id), found(Member, other.id)
    seen = member_merges.seen_of(kept, other)
    return member_merges.merge(kept, other, choices or Choices(), seen=seen, by=by)


def records_of(
    cast: Cast, member: Member, rng: Random, *, types: Iterable[CertificationType], credits: CreditType
) -> None:
    """Certifications with files and renewals, certificates in every state, and what hangs on them."""
    held = [_certification(member, type_, rng) for type_ in types for _ in range(rng.randint(0, 3))]
    for _ in range(rng.randint(0, 3)):
        _certificate(cast, member, credits, rng)
    with transaction() as session:
        session.add_all(_lesser(session, member, rng, [each for each in held if each]))


def _certification(member: Member, type_: CertificationType, rng: Random) -> int | None:
    """Few dates and numbers, so that the two hold some twice."""
    days, number = rng.choice((100, 400, 800)), rng.choice(("", "N-1"))
    taken = sa.select(Certification.id).where(
        Certification.member_id == member.id, Certification.type_id == type_.id, Certification.number == number,
        Certification.deleted_at.is_(None),
    )  # fmt: skip
    if any(db.session.get_one(Certification, each).expires_on == _in(days) for each in db.session.scalars(taken)):
        return None
    renewable = [
        each
        for each in db.session.scalars(
            sa.select(Certification).where(
                Certification.member_id == member.id, Certification.type_id == type_.id,
                Certification.deleted_at.is_(None),
            )
        )
        if each.renewal is None
    ]  # fmt: skip
    renews = rng.choice(renewable).id if renewable and rng.random() < 0.6 else None
    files = {"card.png": picture(rng.choice(("navy", "maroon")))} if rng.random() < 0.5 else None
    made = give(member, type_, days, number=number, renews=renews, files=files)
    if rng.random() < 0.1:
        with transaction() as session:
            session.get_one(Certification, made).deleted_at = clock.now()
    return made


def _in(days: int) -> date:
    from tests.holdings import today

    return today() + timedelta(days=days)


def _certificate(cast: Cast, member: Member, credits: CreditType, rng: Random) -> ExternalCertificate:
    ada, learner = cast.actor(cast.ada), cast.actor(member)
    certificate = submitted(cast, credits, by=learner)
    does = rng.choice(("nothing", "approve", "revoke", "decline", "changes", "withdraw"))
    if does in ("approve", "revoke"):
        reviews.approve(certificate, Approval(certificate.claimed_credits), seen=certificate.digest(), by=ada)
    if does == "revoke":
        revocations.revoke(certificate, reason="Forged.", by=ada)
    elif does == "decline":
        reviews.decline(certificate, reason="No name on it.", by=ada)
    elif does == "changes":
        reviews.request_changes(certificate, reason="Whose is it?", by=ada)
    elif does == "withdraw":
        submissions.withdraw(certificate, by=learner)
    return certificate


def _lesser(session: Any, member: Member, rng: Random, held: list[int]) -> list[Any]:
    now = clock.now()
    requirement = session.scalars(sa.select(Requirement)).first()
    position = session.scalars(sa.select(Position)).first()
    if requirement is None:
        requirement = Requirement(name="Drivers", folded_name="drivers", from_on=DAY, created_at=now)
        position = Position(name="Driver")
        session.add_all([requirement, position])
        session.flush()
    secret, of = secrets.token_hex(16), {"member_id": member.id}
    whole: list[Any] = [
        Transcript(**of, code_digest=secrets.token_hex(32), made_on=DAY, created_at=now, totals=[], entry_ids=[]),
        Exemption(**of, requirement_id=requirement.id, reason="New.", starts_on=DAY, ends_on=DAY,
                  approved_by_id=member.id, created_at=now),
        RequirementMember(**of, requirement_id=requirement.id),
        MemberPosition(**of, position_id=position.id),
        CalendarFeed(**of, kind=FeedKind.OWN, salt=secret, token_digest=secrets.token_hex(32), created_at=now),
        SavedView(**of, page="expiring", name="Mine", asked={}, created_at=now),
        Message(**of, organization_id=member.organization_id, kind=MessageKind.CERTIFICATE_APPROVED, facts={},
                created_at=now, due_at=now),
    ]  # fmt: skip
    lesser = [each for each in whole if rng.random() < 0.5]
    for each in held:
        if rng.random() < 0.4:
            lesser.append(Reminder(**of, certification_id=each, expires_on=DAY, due_on=DAY, stage=30, created_at=now))
        if rng.random() < 0.3:
            lesser.append(Proof(**of, certification_id=each, salt=secrets.token_hex(8),
                                code_digest=secrets.token_hex(32), ends_on=DAY, created_at=now))  # fmt: skip
        if rng.random() < 0.3:
            lesser.append(RenewalProposal(**of, certification_id=each, expires_on=DAY, created_at=now,
                                          state=ProposalState.PROPOSED))  # fmt: skip
    return lesser
