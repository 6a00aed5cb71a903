"""What the data of a benchmark says, before it becomes rows: dates as ISO texts, because both databases read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Type(NamedTuple):
    """`months` is its usual term."""

    id: int
    name: str
    months: int


class Person(NamedTuple):
    id: int
    number: str
    given: str
    family: str
    email: str
    unit_id: int
    joined_on: str
    is_active: bool


class Holding(NamedTuple):
    """A certification."""

    id: int
    member_id: int
    type_id: int
    number: str
    issued_on: str
    expires_on: str
    is_revoked: bool


class Paper(NamedTuple):
    """A scan of a certification."""

    certification_id: int
    sha256: str


class Course(NamedTuple):
    """An external certificate. `state` is one of Certfolio's; instants in UTC; `hundredths` of a credit."""

    id: int
    member_id: int
    credit_type_id: int
    title: str
    issuer: str
    earned_on: str
    expires_on: str | None
    state: str
    submitted_at: str
    decided_at: str | None
    hundredths: int


class Notice(NamedTuple):
    """A notice of expiry that went out; `stage` in days before `expires_on`."""

    certification_id: int
    member_id: int
    expires_on: str
    stage: int
    due_on: str


class Source(Protocol):
    """Where the data comes from. Each of its streams can be read again, and says the same again."""

    members: int
    units: list[str]
    types: list[Type]
    credit_types: list[str]

    def people(self) -> Iterable[Person]: ...
    def holdings(self) -> Iterable[Holding]: ...
    def papers(self) -> Iterable[Paper]: ...
    def courses(self) -> Iterable[Course]: ...
    def notices(self) -> Iterable[Notice]: ...
