"""Steps of undoing a merge: what still stands as it went over goes back, what was changed since stays.

Records that belong together stay together: of a chain of renewals, and of an external certificate and the
certification that came of it, either all go back or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from records.database import db
from records.models import (
    Certification,
    ExternalCertificate,
    MemberMerge,
    Proof,
    RenewalProposal,
    Scan,
)
from records.queries.merging import CERTIFICATES, CERTIFICATION, OTHERS, Goes
from records.services.merge_steps import AT_ONCE, change, hand_over
from records.services.register_people import batches

_EXTERNAL = ExternalCertificate.__tablename__
Node = tuple[str, int]


def bring_back(merge: MemberMerge) -> Counter[str]:
    """All rows of `merge` that still stand as they were left go back; how many stay, by table."""
    moved = merge.moved
    back = _unchanged(merge)
    going = [(CERTIFICATION, row[0]) for row in moved["rows"][CERTIFICATION]]
    going += [(_EXTERNAL, row[0]) for row in moved["rows"][_EXTERNAL]]
    retired = {(CERTIFICATION, each["id"]) for each in moved["duplicates"]}
    back = _kept_together(back, list(_ties(merge, back)))
    stay = Counter(table for table, _row_id in {*going, *retired} - back)
    _unlink(merge, back)
    certifications = sorted(row_id for table, row_id in back if table == CERTIFICATION)
    hand_over(Goes(Certification, Certification.id), certifications, merge.kept_id, merge.merged_id)
    hand_over(CERTIFICATES, sorted(id_ for table, id_ in back if table == _EXTERNAL), merge.kept_id, merge.merged_id)
    for each in moved["duplicates"]:
        if (CERTIFICATION, each["id"]) in back:
            _revive(each)
    for goes in OTHERS:
        stay.update(_others_back(goes, merge, back))
    return +stay


def _unchanged(merge: MemberMerge) -> set[Node]:
    """Records that have the version with which they were left."""
    found: set[Node] = set()
    for model in (Certification, ExternalCertificate):
        for some in batches(merge.moved["rows"][model.__tablename__], AT_ONCE):
            left = {row[0]: row[1] for row in some}
            columns = select(model.id, model.version).where(model.id.in_(left), model.member_id == merge.kept_id)
            same = {row.id for row in db.session.execute(columns) if row.version == left[row.id]}
            found |= {(model.__tablename__, id_) for id_ in same}
    for each in merge.moved["duplicates"]:
        version = select(Certification.version).where(
            Certification.id == each["id"], Certification.member_id == merge.merged_id
        )
        if db.session.scalar(version) == each["version"]:
            found.add((CERTIFICATION, each["id"]))
    return found


def _ties(merge: MemberMerge, back: set[Node]) -> Iterable[tuple[Node, Node]]:
    """Pairs that belong together, as they were before the merge where it relinked them."""
    before = {later: was for later, was, _now in merge.moved["relinked"]}
    after = {later: now for later, _was, now in merge.moved["relinked"]}
    ids = {row_id for table, row_id in back if table == CERTIFICATION} | before.keys()
    for some in batches(ids, AT_ONCE):
        linked = select(Certification.id, Certification.supersedes_id).where(
            Certification.supersedes_id.is_not(None),
            Certification.id.in_(some) | Certification.supersedes_id.in_(some),
            Certification.deleted_at.is_(None) | Certification.id.in_(some),
        )
        for later, earlier in db.session.execute(linked):
            as_before = before[later] if later in before and after[later] == earlier else earlier
            if as_before is not None:
                yield (CERTIFICATION, later), (CERTIFICATION, as_before)
        came = select(ExternalCertificate.id, ExternalCertificate.certification_id).where(
            ExternalCertificate.certification_id.in_(some)
        )
        for certificate_id, certification_id in db.session.execute(came):
            yield (_EXTERNAL, certificate_id), (CERTIFICATION, certification_id or 0)


def _kept_together(back: set[Node], ties: list[tuple[Node, Node]]) -> set[Node]:
    """Those of `back` that are tied to nothing that stays."""
    while loose := {node for tie in ties if len(back.intersection(tie)) == 1 for node in back.intersection(tie)}:
        back = back - loose
    return back


def _unlink(merge: MemberMerge, back: set[Node]) -> None:
    """Chains of renewals run again as they did, wherever one of their own, or the duplicate of a twin, goes back."""
    going = {row_id for table, row_id in back if table == CERTIFICATION}
    going |= {each["twin_id"] for each in merge.moved["duplicates"] if each["id"] in going}
    for later, before, after in merge.moved["relinked"]:
        if going & {later, before, after}:
            change(Certification, Certification.id == later, Certification.supersedes_id == after, supersedes_id=before)


def _revive(duplicate: dict[str, Any]) -> None:
    """A duplicate stands again, with the files and codes that its twin had from it and still has."""
    change(Certification, Certification.id == duplicate["id"], deleted_at=None, version=duplicate["version"] + 1)
    for model, ids in ((Scan, "scans"), (Proof, "proofs"), (RenewalProposal, "proposals")):
        for some in batches(duplicate[ids], AT_ONCE):
            here = (model.id.in_(some), model.certification_id == duplicate["twin_id"])
            standing = (Scan.deleted_at.is_(None),) if model is Scan else ()
            change(model, *here, *standing, certification_id=duplicate["id"])


def _others_back(goes: Goes, merge: MemberMerge, back: set[Node]) -> Counter[str]:
    """Rows that are of a record go back with it, those written since, too; all others if they are still there."""
    if goes.record is not None:
        table = _EXTERNAL if goes.record.key == "external_certificate_id" else CERTIFICATION
        ids = sorted(row_id for each, row_id in back if each == table)
        for some in batches(ids, AT_ONCE):
            change(goes.model, goes.member_id == merge.kept_id, goes.record.in_(some), member_id=merge.merged_id)
        return Counter()
    keys = merge.moved["rows"][goes.table]
    if goes.model is Proof:
        keys = [key for key in keys if _goes_along(key, back)]
    went = hand_over(goes, keys, merge.kept_id, merge.merged_id)
    return Counter({goes.table: len(merge.moved["rows"][goes.table]) - went})


def _goes_along(proof_id: int, back: set[Node]) -> bool:
    """A code goes where the record is that it proves; that of a transcript goes back."""
    proof = db.session.get(Proof, proof_id)
    if proof is None:
        return False
    if proof.certification_id is not None:
        return (CERTIFICATION, proof.certification_id) in back
    return proof.external_certificate_id is None or (_EXTERNAL, proof.external_certificate_id) in back
