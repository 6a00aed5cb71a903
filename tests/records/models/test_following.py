"""What follows a certification: one decision in Python and in SQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from records import clock
from records.database import db, transaction
from records.models import Certification, Member
from records.models.following import follows, is_followed, is_renewed, renews
from records.services import certification_steps as steps
from records.services.certification_steps import Entry, record
from tests.examples import examples
from tests.holdings import give

# When it expires, which type it is of, whether it renews the one before, what its issuer does and when, and whether it
# is deleted again; days from today.
plans = st.lists(
    st.tuples(
        st.integers(-20, 20), st.booleans(), st.booleans(), st.sampled_from("-sr"), st.integers(-5, 5), st.booleans()
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans, look=st.integers(-6, 6))
def test_sql_decides_as_python_does(app, cast, plan, look):
    ada, today = cast.actor(cast.ada), clock.today(cast.fire)
    on = today + timedelta(days=look)
    with transaction() as session:
        holder = Member(given_name="Pat", family_name="Holder", created_at=clock.now())
        session.add(holder)
        session.flush()
        made: list[Certification] = []
        for expires, is_emt, linked, act, acted, deleted in plan:
            type_id = cast.emt.id if is_emt else cast.forklift.id
            before = made[-1] if linked and made and made[-1].type_id == type_id else None
            renewed = before.id if before is not None and before.deleted_at is None else None
            issued_on = today + timedelta(days=min(acted, expires)) if before else None
            entry = Entry(type_id, today + timedelta(days=expires), issued_on, str(len(made)), renewed)
            each = record(holder, entry, by=ada)
            if act == "s":
                each.suspend(on=today + timedelta(days=acted), reason="x")
            if act == "r":
                each.revoke(on=today + timedelta(days=acted), reason="x")
            if deleted:
                steps.delete(each, by=ada)
            made.append(each)
        holder_id = holder.id
    statement = select(Certification, is_followed(on), is_renewed(on))
    statement = statement.where(Certification.member_id == holder_id, Certification.deleted_at.is_(None))
    rows = db.session.execute(statement.execution_options(populate_existing=True)).all()
    live = [row[0] for row in rows]
    for certification, followed, renewed in rows:
        assert followed == any(follows(other, certification, on=on) for other in live)
        assert renewed == any(other.supersedes_id == certification.id and renews(other, on=on) for other in live)


@pytest.mark.parametrize(
    ("change", "followed"),
    [
        (lambda later: None, True),
        (lambda later: later.suspend(on=clock.today(later.member.organization), reason="x"), False),
        (lambda later: later.revoke(on=clock.today(later.member.organization), reason="x"), False),
    ],
    ids=["stands", "suspended", "revoked"],
)
def test_a_later_one_follows_linked_or_not_while_it_counts(cast, change, followed):
    first = db.session.get_one(Certification, give(cast.max, cast.emt, 5))
    later = db.session.get_one(Certification, give(cast.max, cast.emt, 50, number="2"))
    today = clock.today(cast.fire)
    with transaction():
        change(later)
    assert follows(later, first, on=today) is followed
    assert not follows(first, later, on=today)
    assert not follows(later, later, on=today)


@pytest.mark.parametrize(
    ("issued_in", "act", "renewed"),
    [
        (4, None, True),
        (4, "suspend", False),
        (4, "revoke", False),
        (0, "revoke", True),
    ],
    ids=["early", "early and suspended", "early and revoked", "in effect and revoked"],
)
def test_a_renewal_that_its_issuer_took_back_before_its_day_renews_nothing(cast, issued_in, act, renewed):
    first = give(cast.max, cast.emt, 3)
    renewal = db.session.get_one(Certification, give(cast.max, cast.emt, 50, issued_in=issued_in, renews=first))
    today = clock.today(cast.fire)
    with transaction():
        if act is not None:
            getattr(renewal, act)(on=today, reason="x")
    assert renews(renewal, on=today) is renewed
    assert (
        db.session.scalar(select(is_renewed(today)).select_from(Certification).where(Certification.id == first))
        is renewed
    )
