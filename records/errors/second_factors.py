"""Refusals about the second factor of an account."""

from __future__ import annotations

from records.errors.base import N_, Invalid, NotAllowed, Refusal


class SecondFactorFirst(Refusal):
    status = 403
    sentence = N_("Your organization asks its staff for a second factor. Set yours up first.")


class SecondFactorStands(Refusal):
    sentence = N_("Your second factor is on already.")


class NoSecondFactor(Refusal):
    sentence = N_("There is no second factor that is on.")


class OwnSecondFactor(NotAllowed):
    sentence = N_("Switch your own second factor off in your account, with a code of it.")


class OpensElsewhere(NotAllowed):
    sentence = N_("This account opens other organizations, too, so its second factor is not yours to reset.")


class SetUpOver(Refusal):
    sentence = N_("This took too long. Begin the setup again.")


class HalfwayOver(Refusal):
    status = 401
    sentence = N_("This took too long. Sign in again.")


class WrongCode(Invalid):
    sentence = N_("This code does not fit, or was used before. Wait for the next one, or use a recovery code.")
