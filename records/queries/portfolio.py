"""What a learner sees of their own: certifications with their standing, what stands behind each, and scans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records import clock
from records.database import db, is_id, this_organization
from records.errors import ModuleOff, NotFound
from records.models import Actor, Certification, CertificationKind, HeldCertification, Standing
from records.models.following import follows
from records.queries.held import asked_for_held, held_by
from records.reading.ahead import Question

# Standings that ask the holder to do something.
_URGENT = frozenset({Standing.EXPIRED, Standing.IN_GRACE, Standing.EXPIRING_SOON, Standing.SUSPENDED, Standing.REVOKED})


@dataclass(frozen=True)
class OwnCertification:
    """`earlier` are those that it renewed, the latest first; `followed`: another of its type counts longer."""

    certification: HeldCertification
    standing: Standing
    earlier: tuple[OwnCertification, ...]
    followed: bool

    @property
    def type(self) -> CertificationKind:
        return self.certification.type

    @property
    def needs_attention(self) -> bool:
        return self.standing in _URGENT and not self.followed

    @property
    def is_past(self) -> bool:
        """Whether it counts for nothing any more, and needs to count for nothing."""
        return self.followed and not self.standing.holds


@dataclass(frozen=True)
class Portfolio:
    """`current` is sorted: what needs attention, then by expiry; the past comes last."""

    current: tuple[OwnCertification, ...]
    everything: dict[int, OwnCertification]

    @property
    def needing_attention(self) -> tuple[OwnCertification, ...]:
        return tuple(own for own in self.current if own.needs_attention)

    @property
    def held(self) -> tuple[OwnCertification, ...]:
        """Those that count as holding their type."""
        return tuple(own for own in self.current if own.standing.holds)

    def expiring_by(self, last: date) -> tuple[OwnCertification, ...]:
        """What counts today, is followed by nothing, and expires by that day; the soonest first."""
        today = clock.today(this_organization())
        found = [own for own in self.held if not own.followed and today <= own.certification.expires_on <= last]
        return tuple(sorted(found, key=lambda own: own.certification.expires_on))

    @property
    def has_scans(self) -> bool:
        return any(own.certification.scans for own in self.everything.values())

    def find(self, certification_id: int) -> OwnCertification:
        """Raises NotFound, alike for another member's and for none at all."""
        if certification_id not in self.everything:
            raise NotFound()
        return self.everything[certification_id]


def portfolio(*, by: Actor) -> Portfolio:
    """The asker's own certifications. Raises ModuleOff. One statement, however many there are."""
    organization = this_organization()
    if not organization.tracks_certifications:
        raise ModuleOff()
    own = sorted(held_by(by.member_id or 0), key=lambda each: (each.expires_on, each.id))
    return _arranged(own, on=clock.today(organization))


def own_certification(certification_id: int, *, by: Actor) -> Certification:
    """One of the asker's own to do something with, and its type. Raises ModuleOff, and NotFound as `find`."""
    if not this_organization().tracks_certifications:
        raise ModuleOff()
    own = (Certification.member_id == (by.member_id or 0), Certification.deleted_at.is_(None))
    statement = select(Certification).where(Certification.id == certification_id, *own)
    found = (
        db.session.scalar(statement.options(joinedload(Certification.type), joinedload(Certification.renewal)))
        if is_id(certification_id)
        else None
    )
    if found is None:
        raise NotFound()
    return found


def asked_for_portfolio(*, by: Actor) -> tuple[Question, Question, Question]:
    """What `portfolio` is going to ask."""
    return asked_for_held(by.member_id or 0)


def _arranged(certifications: Sequence[HeldCertification], *, on: date) -> Portfolio:
    by_id = {certification.id: certification for certification in certifications}
    of_type: dict[int, list[HeldCertification]] = defaultdict(list)
    for certification in certifications:
        of_type[certification.type_id].append(certification)
    own: dict[int, OwnCertification] = {}

    def arrange(certification: HeldCertification) -> OwnCertification:
        if certification.id not in own:
            before = by_id.get(certification.supersedes_id or 0)
            behind = arrange(before) if before is not None and _is_replaced(before, on=on) else None
            own[certification.id] = OwnCertification(
                certification,
                certification.standing_on(on),
                earlier=(behind, *behind.earlier) if behind else (),
                followed=any(follows(other, certification, on=on) for other in of_type[certification.type_id]),
            )
        return own[certification.id]

    everything = [arrange(certification) for certification in certifications]
    current = [each for each in everything if not _is_replaced(each.certification, on=on)]
    current.sort(key=lambda each: (each.is_past, not each.needs_attention))
    return Portfolio(tuple(current), own)


def _is_replaced(certification: HeldCertification, *, on: date) -> bool:
    """Whether its renewal is in effect, whatever its issuer has done to it besides."""
    return certification.renewal is not None and certification.renewal.takes_effect_on <= on
