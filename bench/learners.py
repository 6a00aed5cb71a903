"""Learners of a benchmark who are signed in, and what of their submissions stands in the end. What is here makes a
Certfolio of the process that it runs in: call it by `apart`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from typing import Any, TypeVar

from bench.few_rows import ORGANIZATION_ID, PASSWORD
from bench.installation import Installation

TITLE = "Course of the deadline"
Told = TypeVar("Told")


@dataclass(frozen=True)
class Learner:
    """A member with an account of their own; `cookie` is that of an open session, as a browser sends it."""

    member_id: int
    cookie: str


def apart(work: Callable[..., Told], *given: Any) -> Told:
    """What `work` returns, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def let_in(installation: Installation, number: int) -> list[Learner]:
    """So many members without an account get one, and an open session. Raises ValueError where they are fewer."""
    app = certfolio_of(installation)
    from sqlalchemy import bindparam, insert, select, update

    from records import clock, passwords, signin
    from records.database import db, every_organization, transaction
    from records.models import Account, Member, SignIn

    idle = select(Member.id).where(Member.account_id.is_(None), Member.deactivated_at.is_(None))
    with app.app_context(), every_organization(), transaction() as session:
        members = list(session.scalars(idle.order_by(Member.id).limit(number)))
        if len(members) < number:
            raise ValueError(f"there are {len(members)} members without an account, not {number}")
        now, password_hash = clock.now(), passwords.hashed(PASSWORD)
        emails = {f"deadline-{member}@bench.example": member for member in members}
        accounts = [
            {"email": email, "folded_email": email, "password_hash": password_hash, "created_at": now}
            for email in emails
        ]
        made = session.execute(insert(Account).returning(Account.id, Account.folded_email), accounts).all()
        owners = [{"account": account, "member": emails[email]} for account, email in made]
        owning = update(Member.__table__).where(Member.__table__.c.id == bindparam("member"))  # type: ignore[arg-type]  # because: a Table here
        db.session.connection().execute(owning.values(account_id=bindparam("account")), owners)
        tokens = [signin.token() for _ in owners]
        session.execute(insert(SignIn), [
            {"token_digest": signin.digest(token), "account_id": owner["account"], "member_id": owner["member"],
             "created_at": now, "confirmed_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=1)}
            for token, owner in zip(tokens, owners, strict=True)
        ])  # fmt: skip
    signing, name = app.session_interface.get_signing_serializer(app), app.config["SESSION_COOKIE_NAME"]
    cookies = [f"{name}={signing.dumps({'_user_id': token, '_fresh': True})}" for token in tokens]
    return [Learner(owner["member"], cookie) for owner, cookie in zip(owners, cookies, strict=True)]


def problems(installation: Installation, sent: dict[int, str]) -> list[str]:
    """What is wrong where each of these members sent one file, of this SHA-256 (hexadecimal): a certificate that is
    missing or stands twice, revisions, files or bytes that are not what was sent. Nothing, if all is well."""
    app = certfolio_of(installation)
    from records.database import organization_scope

    with app.app_context(), organization_scope(ORGANIZATION_ID):
        return list(problems_here(sent))


def problems_here(sent: dict[int, str]) -> Iterator[str]:
    """The same, of the application and the organization that are chosen."""
    from sqlalchemy import select

    from records.database import db
    from records.models import ExternalCertificate, Revision, Scan, State, StoredFile
    from records.storage import sha256_of, storage

    certificates = select(ExternalCertificate).where(ExternalCertificate.title == TITLE)
    by_member, revised = defaultdict(list), defaultdict(list)
    for certificate in db.session.scalars(certificates):
        by_member[certificate.member_id].append(certificate)
    theirs = select(ExternalCertificate.id).where(ExternalCertificate.title == TITLE)
    for revision in db.session.scalars(select(Revision).where(Revision.external_certificate_id.in_(theirs))):
        revised[revision.external_certificate_id].append(revision)
    attached = select(Scan, StoredFile).join(StoredFile, StoredFile.id == Scan.stored_file_id)
    files = defaultdict(list)
    for scan, stored in db.session.execute(attached.where(Scan.external_certificate_id.in_(theirs))):
        files[scan.external_certificate_id].append(stored)
    for member_id in by_member.keys() - sent.keys():
        yield f"member {member_id} sent nothing, and has a certificate"
    for member_id, sha256 in sent.items():
        if [each.state for each in by_member[member_id]] != [State.PENDING]:
            yield f"member {member_id} has {len(by_member[member_id])} certificates"
            continue
        (certificate,) = by_member[member_id]
        if [[file["sha256"] for file in each.files] for each in revised[certificate.id]] != [[sha256]]:
            yield f"the revisions of member {member_id} are not the one that was sent"
        if [each.sha256 for each in files[certificate.id]] != [sha256]:
            yield f"the files of member {member_id} are not the one that was sent"
            continue
        with storage().open(files[certificate.id][0].key) as bytes_there:
            if sha256_of(bytes_there) != sha256:
                yield f"the bytes of member {member_id} are not those that were sent"


def certfolio_of(installation: Installation) -> Any:
    """The application, on `installation`; once a process."""
    os.environ |= installation.environment()
    from wsgi import app

    return app
