"""Saving a member's profile: who they are, what they may and hold, in one transaction, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import IntegrityError

from records.database import db, lock, this_organization, transaction
from records.errors import Invalid, InvalidInput, NotFound, ProfileChanged, Refusal
from records.models import Actor, Certification, Member
from records.queries.positions import positions_of
from records.queries.profile_fields import Shown, held_field, new_field, shown_fields
from records.queries.profiles import certifications_of
from records.services import certification_steps as steps
from records.services import position_steps
from records.services.certification_steps import Entry
from records.services.member_steps import Access, Identity, change_access, change_identity


@dataclass(frozen=True)
class ProfileChanges:
    """What a profile's form carries. None: not offered, so not changed.

    `positions` are the ids of those that the member serves in; `corrections` by certification id; `additions` by
    the number of their row; `unreadable` are the refusals of fields that hold no date or number at all, by field.
    """

    identity: Identity | None = None
    access: Access | None = None
    positions: frozenset[int] | None = None
    corrections: Mapping[int, Entry] = field(default_factory=dict)
    deletions: frozenset[int] = frozenset()
    additions: Mapping[int, Entry] = field(default_factory=dict)
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)

    @property
    def concern_certifications(self) -> bool:
        return bool(self.corrections or self.deletions or self.additions)

    @property
    def concern_the_member(self) -> bool:
        return self.identity is not None or self.access is not None or self.positions is not None


@dataclass(frozen=True)
class Updated:
    """What came of it; certifications by id."""

    member: bool = False
    added: tuple[int, ...] = ()
    corrected: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()


def update(member: Member, changes: ProfileChanges, *, by: Actor, seen: Shown) -> Updated:
    """Save all of it, or nothing.

    Raises InvalidInput with a refusal for each wrong field, named as in `profile_fields`; ProfileChanged
    where something stands differently from what `seen` showed; NotAllowed, NotFound, OwnCertifications,
    ModuleOff, and what unit and role refuse.
    """
    try:
        with transaction():
            member = lock(member)
            _require_allowed(member, changes, by=by)
            tracks = this_organization().tracks_certifications
            held = {each.id: each for each in certifications_of(member)} if tracks else {}
            if dict(seen.fields) != shown_fields(member, positions_of(member), held.values(), by=by):
                raise ProfileChanged()
            return _Update(member, held, by).carry_out(changes)
    except IntegrityError:
        raise ProfileChanged() from None


def _require_allowed(member: Member, changes: ProfileChanges, *, by: Actor) -> None:
    member.require_seen_by(by)
    if changes.concern_the_member:
        by.require_administrator()
    if changes.concern_certifications:
        steps.require_tracking()
        member.require_certifications_changed_by(by)
    if not changes.concern_the_member:
        member.require_certifications_changed_by(by)


class _Update:
    """One update under way. Each step stands in a savepoint, so that one row's refusal hides no other's."""

    def __init__(self, member: Member, held: Mapping[int, Certification], by: Actor) -> None:
        self.member, self.held, self.by = member, held, by
        self.errors: dict[str, Refusal] = {}

    def carry_out(self, changes: ProfileChanges) -> Updated:
        if not (changes.deletions | changes.corrections.keys()) <= self.held.keys():
            raise NotFound()
        changed = [self._identify(changes.identity), self._admit(changes.access),
                   self._serve(changes.positions)]  # fmt: skip
        deleted = tuple(each for each in changes.deletions if self._delete(each))
        corrected = tuple(each for each, entry in changes.corrections.items() if self._correct(each, entry))
        added = tuple(filter(None, [self._add(number, entry) for number, entry in changes.additions.items()]))
        self.errors.update(changes.unreadable)
        if self.errors:
            raise InvalidInput(self.errors)
        return Updated(any(changed), added, corrected, deleted)

    def _identify(self, identity: Identity | None) -> bool:
        return identity is not None and bool(self._try(partial(change_identity, self.member, identity, by=self.by)))

    def _admit(self, access: Access | None) -> bool:
        return access is not None and bool(self._try(partial(change_access, self.member, access, by=self.by)))

    def _serve(self, positions: frozenset[int] | None) -> bool:
        if positions is None:
            return False
        return bool(self._try(partial(position_steps.choose, self.member, positions, by=self.by)))

    def _delete(self, certification_id: int) -> bool:
        steps.delete(self.held[certification_id], by=self.by)
        return True

    def _correct(self, certification_id: int, entry: Entry) -> bool:
        held = self.held[certification_id]
        if (held.issued_on, held.expires_on, held.number) == (entry.issued_on, entry.expires_on, entry.number):
            return False
        return bool(self._try(partial(steps.correct, held, entry, by=self.by), partial(held_field, certification_id)))

    def _add(self, number: int, entry: Entry) -> int | None:
        added = self._try(partial(steps.record, self.member, entry, by=self.by), partial(new_field, number))
        renewed = db.session.get(Certification, entry.renews_id) if added and entry.renews_id else None
        if renewed is not None:
            db.session.expire(renewed, ["renewal"])
        return added.id if isinstance(added, Certification) else None

    def _try(self, step: Callable[[], object], named: Callable[[str], str] = str) -> object:
        """What the step returns; where it refuses, None, and its refusals beside their fields."""
        try:
            with db.session.begin_nested():
                return step()
        except InvalidInput as refusal:
            self.errors.update({named(name): error for name, error in refusal.errors.items()})
        except Invalid as refusal:
            if refusal.field is None:
                raise
            self.errors[named(refusal.field)] = refusal
        return None
