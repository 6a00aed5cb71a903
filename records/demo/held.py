"""A person's planned certifications with their dates, counted from today, and their papers drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from records.demo.catalogue import Kind
from records.demo.drawing import Facts
from records.demo.papers import Paper, made
from records.demo.people import Person
from records.demo.plan import Holding, holdings_of

# A renewal is usually issued some weeks before what it renews runs out.
_OVERLAP = 24


@dataclass(frozen=True)
class Held:
    """`earlier` is what this one renews."""

    holding: Holding
    number: str
    issued_on: date
    expires_on: date
    papers: tuple[Paper, ...]
    earlier: Held | None = None


def held_by(person: Person, place: int, kinds: dict[str, Kind], *, today: date) -> tuple[Held, ...]:
    """What `person`, the `place`th of their organization, holds."""
    return tuple(
        _dated(holding, kinds[holding.type], person, today=today, serial=10000 + place * 97 + column * 13)
        for column, holding in enumerate(holdings_of(person, place))
    )


def _dated(holding: Holding, kind: Kind, person: Person, *, today: date, serial: int) -> Held:
    expires_on = today + timedelta(days=holding.expires_in)
    issued_on = expires_on - relativedelta(months=kind.term)
    if holding.issued_in is not None:
        issued_on = today + timedelta(days=holding.issued_in)
    number = holding.note or (f"{kind.prefix}-{issued_on.year}-{serial}" if kind.prefix else "")
    facts = Facts(person.name, holding.type, kind.issuer, number, issued_on, expires_on)
    papers = tuple(paper for kind_of_paper in holding.scans for paper in made(kind_of_paper, facts))
    held = Held(holding, number, issued_on, expires_on, papers)
    if holding.renewals:
        left = (issued_on - today).days + _OVERLAP
        behind = Holding(holding.type, left, renewals=holding.renewals - 1, scans=holding.scans[:1])
        held = replace(held, earlier=_dated(behind, kind, person, today=today, serial=serial))
    if holding.renewed_by is not None:
        later = _dated(holding.renewed_by, kind, person, today=today, serial=serial)
        held = replace(later, earlier=held)
    return held
