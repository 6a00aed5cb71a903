"""Counting figures over many members in the background: the job, and how it is asked.

The row holds the state: `wanted` says that somebody waits for it, and stays so where a worker dies. Figures are no
record: they follow from what stands, and are thrown away when nobody asks for them.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from records import clock, jobs
from records.database import (
    chosen_organization_id,
    db,
    every_organization,
    is_sqlite,
    organization_scope,
    read_as_of_one_instant,
    transaction,
)
from records.errors import Refusal
from records.models import Actor, KeptFigures
from records.queries.kept_figures import SUMMED, Question
from records.queries.reports.frame import Asked, Report, Sums

log = logging.getLogger(__name__)

# A page that asks waits no longer for other writers, in milliseconds; the next one asks again.
_PATIENCE = 50


def ask(question: Question) -> None:
    """Let these figures be counted soon, once however many ask. Not where others are writing: no page fails over it."""
    dialect, now = (sqlite if is_sqlite() else postgresql), clock.now()
    row: dict[str, Any] = {"key": question.key, "name": question.name, "question": question.facts()}
    row |= {"organization_id": chosen_organization_id(), "asked_at": now, "wanted": True}
    asked = dialect.insert(KeptFigures).values(row).on_conflict_do_update(
        index_elements=["organization_id", "key"], set_={"asked_at": now, "wanted": True}
    )  # fmt: skip
    try:
        with transaction(patience=_PATIENCE) as session:
            session.execute(asked)
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("figures not asked for: %s", type(error).__name__)


def count_anew(report: Report, asked: Asked, *, by: Actor) -> None:
    """Let figures that are kept be counted once more, however new they are. Where they are not kept, every look counts
    them anyway."""
    sums = report.rows
    if isinstance(sums, Sums):
        kept = KeptFigures.key == Question.of(report, sums, asked, by).key
        with transaction() as session:
            session.execute(update(KeptFigures).where(kept).values(wanted=True, asked_at=clock.now()))


def _waiting() -> Select[Any]:
    return select(KeptFigures.organization_id).where(KeptFigures.wanted)


@jobs.job(every_seconds=2, waiting=_waiting)
def count_figures() -> None:
    """All that are wanted, one after the other, those first that were asked for first."""
    first = select(KeptFigures).where(KeptFigures.wanted).order_by(KeptFigures.asked_at, KeptFigures.id).limit(1)
    while not jobs.is_over():
        with every_organization():
            row = db.session.scalar(first)
        if row is None:
            return
        with organization_scope(row.organization_id):
            _count(row.id, Question.kept(row))
        jobs.did()


def _count(row_id: int, question: Question) -> None:
    """As of one instant. What cannot be counted any more goes; who looks again asks anew."""
    db.session.rollback()
    read_as_of_one_instant()
    began, mine = clock.now(), KeptFigures.id == row_id
    try:
        counted = _counted(question)
    except DBAPIError:
        raise  # the job is tried again
    except Exception as error:  # because: one question that fails must not keep the others from being answered
        _write(delete(KeptFigures).where(mine))
        if not isinstance(error, Refusal):
            raise
        return
    # Who asked meanwhile may know of something that was not there yet.
    values = {"figures": counted, "counted_at": began, "wanted": KeptFigures.asked_at > began}
    _write(update(KeptFigures).where(mine).values(values).execution_options(synchronize_session=False))


def _counted(question: Question) -> Any:
    """Raises Refusal."""
    report = SUMMED.get(question.name)
    if report is None or not isinstance(report.rows, Sums):
        raise Refusal()  # of another version
    return report.rows.kept(report.rows.count(report.read(question.fields), question.scope))


def _write(statement: Any) -> None:
    with transaction() as session:
        session.execute(statement)
