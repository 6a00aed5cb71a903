"""Secrets that people carry: one letter changed makes another that opens nothing, and each opens its own door only."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask import Flask

from records import codes
from records.database import db, every_organization
from records.models import Account, FeedKind, Member, MessageKind
from records.services import accounts, calendar_feeds, email_changes, invitations, transcripts
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.outbox import secret

Browse = Callable[..., SignedClient]
DOORS = {
    "password reset": "/reset/{}",
    "invitation": "/invitation/{}",
    "old address": "/email/old/{}",
    "new address": "/email/new/{}",
    "code": "/verify/{}",
    "calendar": "/calendar/{}.ics",
}


@pytest.fixture
def secrets_of(cast: Cast) -> dict[str, str]:
    """One for each door."""
    accounts.request_password_reset(cast.max.email or "", by=cast.actor(cast.max))
    invited = invitations.invite(db.session.get_one(Member, cast.una.id), by=cast.actor(cast.ada))
    with every_organization():
        account = db.session.get_one(Account, cast.mia.account_id)
    email_changes.request(account, new_email="mia@new.example", password=PASSWORD, by=cast.actor(cast.mia))
    feed = calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    return {
        "password reset": secret(MessageKind.PASSWORD_RESET),
        "invitation": invited.rpartition("/")[2],
        "old address": secret(MessageKind.OLD_EMAIL_CONFIRMATION),
        "new address": secret(MessageKind.NEW_EMAIL_CONFIRMATION),
        "code": transcripts.make(by=cast.actor(cast.max)).code,
        "calendar": codes.token(feed.salt),
    }


def opens(client: SignedClient, path: str) -> bool:
    page = client.get(path)
    assert page.status_code in (200, 404), path
    return bool(page.status_code == 200)


def test_each_secret_serves_its_own_purpose_only(secrets_of: dict[str, str], cast: Cast, browse: Browse) -> None:
    client = browse()
    with browse(cast.max).session_transaction() as kept:
        others = {"session": str(kept["_user_id"]), "form": client.csrf_token()}
    found = {
        (whose, door)
        for whose, value in (secrets_of | others).items()
        for door, path in DOORS.items()
        if opens(client, path.format(value))
    }
    assert found == {(door, door) for door in DOORS}
    for value in secrets_of.values():
        client.set_cookie("certfolio", value)
        assert client.get("/account").status_code == 302
        assert client.post("/theme", data={"theme": "dark", "csrf_token": value}).status_code == 400


@pytest.mark.parametrize("door", DOORS)
def test_one_letter_makes_another_that_opens_nothing(
    secrets_of: dict[str, str], app: Flask, browse: Browse, door: str
) -> None:
    value = secrets_of[door]
    for at in (0, 1, len(value) // 2, len(value) - 2):
        other = value[:at] + ("7" if value[at] != "7" else "8") + value[at + 1 :]
        assert not opens(browse(), DOORS[door].format(other))
    for other in (value[:-1], value + "A", value + "%00", value + "=", f"%20{value[1:]}", value.swapcase()):
        read_alike = door == "code" and codes.tidy(unquote(other)) == value.replace("-", "")
        if not read_alike:
            assert not opens(browse(), DOORS[door].format(other))
    assert opens(browse(), DOORS[door].format(value))


def test_every_letter_of_a_cookie_and_of_a_form_counts(cast: Cast, browse: Browse) -> None:
    """Changed, the cookie signs nobody in and fails nowhere; nor does a form's token serve.

    But the last: some of its bits stand for nothing.
    """
    client = browse(cast.max)
    cookie = client.get_cookie("certfolio")
    assert cookie is not None
    for at in range(0, len(cookie.value) - 1, 5):
        changed = chr(ord(cookie.value[at]) ^ 1) if cookie.value[at] not in "/:" else "A"
        stranger = browse()
        stranger.set_cookie("certfolio", cookie.value[:at] + changed + cookie.value[at + 1 :])
        assert stranger.get("/account").status_code == 302, at
    token = client.csrf_token()
    for at in range(0, len(token) - 1, 5):
        changed = token[:at] + chr(ord(token[at]) ^ 1) + token[at + 1 :]
        assert client.post("/account/language", data={"language": "es", "csrf_token": changed}).status_code == 400, at
    assert client.post("/account/language", data={"language": "es"}).status_code == 302
