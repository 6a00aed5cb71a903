from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
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
            settings["database_url"] = _of_a_plain_owner(request.getfixturevalue("new_postgresql")())
        return make_app(tmp_path / f"installation {made}", **settings)

    return make


def _of_a_plain_owner(url: str) -> str:
    """The same database, owned and opened by somebody who is no superuser."""
    address = sa.make_url(url)
    plain = address.set(username="plain_owner", password="plain")
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'plain_owner'")):
            connection.execute(sa.text("CREATE ROLE plain_owner LOGIN PASSWORD 'plain' NOSUPERUSER"))
        connection.execute(sa.text(f'ALTER DATABASE "{address.database}" OWNER TO plain_owner'))
    engine.dispose()
    return plain.render_as_string(hide_password=False)
