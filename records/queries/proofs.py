"""What members handed out: their own list, each with the code where it can still be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from records import clock, codes, signin
from records.database import db, is_id, this_organization
from records.errors import NotFound
from records.models import Actor, Certification, Member, Proof, ProofState

PAGE = 50


@dataclass(frozen=True)
class OwnProof:
    """`code` as it is printed; None where it cannot be shown any more: it was made under another SECRET_KEY."""

    proof: Proof
    state: ProofState
    code: str | None

    @property
    def is_open(self) -> bool:
        return self.state == ProofState.OPEN

    @property
    def may_be_withdrawn(self) -> bool:
        """Barred ones, too: they would open again."""
        return self.state in (ProofState.OPEN, ProofState.BARRED)


@dataclass(frozen=True)
class Page:
    """Newest first. `older` is where the next page begins (a proof's id), None on the last."""

    proofs: tuple[OwnProof, ...]
    older: int | None


def own_proofs(*, by: Actor, before_id: int | None = None) -> Page:
    """Everything that the asker handed out, older than the one with the id `before_id`."""
    statement = _own(by).order_by(Proof.id.desc()).limit(PAGE + 1)
    if is_id(before_id):
        statement = statement.where(Proof.id < before_id)
    proofs = db.session.scalars(statement).all()
    on = clock.today(this_organization())
    older = proofs[PAGE - 1].id if len(proofs) > PAGE else None
    return Page(tuple(_shown(proof, on) for proof in proofs[:PAGE]), older)


def own_proof(proof_id: int, *, by: Actor) -> OwnProof:
    """One of the asker's own. Raises NotFound, alike for another's and for none at all."""
    proof = db.session.scalar(_own(by).where(Proof.id == proof_id)) if is_id(proof_id) else None
    if proof is None:
        raise NotFound()
    return _shown(proof, clock.today(this_organization()))


def _own(by: Actor) -> Select[Proof]:
    return (
        select(Proof)
        .where(Proof.member_id == (by.member_id or 0))
        .options(
            joinedload(Proof.member).joinedload(Member.organization),
            joinedload(Proof.certification).joinedload(Certification.type),
            joinedload(Proof.external_certificate),
            joinedload(Proof.transcript),
        )
    )


def _shown(proof: Proof, on: date) -> OwnProof:
    code = codes.code(proof.salt)
    known = signin.digest(code) == proof.code_digest
    return OwnProof(proof, proof.state_on(on), codes.grouped(code) if known else None)
