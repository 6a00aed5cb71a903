"""Every pair of a verb and a state of an external certificate: what comes of it, or the refusal by its name.

The table below is the specification. Source: DOMAIN, "External certificates: stored states".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from records.database import db, found
from records.errors import (
    AlreadyDecided,
    AlreadyRevoked,
    InvalidInput,
    NotApproved,
    NotFound,
    NotOpen,
    Refusal,
)
from records.models import Approval, AuditEvent, Base, CreditEntry, ExternalCertificate, State
from records.models.certificate_states import OPEN
from records.services import reviews, revocations, submissions
from records.services.submission_steps import Files
from tests import certificates, stored
from tests.certificates import CREDITS, given, in_state, staged

PENDING, CHANGES, WITHDRAWN = State.PENDING, State.CHANGES_REQUESTED, State.WITHDRAWN
DECLINED, APPROVED, REVOKED = State.DECLINED, State.APPROVED, State.REVOKED
SAME = "nothing changes"
COPIED = "another one is pending"

# fmt: off
_ROWS: dict[str, tuple[Any, ...]] = {
    # in state:       pending         changes asked   withdrawn       declined        approved        revoked
    "submit again":   (SAME,           SAME,           SAME,           SAME,           SAME,           SAME),
    "submit a copy":  (InvalidInput,   InvalidInput,   COPIED,         COPIED,         InvalidInput,   InvalidInput),
    "edit":           (PENDING,        PENDING,        NotOpen,        NotOpen,        NotOpen,        NotOpen),
    "edit the files": (PENDING,        PENDING,        NotOpen,        NotOpen,        NotOpen,        NotOpen),
    "resubmit":       (SAME,           PENDING,        NotOpen,        NotOpen,        NotOpen,        NotOpen),
    "withdraw":       (WITHDRAWN,      WITHDRAWN,      NotOpen,        NotOpen,        NotOpen,        NotOpen),
    "request changes": (CHANGES,        AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided),
    "decline":        (DECLINED,       AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided),
    "approve":        (APPROVED,       AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided),
    "revoke":         (NotApproved,    NotApproved,    NotApproved,    NotApproved,    REVOKED,        AlreadyRevoked),
}
# fmt: on
IN = (PENDING, CHANGES, WITHDRAWN, DECLINED, APPROVED, REVOKED)
TABLE = {verb: dict(zip(IN, row, strict=True)) for verb, row in _ROWS.items()}
EVENTS = {
    "edit": {PENDING: "edited", CHANGES: "resubmitted"},
    "edit the files": {PENDING: "edited", CHANGES: "resubmitted"},
    "resubmit": {CHANGES: "resubmitted"},
    "withdraw": dict.fromkeys(OPEN, "withdrawn"),
    "request changes": {PENDING: "changes_requested"},
    "decline": {PENDING: "declined"},
    "approve": {PENDING: "approved"},
    "revoke": {APPROVED: "revoked"},
}
# Who is named as having been first, and in which words.
WORDS = {
    CHANGES: "Ada Lindgren has asked for changes to this certificate already.",
    WITHDRAWN: "Max Miller has withdrawn this certificate.",
    DECLINED: "Ada Lindgren has declined this certificate already.",
    APPROVED: "Ada Lindgren has approved this certificate already.",
    REVOKED: "This certificate was approved by Ada Lindgren and revoked since.",
}


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


@pytest.fixture
def learner(cast):
    return cast.actor(cast.max)


@pytest.fixture
def act(ceu, ada, learner):
    """Each verb as it is called on a certificate: prepared first, so that what is staged is no change of its own."""

    def kept(certificate: ExternalCertificate) -> list[int]:
        return [scan.id for scan in certificate.scans]

    def edit(certificate: ExternalCertificate, files: Files, **fields: Any) -> bool:
        return submissions.edit(certificate, given(ceu, **fields), files, seen=certificate.digest(), by=learner)

    def submit(files: Files, copy_of_id: int | None = None) -> Any:
        return submissions.submit(given(ceu), files, by=learner, copy_of_id=copy_of_id)

    def prepare(verb: str, certificate: ExternalCertificate) -> Callable[[], Any]:
        scans, key = kept(certificate), certificate.submission_key
        if verb == "edit the files":
            key = staged(learner, b"another page")
        verbs: dict[str, Callable[[], Any]] = {
            "submit again": lambda: submit(Files(key)),
            "submit a copy": lambda: submit(Files("a-new-form-of-a-copy", kept=scans), certificate.id),
            "edit": lambda: edit(certificate, Files("", kept=scans), title="Rope rescue"),
            "edit the files": lambda: edit(certificate, Files(key, kept=scans)),
            "resubmit": lambda: edit(certificate, Files("", kept=scans)),
            "withdraw": lambda: submissions.withdraw(certificate, by=learner),
            "request changes": lambda: reviews.request_changes(certificate, reason="Whose?", by=ada),
            "decline": lambda: reviews.decline(certificate, reason="No name.", by=ada),
            "approve": lambda: reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=ada),
            "revoke": lambda: revocations.revoke(certificate, reason="Forged.", by=ada),
        }
        return verbs[verb]

    return prepare


def everything() -> dict[str, Any]:
    """Every row of every table, every value of it, and every stored byte."""
    with db.engine.connect() as connection:
        rows = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in Base.metadata.sorted_tables
        }
    return rows | {"files": stored.prints()}


def test_the_table_has_every_pair():
    assert {(verb, state) for verb, row in TABLE.items() for state in row} == set(product(TABLE, State))


@pytest.mark.parametrize(("verb", "state"), list(product(TABLE, State)))
def test_each_pair_comes_to_what_the_table_says(cast, ceu, act, verb, state):
    certificate = in_state(cast, ceu, state)
    outcome, do = TABLE[verb][state], act(verb, certificate)
    before = everything()
    if isinstance(outcome, type):
        refused_and_unchanged(do, outcome, verb, state, before)
    elif outcome == SAME:
        do()
        assert everything() == before
    elif outcome == COPIED:
        copy = found(ExternalCertificate, do().certificate_id)
        assert (copy.state, copy.copy_of_id) == (PENDING, certificate.id)
        assert found(ExternalCertificate, certificate.id).state == state
    else:
        revisions = len(certificate.revisions)
        do()
        certificate = found(ExternalCertificate, certificate.id)
        assert certificate.state == outcome
        last = db.session.scalars(
            sa.select(AuditEvent)
            .where(AuditEvent.subject_kind == "external_certificate")
            .order_by(AuditEvent.id.desc())
        ).first()
        assert last.kind == f"external_certificate.{EVENTS[verb][state]}"
        assert len(certificate.revisions) == revisions + (verb in ("edit", "edit the files", "resubmit"))
        assert ledger() == {APPROVED: [CREDITS], REVOKED: [CREDITS, -CREDITS]}.get(outcome, [])


def refused_and_unchanged(
    do: Callable[[], Any], refusal: type[Refusal], verb: str, state: State, before: dict[str, Any]
) -> None:
    with pytest.raises(Refusal) as refused:
        do()
    assert type(refused.value) is refusal
    if refusal is AlreadyDecided:
        assert refused.value.in_english() == WORDS[state]
    assert everything() == before


def ledger() -> list[Decimal]:
    return list(db.session.scalars(sa.select(CreditEntry.amount).order_by(CreditEntry.id)))


@pytest.mark.parametrize(("verb", "state"), list(product(("edit", "withdraw"), State)))
def test_in_no_state_is_it_anybody_elses_to_change(cast, ceu, verb, state):
    certificate = in_state(cast, ceu, state)
    files, seen = Files("", kept=[scan.id for scan in certificate.scans]), certificate.digest()
    before = everything()
    for other in (cast.ada, cast.carl, cast.mia):
        by = cast.actor(other)
        do = {
            "edit": lambda by=by: submissions.edit(certificate, given(ceu, title="Mine"), files, seen=seen, by=by),
            "withdraw": lambda by=by: submissions.withdraw(certificate, by=by),
        }[verb]
        with pytest.raises(NotFound):
            do()
    assert everything() == before


@pytest.mark.parametrize("state", list(State))
def test_what_the_learner_is_shown_as_possible_is_what_the_verbs_do(cast, ceu, learner, ada, state):
    certificate = in_state(cast, ceu, state)
    assert certificate.may_be_changed_by(learner) == (TABLE["withdraw"][state] is not NotOpen)
    assert certificate.may_be_copied_by(learner) == (TABLE["submit a copy"][state] == COPIED)
    assert not certificate.may_be_changed_by(ada)
