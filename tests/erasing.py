"""A member who leaves traces everywhere, each with one word that stands nowhere else, and where that word stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import sqlalchemy as sa

from records.database import db, found, lock, transaction
from records.models import (
    Account,
    Approval,
    Certification,
    CreditType,
    Erasure,
    ExternalCertificate,
    FeedKind,
    Member,
    MessageKind,
)
from records.registers.mapping import Field
from records.services import (
    accounts,
    audit,
    calendar_feeds,
    certifications,
    erasing,
    exemptions,
    members,
    notices,
    proofs,
    register_imports,
    renewal_proposals,
    reviews,
    revocations,
    saved_views,
    submission_digests,
    submissions,
    transcripts,
)
from records.services.certification_steps import Entry
from records.services.certifications import ByIssuer, CertificationChanges
from records.services.exemptions import ExemptionFacts
from records.services.member_steps import change_identity, identity_of
from records.services.notices import SnoozeRequest
from records.services.outbox import notify, post
from records.services.submission_steps import Files
from tests.cast import PASSWORD, Cast
from tests.certificates import credit_type, given, staged
from tests.holdings import give, picture, today
from tests.registers import MAPPING
from tests.renewals import allow_proposals, in_days, proposed
from tests.requirements import require

WORD = "zqxw"
ASKED = "asked"


def leave_traces(cast: Cast) -> None:
    """Max, renamed so that WORD is in his name, has and does everything once; the word is in every text."""
    ada, credits = cast.actor(cast.ada), credit_type()
    _rename(cast, "Max Zqxwbefore", "zqxwold@lakeside.example")
    _rename(cast, "Zqxwgiven Zqxwfamily", "zqxwmail@lakeside.example", number="ZQXW-77")
    with transaction() as session:
        account = session.get_one(Account, cast.max.account_id)
        account.email = "zqxwsignin@lakeside.example"
    learner = cast.actor(found(Member, cast.max.id))
    _certifications(cast, ada)
    for outcome in ("approve", "revoke", "decline", "changes", "withdraw", "wait"):
        _certificate(credits, outcome, learner, ada)
    submission_digests.announce_submissions()
    _register(ada)
    saved_views.save(
        "expiring", f"Mine {WORD}", {"search": WORD}, share=False, by=replace(learner, role="administrator")
    )
    exemptions.grant(ExemptionFacts(require(cast).id, cast.max.id, f"Ill {WORD}.", today(), in_days(9)), by=ada)
    calendar_feeds.make(FeedKind.OWN, by=learner)
    transcripts.make(by=learner)
    _sessions(cast, learner)
    _messages(cast)
    members.deactivate(found(Member, cast.max.id), by=ada)


def erase(cast: Cast, member: Member, **asked: Any) -> Erasure:
    member = found(Member, member.id)
    return erasing.erase(member, **{"reason": ASKED, "confirmed": member.name, "by": cast.actor(cast.ada)} | asked)


def _rename(cast: Cast, name: str, email: str, **fields: Any) -> None:
    given_name, family_name = name.split()
    with transaction():
        member = lock(cast.max)
        identity = replace(identity_of(member), given_name=given_name, family_name=family_name, email=email, **fields)
        change_identity(member, identity, by=cast.actor(cast.ada))


def _certifications(cast: Cast, ada: Any) -> None:
    own = give(cast.max, cast.emt, 300, number=f"{WORD} 1", files={f"{WORD}.png": picture() + WORD.encode()})
    other = give(cast.max, cast.emt, 300, number=f"{WORD} 2", files={f"{WORD} 2.png": picture("red") + WORD.encode()})
    issuer = ByIssuer(suspended_on=today(), suspended_reason=f"Late {WORD}.")
    certification = found(Certification, other)
    entry = Entry(cast.emt.id, certification.expires_on, certification.issued_on, f"{WORD} 3")
    certifications.change(certification, CertificationChanges(entry, issuer), by=ada, version=certification.version)
    notices.snooze(found(Certification, own), SnoozeRequest(in_days(20), f"Waits {WORD}."), by=ada)
    proofs.hand_out(found(Certification, own), ends_on=in_days(30), by=cast.actor(found(Member, cast.max.id)))
    allow_proposals(cast.emt, cast.forklift)
    learner = cast.actor(found(Member, cast.max.id))
    for number in range(2):
        old = give(cast.max, cast.forklift, 20 + number, number=f"{WORD} f{number}")
        proposal = proposed(cast, old, picture("teal") + f"{WORD}{number}".encode(), number=f"{WORD} p", by=learner)
        if number:
            renewal_proposals.decline(proposal, reason=f"Blurred {WORD}.", version=proposal.version, by=ada)


def _certificate(credits: CreditType, does: str, learner: Any, ada: Any) -> None:
    facts = given(credits, title=f"Ropes {WORD} {does}", issuer=f"School {WORD}", number=f"{WORD}-{does}",
                  note=f"Please {WORD}", earned_on=date(2025, 3, 1))  # fmt: skip
    files = Files(staged(learner, picture("olive") + f"{WORD} {does}".encode()))
    done = submissions.submit(facts, files, by=learner)
    certificate = found(ExternalCertificate, done.certificate_id)
    audit.opened(certificate, by=ada)
    certificate = found(ExternalCertificate, done.certificate_id)
    if does in ("approve", "revoke"):
        approval = Approval(certificate.claimed_credits, f"Well done, {WORD}.")
        reviews.approve(certificate, approval, seen=certificate.digest(), by=ada)
    if does == "revoke":
        revocations.revoke(certificate, reason=f"Forged by {WORD}.", by=ada)
    elif does == "decline":
        reviews.decline(certificate, reason=f"Not of {WORD}.", by=ada)
    elif does == "changes":
        reviews.request_changes(certificate, reason=f"Whose, {WORD}?", by=ada)
    elif does == "withdraw":
        submissions.withdraw(certificate, by=learner)


def _register(ada: Any) -> None:
    """Brought in, with a row that is theirs and one that came to nothing; and one more that waits."""
    header, row = "Name,Number,Type,Issued,Expires\n", "Zqxwgiven Zqxwfamily,{},EMT-Basic,,{}\n"
    wrong = row.format(f"{WORD} b", "no date")
    for content in (header + row.format(f"{WORD} r", "2031-01-31") + wrong, header + wrong):
        started = register_imports.start(BytesIO(content.encode()), name="register.csv", by=ada)
        register_imports.check(started, MAPPING, by=ada)
        if content.count("\n") == 3:
            register_imports.apply(started, version=started.version, by=ada)
    assert Field.FULL_NAME in MAPPING.fields


def _sessions(cast: Cast, learner: Any) -> None:
    accounts.sign_in(
        "zqxwsignin@lakeside.example", PASSWORD, browser=f"Firefox {WORD}", by=replace(learner, address=WORD)
    )
    accounts.request_password_reset("zqxwsignin@lakeside.example", by=replace(learner, address=WORD))


def _messages(cast: Cast) -> None:
    name = found(Member, cast.max.id).name
    part = {"count": 2, "lines": [{"who": name, "what": "EMT", "on": ""}, {"who": "Mia", "what": "EMT", "on": ""}]}
    facts = {"expired": part, "expiring": part, "unreachable": part, "proposed": part}
    with transaction() as session:
        notify(session.get_one(Member, cast.ada.id), MessageKind.WEEKLY_DIGEST, facts=facts, page="/admin/")
        notify(session.get_one(Member, cast.max.id), MessageKind.CERTIFICATE_APPROVED, facts={"title": WORD}, page="/")
        post(MessageKind.INVITATION, "zqxwmail@lakeside.example", organization=cast.fire, facts={"name": WORD})
        post(MessageKind.EMAIL_CHANGED, "zqxwold@lakeside.example", organization=None, facts={"new_email": WORD})


def tables_with(word: str) -> dict[str, list[str]]:
    """The rows in which the word stands, whatever the case, by table; whatever the tables are."""
    db.session.rollback()
    rows: dict[str, list[str]] = {}
    with db.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            every = connection.execute(sa.text(f'SELECT * FROM "{table}"'))  # because: names of tables
            with_it = [repr(row) for row in every if word in repr(row).casefold()]
            if with_it:
                rows[table] = with_it
    return rows
