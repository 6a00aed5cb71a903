"""One of everything that an address can name, everybody who may ask for it, and what nobody of them may ever see."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Flask

from records import clock, codes, passwords
from records.database import choose_organization, db, every_organization, transaction
from records.models import (
    Account,
    AuditEvent,
    Certification,
    CreditType,
    FeedKind,
    Member,
    MessageKind,
    Requirement,
    Role,
    Scan,
    ScopeUnit,
    UploadedFile,
)
from records.services import (
    accounts,
    calendar_feeds,
    email_changes,
    export_writing,
    exports,
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
from tests.access_table import PERSONAS
from tests.beginnings import Beginnings
from tests.cast import PASSWORD, Cast, cast_of
from tests.certificates import credit_type, submitted
from tests.clients import SignedClient
from tests.holdings import give, picture, today
from tests.merging import merged
from tests.outbox import link
from tests.providers import sign_on_of
from tests.renewals import allow_proposals, batch, proposed
from tests.requirements import rules_of
from tests.rows import TABLES, Rows

REGISTER = b"Name,Number,Type,Issued,Expires\nAnn Abel,A-1,EMT-Basic,,2028-01-31\nAnn Abel,A-2,EMT-Basic,,2028-01-31\n"

# In every table of an organization stands a row with this id that is of a third organization, of which nobody is; and
# every text of it holds CANARY, after a word that can be searched for.
STRANGE, SOUGHT, CANARY = 777_001, "zyxwv", "canaryqjk"
# And one of Fire's, of a member without a unit: whoever does not cover the whole organization never sees HIDDEN.
UNSEEN, HIDDEN = 888_001, "hiddenqjk"
SEE_HIDDEN = {"carl", "ada"}
# No record has this id.
FREE = 999_999


@dataclass
class World:
    """The people, what stands for each name in an address, and the open session of everybody who has one."""

    cast: Cast
    people: dict[str, Member | None]
    arguments: dict[str, Any]
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def client(self, app: Flask, name: str) -> Visitor:
        """A browser of this persona."""
        return Visitor(app, name, *self.sessions[name])

    def own(self, name: str) -> Member:
        """A member whom this one looks after: one of South, of Hillside Clinic, or Max."""
        whose = {"sven": "mia", "ken": "other_max"}.get(name, "max")
        member = self.people[whose]
        assert member is not None
        return member


class Visitor(SignedClient):
    """Sends the token of its session along, and looks into every answer for what its reader must not see."""

    def __init__(self, app: Flask, name: str, cookie: str, token: str) -> None:
        super().__init__(app)
        self.name, self.token = name, token
        self.forbidden = [CANARY] if name in SEE_HIDDEN else [CANARY, HIDDEN]
        self.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = super().open(*args, **kwargs)
        said = str(response.headers).encode() + contents_of(response)
        response.close()
        found = [word for word in self.forbidden if word.encode() in said]
        assert not found, f"{self.name} got to see {found} by {args} {kwargs.get('data')}"
        return response

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """`data` may hold files, as the bytes of a picture: they are sent as such."""
        sent = {name: _part(value) for name, value in (data or {}).items()}
        headers = {"X-CSRFToken": self.token} | options.pop("headers", {})
        if method not in ("GET", "HEAD"):
            options.setdefault("data", sent)
        return self.open(path, method=method, headers=headers, **options)


def _part(value: Any) -> Any:
    return (BytesIO(value), "sent.png") if isinstance(value, bytes) else value


def contents_of(response: Any) -> bytes:
    """The body, and the bodies of the files in it where it is an archive or a workbook."""
    import zipfile

    body: bytes = response.data
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(BytesIO(body)) as archive:
        return b"\n".join([body, *(archive.read(each) for each in archive.infolist())])


def world_of(app: Flask, beginnings: Beginnings) -> World:
    """The same for each test, made once an hour: at the end of one, a day may end."""
    name = f"world of {clock.now():%Y-%m-%d %H}"
    if name not in beginnings:
        cast = cast_of(beginnings)
        choose_organization(cast.fire.id)
        beginnings.keep(name, (cast.ids(), *_made(app, cast)))
    cast_ids, ids, arguments, sessions = beginnings.bring_back(name)
    cast = Cast.found(cast_ids)
    with every_organization():
        found = {each.id: each for each in db.session.scalars(sa.select(Member).where(Member.id.in_(ids.values())))}
        people = {name: found[member_id] for name, member_id in ids.items()}
    return World(cast, {"visitor": None, **people}, arguments, sessions)


def _made(app: Flask, cast: Cast) -> tuple[dict[str, int], dict[str, object], dict[str, tuple[str, str]]]:
    arguments = _arguments(cast)
    people = {
        **{name: getattr(cast, name) for name in ("max", "mia", "carl", "nora", "ada", "other_max", "ken")},
        "rita": _coordinator("Rita", cast.north.id, reviews=True),
        "sven": _coordinator("Sven", cast.south.id),
        "dan": cast.una,
        "acting": cast.max,
    }
    _strange_rows(cast)
    sessions = {name: _session(app, people.get(name), cast) for name in PERSONAS if name != "acting"}
    sessions["acting"] = _session(app, cast.ada, cast, acting_as=cast.max)
    with transaction() as session:  # his session stays open: it is the program that must not believe it
        session.get_one(Member, cast.una.id).deactivated_at = clock.now()
    return {name: member.id for name, member in people.items()}, arguments, sessions


def _session(app: Flask, member: Member | None, cast: Cast, acting_as: Member | None = None) -> tuple[str, str]:
    """The cookie of a session, and a CSRF token that belongs to it."""
    client = SignedClient(app)
    if member is not None:
        client.enter(member)
    if acting_as is not None:
        assert client.log_in_as(acting_as).status_code == 302
    token = client.csrf_token()
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return cookie.value, token


def _arguments(cast: Cast) -> dict[str, object]:
    """What stands for each name in an address: records of Max, of the fire department, or begun by Ada."""
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
    return {
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
        "job": "sweep",
        "page": "expiring",
        "export_id": _export(cast),
        "view_id": saved_views.save("expiring", "Mine", {}, share=False, by=cast.actor(cast.ada)).id,
        **rules_of(cast),
        "message_id": _message(cast),
        "other_id": cast.una.id,
        "merge_id": _merge(cast),
        "event_id": _event(cast),
        "which": "old",
        "address": sign_on_of(cast.fire, "http://127.0.0.1:1"),
    }


def _export(cast: Cast) -> int:
    """Of Ada, and written."""
    made = exports.begin("members", {}, language="en", by=cast.actor(cast.ada)).id
    export_writing.write_exports()
    return made


def _message(cast: Cast) -> int:
    with transaction() as session:
        member = session.get_one(Member, cast.max.id)
        named = {"title": "EMT-Basic", "number": "", "holder": "", "expires_on": "2027-01-01", "days": 30}
        facts = {"certifications": [named], "reviewing": False}
        message = notify(member, MessageKind.CERTIFICATIONS_EXPIRE, facts=facts, page="/portfolio/", mailed=False)
        session.flush()
        return message.id


def _coordinator(name: str, unit_id: int, *, reviews: bool = False) -> Member:
    email = f"{name.lower()}@lakeside.example"
    with transaction() as session:
        account = Account(email=email, password_hash=passwords.hashed(PASSWORD), created_at=clock.now())
        session.add(account)
        session.flush()
        member = Member(given_name=name, role=Role.TRAINING_COORDINATOR, account_id=account.id, family_name="Scope",
                        email=email, created_at=clock.now(), reviews=reviews)  # fmt: skip
        session.add(member)
        session.flush()
        session.add(ScopeUnit(member_id=member.id, unit_id=unit_id))
    return member


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


# Rows that must not be seen


# What joins two of a kind.
_PAIRS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "member_merge": ("merged_id", "member", {"account_id": None}),
    "type_equivalence": ("counts_as_id", "certification_type", {}),
}


class _OneOfEach(Rows):
    """One row a table, all with the same id, and with `word` in every text; `made` stand already."""

    def __init__(self, connection: sa.Connection, *, id: int, word: str, made: dict[str, Any] | None = None) -> None:
        super().__init__(connection, first=100 if made is None else 1000)
        self.id, self.word, self.full, self.made = id, word, made is None, made or {}

    def add(self, table_name: str, organization: str = "", *, full: bool = False, **given: Any) -> dict[str, Any]:
        if table_name not in self.made:
            if "id" in TABLES[table_name].columns:
                given["id"] = self.id
            if table_name in _PAIRS:
                column, parent, but = _PAIRS[table_name]
                given[column] = super().add(parent, organization, full=True, id=self.id + 1, **but)["id"]
            self.made[table_name] = super().add(table_name, organization, full=self.full, **given)
        row: dict[str, Any] = self.made[table_name]
        return row

    def organization(self, name: str) -> int:
        return int(self.add("organization")["id"])

    def _value(self, column: sa.Column[Any]) -> Any:
        value = super()._value(column)
        if not isinstance(value, str) or not value.startswith("v"):
            return {self.word: self.word} if value == {} else value
        length = getattr(column.type, "length", None) or 255
        return f"{SOUGHT} {self.word}{value}" if length > 30 else f"{self.word}{value}"[:length]


# Of Fire: what is a member's alone.
_A_MEMBERS = ("member", "certification", "external_certificate", "revision", "stored_file", "scan", "proof",
              "renewal_proposal", "message", "transcript", "exemption")  # fmt: skip


def _strange_rows(cast: Cast) -> None:
    kinds = {"organization": cast.fire, "certification_type": cast.emt,
             "credit_type": db.session.scalars(sa.select(CreditType)).one(),
             "requirement": db.session.scalars(sa.select(Requirement)).one()}  # fmt: skip
    fire = {name: {"id": each.id} for name, each in kinds.items()}
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        strange = _OneOfEach(connection, id=STRANGE, word=CANARY)
        for table in TABLES.values():
            strange.add(table.name)
        hidden = _OneOfEach(connection, id=UNSEEN, word=HIDDEN, made=fire)
        hidden.add("member", unit_id=None)
        for name in _A_MEMBERS:
            hidden.add(name)
    db.session.rollback()


# Addresses


def address(app: Flask, rule: str, world: World, cast: Cast, **changed: Any) -> str:
    """The address with what stands in the world for its names, but for what is `changed`."""
    found = next(each for each in app.url_map.iter_rules() if each.rule == rule)
    arguments = {name: (world.arguments | changed).get(name) for name in found.arguments - {"secret"}}
    if "secret" in found.arguments:
        arguments["secret"] = _secret(rule, cast)
    return app.url_map.bind("").build(found.endpoint, arguments)


def _secret(rule: str, cast: Cast) -> str:
    """A link from a mail that works."""
    if rule.startswith("/invitation"):
        return invitations.invite(db.session.get_one(Member, cast.mia.id), by=cast.actor(cast.ada)).rpartition("/")[2]
    if rule.startswith("/reset"):
        accounts.request_password_reset(cast.mia.email or "", by=cast.actor(cast.ada))
        return link(MessageKind.PASSWORD_RESET).rpartition("/")[2]
    with every_organization():
        account = db.session.get_one(Account, cast.mia.account_id)
    email_changes.request(account, new_email="mia@new.example", password=PASSWORD, by=cast.actor(cast.mia))
    return link(MessageKind.OLD_EMAIL_CONFIRMATION).rpartition("/")[2]
