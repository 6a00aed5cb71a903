"""The languages that the product speaks. One more: its name here, its catalogue in `records/translations`."""

from __future__ import annotations

from typing import Final

# By their tags, each with its own name for itself. The first is the one in which texts are written.
LANGUAGES: Final = {"en": "English", "es": "Español"}
