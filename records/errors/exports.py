"""Refusals about files that are written in the background."""

from __future__ import annotations

from records.errors.base import N_, Refusal


class ExportNotReady(Refusal):
    sentence = N_("This file is not ready.")


class ExportChanged(Refusal):
    sentence = N_("This export is no longer what you saw. Look at it again.")


class TooManyExports(Refusal):
    sentence = N_("You have %(most)s exports in progress. Wait for one of them, or cancel one.")


class RightsChanged(Refusal):
    sentence = N_("What you may see has changed since this file was written. Please export again.")
