"""What a learner gives for a certificate: each wrong field is refused by its name, and nothing is saved."""

from __future__ import annotations

from dataclasses import fields as fields_of
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, locked, organization_scope, transaction
from records.errors import CreditTypeUnknown, Invalid, InvalidInput, NoCertificateFile
from records.models import ExternalCertificate, Organization, Revision, Scan, State
from records.services import credit_types, reviews, submissions
from records.services.submission_steps import Files, Submission
from tests import certificates
from tests.certificates import EARNED, acting, given, staged, submitted

FAR = date(9000, 1, 1)


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def learner(cast):
    return cast.actor(cast.max)


def refused(act: Any) -> dict[str, Any]:
    """The refusals of a submission, by field."""
    with pytest.raises(InvalidInput) as refusal:
        act()
    return refusal.value.errors


def nothing_was_saved() -> bool:
    return db.session.scalars(sa.select(ExternalCertificate.id)).all() == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": " \u00a0\t"}, "title"),
    ({"title": "x" * 256}, "title"),
    ({"credits": None}, "credits"),
    ({"credits": Decimal(0)}, "credits"),
    ({"credits": Decimal("-2.5")}, "credits"),
    ({"credits": Decimal("0.001")}, "credits"),
    ({"credits": Decimal("2.505")}, "credits"),
    ({"credits": Decimal(10000)}, "credits"),
    ({"credits": Decimal("NaN")}, "credits"),
    ({"credits": Decimal("Infinity")}, "credits"),
    ({"credits": Decimal("1e99")}, "credits"),
    ({"earned_on": None}, "earned_on"),
    ({"earned_on": FAR}, "earned_on"),
    ({"expires_on": EARNED - timedelta(days=1)}, "expires_on"),
    ({"issuer": "x" * 256}, "issuer"),
    ({"number": "x" * 256}, "number"),
    ({"note": "x" * 2001}, "note"),
    ({"credit_type_id": None}, "credit_type_id"),
    ({"credit_type_id": 0}, "credit_type_id"),
    ({"credit_type_id": -1}, "credit_type_id"),
    ({"credit_type_id": 10**6}, "credit_type_id"),
    ({"credit_type_id": 2**63}, "credit_type_id"),
    ({"credit_type_id": 2**200}, "credit_type_id"),
]
EACH = pytest.mark.parametrize(
    ("fields", "field"), WRONG, ids=[f"{number}-{field}" for number, (_, field) in enumerate(WRONG)]
)


@EACH
def test_each_wrong_field_is_refused_by_its_name(ceu, learner, fields, field):
    key = staged(learner)
    errors = refused(lambda: submissions.submit(given(ceu, **fields), Files(key), by=learner))
    assert set(errors) == {field}
    assert isinstance(errors[field], Invalid)
    assert nothing_was_saved()


@EACH
def test_an_edit_refuses_the_same_and_leaves_what_stood(cast, ceu, learner, fields, field):
    certificate = submitted(cast, ceu)
    stood, files = certificate.digest(), Files("", kept=[scan.id for scan in certificate.scans])
    wrong = given(ceu, **fields)
    assert set(refused(lambda: submissions.edit(certificate, wrong, files, seen=stood, by=learner))) == {field}
    assert found(ExternalCertificate, certificate.id).digest() == stood


def test_all_that_is_wrong_is_said_at_once(ceu, learner):
    nothing = Submission("", None, None, None, number="x" * 256, unreadable={"expires_on": Invalid(field="expires_on")})
    errors = refused(lambda: submissions.submit(nothing, Files("a-form-without-files"), by=learner))
    assert set(errors) == {"title", "credit_type_id", "credits", "earned_on", "number", "expires_on", "files"}
    assert isinstance(errors["files"], NoCertificateFile)
    assert nothing_was_saved()


def test_the_most_and_the_least_that_fit_are_taken(ceu, learner):
    most = given(
        ceu, title="x" * 255, credits=Decimal("9999.99"), issuer="x" * 255, number="x" * 255, note="x" * 2000,
        expires_on=EARNED,
    )  # fmt: skip
    assert submissions.submit(most, Files(staged(learner)), by=learner).is_new
    least = given(ceu, credits=Decimal("0.01"))
    assert submissions.submit(least, Files(staged(learner)), by=learner).is_new


def test_a_form_has_no_field_for_what_is_not_the_learners_to_say():
    """Owner, organization, state, award and decision come from the actor and the verbs alone."""
    assert {field.name for field in fields_of(Submission)} == {
        "title", "credit_type_id", "credits", "earned_on", "issuer", "number", "expires_on", "note", "unreadable",
    }  # fmt: skip


# Files


def test_without_a_file_nothing_is_submitted(ceu, learner):
    errors = refused(lambda: submissions.submit(given(ceu), Files("a-form-without-files"), by=learner))
    assert set(errors) == {"files"}
    assert nothing_was_saved()


def test_an_edit_that_leaves_every_file_out_is_refused(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    stood = certificate.digest()
    errors = refused(lambda: submissions.edit(certificate, given(ceu), Files(""), seen=stood, by=learner))
    assert set(errors) == {"files"}
    assert [scan.deleted_at for scan in found(ExternalCertificate, certificate.id).scans] == [None]


def test_files_are_kept_left_out_and_added_in_one_edit(cast, ceu, learner):
    key = staged(learner, b"front", b"back")
    made = submissions.submit(given(ceu), Files(key), by=learner)
    certificate = found(ExternalCertificate, made.certificate_id)
    front_id, back_id, back_bytes = (
        certificate.scans[0].id, certificate.scans[1].id, certificate.scans[1].stored_file_id,
    )  # fmt: skip
    files = Files(staged(learner, b"transcript"), kept=[back_id])
    assert submissions.edit(certificate, given(ceu), files, seen=certificate.digest(), by=learner)
    certificate = found(ExternalCertificate, made.certificate_id)
    assert certificate.scans[0].stored_file_id == back_bytes
    assert len(certificate.scans) == 2
    assert found(Scan, front_id).deleted_at is not None
    first, second = certificate.revisions
    assert [len(revision.files) for revision in (first, second)] == [2, 2]
    assert first.files[1] == second.files[0]
    assert second.digest == certificate.digest() != first.digest


def test_what_another_learner_staged_does_not_come_along(cast, ceu, learner):
    hers = staged(cast.actor(cast.mia), b"hers")
    assert set(refused(lambda: submissions.submit(given(ceu), Files(hers), by=learner))) == {"files"}
    assert nothing_was_saved()


def test_scans_of_another_of_ones_own_certificates_do_not_come_along(cast, ceu, learner):
    other = submitted(cast, ceu, title="Other")
    files = Files("a-form-without-files", kept=[scan.id for scan in other.scans])
    assert set(refused(lambda: submissions.submit(given(ceu), files, by=learner))) == {"files"}


# Credit types


@pytest.mark.parametrize("why", ["retired", "accepts none", "of another organization"])
def test_a_credit_type_that_cannot_be_claimed_reads_like_none(cast, ceu, learner, why):
    if why == "of another organization":
        with organization_scope(cast.clinic.id):
            wanted = certificates.credit_type("Clinic hours").id
    elif why == "retired":
        wanted = certificates.credit_type("Old", retired_at=clock.now()).id
    else:
        wanted = certificates.credit_type("Internal", accepts_uploads=False).id
    key, unknown = staged(learner), given(ceu, credit_type_id=10**6)
    none = refused(lambda: submissions.submit(unknown, Files(key), by=learner))
    errors = refused(lambda: submissions.submit(given(ceu, credit_type_id=wanted), Files(key), by=learner))
    assert set(errors) == {"credit_type_id"}
    assert isinstance(errors["credit_type_id"], CreditTypeUnknown)
    assert errors["credit_type_id"].in_english() == none["credit_type_id"].in_english()
    assert nothing_was_saved()


def test_a_type_retired_meanwhile_may_stay_but_no_other_retired_one_may_come(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    old = certificates.credit_type("Old", retired_at=clock.now())
    credit_types.retire(ceu, by=cast.actor(cast.ada))
    files = Files("", kept=[scan.id for scan in certificate.scans])
    seen = certificate.digest()
    wrong = given(ceu, credit_type_id=old.id)
    errors = refused(lambda: submissions.edit(certificate, wrong, files, seen=seen, by=learner))
    assert set(errors) == {"credit_type_id"}
    assert submissions.edit(certificate, given(ceu, title="Mended"), files, seen=seen, by=learner)


# Days


@pytest.mark.parametrize(
    ("zone", "today"), [("Pacific/Kiritimati", date(2026, 3, 2)), ("Pacific/Pago_Pago", date(2026, 2, 28))]
)
def test_today_is_what_the_organizations_own_calendar_shows(cast, ceu, learner, zone, today):
    """At half past ten in the morning of 1 March in UTC it is 2 March in Kiritimati, and 28 February in Pago Pago."""
    with transaction():
        locked(Organization, cast.fire.id).time_zone = zone
    key = staged(learner)
    with clock.standing_at(datetime(2026, 3, 1, 10, 30, tzinfo=UTC)):
        tomorrow = given(ceu, earned_on=today + timedelta(days=1))
        errors = refused(lambda: submissions.submit(tomorrow, Files(key), by=learner))
        assert set(errors) == {"earned_on"}
        made = submissions.submit(given(ceu, earned_on=today), Files(key), by=learner)
    assert found(ExternalCertificate, made.certificate_id).earned_on == today


# Who stands in it


def test_what_an_administrator_submits_as_the_learner_names_both(cast, ceu):
    made = submissions.submit(given(ceu), Files(staged(cast.actor(cast.max))), by=acting(cast, cast.max, cast.ada))
    certificate = found(ExternalCertificate, made.certificate_id)
    (revision,) = certificate.revisions
    assert (certificate.member_id, certificate.state) == (cast.max.id, State.PENDING)
    assert (revision.submitted_by_id, revision.administrator_id) == (cast.max.id, cast.ada.id)


def test_what_an_administrator_submits_under_their_own_name_is_their_own(cast, ceu):
    """There is no way to name another owner."""
    assert submitted(cast, ceu, by=cast.actor(cast.ada)).member_id == cast.ada.id


def test_each_change_is_a_revision_of_its_own(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    files = Files("", kept=[scan.id for scan in certificate.scans])
    for title in ("Second", "Third"):
        certificate = found(ExternalCertificate, certificate.id)
        submissions.edit(certificate, given(ceu, title=title), files, seen=certificate.digest(), by=learner)
    reviews.request_changes(certificate, reason="Whose is it?", by=cast.actor(cast.ada))
    certificate = found(ExternalCertificate, certificate.id)
    submissions.edit(certificate, given(ceu, title="Third"), files, seen=certificate.digest(), by=learner)
    revisions = db.session.scalars(sa.select(Revision).order_by(Revision.number)).all()
    assert [revision.facts["title"] for revision in revisions] == ["Ladder rescue", "Second", "Third", "Third"]
    assert [revision.number for revision in revisions] == [1, 2, 3, 4]
