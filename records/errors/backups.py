"""Refusals of backing up and restoring; whoever runs the command reads them."""

from __future__ import annotations

from records.errors.base import N_, Refusal


class NothingToBackUp(Refusal):
    sentence = N_("The database has no tables yet, so there is nothing to back up.")


class BackupFull(Refusal):
    status = 507
    sentence = N_("There is no room left for the backup in “%(folder)s”. Earlier backups there are as they were.")


class BackupTooLarge(Refusal):
    status = 507
    sentence = N_("The backup still needs %(needed)s, and only %(free)s are free in “%(folder)s”.")


class BackupUnwritable(Refusal):
    status = 503
    sentence = N_("No backup can be written into “%(folder)s”: %(problem)s")


class NoBackup(Refusal):
    status = 404
    sentence = N_("There is no backup in “%(folder)s”.")


class BackupIncomplete(Refusal):
    sentence = N_("The backup in “%(folder)s” was never completed: manifest.json is missing. It cannot be restored.")


class BackupDamaged(Refusal):
    sentence = N_("The backup is damaged: “%(file)s” is not what was written. Nothing was restored.")


class BackupInconsistent(Refusal):
    sentence = N_("The rows of the backup do not fit together (%(problem)s). Nothing was restored.")


class BackupOfNewerVersion(Refusal):
    sentence = N_(
        "This backup was made by version %(version)s (migration %(migration)s), which is newer than this one. Restore"
        " it with that version, or with a newer one."
    )


class InstallationNotEmpty(Refusal):
    sentence = N_("Only an empty installation can be filled, and this one is not: %(what)s. Nothing was changed.")
