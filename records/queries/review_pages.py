"""What a reviewer needs on one page to decide an external certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from sqlalchemy import Select, bindparam, select, union_all
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from records import clock
from records.database import db, is_id, this_organization
from records.errors import NotFound
from records.models import (
    Actor,
    Certification,
    CertificationType,
    CreditType,
    ExternalCertificate,
    KeptReason,
    Member,
    Revision,
    State,
    Unit,
)
from records.queries.approval_filters import QueueWanted
from records.queries.approvals import (
    asked_for_certificates_of,
    asked_for_next,
    certificates_of,
    next_to_decide,
    require_reviewer,
)
from records.queries.certificate_history import Happened, asked_for_history_of, history_of
from records.queries.certification_types import active_types, all_types, asked_for_types
from records.queries.kept_reasons import asked_for_reasons, reasons_kept
from records.queries.openings import STILL_OPEN, Opening, asked_for_openings, opening_by_another, own_openings
from records.queries.review_warnings import Warnings, asked_for_warnings, warnings_about
from records.queries.reviewers import who_may_review
from records.queries.revisions import asked_for_files, asked_for_revisions, revised, with_files
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of


@dataclass(frozen=True)
class Trackable:
    """What an approved certificate can become: a new certification of a type, or the renewal of one held."""

    types: Sequence[CertificationType]
    held: Sequence[Certification]


@dataclass(frozen=True)
class Edited:
    """The certificate was edited after the asker saw revision `number`; `fields` as (name, was, is)."""

    number: int
    fields: Sequence[tuple[str, Any, Any]]


@dataclass(frozen=True)
class ReviewPage:
    """`seen` is the digest of what the page shows. `others` may review it where the asker may not. `next_id` is of the
    one to decide after it, in the queue that was asked for.

    `edited` is since the asker opened it last. `became` is the certification that came of it, deleted or not.
    """

    certificate: ExternalCertificate
    seen: str
    may_review: bool
    may_revoke: bool
    history: Sequence[Happened]
    before: Sequence[ExternalCertificate]
    more_before: bool
    warnings: Warnings = field(default_factory=Warnings)
    others: Sequence[Member] = ()
    opened_by: Opening | None = None
    edited: Edited | None = None
    kept: Sequence[KeptReason] = ()
    trackable: Trackable | None = None
    became: Certification | None = None
    next_id: int | None = None

    @property
    def is_pending(self) -> bool:
        return self.certificate.state == State.PENDING


def certificate_for_review(certificate_id: int, *, by: Actor) -> ExternalCertificate:
    """With all that its page needs. Raises NotAllowed, NotFound (unknown, of another organization, out of scope)."""
    require_reviewer(by)
    if not is_id(certificate_id):
        raise NotFound()
    with read_ahead(*_asked_for(certificate_id)):
        rows, deciders = (rows_of(*each) for each in _who_and_what(certificate_id))
        if not rows:
            raise NotFound()
        ((certificate, member, unit, credit_type),) = rows
        member.require_seen_by(by)
        known = {decider.id: decider for (decider,) in deciders}
        around = {
            "member": member,
            "credit_type": credit_type,
            "decided_by": known.get(certificate.decided_by_id),
            "revoked_by": known.get(certificate.revoked_by_id),
        }
        for name, record in around.items():
            set_committed_value(certificate, name, record)
        set_committed_value(member, "unit", unit)
        revised([with_files(certificate)])
    return cast(ExternalCertificate, certificate)


def _asked_for(certificate_id: int) -> list[Question]:
    return [*_who_and_what(certificate_id), asked_for_files(certificate_id), asked_for_revisions([certificate_id])]


def _who_and_what(certificate_id: int) -> list[Question]:
    """The certificate with the records around it, and who decided or revoked it."""
    given = {"certificate_id": certificate_id}
    return [Question(_certificate(), given), Question(_deciders(), given)]


@cache
def _certificate() -> Any:
    return (
        select(ExternalCertificate, Member, Unit, CreditType)
        .join(Member, ExternalCertificate.member_id == Member.id)
        .join(CreditType, ExternalCertificate.credit_type_id == CreditType.id)
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .where(ExternalCertificate.id == bindparam("certificate_id"))
    )


@cache
def _deciders() -> Select[Member]:
    this_one = ExternalCertificate.id == bindparam("certificate_id")
    parts = (ExternalCertificate.decided_by_id, ExternalCertificate.revoked_by_id)
    return select(Member).where(Member.id.in_(union_all(*(select(each).where(this_one) for each in parts))))


def review_page(certificate_id: int, *, by: Actor, wanted: QueueWanted | None = None) -> ReviewPage:
    """`wanted`: the queue that it was opened from. Raises as `certificate_for_review`. The number of statements does
    not grow with what there is."""
    with read_ahead(*asked_for_page(certificate_id, by=by)):
        return page_of(certificate_for_review(certificate_id, by=by), by=by, wanted=wanted)


def asked_for_page(certificate_id: int, *, by: Actor) -> list[Question]:
    """What the page of this certificate asks, whatever is on it."""
    if not is_id(certificate_id):
        return []
    return [
        *_asked_for(certificate_id),
        asked_for_openings(certificate_id, by=by),
        asked_for_history_of(certificate_id),
        asked_for_reasons(),
        asked_for_types(),
    ]


def page_of(certificate: ExternalCertificate, *, by: Actor, wanted: QueueWanted | None = None) -> ReviewPage:
    """The page of one that the asker may see, as `certificate_for_review` gave it."""
    member_id = certificate.member_id
    questions = [asked_for_certificates_of(member_id), asked_for_held(member_id), *asked_for_warnings(certificate)]
    if wanted is not None:
        questions.append(asked_for_next(wanted, after=certificate, by=by))
    with read_ahead(*questions):
        return _page(certificate, by, wanted)


def _page(certificate: ExternalCertificate, by: Actor, wanted: QueueWanted | None) -> ReviewPage:
    may_review = certificate.may_be_reviewed_by(by)
    is_pending = certificate.state == State.PENDING
    found, more = certificates_of(certificate.member, by=by)
    facts: dict[str, Any] = {"warnings": warnings_about(certificate, by=by)}
    if is_pending:
        facts |= {
            "opened_by": opening_by_another(certificate.id, by=by),
            "edited": _edited(certificate, by=by),
            "others": () if may_review else who_may_review(certificate),
        }
    if is_pending and may_review:
        facts |= {"kept": reasons_kept(), "trackable": _trackable(certificate.member, by=by)}
    if wanted is not None:
        facts["next_id"] = next_to_decide(wanted, after=certificate, by=by)
    if certificate.certification_id is not None:
        facts["became"] = _became(certificate.certification_id)
    return ReviewPage(
        certificate=certificate,
        seen=certificate.digest(),
        may_review=may_review,
        may_revoke=certificate.state == State.APPROVED and certificate.may_be_revoked_by(by),
        history=history_of(certificate),
        before=[each for each in found if each.id != certificate.id],
        more_before=more,
        **facts,
    )


def edited_since(certificate: ExternalCertificate, digest: str) -> Edited | None:
    """What became of the revision with this digest; None where it stands still, or never was."""
    revision = next((each for each in reversed(certificate.revisions) if each.digest == digest), None)
    if revision is None or revision.digest == certificate.digest():
        return None
    return Edited(revision.number, _differences(revision, certificate))


def _edited(certificate: ExternalCertificate, *, by: Actor) -> Edited | None:
    """Said for as long as the page of the new revision is likely to be open still."""
    openings, present = own_openings(certificate.id, by=by), certificate.digest()
    first = next((opening for opening in openings if opening.digest == present), None)
    if first is not None and first.at < clock.now() - STILL_OPEN:
        return None
    earlier = [opening for opening in openings if opening.digest != present]
    return edited_since(certificate, earlier[-1].digest) if earlier else None


def _differences(revision: Revision, certificate: ExternalCertificate) -> list[tuple[str, Any, Any]]:
    was, now = dict(revision.facts), certificate.facts()
    was["files"] = [(each["name"], each["sha256"]) for each in revision.files]
    now["files"] = [(scan.name, scan.stored_file.sha256) for scan in certificate.scans]
    return [(name, was.get(name), now[name]) for name in now if was.get(name) != now[name]]


def _trackable(member: Member, *, by: Actor) -> Trackable | None:
    """None where certifications are not tracked, or the asker may not record any for this member."""
    if not this_organization().tracks_certifications or not member.certifications_may_be_changed_by(by):
        return None
    held = scalars_of(*asked_for_held(member.id))
    types, renewed = {each.id: each for each in all_types()}, {each.supersedes_id for each in held}
    for each in held:
        set_committed_value(each, "type", types[each.type_id])
    return Trackable(active_types(), [each for each in held if each.id not in renewed])


def asked_for_held(member_id: int) -> Question:
    """The live certifications of a member, the latest expiring first."""
    return Question(_held(), {"member_id": member_id})


@cache
def _held() -> Select[Certification]:
    return (
        select(Certification)
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .order_by(Certification.expires_on.desc(), Certification.id)
    )


def _became(certification_id: int) -> Certification | None:
    statement = select(Certification).where(Certification.id == certification_id)
    return db.session.scalar(statement.options(joinedload(Certification.type)))
