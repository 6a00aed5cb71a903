"""Whatever two members have: merged, one has all of it; undone, each has again what was theirs."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from sqlalchemy import func, select

from records.database import db, found
from records.models import Certification, CreditEntry, ExternalCertificate, Member, Reminder, Scan, Transcript
from records.queries.checks import check_organization
from records.services import member_merges
from records.services.member_merges import Choices, Whose
from tests.certificates import credit_type
from tests.merging import everything, merged, records_of

SEEDS = [*range(12), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(12, 150))]


def _count(model, member, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(model.member_id == member.id, *conditions))


def _held(*members):
    """What they hold, each once: type, number, expiry."""
    live = select(Certification.type_id, Certification.number, Certification.expires_on).where(
        Certification.member_id.in_([each.id for each in members]), Certification.deleted_at.is_(None)
    )
    return {tuple(row) for row in db.session.execute(live)}


def _balance(*members):
    total = select(func.sum(CreditEntry.amount)).where(CreditEntry.member_id.in_([each.id for each in members]))
    return db.session.scalar(total)


def _files(*members):
    """The contents of the files of what they hold."""
    files = select(Scan.stored_file_id).join(Certification, Scan.certification_id == Certification.id)
    theirs = files.where(Certification.member_id.in_([each.id for each in members]))
    return set(db.session.scalars(theirs.where(Certification.deleted_at.is_(None))))


@pytest.mark.parametrize("seed", SEEDS)
def test_all_goes_over_and_all_comes_back(cast, seed):
    rng, credits = Random(seed), credit_type()  # because: no secret is drawn
    ada, both = cast.actor(cast.ada), (cast.max, cast.mia)
    for each in both:
        records_of(cast, each, rng, types=(cast.emt, cast.forklift), credits=credits)
    before = everything()
    held, balance, files = _held(*both), _balance(*both), _files(*both)
    counts = Counter({model: sum(_count(model, each) for each in both)
                      for model in (ExternalCertificate, CreditEntry, Transcript, Reminder)})  # fmt: skip
    some = {name: rng.choice((Whose.KEPT, Whose.MERGED)) for name in ("name", "number", "email", "unit_id")}

    done = merged(cast.max, cast.mia, by=ada, choices=Choices(**some, positions=rng.choice(list(Whose))))
    max_, mia = found(Member, cast.max.id), found(Member, cast.mia.id)
    assert (_held(max_), _balance(max_), _files(max_)) == (held, balance, files)
    assert _held(mia) == set()
    assert {model: _count(model, max_) for model in counts} == counts
    assert check_organization().problems == []

    undone = member_merges.undo(done, by=ada)
    assert (dict(undone.stays), undone.fields, undone.account_is_back) == ({}, (), True)
    assert check_organization().problems == []
    after = everything()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
