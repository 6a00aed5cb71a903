"""Refusals about signing in, passwords, links and invitations."""

from __future__ import annotations

from records.errors.base import N_, Invalid, Refusal


class TooManyAttempts(Refusal):
    """`retry_after` is in seconds."""

    status = 429
    sentence = N_("Too many attempts. Please wait %(minutes)s minutes and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=max(1, round(retry_after / 60)))
        self.retry_after = retry_after


class ManyAtOnce(Refusal):
    """More at once want a password checked or set than this process takes on. `retry_after` is in seconds."""

    status = 503
    sentence = N_("Very many people are signing in at this moment. Nothing was changed: try again in a few seconds.")

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooOften(TooManyAttempts):
    """Of one account in a minute, brought or asked for."""

    sentence = N_("Too many files in one minute. Please wait a minute and try again.")


class WrongCredentials(Refusal):
    status = 422
    sentence = N_("This e-mail address and password do not belong together.")


class SignedOut(Refusal):
    """What a script is told, and whoever sent something that they had typed; others are led to the sign-in page."""

    status = 401
    sentence = N_("You are signed out. Sign in in another tab, then try again here.")


class PasswordFirst(Refusal):
    """What is grave wants a password that was given of late. A page asks for it, and goes on from there."""

    status = 401
    sentence = N_("Before this, confirm your password. Nothing was changed yet.")


class WrongPassword(Invalid):
    sentence = N_("This is not your current password.")


class WeakPassword(Invalid):
    sentence = N_("This password is easy to guess. Choose a longer or less common one.")


class PasswordTooShort(Invalid):
    sentence = N_("Use at least %(least)s characters.")


class PasswordTooLong(Invalid):
    sentence = N_("Use at most %(most)s characters.")


class LinkSpent(Refusal):
    status = 404
    sentence = N_("This link has been used, has run out, or was never valid. Ask for a new one.")


class NoEmail(Invalid):
    sentence = N_("Enter an e-mail address first: the invitation is sent there.")


class Deactivated(Refusal):
    sentence = N_("This member is deactivated.")


class NoAccount(Refusal):
    sentence = N_("This member cannot sign in yet. Send an invitation instead.")
