"""A learner's certificates in one list: certifications that the organization tracks, and external certificates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from records import clock
from records.database import this_organization
from records.models import (
    Actor,
    CertificationKind,
    ExternalCertificate,
    Scan,
    Standing,
    State,
)
from records.models.text import folded
from records.queries.held import External, asked_for_earned, earned_by
from records.queries.portfolio import OwnCertification, asked_for_portfolio, portfolio
from records.reading.ahead import Question, read_ahead, rows_of
from records.reading.unpacking import Row

EXTERNAL = "external"
ON_ONE_PAGE = 50


class Status(StrEnum):
    """What the list can be narrowed to, in the order in which it is offered."""

    ACTIVE = "active"
    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Sort(StrEnum):
    ADDED = "added"
    EARNED = "earned"
    EXPIRES = "expires"
    TITLE = "title"


_OF_STATES = {
    State.PENDING: Status.PENDING,
    State.CHANGES_REQUESTED: Status.CHANGES_REQUESTED,
    State.DECLINED: Status.DECLINED,
    State.WITHDRAWN: Status.WITHDRAWN,
    State.APPROVED: Status.ACTIVE,
    State.REVOKED: Status.REVOKED,
}


class Listed(NamedTuple):
    """One row: a tracked certification (`own`) or an external certificate. `earned_on` is the day on which it was
    issued or earned. `status` is None for a certification that is neither held nor expired nor revoked."""

    title: str
    status: Status | None
    added_at: datetime
    earned_on: date | None
    expires_on: date | None
    own: OwnCertification | None = None
    certificate: External | None = None

    @property
    def type(self) -> CertificationKind | None:
        """None for an external certificate."""
        return self.own.type if self.own else None

    @property
    def files(self) -> list[Scan]:
        """What "View Certificate" opens: nothing before an external certificate is approved."""
        if self.own is not None:
            return self.own.certification.scans
        approved = self.certificate is not None and self.certificate.state == State.APPROVED
        return self.certificate.scans if self.certificate is not None and approved else []


@dataclass(frozen=True)
class Wanted:
    """What was asked for; what no list offers counts as all. `type` is '', EXTERNAL, or a certification type's id."""

    type: str = ""
    status: str = ""
    sort: str = Sort.ADDED
    page: int = 1

    @classmethod
    def read(cls, arguments: Mapping[str, Any]) -> Wanted:
        page = str(arguments.get("page", ""))
        return cls(
            str(arguments.get("type", "")),
            str(arguments.get("status", "")),
            str(arguments.get("sort", "")),
            int(page) if page.isdecimal() and len(page) < 6 else 1,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.type or self.status)

    def asked(self) -> dict[str, str | int]:
        """As arguments of an address, without what goes without saying."""
        facts = {"type": self.type, "status": self.status, "page": self.page if self.page > 1 else ""}
        facts["sort"] = self.sort if self.sort != Sort.ADDED else ""
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True)
class Listing:
    """`rows` are those of one page, `fitting` how many there are on all pages, `everything` how many without
    filters. `counts` by status are of the chosen type."""

    wanted: Wanted
    rows: list[Listed]
    fitting: int
    everything: int
    types: list[CertificationKind]
    counts: dict[Status, int]

    @property
    def pages(self) -> int:
        return max(1, -(-self.fitting // ON_ONE_PAGE))


def certificates(wanted: Wanted, *, by: Actor) -> Listing:
    """The asker's own, of the modules that are on. A handful of statements, however many there are."""
    everything = own_certificates(by=by)
    types = {row.type.id: row.type for row in everything if row.type is not None}
    wanted = _offered(wanted, types)
    of_type = [row for row in everything if _is_of(row, wanted.type)]
    counts = Counter(row.status for row in of_type)
    fitting = [row for row in of_type if not wanted.status or row.status == wanted.status]
    fitting.sort(key=_ORDERS[Sort(wanted.sort)])
    wanted = replace(wanted, page=min(max(1, wanted.page), max(1, -(-len(fitting) // ON_ONE_PAGE))))
    first = (wanted.page - 1) * ON_ONE_PAGE
    return Listing(
        wanted,
        fitting[first : first + ON_ONE_PAGE],
        len(fitting),
        len(everything),
        sorted(types.values(), key=lambda type_: (type_.position, type_.folded_name)),
        {status: counts[status] for status in Status if status in counts},
    )


def own_certificates(*, by: Actor) -> list[Listed]:
    """All of the asker's own, tracked and external, of the modules that are on. One statement."""
    with read_ahead(*asked_for_own_certificates(by=by)):
        return [*_tracked(by=by), *_external(by=by)]


def asked_for_own_certificates(*, by: Actor) -> list[Question]:
    """What `own_certificates` and `certificates` are going to ask."""
    organization = this_organization()
    tracked = asked_for_portfolio(by=by) if organization.tracks_certifications else ()
    external = asked_for_earned(by.member_id or 0) if organization.takes_external_certificates else ()
    return [*tracked, *external]


@dataclass(frozen=True)
class Standings:
    """How many of the asker's external certificates wait for a reviewer, and those that wait for the asker: of each
    its id, title, state and `decided_at`."""

    pending: int
    to_mend: list[Row]


def standings(*, by: Actor) -> Standings:
    """Of an organization that takes none, nothing waits."""
    if not this_organization().takes_external_certificates:
        return Standings(0, [])
    waiting = rows_of(*asked_for_standings(by=by))
    to_mend = [each for each in waiting if each.state == State.CHANGES_REQUESTED]
    return Standings(len(waiting) - len(to_mend), to_mend)


def asked_for_standings(*, by: Actor) -> Question:
    """What `standings` is going to ask."""
    return Question(_waiting(), {"member_id": by.member_id})


@cache
def _waiting() -> Select[int, str, str, datetime | None]:
    of = ExternalCertificate
    return (
        select(of.id, of.title, of.state, of.decided_at)
        .where(of.member_id == bindparam("member_id"), of.state.in_((State.PENDING, State.CHANGES_REQUESTED)))
        .order_by(of.submitted_at, of.id)
    )


def _tracked(*, by: Actor) -> list[Listed]:
    """Without those that a renewal in effect has replaced: they stand behind it."""
    if not this_organization().tracks_certifications:
        return []
    return [
        Listed(
            own.certification.type.name,
            _standing_status(own.standing),
            own.certification.created_at,
            own.certification.issued_on,
            own.certification.expires_on,
            own=own,
        )
        for own in portfolio(by=by).current
    ]


def _standing_status(standing: Standing) -> Status | None:
    if standing.holds:
        return Status.ACTIVE
    return {Standing.EXPIRED: Status.EXPIRED, Standing.REVOKED: Status.REVOKED}.get(standing)


def _external(*, by: Actor) -> list[Listed]:
    organization = this_organization()
    if not organization.takes_external_certificates:
        return []
    today = clock.today(organization)
    return [
        Listed(
            each.title,
            Status.EXPIRED if each.is_expired(today) else _OF_STATES[State(each.state)],
            each.created_at,
            each.earned_on,
            each.expires_on,
            certificate=each,
        )
        for each in earned_by(by.member_id or 0)
    ]


def _offered(wanted: Wanted, types: Mapping[int, CertificationKind]) -> Wanted:
    known = {EXTERNAL, *(str(type_id) for type_id in types)}
    return replace(
        wanted,
        type=wanted.type if wanted.type in known else "",
        status=wanted.status if wanted.status in set(Status) else "",
        sort=wanted.sort if wanted.sort in set(Sort) else Sort.ADDED,
    )


def _is_of(row: Listed, type_: str) -> bool:
    if not type_:
        return True
    return row.certificate is not None if type_ == EXTERNAL else row.type is not None and str(row.type.id) == type_


def _id(row: Listed) -> int:
    record = row.own.certification if row.own else row.certificate
    return record.id if record is not None else 0


def _days_back(day: date | None) -> int:
    """For the latest first; what has no day comes last."""
    return -day.toordinal() if day else 0


_ORDERS: dict[Sort, Callable[[Listed], Any]] = {
    Sort.ADDED: lambda row: (-row.added_at.timestamp(), -_id(row)),
    Sort.EARNED: lambda row: (_days_back(row.earned_on), folded(row.title), -_id(row)),
    Sort.EXPIRES: lambda row: (row.expires_on or date.max, folded(row.title), -_id(row)),
    Sort.TITLE: lambda row: (folded(row.title), _days_back(row.earned_on), -_id(row)),
}
