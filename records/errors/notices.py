"""Refusals about notices of expiry."""

from __future__ import annotations

from records.errors.base import N_, Invalid, Refusal


class SnoozedAlready(Refusal):
    sentence = N_("The notices of this certification are snoozed already. End that first.")


class NotSnoozed(Refusal):
    sentence = N_("The notices of this certification are not snoozed.")


class SnoozedTillWhen(Invalid):
    sentence = N_("Choose a day after today, at most a year from now.")
