"""What the demo's member handed out: proofs in every state, and a calendar address."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock, codes, signin
from records.models import (
    Actor,
    ActorKind,
    AuditEvent,
    AuditKind,
    CalendarFeed,
    Certification,
    ExternalCertificate,
    FeedKind,
    Member,
    Organization,
    Proof,
    State,
)
from records.models.proof import usual_end
from records.services.proof_steps import prove


def hand_out(session: Session, organization: Organization, member: Member) -> None:
    """Of their first certifications and their first approved certificate, as far as they have any."""
    own = select(Certification).where(Certification.member_id == member.id, Certification.deleted_at.is_(None))
    certifications = session.scalars(own.order_by(Certification.expires_on.desc(), Certification.id).limit(3)).all()
    approved = select(ExternalCertificate).where(
        ExternalCertificate.member_id == member.id, ExternalCertificate.state == State.APPROVED
    )
    certificates = session.scalars(approved.order_by(ExternalCertificate.id).limit(1)).all()
    by = Actor(ActorKind.MEMBER, member.name, organization.id, member.id, member.account_id)
    records: list[Certification | ExternalCertificate] = [*certifications, *certificates]
    made = [_proof(session, organization, record, by) for record in records]
    for proof, change in zip(made, (_was_seen, _has_ended, _is_withdrawn), strict=False):
        change(session, proof, by)
    salt = codes.new_salt()
    feed = CalendarFeed(member_id=member.id, kind=FeedKind.OWN, salt=salt, created_at=clock.now(),
                        token_digest=signin.digest(codes.token(salt)))  # fmt: skip
    session.add(feed)
    session.flush()
    session.add(AuditEvent.of(AuditKind.FEED_MADE, feed, by=by, at=clock.now(), after={"kind": feed.kind}))


def _proof(
    session: Session, organization: Organization, record: Certification | ExternalCertificate, by: Actor
) -> Proof:
    today = clock.today(organization)
    proof = prove(record, salt=codes.new_salt(), ends_on=usual_end(today), today=today)
    after = {"ends_on": proof.ends_on.isoformat()}
    session.add(AuditEvent.of(AuditKind.PROOF_MADE, proof, by=by, at=clock.now(), after=after))
    return proof


def _was_seen(_session: Session, proof: Proof, _by: Actor) -> None:
    proof.created_at -= timedelta(days=20)
    proof.seen, proof.last_seen_at = 3, clock.now() - timedelta(days=2)


def _has_ended(_session: Session, proof: Proof, _by: Actor) -> None:
    proof.created_at -= timedelta(days=400)
    proof.ends_on -= timedelta(days=400)
    proof.seen, proof.last_seen_at = 1, proof.created_at + timedelta(days=1)


def _is_withdrawn(session: Session, proof: Proof, by: Actor) -> None:
    proof.withdraw(at=clock.now())
    session.add(AuditEvent.of(AuditKind.PROOF_WITHDRAWN, proof, by=by, at=clock.now()))
