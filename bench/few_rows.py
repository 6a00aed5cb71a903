"""The rows of small tables: the organization, its units, types, requirements, and the two who sign in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.facts import Person, Source
from records import passwords
from records.models.text import folded

ORGANIZATION = "Bench Fire & Rescue"
ORGANIZATION_ID = 1
ADMINISTRATOR, LEARNER, PASSWORD = "chief@bench.example", "learner@bench.example", "bench-password-1"
CHIEF = Person(0, "CHIEF", "Ada", "Zzyzx", ADMINISTRATOR, 1, "2020-01-01", True)
STAGES = (90, 60, 30, 7, 1)
BEGAN = "2020-01-01 08:00:00.000000"
MEBIBYTE = 1_048_576
_OWNED = {"organization_id": ORGANIZATION_ID}

Row = dict[str, Any]


def organization() -> Iterator[Row]:
    yield {
        "id": ORGANIZATION_ID,
        "name": ORGANIZATION,
        "folded_name": folded(ORGANIZATION),
        "time_zone": "UTC",
        "largest_file": 100 * MEBIBYTE,
        "retention_days": 3650,
        "tracks_certifications": True,
        "created_at": BEGAN,
        "first_steps_put_away_at": BEGAN,
        "version": 1,
    }


def units(source: Source) -> Iterator[Row]:
    for number, name in enumerate(source.units, start=1):
        yield {"id": number, "name": name, "folded_name": folded(name), "organization_id": ORGANIZATION_ID}


def accounts() -> Iterator[Row]:
    for number, email in enumerate((ADMINISTRATOR, LEARNER), start=1):
        yield {
            "id": number,
            "email": email,
            "folded_email": email,
            "password_hash": passwords.hashed(PASSWORD),
            "created_at": BEGAN,
            "password_changed_at": BEGAN,
        }


def types(source: Source) -> Iterator[Row]:
    for each in source.types:
        yield {
            "id": each.id,
            "name": each.name,
            "folded_name": folded(each.name),
            "issuer": "",
            "usual_term": each.months,
            "reminder_stages": json.dumps(STAGES),
            "notice_days": 30,
            "grace_days": 0,
            "position": each.id,
            "created_at": BEGAN,
            "version": 1,
            "organization_id": ORGANIZATION_ID,
        }


def credit_types(source: Source) -> Iterator[Row]:
    for number, name in enumerate(source.credit_types, start=1):
        yield {
            "id": number,
            "name": name,
            "folded_name": folded(name),
            "unit": "hours",
            "accepts_uploads": True,
            "period": "calendar_year",
            "goal": 2000,
            "checklist": "[]",
            "position": number,
            "created_at": BEGAN,
            "version": 1,
            "organization_id": ORGANIZATION_ID,
        }


_ASKED = (
    # name, rule, at least, of everybody, types, units
    ("First aid", "any", None, True, (1, 2, 3), ()),
    ("Driving", "any", None, False, (4, 5), range(1, 11)),
    ("Breathing protection", "all", None, False, (6,), range(1, 6)),
    ("Rescue", "at_least", 2, False, (7, 8, 9, 10, 11), range(11, 31)),
)


def requirements() -> Iterator[Row]:
    """One binds everybody, the others bind units."""
    for number, (name, rule, least, everyone, _, _) in enumerate(_ASKED, start=1):
        yield _OWNED | {
            "id": number,
            "name": name,
            "folded_name": name.casefold(),
            "description": "",
            "kind": "types",
            "rule": rule,
            "at_least": least,
            "binds_everyone": everyone,
            "from_on": "2020-01-01",
            "newcomer_days": 30,
            "position": number,
            "created_at": BEGAN,
            "version": 1,
        }


def required_types() -> Iterator[Row]:
    for number, asked in enumerate(_ASKED, start=1):
        for type_id in asked[4]:
            yield _OWNED | {"requirement_id": number, "type_id": type_id}


def bound_units() -> Iterator[Row]:
    for number, asked in enumerate(_ASKED, start=1):
        for unit_id in asked[5]:
            yield _OWNED | {"requirement_id": number, "unit_id": unit_id}
