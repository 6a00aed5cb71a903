"""Erasing a member: nothing of theirs is left, what the law lets remain stands, and nobody else loses a thing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import current_app

from records import clock
from records.database import db, every_organization, found, is_sqlite, transaction
from records.errors import NotAllowed, NotFound
from records.errors.erasing import ErasedWhileActive, MemberErased, NotConfirmed, OwnErasure, ReasonUnknown
from records.errors.merging import MergedAway
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    CreditEntry,
    Erasure,
    ExternalCertificate,
    Member,
    Message,
    MessageKind,
    RegisterImport,
    State,
)
from records.queries.checks import check_organization
from records.queries.erasing import tally
from records.services import certifications, members, register_undoing, submissions, sweeps
from records.services.register_people import People
from tests import stored
from tests.erasing import ASKED, WORD, erase, leave_traces, tables_with
from tests.holdings import give, picture
from tests.merging import everything, merged
from tests.registers import MAPPING

DECIDED = (State.APPROVED, State.REVOKED, State.DECLINED)


@pytest.fixture
def traced(cast, beginnings):
    if "traces" not in beginnings:
        leave_traces(cast)
        beginnings.keep("traces", cast.ids())
    beginnings.bring_back("traces")
    return cast


def _bytes_with(word: str) -> list[str]:
    """Everything under the data directory, the database's own files and names of files included, and in the storage."""
    folder = Path(current_app.config["DATA_DIR"])
    kept = [path for path in folder.rglob("*") if path.is_file() and "beginnings" not in path.parts]
    found = {path.name: path.read_bytes() for path in kept} | stored.contents()
    return [name for name, content in found.items() if word in name.casefold() or word.encode() in content.lower()]


def _sweep() -> None:
    sweeps.sweep_now(by=Actor.job("sweep"))
    db.session.expire_all()


def test_no_word_of_theirs_is_left_in_any_table_or_file(traced):
    traces = tables_with(WORD)
    expected = {
        "account",
        "audit_detail",
        "certification",
        "exemption",
        "external_certificate",
        "import_row",
        "member",
        "message",
        "register_import",
        "renewal_proposal",
        "revision",
        "saved_view",
        "scan",
        "snooze",
    }
    assert expected <= traces.keys()
    assert len(_bytes_with(WORD)) > 8
    erase(traced, traced.max)
    assert tables_with(WORD) == {}
    _sweep()
    assert _bytes_with(WORD) == []
    assert check_organization().problems == []


def test_what_the_law_lets_remain_stands(traced):
    ledger = sa.select(CreditEntry.kind, CreditEntry.amount, CreditEntry.counts_on, CreditEntry.created_at)
    ledger = ledger.order_by(CreditEntry.id)
    decided = sa.select(
        ExternalCertificate.id, ExternalCertificate.decided_at, ExternalCertificate.decided_by_id,
        ExternalCertificate.awarded_credits, ExternalCertificate.earned_on, ExternalCertificate.revoked_by_id,
    ).where(ExternalCertificate.state.in_(DECIDED)).order_by(ExternalCertificate.id)  # fmt: skip
    trail = sa.select(AuditEvent.id, AuditEvent.kind, AuditEvent.detail_digest).order_by(AuditEvent.id)
    before = [db.session.execute(each).all() for each in (ledger, decided)]
    events = db.session.execute(trail).all()
    assert len(before[0]) == 3
    assert len(before[1]) == 3
    erase(traced, traced.max)
    assert [db.session.execute(each).all() for each in (ledger, decided)] == before
    assert db.session.execute(trail).all()[: len(events)] == events
    states = db.session.scalars(sa.select(ExternalCertificate.state).order_by(ExternalCertificate.id)).all()
    assert states == ["approved", "revoked", "declined", "withdrawn", "withdrawn", "withdrawn"]
    report = check_organization()
    assert report.problems == []
    assert report.looked_at["erased revisions"] == 6


def test_the_record_says_that_it_is_erased_by_whom_and_why(traced):
    counts = erase(traced, traced.max).counts
    member = found(Member, traced.max.id)
    assert (member.name, member.number, member.email, member.unit_id) == ("Erased member", None, None, None)
    assert member.is_erased
    (erasure,) = db.session.scalars(sa.select(Erasure)).all()
    assert (erasure.member_id, erasure.erased_by_id, erasure.reason) == (traced.max.id, traced.ada.id, ASKED)
    assert (counts["external_certificate"], counts["withdrawn"]) == (6, 3)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_ERASED)).one()
    assert (event.member_id, event.detail.actor_name) == (traced.max.id, "Ada Lindgren")
    assert event.detail.erased_at is None


def test_nobody_else_loses_anything(traced):
    others = [member for member in _members() if member.id != traced.max.id]
    before = {member.id: (member.name, member.email, member.account_id, member.search_text) for member in others}
    digest = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.WEEKLY_DIGEST)).one()
    assert len(digest.facts["expired"]["lines"]) == 2
    digest_id = digest.id
    erase(traced, traced.max)
    after = {member.id: (member.name, member.email, member.account_id, member.search_text) for member in _members()}
    assert {id_: after[id_] for id_ in before} == before
    facts = db.session.get_one(Message, digest_id).facts
    assert facts["expired"] == {"count": 2, "lines": [{"who": "Mia", "what": "EMT", "on": ""}]}


def _members():
    with every_organization():
        return db.session.scalars(sa.select(Member).order_by(Member.id)).all()


def test_of_what_they_did_to_others_the_trail_keeps_all_but_their_name(cast):
    carl = cast.actor(cast.carl)
    members.deactivate(cast.carl, by=cast.actor(cast.ada))
    with transaction() as session:
        told = {"before": {"email": "a@b.example"}, "after": {"email": "c@d.example"}}
        session.add(AuditEvent.of(AuditKind.MEMBER_CHANGED, cast.mia, by=carl, at=clock.now(), **told))
    erase(cast, cast.carl)
    (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.member_id == cast.mia.id)).all()
    assert (event.detail.actor_name, event.detail.salt) == ("", "")
    assert event.detail.before == {"email": "a@b.example"}
    members.deactivate(cast.mia, by=cast.actor(cast.ada))
    erase(cast, cast.mia)  # and later it is emptied for the one whom it is about
    db.session.expire_all()
    assert event.detail.before == event.detail.after == {}


@pytest.mark.parametrize(
    ("who", "asked", "refusal"),
    [
        ("mia", {}, ErasedWhileActive),
        ("ada", {}, OwnErasure),
        ("una", {"confirmed": "Una"}, NotConfirmed),
        ("una", {"confirmed": ""}, NotConfirmed),
        ("una", {"reason": "because Una asked"}, ReasonUnknown),
        ("una", {"reason": "retention"}, ReasonUnknown),
        ("una", {"by": "carl"}, NotAllowed),
        ("una", {"by": "max"}, NotAllowed),
        ("una", {"by": "ken"}, NotFound),
    ],
)
def test_it_is_refused(cast, who, asked, refusal):
    members.deactivate(cast.una, by=cast.actor(cast.ada))
    if "by" in asked:
        asked = {"by": cast.actor(getattr(cast, asked["by"]))}
    before = everything()
    with pytest.raises(refusal):
        erase(cast, getattr(cast, who), **asked)
    assert everything() == before


def test_it_is_confirmed_by_the_name_or_the_number_whatever_the_case(cast):
    for member, typed in ((cast.una, "una UNASSIGNED "), (cast.mia, "1005")):
        members.deactivate(member, by=cast.actor(cast.ada))
        erase(cast, member, confirmed=typed)
    assert [found(Member, each.id).is_erased for each in (cast.una, cast.mia)] == [True, True]


def test_nothing_brings_them_back_or_changes_them(traced):
    ada = traced.actor(traced.ada)
    held = db.session.scalars(sa.select(Certification.id).where(Certification.member_id == traced.max.id)).all()
    erase(traced, traced.max)
    member = found(Member, traced.max.id)
    changes = {
        MemberErased: (
            lambda: members.reactivate(member, by=ada),
            lambda: members.assign_unit(member, traced.south.id, by=ada),
            lambda: certifications.restore(member, held, by=ada),
            lambda: erase(traced, member),
            lambda: merged(found(Member, traced.mia.id), member, by=ada),
        ),
        NotFound: (lambda: submissions.withdraw(open_one, by=ada),),
    }
    open_one = db.session.scalars(sa.select(ExternalCertificate)).first()
    for refusal, tried in changes.items():
        for change in tried:
            with pytest.raises(refusal):
                change()


def test_undoing_the_register_that_brought_them_brings_nothing_back(traced):
    erase(traced, traced.max)
    register = db.session.scalars(sa.select(RegisterImport)).one()  # the one that waited is gone
    assert (register.stored_file_id, register.state) == (None, "applied")
    register_undoing.undo(register, by=traced.actor(traced.ada))
    assert tables_with(WORD) == {}
    assert db.session.scalars(sa.select(Certification).where(Certification.deleted_at.is_(None))).all() == []


def test_a_register_does_not_mean_them(traced):
    erase(traced, traced.max)
    people = People(MAPPING, by=traced.actor(traced.ada))
    assert traced.max.id not in {id_ for ids in people._ids_by_name.values() for id_ in ids}


def test_whoever_was_merged_into_them_goes_with_them_and_not_alone(cast):
    ada = cast.actor(cast.ada)
    merged(cast.mia, cast.una, by=ada)
    with pytest.raises(MergedAway):
        erase(cast, cast.una)
    members.deactivate(found(Member, cast.mia.id), by=ada)
    erase(cast, cast.mia)
    assert [found(Member, each.id).name for each in (cast.mia, cast.una)] == ["Erased member"] * 2
    assert tables_with("söderström") == tables_with("unassigned") == tables_with("s\\u00f6derstr") == {}


def test_an_account_that_opens_another_member_stays_and_opens_that_one_alone(cast):
    with every_organization(), transaction() as session:
        session.get_one(Member, cast.ken.id).account_id = cast.max.account_id
    account_id = cast.max.account_id
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    erase(cast, cast.max)
    with every_organization():
        opened = db.session.scalars(sa.select(Member.id).where(Member.account_id == account_id)).all()
        assert opened == [cast.ken.id]
        assert db.session.get(Account, account_id) is not None


def test_what_the_page_counts_is_what_goes(traced):
    told = tally(found(Member, traced.max.id))
    counts = erase(traced, traced.max).counts
    besides = {"audit_event", "withdrawn", "register_import"}
    assert {name: count for name, count in counts.items() if name not in besides} == told


def test_bytes_that_others_have_too_stay(cast):
    for member in (cast.max, cast.mia):
        give(member, cast.emt, 300, files={"same.png": picture()})
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    erase(cast, cast.max)
    _sweep()
    assert [problem.kind for problem in check_organization().problems] == []
    assert check_organization().looked_at["files"] == 1


def test_the_search_index_holds_no_letters_of_theirs(traced):
    if is_sqlite():  # PostgreSQL's own VACUUM sees to its index
        assert _blocks_with(b"zqx")
        erase(traced, traced.max)
        _sweep()
        assert not _blocks_with(b"zqx")


def _blocks_with(letters: bytes) -> list[bytes]:
    """Of the search index, as it stands in the file."""
    with db.engine.connect() as connection:
        blocks = connection.exec_driver_sql("SELECT block FROM member_search_data").scalars()
        return [block for block in blocks if letters in bytes(block)]
