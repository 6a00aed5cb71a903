"""Many at once, in processes of their own: one decision each, one award for each approval, every loser told who won."""

from __future__ import annotations

import multiprocessing
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records.database import choose_organization, db, found, lock, transaction
from records.errors import AlreadyDecided, NotOpen, RevisionChanged
from records.models import (
    Actor,
    Approval,
    AuditEvent,
    CreditEntry,
    CreditType,
    EntryKind,
    ExternalCertificate,
    Message,
    Role,
    State,
)
from records.queries.checks import check_organization
from records.services import reviews, submission_steps, submissions
from records.services.submission_steps import Files
from tests import certificates
from tests.certificates import EARNED, given, staged, submitted
from tests.conftest import make_app, same_place

# One process imports the application, and all others are forks of that one.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__, "wsgi"])
HOW_MANY = [pytest.param(40, id="40"), pytest.param(200, id="200", marks=pytest.mark.long)]
PATIENCE = 300
OUTCOMES = {"approve": State.APPROVED, "decline": State.DECLINED, "request_changes": State.CHANGES_REQUESTED}
WORDS = {
    State.APPROVED: "{} has approved this certificate already.",
    State.DECLINED: "{} has declined this certificate already.",
    State.CHANGES_REQUESTED: "{} has asked for changes to this certificate already.",
}


@dataclass(frozen=True)
class Place:
    """What a process needs to work on the database of the test."""

    data_dir: str
    settings: dict[str, str]
    organization_id: int

    @classmethod
    def of(cls, app: Flask, organization_id: int) -> Place:
        return cls(str(app.config["DATA_DIR"]), same_place(app), organization_id)

    def work(self, act: Callable[[], None], start: Any) -> None:
        application = make_app(Path(self.data_dir), **self.settings)
        with application.app_context():
            choose_organization(self.organization_id)
            start.wait(PATIENCE)
            act()
            db.session.remove()
            db.engine.dispose()


@dataclass(frozen=True)
class Said:
    """What one reviewer was told: `refusal` is the sentence, None for whoever decided; `seen` what they decided on."""

    certificate_id: int
    verb: str
    reviewer: str
    refusal: str | None
    seen: str = ""


def _decide(certificate_id: int, verb: str, by: Actor) -> str:
    """As a reviewer does: look, then decide on what was seen. Returns its digest."""
    certificate = found(ExternalCertificate, certificate_id)
    seen = certificate.digest()
    if verb == "approve":
        reviews.approve(certificate, Approval(certificate.claimed_credits), seen=seen, by=by)
    elif verb == "decline":
        reviews.decline(certificate, reason=f"No, says {by.name}.", by=by, seen=seen)
    else:
        reviews.request_changes(certificate, reason=f"Mend it, says {by.name}.", by=by, seen=seen)
    return seen


def _review(place: Place, by: Actor, work: list[tuple[int, str]], start: Any, said: Any) -> None:
    """A process: one reviewer goes through all certificates, in an order of their own."""

    def act() -> None:
        for certificate_id, verb in work:
            try:
                _decide(certificate_id, verb, by)
                said.put(Said(certificate_id, verb, by.name, None))
            except AlreadyDecided as refusal:
                said.put(Said(certificate_id, verb, by.name, refusal.in_english()))

    place.work(act, start)


def _run(works: list[tuple[Any, ...]], answers: int) -> list[Any]:
    """What processes answer that begin together; none may meet anything that it does not expect."""
    start, said = PROCESSES.Event(), PROCESSES.Queue()
    processes = [PROCESSES.Process(target=work, args=(*given_, start, said)) for work, *given_ in works]
    for process in processes:
        process.start()
    start.set()
    heard = [said.get(timeout=PATIENCE) for _ in range(answers)]
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    assert said.empty()
    db.session.rollback()
    return heard


@pytest.fixture
def four(cast) -> list[Actor]:
    """Ada and Una administer; Carl and Nora were granted reviewing."""
    with transaction():
        lock(cast.carl).reviews = lock(cast.nora).reviews = True
        lock(cast.una).role = Role.ADMINISTRATOR
    return [cast.actor(member) for member in (cast.ada, cast.una, cast.carl, cast.nora)]


def _pending(cast, ceu: CreditType, how_many: int) -> dict[int, Decimal]:
    """Certificates of Max, no two alike: their ids, and what each claims."""
    made = {}
    for number in range(how_many):
        claim = Decimal(number + 1).scaleb(-2) + number % 7
        day = EARNED - timedelta(days=number)
        made[submitted(cast, ceu, title=f"Certificate {number}", credits=claim, earned_on=day).id] = claim
    return made


def _shuffled(ids: list[int], verbs: tuple[str, ...], seed: int) -> list[tuple[int, str]]:
    chance = Random(seed)
    return [(certificate_id, chance.choice(verbs)) for certificate_id in chance.sample(ids, len(ids))]


@pytest.mark.parametrize("how_many", HOW_MANY)
@pytest.mark.parametrize("verbs", [("approve",), tuple(OUTCOMES)], ids=["approve", "mixed"])
def test_four_reviewers_at_once_decide_each_certificate_once(app, cast, four, verbs, how_many, monkeypatch):
    monkeypatch.setattr(submission_steps, "MOST_PENDING", how_many + 1)
    claims = _pending(cast, certificates.credit_type(), how_many)
    place = Place.of(app, cast.fire.id)
    works = [(_review, place, by, _shuffled(list(claims), verbs, seed)) for seed, by in enumerate(four)]
    heard = _run(works, 4 * how_many)
    won = {each.certificate_id: each for each in heard if each.refusal is None}
    assert sum(each.refusal is None for each in heard) == len(won) == how_many
    decided = {each.id: each for each in db.session.scalars(sa.select(ExternalCertificate))}
    _states_are_those_of_the_winners(won, decided)
    _every_loser_was_told_who_won(heard, won, decided)
    approved = _awards_are_exactly_the_approvals(claims, decided)
    assert len(verbs) > 1 or approved == how_many
    _each_decision_stands_once_in_the_trail_and_the_outbox(cast, how_many)
    assert check_organization().problems == []


def _states_are_those_of_the_winners(won: dict[int, Said], decided: dict[int, ExternalCertificate]) -> None:
    for certificate_id, winner in won.items():
        certificate = decided[certificate_id]
        assert certificate.state == OUTCOMES[winner.verb]
        assert certificate.decided_by.name == winner.reviewer
        assert winner.verb == "approve" or winner.reviewer in certificate.reason


def _every_loser_was_told_who_won(
    heard: list[Said], won: dict[int, Said], decided: dict[int, ExternalCertificate]
) -> None:
    losers = [each for each in heard if each.refusal is not None]
    assert len(losers) == 3 * len(won)
    for loser in losers:
        state = State(decided[loser.certificate_id].state)
        assert loser.refusal == WORDS[state].format(won[loser.certificate_id].reviewer)


def _awards_are_exactly_the_approvals(claims: dict[int, Decimal], decided: dict[int, ExternalCertificate]) -> int:
    approved = {number for number, each in decided.items() if each.state == State.APPROVED}
    entries = db.session.scalars(sa.select(CreditEntry)).all()
    assert {entry.kind for entry in entries} <= {EntryKind.AWARD}
    assert sorted(entry.external_certificate_id for entry in entries) == sorted(approved)
    total = db.session.scalar(sa.select(sa.func.sum(CreditEntry.amount))) or Decimal(0)
    assert total == sum((claims[number] for number in approved), Decimal(0))
    return len(approved)


def _each_decision_stands_once_in_the_trail_and_the_outbox(cast, how_many: int) -> None:
    kinds = [f"external_certificate.{state}" for state in OUTCOMES.values()]
    decisions = Counter(db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.kind.in_(kinds))))
    assert len(decisions) == decisions.total() == how_many
    told = sa.select(sa.func.count()).select_from(Message).where(Message.member_id == cast.max.id)
    assert db.session.scalar(told) == how_many


# The learner edits while reviewers approve


def _approve_what_is_seen(place: Place, by: Actor, ids: list[int], start: Any, said: Any) -> None:
    def act() -> None:
        for certificate_id in ids:
            said.put(_until_decided(certificate_id, by))

    place.work(act, start)


def _until_decided(certificate_id: int, by: Actor) -> Said:
    """Look again and try again for as long as the learner was quicker."""
    while True:
        try:
            return Said(certificate_id, "approve", by.name, None, _decide(certificate_id, "approve", by))
        except RevisionChanged:
            continue
        except AlreadyDecided as refusal:
            return Said(certificate_id, "approve", by.name, refusal.in_english())


def _edit(place: Place, by: Actor, ids: list[int], type_id: int, start: Any, said: Any) -> None:
    """A process: the learner changes each certificate again and again, until it is decided."""

    def act() -> None:
        saved = sum(_edit_once(certificate_id, number, type_id, by) for number in range(30) for certificate_id in ids)
        said.put(saved)

    place.work(act, start)


def _edit_once(certificate_id: int, number: int, type_id: int, by: Actor) -> bool:
    certificate = found(ExternalCertificate, certificate_id)
    files = Files("", kept=[scan.id for scan in certificate.scans])
    say = given(db.session.get_one(CreditType, type_id), title=f"Edit {number}", credits=Decimal(number + 1),
                earned_on=certificate.earned_on)  # fmt: skip
    try:
        return submissions.edit(certificate, say, files, seen=certificate.digest(), by=by)
    except NotOpen:
        return False


def test_nothing_is_approved_that_the_reviewer_did_not_see(app, cast, four):
    ceu = certificates.credit_type()
    ids, type_id = list(_pending(cast, ceu, 12)), ceu.id
    place, learner = Place.of(app, cast.fire.id), cast.actor(cast.max)
    works: list[tuple[Any, ...]] = [(_edit, place, learner, ids, type_id)]
    works += [(_approve_what_is_seen, place, by, ids[::way]) for by, way in zip(four[:2], (1, -1), strict=True)]
    heard = _run(works, 2 * len(ids) + 1)
    said = [each for each in heard if isinstance(each, Said)]
    won = {each.certificate_id: each for each in said if each.refusal is None}
    assert sorted(won) == sorted(ids)
    assert len(said) == 2 * len(won)
    revisions = 0
    for certificate in db.session.scalars(sa.select(ExternalCertificate)):
        last = certificate.revisions[-1]
        revisions += len(certificate.revisions)
        assert certificate.state == State.APPROVED
        assert won[certificate.id].seen == last.digest == certificate.digest()
        assert certificate.awarded_credits == certificate.claimed_credits == Decimal(last.facts["claimed_credits"])
    (saved,) = [each for each in heard if not isinstance(each, Said)]
    assert revisions == len(ids) + saved  # each edit that was said to be saved is a revision, and no other
    assert check_organization().problems == []


# One form, sent more than once


def _send(place: Place, by: Actor, type_id: int, key: str, start: Any, said: Any) -> None:
    def act() -> None:
        done = submissions.submit(given(db.session.get_one(CreditType, type_id)), Files(key), by=by)
        said.put((done.certificate_id, done.is_new))

    place.work(act, start)


def test_one_form_sent_by_four_processes_at_once_makes_one_certificate(app, cast):
    ceu, learner = certificates.credit_type(), cast.actor(cast.max)
    key = staged(learner)
    heard = _run([(_send, Place.of(app, cast.fire.id), learner, ceu.id, key)] * 4, 4)
    assert sorted(is_new for _, is_new in heard) == [False, False, False, True]
    assert len({certificate_id for certificate_id, _ in heard}) == 1
    assert len(db.session.scalars(sa.select(ExternalCertificate.id)).all()) == 1


def test_three_forms_sent_twice_at_once_by_threads_make_three_certificates(app, cast):
    ceu, learner, organization_id = certificates.credit_type(), cast.actor(cast.max), cast.fire.id
    type_id = ceu.id
    keys = [staged(learner, secrets.token_bytes(20)) for _ in range(3)] * 2
    db.session.rollback()
    gate, outcome = threading.Barrier(len(keys)), []

    def send(key: str) -> None:
        with app.app_context():
            choose_organization(organization_id)
            gate.wait(PATIENCE)
            say = given(db.session.get_one(CreditType, type_id))
            outcome.append(submissions.submit(say, Files(key), by=learner).is_new)
            db.session.remove()

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == [False] * 3 + [True] * 3
    assert len(db.session.scalars(sa.select(ExternalCertificate.id)).all()) == 3
