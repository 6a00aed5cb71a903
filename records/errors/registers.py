"""Refusals about registers that are brought in."""

from __future__ import annotations

from records.errors.base import N_, Invalid, Refusal


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
