"""Renewals in the demo: some that members propose, and one that a whole crew got at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.demo.catalogue import CPR, DEVICES, FIT_TEST
from records.demo.drawing import Facts
from records.demo.papers import Paper, made
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    BatchedRenewal,
    Certification,
    CertificationType,
    Member,
    Organization,
    RenewalBatch,
    RenewalProposal,
    Role,
    StoredFile,
    Unit,
)
from records.queries.renewal_plans import Given, plan
from records.services.certification_steps import Entry, record
from records.services.scan_steps import attach

_CREWS = (("Engine 1", FIT_TEST), ("Emergency Department", DEVICES))
_DECLINED = "The photo is blurred: the date cannot be read. Please propose it again with a sharper one."


@dataclass
class Renewing:
    """One organization's renewals. `store` keeps a paper's bytes."""

    session: Session
    organization: Organization
    members: Mapping[str, Member]
    types: Mapping[str, CertificationType]
    store: Callable[[Paper], StoredFile]
    by: Actor

    def everything(self) -> None:
        type_ = self.types[CPR]
        type_.members_propose_renewals = True
        self.session.flush()
        held = select(Certification).join(Member, Certification.member_id == Member.id).where(
            Certification.type_id == type_.id, Certification.deleted_at.is_(None), Member.role == Role.MEMBER,
            Member.deactivated_at.is_(None), Member.account_id.is_not(None),
        ).order_by(Certification.member_id)  # fmt: skip
        waiting = [each for each in self.session.scalars(held) if each.renewal is None][:3]
        for number, certification in enumerate(waiting):
            self._propose(certification, is_declined=number == 1)
        for unit, name in _CREWS:
            if name in self.types:
                self._crew(unit, self.types[name])

    def _propose(self, certification: Certification, *, is_declined: bool) -> None:
        member, type_, today = certification.member, certification.type, clock.today(self.organization)
        issued_on = today - timedelta(days=2)
        expires_on = type_.proposed_expiry(issued_on) or issued_on
        facts = Facts(member.name, type_.name, type_.issuer, certification.number, issued_on, expires_on)
        proposal = RenewalProposal(
            member_id=member.id, certification_id=certification.id, number=certification.number, issued_on=issued_on,
            expires_on=expires_on, created_at=clock.now() - timedelta(hours=20), announced_at=clock.now(),
        )  # fmt: skip
        self.session.add(proposal)
        self.session.flush()
        for paper in made("picture", facts):
            attach(proposal, self.store(paper), name=paper.name, by=self.by)
        self._event(AuditKind.RENEWAL_PROPOSED, proposal, proposal.facts())
        if is_declined:
            proposal.decline(reason=_DECLINED, by=self._administrator(), at=clock.now())
            self.session.flush()
            self._event(AuditKind.RENEWAL_DECLINED, proposal, {"reason": _DECLINED})

    def _crew(self, unit: str, type_: CertificationType) -> None:
        """All of a unit who have not renewed it yet did it yesterday."""
        issued_on, by = clock.today(self.organization) - timedelta(days=1), self._administrator()
        of_unit = select(Member.id).join(Unit, Member.unit_id == Unit.id).where(Unit.name == unit)
        crew = [member_id for member_id in self.session.scalars(of_unit) if member_id != by.member_id]
        given = Given(type_.id, crew, issued_on, type_.proposed_expiry(issued_on))
        batch = RenewalBatch(type_id=type_.id, made_by_id=by.member_id, made_at=clock.now(), submission_key="demo")
        self.session.add(batch)
        self.session.flush()
        for row in plan(given, by=by).rows:
            if row.renews_id is not None:
                entry = Entry(type_.id, given.expires_on, given.issued_on, "", row.renews_id)
                certification = record(row.member, entry, by=self.by)
                self.session.add(
                    BatchedRenewal(batch_id=batch.id, certification_id=certification.id, version=certification.version)
                )
        self._event(AuditKind.RENEWALS_MADE, batch, {"type_id": type_.id})
        self.session.flush()

    def _administrator(self) -> Actor:
        member = next(each for each in self.members.values() if each.role == Role.ADMINISTRATOR)
        return Actor(
            self.by.kind, member.name, organization_id=self.organization.id, member_id=member.id, role=member.role
        )

    def _event(self, kind: AuditKind, subject: RenewalProposal | RenewalBatch, after: dict[str, object]) -> None:
        self.session.add(AuditEvent.of(kind, subject, by=self.by, at=clock.now(), after=after))
