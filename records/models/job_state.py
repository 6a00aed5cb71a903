"""How background work stands: what workers on all machines know of each other's, and what the back office shows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base


class JobFailure(StrEnum):
    """What kept a job from its end, as far as people can do something about it."""

    DATABASE = "database"
    STORAGE = "storage"
    STORAGE_FULL = "storage_full"
    CUT_SHORT = "cut_short"
    UNEXPECTED = "unexpected"


class JobState(Base):
    """One place at one job: whoever holds it runs the job. A job that several workers may share has several places.

    `run` is the run that holds it until `held_until`, and longer while its worker lives ('' and None: nobody does).
    `due_at` is when it runs next by itself; `wanted`: somebody asked meanwhile. `total` is how much waited when the run
    began, `done` how much of it is done. `failure` is what the newest run failed by, `failures` how many in a row.
    """

    __tablename__ = "job_state"
    __table_args__ = (CheckConstraint("(run = '') = (held_until IS NULL)", name="held_by_a_run"),)

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
    wanted: Mapped[bool] = mapped_column(default=False)
    run: Mapped[str] = mapped_column(String(40), default="")
    held_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(String(20), default="")
    failures: Mapped[int] = mapped_column(default=0)
