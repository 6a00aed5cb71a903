"""A certification by what follows from its dates, and one that is held, by its values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from records.models.certification_type import CertificationKind
from records.models.scan import Scan
from records.models.standing import Standing, Validity, standing_on


class Dated:
    """What its dates say of a certification, be it a record or values."""

    if TYPE_CHECKING:  # columns of the one, fields of the other
        expires_on: Any
        issued_on: Any
        recorded_on: Any
        suspended_on: Any
        revoked_on: Any
        deleted_at: Any
        type: Any
        renewal: Any

    @property
    def title(self) -> str:
        """What it is, in a word: the name of its type."""
        name: str = self.type.name
        return name

    @property
    def takes_effect_on(self) -> date:
        """The day from which this one, as a renewal, replaces the certification before it."""
        day: date = self.issued_on or self.recorded_on
        return day

    @property
    def validity(self) -> Validity:
        return Validity(
            expires_on=self.expires_on,
            issued_on=self.issued_on,
            grace_days=self.type.grace_days,
            notice_days=self.type.notice_days,
            suspended_on=self.suspended_on,
            revoked_on=self.revoked_on,
            renewed_on=self.renewal.takes_effect_on if self.renewal else None,
        )

    def standing_on(self, day: date) -> Standing:
        return standing_on(day, self.validity)

    def may_be_proposed_on(self, day: date) -> bool:
        """Whether its member may propose a renewal of it: the type allows it, and none is recorded yet."""
        standing = self.standing_on(day)
        return (
            self.type.members_propose_renewals
            and not self.type.is_retired
            and self.renewal is None
            and self.deleted_at is None
            and (standing.holds or standing == Standing.EXPIRED)
        )


@dataclass(eq=False)
class HeldCertification(Dated):
    """What pages need to know of a live certification: its values, for reading only."""

    id: int
    member_id: int
    type_id: int
    number: str
    issued_on: date | None
    expires_on: date
    recorded_on: date
    supersedes_id: int | None
    suspended_on: date | None
    suspended_reason: str
    revoked_on: date | None
    revoked_reason: str
    created_at: datetime
    type: CertificationKind = field(init=False)
    scans: list[Scan] = field(init=False)
    renewal: HeldCertification | None = field(default=None, init=False)
    deleted_at: None = field(default=None, init=False)
