from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import make_app
from tests.elsewhere import MakeElsewhere


@pytest.fixture
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest) -> MakeElsewhere:
    """Makes installations without tables, on SQLite or on PostgreSQL."""
    made = 0

    def make(kind: str = "sqlite") -> Flask:
        nonlocal made
        made += 1
        settings = {}
        if kind == "postgresql":
            settings["database_url"] = request.getfixturevalue("new_postgresql")()
        return make_app(tmp_path / f"installation {made}", **settings)

    return make
