"""On which screens a story is told: in the short run on those that differ most, in the long one on all.

In the short run the walk over every page looks at each in one mode: tests of single pages do not repeat it.
"""

from __future__ import annotations

import pytest


def _long(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.long)


EVERY_SCREEN = ["page", _long("phone"), _long("page_without_javascript"), "phone_without_javascript"]
TWO_SCREENS = ["page", _long("phone_without_javascript")]
WITH_JAVASCRIPT = [_long("page"), "phone"]
WITHOUT_JAVASCRIPT = [_long("page_without_javascript"), "phone_without_javascript"]
SCHEMES = [_long("light"), "dark"]
PAPERS = ["A4", _long("Letter")]
