"""An organization's logo: its own verb, its own limits."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from records.database import db
from records.errors import Invalid, NotAllowed
from records.models import AuditEvent, Logo, StoredFile
from records.models.organization import MEBIBYTE
from records.services import files, organizations

_PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def arrive(cast):
    def arrive(content=_PNG + b"logo"):
        return files.take_in(BytesIO(content), name="logo.png", organization=cast.fire)

    return arrive


def test_row_and_logo_come_in_one_transaction(cast, arrive):
    arrived = arrive()
    assert db.session.scalar(select(StoredFile.id)) is None
    organizations.set_logo(cast.fire, arrived, by=cast.actor(cast.ada))
    stored = db.session.get(Logo, cast.fire.id).stored_file
    assert stored.sha256 == arrived.sha256
    organizations.set_logo(cast.fire, None, by=cast.actor(cast.ada))
    events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.detail.before["logo"], event.detail.after["logo"]) for event in events] == [
        (None, stored.sha256),
        (stored.sha256, None),
    ]


@pytest.mark.parametrize("content", [_PNG + b"\x00" * 5 * MEBIBYTE, b"<svg/>", b"%PDF-1.7", b"\x00" * 64])
def test_only_small_pictures(cast, arrive, content):
    with pytest.raises(Invalid) as caught:
        organizations.set_logo(cast.fire, arrive(content), by=cast.actor(cast.ada))
    assert caught.value.field == "logo"
    assert db.session.scalar(select(StoredFile.id)) is None


@pytest.mark.parametrize("asker", ["carl", "nora", "max"])
def test_only_administrators(cast, arrive, asker):
    with pytest.raises(NotAllowed):
        organizations.set_logo(cast.fire, arrive(), by=cast.actor(getattr(cast, asker)))
