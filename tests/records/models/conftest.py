"""One migrated database for all tests of a module: each test rolls back what it wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from records.database import db
from tests.conftest import make_app, upgrade
from tests.rows import Rows


@pytest.fixture(scope="module")
def engine(on: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    settings = {"database_url": request.getfixturevalue("lasting_postgresql")} if on == "postgresql" else {}
    application = make_app(tmp_path_factory.mktemp("constraints"), **settings)
    upgrade(application)
    with application.app_context():
        yield db.engine
        db.engine.dispose()


@pytest.fixture
def rows(engine: sa.Engine) -> Iterator[Rows]:
    with engine.connect() as connection:
        yield Rows(connection)
