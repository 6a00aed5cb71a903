"""Refusals about external certificates, their review, credits, and logging in as a member."""

from __future__ import annotations

from typing import ClassVar

from records.errors.base import N_, Invalid, NotAllowed, Refusal, Stale


class ExternalCertificatesOff(NotAllowed):
    sentence = N_("External certificates are switched off for your organization. Ask an administrator.")


class NoCreditTypes(NotAllowed):
    sentence = N_("No credit type accepts certificates right now. Ask an administrator.")


class CreditTypeInUse(Refusal):
    sentence = N_("“%(name)s” is in use, so it cannot be deleted. Retire it instead.")


class CreditTypeUnknown(Invalid):
    sentence = N_("Choose a credit type from the list.")


class TooManyPending(Invalid):
    sentence = N_("%(most)s of your certificates wait for a decision already. Submit this one when some are decided.")


class NoCertificateFile(Invalid):
    sentence = N_("Add the file of the certificate.")


class Frozen(Refusal):
    """A decided certificate, its files, its revisions and the ledger never change."""

    sentence = N_("What has been decided cannot be changed.")


class NotOpen(Refusal):
    sentence = N_("This certificate can no longer be changed. Nothing of yours was saved.")


class NotApproved(Refusal):
    sentence = N_("Only an approved certificate can be revoked.")


class AlreadyRevoked(Refusal):
    sentence = N_("%(name)s has revoked this certificate already.")


class AlreadyDecided(Refusal):
    """Somebody was first; `state` is what they made of it."""

    sentences: ClassVar[dict[str, str]] = {
        "approved": N_("%(name)s has approved this certificate already."),
        "declined": N_("%(name)s has declined this certificate already."),
        "changes_requested": N_("%(name)s has asked for changes to this certificate already."),
        "withdrawn": N_("%(name)s has withdrawn this certificate."),
        "revoked": N_("This certificate was approved by %(name)s and revoked since."),
    }

    def __init__(self, state: str, *, name: str) -> None:
        super().__init__(self.sentences[state], name=name)


class RevisionChanged(Stale):
    sentence = N_("The certificate has changed since you opened this page. Look at it again before you decide.")


class FileChanged(Refusal):
    """The stored bytes are no longer those that were submitted."""

    sentence = N_("A stored file is not what was submitted: its bytes have changed. Ask for it again.")


class NotOpened(Refusal):
    sentence = N_("Open it first: you have not seen it as it stands now.")


class ChecklistFirst(Refusal):
    sentence = N_("Its credit type has a checklist. Open it and answer that.")


class ChecklistUnanswered(Invalid):
    sentence = N_("Answer every question of the checklist.")


class CommentRequired(Invalid):
    sentence = N_("Say why other credits are awarded than were claimed.")


class OwnCertificate(NotAllowed):
    sentence = N_("You cannot review a certificate that is your own, or that you submitted or edited for another.")


class NotCoordinator(Refusal):
    """Administrators review anyway, and members never do."""

    sentence = N_("%(name)s is not an active training coordinator, so there is no reviewing to grant or to end.")


class ActingAlready(NotAllowed):
    sentence = N_("You are logged in as somebody else. Return first.")


class NotActing(Refusal):
    sentence = N_("You are not logged in as somebody else.")


class ActingAsYourself(Refusal):
    sentence = N_("This is you.")


class ActingAsAdministrator(NotAllowed):
    sentence = N_("Nobody logs in as an administrator.")
