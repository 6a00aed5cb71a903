"""Those who decide are told of proposed renewals: once, all in one, each of what they may decide."""

from __future__ import annotations

import pytest

from records import clock
from records.database import choose_organization, every_organization, found, locked, transaction
from records.models import Member, MessageKind, Organization, RenewalProposal
from records.services import renewal_proposals
from records.services.proposal_digests import announce_proposals
from tests.certificates import acting
from tests.holdings import give
from tests.outbox import messages
from tests.renewals import allow_proposals, proposed

DIGEST = MessageKind.RENEWALS_PROPOSED


@pytest.fixture(autouse=True)
def types(cast):
    allow_proposals(cast.emt, cast.forklift)


def told():
    """By member's id, the facts of what they were told."""
    return {message.member_id: message.facts for message in messages(DIGEST)}


def test_each_who_may_decide_is_told_once_of_all_that_is_new(cast):
    proposed(cast, give(cast.max, cast.emt, 20))
    proposed(cast, give(cast.mia, cast.forklift, 20), by=cast.actor(cast.mia))
    for _ in range(2):
        announce_proposals()
    both = ["Max Miller: EMT-Basic", "Mia Söderström: Forklift licence"]
    assert {who: facts["lines"] for who, facts in told().items()} == {
        cast.ada.id: both, cast.carl.id: both, cast.nora.id: both[:1],
    }  # fmt: skip
    assert messages(DIGEST)[0].page == "/admin/renewals/proposed/"


def test_what_came_since_is_told_with_how_many_wait_in_all(cast):
    proposed(cast, give(cast.max, cast.emt, 20))
    announce_proposals()
    proposed(cast, give(cast.max, cast.forklift, 20))
    announce_proposals()
    facts = told()[cast.ada.id]
    assert (facts["lines"], facts["new"], facts["waiting"]) == (["Max Miller: Forklift licence"], 1, 2)


def test_nobody_is_told_of_their_own_or_of_what_they_proposed_for_another(cast):
    proposed(cast, give(cast.carl, cast.emt, 20), by=cast.actor(cast.carl))
    proposed(cast, give(cast.mia, cast.emt, 20), by=acting(cast, cast.mia, cast.ada))
    announce_proposals()
    lines = {who: facts["lines"] for who, facts in told().items()}
    assert lines == {cast.ada.id: ["Carl Okafor: EMT-Basic"], cast.carl.id: ["Mia Söderström: EMT-Basic"]}


def test_what_nobody_may_decide_yet_stays_news(cast):
    with transaction():
        for member in (cast.carl, cast.nora):
            locked(Member, member.id).deactivated_at = clock.now()
    proposal = proposed(cast, give(cast.ada, cast.emt, 20), by=cast.actor(cast.ada))
    announce_proposals()
    assert messages(DIGEST) == []
    assert found(RenewalProposal, proposal.id).announced_at is None


def test_what_is_taken_back_or_of_a_deactivated_member_is_not_told(cast):
    renewal_proposals.withdraw(proposed(cast, give(cast.max, cast.emt, 20)), by=cast.actor(cast.max))
    proposed(cast, give(cast.mia, cast.emt, 20), by=cast.actor(cast.mia))
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    announce_proposals()
    assert messages(DIGEST) == []


def test_with_the_module_off_nobody_is_told(cast):
    proposed(cast, give(cast.max, cast.emt, 20))
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    announce_proposals()
    assert messages(DIGEST) == []


def test_organizations_are_told_of_their_own_only(cast):
    proposed(cast, give(cast.max, cast.emt, 20))
    choose_organization(cast.clinic.id)
    allow_proposals(cast.clinic_emt)
    proposed(cast, give(cast.other_max, cast.clinic_emt, 20), by=cast.actor(cast.other_max))
    with every_organization():
        announce_proposals()
    owners = {message.member_id: message.organization_id for message in messages(DIGEST)}
    assert owners == {
        cast.ada.id: cast.fire.id, cast.carl.id: cast.fire.id, cast.nora.id: cast.fire.id, cast.ken.id: cast.clinic.id,
    }  # fmt: skip
