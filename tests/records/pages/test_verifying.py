"""Verifying what was handed out, by anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, codes
from records.database import db, every_organization, found, locked, transaction
from records.models import AuditEvent, AuditKind, Certification, ExternalCertificate, Proof
from records.services import proofs, revocations, transcripts
from tests import certificates
from tests.certificates import approved
from tests.forms import read
from tests.holdings import give, today

NEW_EACH_TIME = ("Content-Security-Policy", "Content-Length", "X-Request-Id")
NOT_VALID = "This code is not valid."


@pytest.fixture
def certificate(cast):
    return approved(cast, certificates.credit_type())


@pytest.fixture
def code(cast, certificate):
    return transcripts.make(by=cast.actor(cast.max)).code


def test_a_visitor_types_the_code_and_reads_what_it_said(browse, code):
    client = browse()
    assert "Code" in read(client.get("/verify").text).one("form", action="/verify").text
    page = client.get("/verify", query_string={"code": f" {code.lower()} "}, follow_redirects=True)
    assert page.status_code == 200
    assert page.request.path == "/verify/" + code.replace("-", "")
    for words in ("Lakeside Fire &amp; Rescue", "Max Miller", "2.5 hours", "everything on it still stands"):
        assert words in page.text
    assert "1004" not in page.text, "the number is not for everybody"
    assert "Ladder rescue" not in page.text, "nor is what it was awarded for"


def test_what_was_taken_back_since_is_said(cast, browse, certificate, code):
    revocations.revoke(certificate, reason="Not genuine.", by=cast.actor(cast.ada))
    page = browse().get(f"/verify/{code}")
    assert page.status_code == 200
    assert "not everything still stands" in page.text
    assert "2.5 taken back since" in page.text


@pytest.mark.parametrize("wrong", ["x", "7K2M-9QXA-04ZT-V5RE-1JHC", "0" * 20, "%00", "a%20b", "é" * 100])
def test_anything_else_reads_the_same(browse, wrong):
    page = browse().get(f"/verify/{wrong}")
    assert page.status_code == 404
    assert read(page.text).one(role="alert").text == NOT_VALID


def test_nothing_typed_leads_back_to_the_form(browse):
    page = browse().get("/verify", query_string={"code": " - "}, follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, "/verify")
    assert NOT_VALID not in page.text


def test_guesses_are_counted_and_noted_without_the_code(browse):
    client = browse()
    statuses = [client.get(f"/verify/GUESS{number}").status_code for number in range(21)]
    assert statuses == [404] * 20 + [429]
    assert client.get("/verify/AGAIN").headers["Retry-After"].isdecimal()
    with every_organization():
        events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert events
    assert all("GUESS" not in event.detail.after["path"] for event in events)
    assert all("AGAIN" not in event.detail.after["path"] for event in events)


def test_whoever_is_signed_in_elsewhere_sees_it_too(cast, browse, code):
    assert browse(cast.ken).get(f"/verify/{code}").status_code == 200


# Proofs


def _proof(cast, ends_in=30, expires_in=200):
    held = found(Certification, give(cast.max, cast.emt, expires_in, number="E-77"))
    return proofs.hand_out(held, ends_on=today() + timedelta(days=ends_in), by=cast.actor(cast.max))


@pytest.fixture
def proof(cast):
    return _proof(cast)


@pytest.fixture
def proof_address(proof):
    return "/verify/" + codes.code(proof.salt)


def test_a_visitor_reads_the_standing_of_a_certification(browse, proof_address):
    page = browse().get(proof_address)
    assert page.status_code == 200
    facts = read(page.text).one("dl")
    said = dict(zip((each.text for each in facts.all("dt")), (each.text for each in facts.all("dd")), strict=True))
    assert said == {
        "Holder": "Max Miller", "Certification": "EMT-Basic", "Issuer": "Not recorded",
        "Standing today": "Valid Valid through its expiry date.",
    }  # fmt: skip
    assert "Lakeside Fire &amp; Rescue" in page.text
    for secret in ("E-77", "1004", "max.miller", "Engine 1"):
        assert secret not in page.text


def test_a_visitor_reads_whether_an_approval_stands(cast, browse, certificate):
    made = proofs.hand_out(certificate, ends_on=today(), by=cast.actor(cast.max))
    address = "/verify/" + codes.code(made.salt)
    assert "Ladder rescue" in browse().get(address).text
    assert read(browse().get(address).text).one("span", class_="badge good").text == "Approved"
    revocations.revoke(found(ExternalCertificate, certificate.id), reason="Not genuine.", by=cast.actor(cast.ada))
    page = browse().get(address)
    assert page.status_code == 200
    assert read(page.text).one("span", class_="badge danger").text == "Revoked"
    assert "Not genuine" not in page.text


def _plain(page, code):
    """The answer without what is new each time: the nonce, the request's id, and the asker's own words."""
    text = re.sub(r'nonce="[^"]*"', "", page.text).replace(code, "")
    headers = {name: value for name, value in page.headers if name not in NEW_EACH_TIME}
    return page.status_code, text, headers


def test_whatever_opens_nothing_is_answered_alike(cast, browse, proof):
    proofs.withdraw(proof, by=cast.actor(cast.max))
    ended, deleted = _proof(cast, expires_in=201), _proof(cast, expires_in=202)
    with transaction():
        locked(Proof, ended.id).ends_on = today() - timedelta(days=1)
        locked(Certification, deleted.certification_id).deleted_at = clock.now()
    answers = [
        _plain(browse().get(f"/verify/{code}"), code)
        for code in ("0" * 20, *(codes.code(found(Proof, each.id).salt) for each in (proof, ended, deleted)))
    ]
    assert answers[0][0] == 404
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("member", [None, "max", "ken"])
def test_the_answers_are_listed_nowhere_and_kept_by_nobody(cast, browse, proof_address, member):
    for path, status in ((proof_address, 200), ("/verify/WRONG", 404), ("/verify", 200)):
        page = browse(getattr(cast, member) if member else None).get(path)
        assert page.status_code == status
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        if member is None:
            assert "Set-Cookie" not in page.headers, "a visitor is given no cookie"


def test_the_way_back_of_an_administrator_keeps_its_origin(cast, browse, proof_address):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    page = client.get(proof_address)
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Return to Ada Lindgren" in page.text


def _seen(proof):
    db.session.rollback()
    return found(Proof, proof.id).seen


def test_looks_are_counted_but_the_holders(cast, browse, proof, proof_address):
    browse(cast.max).get(proof_address)
    browse().head(proof_address)
    assert _seen(proof) == 0
    browse().get(proof_address)
    browse(cast.ken).get(proof_address)
    assert _seen(proof) == 2


def test_a_look_is_noted_in_no_trail_and_changes_no_version(cast, browse, proof, proof_address):
    with every_organization():
        before = set(db.session.scalars(sa.select(AuditEvent.id)))
    browse().get(proof_address)
    with every_organization():
        assert set(db.session.scalars(sa.select(AuditEvent.id))) == before


def test_nothing_is_written_by_a_form(browse, proof_address):
    for path in ("/verify", proof_address):
        assert browse().post(path).status_code == 405


def test_the_trail_of_a_wrong_code_does_not_hold_it(browse):
    browse().get("/verify/0123456789ABCDEFGHJK")
    with every_organization():
        (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED))
    assert event.detail.after["path"] == "/verify"
