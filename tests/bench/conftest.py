"""An installation with the data of a benchmark, small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from bench.drawing import Drawn
from bench.installation import Installation
from bench.rows import fillings
from bench.writing import write_postgresql, write_sqlite
from records import clock
from records.database import db
from tests.conftest import make_app, upgrade

MEMBERS = 60


@pytest.fixture
def empty(on: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Flask, Installation]]:
    """Migrated, without rows."""
    database, settings = "", {}
    if on == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        settings["database_url"] = new()
        address = sa.make_url(settings["database_url"]).set(drivername="postgresql")
        database = address.render_as_string(hide_password=False)
    installation = Installation(tmp_path, database)
    installation.prepare()
    app = make_app(tmp_path, **settings)
    upgrade(app)
    yield app, installation
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def filled(empty: tuple[Flask, Installation]) -> tuple[Flask, Installation]:
    app, installation = empty
    write(app, installation)
    return app, installation


def write(app: Flask, installation: Installation) -> None:
    with app.app_context():
        db.engine.dispose()
    rows: Any = fillings(Drawn(MEMBERS, today=clock.now().date()))
    if installation.database:
        list(write_postgresql(installation.database, rows))
    else:
        list(write_sqlite(str(installation.file), rows))
