"""Every address of the application, tried for every kind of person; and none that is read changes a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from records import clock, codes, passwords
from records.database import db, every_organization, transaction
from records.models import (
    Account,
    AuditEvent,
    Base,
    Certification,
    FeedKind,
    Member,
    MessageKind,
    Role,
    Scan,
    ScopeUnit,
    UploadedFile,
)
from records.services import (
    accounts,
    calendar_feeds,
    files,
    invitations,
    kept_reasons,
    previews,
    proofs,
    register_imports,
    saved_views,
    transcripts,
    uploads,
)
from records.services.outbox import notify
from tests.access_table import PERSONAS, TABLE
from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.certificates import credit_type, submitted
from tests.clients import SignedClient
from tests.holdings import give, picture, today
from tests.merging import merged
from tests.outbox import link
from tests.providers import sign_on_of
from tests.renewals import allow_proposals, batch, proposed
from tests.requirements import rules_of

NOTED_BY_READING = {"last_seen_at", "seen", "last_read_at"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
REGISTER = b"Name,Type,Expires\nAnn Abel,EMT-Basic,2028-01-31\n"
Browse = Callable[..., SignedClient]


@dataclass
class World:
    """The people, and what stands for each name in an address."""

    people: dict[str, Member | None]
    arguments: dict[str, object]


@pytest.fixture
def world(cast: Cast, beginnings: Beginnings) -> World:
    """The same for each test, made once a day."""
    name = f"world of {today()}"
    if name not in beginnings:
        beginnings.keep(name, _made(cast))
    sven_id, arguments = beginnings.bring_back(name)
    names = {"max": cast.max, "mia": cast.mia, "carl": cast.carl, "ada": cast.ada, "ken": cast.ken}
    return World({"visitor": None, "sven": db.session.get_one(Member, sven_id), **names}, arguments)


def _made(cast: Cast) -> tuple[int, dict[str, object]]:
    """The id of a coordinator of South, and what stands for each name in an address."""
    sven = _coordinator_of_south(cast)
    certification_id = give(cast.max, cast.emt, 200, files={"front.png": picture()})
    allow_proposals(cast.emt, cast.forklift)
    previews.draw_previews()
    upload_id = _upload(cast)
    certificate = submitted(cast, credit_type())
    text = kept_reasons.keep("Please add the back side.", by=cast.actor(cast.ada))
    register = register_imports.start(BytesIO(REGISTER), name="register.csv", by=cast.actor(cast.ada))
    held = db.session.get_one(Certification, certification_id)
    proof = proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max))
    feed = calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    arguments: dict[str, object] = {
        "batch_id": batch(cast, cast.emt, cast.una).id,
        "proposal_id": proposed(cast, give(cast.max, cast.forklift, 20)).id,
        "member_id": cast.max.id,
        "certification_id": certification_id,
        "certificate_id": certificate.id,
        "text_id": text.id,
        "scan_id": db.session.scalars(sa.select(Scan.id).where(Scan.certification_id == certification_id)).one(),
        "type_id": cast.emt.id,
        "credit_type_id": certificate.credit_type_id,
        "code": transcripts.make(by=cast.actor(cast.max)).code,
        "proof_id": proof.id,
        "token": codes.token(feed.salt),
        "kind": "own",
        "unit_id": cast.engine.id,
        "upload_id": upload_id,
        "file_id": db.session.scalars(sa.select(UploadedFile.id)).one(),
        "import_id": register.id,
        "report": "expiring",
        "page": "expiring",
        "view_id": saved_views.save("expiring", "Mine", {}, share=False, by=cast.actor(cast.ada)).id,
        **rules_of(cast),
        "message_id": _message(cast),
        "other_id": cast.una.id,
        "merge_id": _merge(cast),
        "event_id": _event(cast),
        "which": "old",
        "address": sign_on_of(cast.fire, "http://127.0.0.1:1"),
    }
    return sven.id, arguments


def _message(cast: Cast) -> int:
    with transaction() as session:
        member = session.get_one(Member, cast.max.id)
        named = {"title": "EMT-Basic", "number": "", "holder": "", "expires_on": "2027-01-01", "days": 30}
        facts = {"certifications": [named], "reviewing": False}
        message = notify(member, MessageKind.CERTIFICATIONS_EXPIRE, facts=facts, page="/portfolio/", mailed=False)
        session.flush()
        return message.id


def _coordinator_of_south(cast: Cast) -> Member:
    with transaction() as session:
        account = Account(email="sven@lakeside.example", password_hash=passwords.hashed("x"), created_at=clock.now())
        session.add(account)
        session.flush()
        sven = Member(given_name="Sven", role=Role.TRAINING_COORDINATOR, account_id=account.id, family_name="South",
                      email="sven@lakeside.example", created_at=clock.now())  # fmt: skip
        session.add(sven)
        session.flush()
        session.add(ScopeUnit(member_id=sven.id, unit_id=cast.south.id))
    return sven


def _event(cast: Cast) -> int:
    about_max = sa.select(AuditEvent.id).where(AuditEvent.member_id == cast.max.id)
    return db.session.scalars(about_max.limit(1)).one()


def _merge(cast: Cast) -> int:
    with transaction() as session:
        twins = [Member(given_name="Tom", family_name="Twin", created_at=clock.now()) for _ in range(2)]
        session.add_all(twins)
    return int(merged(*twins, by=cast.actor(cast.ada)).id)


def _upload(cast: Cast) -> int:
    arrived = files.take_in(BytesIO(picture("red")), name="back.png", organization=cast.fire)
    upload = uploads.start(db.session.get_one(Member, cast.max.id), [arrived], by=cast.actor(cast.ada))
    previews.draw_previews()
    return upload.id


def rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in sorted(app.url_map.iter_rules(), key=str)
        for method in sorted(METHODS & (rule.methods or set()))
    ]


def test_every_address_has_its_row(app: Flask) -> None:
    missing = {(rule.rule, method) for rule, method in rules(app)} - set(TABLE)
    assert not missing, "say in tests/access_table.py who may open:\n" + "\n".join(
        f'    ("{rule}", "{method}"): "…",' for rule, method in sorted(missing)
    )


def test_every_row_has_its_address(app: Flask) -> None:
    assert set(TABLE) == {(rule.rule, method) for rule, method in rules(app)}


def address(app: Flask, rule: str, world: World, cast: Cast) -> str:
    """The address with what stands in the world for its names."""
    found = next(each for each in app.url_map.iter_rules() if each.rule == rule)
    arguments = {name: world.arguments.get(name) for name in found.arguments - {"secret"}}
    if "secret" in found.arguments:
        arguments["secret"] = _secret(rule, cast)
    with app.test_request_context():
        adapter = app.url_map.bind("")
        return adapter.build(found.endpoint, arguments)


def _secret(rule: str, cast: Cast) -> str:
    """A link from a mail that works."""
    from records.services import email_changes
    from tests.cast import PASSWORD

    if rule.startswith("/invitation"):
        return invitations.invite(db.session.get_one(Member, cast.una.id), by=cast.actor(cast.ada)).rpartition("/")[2]
    if rule.startswith("/reset"):
        accounts.request_password_reset(cast.una.email or "", by=cast.actor(cast.ada))
        return link(MessageKind.PASSWORD_RESET).rpartition("/")[2]
    with every_organization():
        account = db.session.get_one(Account, cast.una.account_id)
    email_changes.request(account, new_email="una@new.example", password=PASSWORD, by=cast.actor(cast.una))
    return link(MessageKind.OLD_EMAIL_CONFIRMATION).rpartition("/")[2]


def outcome(page: Any) -> str:
    """What the answer means, in the words of the table."""
    leads_to = page.headers.get("Location", "") if page.status_code in (302, 303) else ""
    if leads_to.startswith("/login"):
        return "login"
    if leads_to.startswith("/choose"):
        return "choose"
    open_ones = (200, 302, 303, 409, 422)
    return "open" if page.status_code in open_ones else str(page.status_code)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[1]} {row[0]}")
def test_each_person_gets_what_the_table_says(
    app: Flask, cast: Cast, world: World, browse: Browse, row: tuple[str, str]
) -> None:
    rule, method = row
    expected = dict(zip(PERSONAS, TABLE[row].split(), strict=True))
    path = address(app, rule, world, cast)
    got = {}
    # Those who may not come first, because those who may can change what the others would meet. (Where a
    # visitor may, whoever holds the link may: the first.)
    guarded = expected["visitor"] != "open"
    for name in sorted(PERSONAS, key=lambda name: guarded and expected[name] == "open"):
        client = browse(world.people[name])
        ask = client.get if method == "GET" else client.post
        with ask(path) as page:
            got[name] = outcome(page)
    assert got == expected


def contents() -> dict[str, list[str]]:
    """Every row of every table; but not who or what was last seen when, nor the trail of who looked at what, nor how
    often something was tried."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: sorted(
                repr([value for name, value in row._mapping.items() if name not in NOTED_BY_READING])
                for row in connection.execute(sa.select(table))
            )
            for table in Base.metadata.sorted_tables
            if table.name not in ("audit_event", "audit_detail", "throttle_count")
        }


@pytest.mark.parametrize(
    "rule", sorted(rule for rule, method in TABLE if method == "GET"), ids=lambda rule: f"GET {rule}"
)
def test_reading_changes_no_record(app: Flask, cast: Cast, world: World, browse: Browse, rule: str) -> None:
    path = address(app, rule, world, cast)
    clients = {name: browse(member) for name, member in world.people.items()}
    before = contents()
    for client in clients.values():
        for method in ("GET", "HEAD"):
            with client.open(path, method=method, query_string={"q": "x", "sort": "name", "page": "2"}):
                pass
    assert contents() == before


def test_reading_notes_nothing_but_who_looked_at_what_and_who_was_refused(
    app: Flask, cast: Cast, world: World, browse: Browse
) -> None:
    from records.models import AuditEvent

    before = set(db.session.scalars(sa.select(AuditEvent.id)))
    client = browse(cast.ada)
    for rule, method in TABLE:
        if method == "GET" and "<secret>" not in rule:
            with client.get(address(app, rule, world, cast)):
                pass
    db.session.rollback()
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.id.not_in(before)))
    assert {event.kind for event in events} <= {"scan.viewed", "external_certificate.opened", "request.refused"}
