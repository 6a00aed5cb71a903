"""Settings are typed, read once, refused by their name, and each stands in the README."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from config import BadSettings, Settings
from records.database import db
from wsgi import create_app

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """An environment with nothing in it but what a test sets."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENVIRONMENT", "development")
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "laptop"),
        ("DATABASE_URL", "mysql://host/name"),
        ("SCANS_URL", "ftp://host"),
        ("JOBS_URL", "amqp://host"),
        ("MAIL_URL", "host:25"),
        ("CLAMD_URL", "http://scanner:3310"),
        ("CLAMD_URL", "tcp://scanner"),
        ("CLAMD_URL", "unix://"),
        ("PUBLIC_URL", "certfolio.example"),
        ("TRUSTED_PROXIES", "many"),
        ("TRUSTED_PROXIES", "-1"),
        ("SESSION_IDLE_MINUTES", "0"),
        ("SESSION_DAYS", "1000"),
        ("SIGN_ON_PRIVATE_HOSTS", "https://login.internal"),
        ("SIGN_ON_PRIVATE_HOSTS", "login.internal:443"),
        ("SIGN_ON_PRIVATE_HOSTS", "login.internal, *.internal"),
        ("LOG_LEVEL", "LOUD"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("HOST", ""),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("SCANS_URL", "file:///"),
        ("SCANS_URL", "s3://"),
        ("SCANS_URL", "s3://B"),
        ("SCANS_URL", "s3://key:secret@scans/x"),
        ("SCANS_URL", "s3://scans/../x"),
        ("SCANS_URL", "s3://scans/x?y"),
        ("S3_ENDPOINT", "objects.example"),
        ("S3_ENDPOINT", "https://key:secret@objects.example"),
        ("S3_ENDPOINT", "https://objects.example/scans"),
        ("SCANS_SENT_BY", "pigeon"),
        ("SCANS_SENT_BY", "links"),
        ("JOBS_URL", "sqlite:///"),
        ("JOBS_URL", "redis://host"),
        ("JOBS_URL", "postgresql://"),
        ("DATABASE_POOL", "1"),
        ("DATABASE_PGBOUNCER", "perhaps"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "a token with spaces in it"),
        ("MAIL_URL", "smtp://"),
        ("MAIL_URL", "smtp://host:99999"),
        ("MAIL_URL", "smtp://host:port"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://certs.example/below"),
        ("PUBLIC_URL", "https://me:secret@certs.example"),
        ("PUBLIC_URL", "https://certs.example:port"),
        ("PUBLIC_URL", "javascript:alert(1)"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        Settings.read()
    assert name in str(refused.value)


BUCKET = {"SCANS_URL": "s3://scans/x", "S3_ENDPOINT": "https://objects.example/", "AWS_ACCESS_KEY_ID": "me",
          "AWS_SECRET_ACCESS_KEY": "hunter2"}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
        ({"S3_ENDPOINT": ""}, "AWS_REGION"),
        ({"SCANS_SENT_BY": "nginx"}, "SCANS_SENT_BY"),
        ({"SCANS_SENT_BY": "links", "S3_ENDPOINT": "http://objects.example", "PUBLIC_URL": "https://certs.example"},
         "S3_ENDPOINT"),
        ({"SCANS_URL": "", "SCANS_SENT_BY": "links"}, "SCANS_SENT_BY"),
    ],
)  # fmt: skip
def test_settings_of_a_bucket_that_do_not_fit_are_refused_by_name(environment, changed, named):
    for name, value in (BUCKET | changed).items():
        environment.setenv(name, value)
    with pytest.raises(BadSettings, match=named) as refused:
        Settings.read()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("changed", [{}, {"S3_ENDPOINT": "", "AWS_REGION": "eu-west-1"}, {"SCANS_SENT_BY": "links"}])
def test_a_bucket_is_chosen_by_settings_alone_and_not_asked_yet(environment, changed):
    for name, value in (BUCKET | changed).items():
        environment.setenv(name, value)
    door = create_app(Settings.read()).extensions["storage"]
    assert (door.bucket, door.prefix) == ("scans", "x/")
    assert door._asking == {
        "endpoint_url": (BUCKET | changed)["S3_ENDPOINT"].rstrip("/") or None,
        "region_name": changed.get("AWS_REGION", "us-east-1"),
        "aws_access_key_id": "me", "aws_secret_access_key": "hunter2",
    }  # fmt: skip


def test_a_refused_address_does_not_show_its_password(environment):
    environment.setenv("DATABASE_URL", "mysql://somebody:hunter2@host/name")
    with pytest.raises(BadSettings) as refused:
        Settings.read()
    assert "hunter2" not in str(refused.value)


def test_several_bad_settings_are_named_at_once(environment):
    environment.setenv("MAIL_URL", "x")
    environment.setenv("LOG_LEVEL", "x")
    with pytest.raises(BadSettings, match=r"MAIL_URL[^§]*LOG_LEVEL"):
        Settings.read()


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_production_needs_a_strong_secret(environment, secret):
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("SECRET_KEY", secret)
    with pytest.raises(BadSettings, match="SECRET_KEY"):
        Settings.read()


def test_development_draws_its_secret_once_and_keeps_it_to_itself(environment, tmp_path):
    first = Settings.read().for_flask()["SECRET_KEY"]
    assert first == Settings.read().for_flask()["SECRET_KEY"]
    assert len(first) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_secure_address_makes_secure_cookies(environment):
    environment.setenv("PUBLIC_URL", "https://certfolio.example/")
    flask = Settings.read().for_flask()
    assert flask["SESSION_COOKIE_SECURE"]
    assert flask["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert flask["PUBLIC_URL"] == "https://certfolio.example"


def test_a_data_folder_that_cannot_be_made_is_refused_by_its_name(environment, tmp_path):
    (tmp_path / "file").write_text("")
    environment.setenv("DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(BadSettings, match="DATA_DIR"):
        Settings.read().for_flask()


def test_a_data_folder_that_cannot_be_written_to_is_refused_by_its_name(environment, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("os.access", lambda folder, mode: asked.append(folder))  # because: root may write anywhere
    with pytest.raises(BadSettings, match="DATA_DIR: this folder cannot be written to"):
        Settings.read().for_flask()
    assert asked == [tmp_path]


def test_a_new_data_folder_is_its_owners_alone(environment, tmp_path):
    environment.setenv("DATA_DIR", str(tmp_path / "new"))
    Settings.read().for_flask()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_processes_that_start_at_once_draw_one_secret(environment, tmp_path):
    settings, drawn = Settings.read(), []
    start = threading.Barrier(8)

    def begin():
        start.wait(10)
        drawn.append(settings.for_flask()["SECRET_KEY"])

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 1
    assert len(drawn[0]) == 64
    assert [path.name for path in tmp_path.glob("secret_key*")] == ["secret_key"]


@pytest.mark.parametrize("folder", ["plain", "with space", "100%", "what?", "a#b", "%41", "näme"])
def test_the_data_folder_may_have_any_name(environment, tmp_path, folder):
    environment.setenv("DATA_DIR", str(tmp_path / folder))
    application = create_app(Settings.read())
    with application.app_context():
        assert db.engine.url.database == str(tmp_path / folder / "certfolio.db")
        assert application.extensions["jobs"].queue.storage.filename == str(tmp_path / folder / "jobs.db")
        assert application.extensions["storage"].root == tmp_path / folder / "scans"
        db.engine.dispose()


def test_a_relative_path_of_the_database_begins_at_the_current_folder(environment, tmp_path):
    environment.chdir(tmp_path)
    environment.setenv("DATABASE_URL", "sqlite:///mine.db")
    assert Settings.read().database_url == f"sqlite:///{tmp_path}/mine.db"


def test_postgresql_is_reached_by_its_driver_and_the_password_stays_as_it_is(environment):
    environment.setenv("DATABASE_URL", "postgresql://me:p%40ss%2F@host:5433/name?sslmode=require")
    url = Settings.read().database_url
    assert url == "postgresql+psycopg://me:p%40ss%2F@host:5433/name?sslmode=require"


def test_jobs_go_where_the_database_is_unless_they_are_told_otherwise(environment, tmp_path):
    server = "postgresql+psycopg://me:p%40ss@host/name"
    assert Settings.read().for_flask()["JOBS_URL"] == f"sqlite:///{tmp_path}/jobs.db"
    environment.setenv("DATABASE_URL", "postgresql://me:p%40ss@host/name")
    assert Settings.read().for_flask()["JOBS_URL"] == server
    environment.setenv("JOBS_URL", "postgresql://other/jobs")
    assert Settings.read().for_flask()["JOBS_URL"] == "postgresql+psycopg://other/jobs"
    environment.setenv("JOBS_URL", "sqlite:////tmp/jobs.db")
    assert Settings.read().for_flask()["JOBS_URL"] == "sqlite:////tmp/jobs.db"


def test_a_process_opens_as_many_connections_to_postgresql_as_it_may(environment):
    assert "pool_size" not in Settings.read().for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]
    environment.setenv("DATABASE_URL", "postgresql://host/name")
    environment.setenv("DATABASE_POOL", "7")
    options = Settings.read().for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]
    assert (options["pool_size"], options["max_overflow"], options["pool_timeout"]) == (7, 0, 10)
    assert options["connect_args"]["prepare_threshold"] > 10**6  # only what asks for it is prepared
    assert options["connect_args"]["options"] == "-c max_parallel_workers_per_gather=0"
    environment.setenv("DATABASE_PGBOUNCER", "1")
    behind = Settings.read().for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    assert behind["prepare_threshold"] is None
    assert "options" not in behind  # which PgBouncer refuses


def test_errors_never_hold_values(environment):
    assert Settings.read().for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_readme(name):
    assert re.search(rf"`{name.upper()}`", README)
