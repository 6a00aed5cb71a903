"""What an address takes: for every action a request that succeeds for those who may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from records import clock
from records.database import choose_organization, db, transaction
from records.models import Certification, CertificationType, ListExport, Member, MessageKind, SignOnIdentity, Unit
from records.queries.renewal_plans import Given, plan
from records.services import exports, positions
from tests.access_table import PERSONAS
from tests.cast import PASSWORD, Cast, actor_of
from tests.certificates import credit_type
from tests.factors import stands
from tests.holdings import give, picture, today
from tests.notices import remind
from tests.outbox import messages
from tests.renewals import in_days
from tests.requirements import require
from tests.world import World

NEW_PASSWORD = "a quiet lake in the long winter"
KEY = "a-key-of-a-form-of-tests"
# The columns of the register in tests/world.py.
MAPPING = {"column-0": "full_name", "column-1": "certification_number", "column-2": "certification",
           "column-3": "issued", "column-4": "expires", "identify_by": "name_and_certification_number",
           "type-column": "Type"}  # fmt: skip
PICTURE = picture("olive")
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Valid:
    """`given` is typed into the form on the page `of` (its address's rule), as its reader finds it; or sent alone.

    `after` is what must have happened before: the rule of an action of this table, done by the same person where they
    may, by Ada otherwise. `made` makes records, and says which of them the address names instead of the world's.
    `changes`: those of whom it changes a record, where not of all.
    """

    given: Fields | Callable[[World, str], Fields] = field(default_factory=dict)
    of: str = ""
    after: str = ""
    made: Callable[[Cast, World], Mapping[str, Any]] | None = None
    changes: frozenset[str] = frozenset(PERSONAS)


def _export(cast: Cast) -> ListExport:
    """Of Ada, and in progress."""
    return exports.begin("approvals", {}, language="en", by=cast.actor(cast.ada))


def _cancelled_export(cast: Cast, _world: World) -> dict[str, int]:
    return {"export_id": exports.cancel(_export(cast).id, by=cast.actor(cast.ada)).id}


def _expiring(cast: Cast, _world: World) -> dict[str, int]:
    """One of Max that can be renewed, and of which he was reminded."""
    with transaction() as session:
        crane = CertificationType(name="Crane", members_propose_renewals=True, created_at=clock.now())
        session.add(crane)
    held = give(cast.max, crane, 20, number="N-20")
    with transaction() as session:
        session.get_one(Certification, held).recorded_on = in_days(-200)
    remind(today())
    told = [each.id for each in messages(MessageKind.CERTIFICATIONS_EXPIRE) if each.member_id == cast.max.id]
    return {"certification_id": held, "message_id": max(told)}


def _unused_type(_cast: Cast, _world: World) -> dict[str, int]:
    with transaction() as session:
        made = CertificationType(name="Unused", created_at=clock.now())
        session.add(made)
        session.flush()
        return {"type_id": made.id}


def _unused_unit(_cast: Cast, _world: World) -> dict[str, int]:
    with transaction() as session:
        made = Unit(name="Unused")
        session.add(made)
        session.flush()
        return {"unit_id": made.id}


def _newcomer(_cast: Cast, _world: World) -> dict[str, int]:
    with transaction() as session:
        made = Member(given_name="New", family_name="Comer", email="new@comer.example", created_at=clock.now())
        session.add(made)
        session.flush()
        return {"member_id": made.id}


def _gone(_cast: Cast, _world: World) -> dict[str, int]:
    """One who is deactivated."""
    now = clock.now()
    with transaction() as session:
        member = Member(given_name="Lee", family_name="Gone", created_at=now, deactivated_at=now)
        session.add(member)
    return {"member_id": member.id}


def _bound(cast: Cast, _world: World) -> dict[str, int]:
    """Max has signed on."""
    with transaction() as session:
        session.add(SignOnIdentity(account_id=cast.max.account_id, issuer="http://127.0.0.1:1", subject="max",
                                   created_at=clock.now()))  # fmt: skip
    return {}


def _position(cast: Cast, _world: World) -> dict[str, Any]:
    return {"into": positions.create("Medic", by=cast.actor(cast.ada)).id}


def _batch(world: World, name: str) -> dict[str, Any]:
    """What the last step of a renewal sends."""
    asker, of = world.people[name] or world.own(name), world.own(name)
    by = actor_of(asker)
    choose_organization(asker.organization_id)
    type_id = _type_of(of)
    given = Given(type_id, [of.id], issued_on=in_days(0), expires_on=in_days(700))
    seen = plan(given, by=by).digest() if by.is_staff else "x"
    return {"do": "submit", "key": KEY, "type_id": str(type_id), "chosen": [str(of.id)], "seen": seen,
            "issued_on": in_days(0).isoformat(), "expires_on": in_days(700).isoformat()}  # fmt: skip


def _type_of(member: Member) -> int:
    choose_organization(member.organization_id)
    return next(each.id for each in db.session.query(CertificationType).order_by(CertificationType.id))


def _chosen(**others: Any) -> Callable[[World, str], Fields]:
    return lambda world, name: {"chosen": [str(world.own(name).id)], **others}


def _with_device(fields: str, *, on: bool = True) -> Callable[[World, str], Fields]:
    """What a form with these fields takes of one whose second factor stands."""

    def given(world: World, name: str) -> Fields:
        code = stands(world.people[name] or world.own(name), on=on).code()
        return {field: code if field.endswith("code") else PASSWORD for field in fields.split()}

    return given


def _with_factor(cast: Cast, _world: World) -> dict[str, int]:
    stands(cast.max)
    return {}


def _delete_it(world: World, _name: str) -> Fields:
    return {f"held-{world.arguments['certification_id']}-delete": "y", "update": "1"}


def _new_one(world: World, name: str) -> Fields:
    return {"new-0-type_id": str(world.arguments["type_id"]), "new-0-expires_on": "2031-05-01", "update": "1"}


@cache
def _requests(_day: date) -> dict[tuple[str, str], Valid]:
    admin, portal = "/admin", "/portfolio"
    approval = f"{admin}/approvals/<int:certificate_id>"
    type_, credit = f"{admin}/certification-types/<int:type_id>", f"{admin}/credit-types/<int:credit_type_id>"
    held, register = f"{admin}/certifications/<int:certification_id>", f"{admin}/imports/<int:import_id>"
    member, own = f"{admin}/members/<int:member_id>", f"{portal}/certifications/<int:certification_id>"
    mine = f"{portal}/certificates/<int:certificate_id>"
    rule, rules = f"{admin}/requirements/rules/<int:requirement_id>", f"{admin}/requirements/rules"
    proposal, scan = f"{admin}/renewals/proposed/<int:proposal_id>", f"{admin}/scans/<int:scan_id>"
    unit, position = f"{admin}/units/<int:unit_id>", f"{admin}/positions/<int:position_id>"
    ends = {"ends_on": in_days(30).isoformat()}
    file = {"key": KEY, "files": PICTURE}
    dates = {"issued_on": in_days(0).isoformat(), "expires_on": in_days(730).isoformat()}
    requirement = {"name": "Drivers", "who": "everyone", "from_on": "2025-01-01", "save": "1"}
    certificate = {"title": "Knots", "credits": "2", "earned_on": "2025-03-01"}
    posts: dict[str, Valid] = {
        "/account/email": Valid({"email": "new@elsewhere.example", "current": PASSWORD}),
        "/account/language": Valid({"language": "es"}),
        "/account/password": Valid({"current": PASSWORD, "password": NEW_PASSWORD}),
        "/account/second-factor/begin": Valid({"current": PASSWORD}),
        "/account/second-factor/codes": Valid(_with_device("codes-current codes-code")),
        "/account/second-factor/off": Valid(_with_device("off-current off-code")),
        "/account/second-factor/on": Valid(_with_device("code", on=False)),
        "/account/sessions": Valid(),
        f"{approval}/approve": Valid(of=approval),
        f"{approval}/decline": Valid({"reason": "No name on it."}, of=approval),
        f"{approval}/request-changes": Valid({"reason": "Whose is it?"}, of=approval),
        f"{approval}/revoke": Valid({"reason": "Forged."}, after=f"{approval}/approve"),
        f"{admin}/approvals/approve": Valid(
            lambda world, _: {"certificate": [str(world.arguments["certificate_id"])]}, of=approval
        ),
        f"{admin}/certification-types/several": Valid(
            lambda world, name: {"do": "retire", "chosen": [str(_type_of(world.own(name)))]}
        ),
        type_: Valid({"description": "Two days."}, of=type_),
        f"{type_}/delete": Valid(made=_unused_type),
        f"{type_}/reinstate": Valid(after=f"{type_}/retire"),
        f"{admin}/certification-types/new": Valid({"name": "Diver"}, of=f"{admin}/certification-types/new"),
        f"{admin}/certification-types/start": Valid({"type": ["nursing"]}),
        held: Valid({"number": "N-5"}, of=held),
        f"{held}/files": Valid(file),
        f"{held}/files/one": Valid(file),
        f"{held}/snooze": Valid({"until_on": in_days(30).isoformat(), "snooze_reason": "The class is booked."}),
        f"{held}/snooze/end": Valid(after=f"{held}/snooze"),
        credit: Valid({"unit": "points"}, of=credit),
        f"{credit}/delete": Valid(made=lambda *_: {"credit_type_id": credit_type("Unused").id}),
        f"{credit}/reinstate": Valid(after=f"{credit}/retire"),
        f"{admin}/credit-types/new": Valid({"name": "CPD", "unit": "h"}, of=f"{admin}/credit-types/new"),
        f"{admin}/first-steps/bring-back": Valid(after=f"{admin}/first-steps/put-away"),
        f"{admin}/imports/": Valid({"file": b"Name,Type,Expires\nBo Bell,EMT-Basic,2028-01-31\n"}),
        f"{register}/answers": Valid({"answer-3": "line:2"}, after=f"{register}/map"),
        f"{register}/apply": Valid(of=f"{register}/check", after=f"{register}/answers"),
        f"{register}/map": Valid(MAPPING, of=f"{register}/map"),
        f"{register}/reading": Valid({"encoding": "utf-8", "delimiter": ";"}),
        f"{register}/undo": Valid(after=f"{register}/apply"),
        member: Valid(_new_one, of=member),
        f"{member}/certifications/restore": Valid(
            lambda world, _: {"ids": str(world.arguments["certification_id"])}, after=f"{member}#delete"
        ),
        f"{member}#delete": Valid(_delete_it, of=member),
        f"{member}/forget-sign-on": Valid(made=_bound),
        f"{member}/invite": Valid(made=_newcomer),
        f"{member}/log-in-as": Valid({"password": PASSWORD}),
        f"{member}/reactivate": Valid(after=f"{member}/deactivate"),
        f"{member}/reset-second-factor": Valid(made=_with_factor),
        f"{member}/erase": Valid({"reason": "asked", "confirmed": "Lee Gone"}, made=_gone),
        f"{member}/upload": Valid(file),
        f"{member}/upload/files": Valid(file),
        f"{member}/merge/<int:other_id>": Valid(of=f"{member}/merge/<int:other_id>"),
        f"{admin}/members/new": Valid({"given_name": "Bo", "family_name": "Bell"}, of=f"{admin}/members/new"),
        f"{admin}/exports/of/<page>": Valid(),
        f"{admin}/exports/<int:export_id>/cancel": Valid(made=lambda cast, _: {"export_id": _export(cast).id}),
        f"{admin}/exports/<int:export_id>/again": Valid(made=_cancelled_export),
        f"{admin}/views/of/<page>": Valid({"name": "Another"}),
        f"{admin}/views/<int:view_id>": Valid({"name": "Renamed"}, of=f"{admin}/views/"),
        f"{admin}/members/several": Valid(_chosen(do="deactivate")),
        f"{admin}/positions/": Valid({"name": "Cook"}),
        position: Valid({"name": "Pilot"}, of=position),
        f"{position}/merge": Valid(lambda world, _: {"into": str(world.arguments.get("into", 1))}, made=_position),
        f"{admin}/requirements/exemptions/new": Valid(
            lambda world, name: {
                "requirement_id": str(world.arguments["requirement_id"]),
                "member_id": str(world.people["mia"].id),  # type: ignore[union-attr]  # because: she is one
                "reason": "On leave.",
                "save": "1",
                "starts_on": in_days(0).isoformat(),
                **ends,
            }
        ),
        rule: Valid({"description": "For all.", "save": "1"}, of=rule),
        f"{rule}/delete": Valid(made=lambda cast, _: {"requirement_id": require(cast, "Unused").id}),
        f"{rule}/reinstate": Valid(after=f"{rule}/retire"),
        f"{rules}/new": Valid(
            lambda world, name: {**requirement, "types": [str(_type_of(world.own(name)))]}, of=f"{rules}/new"
        ),
        f"{admin}/renewals/new": Valid(_batch),
        f"{admin}/renewals/new/files": Valid(file),
        f"{proposal}/accept": Valid(of=proposal),
        f"{proposal}/decline": Valid({"reason": "Not readable."}, of=proposal),
        f"{scan}/restore": Valid(after=f"{scan}/delete"),
        f"{admin}/settings/": Valid({"largest_file": "30"}, of=f"{admin}/settings/"),
        f"{admin}/settings/logo": Valid({"logo": PICTURE}),
        f"{admin}/settings/logo/remove": Valid(after=f"{admin}/settings/logo"),
        f"{admin}/settings/reviewers": Valid(
            lambda world, _: {each: str(world.people["carl"].id) for each in ("shown", "reviewer")}  # type: ignore[union-attr]  # because: he is one
        ),
        f"{admin}/settings/sign-on": Valid(
            lambda _, name: {
                "address": f"of-{name}",
                "issuer": "https://login.example",
                "client_id": "certfolio",
                "secret": "kept",
                "button": "Sign on",
            },
            of=f"{admin}/settings/sign-on",
        ),
        f"{admin}/settings/sign-on/try": Valid(changes=frozenset()),
        f"{admin}/gaps/again": Valid(changes=frozenset()),  # of few members every look counts anew
        f"{admin}/months/again": Valid(changes=frozenset()),
        f"{admin}/reports/<report>/again": Valid(changes=frozenset()),
        f"{admin}/units/": Valid({"name": "Medic 7"}),
        unit: Valid({"name": "Engine One"}, of=unit),
        f"{unit}/delete": Valid(made=_unused_unit),
        f"{unit}/merge": Valid(
            lambda world, _: {"into": str(world.arguments["into"])}, made=lambda cast, _: {"into": cast.south.id}
        ),
        f"{admin}/uploads/<int:upload_id>": Valid(
            lambda world, _: {f"file-{world.arguments['file_id']}-0-certification": "skip"},
            of=f"{admin}/uploads/<int:upload_id>",
        ),
        "/choose": Valid(lambda world, name: {"member": str((world.people[name] or world.own(name)).id)}),
        "/invitation/<secret>": Valid({"password": PASSWORD}),
        "/login": Valid(
            {"email": "mia.söderström@lakeside.example", "password": PASSWORD}, changes=frozenset({"visitor", "dan"})
        ),
        "/login/code": Valid(changes=frozenset()),
        "/logout": Valid(changes=frozenset(PERSONAS) - {"visitor", "dan"}),
        "/reset": Valid({"email": "mia.söderström@lakeside.example"}),
        "/reset/<secret>": Valid({"password": NEW_PASSWORD}),
        f"{mine}/edit": Valid({"note": "Both sides."}, of=f"{mine}/edit"),
        f"{portal}/certificates/files": Valid(file),
        f"{portal}/certificates/new": Valid(
            lambda world, _: {**certificate, **file, "credit_type_id": str(world.arguments["credit_type_id"])}
        ),
        f"{own}/acknowledge": Valid(made=_expiring),
        f"{own}/renew": Valid({**dates, **file}, made=_expiring),
        f"{own}/renew/files": Valid(file, made=_expiring),
        f"{portal}/messages/mail": Valid({"mail": []}),
        f"{portal}/messages/read": Valid(
            lambda world, _: {"up_to": str(world.arguments["message_id"])}, changes=frozenset({"max"})
        ),
        f"{portal}/messages/<int:message_id>/acknowledge": Valid(made=_expiring),
        f"{own}/proof": Valid(ends),
        f"{mine}/proof": Valid(ends, after=f"{approval}/approve"),
        f"{portal}/credits/proof": Valid(ends),
        "/scan/<int:scan_id>/turn": Valid({"to": "90"}),
        "/sign-on": Valid({"address": "lakeside-fire"}, changes=frozenset()),
        "/theme": Valid({"theme": "dark"}, changes=frozenset()),
    }
    gets: dict[str, Valid] = {
        f"{mine}/proof": Valid(after=f"{approval}/approve"),
        f"{own}/renew": Valid(made=_expiring),
        f"{register}/check": Valid(after=f"{register}/map"),
    }
    return {(name, "POST"): each for name, each in posts.items()} | {(name, "GET"): each for name, each in gets.items()}


def request_to(rule: str, method: str) -> Valid:
    """What is sent to this rule: nothing, where nothing is said."""
    return _requests(today()).get((rule, method), Valid())
