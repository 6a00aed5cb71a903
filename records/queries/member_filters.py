"""What people ask of the list of members, and the conditions that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, not_, select, true
from sqlalchemy.orm import aliased

from records import clock
from records.models import Actor, Certification, CertificationType, Member, MemberPosition, Role, Standing
from records.models.text import tidy
from records.queries.binding import Rules, rules
from records.queries.clearance import cleared_on
from records.queries.member_search import matching, patterns_of, words_of
from records.queries.units import unit_and_below

LATELY = LAPSES_WITHIN = timedelta(days=30)
WITHOUT_UNIT = "none"


class Activity(StrEnum):
    """Deactivated members are left out unless asked for."""

    ACTIVE = "active"
    LATELY = "lately"
    NEVER = "never"
    NOT_INVITED = "not_invited"
    DEACTIVATED = "deactivated"
    ALL = "all"


class ByClearance(StrEnum):
    """LAPSING: cleared on the day, and no more so LAPSES_WITHIN later, with what is recorded now."""

    CLEARED = "cleared"
    NOT_CLEARED = "not_cleared"
    LAPSING = "lapsing"


class Sort(StrEnum):
    """A leading "-" turns the order round."""

    NAME = "name"
    NUMBER = "number"
    JOINED = "joined"
    SEEN = "seen"


@cache
def _words_of(kind: type[StrEnum]) -> frozenset[str]:
    return frozenset(kind)


@dataclass(frozen=True)
class Wanted:
    """The question as far as it makes sense: what does not is as if it had not been asked.

    `unit` is an id, or WITHOUT_UNIT, or ''; `position` an id or ''. `after` and `before` are words of cursors.
    """

    search: str = ""
    unit: str = ""
    position: str = ""
    role: str = ""
    activity: str = Activity.ACTIVE
    standing: str = ""
    clearance: str = ""
    sort: str = Sort.NAME
    descending: bool = False
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Wanted:
        """From the fields of an address; anything may stand in them."""

        def one_of(name: str, words: type[StrEnum], default: str) -> str:
            said = asked.get(name, "")
            return said if said in _words_of(words) else default

        sort = asked.get("sort", "")
        unit, position = asked.get("unit", ""), asked.get("position", "")
        return cls(
            search=tidy(asked.get("search", "")[:200]),
            unit=unit if unit == WITHOUT_UNIT or says_an_id(unit) else "",
            position=position if says_an_id(position) else "",
            role=one_of("role", Role, ""),
            activity=one_of("activity", Activity, Activity.ACTIVE),
            standing=one_of("standing", Standing, ""),
            clearance=one_of("clearance", ByClearance, ""),
            sort=sort.removeprefix("-") if sort.removeprefix("-") in _words_of(Sort) else Sort.NAME,
            descending=sort.startswith("-") and sort[1:] in _words_of(Sort),
            after=asked.get("after", ""),
            before=asked.get("before", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return (
            bool(self.search or self.unit or self.position or self.role or self.standing or self.clearance)
            or self.activity != Activity.ACTIVE
        )

    def asked(self) -> dict[str, str]:
        """The fields of an address that asks the same, from the first page on."""
        sort = ("-" if self.descending else "") + self.sort
        asked = {
            "search": self.search,
            "unit": self.unit,
            "position": self.position,
            "role": self.role,
            "activity": "" if self.activity == Activity.ACTIVE else self.activity,
            "standing": self.standing,
            "clearance": self.clearance,
            "sort": "" if sort == Sort.NAME else sort,
        }
        return {name: str(value) for name, value in asked.items() if value}


# Of values, each with whether it is a list.
Names = tuple[tuple[str, bool], ...]


class Kinds(NamedTuple):
    """What conditions depend on besides the values in them. `day`: on which a standing is asked for."""

    covers_everyone: bool
    activity: str
    lacks_unit: bool
    standing: str
    day: date | None


class Narrowing(NamedTuple):
    """The conditions of a question: `given` are the values in those that `fitting` makes, by name; others stand beside
    them, made for this once."""

    kinds: Kinds
    given: dict[str, Any]
    besides: list[ColumnElement[bool]]

    @property
    def names(self) -> Names:
        return tuple([(name, isinstance(value, list)) for name, value in self.given.items()])

    def conditions(self) -> list[ColumnElement[bool]]:
        return [*fitting(self.kinds, self.given), *self.besides]


def narrowing(wanted: Wanted, *, by: Actor, today: date, tracks: bool) -> Narrowing:
    """Scope, filters and search. Standing counts only where the organization tracks certifications."""
    lacks_unit, standing = wanted.unit == WITHOUT_UNIT, wanted.standing if tracks else ""
    kinds = Kinds(by.covers_everyone, wanted.activity, lacks_unit, standing, today if standing else None)
    given: dict[str, Any] = {} if by.covers_everyone else {"covered": list(by.covered_units)}
    if wanted.activity == Activity.LATELY:
        given["seen_since"] = clock.now() - LATELY
    if wanted.unit and not lacks_unit:
        given["units"] = unit_and_below(int(wanted.unit))
    if wanted.position:
        given["position_id"] = int(wanted.position)
    if wanted.role:
        given["role"] = wanted.role
    given |= patterns_of(words_of(wanted.search))
    is_by_clearance = wanted.clearance and tracks
    return Narrowing(kinds, given, [by_clearance(wanted.clearance, today, rules())] if is_by_clearance else [])


def conditions(wanted: Wanted, *, by: Actor, today: date, tracks: bool) -> list[ColumnElement[bool]]:
    """Those of `narrowing`."""
    return narrowing(wanted, by=by, today=today, tracks=tracks).conditions()


def fitting(kinds: Kinds, given: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions, of values or of parameters in their places."""
    found = [seen(kinds.activity, given.get("seen_since"))]
    if not kinds.covers_everyone:
        found.append(Member.unit_id.in_(given["covered"]))
    if kinds.lacks_unit:
        found.append(Member.unit_id.is_(None))
    if "units" in given:
        found.append(Member.unit_id.in_(given["units"]))
    if "position_id" in given:
        serving = select(MemberPosition.member_id).where(MemberPosition.position_id == given["position_id"])
        found.append(Member.id.in_(serving))
    if "role" in given:
        found.append(Member.role == given["role"])
    if kinds.standing and kinds.day:
        found.append(_holds_one(Standing(kinds.standing), kinds.day))
    return [*found, *matching(given)]


def by_clearance(wanted: str, day: date, ruled: Rules) -> ColumnElement[bool]:
    """Whether a member is cleared on that day, or is not, or will soon not be."""
    cleared = cleared_on(day, ruled)
    if wanted == ByClearance.LAPSING:
        return and_(cleared, not_(cleared_on(day + LAPSES_WITHIN, ruled)))
    return cleared if wanted == ByClearance.CLEARED else not_(cleared)


class Scope(NamedTuple):
    """Whom somebody may know of, as far as statements depend on it."""

    covers_everyone: bool
    covered_units: frozenset[int]


EVERYONE = Scope(True, frozenset())


def scope_of(by: Actor | Scope) -> Scope:
    return Scope(by.covers_everyone, frozenset() if by.covers_everyone else by.covered_units)


def in_scope(by: Actor | Scope) -> ColumnElement[bool]:
    """The members that `by` may know of in the back office."""
    return true() if by.covers_everyone else Member.unit_id.in_(by.covered_units)


def of_active(statement: Any, member_id: Any) -> Any:
    """The statement for those whose member, of this id, is active, where nothing else is asked of members, such as for
    counts: none is read but those who are not active. Joined, for within an EXISTS SQLite looks at no index of them."""
    gone = aliased(Member, name="gone")
    its_gone = and_(gone.id == member_id, gone.deactivated_at.is_not(None))
    return statement.outerjoin(gone, its_gone).where(gone.id.is_(None))


def says_an_id(text: str) -> bool:
    """Whether a text from an address can be an id."""
    return text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0


def seen(activity: str, since: Any = None) -> ColumnElement[bool]:
    """The members that a word of `Activity` means. `since`: from when on it was lately."""
    lately = clock.now() - LATELY if since is None else since
    active, there = Member.deactivated_at.is_(None), Member.erased_at.is_(None)
    return {
        Activity.ALL: there,
        Activity.DEACTIVATED: Member.deactivated_at.is_not(None) & there,
        Activity.LATELY: active & (Member.last_seen_at >= lately),
        Activity.NEVER: active & Member.last_seen_at.is_(None),
        Activity.NOT_INVITED: active & Member.invited_at.is_(None) & Member.account_id.is_(None),
    }.get(Activity(activity), active)


def _holds_one(standing: Standing, today: date) -> ColumnElement[bool]:
    """Whether the member has a certification of this standing today.

    What many have is looked up member by member, which ends with the page. Bounds on `expires_on` would
    lead SQLite to an index that makes each look-up walk through the certifications of everybody; without
    the limit of one, PostgreSQL works out the standing of every certification first. What few have is
    gathered at once, from those certifications alone that can have it.
    """
    statement = (
        select(Certification.member_id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.deleted_at.is_(None), Certification.standing_expression(today) == standing)
    )
    if standing in (Standing.VALID, Standing.EXPIRING_SOON, Standing.EXPIRED):
        own = (Certification.organization_id == Member.organization_id, Certification.member_id == Member.id)
        return statement.where(*own).correlate(Member).limit(1).scalar_subquery().is_not(None)
    renewal = aliased(Certification)
    renewed = select(renewal.supersedes_id).where(renewal.supersedes_id.is_not(None), renewal.deleted_at.is_(None))
    can_have_it = {
        Standing.REVOKED: Certification.revoked_on <= today,
        Standing.SUSPENDED: Certification.suspended_on <= today,
        Standing.SUPERSEDED: Certification.id.in_(renewed),
        Standing.NOT_YET_VALID: Certification.issued_on > today,
        Standing.IN_GRACE: (Certification.expires_on < today) & (CertificationType.grace_days > 0),
    }
    return Member.id.in_(statement.where(can_have_it[standing]))
