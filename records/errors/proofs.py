"""Refusals about proofs that members hand out."""

from __future__ import annotations

from records.errors.base import N_, Invalid, Refusal


class EndRequired(Invalid):
    sentence = N_("Choose the day on which it ends.")


class EndPast(Invalid):
    sentence = N_("It cannot end before today.")


class EndTooLate(Invalid):
    sentence = N_("It ends within %(years)s years: choose %(day)s or an earlier day.")


class NothingToProve(Refusal):
    sentence = N_("Only an approved certificate can be proven.")


class ProofWithdrawn(Refusal):
    sentence = N_("This proof has been withdrawn already.")
