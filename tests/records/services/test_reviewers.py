"""Granting reviewing: by administrators, to training coordinators alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from records.database import db, found, locked, transaction
from records.errors import ModuleOff, NotAllowed, NotCoordinator, NotFound
from records.models import AuditEvent, AuditKind, Member, Organization
from records.queries.reviewers import coordinators
from records.services import reviewers


def _granted():
    return {each.member.id for each in coordinators() if each.member.reviews}


def test_those_ticked_review_and_each_change_is_an_event(cast):
    ada, both = cast.actor(cast.ada), {cast.carl.id, cast.nora.id}
    assert reviewers.choose({cast.nora.id}, shown=both, by=ada)
    assert _granted() == {cast.nora.id}
    assert not reviewers.choose({cast.nora.id}, shown=both, by=ada)
    assert reviewers.choose({cast.carl.id}, shown=both, by=ada)
    events = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.kind, event.member_id, event.actor_member_id) for event in events] == [
        (AuditKind.REVIEWING_GRANTED, cast.nora.id, cast.ada.id),
        (AuditKind.REVIEWING_GRANTED, cast.carl.id, cast.ada.id),
        (AuditKind.REVIEWING_ENDED, cast.nora.id, cast.ada.id),
    ]
    assert cast.actor(found(Member, cast.carl.id)).reviews
    assert not cast.actor(found(Member, cast.nora.id)).reviews


def test_who_was_not_on_the_page_keeps_what_they_have(cast):
    ada = cast.actor(cast.ada)
    reviewers.choose({cast.nora.id}, shown={cast.nora.id}, by=ada)
    reviewers.choose({cast.carl.id}, shown={cast.carl.id}, by=ada)
    assert _granted() == {cast.carl.id, cast.nora.id}


def test_only_active_coordinators_of_this_organization(cast):
    ada = cast.actor(cast.ada)
    for member_id, refusal in (
        (cast.max.id, NotCoordinator), (cast.ada.id, NotCoordinator), (cast.ken.id, NotFound), (2**70, NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            reviewers.choose({cast.carl.id, member_id}, shown={cast.carl.id, member_id}, by=ada)
    assert _granted() == set(), "all or nothing"


def test_only_administrators_and_only_while_the_module_is_on(cast):
    with pytest.raises(NotAllowed):
        reviewers.choose({cast.carl.id}, shown={cast.carl.id}, by=cast.actor(cast.carl))
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    with pytest.raises(ModuleOff):
        reviewers.choose({cast.carl.id}, shown={cast.carl.id}, by=cast.actor(cast.ada))


def test_coordinators_are_listed_with_their_scope(cast):
    listed = {each.member.name: (each.member.covers_organization, each.units) for each in coordinators()}
    assert listed == {"Carl Okafor": (True, ()), "Nora Núñez": (False, ("Station North",))}
