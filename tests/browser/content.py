"""The demo with what it lacks for every page to show something, and an organization that has nothing yet.

For tests that only look, and for screenshots.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Flask

from config import Settings
from records import clock, codes, jobs, turns
from records.database import choose_organization, db, every_organization, transaction
from records.demo.load import load
from records.models import (
    Account,
    Actor,
    AuditEvent,
    CalendarFeed,
    Certification,
    CertificationType,
    CreditType,
    ErasureReason,
    ExportFailure,
    ExternalCertificate,
    JobFailure,
    JobState,
    ListExport,
    Member,
    MessageKind,
    Organization,
    Position,
    Proof,
    RenewalBatch,
    RenewalProposal,
    Requirement,
    Role,
    Scan,
    State,
    Unit,
    UploadedFile,
)
from records.registers.mapping import Mapping
from records.services import (
    accounts,
    audit,
    email_changes,
    erasing,
    export_writing,
    exports,
    files,
    invitations,
    members,
    organizations,
    register_imports,
    transcripts,
    uploads,
)
from records.services.members import Access, Identity
from tests.browser.server import Server
from tests.cast import actor_of
from tests.holdings import picture
from tests.merging import merged
from tests.outbox import secret
from tests.providers import sign_on_of
from tests.renewals import allow_proposals
from wsgi import create_app

PASSWORD = "walk-through-demo-1"
ADMINISTRATOR, COORDINATOR, MEMBER = "admin@demo.example", "coordinator@demo.example", "member@demo.example"
FOUNDER = "first@new.example"  # administers an organization that has nothing but them
TWOFOLD = "captain@demo.example"  # is a member of both
_REGISTER = (
    "Name,Number,Type,Issued,Expires\nGrace Kim,E-7781,EMT-Basic,2026-01-21,2028-01-31\n"
    "Robert Dale,E-7782,EMT-Basic,,2028-01-31\nBo Newcomer,E-7783,EMT-Basic,,2027-02-29\n"
)


def application(server: Server) -> Flask:
    """One in this process, on the server's data and with its key: what it hands out can be shown there again."""
    settings = Settings(environment="testing", data_dir=server.data_dir, jobs_url="memory://", public_url=server.url)
    return create_app(settings)


def fill() -> dict[str, object]:
    """Write all of it, in the application of this context; what stands for each name in an address."""
    load(PASSWORD)
    _found_an_empty_one()
    with every_organization():
        fire = _one(Organization, Organization.name.startswith("Lakeside"))
    choose_organization(fire.id)
    people = {email: _one(Member, Member.email == email) for email in (ADMINISTRATOR, MEMBER)}
    named = _own(people[MEMBER]) | _of_the_organization() | _links(people[ADMINISTRATOR])
    named |= _begun(people[ADMINISTRATOR], people[MEMBER])
    audit.viewed_scan(_one(Scan, Scan.id == named["scan_id"]), by=actor_of(people[ADMINISTRATOR]))
    _let_jobs_stand()
    db.session.remove()
    db.engine.dispose()
    return named


def _let_jobs_stand() -> None:
    """One that runs, one that failed, one that is wanted, and all others done."""
    turns.make_places({name: each.at_once for name, each in jobs.registered().items()})
    for name, each in jobs.registered().items():
        turn = turns.begin(name, every=each.every, total=300, anyhow=True)
        if turn is not None and name != "draw_previews":
            turns.end(turn, JobFailure.STORAGE if name == "sweep" else None)
    turns.want({"keep_rules"})
    with db.engine.begin() as connection:
        running = sa.update(JobState).where(JobState.run != "")
        connection.execute(running.values(done=129, held_until=clock.now() + timedelta(days=1)))


def _found_an_empty_one() -> None:
    by = Actor.command("test")
    founded = organizations.create("Newfound Academy", administrator_email=FOUNDER, given_name="Fay",
                                   family_name="Founder", by=by)  # fmt: skip
    invitations.accept(founded.path.rpartition("/")[2], PASSWORD, browser="", by=by)
    with every_organization(), transaction() as session:
        account = session.scalars(sa.select(Account).where(Account.email == TWOFOLD)).one()
        session.add(Member(organization_id=founded.organization_id, given_name="Ingrid", family_name="Solberg",
                           email=TWOFOLD, account_id=account.id, created_at=clock.now()))  # fmt: skip


def _own(member: Member) -> dict[str, object]:
    """What the learner has."""
    own = Certification.member_id == member.id, Certification.deleted_at.is_(None)
    held = db.session.scalars(sa.select(Certification).where(*own).order_by(Certification.expires_on)).all()
    allow_proposals(held[-1].type)
    with_files = [each for each in held if each.scans]
    certificates = db.session.scalars(sa.select(ExternalCertificate).where(ExternalCertificate.member_id == member.id))
    feed = _one(CalendarFeed, CalendarFeed.member_id == member.id)
    return {
        "member_id": member.id,
        "certification_id": with_files[-1].id,
        "expired_certification": with_files[0].id,
        "suspended_certification": next(each.id for each in held if each.suspended_on),
        "revoked_certification": next(each.id for each in held if each.revoked_on),
        "scan_id": with_files[-1].scans[0].id,
        "proof_id": _one(Proof, Proof.member_id == member.id).id,
        "code": transcripts.make(by=actor_of(member)).code,
        "token": codes.token(feed.salt),
        **{f"{each.state}_certificate": each.id for each in certificates},
    }


def _of_the_organization() -> dict[str, object]:
    of_others = ExternalCertificate.state == State.PENDING, ExternalCertificate.member.has(Member.role == Role.MEMBER)
    return {
        "event_id": _one(AuditEvent).id,
        "type_id": _one(CertificationType).id,
        "retired_type": _one(CertificationType, CertificationType.retired_at.is_not(None)).id,
        "credit_type_id": _one(CreditType).id,
        "unit_id": _one(Unit, Unit.parent_id.is_not(None)).id,
        "position_id": _one(Position).id,
        "requirement_id": _one(Requirement).id,
        "batch_id": _one(RenewalBatch).id,
        "proposal_id": _one(RenewalProposal, RenewalProposal.decided_at.is_(None)).id,
        "decided_proposal": _one(RenewalProposal, RenewalProposal.decided_at.is_not(None)).id,
        "certificate_id": _one(ExternalCertificate, *of_others).id,
    }


def _links(administrator: Member) -> dict[str, object]:
    """Those of mails, unused."""
    by = actor_of(administrator)
    newcomer = _one(Member, Member.account_id.is_(None), Member.email.is_not(None), Member.deactivated_at.is_(None))
    invitation = invitations.invite(newcomer, by=by).rpartition("/")[2]
    accounts.request_password_reset(COORDINATOR, by=by)
    with every_organization():
        account = db.session.scalars(sa.select(Account).where(Account.email == COORDINATOR)).one()
    coordinator = _one(Member, Member.email == COORDINATOR)
    email_changes.request(account, new_email="marcus@new.example", password=PASSWORD, by=actor_of(coordinator))
    return {
        "which": "old",
        "address": sign_on_of(administrator.organization, "https://login.lakeside.example"),
        "invitation": invitation,
        "reset": secret(MessageKind.PASSWORD_RESET),
        "old_email": secret(MessageKind.OLD_EMAIL_CONFIRMATION),
    }


def _exports(by: Actor) -> dict[str, object]:
    """One in every state."""
    asked = ("cancelled", "failed", "done", "running", "waiting")
    made = {each: exports.begin("members", {"search": each[:1]}, language="en", by=by).id for each in asked[:3]}
    exports.cancel(made["cancelled"], by=by)
    export_writing.write_exports()
    made |= {each: exports.begin("members", {"search": each}, language="en", by=by).id for each in asked[3:]}
    with transaction() as session:
        failed, running = (session.get_one(ListExport, made[each]) for each in ("failed", "running"))
        failed.state, failed.failure, failed.stored_file_id = "failed", ExportFailure.STORAGE_FULL, None
        running.state, running.run, running.rows_done, running.rows_total = "running", "x", 412_000, 1_000_000
    return {"export_id": made["done"], **{f"{each}_export": export_id for each, export_id in made.items()}}


def _begun(administrator: Member, member: Member) -> dict[str, object]:
    """What the administrator has under way, or has done: an upload, imports of a register, a merge."""
    by = actor_of(administrator)
    fire = db.session.get_one(Organization, administrator.organization_id)
    arrived = [files.take_in(BytesIO(picture(each)), name=f"{each}.png", organization=fire) for each in ("red", "teal")]
    upload = uploads.start(member, arrived, by=by)
    mapped, checked, applied = (
        register_imports.start(BytesIO(_REGISTER.encode()), name=f"register {number}.csv", by=by)
        for number in (1, 2, 3)
    )
    for each in (checked, applied):
        register_imports.check(each, Mapping.from_json(each.mapping), by=by)
    register_imports.apply(applied, version=applied.version, by=by)
    twins = _all(Member, Member.family_name == "Herrera")
    erased = _left(by, "Lee Long-Gone")
    erasing.erase(erased, reason=ErasureReason.ASKED, confirmed=erased.name, by=by)
    with transaction() as session:
        copies = [Member(given_name="Tom", family_name="Twin", created_at=clock.now()) for _ in range(2)]
        session.add_all(copies)
    merged(*copies, by=by)
    return {
        "upload_id": upload.id,
        "page": "expiring",
        **_exports(by),
        "file_id": db.session.scalars(sa.select(UploadedFile.id)).first(),
        "import_id": mapped.id,
        "checked_import": checked.id,
        "applied_import": applied.id,
        "deactivated_member": _left(by, "Ola Away").id,
        "erased_member": erased.id,
        "kept_member": twins[0].id,
        "other_id": twins[1].id,
    }


def _left(by: Actor, name: str) -> Member:
    """A member who is deactivated."""
    given_name, family_name = name.split()
    member = members.create(Identity(given_name, family_name), Access(), by=by)
    members.deactivate(member, by=by)
    return db.session.get_one(Member, member.id)


def _one(model: type[Any], *where: Any) -> Any:
    return _all(model, *where)[0]


def _all(model: type[Any], *where: Any) -> list[Any]:
    return list(db.session.scalars(sa.select(model).where(*where).order_by(model.id)))
