"""A learner's list: what belongs to which status, what was asked for, and what needs attention."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records.database import locked, transaction
from records.models import Organization
from records.queries.certificate_list import Sort, Status, Wanted, standings
from records.queries.certificate_list import certificates as listed
from records.services import reviews
from tests import certificates
from tests.certificates import approved, submitted
from tests.holdings import give, today


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def learner(cast):
    return cast.actor(cast.max)


def _status(learner):
    (row,) = listed(Wanted(), by=learner).rows
    return row.status


@pytest.mark.parametrize(
    ("expires_in", "status"), [(None, Status.ACTIVE), (1, Status.ACTIVE), (0, Status.ACTIVE), (-1, Status.EXPIRED)]
)
def test_an_approved_one_is_active_through_its_last_day(cast, ceu, learner, expires_in, status):
    approved(cast, ceu, expires_on=None if expires_in is None else today() + timedelta(days=expires_in))
    assert _status(learner) == status


def test_one_that_is_not_approved_does_not_expire(cast, ceu, learner):
    submitted(cast, ceu, expires_on=today() - timedelta(days=1))
    assert _status(learner) == Status.PENDING


@pytest.mark.parametrize(
    ("expires_in", "change", "status"),
    [
        (400, None, Status.ACTIVE),
        (10, None, Status.ACTIVE),
        (-40, None, Status.EXPIRED),
        (400, lambda held: held.revoke(on=today(), reason="Mistake"), Status.REVOKED),
        (400, lambda held: held.suspend(on=today(), reason="Eyesight"), None),
    ],
)
def test_a_tracked_one_is_active_while_it_is_held(cast, learner, expires_in, change, status):
    give(cast.max, cast.emt, expires_in, change=change)
    assert _status(learner) == status


def test_what_was_asked_for_becomes_an_address_again():
    wanted = Wanted.read({"type": "external", "status": "active", "sort": "added", "page": "2", "other": "x"})
    assert wanted.asked() == {"type": "external", "status": "active", "page": 2}
    assert Wanted.read({}).asked() == Wanted().asked() == {}
    assert wanted.is_narrowed
    assert not Wanted(sort=Sort.TITLE).is_narrowed


def test_what_nobody_offers_counts_as_everything(cast, ceu, learner):
    submitted(cast, ceu)
    give(cast.mia, cast.forklift, 100)
    listing = listed(Wanted(type=str(cast.forklift.id), status="held", sort="random", page=7), by=learner)
    assert (listing.wanted, listing.fitting) == (Wanted(), 1)


def test_counts_are_of_the_chosen_type(cast, ceu, learner):
    submitted(cast, ceu)
    give(cast.max, cast.emt, 400)
    everything = listed(Wanted(), by=learner)
    assert everything.counts == {Status.ACTIVE: 1, Status.PENDING: 1}
    assert listed(Wanted(type="external"), by=learner).counts == {Status.PENDING: 1}
    assert listed(Wanted(type=str(cast.emt.id)), by=learner).counts == {Status.ACTIVE: 1}


def test_standings_tell_what_waits_for_whom(cast, ceu, learner):
    submitted(cast, ceu, title="Waits")
    sent_back = submitted(cast, ceu, title="Sent back")
    reviews.request_changes(sent_back, reason="Whose is it?", by=cast.actor(cast.ada))
    approved(cast, ceu, title="Done")
    submitted(cast, ceu, by=cast.actor(cast.mia))
    now = standings(by=learner)
    assert (now.pending, [each.title for each in now.to_mend]) == (1, ["Sent back"])
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    assert (standings(by=learner).pending, standings(by=learner).to_mend) == (0, [])
