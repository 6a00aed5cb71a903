"""What is known of members as far as requirements ask, a batch at a time: one statement for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Select, bindparam, case, func, select
from sqlalchemy.orm import aliased

from records.database import this_organization
from records.models import (
    Certification,
    CertificationKind,
    CreditEntry,
    Exemption,
    Member,
    MemberPosition,
    Organization,
    RequirementMember,
)
from records.models.clearance import Excuse, Holding, Person
from records.models.standing import Validity, held_between
from records.queries.binding import Rules
from records.queries.pairs import pairs_of, union_of
from records.reading.ahead import Question, read_ahead, rows_of

_AT_ONCE = 500


def people(member_ids: Iterable[int], ruled: Rules, *, types: frozenset[int] | None = None) -> Iterator[Person]:
    """What is known of these members, in their order, as far as the rules ask. `types`: other types to know of."""
    organization, ids = this_organization(), iter(member_ids)
    wanted = ruled.counted_types if types is None else types
    while batch := list(islice(ids, _AT_ONCE)):
        yield from _batch(batch, ruled, wanted, organization)


def person_of(member_id: int, ruled: Rules) -> Person:
    """One member, of whom all is asked that any rule could ask."""
    (person,) = _told([member_id], _Asked.about([member_id], None, None), ruled, this_organization())
    return person


def asked_for_person(member_id: int) -> Sequence[Question]:
    """What `person_of` is going to ask: it depends on no rules, so that it can be asked together with them."""
    return _Asked.about([member_id], None, None)


def _batch(ids: Sequence[int], ruled: Rules, wanted: frozenset[int], organization: Organization) -> Iterator[Person]:
    counted = {demand.credit_type.id for demand in ruled.demands if demand.credit_type}
    return _told(ids, _Asked.about(ids, wanted, counted), ruled, organization)


def _told(ids: Sequence[int], asked: _Asked, ruled: Rules, organization: Organization) -> Iterator[Person]:
    with read_ahead(*asked):
        known = {row.id: row for row in rows_of(*asked.facts)}
        pairs = pairs_of(asked.pairs)
        holdings, excuses = _holdings(asked.held, ruled.types), _excuses(asked.excused)
        credits = _credits(asked.credited)
    positions, named = pairs["position"], pairs["requirement"]
    zone = ZoneInfo(organization.time_zone)
    for member_id in ids:
        row = known.get(member_id)
        if row is None:
            continue
        yield Person(
            id=member_id,
            since=row.joined_on or row.entered_at.astimezone(zone).date(),
            joined_on=row.joined_on,
            unit_id=row.unit_id,
            positions=frozenset(positions[member_id]),
            named_by=frozenset(named[member_id]),
            holdings=holdings[member_id],
            excuses=excuses[member_id],
            credits=credits[member_id],
        )


class _Asked(NamedTuple):
    """What is asked about members, all in one statement."""

    facts: Question
    pairs: Question
    held: Question
    excused: Question
    credited: Question

    @classmethod
    def about(cls, ids: Sequence[int], types: Collection[int] | None, counted: Collection[int] | None) -> _Asked:
        """`types` of certifications, `counted`: those of credits; None: of all types."""
        these = {"ids": ids}
        return cls(
            Question(_facts(), these),
            Question(_of_members(), these),
            Question(_held(), these) if types is None else Question(_held_of_types(), these | {"types": sorted(types)}),
            Question(_excused(), these),
            Question(_credited(), these)
            if counted is None
            else Question(_credited_of_types(), these | {"credit_types": sorted(counted)}),
        )


_THESE: BindParameter[Any] = bindparam("ids", expanding=True)


@cache
def _facts() -> Select[int, int | None, date | None, datetime | None]:
    """`entered_at` is told of those alone of whom it is not known when they joined."""
    entered_at = case((Member.joined_on.is_(None), Member.created_at)).label("entered_at")
    return select(Member.id, Member.unit_id, Member.joined_on, entered_at).where(Member.id.in_(_THESE))


@cache
def _of_members() -> Any:
    """In which positions members serve, and which requirements name them."""
    return union_of(
        ones=_THESE,
        position=(MemberPosition.member_id, MemberPosition.position_id),
        requirement=(RequirementMember.member_id, RequirementMember.requirement_id),
    )


def _holdings(asked: Question, types: dict[int, CertificationKind]) -> dict[int, dict[int, list[Holding]]]:
    """Live certifications by member and type."""
    held: dict[int, dict[int, list[Holding]]] = defaultdict(dict)
    for row in rows_of(*asked):
        facts = Validity(
            expires_on=row.expires_on, issued_on=row.issued_on, grace_days=types[row.type_id].grace_days,
            suspended_on=row.suspended_on, revoked_on=row.revoked_on, renewed_on=row.renewed_on,
        )  # fmt: skip
        holding = Holding(row.id, row.type_id, *held_between(facts))
        held[row.member_id].setdefault(row.type_id, []).append(holding)
    return held


@cache
def _held() -> Select[int, int, int, date, date | None, date | None, date | None, date]:
    renewal = aliased(Certification)
    return (
        select(
            Certification.id,
            Certification.member_id,
            Certification.type_id,
            Certification.expires_on,
            Certification.issued_on,
            Certification.suspended_on,
            Certification.revoked_on,
            func.coalesce(renewal.issued_on, renewal.recorded_on).label("renewed_on"),
        )
        .outerjoin(renewal, (renewal.supersedes_id == Certification.id) & renewal.deleted_at.is_(None))
        .where(Certification.member_id.in_(_THESE), Certification.deleted_at.is_(None))
    )


@cache
def _held_of_types() -> Any:
    return _held().where(Certification.type_id.in_(bindparam("types", expanding=True)))


def _excuses(asked: Question) -> dict[int, dict[int, list[Excuse]]]:
    found: dict[int, dict[int, list[Excuse]]] = defaultdict(dict)
    for each, approver in rows_of(*asked):
        excuse = Excuse(each.starts_on, each.ends_on, each.reason, approver.name)
        found[each.member_id].setdefault(each.requirement_id, []).append(excuse)
    return found


@cache
def _excused() -> Select[Exemption, Member]:
    return (
        select(Exemption, Member)
        .join(Member, Exemption.approved_by_id == Member.id)
        .where(Exemption.member_id.in_(_THESE), Exemption.withdrawn_at.is_(None))
        .order_by(Exemption.ends_on, Exemption.id)
    )


def _credits(asked: Question) -> dict[int, dict[int, list[tuple[date, Decimal]]]]:
    found: dict[int, dict[int, list[tuple[date, Decimal]]]] = defaultdict(dict)
    for row in rows_of(*asked):
        found[row.member_id].setdefault(row.credit_type_id, []).append((row.counts_on, row.amount))
    return found


@cache
def _credited() -> Select[int, int, date, Decimal]:
    entry = CreditEntry
    statement = select(entry.member_id, entry.credit_type_id, entry.counts_on, entry.amount)
    return statement.where(entry.member_id.in_(_THESE))


@cache
def _credited_of_types() -> Any:
    return _credited().where(CreditEntry.credit_type_id.in_(bindparam("credit_types", expanding=True)))
