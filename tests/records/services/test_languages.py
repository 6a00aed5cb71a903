"""A member's language: chosen by themselves, for themselves, on record."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from records.database import db, found, transaction
from records.errors import ActingAlready, Invalid, NotAllowed
from records.models import Actor, AuditEvent, AuditKind, Member
from records.models.language import LANGUAGES
from records.services import languages
from tests.records.services.test_login_as import acting
from tests.rows import Rows


def events():
    chosen = sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.LANGUAGE_CHOSEN)
    return db.session.scalars(chosen.order_by(AuditEvent.id)).all()


def test_a_member_chooses_and_takes_it_back_on_record(cast):
    by = cast.actor(cast.max)
    assert found(Member, cast.max.id).language is None
    assert languages.choose("es", by=by)
    assert found(Member, cast.max.id).language == "es"
    assert languages.choose("", by=by)
    assert found(Member, cast.max.id).language is None
    assert [(event.detail.before, event.detail.after) for event in events()] == [
        ({"language": ""}, {"language": "es"}),
        ({"language": "es"}, {"language": ""}),
    ]
    assert {event.member_id for event in events()} == {cast.max.id}


def test_the_same_again_is_no_change(cast):
    languages.choose("es", by=cast.actor(cast.max))
    assert not languages.choose("es", by=cast.actor(cast.max))
    assert len(events()) == 1


@pytest.mark.parametrize("language", ["fr", "ES", "es_ES", "english", "x" * 500, "'; --"])
def test_a_language_that_there_is_not_is_refused(cast, language):
    with pytest.raises(Invalid) as refused:
        languages.choose(language, by=cast.actor(cast.max))
    assert refused.value.field == "language"
    assert found(Member, cast.max.id).language is None
    assert events() == []


def test_nobody_chooses_for_another(cast):
    with pytest.raises(ActingAlready):
        languages.choose("es", by=acting(cast, cast.max))
    with pytest.raises(NotAllowed):
        languages.choose("es", by=Actor.visitor(address="", request_id=""))
    assert found(Member, cast.max.id).language is None


@pytest.mark.parametrize("tag", [*LANGUAGES, "pt-BR", "es-419", "zh-Hant", None])
def test_the_database_takes_what_may_be_a_language(app, tag):
    with transaction() as session:
        Rows(session.connection()).add("member", language=tag)


@pytest.mark.parametrize("tag", ["", "e", "ES", "e1", "es_ES", "es ES", "españa", "es'"])
def test_the_database_refuses_what_is_no_tag(app, tag):
    with pytest.raises(IntegrityError, match="ck_member_language_is_a_tag"), transaction() as session:
        Rows(session.connection()).add("member", language=tag)
