"""Standing: one decision in Python and in SQL, in the order of the rule."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, Integer, literal, select

from records import clock
from records.database import db, locked, transaction
from records.models import Certification, CertificationType, Standing
from records.models.standing import BEST_FIRST, HOLDING, Validity, days_before, reason_for, standing_case, standing_on
from records.services import certification_steps as steps
from records.services.certification_steps import Entry, record
from tests.examples import examples

DAY = date(2027, 3, 21)
# Close to the day, so that every boundary is met; and far from it.
days = st.one_of(st.integers(-20, 20), st.integers(-4000, 4000)).map(lambda n: DAY + timedelta(days=n))
maybe = st.one_of(st.none(), days)
facts = st.builds(
    Validity,
    expires_on=days,
    issued_on=maybe,
    grace_days=st.integers(0, 30),
    notice_days=st.integers(0, 120),
    suspended_on=maybe,
    revoked_on=maybe,
    renewed_on=maybe,
)
_DATES = ("expires_on", "issued_on", "suspended_on", "revoked_on", "renewed_on")


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=facts)
def test_sql_decides_as_python_does(app, facts):
    columns = {name: literal(getattr(facts, name), Date) for name in _DATES}
    columns |= {name: literal(getattr(facts, name), Integer) for name in ("grace_days", "notice_days")}
    assert db.session.scalar(select(standing_case(DAY, SimpleNamespace(**columns)))) == standing_on(DAY, facts)


plans = st.lists(
    st.tuples(
        st.integers(-40, 120), st.one_of(st.none(), st.integers(-200, 20)), st.booleans(), st.sampled_from("-sr")
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans, deleted=st.integers(0, 5))
def test_sql_decides_on_rows_as_python_does(app, cast, plan, deleted):
    """Chains of renewals, some deleted again, some suspended or revoked."""
    ada, today = cast.actor(cast.ada), clock.today(cast.fire)
    with transaction() as session:
        type_ = CertificationType(
            name=f"T{session.query(CertificationType).count()}", grace_days=9, created_at=clock.now()
        )
        session.add(type_)
        session.flush()
        earlier, made = None, []
        for expires, issued, renews, state in plan:
            expires_on = today + timedelta(days=expires)
            issued_on = None if issued is None else min(today + timedelta(days=issued), expires_on)
            entry = Entry(type_.id, expires_on, issued_on, f"{len(made)}", earlier.id if renews and earlier else None)
            each = record(cast.max, entry, by=ada)
            if state == "s":
                each.suspend(on=today - timedelta(days=1), reason="x")
            if state == "r":
                each.revoke(on=today + timedelta(days=issued or 0), reason="x")
            made.append(each)
            earlier = each
        if deleted < len(made):
            steps.delete(made[deleted], by=ada)
        type_id = type_.id
    expression = Certification.standing_expression(today)
    statement = select(Certification, expression).join(CertificationType, Certification.type_id == CertificationType.id)
    statement = statement.where(Certification.type_id == type_id).execution_options(populate_existing=True)
    for certification, standing in db.session.execute(statement):
        assert standing == certification.standing_on(today)


A_DAY = timedelta(days=1)
valid = Validity(expires_on=DAY + timedelta(days=400), issued_on=DAY - timedelta(days=400), notice_days=90)


@pytest.mark.parametrize(
    ("changed", "standing"),
    [
        ({}, Standing.VALID),
        ({"expires_on": DAY + 91 * A_DAY}, Standing.VALID),
        ({"expires_on": DAY + 90 * A_DAY}, Standing.EXPIRING_SOON),
        ({"expires_on": DAY}, Standing.EXPIRING_SOON),
        ({"expires_on": DAY - A_DAY}, Standing.EXPIRED),
        ({"expires_on": DAY - A_DAY, "grace_days": 1}, Standing.IN_GRACE),
        ({"expires_on": DAY - 2 * A_DAY, "grace_days": 1}, Standing.EXPIRED),
        ({"issued_on": DAY + A_DAY}, Standing.NOT_YET_VALID),
        ({"issued_on": DAY}, Standing.VALID),
        ({"renewed_on": DAY}, Standing.SUPERSEDED),
        ({"renewed_on": DAY + A_DAY}, Standing.VALID),
        ({"renewed_on": DAY, "issued_on": DAY + A_DAY}, Standing.SUPERSEDED),
        ({"suspended_on": DAY, "renewed_on": DAY}, Standing.SUSPENDED),
        ({"suspended_on": DAY + A_DAY}, Standing.VALID),
        ({"revoked_on": DAY, "suspended_on": DAY}, Standing.REVOKED),
        ({"revoked_on": DAY + A_DAY, "expires_on": DAY - A_DAY}, Standing.EXPIRED),
    ],
)
def test_the_first_match_wins(changed, standing):
    assert standing_on(DAY, valid._replace(**changed)) == standing


def test_a_deleted_renewal_gives_the_earlier_one_its_standing_back(cast):
    ada, today = cast.actor(cast.ada), clock.today(cast.fire)
    with transaction():
        earlier = record(cast.max, Entry(cast.forklift.id, today + 400 * A_DAY), by=ada).id
        renewal = record(cast.max, Entry(cast.forklift.id, today + 800 * A_DAY, renews_id=earlier), by=ada).id
    assert db.session.get(Certification, earlier).standing_on(today) == Standing.SUPERSEDED
    with transaction():
        steps.delete(locked(Certification, renewal), by=ada)
    assert db.session.get(Certification, earlier).standing_on(today) == Standing.VALID


def test_every_standing_has_its_rank_and_reason():
    assert set(BEST_FIRST) == set(Standing)
    assert all(reason_for(standing) for standing in Standing)
    assert {standing for standing in Standing if standing.holds} == HOLDING


@pytest.mark.parametrize("days", [0, 1, 90, 400, -14, -366])
@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2027, 3, 1), date(2026, 12, 31)])
def test_the_day_so_many_days_before_is_the_same_in_sql(app, day, days):
    assert db.session.scalar(select(days_before(literal(day, Date), days))) == day - days * A_DAY
