"""Settings: every knob, read from the environment once. Imported by `wsgi` alone.

A bad value is refused by its name when the program starts. Each setting stands in the README.
"""

from __future__ import annotations

import os
import re
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlparse

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from records.addresses import is_address, is_origin
from records.first_secret import kept

ROOT = Path(__file__).resolve().parent


# s3://BUCKET/PREFIX, the prefix as it pleases every store.
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)*/?")

# What no installation changes.
_FIXED = {
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "WTF_CSRF_TIME_LIMIT": None,
    "WTF_CSRF_SSL_STRICT": True,
    "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    "MAX_FORM_PARTS": 2000,
    "BABEL_DEFAULT_LOCALE": "en",
    "PROVIDE_AUTOMATIC_OPTIONS": False,  # 405, as any method that an address does not take
}


class BadSettings(SystemExit):
    """Names each bad setting and what is wrong with it."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=None, extra="ignore", hide_input_in_errors=True)

    environment: Literal["production", "development", "testing"] = "production"
    secret_key: str = Field(default="", description="signs cookies; required outside development")
    secret_key_fallbacks: str = Field(default="", description="older secret keys, separated by commas")
    data_dir: Path = Path("var")
    database_url: str = ""
    scans_url: str = ""
    scans_sent_by: Literal["program", "links", "nginx"] = "program"
    s3_endpoint: str = ""
    aws_access_key_id: str = ""
    aws_secret_access_key: str = ""
    aws_region: str = ""
    jobs_url: str = ""
    mail_url: str = ""
    mail_from: str = "Certfolio <certfolio@localhost>"
    clamd_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    demo_password: str = ""
    session_idle_minutes: int = Field(default=720, ge=5)
    session_days: int = Field(default=14, ge=1, le=365)
    sign_on_private_hosts: str = Field(default="", description="hosts of a private network that sign-on may ask")
    database_pool: int = Field(default=10, ge=2, le=1000, description="connections of one process to PostgreSQL")
    database_pgbouncer: bool = Field(default=False, description="PgBouncer stands before PostgreSQL")
    metrics_token: str = Field(default="", description="who may read /metrics sends it")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=1, le=65535)

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, url: str) -> str:
        """A relative path of SQLite begins at the current folder."""
        if not url:
            return url
        problem = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):
            raise ValueError(problem) from None
        if address.drivername == "sqlite" and address.database and ":memory:" not in url and not address.host:
            return address.set(database=str(Path(address.database).resolve())).render_as_string(hide_password=False)
        if address.drivername in ("postgresql", "postgresql+psycopg") and address.database:
            return address.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        raise ValueError(problem)

    @field_validator("scans_url")
    @classmethod
    def _scans_are_known(cls, url: str) -> str:
        if url and not (url.startswith("file:///") and len(url) > len("file:///")) and not _BUCKET.fullmatch(url):
            raise ValueError("use file:///FOLDER or s3://BUCKET/PREFIX, or leave it empty for DATA_DIR/scans")
        return url

    @field_validator("s3_endpoint")
    @classmethod
    def _store_is_an_address(cls, url: str) -> str:
        url = url.rstrip("/")
        if url and not is_origin(url):
            raise ValueError("use https://HOST, without a path, or leave it empty for Amazon's")
        return url

    @field_validator("jobs_url")
    @classmethod
    def _jobs_are_known(cls, url: str) -> str:
        if url.startswith("postgresql"):
            return cls._database_is_known(url)
        if url and url != "memory://" and not (url.startswith("sqlite:///") and len(url) > len("sqlite:///")):
            raise ValueError("use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return url

    @field_validator("mail_url")
    @classmethod
    def _mail_is_known(cls, url: str) -> str:
        if url and not is_address(url, "smtp", "smtps"):
            raise ValueError("use smtp://HOST:PORT, or leave it empty to write mail to DATA_DIR/outbox")
        return url

    @field_validator("clamd_url")
    @classmethod
    def _scanner_is_known(cls, url: str) -> str:
        by_path = url.startswith("unix:///") and len(url) > len("unix:///")
        if url and not by_path and not (is_address(url, "tcp") and urlparse(url).port):
            raise ValueError("use tcp://HOST:PORT or unix:///SOCKET, or leave it empty: then nothing is scanned")
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender_has_an_address(cls, sender: str) -> str:
        if not sender.isprintable() or "@" not in parseaddr(sender)[1]:
            raise ValueError("use NAME <ADDRESS>")
        return sender

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_address(cls, url: str) -> str:
        url = url.rstrip("/")
        if not is_origin(url):
            raise ValueError("use https://HOST, without a path")
        return url

    @field_validator("metrics_token")
    @classmethod
    def _token_is_hard_to_guess(cls, token: str) -> str:
        if token and (len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token):
            raise ValueError("use at least 16 letters and digits, or leave it empty: then nobody reads the metrics")
        return token

    @field_validator("sign_on_private_hosts")
    @classmethod
    def _hosts_are_names(cls, hosts: str) -> str:
        if any(not is_address(f"https://{host}", "https") or set(host) & set("/:@?#*") for host in _listed(hosts)):
            raise ValueError("use names of hosts, separated by commas")
        return hosts

    @model_validator(mode="after")
    def _secret_is_strong(self) -> Settings:
        if self.environment == "production" and len(self.secret_key) < 32:
            raise ValueError("SECRET_KEY: at least 32 characters are required outside development")
        return self

    @model_validator(mode="after")
    def _scans_can_be_sent(self) -> Settings:
        in_a_bucket, problems = self.scans_url.startswith("s3://"), []
        if in_a_bucket and not (self.aws_access_key_id and self.aws_secret_access_key):
            problems.append("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the bucket of SCANS_URL asks for both")
        if in_a_bucket and not (self.aws_region or self.s3_endpoint):
            problems.append("AWS_REGION: where Amazon keeps the bucket that SCANS_URL names")
        if self.scans_sent_by == "links" and not in_a_bucket:
            problems.append("SCANS_SENT_BY: links need a bucket (SCANS_URL)")
        if self.scans_sent_by == "nginx" and in_a_bucket:
            problems.append("SCANS_SENT_BY: nginx needs a folder (SCANS_URL)")
        if self.scans_sent_by == "links" and self._is_secure and self.s3_endpoint.startswith("http://"):
            problems.append("S3_ENDPOINT: links on pages of https:// need one with https://")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def _is_secure(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def read(cls) -> Settings:
        """The settings of the environment. Raises BadSettings, naming each bad one."""
        return cls._made({})

    def changed(self, **others: str) -> Settings:
        """These settings, but for some `others`. Raises BadSettings likewise."""
        return self._made(self.model_dump() | others)

    @classmethod
    def _made(cls, given: dict[str, Any]) -> Settings:
        try:
            return cls(**given)
        except ValidationError as error:
            lines = [
                f"  {'_'.join(map(str, problem['loc'])).upper() or 'SETTINGS'}: "
                f"{problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_input=False, include_url=False)
            ]
            raise _bad(lines) from None

    def _jobs_beside_the_database(self, data_dir: Path) -> str:
        is_server = self.database_url.startswith("postgresql")
        return self.database_url if is_server else f"sqlite:///{quote(str(data_dir / 'jobs.db'))}"

    def _folder(self) -> Path:
        """DATA_DIR, made where it is missing. Raises BadSettings where nobody can write there."""
        data_dir = self.data_dir.resolve()
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _bad([f"  DATA_DIR: this folder cannot be made: {error.strerror}"]) from None
        if not os.access(data_dir, os.W_OK | os.X_OK):
            raise _bad(["  DATA_DIR: this folder cannot be written to"])
        return data_dir

    def for_flask(self) -> dict[str, Any]:
        """These settings as Flask and the packages below know them (`app.config`)."""
        data_dir = self._folder()
        return {
            "ENVIRONMENT": self.environment,
            "SECRET_KEY": self.secret_key or kept(data_dir),
            "DATA_DIR": data_dir,
            "SECRET_KEY_FALLBACKS": _listed(self.secret_key_fallbacks),
            "MIGRATIONS": str(ROOT / "migrations"),
            "SQLALCHEMY_DATABASE_URI": self.database_url
            or URL.create("sqlite", database=str(data_dir / "certfolio.db")),
            "SQLALCHEMY_TRACK_MODIFICATIONS": False,
            "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(self),
            "SCANS_URL": self.scans_url or (data_dir / "scans").as_uri(),
            **self._store(),
            "JOBS_URL": self.jobs_url or self._jobs_beside_the_database(data_dir),
            "MAIL_URL": self.mail_url,
            "MAIL_DEFAULT_SENDER": self.mail_from,
            "CLAMD_URL": self.clamd_url,
            "PUBLIC_URL": self.public_url,
            "TRUSTED_PROXIES": self.trusted_proxies,
            "DEMO_PASSWORD": self.demo_password,
            "SESSION_IDLE_MINUTES": self.session_idle_minutes,
            "SESSION_DAYS": self.session_days,
            "SIGN_ON_PRIVATE_HOSTS": frozenset(_listed(self.sign_on_private_hosts.lower())),
            "METRICS_TOKEN": self.metrics_token,
            "LOG_LEVEL": self.log_level,
            "HOST": self.host,
            "PORT": self.port,
            "TESTING": self.environment == "testing",
            "SESSION_COOKIE_NAME": "__Host-certfolio" if self._is_secure else "certfolio",
            "SESSION_COOKIE_SECURE": self._is_secure,
            **_FIXED,
        }

    def _store(self) -> dict[str, str]:
        """How scans are sent, and a bucket is asked. Stores other than Amazon's take any region."""
        return {
            "SCANS_SENT_BY": self.scans_sent_by,
            "S3_ENDPOINT": self.s3_endpoint,
            "AWS_ACCESS_KEY_ID": self.aws_access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.aws_secret_access_key,
            "AWS_REGION": self.aws_region or "us-east-1",
        }


def _bad(lines: list[str]) -> BadSettings:
    return BadSettings("Certfolio cannot start with these settings:\n" + "\n".join(lines))


def _listed(text: str) -> list[str]:
    return [each for each in map(str.strip, text.split(",")) if each]


_NEVER_BY_ITSELF = 10**9  # times that a statement is asked before it is prepared


def _engine_options(settings: Settings) -> dict[str, Any]:
    """`hide_parameters` keeps values out of errors and logs. All else bounds how long anybody waits, in seconds: for a
    connection that is free, for a server to let one in, and for a server that has vanished (`tcp_user_timeout` in
    milliseconds); see `records/connections.py`. Behind PgBouncer a connection is another one in each transaction: what
    one has prepared, the next does not know. Else a statement is prepared where it asks for that. Of a page's
    statements none is worth a second process of the server, which takes longer to begin than a page; PostgreSQL cannot
    know that of those that stop after a thousand rows."""
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": 10}
    if settings.database_url.startswith("postgresql"):
        alive = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}
        serial = {"options": "-c max_parallel_workers_per_gather=0", "prepare_threshold": _NEVER_BY_ITSELF}
        own: dict[str, Any] = {"prepare_threshold": None} if settings.database_pgbouncer else serial
        options |= {"pool_pre_ping": True, "pool_size": settings.database_pool, "max_overflow": 0}
        options |= {"connect_args": {"connect_timeout": 4, **alive, **own}}
    return options
