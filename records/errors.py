"""The refusals: facts that stop a verb, in words fit for the person who asked.

A refusal carries an HTTP status for the faces, a sentence marked for translation, the values that
the sentence needs, and, where it has one, the field that it belongs to.
"""

from __future__ import annotations

from typing import Any, ClassVar


def N_(text: str) -> str:
    """Mark `text` for translation; the faces translate it when they show it."""
    return text


class Refusal(Exception):
    """What was asked cannot be done. `params` fill the sentence, `field` names the form field."""

    status: ClassVar[int] = 409
    sentence: str = N_("This cannot be done.")

    def __init__(self, sentence: str | None = None, *, field: str | None = None, **params: Any) -> None:
        self.sentence = sentence or type(self).sentence
        self.field = field
        self.params = params
        super().__init__(self.in_english())

    def in_english(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class NotFound(Refusal):
    """It does not exist, or the asker may not know that it does: the answer is the same."""

    status = 404
    sentence = N_("There is nothing here, or it is not yours to see.")


class NotAllowed(Refusal):
    status = 403
    sentence = N_("Your role does not allow this.")


class Invalid(Refusal):
    """Input that breaks a rule. `field` names where."""

    status = 422
    sentence = N_("Please check what you entered.")


class InvalidInput(Refusal):
    """Several fields are wrong at once. `errors` maps a field's name to an `Invalid`."""

    status = 422
    sentence = N_("Some fields need your attention. Nothing was saved yet.")

    def __init__(self, errors: dict[str, Refusal]) -> None:
        super().__init__()
        self.errors = errors


class ModuleOff(NotFound):
    sentence = N_("This part of Certfolio is switched off for your organization.")


class Stale(Refusal):
    """Somebody changed the record since the asker's page was opened."""

    sentence = N_("Somebody else changed this record while you had it open.")


class ProfileChanged(Stale):
    sentence = N_("Somebody else changed this profile while you had it open. Nothing of yours was saved yet.")


class OwnCertifications(NotAllowed):
    sentence = N_("Training coordinators cannot change their own certifications. Ask an administrator.")


class OwnRole(NotAllowed):
    sentence = N_("You cannot change your own role. Ask another administrator.")


class OwnMembership(NotAllowed):
    sentence = N_("You cannot deactivate yourself. Ask another administrator.")


class LastAdministrator(Refusal):
    sentence = N_("This is the last administrator. Make somebody else an administrator first.")


class TypeInUse(Refusal):
    sentence = N_("“%(name)s” is in use, so it cannot be deleted. Retire it instead.")


class NameTaken(Invalid):
    sentence = N_("“%(name)s” exists already.")


class NumberTaken(Invalid):
    sentence = N_("Another member has the number “%(number)s”.")


class EmailTaken(Invalid):
    sentence = N_("Another member of this organization has the e-mail address “%(email)s”.")


class DateUnreadable(Invalid):
    sentence = N_("Enter a date that exists, such as 2027-03-21.")


class ExpiresRequired(Invalid):
    sentence = N_("Enter the date on which it expires.")


class ExpiresBeforeIssued(Invalid):
    sentence = N_("Expires cannot be before Issued.")


class TypeRequired(Invalid):
    sentence = N_("Choose a certification.")


class TypeUnknown(Invalid):
    sentence = N_("Choose a certification from the list.")


class DuplicateCertification(Invalid):
    sentence = N_("This member already has this certification with the same number and expiry date.")


class AlreadyRenewed(Invalid):
    sentence = N_("This certification has been renewed already.")


class ReasonRequired(Invalid):
    sentence = N_("Give a reason.")


class NotDeleted(Refusal):
    sentence = N_("This is not deleted, so there is nothing to restore.")


class HeldAgain(Refusal):
    sentence = N_("“%(name)s” cannot be restored: the member has it again, with the same number and expiry date.")


class RenewedAgain(Refusal):
    sentence = N_("“%(name)s” cannot be restored: what it renewed has been renewed by another one since.")


class RestoredByAdministrators(NotAllowed):
    sentence = N_("Only an administrator can restore this.")


class AttachedAgain(Refusal):
    sentence = N_("“%(name)s” cannot be restored: the same file has been added to the certification again.")


class UnitNotEmpty(Refusal):
    sentence = N_("“%(name)s” still has members or units in it. Move or merge it instead.")


class UnitCircle(Invalid):
    sentence = N_("A unit cannot be moved into itself or into one of its own units.")


class UnitMergeCircle(Invalid):
    sentence = N_("A unit cannot be merged into itself or into one of its own units.")


class UnitNamesClash(Invalid):
    sentence = N_("Both units contain a unit named “%(name)s”. Rename or merge those two first.")


class FileTooLarge(Invalid):
    status = 413
    sentence = N_("“%(name)s” is larger than %(limit)s, the largest file that your organization accepts.")


class FileEmpty(Invalid):
    sentence = N_("“%(name)s” is empty (0 bytes). Choose it again.")


class UnreadableRegister(Invalid):
    sentence = N_("This file cannot be read as a table. Bring a CSV or an XLSX file.")


class RegisterChanged(Refusal):
    sentence = N_("Members or certifications have changed since this dry run. Look at it again before it comes in.")


class NotChecked(Refusal):
    sentence = N_("Run the check first: it shows what every row will come to.")


class BroughtInAlready(Refusal):
    sentence = N_("This register has been brought in already.")


class NotBroughtIn(Refusal):
    sentence = N_("This register is not brought in, so there is nothing to undo.")


class NoFiles(Invalid):
    sentence = N_("Choose at least one file first.")


class TooManyFiles(Invalid):
    sentence = N_("Choose at most %(most)s files at a time.")


class CertificationChanged(Invalid):
    sentence = N_("This certification has other dates or another number by now. Check them, then submit again.")


class OtherSideMissing(Invalid):
    sentence = N_("“%(name)s” has not been added yet, so this file cannot go with it. Mend that one first.")


class StorageUnavailable(Refusal):
    status = 503
    sentence = N_("The file storage cannot be reached right now. Nothing was changed; please try again.")


class StorageFull(Refusal):
    status = 507
    sentence = N_("The file storage is full. Nothing was changed; please tell your administrator.")


class TooManyAttempts(Refusal):
    """`retry_after` is in seconds."""

    status = 429
    sentence = N_("Too many attempts. Please wait %(minutes)s minutes and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=max(1, round(retry_after / 60)))
        self.retry_after = retry_after


class WrongCredentials(Refusal):
    status = 422
    sentence = N_("This e-mail address and password do not belong together.")


class WrongPassword(Invalid):
    sentence = N_("This is not your current password.")


class WeakPassword(Invalid):
    sentence = N_("This password is easy to guess. Choose a longer or less common one.")


class PasswordTooShort(Invalid):
    sentence = N_("Use at least %(least)s characters.")


class PasswordTooLong(Invalid):
    sentence = N_("Use at most %(most)s characters.")


class LinkSpent(Refusal):
    status = 404
    sentence = N_("This link has been used, has run out, or was never valid. Ask for a new one.")


class NoEmail(Invalid):
    sentence = N_("Enter an e-mail address first: the invitation is sent there.")


class Deactivated(Refusal):
    sentence = N_("This member is deactivated.")


class NoAccount(Refusal):
    sentence = N_("This member cannot sign in yet. Send an invitation instead.")


class ScopeMissing(RuntimeError):
    """A statement touched records of an organization while no organization was chosen: a bug, never shown."""
