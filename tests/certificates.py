"""Making external certificates for tests, through the verbs that people use."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from records import clock
from records.database import db, found, this_organization, transaction
from records.models import Actor, Approval, CreditType, ExternalCertificate, Member, State
from records.services import reviews, revocations, submissions
from records.services.files import take_in
from records.services.submission_steps import Files, Submission
from tests.cast import Cast
from tests.samples import picture

CREDITS = Decimal("2.50")
EARNED = date(2025, 3, 1)


def credit_type(name: str = "CEU", **fields: Any) -> CreditType:
    """A credit type of the chosen organization that accepts uploads."""
    with transaction() as session:
        made = CreditType(**{"name": name, "unit": "hours", "created_at": clock.now()} | fields)
        session.add(made)
        session.flush()
    return made


def given(type_: CreditType, **fields: Any) -> Submission:
    facts = {"title": "Ladder rescue", "credit_type_id": type_.id, "credits": CREDITS, "earned_on": EARNED}
    return Submission(**facts | fields)


def staged(by: Actor, *contents: bytes) -> str:
    """The key of a form whose files have arrived."""
    key = secrets.token_urlsafe(16)
    organization = this_organization()
    arrived = [
        take_in(BytesIO(content), name=f"certificate {number}.png", organization=organization)
        for number, content in enumerate(contents or (picture(),), start=1)
    ]
    submissions.stage(arrived, key=key, by=by)
    return key


def submitted(cast: Cast, type_: CreditType, *, by: Actor | None = None, **fields: Any) -> ExternalCertificate:
    """A pending certificate of Max, or of whoever submits it."""
    learner = by or cast.actor(cast.max)
    done = submissions.submit(given(type_, **fields), Files(staged(learner)), by=learner)
    return found(ExternalCertificate, done.certificate_id)


def approved(cast: Cast, type_: CreditType, **fields: Any) -> ExternalCertificate:
    """One that Ada approved as claimed."""
    certificate = submitted(cast, type_, **fields)
    approval = Approval(certificate.claimed_credits)
    reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    return db.session.get_one(ExternalCertificate, certificate.id)


def in_state(cast: Cast, type_: CreditType, state: State, **fields: Any) -> ExternalCertificate:
    """A certificate of Max that came to this state by the verbs; Ada decided it where somebody had to."""
    ada, learner = cast.actor(cast.ada), cast.actor(cast.max)
    if state in (State.APPROVED, State.REVOKED):
        certificate = approved(cast, type_, **fields)
        if state == State.REVOKED:
            revocations.revoke(certificate, reason="Forged.", by=ada)
    else:
        certificate = submitted(cast, type_, **fields)
        if state == State.WITHDRAWN:
            submissions.withdraw(certificate, by=learner)
        elif state == State.CHANGES_REQUESTED:
            reviews.request_changes(certificate, reason="Whose is it?", by=ada)
        elif state == State.DECLINED:
            reviews.decline(certificate, reason="No name on it.", by=ada)
    return found(ExternalCertificate, certificate.id)


def acting(cast: Cast, learner: Member, administrator: Member) -> Actor:
    """`administrator`, logged in as `learner`."""
    return replace(cast.actor(learner), administrator_id=administrator.id, administrator_name=administrator.name)
