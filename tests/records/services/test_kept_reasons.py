"""Texts that reviewers keep: once each, for all reviewers, with an event for each that comes or goes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from records.database import db, found, locked, organization_scope, transaction
from records.errors import Invalid, ModuleOff, NotAllowed, NotFound
from records.models import AuditEvent, KeptReason, Member, Organization
from records.queries.kept_reasons import reasons_kept as kept
from records.services import kept_reasons
from records.services.kept_reasons import MOST_KEPT

TEXT = "The certificate shows no name."


def _kinds():
    events = db.session.scalars(sa.select(AuditEvent.kind).order_by(AuditEvent.id))
    return [kind for kind in events if kind.startswith("kept_reason")]


def test_a_text_is_kept_once_whatever_its_case_and_spaces(cast):
    ada = cast.actor(cast.ada)
    first = kept_reasons.keep(f"  {TEXT} ", by=ada).id
    assert kept_reasons.keep(TEXT.upper(), by=ada).id == first
    assert [each.text for each in kept()] == [TEXT]
    assert _kinds() == ["kept_reason.kept"]


def test_forgetting_one_leaves_its_words_in_the_trail(cast):
    ada = cast.actor(cast.ada)
    one = kept_reasons.keep(TEXT, by=ada)
    kept_reasons.forget(one, by=ada)
    assert list(kept()) == []
    assert _kinds() == ["kept_reason.kept", "kept_reason.forgotten"]
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "kept_reason.forgotten")).one()
    assert event.detail.before == {"text": TEXT}


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_nothing_and_too_much_are_refused(cast, text):
    with pytest.raises(Invalid):
        kept_reasons.keep(text, by=cast.actor(cast.ada))


def test_there_is_an_end_to_how_many(cast):
    ada = cast.actor(cast.ada)
    for number in range(MOST_KEPT):
        kept_reasons.keep(f"Reason {number}", by=ada)
    with pytest.raises(Invalid, match="Remove one first"):
        kept_reasons.keep("One more", by=ada)
    assert kept_reasons.keep("reason 7", by=ada).text == "Reason 7", "one that stands already is no more"


def test_only_reviewers_keep_and_forget(cast):
    one = kept_reasons.keep(TEXT, by=cast.actor(cast.ada))
    for member in (cast.max, cast.carl):
        with pytest.raises(NotAllowed):
            kept_reasons.keep("Other", by=cast.actor(member))
        with pytest.raises(NotAllowed):
            kept_reasons.forget(one, by=cast.actor(member))
    with transaction():
        locked(Member, cast.carl.id).reviews = True
    kept_reasons.forget(one, by=cast.actor(db.session.get_one(Member, cast.carl.id)))
    assert list(kept()) == []


def test_another_organization_has_its_own(cast):
    one = kept_reasons.keep(TEXT, by=cast.actor(cast.ada)).id
    with organization_scope(cast.clinic.id):
        assert list(kept()) == []
        with pytest.raises(NotFound):
            found(KeptReason, one)
        assert kept_reasons.keep(TEXT, by=cast.actor(cast.ken)).id != one


def test_with_the_module_off_nothing_is_kept(cast):
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).takes_external_certificates = False
    with pytest.raises(ModuleOff):
        kept_reasons.keep(TEXT, by=cast.actor(cast.ada))
