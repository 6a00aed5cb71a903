"""Refusals of moving an installation elsewhere; whoever runs the command reads them."""

from __future__ import annotations

from records.errors.base import N_, Refusal


class NotUpToDate(Refusal):
    sentence = N_("This installation's database is not at this version's migration. Run “flask db upgrade” first.")


class MovesNowhere(Refusal):
    sentence = N_("That is the database that this installation already has.")


class TargetUnreachable(Refusal):
    status = 503
    sentence = N_("The other side cannot be used (%(problem)s). Nothing was changed here.")


class MoveCutShort(Refusal):
    status = 503
    sentence = N_("The move was cut short (%(problem)s). Nothing was changed here. Start it again.")


class TargetFull(Refusal):
    status = 507
    sentence = N_("There is no room left on the other side. Make room and start again: files that are there stay.")


class TargetOfNewerVersion(Refusal):
    sentence = N_("The other database was made by a newer version (migration %(migration)s). Use that version to move.")


class TargetNotEmpty(Refusal):
    sentence = N_(
        "Only an empty installation can be moved into, and the other one is not: %(what)s. Nothing was changed there."
        " Where that was left by an earlier attempt, empty it and start again."
    )


class MoveInconsistent(Refusal):
    sentence = N_("The rows do not fit together over there (%(problem)s). None of them was kept there.")
