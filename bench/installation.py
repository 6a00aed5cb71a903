"""An installation of Certfolio that a benchmark makes for itself: a folder, a database, and its commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
_SECRET = "of-a-benchmark-that-nobody-else-reaches"


def named(address: str, database: str) -> str:
    """The address of another database on the same server."""
    return urlsplit(address)._replace(path=f"/{database}").geturl()


@dataclass(frozen=True)
class Installation:
    """`database` is empty for SQLite in `folder`, else the address of a database on a PostgreSQL server."""

    folder: Path
    database: str = ""

    @property
    def file(self) -> Path:
        return self.folder / "certfolio.db"

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        ours = {"DATA_DIR": str(self.folder), "SECRET_KEY": _SECRET, "LOG_LEVEL": "WARNING"}
        return kept | ours | ({"DATABASE_URL": self.database} if self.database else {})

    def prepare(self) -> None:
        """The folders: that of scans has none, but must look as if it were in reach."""
        (self.folder / "scans" / "1").mkdir(parents=True, exist_ok=True)

    def empty(self) -> None:
        """Away with what is there; then the newest migration."""
        self.prepare()
        if self.database:
            name = urlsplit(self.database).path.lstrip("/")
            with psycopg.connect(named(self.database, "postgres"), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for file in self.folder.glob("certfolio.db*"):
            file.unlink()
        self.flask("db", "upgrade")

    def copied(self) -> Installation:
        """The same data again, to be written to; one copy at a time."""
        database = named(self.database, "bench_certfolio_copy") if self.database else ""
        copy = Installation(self.folder.with_name(f"{self.folder.name}-copy"), database)
        shutil.rmtree(copy.folder, ignore_errors=True)
        copy.prepare()
        if self.database:
            copy.clone(self.database)
        else:
            shutil.copyfile(self.file, copy.file)
        return copy

    def clone(self, database: str) -> None:
        """Let the database of this installation be a copy of another on the same server."""
        ours, theirs = (sql.Identifier(urlsplit(each).path.lstrip("/")) for each in (self.database, database))
        with psycopg.connect(named(self.database, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(ours))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(ours, theirs))

    def flask(self, *arguments: str) -> None:
        """Run a command in silence. Raises subprocess.CalledProcessError where it fails."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, stdout=subprocess.DEVNULL)
