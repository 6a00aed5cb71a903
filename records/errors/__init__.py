"""The refusals: facts that stop a verb, in words fit for the person who asked.

A refusal carries an HTTP status for the faces, a sentence marked for translation, the values that
the sentence needs, and, where it has one, the field that it belongs to.
"""

from __future__ import annotations

from records.errors.base import (
    N_,
    Invalid,
    InvalidInput,
    ModuleOff,
    NotAllowed,
    NotFound,
    Refusal,
    Stale,
)
from records.errors.certificates import (
    ActingAlready,
    ActingAsAdministrator,
    ActingAsYourself,
    AlreadyDecided,
    AlreadyRevoked,
    ChecklistFirst,
    ChecklistUnanswered,
    CommentRequired,
    CreditTypeInUse,
    CreditTypeUnknown,
    ExternalCertificatesOff,
    FileChanged,
    Frozen,
    NoCertificateFile,
    NoCreditTypes,
    NotActing,
    NotApproved,
    NotCoordinator,
    NotOpen,
    NotOpened,
    OwnCertificate,
    RevisionChanged,
    TooManyPending,
)
from records.errors.files import (
    FileEmpty,
    FileInfected,
    FileTooLarge,
    FileUnscanned,
    NoFiles,
    OneFileTooMany,
    StorageFull,
    StorageOutOfReach,
    StorageUnavailable,
    TooManyFiles,
    TooMuchTogether,
    TooMuchWaiting,
)
from records.errors.notices import NotSnoozed, SnoozedAlready, SnoozedTillWhen
from records.errors.proofs import EndPast, EndRequired, EndTooLate, NothingToProve, ProofWithdrawn
from records.errors.registers import (
    BroughtInAlready,
    NotBroughtIn,
    NotChecked,
    RegisterChanged,
    UnreadableRegister,
)
from records.errors.signing_in import (
    Deactivated,
    LinkSpent,
    NoAccount,
    NoEmail,
    PasswordFirst,
    PasswordTooLong,
    PasswordTooShort,
    SignedOut,
    TooManyAttempts,
    TooOften,
    WeakPassword,
    WrongCredentials,
    WrongPassword,
)

__all__ = [
    "N_",
    "ActingAlready",
    "ActingAsAdministrator",
    "ActingAsYourself",
    "AlreadyDecided",
    "AlreadyRenewed",
    "AlreadyRevoked",
    "AttachedAgain",
    "BroughtInAlready",
    "CertificationChanged",
    "ChecklistFirst",
    "ChecklistUnanswered",
    "CommentRequired",
    "CreditTypeInUse",
    "CreditTypeUnknown",
    "DateUnreadable",
    "Deactivated",
    "DuplicateCertification",
    "EmailTaken",
    "EndPast",
    "EndRequired",
    "EndTooLate",
    "ExpiresBeforeIssued",
    "ExpiresRequired",
    "ExternalCertificatesOff",
    "FileChanged",
    "FileEmpty",
    "FileInfected",
    "FileTooLarge",
    "FileUnscanned",
    "Frozen",
    "HeldAgain",
    "Invalid",
    "InvalidInput",
    "LastAdministrator",
    "LinkSpent",
    "ModuleOff",
    "NameTaken",
    "NoAccount",
    "NoCertificateFile",
    "NoCreditTypes",
    "NoEmail",
    "NoFiles",
    "NotActing",
    "NotAllowed",
    "NotApproved",
    "NotBroughtIn",
    "NotChecked",
    "NotCoordinator",
    "NotDeleted",
    "NotFound",
    "NotOpen",
    "NotOpened",
    "NotSnoozed",
    "NothingToProve",
    "NumberTaken",
    "OneFileTooMany",
    "OtherSideMissing",
    "OwnCertificate",
    "OwnCertifications",
    "OwnMembership",
    "OwnRole",
    "PasswordFirst",
    "PasswordTooLong",
    "PasswordTooShort",
    "ProfileChanged",
    "ProofWithdrawn",
    "ReasonRequired",
    "Refusal",
    "RegisterChanged",
    "RenewedAgain",
    "RestoredByAdministrators",
    "RevisionChanged",
    "ScopeMissing",
    "SignedOut",
    "SnoozedAlready",
    "SnoozedTillWhen",
    "Stale",
    "StorageFull",
    "StorageOutOfReach",
    "StorageUnavailable",
    "TooManyAttempts",
    "TooManyFiles",
    "TooManyPending",
    "TooMuchTogether",
    "TooMuchWaiting",
    "TooOften",
    "TypeInUse",
    "TypeRequired",
    "TypeUnknown",
    "UnitCircle",
    "UnitMergeCircle",
    "UnitNamesClash",
    "UnitNotEmpty",
    "UnreadableRegister",
    "WeakPassword",
    "WrongCredentials",
    "WrongPassword",
]


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


class CertificationChanged(Invalid):
    sentence = N_("This certification has other dates or another number by now. Check them, then submit again.")


class OtherSideMissing(Invalid):
    sentence = N_("“%(name)s” has not been added yet, so this file cannot go with it. Mend that one first.")


class ScopeMissing(RuntimeError):
    """A statement touched records of an organization while no organization was chosen: a bug, never shown."""
