"""What staff do with saved views: keep the filters of a report or a list under a name, change that, share it, delete
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, locked, transaction
from records.errors import N_, Invalid, NameTaken, NotAllowed, NotFound
from records.models import Actor, AuditEvent, AuditKind, SavedView
from records.models.text import line
from records.queries.list_pages import page_named
from records.services.once_steps import mark, require_shown

MOST, LONGEST = 200, 80  # views of one person; characters of a name


def save(page: str, name: str, asked: Mapping[str, str], *, share: bool, by: Actor) -> SavedView:
    """The filters that `asked` says, as far as the report or the list knows them, under `name`; shared with all staff
    if wanted.

    Raises NotFound (no such page), NotAllowed (also to share, for others than administrators), ModuleOff, Invalid
    and NameTaken (field `name`).
    """
    kept = page_named(page, by=by).kept(asked)
    _require_sharing(share, by=by)
    if by.member_id is None:
        raise NotAllowed()
    try:
        with transaction() as session:
            _require_room(by.member_id)
            view = SavedView(
                member_id=by.member_id,
                page=page,
                name=line(name, field="name", most=LONGEST),
                asked=kept,
                is_shared=share,
                created_at=clock.now(),
            )
            session.add(view)
            session.flush()
            session.add(_event(AuditKind.VIEW_SAVED, view, by=by, after=facts(view)))
    except IntegrityError:
        raise NameTaken(field="name", name=name) from None
    return view


def change(view_id: int, *, name: str, share: bool, seen: str, by: Actor) -> SavedView:
    """Rename the asker's own view, share it or share it no more; an administrator may end anybody's sharing. `seen`
    is the `mark_of` what the form showed.

    Raises NotAllowed, NotFound, Stale, Invalid and NameTaken (field `name`).
    """
    by.require_staff()
    try:
        with transaction() as session:
            view = _known(view_id, by=by)
            before = facts(view)
            if share and not view.is_shared:
                _require_sharing(share, by=by)
            if view.member_id == by.member_id:
                view.name = line(name, field="name", most=LONGEST)
            elif share:
                raise NotAllowed()
            view.is_shared = share
            if before != facts(view):
                require_shown(before, seen)
                session.flush()
                session.add(_event(AuditKind.VIEW_SAVED, view, by=by, before=before, after=facts(view)))
    except IntegrityError:
        raise NameTaken(field="name", name=name) from None
    return view


def delete(view_id: int, *, by: Actor) -> dict[str, Any]:
    """What the view was, so that `save` can bring it back. Raises NotAllowed, and NotFound where it is not theirs."""
    by.require_staff()
    with transaction() as session:
        view = locked(SavedView, view_id)
        if view.member_id != by.member_id:
            raise NotFound()
        before = facts(view)
        session.add(_event(AuditKind.VIEW_DELETED, view, by=by, before=before))
        session.delete(view)
    return before


def mark_of(view: SavedView) -> str:
    """What tells whether it was changed meanwhile."""
    return mark(facts(view))


def facts(view: SavedView) -> dict[str, Any]:
    return {"page": view.page, "name": view.name, "asked": dict(view.asked), "is_shared": view.is_shared}


def _known(view_id: int, *, by: Actor) -> SavedView:
    """The asker's own, or a shared one for an administrator; raises NotAllowed for other shared ones, else NotFound."""
    view = locked(SavedView, view_id)
    if view.member_id == by.member_id or (by.administers and view.is_shared):
        return view
    raise NotAllowed() if view.is_shared else NotFound()


def _require_sharing(share: bool, *, by: Actor) -> None:
    if share and not by.administers:
        raise NotAllowed()


def _require_room(member_id: int) -> None:
    number = db.session.scalar(select(func.count()).where(SavedView.member_id == member_id)) or 0
    if number >= MOST:
        raise Invalid(N_("Keep at most %(most)s views. Delete one that you no longer need."), field="name", most=MOST)


def _event(kind: AuditKind, view: SavedView, *, by: Actor, **what: Any) -> AuditEvent:
    return AuditEvent.of(kind, view, by=by, at=clock.now(), **what)
