"""The form of an external certificate: what it asks, what it keeps, and that it makes one certificate."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records.database import choose_organization, db, found, locked, transaction
from records.errors import StorageFull, StorageUnavailable
from records.models import (
    CreditType,
    ExternalCertificate,
    Organization,
    State,
    StoredFile,
    UploadedFile,
    organization,
)
from records.services import reviews
from records.services.submission_steps import MOST_FILES
from records.storage import storage
from tests import certificates
from tests.certificates import approved, submitted
from tests.holdings import today
from tests.portal.conftest import BACK, FRONT, GIVEN, NEW, Form


def _all():
    return db.session.scalars(sa.select(ExternalCertificate).order_by(ExternalCertificate.id)).all()


def _only():
    (made,) = _all()
    return made


def _names(certificate):
    return [scan.name for scan in certificate.scans]


def _said(client, path="/portfolio/certificates"):
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path, follow_redirects=True).text).split())


def test_it_asks_in_the_order_of_the_steps_and_folds_the_rest_away(form):
    page = form.page
    labels = [label.text for label in page.one("form", data_certificate=None).all("label")]
    assert labels[:5] == ["Certificate title", "Credit type", "Number of credits", "Date", "Upload"]
    more = page.one("details", class_="more")
    assert [label.text for label in more.all("label")] == [
        "Issuer", "Certificate number", "Expires", "Note to the reviewer",
    ]  # fmt: skip
    assert "open" not in more.attrs
    assert page.one("form", data_certificate=None).one("button", class_="primary").text == "Save"
    upload = page.one("input", type="file")
    assert "multiple" in upload.attrs
    assert "*/*" in upload.attrs["accept"]
    assert page.one("input", name="credits").attrs["inputmode"] == "decimal"


def test_only_credit_types_that_accept_uploads_can_be_chosen(cast, browse, ceu):
    certificates.credit_type("Inside only", accepts_uploads=False)
    certificates.credit_type("Retired", retired_at=ceu.created_at)
    page = Form(browse(cast.max)).page
    assert [option.text for option in page.one("select", name="credit_type_id").all("option")] == ["Choose …", "CEU"]


def test_what_is_saved_stands_in_the_list_as_pending(cast, form):
    answer = form.send(("front.png", FRONT), ("back.png", BACK), **GIVEN)
    assert answer.headers["Location"] == "/portfolio/certificates"
    made = _only()
    assert (made.state, made.member_id, made.claimed_credits) == (State.PENDING, cast.max.id, Decimal("2.50"))
    assert _names(made) == ["front.png", "back.png"]
    page = _said(form.client)
    assert "“Ladder rescue” is submitted." in page
    assert "Pending 2.5 hours claimed" in page


def test_everything_else_may_be_said_too(form):
    form.send(("front.png", FRONT), **GIVEN, issuer="State Academy", number="A-17", expires_on="2030-01-31", note="Hi")
    made = _only()
    assert (made.issuer, made.number, made.expires_on.year, made.note) == ("State Academy", "A-17", 2030, "Hi")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("title", " ", "Enter a title"),
        ("title", "x" * 256, "at most 255"),
        ("credit_type_id", "", "Choose a credit type"),
        ("credit_type_id", "987654", "Choose a credit type"),
        ("credit_type_id", "no number", "Choose a credit type"),
        ("credits", "", "Enter a number of credits"),
        ("credits", "2,5", "Enter a number"),
        ("credits", "two", "Enter a number"),
        ("credits", "0", "from 0.01 to 9999.99"),
        ("credits", "1.005", "at most two places"),
        ("earned_on", "", "Enter the date"),
        ("earned_on", "2025-02-30", "a date that exists"),
        ("earned_on", "tomorrow", "a date that exists"),
        ("expires_on", "2025-02-28", "cannot expire before"),
        ("number", "9" * 256, "at most 255"),
        ("note", "x" * 2001, "at most 2000"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_all_else_stays(form, name, value, said):
    answer = form.send(("front.png", FRONT), **(GIVEN | {"issuer": "Academy", name: value}))
    assert answer.status_code == 422
    assert said in form.error(name)
    assert said in form.page.one("div", class_="error-summary").text
    assert form.fields[name] == ["" if name == "credit_type_id" else value]
    assert form.fields["issuer"] == ["Academy"]
    assert "open" in form.page.one("details", class_="more").attrs
    assert "front.png" in form.page.one("ul", aria_label="Files of this certificate").text
    assert _all() == []
    form.send(**(GIVEN | {name: GIVEN.get(name, ""), "credit_type_id": form.page.all("option")[1].attrs["value"]}))
    assert _names(_only()) == ["front.png"]


def test_a_date_in_the_future_is_refused(form):
    tomorrow = today() + timedelta(days=1)
    form.send(("front.png", FRONT), **(GIVEN | {"earned_on": tomorrow.isoformat()}))
    assert "cannot be in the future" in form.error("earned_on")
    assert form.page.one("input", name="earned_on").attrs["max"] == today().isoformat()
    form.send(earned_on=today().isoformat())
    assert _only().earned_on == today()


@pytest.mark.parametrize("which", ["another organization's", "inside only", "retired"])
def test_no_other_credit_type_can_be_sent(cast, form, which):
    if which == "another organization's":
        choose_organization(cast.clinic.id)
        type_ = certificates.credit_type()
        choose_organization(cast.fire.id)
    elif which == "retired":
        type_ = certificates.credit_type("Old", retired_at=cast.fire.created_at)
    else:
        type_ = certificates.credit_type("Inside only", accepts_uploads=False)
    assert form.send(("front.png", FRONT), **GIVEN, credit_type_id=str(type_.id)).status_code == 422
    assert form.error("credit_type_id")
    assert _all() == []


def test_without_a_file_nothing_is_saved(form):
    assert form.send(**GIVEN).status_code == 422
    assert form.error("files") == "Add the file of the certificate."


def test_every_wrong_field_is_named_at_once(form):
    form.send(title="", credits="", earned_on="", credit_type_id="")
    summary = form.page.one("div", class_="error-summary").all("a")
    assert [link.attrs["href"] for link in summary] == ["#title", "#credit_type_id", "#credits", "#earned_on", "#files"]


def test_a_form_cannot_say_whose_it_is_or_what_became_of_it(cast, form):
    forged = {"state": "approved", "awarded_credits": "99", "member_id": str(cast.mia.id), "decided_by_id": "1"}
    form.send(("front.png", FRONT), **GIVEN, **forged)
    made = _only()
    assert (made.state, made.member_id, made.awarded_credits) == (State.PENDING, cast.max.id, None)


# One certificate, however often


def test_saving_twice_makes_one_certificate(form):
    for _ in range(2):
        assert form.send(("front.png", FRONT), **GIVEN).headers["Location"] == "/portfolio/certificates"
    assert _names(_only()) == ["front.png"]


def test_who_goes_back_to_the_form_finds_what_it_made(form):
    address = form.answer.request.full_path
    assert "key=" in address
    form.send(("front.png", FRONT), **GIVEN)
    made = _only()
    back = form.client.get(address)
    assert back.headers["Location"] == f"/portfolio/certificates/{made.id}/edit"
    assert "You have submitted this already" in _said(form.client, back.headers["Location"])


def test_who_goes_back_to_what_is_decided_is_led_to_it(cast, form):
    address = form.answer.request.full_path
    form.send(("front.png", FRONT), **GIVEN)
    made = _only()
    reviews.decline(made, reason="No name.", by=cast.actor(cast.ada))
    assert form.client.get(address).headers["Location"] == f"/portfolio/certificates/{made.id}"
    assert form.send(("front.png", FRONT), **GIVEN).headers["Location"] == f"/portfolio/certificates/{made.id}"
    assert len(_all()) == 1


def test_the_same_form_with_other_content_becomes_an_edit_of_what_pends(form):
    form.send(("front.png", FRONT), **GIVEN)
    answer = form.send(("front.png", FRONT), ("back.png", BACK), **(GIVEN | {"title": "Ladder rescue II"}))
    assert answer.status_code == 409
    assert "You have submitted this form already, as “Ladder rescue”" in form.page.one("div", role="alert").text
    assert form.fields["title"] == ["Ladder rescue II"]
    assert _only().title == "Ladder rescue"
    assert form.page.one("h1").text == "Edit certificate"
    form.send()
    made = _only()
    assert (made.title, _names(made)) == ("Ladder rescue II", ["front.png", "back.png"])


def test_the_same_form_with_other_content_after_a_decision_becomes_another(cast, form):
    form.send(("front.png", FRONT), **GIVEN)
    first = _only()
    reviews.decline(first, reason="No name.", by=cast.actor(cast.ada))
    answer = form.send(("back.png", BACK), **(GIVEN | {"title": "Ladder rescue II"}))
    assert answer.status_code == 409
    assert "which can no longer be changed" in form.page.one("div", role="alert").text
    assert form.send().status_code == 302
    first, second = _all()
    assert (first.title, second.title, _names(second)) == ("Ladder rescue", "Ladder rescue II", ["back.png"])


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space in it all", "../../../../etc/passwd"])
def test_a_key_that_is_none_is_replaced(form, key):
    assert "key=" in form.client.get(NEW, query_string={"key": key}).headers["Location"]
    form.send(title="", key=key)
    assert form.fields["key"] != [key]


def test_anothers_key_leads_nowhere(cast, form, browse):
    form.send(("front.png", FRONT), **GIVEN)
    key = form.fields["key"][0]
    hers = Form(browse(cast.mia), f"{NEW}?key={key}")
    assert hers.answer.status_code == 200
    hers.send(("front.png", FRONT), **GIVEN)
    assert [each.member_id for each in _all()] == [cast.max.id, cast.mia.id]


# Files


def test_what_is_too_large_or_empty_is_named_and_the_others_stay(cast, form):
    with transaction():
        locked(Organization, cast.fire.id).largest_file = 2000
    answer = form.send(("front.png", FRONT), ("huge.bin", b"x" * 2001), ("empty.txt", b""), **GIVEN)
    assert answer.status_code == 413
    assert "“huge.bin” is larger than 2 KB" in form.error("files")
    assert "“empty.txt” is empty" in form.error("files")
    assert form.fields["title"] == ["Ladder rescue"]
    assert _all() == []
    assert form.send().status_code == 302
    assert _names(_only()) == ["front.png"]


def test_files_that_are_too_many_are_named_and_the_others_stay(form):
    many = [(f"{number}.txt", b"%d" % number) for number in range(MOST_FILES + 1)]
    assert form.send(*many, **GIVEN).status_code == 422
    assert f"At most {MOST_FILES} files: “{MOST_FILES}.txt” was left out." in form.error("files")
    form.send()
    assert len(_only().scans) == MOST_FILES


def test_files_can_be_added_one_after_the_other_and_left_out_again(form):
    assert form.send(("front.png", FRONT), ("notes.txt", b"not this"), title="Ladders", more="yes").status_code == 200
    assert form.page.all("div", class_="error-summary") == []
    assert form.fields["title"] == ["Ladders"]
    notes = form.page.all("input", name="leave_out")[1]
    form.send(("back.png", BACK), more="yes", leave_out=notes.attrs["value"])
    form.send(**GIVEN)
    assert _names(_only()) == ["front.png", "back.png"]
    assert db.session.scalars(sa.select(UploadedFile)).all() == []


@pytest.mark.parametrize(("failure", "status"), [(StorageUnavailable, 503), (StorageFull, 507)])
def test_where_the_storage_fails_what_was_typed_stays(form, monkeypatch, failure, status):
    def fail(*_args, **_options):
        raise failure()

    with monkeypatch.context() as broken:
        broken.setattr(type(storage()), "keep", fail)
        answer = form.send(("front.png", FRONT), **GIVEN)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)
    assert "storage" in form.page.one("div", class_="error-summary").text
    assert form.fields["title"] == ["Ladder rescue"]
    assert form.send(("front.png", FRONT)).status_code == 302


def test_a_script_learns_where_to_go_on_and_the_message_waits_there(form):
    answer = form.send(("front.png", FRONT), headers={"Accept": "application/json"}, **GIVEN)
    assert (answer.status_code, answer.json) == (201, {"location": "/portfolio/certificates"})
    assert "is submitted" in _said(form.client)
    assert form.send(title="", headers={"Accept": "application/json"}).status_code == 409


def test_of_more_than_may_come_together_the_rest_waits(form, monkeypatch):
    monkeypatch.setattr(organization, "_MOST_TOGETHER", len(FRONT) + len(BACK) - 1)
    assert form.send(("front.png", FRONT), ("back.png", BACK), **GIVEN).status_code == 413
    assert "back.png" in form.error("files")
    assert not _all()
    assert [file.name for file in db.session.scalars(sa.select(UploadedFile))] == ["front.png"]
    assert form.send().status_code == 302
    assert _names(_only()) == ["front.png"]


# Nobody takes any


@pytest.mark.parametrize("why", ["off", "no type"])
def test_where_none_is_taken_the_page_says_whom_to_ask(cast, browse, ceu, switch_off, why):
    form = Form(browse(cast.max))
    if why == "off":
        switch_off()
    else:
        with transaction():
            locked(CreditType, ceu.id).accepts_uploads = False
    for path in (NEW, "/portfolio/certificates"):
        page = _said(form.client, path)
        assert "You cannot add certificates right now" in page
        assert "Your administrator: Ada Lindgren" in page
    before = db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile))
    assert form.send(("front.png", FRONT), **GIVEN).status_code == 403
    assert _all() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == before


# Mending


def _edit(client, certificate):
    return Form(client, f"/portfolio/certificates/{certificate.id}/edit")


def test_what_pends_is_edited_with_its_files(cast, ceu, browse):
    certificate = submitted(cast, ceu)
    form = _edit(browse(cast.max), certificate)
    assert form.fields["title"] == ["Ladder rescue"]
    assert form.fields["credits"] == ["2.5"]
    first = certificate.scans[0].id
    answer = form.send(("back.png", BACK), title="Ladders", drop=str(first))
    assert answer.headers["Location"] == f"/portfolio/certificates/{certificate.id}"
    assert "Saved. It waits for a reviewer." in _said(form.client, answer.headers["Location"])
    certificate = _only()
    assert (certificate.title, _names(certificate)) == ("Ladders", ["back.png"])
    assert [revision.number for revision in certificate.revisions] == [1, 2]


def test_saving_what_stands_changes_nothing(cast, ceu, browse):
    form = _edit(browse(cast.max), submitted(cast, ceu))
    answer = form.send()
    assert "There was nothing to save." in _said(form.client, answer.headers["Location"])
    assert len(_only().revisions) == 1


def test_the_last_file_cannot_be_left_out(cast, ceu, browse):
    certificate = submitted(cast, ceu)
    form = _edit(browse(cast.max), certificate)
    assert form.send(drop=str(certificate.scans[0].id)).status_code == 422
    assert form.error("files") == "Add the file of the certificate."
    assert form.fields["drop"] == [str(certificate.scans[0].id)]


def test_changes_that_were_asked_for_are_read_while_mending(cast, ceu, browse):
    certificate = submitted(cast, ceu)
    reviews.request_changes(certificate, reason="Whose is it?", by=cast.actor(cast.ada))
    form = _edit(browse(cast.max), certificate)
    said = form.page.one("div", class_="card said")
    assert said.one("blockquote").text == "Whose is it?"
    assert "Ada Lindgren" in said.text
    form.send(note="Mine.")
    assert _only().state == State.PENDING


def test_an_edit_over_a_newer_one_says_so_and_loses_nothing(cast, ceu, browse):
    certificate = submitted(cast, ceu)
    client = browse(cast.max)
    late = _edit(client, certificate)
    _edit(client, certificate).send(title="First", note="Newer.")
    answer = late.send(("back.png", BACK), title="Second")
    assert answer.status_code == 409
    said = late.page.one("div", role="alert").text
    assert "changed while you had it open" in said
    assert "First" in said
    assert "Newer." in said
    assert late.fields["title"] == ["Second"]
    assert _only().title == "First"
    assert late.send().status_code == 302
    assert (_only().title, _names(_only())) == ("Second", ["certificate 1.png", "back.png"])


def test_a_retired_credit_type_stays_while_nothing_else_is_chosen(cast, ceu, browse):
    certificate = submitted(cast, ceu)
    certificates.credit_type("Other")
    with transaction() as session:
        session.get(CreditType, ceu.id).retired_at = certificate.created_at
    form = _edit(browse(cast.max), certificate)
    form.send(title="Ladders")
    assert _only().title == "Ladders"
    assert "CEU" not in [
        option.text for option in Form(form.client).page.one("select", name="credit_type_id").all("option")
    ]


@pytest.mark.parametrize("what", ["approved", "declined", "withdrawn"])
def test_what_is_decided_is_not_edited(cast, ceu, browse, what):
    client = browse(cast.max)
    certificate = submitted(cast, ceu)
    form = _edit(client, certificate)
    if what == "approved":
        approval = certificates.Approval(certificate.claimed_credits)
        reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    elif what == "declined":
        reviews.decline(certificate, reason="No.", by=cast.actor(cast.ada))
    else:
        client.post(f"/portfolio/certificates/{certificate.id}/withdraw")
    before = found(ExternalCertificate, certificate.id).facts()
    assert form.send(("back.png", BACK), title="Later").status_code == 409
    assert client.get(f"/portfolio/certificates/{certificate.id}/edit").status_code == 409
    assert client.post(f"/portfolio/certificates/{certificate.id}/withdraw").status_code == 409
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.facts(), _names(certificate)) == (before, ["certificate 1.png"])


def test_with_the_module_off_nothing_is_edited(cast, ceu, browse, switch_off):
    certificate = submitted(cast, ceu)
    form = _edit(browse(cast.max), certificate)
    switch_off()
    assert form.send(title="Later").status_code == 403
    assert form.client.post(f"/portfolio/certificates/{certificate.id}/withdraw").status_code == 403
    for path in ("", "/edit"):
        assert form.client.get(f"/portfolio/certificates/{certificate.id}{path}").status_code == 404


# Submit again


def test_submit_again_starts_with_a_copy(cast, ceu, browse):
    declined = submitted(cast, ceu, issuer="Academy")
    reviews.decline(declined, reason="No name.", by=cast.actor(cast.ada))
    client = browse(cast.max)
    form = Form(client, f"{NEW}?copy_of={declined.id}")
    assert (form.fields["title"], form.fields["issuer"]) == (["Ladder rescue"], ["Academy"])
    assert "certificate 1.png" in form.page.one("ul", aria_label="Files of this certificate").text
    form.send(title="")  # an error on the way loses nothing of the copy
    form.send(("back.png", BACK), title="Ladder rescue, with name")
    first, copy = _all()
    assert (first.state, copy.state, copy.copy_of_id) == (State.DECLINED, State.PENDING, first.id)
    assert _names(copy) == ["certificate 1.png", "back.png"]
    assert _names(first) == ["certificate 1.png"]


@pytest.mark.parametrize("which", ["pending", "approved", "another's", "nobody's"])
def test_nothing_else_is_copied(cast, ceu, browse, which):
    if which == "another's":
        source = submitted(cast, ceu, by=cast.actor(cast.mia))
        reviews.decline(source, reason="No name.", by=cast.actor(cast.ada))
    elif which == "nobody's":
        source = None
    else:
        source = submitted(cast, ceu) if which == "pending" else approved(cast, ceu)
    form = Form(browse(cast.max), f"{NEW}?copy_of={source.id if source else 987654}")
    assert form.fields["title"] == [""]
    assert form.page.all("input", name="leave_out") == []
    form.send(copy_of=str(source.id) if source else "987654", **GIVEN)
    assert form.error("files")


def test_what_an_administrator_submits_for_somebody_names_both(cast, ceu, browse):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    Form(client).send(("front.png", FRONT), **GIVEN)
    made = _only()
    assert (made.member_id, made.revisions[0].administrator_id) == (cast.max.id, cast.ada.id)
    assert "Max Miller (by Ada Lindgren, logged in as them)" in _said(client, f"/portfolio/certificates/{made.id}")
