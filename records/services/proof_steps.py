"""Steps that verbs on what is handed out share: making a proof's row, and looking a secret up behind a throttle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from records import clock, codes, signin
from records.database import db
from records.errors import NotAllowed
from records.models import Actor, Certification, ExternalCertificate, Proof, Transcript
from records.throttle import attempts, count_attempt

Found = TypeVar("Found")
_PER = timedelta(minutes=10)


@dataclass(frozen=True)
class Door:
    """A public address that opens to whoever knows a secret. `most_wrong` guesses from one network address in ten
    minutes are answered; then nothing is, right or wrong, until they are over.
    """

    name: str
    most_wrong: int

    def look_up(self, find: Callable[[], Found | None], *, by: Actor) -> Found | None:
        """What `find` finds; None counts as a wrong guess. Raises TooManyAttempts."""
        key = f"{self.name}:{by.address}"
        if attempts(key, per=_PER) >= self.most_wrong:
            count_attempt(key, most=self.most_wrong, per=_PER)
        found = find()
        if found is None:
            count_attempt(key, most=self.most_wrong, per=_PER)
        return found


def require_own_person(by: Actor) -> int:
    """The id of the member who asks. Raises NotAllowed where none does, ActingAlready where it is an administrator
    logged in as them: what shows a person to strangers is that person's to hand out and to end.
    """
    by.require_not_acting()
    if by.member_id is None:
        raise NotAllowed()
    return by.member_id


def prove(
    record: Certification | ExternalCertificate | Transcript, *, salt: str, ends_on: date | None, today: date
) -> Proof:
    """The flushed proof of a record, good through `ends_on`. Raises EndRequired, EndPast, EndTooLate."""
    proof = Proof(
        member_id=record.member_id,
        certification_id=record.id if isinstance(record, Certification) else None,
        external_certificate_id=record.id if isinstance(record, ExternalCertificate) else None,
        transcript_id=record.id if isinstance(record, Transcript) else None,
        salt=salt,
        code_digest=signin.digest(codes.code(salt)),
        created_at=clock.now(),
    )
    proof.end(on=ends_on, today=today)
    db.session.add(proof)
    db.session.flush()
    return proof
