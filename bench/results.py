"""What was measured, as it is kept: one file for each database and size."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.asking import Cost


@dataclass
class OnePage:
    """`limit` is None where the limit has no such page, `certfolio` where it gave no answer: `refused` says why.
    `most`: what it may cost at most, in times of the limit."""

    name: str
    certfolio: Cost | None = None
    limit: Cost | None = None
    statements: int = 0
    most: float | None = None
    refused: str = ""

    @property
    def ratio(self) -> float | None:
        """p50 against the limit's."""
        return self.certfolio.p50 / self.limit.p50 if self.certfolio and self.limit else None

    @property
    def processor_ratio(self) -> float | None:
        return (
            self.certfolio.processor / self.limit.processor
            if self.certfolio and self.limit and self.limit.processor
            else None
        )


@dataclass
class Process:
    """Of two workers: bytes of memory (PSS) after all pages, the most that one had, seconds until the first answer."""

    memory: int
    most: int
    started_in: float


@dataclass
class Work:
    """One piece of bulk work: seconds, rows, seconds to the first byte, growth of memory in bytes."""

    name: str
    by: str
    seconds: float
    rows: int
    first_byte: float | None = None
    growth: int | None = None
    processor: float | None = None


@dataclass
class Results:
    """`load`: how many processes wanted to run on the machine just before, on average over a minute."""

    engine: str
    members: int
    on: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    machine: str = field(default_factory=lambda: machine())
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    pages: list[OnePage] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)

    def keep(self, folder: Path) -> Path:
        file = folder / f"{self.engine}-{self.members}.json"
        file.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return file


def last(folder: Path, engine: str, members: int) -> Results:
    """What was kept today of this engine and size, or nothing yet."""
    file, new = folder / f"{engine}-{members}.json", Results(engine, members)
    before = _read(json.loads(file.read_text())) if file.exists() else new
    return before if before.on == new.on else new


def kept(folder: Path) -> Iterator[Results]:
    """All that were kept, by engine and size."""
    read = [_read(json.loads(file.read_text())) for file in folder.glob("*-*.json")]
    yield from sorted(read, key=lambda each: (each.engine, each.members))


def machine() -> str:
    """What it ran on, without its name."""
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    memory = round(int(total.split()[1]) / 1024 / 1024)
    return f"{cores} cores, {memory} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _read(given: dict[str, Any]) -> Results:
    given["pages"] = [
        OnePage(**(page | {by: Cost(**page[by]) if page[by] else None for by in ("certfolio", "limit")}))
        for page in given["pages"]
    ]
    given["processes"] = {name: Process(**each) for name, each in given["processes"].items()}
    given["works"] = [Work(**each) for each in given["works"]]
    return Results(**given)
