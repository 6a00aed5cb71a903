"""Refusals of files on their way in."""

from __future__ import annotations

from records.errors.base import N_, Invalid


class FileTooLarge(Invalid):
    status = 413
    sentence = N_("“%(name)s” is larger than %(limit)s, the largest file that your organization accepts.")


class FileEmpty(Invalid):
    sentence = N_("“%(name)s” is empty (0 bytes). Choose it again.")


class NoFiles(Invalid):
    sentence = N_("Choose at least one file first.")


class TooManyFiles(Invalid):
    sentence = N_("Choose at most %(most)s files at a time.")


class OneFileTooMany(Invalid):
    sentence = N_("At most %(most)s files: “%(name)s” was left out.")


class TooMuchTogether(Invalid):
    status = 413
    sentence = N_("Together these files are larger than %(limit)s: “%(name)s” was left out.")
