"""Figures over many members, as pages show them: counted now where few are gone through, or else as a job kept them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from records import clock
from records.database import db
from records.models import Actor, KeptFigures, Member
from records.queries.attention import MONTHS
from records.queries.capped import counting
from records.queries.member_filters import Scope
from records.queries.reports import REPORTS
from records.queries.reports.frame import Asked, Report, Sums, whoever
from records.queries.shortfalls import SHORTFALLS

# Of so many members at most the figures are counted while somebody waits.
MOST_AT_ONCE = 5000
# So long figures are shown before they are counted anew.
FRESH = timedelta(minutes=10)
# By their names.
SUMMED = {each.name: each for each in (*REPORTS.values(), MONTHS, SHORTFALLS) if isinstance(each.rows, Sums)}


@dataclass(frozen=True)
class Question:
    """What figures answer: a report, the fields of its address, and of whom it tells."""

    name: str
    fields: dict[str, str]
    scope: Scope

    @classmethod
    def of(cls, report: Report, sums: Sums, asked: Asked, by: Actor) -> Question:
        return cls(report.name, asked.fields(), sums.whose(by))

    @classmethod
    def kept(cls, row: KeptFigures) -> Question:
        units = row.question["units"]
        return cls(row.name, row.question["fields"], Scope(units is None, frozenset(units or ())))

    def facts(self) -> dict[str, Any]:
        """As a row keeps it."""
        units = None if self.scope.covers_everyone else sorted(self.scope.covered_units)
        return {"fields": self.fields, "units": units}

    @property
    def key(self) -> str:
        """The same for the same question alone."""
        return hashlib.sha256(json.dumps([self.name, self.facts()], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Figures:
    """What a report shows: None where nothing was counted yet. `as_of`: when it was counted, None for just now.
    `is_coming`: a job is about to count anew; `asks`: what it has to be asked for that, None where it was already."""

    shown: Any
    as_of: datetime | None = None
    is_coming: bool = False
    asks: Question | None = None


def figures(report: Report, asked: Asked, *, by: Actor) -> Figures:
    """The rows of any report, of few members counted here. One statement more than they take."""
    sums = report.rows
    if not isinstance(sums, Sums):
        return Figures(report.rows(asked, by))
    question = Question.of(report, sums, asked, by)
    many, counted, counted_at, wanted = db.session.execute(_kept(question, asked)).one()
    if many <= MOST_AT_ONCE:
        return Figures(sums(asked, by))
    is_old = counted_at is None or counted_at < clock.now() - FRESH
    return Figures(
        sums.shown(asked, by, counted) if counted_at else None,
        as_of=counted_at,
        is_coming=bool(wanted) or is_old,
        asks=question if is_old and not wanted else None,
    )


def _kept(question: Question, asked: Asked) -> Select[Any]:
    """How many members it is about, counted no further than matters, and what is kept of it, if anything is."""
    members = counting(select(Member.id).where(*whoever(asked, by=question.scope)), MOST_AT_ONCE + 1)
    many = members.with_only_columns(members.selected_columns[0].label("many"), maintain_column_froms=True).subquery()
    columns = (many.c.many, KeptFigures.figures, KeptFigures.counted_at, KeptFigures.wanted)
    return select(*columns).select_from(many).outerjoin(KeptFigures, KeptFigures.key == question.key)
