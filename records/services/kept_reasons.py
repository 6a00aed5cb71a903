"""Texts that reviewers keep, to use them again. All reviewers of an organization share them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, transaction
from records.errors import N_, Invalid, NotAllowed
from records.models import Actor, AuditEvent, AuditKind, KeptReason
from records.services.certificate_steps import require_module

MOST_KEPT = 100


def keep(text: str, *, by: Actor) -> KeptReason:
    """The kept text; the same one again, whatever its case, is the one that stands already.

    Raises Invalid (field `text`), NotAllowed, ModuleOff.
    """
    _require_allowed(by)
    kept = KeptReason(text=text, created_at=clock.now())
    digest = kept.text_digest
    try:
        with transaction() as session:
            require_module()
            standing = _standing(digest)
            if standing is not None:
                return standing
            if (session.scalar(select(func.count(KeptReason.id))) or 0) >= MOST_KEPT:
                raise Invalid(N_("%(most)s texts are kept already. Remove one first."), field="text", most=MOST_KEPT)
            session.add(kept)
            session.flush()
            session.add(AuditEvent.of(AuditKind.REASON_KEPT, kept, by=by, at=clock.now(), after={"text": kept.text}))
        return kept
    except IntegrityError:  # somebody kept the same text at the same moment
        standing = _standing(digest)
        if standing is None:
            raise
        return standing


def forget(kept: KeptReason, *, by: Actor) -> None:
    """Certificates that were decided with it keep their words. Raises NotAllowed, NotFound, ModuleOff."""
    _require_allowed(by)
    with transaction() as session:
        require_module()
        kept = lock(kept)
        event = AuditEvent.of(AuditKind.REASON_FORGOTTEN, kept, by=by, at=clock.now(), before={"text": kept.text})
        session.add(event)
        session.delete(kept)


def _standing(digest: str) -> KeptReason | None:
    return db.session.scalar(select(KeptReason).where(KeptReason.text_digest == digest))


def _require_allowed(by: Actor) -> None:
    if not by.reviews:
        raise NotAllowed()
