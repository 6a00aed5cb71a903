"""Rotating how a scan is shown: by whom, until when, and that its bytes stay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from records.database import db, found, lock, transaction
from records.errors import Frozen
from records.models import AuditEvent, Certification, ExternalCertificate, RenewalProposal, Scan, State
from records.services import previews, renewal_proposals
from records.services.certification_steps import Entry
from tests import certificates, samples
from tests.forms import read
from tests.holdings import give
from tests.renewals import allow_proposals, in_days, proposed

PICTURE = samples.halves()


def scan_of(record) -> int:
    column = {Certification: Scan.certification_id, ExternalCertificate: Scan.external_certificate_id,
              RenewalProposal: Scan.renewal_proposal_id}[type(record)]  # fmt: skip
    return db.session.scalars(sa.select(Scan.id).where(column == record.id)).first()


@pytest.fixture
def held(cast) -> int:
    return scan_of(found(Certification, give(cast.max, cast.emt, 200, files={"front.jpg": PICTURE})))


def turn(client, scan_id, to=90):
    return client.post(f"/scan/{scan_id}/turn", data={"to": to})


def rotation(scan_id) -> int:
    db.session.rollback()
    return found(Scan, scan_id).rotation


def events() -> list[AuditEvent]:
    turned = sa.select(AuditEvent).where(AuditEvent.kind == "scan.turned")
    return list(db.session.scalars(turned.order_by(AuditEvent.id)))


def test_it_shows_turned_at_once_and_its_bytes_stay(cast, browse, held):
    previews.draw_previews()
    ada = browse(cast.ada)
    page = read(ada.get(f"/scan/{held}").text)
    assert [button.text for button in page.all("button", name="to")] == ["Rotate left", "Rotate right"]
    answer = turn(ada, held)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/scan/{held}#scan-picture")
    assert 'class="scan-large turned-90"' in ada.get(f"/scan/{held}").text
    assert 'class="thumb turned-90"' in ada.get(f"/admin/certifications/{found(Scan, held).certification_id}").text
    with ada.get(f"/scan/{held}/download") as download:
        assert download.data == PICTURE
    for to in (180, 270, 0):
        assert turn(ada, held, to).status_code == 302
        assert rotation(held) == to


def test_the_audit_trail_says_so_once(cast, browse, held):
    for _ in range(2):
        turn(browse(cast.ada), held)
    (event,) = events()
    assert (event.detail.before, event.detail.after) == ({"rotation": 0}, {"rotation": 90})
    assert (event.subject_id, event.actor_member_id) == (held, cast.ada.id)


@pytest.mark.parametrize("to", ["", "1", "45", "-90", "360", "9" * 30, "x"])
def test_what_is_no_quarter_turn_is_refused(cast, browse, held, to):
    assert turn(browse(cast.ada), held, to).status_code == 422
    assert rotation(held) == 0


@pytest.mark.parametrize(("who", "status"), [("max", 403), ("mia", 404), ("ken", 404), ("carl", 302), ("nora", 302)])
def test_who_may_turn_a_certifications_scan(cast, browse, held, who, status):
    client = browse(getattr(cast, who))
    assert turn(client, held).status_code == status
    assert rotation(held) == (90 if status == 302 else 0)
    if status != 302:
        assert "Rotate" not in client.get(f"/scan/{held}").text
        assert events() == []


def test_a_deleted_scan_and_a_module_switched_off_are_not_found(cast, browse, held):
    with transaction():
        lock(cast.fire).tracks_certifications = False
    assert turn(browse(cast.ada), held).status_code == 404
    with transaction():
        lock(cast.fire).tracks_certifications = True
        lock(found(Scan, held)).delete(at=found(Scan, held).created_at)
    assert turn(browse(cast.ada), held).status_code == 404


def test_learner_and_reviewer_turn_what_pends(cast, browse):
    certificate = certificates.submitted(cast, certificates.credit_type())
    scan_id, digest = scan_of(certificate), certificate.digest()
    assert turn(browse(cast.max), scan_id).status_code == 302
    assert turn(browse(cast.ada), scan_id, 180).status_code == 302
    assert turn(browse(cast.carl), scan_id, 270).status_code == 403
    assert rotation(scan_id) == 180
    assert found(ExternalCertificate, certificate.id).digest() == digest


@pytest.mark.parametrize("state", [State.APPROVED, State.DECLINED, State.WITHDRAWN, State.REVOKED])
def test_what_is_decided_is_frozen_with_its_scans(cast, browse, state):
    certificate = certificates.in_state(cast, certificates.credit_type(), state)
    scan_id = scan_of(certificate)
    for who in (cast.max, cast.ada):
        assert turn(browse(who), scan_id).status_code == 409
        assert "Rotate" not in browse(who).get(f"/scan/{scan_id}").text
    with pytest.raises(Frozen), transaction():
        lock(found(Scan, scan_id)).turn(to=90)
    assert rotation(scan_id) == 0


def test_a_proposed_renewal_keeps_its_rotation_when_it_is_accepted(cast, browse):
    allow_proposals(cast.emt)
    proposal = proposed(cast, give(cast.max, cast.emt, 20))
    scan_id = scan_of(proposal)
    assert turn(browse(cast.max), scan_id).status_code == 302
    assert turn(browse(cast.mia), scan_id).status_code == 404
    proposal = found(RenewalProposal, proposal.id)
    entry = Entry(cast.emt.id, in_days(700))
    renewal = renewal_proposals.accept(proposal, entry, version=proposal.version, by=cast.actor(cast.ada))
    assert [scan.rotation for scan in renewal.scans] == [90]
    assert turn(browse(cast.max), scan_id, 180).status_code == 409


def test_a_pdf_offers_no_buttons(cast, browse):
    held = scan_of(found(Certification, give(cast.max, cast.emt, 200, files={"front.pdf": samples.pdf()})))
    assert "Rotate" not in browse(cast.ada).get(f"/scan/{held}").text
