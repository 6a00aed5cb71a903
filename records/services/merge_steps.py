"""Steps of merging two members, inside the verb's transaction: what goes over, row by row, and what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import aliased

from records.database import db
from records.models import Certification, ExternalCertificate, Member, Proof, ProposalState, RenewalProposal, Scan
from records.queries.merging import CERTIFICATES, CERTIFICATION, OTHERS, Goes, going
from records.services.register_people import batches

AT_ONCE = 500
_VERSIONED = {CERTIFICATION, ExternalCertificate.__tablename__}


def move_all(merged: Member, kept: Member, *, twins: dict[int, int], at: Any) -> dict[str, Any]:
    """Everything goes over; what a `MemberMerge` keeps to bring it back: `rows` by table, `duplicates`, `relinked`.

    `twins` leads from each duplicate, which leaves a tombstone and stays, to the kept member's own.
    """
    links = _links(merged, kept)
    duplicates = [_retire(duplicate_id, twin_id, at=at) for duplicate_id, twin_id in sorted(twins.items())]
    certifications = select(Certification.id, Certification.version).where(Certification.member_id == merged.id)
    rows: dict[str, Any] = {
        CERTIFICATION: [[*row] for row in db.session.execute(
            certifications.where(Certification.id.not_in(twins)).order_by(Certification.id)
        )]
    }  # fmt: skip
    hand_over(Goes(Certification, Certification.id), [row[0] for row in rows[CERTIFICATION]], merged.id, kept.id)
    relinked = _relink(links, twins)
    for goes in (CERTIFICATES, *OTHERS):
        rows[goes.table] = _go(goes, merged, kept)
    return {"rows": rows, "duplicates": duplicates, "relinked": relinked}


def hand_over(goes: Goes, keys: Sequence[int], from_id: int, to_id: int) -> int:
    """Rows of one member with these keys become another's; how many. Neither version nor anything else changes."""
    return sum(
        change(goes.model, goes.member_id == from_id, goes.key.in_(some), member_id=to_id)
        for some in batches(keys, AT_ONCE)
    )


def change(model: Any, *conditions: Any, **values: Any) -> int:
    """Set columns of the rows that meet the conditions, without a new version; how many."""
    statement = update(model).where(*conditions).values(**values)
    result: Any = db.session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _go(goes: Goes, merged: Member, kept: Member) -> list[Any]:
    """What went, for `moved`: keys, each with its version where rows have one."""
    keys = going(goes, merged, kept)
    if goes.record is not None and goes.record.key == "external_certificate_id":  # an entry goes with its certificate
        gone = select(ExternalCertificate.id).where(ExternalCertificate.member_id == kept.id)
        keys = keys.where(goes.record.in_(gone))
    if goes.table in _VERSIONED:
        rows = [[*row] for row in db.session.execute(keys.add_columns(goes.model.version).order_by(goes.key))]
        hand_over(goes, [row[0] for row in rows], merged.id, kept.id)
        return rows
    went = list(db.session.scalars(keys.order_by(goes.key)))
    hand_over(goes, went, merged.id, kept.id)
    return went


def _retire(duplicate_id: int, twin_id: int, *, at: Any) -> dict[str, Any]:
    """A duplicate leaves a tombstone; files that its twin lacks go there, and so do codes and what is proposed."""
    version = db.session.scalars(select(Certification.version).where(Certification.id == duplicate_id)).one() + 1
    change(Certification, Certification.id == duplicate_id, deleted_at=at, version=version)
    has = select(Scan.stored_file_id).where(Scan.certification_id == twin_id, Scan.deleted_at.is_(None))
    scans = select(Scan.id).where(Scan.certification_id == duplicate_id, Scan.deleted_at.is_(None))
    proofs = select(Proof.id).where(Proof.certification_id == duplicate_id)
    waiting = RenewalProposal.state == ProposalState.PROPOSED
    other = aliased(RenewalProposal)
    taken = exists().where(other.certification_id == twin_id, other.state == ProposalState.PROPOSED)
    proposals = select(RenewalProposal.id).where(RenewalProposal.certification_id == duplicate_id, waiting, ~taken)
    return {
        "id": duplicate_id,
        "twin_id": twin_id,
        "version": version,
        "scans": _repoint(Scan, scans.where(Scan.stored_file_id.not_in(has)), twin_id),
        "proofs": _repoint(Proof, proofs, twin_id),
        "proposals": _repoint(RenewalProposal, proposals, twin_id),
    }


def _repoint(model: Any, ids: Select[int], twin_id: int) -> list[int]:
    found = list(db.session.scalars(ids))
    for some in batches(found, AT_ONCE):
        change(model, model.id.in_(some), certification_id=twin_id)
    return found


def _links(merged: Member, kept: Member) -> dict[int, int]:
    """From each live certification of the two to the one that it renews."""
    held = (Certification.member_id.in_([merged.id, kept.id]), Certification.deleted_at.is_(None))
    statement = select(Certification.id, Certification.supersedes_id).where(*held)
    linked = statement.where(Certification.supersedes_id.is_not(None)).order_by(Certification.id)
    return {row[0]: row[1] for row in db.session.execute(linked) if row[1]}


def _relink(links: dict[int, int], twins: dict[int, int]) -> list[list[int | None]]:
    """Where a duplicate stood in a chain of renewals its twin takes the place, unless that has a place already.

    Each as the certification, what it renewed before, and what it renews now.
    """
    renewed = {earlier for later, earlier in links.items() if later not in twins}
    stand = {later: earlier for later, earlier in links.items() if later not in twins}
    relinked: list[list[int | None]] = []
    for later, earlier in _touching(links, twins):
        new_later, new_earlier = twins.get(later, later), twins.get(earlier, earlier)
        before = stand.get(new_later)
        has_place = before is not None and before not in (earlier, new_earlier)
        if new_later == new_earlier or has_place or new_earlier in renewed:
            continue
        change(Certification, Certification.id == new_later, supersedes_id=new_earlier)
        relinked.append([new_later, before, new_earlier])
        stand[new_later] = new_earlier
        renewed.add(new_earlier)
    return relinked


def _touching(links: dict[int, int], twins: dict[int, int]) -> Iterable[tuple[int, int]]:
    return [(later, earlier) for later, earlier in links.items() if later in twins or earlier in twins]
