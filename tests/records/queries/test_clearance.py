"""Clearance: the pure rule, the SQL, the matrix, the member's page and the badge say the same on any date."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from records import clock
from records.database import db, locked, transaction
from records.models import (
    Certification,
    CertificationType,
    CreditEntry,
    CreditType,
    Exemption,
    ExternalCertificate,
    Member,
    MemberPosition,
    Organization,
    Position,
    Requirement,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    TypeEquivalence,
)
from records.models.clearance import Outcome, is_cleared, meets, outcome_on
from records.queries.binding import rules
from records.queries.clearance import binds, cleared_on, met, tally
from records.queries.findings import badge_of, clearance_of
from records.queries.matrix import Asked, matrix
from records.queries.member_filters import Wanted
from records.queries.members import member_list
from records.queries.persons import people
from tests.certificates import credit_type
from tests.clearances import require
from tests.examples import examples

DAY = date(2027, 3, 1)
NAMES = ("max", "mia", "nora", "una", "carl")
PERIODS = ("calendar_year", "from_joining", "own_dates", "lifetime")


class _Enough(Exception):
    """Ends a transaction that is to leave nothing behind."""


# The days on which something begins or ends are few, so that they meet; ends of periods and leap days are among them.
EDGES = [DAY + timedelta(days=days) for days in (-1, 0, 1, 4)]
EDGES += [
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2026, 9, 1),
    date(2026, 3, 1),
]
EDGES += [date(2024, 2, 29), date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)]
near = st.one_of(st.sampled_from(EDGES), st.sampled_from(EDGES), st.integers(0, 1500).map(lambda n: DAY - timedelta(n)))
maybe = st.one_of(st.none(), st.none(), near)
who, which = st.integers(0, len(NAMES) - 1), st.integers(0, 2)
certifications = st.lists(
    st.tuples(who, which, near, maybe, maybe, maybe, st.booleans(), st.sampled_from([False, False, True])), max_size=14
)
asked = st.lists(
    st.fixed_dictionaries(
        {
            "rule": st.sampled_from(["all", "any", "at_least", "credits", "credits"]),
            "types": st.sets(which, max_size=3),
            "at_least": st.integers(1, 3),
            "period": st.integers(0, 3),
            "credits": st.sampled_from([Decimal("0.01"), Decimal(3), Decimal(8)]),
            "everyone": st.sampled_from([True, True, False]),
            "units": st.sets(st.integers(0, 2), max_size=2),
            "positions": st.sets(st.integers(0, 1), max_size=2),
            "members": st.sets(who, max_size=2),
            "from_on": near,
            "newcomer_days": st.sampled_from([0, 5, 400]),
            "retired": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=2,
    max_size=4,
)
worlds = st.fixed_dictionaries(
    {
        "certifications": certifications,
        "asked": asked,
        "equal": st.sets(st.sampled_from([(0, 1), (1, 2)])),
        "serves": st.sets(st.tuples(who, st.integers(0, 1)), max_size=5),
        "joined": st.lists(st.one_of(near, near, st.none(), st.just(date(2024, 2, 29))), min_size=5, max_size=5),
        "exemptions": st.lists(
            st.tuples(who, st.integers(0, 3), near, st.sampled_from([0, 1, 60, 365]), st.booleans()), max_size=4
        ),
        "credits": st.lists(
            st.tuples(who, st.integers(0, 3), near, st.sampled_from([1, 3, 8])), min_size=3, max_size=12
        ),
    }
)
days = st.lists(near, min_size=2, max_size=6)


def _members(cast):
    return [db.session.get_one(Member, getattr(cast, name).id) for name in NAMES]


def _enter(session, cast, world, credit_types):
    """The world that was drawn, in the transaction that runs."""
    ids, here = [member.id for member in _members(cast)], {"organization_id": cast.fire.id}
    for member, joined in zip(_members(cast), world["joined"], strict=True):
        member.joined_on = joined
    types = [CertificationType(name=f"T{n}", grace_days=3 * n, created_at=clock.now()) for n in range(3)]
    positions = [Position(name=f"P{n}") for n in range(2)]
    session.add_all([*types, *positions])
    session.flush()
    session.add_all([TypeEquivalence(type_id=types[a].id, counts_as_id=types[b].id) for a, b in world["equal"]])
    session.add_all([MemberPosition(member_id=ids[a], position_id=positions[b].id) for a, b in world["serves"]])
    latest: dict[tuple[int, int], int] = {}
    for n, (member, type_, expires, issued, suspended, revoked, renews, deleted) in enumerate(world["certifications"]):
        each = Certification(
            member_id=ids[member], type_id=types[type_].id, number=str(n), expires_on=expires,
            issued_on=min(issued, expires) if issued else None, recorded_on=DAY, created_at=clock.now(),
            suspended_on=suspended, suspended_reason="x" if suspended else "", revoked_on=revoked,
            revoked_reason="x" if revoked else "", deleted_at=clock.now() if deleted else None,
            supersedes_id=latest.get((member, type_)) if renews else None,
        )  # fmt: skip
        session.add(each)
        session.flush()
        latest[member, type_] = each.id
    units = [cast.north.id, cast.engine.id, cast.south.id]
    made = []
    for n, each in enumerate(world["asked"]):
        counts = each["rule"] == "credits"
        requirement = Requirement(
            name=f"R{n}", position=n, kind="credits" if counts else "types", rule="all" if counts else each["rule"],
            at_least=each["at_least"] if each["rule"] == "at_least" else None, created_at=clock.now(),
            credit_type_id=credit_types[each["period"]] if counts else None,
            credits=each["credits"] if counts else None, binds_everyone=each["everyone"], from_on=each["from_on"],
            newcomer_days=each["newcomer_days"], retired_at=clock.now() if each["retired"] else None,
        )  # fmt: skip
        chosen = [] if counts else each["types"]
        requirement.types = [RequirementType(type_id=types[n].id, **here) for n in chosen]
        requirement.units = [RequirementUnit(unit_id=units[n], **here) for n in each["units"]]
        requirement.positions = [RequirementPosition(position_id=positions[n].id, **here) for n in each["positions"]]
        requirement.members = [RequirementMember(member_id=ids[n], **here) for n in each["members"]]
        made.append(requirement)
    session.add_all(made)
    session.flush()
    for member, number, starts, length, withdrawn in world["exemptions"]:
        session.add(
            Exemption(
                member_id=ids[member],
                requirement_id=made[number % len(made)].id,
                reason="x",
                starts_on=starts,
                ends_on=starts + timedelta(days=length),
                approved_by_id=cast.ada.id,
                created_at=clock.now(),
                withdrawn_at=clock.now() if withdrawn else None,
            )
        )
    for n, (member, period, on, amount) in enumerate(world["credits"]):
        certificate = ExternalCertificate(
            member_id=ids[member], credit_type_id=credit_types[period], title="x", claimed_credits=Decimal(amount),
            earned_on=on, submission_key=f"{n}", created_at=clock.now(), submitted_at=clock.now(),
        )  # fmt: skip
        session.add(certificate)
        session.flush()
        session.add(CreditEntry.award(_awarded(certificate), at=clock.now()))
    session.flush()


def _awarded(certificate):
    """What an award is read off, without a decision in the books."""
    fields = ("organization_id", "member_id", "credit_type_id", "id", "earned_on")
    facts = {name: getattr(certificate, name) for name in fields}
    return SimpleNamespace(awarded_credits=certificate.claimed_credits, **facts)


def _credit_types():
    """One of each kind of period, by id."""
    own = {"starts_on": date(2026, 9, 1), "ends_on": date(2027, 2, 28)}
    return [credit_type(f"C{n}", period=each, **(own if each == "own_dates" else {})).id
            for n, each in enumerate(PERIODS)]  # fmt: skip


@settings(max_examples=examples(70), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds, on=days)
def test_sql_decides_as_python_does(app, cast, world, on):
    if not db.session.scalars(select(CreditType.id)).all():
        _credit_types()
    types = db.session.scalars(select(CreditType.id).order_by(CreditType.id)).all()
    with suppress(_Enough), transaction() as session:
        _enter(session, cast, world, types)
        ruled = rules()
        ids = session.scalars(select(Member.id).where(Member.deactivated_at.is_(None))).all()
        known = list(people(ids, ruled))
        for day in on:
            expected = {each.id: is_cleared(day, ruled.demands, each) for each in known}
            cleared = set(session.scalars(select(Member.id).where(cleared_on(day, ruled))))
            assert {each.id: each.id in cleared for each in known} == expected
            for demand in ruled.demands:
                outcomes = {each.id: outcome_on(day, demand, each) for each in known}
                bound = select(Member.id, met(demand, day)).where(binds(demand, day))
                assert dict(session.execute(bound).all()) == {
                    member: outcome == Outcome.MET
                    for member, outcome in outcomes.items()
                    if outcome in (Outcome.MET, Outcome.MISSING)
                }
            counted = tally([Member.deactivated_at.is_(None)], ruled, day)
            assert (counted.members, counted.cleared) == (len(known), sum(expected.values()))
            for demand in ruled.demands:
                outcomes = Counter(outcome_on(day, demand, each) for each in known)
                assert counted.met[demand.id] == outcomes[Outcome.MET]
                assert counted.bound[demand.id] == outcomes[Outcome.MET] + outcomes[Outcome.MISSING]
        _screens_agree(cast, on[0], ruled, known)
        raise _Enough


def _screens_agree(cast, day, ruled, known):
    """The matrix, the members' pages, and, on the day itself, the badge and the filter of the list."""
    expected = {each.id: is_cleared(day, ruled.demands, each) for each in known}
    ada = cast.actor(cast.ada)
    rows = [row for group in matrix(Asked(on=day), by=ada).groups for row in group.rows]
    assert {row.member.id: row.is_cleared for row in rows} == expected
    for row in rows:
        page = clearance_of(db.session.get_one(Member, row.member.id), on=day)
        assert page.is_cleared == expected[row.member.id]
        assert list(page.findings) == [each for each in row.findings if each.concerns]
    with clock.standing_at(datetime.combine(day, time(18), UTC)):
        for row in rows:
            assert badge_of(db.session.get_one(Member, row.member.id)) == (
                expected[row.member.id] if ruled.demands else None
            )
        listed = member_list(Wanted(clearance="cleared"), by=ada).members
        assert {member.id for member in listed} == {member_id for member_id, cleared in expected.items() if cleared}


def test_periods_from_joining_begin_on_the_same_days_in_sql(app, cast):
    """Around anniversaries, of a leap day, too, and with requirements that stand from a period's first day on."""
    starts = [date(2025, 2, 28), date(2026, 2, 28), date(2024, 2, 29), date(2025, 3, 1), date(2025, 3, 2)]
    type_ = credit_type("CEU", period="from_joining")
    for number, from_on in enumerate(starts):
        require(f"R{number}", credit_type=type_, credits=Decimal(3), from_on=from_on, newcomer_days=number % 2)
    with transaction():
        for member, joined in zip(_members(cast), [date(2024, 2, 29), date(2024, 3, 1), *starts], strict=False):
            member.joined_on = joined
    ruled, ids = rules(), db.session.scalars(select(Member.id)).all()
    known = list(people(ids, ruled))
    edges = [date(2026, 2, 27), date(2026, 3, 1), date(2027, 2, 27), date(2028, 2, 28), date(2028, 2, 29)]
    for day in (edge + timedelta(days=more) for edge in edges for more in range(3)):
        for demand in ruled.demands:
            suffices = set(db.session.scalars(select(Member.id).where(met(demand, day))))
            assert suffices == {each.id for each in known if meets(day, demand, each)}


def test_requirements_of_credits_are_left_out_where_external_certificates_are_off(cast):
    require("Refreshers", credit_type=credit_type("CEU", period="lifetime"), credits=Decimal(3))
    assert badge_of(db.session.get_one(Member, cast.max.id)) is False
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    assert rules().demands == ()
    assert badge_of(db.session.get_one(Member, cast.max.id)) is None


def test_retired_requirements_bind_nobody(cast):
    requirement = require("Ambulance", cast.emt)
    assert badge_of(db.session.get_one(Member, cast.max.id)) is False
    with transaction():
        locked(Requirement, requirement.id).retired_at = clock.now()
    assert badge_of(db.session.get_one(Member, cast.max.id)) is None
