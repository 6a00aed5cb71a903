"""What every refusal is, and the few that stand for all of their kind."""

from __future__ import annotations

from typing import Any, ClassVar


def N_(text: str) -> str:
    """Mark `text` for translation; the faces translate it when they show it."""
    return text


class Refusal(Exception):
    """What was asked cannot be done. `params` fill the sentence, `field` names the form field, and where waiting
    helps, `retry_after` says how many seconds."""

    status: ClassVar[int] = 409
    sentence: str = N_("This cannot be done.")
    retry_after: int = 0

    def __init__(self, sentence: str | None = None, *, field: str | None = None, **params: Any) -> None:
        self.sentence = sentence or type(self).sentence
        self.field = field
        self.params = params
        super().__init__(self.in_english())

    def in_english(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class NotFound(Refusal):
    """It does not exist, or the asker may not know that it does: the answer is the same."""

    status = 404
    sentence = N_("There is nothing here, or it is not yours to see.")


class NotAllowed(Refusal):
    status = 403
    sentence = N_("Your role does not allow this.")


class Invalid(Refusal):
    """Input that breaks a rule. `field` names where."""

    status = 422
    sentence = N_("Please check what you entered.")


class InvalidInput(Refusal):
    """Several fields are wrong at once. `errors` maps a field's name to an `Invalid`."""

    status = 422
    sentence = N_("Some fields need your attention. Nothing was saved yet.")

    def __init__(self, errors: dict[str, Refusal]) -> None:
        super().__init__()
        self.errors = errors


class ModuleOff(NotFound):
    sentence = N_("This part of Certfolio is switched off for your organization.")


class Stale(Refusal):
    """Somebody changed the record since the asker's page was opened."""

    sentence = N_("Somebody else changed this record while you had it open.")
