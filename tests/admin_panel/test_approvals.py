"""Approvals: the queue, the page of one certificate, and every decision on it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records.database import db, found, locked, transaction
from records.models import (
    Approval,
    AuditEvent,
    Certification,
    CreditEntry,
    ExternalCertificate,
    KeptReason,
    Member,
    Organization,
    State,
)
from records.services import audit, kept_reasons, reviews, submissions
from records.services.certification_steps import Entry
from records.services.submission_steps import Files
from tests import certificates, stored
from tests.certificates import CREDITS, approved, given, submitted
from tests.forms import filled, read
from tests.holdings import give

URL = "/admin/approvals/"


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def grant(cast, member):
    with transaction():
        locked(Member, member.id).reviews = True
    return db.session.get_one(Member, member.id)


def form_of(client, certificate_id, verb="approve"):
    """The decision as the page opens it."""
    return filled(read(client.get(f"{URL}{certificate_id}").text), action=f"{URL}{certificate_id}/{verb}")


def send(client, certificate_id, verb, **typed):
    return client.post(f"{URL}{certificate_id}/{verb}", data=form_of(client, certificate_id) | typed)


def state_of(certificate_id):
    return found(ExternalCertificate, certificate_id).state


def edit(cast, ceu, certificate_id, **fields):
    """Max edits it."""
    certificate = found(ExternalCertificate, certificate_id)
    files = Files("", kept=[scan.id for scan in certificate.scans])
    submissions.edit(certificate, given(ceu, **fields), files, seen=certificate.digest(), by=cast.actor(cast.max))


def summary(page):
    """The texts at the head of a page that was refused."""
    return [each.text for each in page.all("div", role="alert")]


# Who may


@pytest.mark.parametrize("who", ["max", "carl", "nora"])
def test_who_may_not_review_has_no_menu_entry_and_no_page(cast, browse, ceu, who):
    certificate_id = submitted(cast, ceu).id
    client = browse(getattr(cast, who))
    assert client.get(URL).status_code == client.get(f"{URL}{certificate_id}").status_code == 403
    for verb in ("approve", "request-changes", "decline", "revoke"):
        assert client.post(f"{URL}{certificate_id}/{verb}", data={"reason": "x"}).status_code == 403
    assert state_of(certificate_id) == State.PENDING
    if who != "max":
        for path in ("/admin/", f"/admin/members/{cast.max.id}"):
            page = client.get(path).text
            assert "Approvals" not in page
            assert "External certificates" not in page


def test_a_granted_coordinator_reviews_within_their_scope(cast, browse, ceu):
    mine, others = submitted(cast, ceu).id, submitted(cast, ceu, by=cast.actor(cast.mia), title="Of Mia").id
    client = browse(grant(cast, cast.nora))
    page = client.get(URL).text
    assert "Approvals" in client.get("/admin/").text
    assert "Of Mia" not in page
    assert client.get(f"{URL}{others}").status_code == 404
    for verb in ("approve", "request-changes", "decline"):
        assert client.post(f"{URL}{others}/{verb}", data={"reason": "x", "seen": "x"}).status_code == 404
    assert client.post(f"{URL}approve", data={"certificate": [str(others)]}).status_code == 404
    assert send(client, mine, "approve").status_code == 302
    assert (state_of(mine), state_of(others)) == (State.APPROVED, State.PENDING)
    assert client.post(f"{URL}{mine}/revoke", data={"reason": "x"}).status_code == 403


def test_with_the_module_off_the_screens_are_gone(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).takes_external_certificates = False
    client = browse(cast.ada)
    for path in (URL, f"{URL}{certificate_id}"):
        assert client.get(path).status_code == 404
    assert client.post(f"{URL}{certificate_id}/approve", data={"seen": "x"}).status_code == 404
    assert "Approvals" not in client.get("/admin/").text
    assert "External certificates" not in client.get(f"/admin/members/{cast.max.id}").text
    assert state_of(certificate_id) == State.PENDING


# The queue


def test_the_queue_shows_what_waits_with_counts_and_who_has_it_open(cast, browse, ceu):
    certificate = submitted(cast, ceu)
    audit.opened(certificate, by=cast.actor(grant(cast, cast.carl)))
    page = read(browse(cast.ada).get(URL).text)
    row = page.one("table").all("tr")[1].text
    for words in ("Ladder rescue", "Pending", "Miller, Max", "Engine 1", "2.5 hours", "CEU", "1 Mar 2025", "just now"):
        assert words in row
    assert "opened by Carl Okafor, just now" in row
    assert page.one("nav", aria_label="State").one("a", aria_current="true").text == "1 Pending"


def test_filters_are_in_the_address_and_go_along_to_the_page_and_back(cast, browse, ceu):
    submitted(cast, ceu)
    submitted(cast, ceu, by=cast.actor(cast.mia), title="Of Mia")
    client = browse(cast.ada)
    page = read(client.get(f"{URL}?search=miller&credit_type={ceu.id}&unit={cast.north.id}").text)
    (link,) = [each for each in page.one("table").all("a") if each.text == "Ladder rescue"]
    shown = read(client.get(link.attrs["href"]).text)
    assert not shown.all("a", data_key="n"), "nothing else fits the filters"
    back = shown.one("ol", class_="breadcrumb").one("a").attrs["href"]
    assert "search=miller" in back
    answer = client.post(shown.one("form", data_decision=None).attrs["action"], data=form_of(client, link_id(link)))
    assert "search=miller" in answer.headers["Location"]
    assert "Nothing fits" in client.get(answer.headers["Location"]).text


def link_id(link):
    return int(link.attrs["href"].partition("?")[0].rpartition("/")[2])


def test_several_are_approved_at_once_and_each_refusal_is_named(cast, browse, ceu):
    checked = certificates.credit_type("CPD", checklist=["Is it genuine?"])
    good = [submitted(cast, ceu, title=f"Good {number}").id for number in (1, 2)]
    unopened = submitted(cast, ceu, title="Unopened").id
    asked = submitted(cast, checked, title="Asked").id
    client = browse(cast.ada)
    for each in (*good, asked):
        client.get(f"{URL}{each}")
    boxes = read(client.get(URL).text).all("input", type="checkbox")
    assert {box.attrs["value"] for box in boxes if "data-ready" in box.attrs} == {str(each) for each in good}
    answer = client.post(f"{URL}approve", data={"certificate": [str(each) for each in (*good, unopened, asked)]})
    page = read(answer.text)
    assert answer.status_code == 409
    assert "2 certificates approved." in page.one("div", role="status").text
    (said,) = summary(page)
    assert "2 certificates were not approved" in said
    assert "“Unopened” of Max Miller: Open it first" in said
    assert "“Asked” of Max Miller: Its credit type has a checklist." in said
    assert [state_of(each) for each in (*good, unopened, asked)] == [State.APPROVED] * 2 + [State.PENDING] * 2
    assert len(db.session.scalars(sa.select(CreditEntry)).all()) == 2


def test_when_all_were_approved_the_list_comes_with_how_many(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    client.get(f"{URL}{certificate_id}")
    page = client.post(f"{URL}approve", data={"certificate": [str(certificate_id)]}, follow_redirects=True)
    assert "1 certificate approved." in page.text
    assert "The queue is empty" in page.text
    assert client.post(f"{URL}approve").status_code == 422
    gone = client.post(f"{URL}approve", data={"certificate": ["999999", "x"]})
    assert gone.status_code == 404


def test_own_ones_have_no_tick_box_and_the_page_leads_to_granting_a_reviewer(cast, browse, ceu):
    certificate_id = submitted(cast, ceu, by=cast.actor(cast.ada)).id
    client = browse(cast.ada)
    page = read(client.get(URL).text)
    assert page.all("input", name="certificate") == []
    assert "another reviewer decides" in page.one("table").text
    shown = read(client.get(f"{URL}{certificate_id}").text)
    assert shown.one("a", href="/admin/settings/#reviewers").text == "Grant reviewing to a coordinator"
    assert shown.all("form", data_decision=None) == []
    assert client.post(f"{URL}{certificate_id}/approve", data={"seen": "x"}).status_code == 403
    grant(cast, cast.carl)
    assert "It can be reviewed by: Carl Okafor." in client.get(f"{URL}{certificate_id}").text
    assert db.session.scalars(sa.select(CreditEntry)).all() == []


# One certificate's page


def test_the_page_shows_file_claim_history_and_what_came_before(cast, browse, ceu):
    approved(cast, ceu, title="Before")
    certificate_id = submitted(
        cast, ceu, issuer="State", number="X-1", note="Two\nlines", expires_on=date(2030, 1, 1)
    ).id
    client = browse(cast.ada)
    page = read(client.get(f"{URL}{certificate_id}").text)
    scan_id = found(ExternalCertificate, certificate_id).scans[0].id
    assert page.one("img", src=f"/scan/{scan_id}/file")
    with client.get(f"/scan/{scan_id}/file") as answer:
        assert answer.status_code == 200
    text = page.one("main").text
    for words in ("2.5 hours", "1 Mar 2025", "State", "X-1", "Two lines", "1 Jan 2030", "1 approved", "Before"):
        assert words in text
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "external_certificate.opened")).all()
    assert [(event.actor_member_id, event.subject_id) for event in events] == [(cast.ada.id, certificate_id)]


def test_warnings_name_nobody_that_the_reviewer_may_not_see(cast, browse, ceu):
    give(cast.mia, cast.emt, 200, number="SFA-77")
    certificate_id = submitted(cast, ceu, number="sfa-77").id
    by_nora = browse(grant(cast, cast.nora)).get(f"{URL}{certificate_id}").text
    assert "The same number was seen before: another member" in " ".join(read(by_nora).one("main").text.split())
    assert "Söderström" not in by_nora
    assert (
        "EMT-Basic, a certification of Mia Söderström"
        in read(browse(cast.ada).get(f"{URL}{certificate_id}").text).one("main").text
    )


def test_other_kinds_of_files_are_shown_or_downloaded(cast, browse, ceu):
    from tests.certificates import staged
    from tests.samples import pdf

    key, learner = staged(cast.actor(cast.max), pdf(), b"PK\x03\x04 letters"), cast.actor(cast.max)
    certificate_id = submissions.submit(given(ceu), Files(key), by=learner).certificate_id
    page = read(browse(cast.ada).get(f"{URL}{certificate_id}").text)
    assert page.one("iframe").attrs["title"] == "certificate 1.png"
    assert "This file does not open in the browser." in page.one("main").text
    assert len(page.all("figure")) == len(page.one("ol", class_="review-contents").all("a")) == 2


# Decisions


def test_approving_awards_and_leads_to_the_next_one_then_says_that_the_queue_is_empty(cast, browse, ceu):
    first, second = submitted(cast, ceu).id, submitted(cast, ceu, title="Second").id
    client = browse(cast.ada)
    answer = send(client, first, "approve")
    assert answer.headers["Location"] == f"{URL}{second}"
    assert "Approved: “Ladder rescue” of Max Miller, 2.5 hours (CEU)." in client.get(answer.headers["Location"]).text
    page = client.post(f"{URL}{second}/approve", data=form_of(client, second), follow_redirects=True)
    assert "The queue is empty" in page.text
    assert [entry.amount for entry in db.session.scalars(sa.select(CreditEntry))] == [CREDITS, CREDITS]


def test_other_credits_need_a_reason_beside_the_field(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    answer = send(client, certificate_id, "approve", credits="1.25")
    page = read(answer.text)
    assert answer.status_code == 422
    assert page.one(name="credits").attrs["value"] == "1.25"
    assert "Say why other credits are awarded" in page.one(id="reason-error").text
    assert send(client, certificate_id, "approve", credits="1.25", reason="Half was practice.").status_code == 302
    certificate = found(ExternalCertificate, certificate_id)
    assert (certificate.awarded_credits, certificate.reason) == (Decimal("1.25"), "Half was practice.")


@pytest.mark.parametrize("typed", ["", "two", "0", "10000", "1.005", "-1", "1,5"])
def test_credits_that_are_no_amount_stay_as_typed_with_their_error(cast, browse, ceu, typed):
    certificate_id = submitted(cast, ceu).id
    answer = send(browse(cast.ada), certificate_id, "approve", credits=typed, reason="Typed")
    page = read(answer.text)
    assert answer.status_code == 422
    assert page.one(name="credits").attrs["value"] == typed
    assert page.one(id="credits-error").text
    assert page.one("textarea", name="reason").text == "Typed"
    assert state_of(certificate_id) == State.PENDING


@pytest.mark.parametrize(("verb", "state"), [("request-changes", State.CHANGES_REQUESTED), ("decline", State.DECLINED)])
def test_refusing_needs_a_reason_and_keeps_what_was_typed(cast, browse, ceu, verb, state):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    answer = send(client, certificate_id, verb, reason="  ", credits="1")
    page = read(answer.text)
    assert answer.status_code == 422
    assert "Give a reason." in page.one(id="reason-error").text
    assert page.one(name="credits").attrs["value"] == "1"
    assert send(client, certificate_id, verb, reason="No name.").status_code == 302
    certificate = found(ExternalCertificate, certificate_id)
    assert (certificate.state, certificate.reason) == (state, "No name.")


def test_the_checklist_is_answered_question_by_question(cast, browse):
    type_ = certificates.credit_type("CPD", checklist=["Is it genuine?", "Is it signed?"])
    certificate_id = submitted(cast, type_).id
    client = browse(cast.ada)
    answer = send(client, certificate_id, "approve", **{"answer-1": "no"})
    page = read(answer.text)
    assert answer.status_code == 422
    assert "Answer every question of the checklist." in page.one(id="checklist-error").text
    assert "#answer-0-yes" in {each.attrs.get("href") for each in page.all("a")}
    assert "checked" in page.one(id="answer-1-no").attrs
    assert send(client, certificate_id, "approve", **{"answer-0": "yes", "answer-1": "no"}).status_code == 302
    assert found(ExternalCertificate, certificate_id).answers == [
        {"question": "Is it genuine?", "yes": True}, {"question": "Is it signed?", "yes": False},
    ]  # fmt: skip
    shown = read(client.get(f"{URL}{certificate_id}").text).one("section", aria_labelledby="decided-head")
    assert "Is it signed?No" in shown.text


def test_a_question_that_came_meanwhile_must_be_answered_too(cast, browse):
    type_ = certificates.credit_type("CPD", checklist=["Is it genuine?"])
    certificate_id = submitted(cast, type_).id
    client = browse(cast.ada)
    sent = form_of(client, certificate_id) | {"answer-0": "yes"}
    with transaction():
        locked(type(type_), type_.id).checklist = ["Is it signed?", "Is it genuine?"]
    answer = client.post(f"{URL}{certificate_id}/approve", data=sent)
    page = read(answer.text)
    assert answer.status_code == 422
    assert "checked" in page.one(id="answer-1-yes").attrs, "the answer stays with its question"
    assert "checked" not in page.one(id="answer-0-yes").attrs


@pytest.mark.parametrize("verb", ["approve", "decline", "request-changes"])
def test_an_edit_since_the_page_was_opened_is_said_and_nothing_decided(cast, browse, ceu, verb):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    sent = form_of(client, certificate_id)
    edit(cast, ceu, certificate_id, title="Ladder rescue II", credits=Decimal(9))
    answer = client.post(f"{URL}{certificate_id}/{verb}", data=sent | {"reason": "As typed"})
    page = read(answer.text)
    assert answer.status_code == 409
    (said,) = summary(page)
    assert "The certificate has changed since you opened this page." in said
    assert "Certificate title: Ladder rescue → Ladder rescue II" in said
    assert "Number of credits: 2.5 → 9" in said
    assert page.one("textarea", name="reason").text == "As typed"
    assert state_of(certificate_id) == State.PENDING
    again = client.post(f"{URL}{certificate_id}/{verb}", data=filled(page, data_decision=""))
    assert again.status_code == 302, "the page carries what it shows now"


def test_an_edit_between_two_visits_is_said_on_the_second(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    client.get(f"{URL}{certificate_id}")
    edit(cast, ceu, certificate_id, title="New title")
    assert "Edited since you opened it" in client.get(URL).text
    for _visit in range(2):
        page = read(client.get(f"{URL}{certificate_id}").text).one("main").text
        assert "Edited since you last opened it (revision 1)." in page
        assert "Ladder rescue → New title" in page


def test_a_changed_byte_is_said_and_nothing_approved(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    sent = form_of(client, certificate_id)
    key = found(ExternalCertificate, certificate_id).scans[0].stored_file.key
    stored.tamper(key, stored.content(key)[:-1] + b"x")
    answer = client.post(f"{URL}{certificate_id}/approve", data=sent)
    assert answer.status_code == 409
    assert "its bytes have changed" in summary(read(answer.text))[0]
    assert state_of(certificate_id) == State.PENDING


def test_the_second_of_two_reviewers_is_told_who_decided_and_keeps_their_words(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    ada, carl = browse(cast.ada), browse(grant(cast, cast.carl))
    sent = form_of(carl, certificate_id)
    send(ada, certificate_id, "decline", reason="No name.")
    answer = carl.post(f"{URL}{certificate_id}/request-changes", data=sent | {"reason": "My own words"})
    page = read(answer.text)
    assert answer.status_code == 409
    (said,) = summary(page)
    assert "Ada Lindgren has declined this certificate already." in said
    assert "You had typed: My own words" in said
    assert page.all("form", data_decision=None) == []


def test_a_text_is_kept_used_again_and_removed(cast, browse, ceu):
    first, second = submitted(cast, ceu).id, submitted(cast, ceu, title="Second").id
    client = browse(cast.ada)
    send(client, first, "decline", reason="No name.", keep="y")
    kept = db.session.scalars(sa.select(KeptReason)).one()
    assert kept.text == "No name."
    options = read(client.get(f"{URL}{second}").text).one("select", name="kept").all("option")
    assert [option.text for option in options] == ["Choose …", "No name."]
    answer = send(client, second, "request-changes", reason="Page two, please.", kept=str(kept.id))
    assert answer.status_code == 302
    assert found(ExternalCertificate, second).reason == "Page two, please.\nNo name."
    page = read(client.get(URL).text)
    client.post(page.one("details", id="kept").one("form").attrs["action"])
    assert db.session.scalars(sa.select(KeptReason)).all() == []
    assert found(ExternalCertificate, second).reason == "Page two, please.\nNo name."


def test_a_refused_decision_keeps_no_text(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    sent = form_of(client, certificate_id)
    edit(cast, ceu, certificate_id, title="Other")
    client.post(f"{URL}{certificate_id}/decline", data=sent | {"reason": "No name.", "keep": "y"})
    assert db.session.scalars(sa.select(KeptReason)).all() == []


def test_a_kept_text_that_was_removed_meanwhile_does_no_harm(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    text = kept_reasons.keep("No name.", by=cast.actor(cast.ada))
    client = browse(cast.ada)
    sent = form_of(client, certificate_id) | {"kept": str(text.id), "reason": "Mine"}
    client.post(f"{URL}texts/{text.id}/forget")
    client.post(f"{URL}{certificate_id}/decline", data=sent)
    assert found(ExternalCertificate, certificate_id).reason == "Mine"


# Also a certification


def test_it_may_also_become_or_renew_a_certification(cast, browse, ceu):
    earlier = give(cast.max, cast.emt, 20, number="E-1")
    certificate_id = submitted(cast, ceu, number="E-2", expires_on=date(2031, 1, 1)).id
    client = browse(cast.ada)
    sent = form_of(client, certificate_id)
    assert (sent["track-number"], sent["track-issued_on"], sent["track-expires_on"]) == (
        ["E-2"], ["2025-03-01"], ["2031-01-01"],
    )  # fmt: skip
    typed = {"track-type_id": str(cast.emt.id), "track-renews_id": str(earlier)}
    answer = client.post(f"{URL}{certificate_id}/approve", data=sent | typed, follow_redirects=True)
    assert "It is recorded as a certification, too." in answer.text
    certification = found(Certification, found(ExternalCertificate, certificate_id).certification_id)
    assert (certification.number, certification.supersedes_id) == ("E-2", earlier)
    assert read(client.get(f"{URL}{certificate_id}").text).one("a", href=f"/admin/certifications/{certification.id}")


def test_what_is_wrong_with_the_certification_stands_beside_its_field(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    client = browse(cast.ada)
    typed = {"track-type_id": str(cast.emt.id), "track-number": "kept"}
    answer = send(client, certificate_id, "approve", **typed)
    page = read(answer.text)
    assert answer.status_code == 422
    assert "Enter the date on which it expires." in page.one(id="track-expires_on-error").text
    assert page.one(name="track-number").attrs["value"] == "kept"
    assert "open" in page.one("details", class_="track").attrs
    unreadable = send(client, certificate_id, "approve", **typed, **{"track-expires_on": "soon"})
    assert "Enter a date that exists" in read(unreadable.text).one(id="track-expires_on-error").text
    assert state_of(certificate_id) == State.PENDING


def test_without_tracking_no_certification_is_offered_or_made(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    sent = form_of(client, certificate_id)
    assert "track-type_id" not in sent
    typed = {"track-number": "", "track-type_id": str(cast.emt.id), "track-expires_on": "2031-01-01"}
    assert client.post(f"{URL}{certificate_id}/approve", data=sent | typed).status_code == 404
    assert state_of(certificate_id) == State.PENDING


# Taking it back


def test_an_administrator_revokes_with_a_reason_and_the_ledger_is_reversed(cast, browse, ceu):
    certificate_id = approved(cast, ceu).id
    client = browse(grant(cast, cast.carl))
    assert client.get(f"{URL}{certificate_id}").status_code == 200
    assert "Take the approval back" not in client.get(f"{URL}{certificate_id}").text
    client = browse(cast.ada)
    without = client.post(f"{URL}{certificate_id}/revoke", data={"reason": ""})
    assert without.status_code == 422
    assert "Give a reason." in without.text
    done = client.post(f"{URL}{certificate_id}/revoke", data={"reason": "Not genuine."}, follow_redirects=True)
    assert "its credits are taken back" in done.text
    assert "Not genuine." in done.text
    assert [entry.amount for entry in db.session.scalars(sa.select(CreditEntry).order_by(CreditEntry.id))] == [
        CREDITS, -CREDITS,
    ]  # fmt: skip
    again = client.post(f"{URL}{certificate_id}/revoke", data={"reason": "Again"})
    assert again.status_code == 409
    assert "Ada Lindgren has revoked this certificate already." in again.text


@pytest.mark.parametrize("keeps", [True, False])
def test_revoking_says_which_certification_came_of_it_and_keeps_it_if_wanted(cast, browse, ceu, keeps):
    certificate = submitted(cast, ceu)
    entry, approval = Entry(cast.emt.id, date(2031, 1, 1)), Approval(CREDITS)
    done = reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada), track=entry)
    client = browse(cast.ada)
    assert "“EMT-Basic”, expires 1 Jan 2031, came of it." in client.get(f"{URL}{certificate.id}").text
    typed = {"reason": "Not genuine."} | ({"keep_certification": "y"} if keeps else {})
    page = client.post(f"{URL}{certificate.id}/revoke", data=typed, follow_redirects=True)
    assert ("Its certification stays." in page.text) == keeps
    assert (found(Certification, done.certification_id).deleted_at is None) == keeps
    if not keeps:
        undo = read(page.text).one("div", role="status").one("form").attrs["action"]
        client.post(undo)
        assert found(Certification, done.certification_id).deleted_at is None


@pytest.mark.parametrize("verb", ["approve", "decline", "request-changes"])
def test_what_is_decided_is_read_only(cast, browse, ceu, verb):
    certificate_id = approved(cast, ceu).id
    client = browse(cast.ada)
    page = read(client.get(f"{URL}{certificate_id}").text)
    assert page.all("form", data_decision=None) == []
    answer = client.post(f"{URL}{certificate_id}/{verb}", data={"reason": "x", "seen": "x", "credits": "9"})
    assert answer.status_code == 409
    assert "Ada Lindgren has approved this certificate already." in answer.text
    certificate = found(ExternalCertificate, certificate_id)
    assert (certificate.state, certificate.awarded_credits) == (State.APPROVED, CREDITS)


# Elsewhere in the back office


def test_home_says_how_many_wait_and_since_when(cast, browse, ceu):
    client = browse(cast.ada)
    assert "no certificate waits for approval" in client.get("/admin/").text
    submitted(cast, ceu)
    submitted(cast, ceu, by=cast.actor(cast.mia))
    tile = read(client.get("/admin/").text).one("a", class_="card stat warn")
    assert tile.attrs["href"] == URL
    assert tile.text == "Approvals 2 certificates wait the oldest was submitted just now"
    assert "1 certificate waits" in read(browse(grant(cast, cast.nora)).get("/admin/").text).one("main").text


def test_a_profile_shows_reviewers_the_members_certificates(cast, browse, ceu):
    certificate_id = submitted(cast, ceu).id
    for number in range(10):
        submitted(cast, ceu, title=f"Other {number}")
    client = browse(cast.ada)
    page = read(client.get(f"/admin/members/{cast.max.id}").text)
    rows = page.one("section", aria_labelledby="external-head").all("tr")
    assert len(rows) == 11
    assert "Other 9" in rows[1].text
    everything = page.one("section", aria_labelledby="external-head").all("a")[-1].attrs["href"]
    shown = read(client.get(everything).text)
    assert shown.one("a", class_="chip").text == "Learner: Max Miller Take this filter away"
    assert f"{URL}{certificate_id}" in {each.attrs["href"].partition("?")[0] for each in shown.all("a", href=None)}
    assert "has submitted none." in client.get(f"/admin/members/{cast.mia.id}").text
