"""Renewals for tests, through the verbs that people use: of many members at once, and proposed by a member."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from records.database import found, locked, this_organization, transaction
from records.models import Actor, Certification, CertificationType, Member, RenewalBatch, RenewalProposal
from records.queries.renewal_plans import Given, plan
from records.services import renewal_batches, renewal_proposals
from records.services.files import Arrived, take_in
from records.services.renewal_proposals import Proposal
from tests.cast import Cast
from tests.holdings import picture, today


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def arrived(*contents: bytes) -> list[Arrived]:
    """Files whose bytes are safe: "scan 1.png" and so on."""
    organization = this_organization()
    return [
        take_in(BytesIO(content), name=f"scan {number}.png", organization=organization)
        for number, content in enumerate(contents, start=1)
    ]


def given(type_: CertificationType, *members: Member, **fields: Any) -> Given:
    """EMT for two years from today on, or as `fields` say."""
    dates = {"issued_on": today(), "expires_on": in_days(730)} | fields
    return Given(type_.id, [member.id for member in members], **dates)


def made(wanted: Given, *, by: Actor, key: str = "") -> RenewalBatch:
    """What comes of submitting what the preview shows."""
    seen = plan(wanted, by=by).digest()
    return renewal_batches.make(wanted, key=key or new_key(), seen=seen, by=by)


def batch(
    cast: Cast, type_: CertificationType, *members: Member, by: Actor | None = None, **fields: Any
) -> RenewalBatch:
    """Made by Ada, or by whom it says."""
    return made(given(type_, *members, **fields), by=by or cast.actor(cast.ada))


def allow_proposals(*types: CertificationType) -> None:
    with transaction():
        for type_ in types:
            locked(CertificationType, type_.id).members_propose_renewals = True


def proposed(
    cast: Cast, certification_id: int, *contents: bytes, by: Actor | None = None, **fields: Any
) -> RenewalProposal:
    """By Max, or by whom it says; with one picture, or with `contents`."""
    learner, key = by or cast.actor(cast.max), new_key()
    certification = found(Certification, certification_id)
    renewal_proposals.stage(certification, arrived(*(contents or (picture("teal"),))), key=key, by=learner)
    facts = {"issued_on": today(), "expires_on": in_days(730), "number": "N-2"} | fields
    return renewal_proposals.propose(found(Certification, certification_id), Proposal(key, **facts), by=learner)
