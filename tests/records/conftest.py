from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import make_app, upgrade
from tests.elsewhere import MakeElsewhere


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables, and without rows."""
    folder = tmp_path_factory.mktemp("migrated")
    upgrade(make_app(folder))
    return folder / "certfolio.db"


@pytest.fixture
def elsewhere(tmp_path: Path, migrated: Path, request: pytest.FixtureRequest) -> MakeElsewhere:
    """Makes empty installations: on SQLite with all tables, unless they are to be `bare`, or on PostgreSQL without, and
    with a bucket, where the tests have one."""
    made = 0

    def make(kind: str = "sqlite", *, bare: bool = False) -> Flask:
        nonlocal made
        made += 1
        settings, folder = {}, tmp_path / f"installation {made}"
        if kind == "postgresql":
            settings["database_url"] = _of_a_plain_owner(request.getfixturevalue("new_postgresql")())
            if request.getfixturevalue("on") == "postgresql":
                settings |= request.getfixturevalue("store").settings(secrets.token_hex(6))
        elif not bare:
            folder.mkdir()
            shutil.copy(migrated, folder)
        return make_app(folder, **settings)

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
