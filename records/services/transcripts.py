"""Transcripts of credits: making one with a code of its own, and what of it stands since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from records import clock, codes, signin
from records.database import db, found, this_organization, transaction
from records.models import Actor, AuditEvent, AuditKind, CreditEntry, Member, Organization, Proof, Transcript
from records.models.proof import latest_end
from records.queries.credits import Entry, Filter, entries_of
from records.services.certificate_steps import require_submissions
from records.services.once_steps import made_before, once_key
from records.services.proof_steps import prove, require_own_person
from records.services.register_people import batches

_AT_ONCE = 500


@dataclass(frozen=True)
class PrintedTotal:
    """All credits of one type, as printed. `reversed` is how much of it has been taken back since."""

    credit_type_id: int
    name: str
    unit: str
    credits: Decimal
    reversed: Decimal = Decimal("0.00")

    @property
    def stands(self) -> bool:
        return not self.reversed


@dataclass(frozen=True)
class PrintedEntry:
    """One entry of the ledger; a reversal's credits are negative."""

    counts_on: date
    title: str
    credit_type: str
    credits: Decimal

    @property
    def is_reversal(self) -> bool:
        return self.credits < 0


@dataclass(frozen=True)
class Made:
    """A transcript as it is to be printed. `number` is the holder's own; its code is valid through `ends_on`."""

    proof_id: int
    code: str
    ends_on: date
    organization: str
    holder: str
    number: str
    made_on: date
    totals: tuple[PrintedTotal, ...]
    entries: tuple[PrintedEntry, ...]


def make(*, by: Actor) -> Made:
    """A transcript of all the asker's own credits as they stand; its code is valid as long as any may be.

    Raises ActingAlready, ExternalCertificatesOff, and NotAllowed where the asker is no member.
    """
    member_id = require_own_person(by)
    with transaction():
        require_submissions()
        organization = this_organization()
        return _made(organization, found(Member, member_id), latest_end(clock.today(organization)), by)


def hand_out(*, ends_on: date | None, by: Actor, key: str = "") -> int:
    """The same, with a code that is valid through `ends_on`, one however often the form with this `key` is sent; the
    id of its proof. Raises EndRequired, EndPast, EndTooLate, too.
    """
    member_id = require_own_person(by)
    with transaction() as session:
        require_submissions()
        made = made_before(key, by=by)
        if made:
            return session.scalars(select(Proof.id).where(Proof.transcript_id == made)).one()
        return _made(this_organization(), found(Member, member_id), ends_on, by, key=key).proof_id


def _made(organization: Organization, member: Member, ends_on: date | None, by: Actor, *, key: str = "") -> Made:
    made_on, salt = clock.today(organization), codes.new_salt()
    entries = entries_of(member, Filter(), on=made_on, most=None).rows
    totals, code = _added_up(entries), codes.code(salt)
    transcript = Transcript(
        member_id=member.id,
        code_digest=signin.digest(code),
        made_on=made_on,
        created_at=clock.now(),
        totals=[[total.credit_type_id, total.name, total.unit, str(total.credits)] for total in totals],
        entry_ids=[entry.id for entry in entries],
    )
    db.session.add(transcript)
    db.session.flush()
    proof = prove(transcript, salt=salt, ends_on=ends_on, today=made_on)
    after = {"totals": transcript.totals, "ends_on": proof.ends_on.isoformat()}
    db.session.add(AuditEvent.of(AuditKind.TRANSCRIPT_MADE, transcript, by=by, at=clock.now(), after=after,
                                 once_key=once_key(key, by=by)))  # fmt: skip
    return Made(
        proof.id, codes.grouped(code), proof.ends_on, organization.name, member.name, member.number or "", made_on,
        totals, _printed(entries),
    )  # fmt: skip


def as_they_stand(made: Transcript) -> tuple[PrintedTotal, ...]:
    """The printed totals, less what was reversed of their entries since they were printed, whoever has those by now."""
    printed = set(made.entry_ids)
    gone: dict[int, Decimal] = {}
    for some in batches(made.entry_ids, _AT_ONCE):
        for reversal in db.session.scalars(select(CreditEntry).where(CreditEntry.reverses_id.in_(some))):
            if reversal.id not in printed:
                gone[reversal.credit_type_id] = gone.get(reversal.credit_type_id, Decimal("0.00")) - reversal.amount
    return tuple(
        PrintedTotal(type_id, name, unit, Decimal(credits), gone.get(type_id, Decimal("0.00")))
        for type_id, name, unit, credits in made.totals
    )


def _added_up(entries: Sequence[Entry]) -> tuple[PrintedTotal, ...]:
    """They must be the sums of the very entries that are printed beside them, so these are added up."""
    types = {entry.credit_type_id: entry.credit_type for entry in entries}
    sums = dict.fromkeys(types, Decimal("0.00"))
    for entry in entries:
        sums[entry.credit_type_id] += entry.amount
    ordered = sorted(types.values(), key=lambda type_: (type_.position, type_.folded_name))
    return tuple(PrintedTotal(type_.id, type_.name, type_.unit, sums[type_.id]) for type_ in ordered)


def _printed(entries: Sequence[Entry]) -> tuple[PrintedEntry, ...]:
    """Oldest first, as a record is read."""
    return tuple(
        PrintedEntry(entry.counts_on, entry.title, entry.credit_type.name, entry.amount) for entry in reversed(entries)
    )
