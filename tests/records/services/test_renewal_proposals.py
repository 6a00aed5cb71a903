"""Renewals that members propose: they change nothing until somebody accepts them, once, with the same files."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from records import clock
from records.database import choose_organization, db, found, locked, organization_scope, transaction
from records.errors import (
    InvalidInput,
    ModuleOff,
    NoCertificateFile,
    NotAllowed,
    NotFound,
    OwnCertifications,
    ReasonRequired,
    Stale,
)
from records.errors.renewals import (
    ExpiresNoLater,
    NotProposable,
    OwnProposal,
    ProposalDecided,
    ProposedAlready,
    RenewedMeanwhile,
    TypeRetiredMeanwhile,
)
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    CertificationType,
    MessageKind,
    Organization,
    ProposalState,
    RenewalProposal,
    Scan,
    Standing,
)
from records.queries.scans import scan_for
from records.services import certification_steps, renewal_proposals, sweeps
from records.services.certification_steps import Entry
from records.services.renewal_proposals import Proposal
from tests.certificates import acting
from tests.holdings import give, picture, today
from tests.outbox import messages
from tests.renewals import allow_proposals, arrived, in_days, new_key, proposed


@pytest.fixture
def held(cast):
    """Max's EMT, which expires in 20 days; its type takes proposals."""
    allow_proposals(cast.emt)
    return give(cast.max, cast.emt, 20, number="N-1")


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def entry(**fields):
    return Entry(None, **({"expires_on": in_days(730), "issued_on": today(), "number": "N-2"} | fields))


def accept(proposal, *, by, **fields):
    proposal = found(RenewalProposal, proposal.id)
    return renewal_proposals.accept(proposal, entry(**fields), version=proposal.version, by=by)


def decline(proposal, *, by, reason="The scan shows another name."):
    proposal = found(RenewalProposal, proposal.id)
    renewal_proposals.decline(proposal, reason=reason, version=proposal.version, by=by)


# Proposing


def test_a_proposal_keeps_facts_and_files_and_changes_no_certification(cast, held):
    before = found(Certification, held).facts()
    proposal = proposed(cast, held, picture("red"), picture("blue"))
    assert (proposal.state, proposal.number, proposal.expires_on) == ("proposed", "N-2", in_days(730))
    assert [scan.name for scan in proposal.scans] == ["scan 1.png", "scan 2.png"]
    assert db.session.scalars(sa.select(Certification)).one().facts() == before
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.RENEWAL_PROPOSED)).one()
    assert (event.member_id, event.detail.after["files"]) == (cast.max.id, ["scan 1.png", "scan 2.png"])


def test_one_waits_at_a_time_and_after_a_decision_another_may_come(cast, held, ada):
    first = proposed(cast, held)
    with pytest.raises(ProposedAlready):
        proposed(cast, held)
    decline(first, by=ada)
    assert proposed(cast, held).is_open


def test_of_two_proposals_at_once_one_stands(app, cast, held):
    by, organization_id, keys = cast.actor(cast.max), cast.fire.id, [new_key(), new_key()]
    for key in keys:
        certification = found(Certification, held)
        renewal_proposals.stage(certification, arrived(picture("teal")), key=key, by=by)
    db.session.rollback()
    barrier, came = Barrier(2), []

    def press(key):
        with app.app_context(), organization_scope(organization_id):
            barrier.wait()
            try:
                renewal_proposals.propose(found(Certification, held), Proposal(key, in_days(700)), by=by)
                came.append("proposed")
            except ProposedAlready:
                came.append("refused")

    threads = [Thread(target=press, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["proposed", "refused"]


@pytest.mark.parametrize(
    ("fields", "name", "kind"),
    [
        ({"expires_on": None}, "expires_on", None),
        ({"expires_on": "held"}, "expires_on", ExpiresNoLater),
        ({"issued_on": "late"}, "expires_on", None),
        ({"number": "x" * 256}, "number", None),
    ],
)
def test_what_is_wrong_is_refused_beside_its_field(cast, held, fields, name, kind):
    dates = {"held": in_days(20), "late": in_days(800)}
    with pytest.raises(InvalidInput) as refused:
        proposed(cast, held, **{key: dates.get(value, value) for key, value in fields.items()})
    assert list(refused.value.errors) == [name]
    assert kind is None or isinstance(refused.value.errors[name], kind)


def test_it_needs_a_file(cast, held):
    with pytest.raises(InvalidInput) as refused:
        renewal_proposals.propose(
            found(Certification, held), Proposal(new_key(), in_days(700)), by=cast.actor(cast.max)
        )
    assert isinstance(refused.value.errors["files"], NoCertificateFile)


def test_only_a_type_that_allows_it_takes_proposals(cast, held):
    with pytest.raises(NotProposable):
        proposed(cast, give(cast.max, cast.forklift, 20))
    with transaction():
        locked(CertificationType, cast.emt.id).retired_at = clock.now()
    with pytest.raises(NotProposable):
        proposed(cast, held)


@pytest.mark.parametrize("what", ["renewed", "suspended", "revoked", "not yet valid"])
def test_only_what_is_held_or_expired_and_not_renewed_takes_proposals(cast, what):
    allow_proposals(cast.emt)
    changes = {
        "suspended": lambda each: each.suspend(on=today(), reason="Hours."),
        "revoked": lambda each: each.revoke(on=today(), reason="Forged."),
    }
    held = give(cast.max, cast.emt, 200, issued_in=5 if what == "not yet valid" else -300, change=changes.get(what))
    if what == "renewed":
        give(cast.max, cast.emt, 800, renews=held)
    with pytest.raises(NotProposable):
        proposed(cast, held)


def test_an_expired_one_takes_proposals(cast):
    allow_proposals(cast.emt)
    assert proposed(cast, give(cast.max, cast.emt, -20)).is_open


def test_nobody_proposes_for_another_and_with_the_module_off_nobody_does(cast, held):
    for other in (cast.mia, cast.ada):
        with pytest.raises(NotFound):
            proposed(cast, held, by=cast.actor(other))
    proposal = proposed(cast, held)
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    for act in (
        lambda: proposed(cast, held),
        lambda: renewal_proposals.withdraw(proposal, by=cast.actor(cast.max)),
        lambda: accept(proposal, by=cast.actor(cast.ada)),
        lambda: decline(proposal, by=cast.actor(cast.ada)),
    ):
        with pytest.raises(ModuleOff):
            act()


def test_the_member_takes_it_back_and_nobody_else_does(cast, held, ada):
    proposal = proposed(cast, held)
    with pytest.raises(NotFound):
        renewal_proposals.withdraw(proposal, by=ada)
    renewal_proposals.withdraw(found(RenewalProposal, proposal.id), by=cast.actor(cast.max))
    assert found(RenewalProposal, proposal.id).state == ProposalState.WITHDRAWN
    with pytest.raises(ProposalDecided) as refused:
        accept(proposal, by=ada)
    assert refused.value.in_english() == "Max Miller has withdrawn this renewal."


# Deciding


def test_accepting_records_the_renewal_with_the_same_files_and_tells_the_member(cast, held, ada):
    proposal = proposed(cast, held, picture("red"))
    renewal = accept(proposal, by=ada)
    assert (renewal.supersedes_id, renewal.expires_on, renewal.number) == (held, in_days(730), "N-2")
    proposal = found(RenewalProposal, proposal.id)
    assert (proposal.state, proposal.renewal_id, proposal.decided_by_id) == ("accepted", renewal.id, cast.ada.id)
    (its,), (proposals,) = found(Certification, renewal.id).scans, proposal.scans
    assert its.stored_file_id == proposals.stored_file_id
    assert found(Certification, held).standing_on(today()) == Standing.SUPERSEDED
    (message,) = messages(MessageKind.RENEWAL_ACCEPTED)
    assert (message.member_id, message.page) == (cast.max.id, f"/portfolio/certifications/{renewal.id}")


def test_facts_may_be_corrected(cast, held, ada):
    renewal = accept(proposed(cast, held), by=ada, expires_on=in_days(700), number="N-3")
    assert (renewal.expires_on, renewal.number) == (in_days(700), "N-3")


def test_an_early_renewal_leaves_the_old_one_in_force(cast, held, ada):
    accept(proposed(cast, held, issued_on=in_days(10)), by=ada, issued_on=in_days(10))
    earlier = found(Certification, held)
    assert earlier.standing_on(in_days(9)) == Standing.EXPIRING_SOON
    assert earlier.standing_on(in_days(10)) == Standing.SUPERSEDED


def test_wrong_facts_are_refused_and_nothing_is_decided(cast, held, ada):
    proposal = proposed(cast, held)
    with pytest.raises(InvalidInput):
        accept(proposal, by=ada, expires_on=None)
    assert found(RenewalProposal, proposal.id).is_open


def test_declining_needs_a_reason_which_the_member_is_told(cast, held, ada):
    proposal = proposed(cast, held)
    with pytest.raises(ReasonRequired):
        decline(proposal, by=ada, reason=" ")
    decline(proposal, by=ada)
    assert found(RenewalProposal, proposal.id).reason == "The scan shows another name."
    (message,) = messages(MessageKind.RENEWAL_DECLINED)
    assert (message.facts["reason"], message.facts["decider"]) == ("The scan shows another name.", "Ada Lindgren")


@pytest.mark.parametrize("first", [accept, decline])
@pytest.mark.parametrize("second", [accept, decline])
def test_what_is_decided_is_frozen(cast, held, ada, first, second):
    proposal = proposed(cast, held)
    first(proposal, by=ada)
    with pytest.raises(ProposalDecided, match="Ada Lindgren has"):
        second(proposal, by=cast.actor(cast.carl))
    with pytest.raises(ProposalDecided):
        renewal_proposals.withdraw(found(RenewalProposal, proposal.id), by=cast.actor(cast.max))


def test_of_two_at_once_one_decides_and_the_other_is_told_who_did(app, cast, held):
    proposal_id, organization_id = proposed(cast, held).id, cast.fire.id
    people = [cast.actor(cast.ada), cast.actor(cast.carl)]
    db.session.rollback()
    barrier, said = Barrier(2), []

    def press(by):
        with app.app_context(), organization_scope(organization_id):
            proposal = found(RenewalProposal, proposal_id)
            barrier.wait()
            try:
                renewal_proposals.accept(proposal, entry(), version=1, by=by)
                said.append("accepted")
            except ProposalDecided as refusal:
                said.append(refusal.in_english())

    threads = [Thread(target=press, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "accepted" in said
    assert any("has accepted this renewal already." in each for each in said)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Certification)) == 2


def test_a_page_of_another_version_decides_nothing(cast, held, ada):
    proposal = proposed(cast, held)
    for act in (
        lambda: renewal_proposals.accept(found(RenewalProposal, proposal.id), entry(), version=7, by=ada),
        lambda: renewal_proposals.decline(found(RenewalProposal, proposal.id), reason="No.", version=7, by=ada),
    ):
        with pytest.raises(Stale):
            act()


def test_what_was_renewed_deleted_or_retired_meanwhile_is_declined_only(cast, held, ada):
    proposal = proposed(cast, held)
    other = give(cast.max, cast.emt, 400, renews=held)
    with pytest.raises(RenewedMeanwhile, match="renewed meanwhile"):
        accept(proposal, by=ada)
    for certification_id in (other, held):
        with transaction():
            certification_steps.delete(locked(Certification, certification_id), by=ada)
    with pytest.raises(RenewedMeanwhile, match="deleted meanwhile"):
        accept(proposal, by=ada)
    decline(proposal, by=ada)
    assert messages(MessageKind.RENEWAL_DECLINED)[0].page == "/portfolio/certifications"


def test_with_the_type_retired_it_is_declined_only(cast, held, ada):
    proposal = proposed(cast, held)
    with transaction():
        locked(CertificationType, cast.emt.id).retired_at = clock.now()
    with pytest.raises(TypeRetiredMeanwhile):
        accept(proposal, by=ada)
    decline(proposal, by=ada)


# Who decides


def test_those_decide_who_may_change_the_members_certifications(cast, held):
    proposal = proposed(cast, held)
    for who, refusal in ((cast.max, NotAllowed), (cast.mia, NotAllowed)):
        with pytest.raises(refusal):
            accept(proposal, by=cast.actor(who))
    accept(proposal, by=cast.actor(cast.nora))


def test_out_of_scope_and_elsewhere_it_does_not_exist(cast):
    allow_proposals(cast.emt)
    proposal = proposed(cast, give(cast.mia, cast.emt, 20), by=cast.actor(cast.mia))
    with pytest.raises(NotFound):
        decline(proposal, by=cast.actor(cast.nora))
    choose_organization(cast.clinic.id)
    with pytest.raises(NotFound):
        found(RenewalProposal, proposal.id)


def test_nobody_decides_on_their_own_or_on_what_they_proposed_for_another(cast, held, ada):
    allow_proposals(cast.forklift)
    own = proposed(cast, give(cast.ada, cast.forklift, 20), by=ada)
    carls = proposed(cast, give(cast.carl, cast.forklift, 20), by=cast.actor(cast.carl))
    handed_in = proposed(cast, held, by=acting(cast, cast.max, cast.ada))
    for proposal, by in ((own, ada), (carls, cast.actor(cast.carl)), (handed_in, ada)):
        with pytest.raises((OwnProposal, OwnCertifications)):
            accept(proposal, by=by)
        with pytest.raises((OwnProposal, OwnCertifications)):
            decline(proposal, by=by)
    accept(handed_in, by=cast.actor(cast.carl))


# Its files


@pytest.mark.parametrize("state", ["proposed", "withdrawn", "declined", "accepted"])
def test_its_files_are_for_the_member_and_staff_in_scope_in_every_state(cast, held, ada, state):
    proposal = proposed(cast, held)
    if state == "withdrawn":
        renewal_proposals.withdraw(proposal, by=cast.actor(cast.max))
    elif state != "proposed":
        {"accepted": accept, "declined": decline}[state](proposal, by=ada)
    scan_id = found(RenewalProposal, proposal.id).scans[0].id
    for who in (cast.max, cast.ada, cast.carl, cast.nora):
        assert scan_for(scan_id, by=cast.actor(who)).id == scan_id
    with pytest.raises(NotFound):
        scan_for(scan_id, by=cast.actor(cast.mia))
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        scan_for(scan_id, by=cast.actor(cast.ken))
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        scan_for(scan_id, by=cast.actor(cast.max))


@pytest.mark.parametrize("state", ["proposed", "declined", "withdrawn", "accepted"])
def test_files_of_refused_ones_go_after_the_retention_and_no_others(cast, held, ada, state):
    proposal = proposed(cast, held)
    if state == "withdrawn":
        renewal_proposals.withdraw(proposal, by=cast.actor(cast.max))
    elif state != "proposed":
        {"accepted": accept, "declined": decline}[state](proposal, by=ada)
    sweep = Actor.job("sweep")
    assert sweeps.sweep_now(by=sweep).scans == 0
    later = clock.now() + timedelta(days=cast.fire.retention_days + 1)
    with clock.standing_at(later):
        assert sweeps.sweep_now(by=sweep).scans == (1 if state in ("declined", "withdrawn") else 0)


def test_files_go_with_the_certification_that_was_deleted_long_ago(cast, held, ada):
    proposed(cast, held)
    with transaction():
        certification_steps.delete(locked(Certification, held), by=ada)
    with clock.standing_at(clock.now() + timedelta(days=cast.fire.retention_days + 1)):
        assert sweeps.sweep_now(by=Actor.job("sweep")).scans == 1
    assert db.session.scalars(sa.select(Scan)).all() == []
