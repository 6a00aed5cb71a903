"""While an administrator is logged in as a member: only the portal opens, and every page leads back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, locked, transaction
from records.models import ExternalCertificate, Member, Role
from records.services import email_changes
from tests.cast import PASSWORD
from tests.certificates import credit_type
from tests.forms import read
from tests.holdings import give, picture
from tests.outbox import secret
from tests.portal.conftest import GIVEN, Form

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def acting(cast, browse):
    """Ada's browser, logged in as Max."""
    client = browse(cast.ada)
    assert client.log_in_as(cast.max).status_code == 302
    return client


def _ask(app, client, rule, method):
    arguments = {name: "front.png" if name == "filename" else "1" for name in rule.arguments}
    adapter = app.url_map.bind("")
    path = adapter.build(rule.endpoint, arguments, method=method)
    return client.post(path) if method == "POST" else client.open(path, method=method)


def test_every_address_of_the_back_office_is_closed(app, cast, acting):
    tried = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin"):
            continue
        for method in sorted(set(METHODS) & (rule.methods or set())):
            page = _ask(app, acting, rule, method)
            assert page.status_code == 403, f"{method} {rule}"
            assert "Return to Ada Lindgren" in page.text
            tried += 1
    assert tried > 40


def test_it_is_closed_for_a_coordinator_too(app, cast, browse):
    client = browse(cast.ada)
    client.log_in_as(cast.carl)
    for path in ("/admin/", "/admin/members/", f"/admin/members/{cast.max.id}"):
        assert client.get(path).status_code == 403
    assert 'href="/admin/"' not in client.get("/portfolio/").text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account"),
        ("POST", "/account/password"),
        ("POST", "/account/email"),
        ("POST", "/account/sessions"),
        ("GET", "/choose"),
        ("POST", "/choose"),
        ("GET", "/reset"),
        ("POST", "/reset"),
    ],
)
def test_the_account_is_closed(cast, acting, method, path):
    data = {"current": PASSWORD, "password": "another long password 1", "email": "x@new.example"}
    page = acting.post(path, data=data) if method == "POST" else acting.get(path)
    assert page.status_code == 403
    assert "logged in as somebody else" in page.text
    assert acting.get("/portfolio/").status_code == 200


def test_links_from_mails_are_closed(cast, acting):
    from records.database import every_organization
    from records.models import Account, MessageKind

    with every_organization():
        account = db.session.get_one(Account, cast.ada.account_id)
    email_changes.request(account, new_email="ada@new.example", password=PASSWORD, by=cast.actor(cast.ada))
    path = f"/email/old/{secret(MessageKind.OLD_EMAIL_CONFIRMATION)}"
    assert acting.get(path).status_code == 403
    assert acting.post(path).status_code == 403
    acting.post("/return")
    assert acting.post(path).status_code == 200


def test_nobody_enters_another_from_within(cast, acting):
    assert acting.log_in_as(cast.mia).status_code == 403
    assert "Max Miller" in read(acting.get("/portfolio/").text).one("h1").text


def test_the_portal_is_the_members_own(cast, acting):
    mine = give(cast.max, cast.emt, 100, number="E-17", files={"front.png": picture()})
    hers = give(cast.mia, cast.emt, 100, number="E-18")
    page = acting.get("/portfolio/certifications").text
    assert "E-17" in page
    assert "E-18" not in page
    assert acting.get(f"/portfolio/certifications/{mine}").status_code == 200
    assert acting.get(f"/portfolio/certifications/{hers}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/portfolio/", "/portfolio/certifications", "/portfolio/messages", "/nowhere", "/account"]
)
def test_every_page_names_both_and_leads_back(cast, acting, path):
    page = read(acting.get(path).text)
    banner = page.one("section", aria_label="Logged in as somebody else")
    assert "Ada Lindgren, you are logged in as Max Miller, until" in banner.text
    form = banner.one("form", action="/return", method="post")
    assert form.one("button").text == "Return to Ada Lindgren"
    assert len(page.all("h1")) == 1
    assert not page.all("a", href="/account")


def test_nobody_else_sees_the_banner(cast, browse):
    for member in (cast.ada, cast.max, None):
        assert "Return to" not in browse(member).get("/login", follow_redirects=True).text


def test_returning_leads_to_the_profile_as_oneself_once(cast, acting):
    with acting.session_transaction() as cookie:
        copied = dict(cookie)
    page = acting.post("/return")
    assert page.headers["Location"] == f"/admin/members/{cast.max.id}"
    profile = acting.get(page.headers["Location"])
    assert profile.status_code == 200
    assert "You are no longer logged in as Max Miller." in profile.text
    assert "Return to" not in profile.text
    assert acting.post("/return").status_code == 409
    thief = acting.application.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/portfolio/").headers["Location"].startswith("/login")


def test_the_old_sessions_cookie_is_dead_once_inside(cast, browse):
    client = browse(cast.ada)
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    client.log_in_as(cast.max)
    thief = browse()
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/admin/").headers["Location"].startswith("/login")


def test_the_administrators_account_says_where_they_are_logged_in_as_whom(cast, acting, browse):
    rows = read(browse(cast.ada).get("/account").text).all("tr")
    assert ["logged in as Max Miller" in row.text for row in rows[1:]].count(True) == 1
    assert "logged in as" not in browse(cast.max).get("/account").text


def test_signing_out_ends_everything(cast, acting):
    assert acting.post("/logout").headers["Location"] == "/login"
    assert acting.get("/portfolio/").headers["Location"].startswith("/login")
    assert acting.get("/admin/").headers["Location"].startswith("/login")
    assert "no longer logged in as" not in acting.get("/login").text


def test_once_the_hour_is_over_the_sign_in_page_says_why(cast, acting):
    give(cast.max, cast.emt, 100)
    with clock.standing_at(clock.now() + timedelta(minutes=61)):
        for ask in (acting.get, acting.post):
            page = ask("/portfolio/")
            if page.status_code == 405:  # the address takes no POST
                page = acting.post("/return")
            assert page.headers["Location"] == "/login"  # and not back to what is another's
        page = acting.get("/login")
        assert page.status_code == 200
        assert "You are no longer logged in as Max Miller" in read(page.text).text
        assert "Return to" not in page.text
        acting.post("/login", data={"email": cast.ada.email, "password": PASSWORD})
        assert acting.get("/admin/").status_code == 200


def test_it_ends_when_the_administrator_is_none_any_more(cast, acting):
    def open_to(**fields):
        with transaction():
            ada = locked(Member, cast.ada.id)
            for name, value in fields.items():
                setattr(ada, name, value)
        return acting.get("/portfolio/").status_code == 200

    assert open_to()
    assert not open_to(role=Role.MEMBER)
    assert open_to(role=Role.ADMINISTRATOR)
    assert not open_to(deactivated_at=clock.now())
    assert open_to(deactivated_at=None)
    assert not open_to(account_id=None)


def test_it_ends_when_the_member_may_not_be_entered_any_more(cast, acting):
    def open_to(**fields):
        with transaction():
            member = locked(Member, cast.max.id)
            for name, value in fields.items():
                setattr(member, name, value)
        return acting.get("/portfolio/").status_code == 200

    assert open_to()
    assert not open_to(role=Role.ADMINISTRATOR)
    assert open_to(role=Role.MEMBER)
    assert not open_to(deactivated_at=clock.now())


def test_an_hour_unused_by_the_settings_ends_it_too(app, cast, acting, monkeypatch):
    monkeypatch.setitem(app.config, "SESSION_IDLE_MINUTES", 5)
    with clock.standing_at(clock.now() + timedelta(minutes=6)):
        assert acting.get("/portfolio/").headers["Location"] == "/login"


def test_the_administrator_is_seen_and_the_member_is_not(cast, acting):
    before = found(Member, cast.max.id).last_seen_at
    later = clock.now() + timedelta(minutes=10)
    with clock.standing_at(later):
        acting.get("/portfolio/")
    db.session.rollback()
    assert found(Member, cast.max.id).last_seen_at == before
    assert found(Member, cast.ada.id).last_seen_at == later


def test_a_scan_seen_so_is_noted_with_both(cast, acting):
    from records.models import AuditEvent, Scan

    give(cast.max, cast.emt, 100, files={"front.png": picture()})
    scan_id = db.session.scalars(sa.select(Scan.id)).one()
    assert acting.get(f"/scan/{scan_id}").status_code == 200
    db.session.rollback()
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "scan.viewed")).one()
    assert (event.actor_member_id, event.administrator_id) == (cast.max.id, cast.ada.id)


def test_health_is_asked_without_looking_at_the_session(cast, acting):
    assert acting.get("/healthz").status_code == 200
    assert acting.get("/readyz").status_code == 200


def test_the_whole_portal_opens_and_what_stays_open_besides_exists(app, cast, acting):
    from records.pages import acting as guard

    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints >= guard._OPEN
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("portal.") and not rule.arguments and "GET" in (rule.methods or set())
    ]
    own = {"/portfolio/credits/proof"}  # handing out a proof is the person's own
    for path in pages:
        page = acting.get(path, follow_redirects=True)
        assert page.status_code == (403 if path in own else 200), path
        if page.mimetype == "text/html":
            assert "Return to Ada Lindgren" in page.text, path
    assert len(pages) >= 6


@pytest.mark.parametrize("path", ["/verify", "/verify/NO-SUCH-CODE"])
def test_what_is_public_opens_like_for_everybody(cast, acting, browse, path):
    assert acting.get(path).status_code == browse().get(path).status_code != 403


def test_a_certificate_submitted_so_names_both_where_it_is_told_of(cast, acting, browse):
    credit_type()
    form = Form(acting)
    assert form.send(("front.png", picture()), **GIVEN).status_code == 302
    made = db.session.scalars(sa.select(ExternalCertificate)).one()
    assert made.member_id == cast.max.id
    (revision,) = made.revisions
    assert (revision.submitted_by_id, revision.administrator_id) == (cast.max.id, cast.ada.id)
    page = browse(cast.max).get(f"/portfolio/certificates/{made.id}")
    assert page.status_code == 200
    assert "Ada Lindgren" in read(page.text).one("main").text
