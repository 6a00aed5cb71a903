"""Everything that the audit trail keeps has words for it."""

from __future__ import annotations

from dataclasses import fields

from records.models import AuditKind
from records.queries.audit_filters import RECORDS
from records.queries.audit_names import FIELDS
from records.services.certification_types import TypeFacts
from records.services.credit_types import CreditTypeFacts
from records.services.member_steps import Access, Identity
from records.services.organizations import Settings
from records.web.event_words import FIELD_WORDS, RECORD_WORDS
from records.web.events import KIND_WORDS

# Of forms: these are said otherwise in events, or not at all.
_OF_FORMS = {"counts_as", "unreadable"}


def test_every_kind_of_event_and_of_record_has_words():
    assert set(KIND_WORDS) == set(AuditKind)
    assert set(RECORD_WORDS) == set(RECORDS)


def test_every_field_that_people_fill_in_has_words():
    kept = {each.name for kind in (TypeFacts, CreditTypeFacts, Identity, Access, Settings) for each in fields(kind)}
    assert (kept | set(FIELDS)) - _OF_FORMS <= FIELD_WORDS.keys()
