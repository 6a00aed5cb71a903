"""Telling those who decide what came in: one message each for all that is new. A step that jobs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, select, update

from records import clock
from records.database import transaction
from records.models import ExternalCertificate, Member, MessageKind, RenewalProposal
from records.queries.reviewers import Waiting, for_reviewer
from records.services.outbox import notify

# A message names so many; the page that it leads to shows the rest.
_MOST_NAMED = 10
_AT_ONCE = 1000


def announce(
    model: type[ExternalCertificate] | type[RenewalProposal],
    is_news: ColumnElement[bool],
    *,
    waiting: Callable[[], Sequence[Waiting]],
    people: Callable[[], Sequence[Member]],
    kind: MessageKind,
    page: str,
) -> None:
    """One message to each of the `people` of this organization who may decide something that is new.

    What nobody may decide yet stays news. Of two workers at once, one tells.
    """
    with transaction() as session:
        mine = set(session.scalars(select(model.id).where(is_news).with_for_update(skip_locked=True)))
        undecided, told = waiting() if mine else [], set()
        for person in people() if mine else ():
            in_scope = for_reviewer(person, undecided)
            new = [each for each in in_scope if each.id in mine]
            if new:
                told |= {each.id for each in new}
                lines = [f"{each.learner}: {each.title}" for each in new[:_MOST_NAMED]]
                notify(person, kind, facts={"lines": lines, "new": len(new), "waiting": len(in_scope)}, page=page)
        ids = sorted(told)
        for start in range(0, len(ids), _AT_ONCE):
            announced = update(model).where(model.id.in_(ids[start : start + _AT_ONCE]), is_news)
            announced = announced.values(announced_at=clock.now())
            session.execute(announced.execution_options(synchronize_session=False))
