"""A refusal on the command line: its sentence, and exit code 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from records.errors import InvalidInput, Refusal

P = ParamSpec("P")
R = TypeVar("R")


def in_words(command: Callable[P, R]) -> Callable[P, R]:
    @wraps(command)
    def worded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InvalidInput as refusal:
            lines = [f"{field}: {error.in_english()}" for field, error in refusal.errors.items()]
            raise click.ClickException("\n".join(lines)) from None
        except Refusal as refusal:
            raise click.ClickException(refusal.in_english()) from None

    return worded
