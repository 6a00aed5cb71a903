"""Refusals of files, on their way in and out."""

from __future__ import annotations

from records.errors.base import N_, Invalid, Refusal


class FileTooLarge(Invalid):
    status = 413
    sentence = N_("“%(name)s” is larger than %(limit)s, the largest file that your organization accepts.")


class FileEmpty(Invalid):
    sentence = N_("“%(name)s” is empty (0 bytes). Choose it again.")


class FileUnscanned(Refusal):
    sentence = N_("“%(name)s” has not been scanned for viruses yet. Until it is, nobody opens or approves it.")


class FileInfected(Refusal):
    sentence = N_("A virus was found in “%(name)s”: %(virus)s. Nobody can open or approve it.")


class NoFiles(Invalid):
    sentence = N_("Choose at least one file first.")


class TooManyFiles(Invalid):
    sentence = N_("Choose at most %(most)s files at a time.")


class OneFileTooMany(Invalid):
    sentence = N_("At most %(most)s files: “%(name)s” was left out.")


class TooMuchTogether(Invalid):
    status = 413
    sentence = N_("Together these files are larger than %(limit)s: “%(name)s” was left out.")


class TooMuchWaiting(Invalid):
    status = 413
    sentence = N_(
        "“%(name)s” was left out: your files that wait to be submitted would be larger than %(limit)s together."
        " Submit or leave out some; what is never submitted goes after a day."
    )


class StorageUnavailable(Refusal):
    status = 503
    sentence = N_("The file storage cannot be reached right now. Nothing was changed; please try again.")


class StorageOutOfReach(StorageUnavailable):
    """Nothing of it is to be had now, for whatever reason: no use in asking for the next file."""


class StorageFull(Refusal):
    status = 507
    sentence = N_("The file storage is full. Nothing was changed; please tell your administrator.")
