"""Settings are typed, read once, refused by their name, and each stands in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import BadSettings, Settings

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
        ("PUBLIC_URL", "certfolio.example"),
        ("TRUSTED_PROXIES", "many"),
        ("TRUSTED_PROXIES", "-1"),
        ("SESSION_IDLE_MINUTES", "0"),
        ("SESSION_DAYS", "1000"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        Settings.read()
    assert name in str(refused.value)
    assert value not in str(refused.value) or name == "ENVIRONMENT"


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


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_readme(name):
    assert re.search(rf"`{name.upper()}`", README)
