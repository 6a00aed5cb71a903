"""What a learner's form and page find of external certificates."""

from __future__ import annotations

import pytest

from records import clock
from records.database import choose_organization, locked, transaction
from records.errors import ExternalCertificatesOff, ModuleOff, NoCreditTypes, NotFound
from records.models import CreditType, Member, Organization
from records.queries import external_certificates as queries
from records.queries.reviewers import administrators
from records.services import reviews
from tests import certificates
from tests.certificates import approved, submitted


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def test_one_certificate_is_found_for_its_learner_alone(cast, ceu):
    certificate = submitted(cast, ceu)
    assert queries.own_certificate(certificate.id, by=cast.actor(cast.max)).id == certificate.id
    for person in (cast.mia, cast.ada, cast.other_max):
        with pytest.raises(NotFound):
            queries.own_certificate(certificate.id, by=cast.actor(person))
    for nothing in (0, -1, 987654, 2**70):
        with pytest.raises(NotFound):
            queries.own_certificate(nothing, by=cast.actor(cast.max))
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    with pytest.raises(ModuleOff):
        queries.own_certificate(certificate.id, by=cast.actor(cast.max))


def test_credit_types_come_in_the_organizations_order(cast, ceu):
    certificates.credit_type("Zeal", position=-1)
    certificates.credit_type("Abel")
    certificates.credit_type("Inside only", accepts_uploads=False)
    certificates.credit_type("Retired", retired_at=clock.now())
    assert [type_.name for type_ in queries.claimable_types()] == ["Zeal", "Abel", "CEU"]
    choose_organization(cast.clinic.id)
    assert queries.claimable_types() == []


def test_what_keeps_learners_from_submitting_is_named(cast, ceu):
    assert queries.why_none_are_taken() is None
    with transaction():
        locked(CreditType, ceu.id).accepts_uploads = False
    assert isinstance(queries.why_none_are_taken(), NoCreditTypes)
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    assert isinstance(queries.why_none_are_taken(), ExternalCertificatesOff)


def test_active_administrators_are_asked(cast):
    assert [member.name for member in administrators()] == ["Ada Lindgren"]
    with transaction():
        locked(Member, cast.mia.id).role = "administrator"
        locked(Member, cast.ada.id).deactivated_at = clock.now()
    assert [member.name for member in administrators()] == ["Mia Söderström"]


def test_only_what_came_to_nothing_is_copied_and_only_by_its_learner(cast, ceu):
    learner, ada = cast.actor(cast.max), cast.actor(cast.ada)
    declined = submitted(cast, ceu)
    assert queries.to_copy(declined.id, by=learner) is None
    reviews.decline(declined, reason="No name.", by=ada)
    assert queries.to_copy(declined.id, by=learner).id == declined.id
    assert queries.to_copy(declined.id, by=cast.actor(cast.mia)) is None
    for other in (approved(cast, ceu).id, 987654, 0, -1, 2**70, None):
        assert queries.to_copy(other, by=learner) is None


def test_a_key_finds_what_its_own_learner_made_with_it(cast, ceu):
    certificate = submitted(cast, ceu)
    key = certificate.submission_key
    assert queries.made_with(key, by=cast.actor(cast.max)).id == certificate.id
    assert queries.made_with(key, by=cast.actor(cast.mia)) is None
    assert queries.made_with("unknown", by=cast.actor(cast.max)) is None
