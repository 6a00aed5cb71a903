"""Refusals about erasing a member."""

from __future__ import annotations

from records.errors.base import N_, Invalid, NotAllowed, Refusal


class MemberErased(Refusal):
    sentence = N_("This member was erased. Nothing about them can be changed or brought back.")


class ErasedWhileActive(Refusal):
    sentence = N_("%(name)s is active. Deactivate them first.")


class OwnErasure(NotAllowed):
    sentence = N_("You cannot erase yourself. Ask another administrator.")


class NotConfirmed(Invalid):
    sentence = N_("Type the name or the number exactly as it is shown.")


class ReasonUnknown(Invalid):
    sentence = N_("Choose why.")
