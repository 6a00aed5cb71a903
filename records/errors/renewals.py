"""Refusals about renewals: those of many members at once, and those that members propose."""

from __future__ import annotations

from typing import ClassVar

from records.errors.base import N_, Invalid, NotAllowed, Refusal


class NobodyChosen(Invalid):
    sentence = N_("Choose at least one member.")


class TooManyMembers(Invalid):
    sentence = N_("Choose at most %(most)s members at a time.")


class NothingToRecord(Invalid):
    sentence = N_("Nothing would be recorded for any of the members that you chose.")


class PlanChanged(Refusal):
    """What the preview showed is no longer what would happen."""

    sentence = N_("Something has changed meanwhile. Nothing was recorded yet: look at it again, then submit.")


class RecordedAlready(Refusal):
    """The form was sent before, and what came of it is not what it says now."""

    sentence = N_(
        "You already recorded certifications with this form. What it says now is not recorded yet: look at it again, "
        "then submit."
    )


class UndoneAlready(Refusal):
    sentence = N_("%(name)s has undone this already.")


class UndoneByAdministrators(NotAllowed):
    sentence = N_("More than an hour has passed: only an administrator can undo this.")


class NotProposable(NotAllowed):
    sentence = N_("A renewal of this certification cannot be proposed. Ask your administrator.")


class ProposedAlready(Refusal):
    sentence = N_("You have proposed a renewal of this certification already.")


class ExpiresNoLater(Invalid):
    sentence = N_("A renewal expires later than the certification that it renews.")


class OwnProposal(NotAllowed):
    sentence = N_("You cannot decide on a renewal that is your own, or that you proposed for another.")


class ProposalDecided(Refusal):
    """Somebody was first; `state` is what they made of it."""

    sentences: ClassVar[dict[str, str]] = {
        "accepted": N_("%(name)s has accepted this renewal already."),
        "declined": N_("%(name)s has declined this renewal already."),
        "withdrawn": N_("%(name)s has withdrawn this renewal."),
    }

    def __init__(self, state: str, *, name: str) -> None:
        super().__init__(self.sentences[state], name=name)


class RenewedMeanwhile(Refusal):
    sentence = N_("The certification has been renewed meanwhile, so this renewal can only be declined.")
    deleted = N_("The certification has been deleted meanwhile, so this renewal can only be declined.")


class TypeRetiredMeanwhile(Refusal):
    sentence = N_("“%(name)s” has been retired meanwhile, so this renewal can only be declined.")
