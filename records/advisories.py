"""Known weaknesses of pinned packages, from a database of OSV records (https://ossf.github.io/osv-schema/) on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
Record = Mapping[str, Any]


class UnreadableDatabase(Exception):
    """Says which file cannot be read, and why."""


@dataclass(frozen=True, order=True)
class Advisory:
    """One known weakness of one pinned package. `fixed_in` holds the versions that mend it, none where none does."""

    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...] = ()
    summary: str = ""


def pinned_in(requirements: str) -> set[tuple[str, str]]:
    """The name (as PEP 503 writes it) and the version of each package that a lock file's text pins."""
    lines = (line.partition("\\")[0].strip() for line in requirements.splitlines() if "==" in line)
    named = (Requirement(line) for line in lines if line and not line.startswith(("#", "-")))
    return {(canonicalize_name(each.name), pin.version) for each in named for pin in each.specifier}


def records_in(database: Path) -> list[Record]:
    """The records about packages of PyPI in a folder of JSON files, or in a ZIP of them as it is published.

    Raises UnreadableDatabase, also where there is none: a wrong file must not look like good news.
    """
    found = [record for record in _read(database) if any(map(_package, record.get("affected", ())))]
    if not found:
        raise UnreadableDatabase(f"{database.name} holds no record of {ECOSYSTEM}")
    return found


def _read(database: Path) -> Iterator[Record]:
    for name, content in _files(database):
        try:
            record = json.loads(content)
        except ValueError:
            raise UnreadableDatabase(f"{name} is no JSON") from None
        if not isinstance(record, dict) or "id" not in record:
            raise UnreadableDatabase(f"{name} is no OSV record")
        yield record


def _files(database: Path) -> Iterator[tuple[str, bytes]]:
    if database.is_dir():
        yield from ((path.name, path.read_bytes()) for path in sorted(database.rglob("*.json")))
        return
    try:
        with ZipFile(database) as archive:
            yield from ((name, archive.read(name)) for name in sorted(archive.namelist()) if name.endswith(".json"))
    except BadZipFile:
        raise UnreadableDatabase(f"{database.name} is neither a folder nor a ZIP") from None


def known(records: Iterable[Record], pins: set[tuple[str, str]]) -> list[Advisory]:
    """What `records` say of `pins`, by package; withdrawn records say nothing."""
    versions: dict[str, set[str]] = {}
    for name, version in pins:
        versions.setdefault(name, set()).add(version)
    return sorted(
        Advisory(name, version, record["id"], _fixed_in(affected, version), record.get("summary", ""))
        for record in records
        if not record.get("withdrawn")
        for affected in record.get("affected", ())
        if (name := _package(affected)) in versions
        for version in versions[name]
        if is_affected(version, affected)
    )


def _package(affected: Record) -> str:
    package = affected.get("package", {})
    return canonicalize_name(package.get("name", "")) if package.get("ecosystem") == ECOSYSTEM else ""


def is_affected(version: str, affected: Record) -> bool:
    """Whether `version` is listed, or lies in one of the ranges of versions. A range that cannot be read holds all."""
    pinned = Version(version)
    if any(_same(pinned, listed) for listed in affected.get("versions", ())):
        return True
    return any(_holds(pinned, each["events"]) for each in affected.get("ranges", ()) if each["type"] != "GIT")


def _same(pinned: Version, listed: str) -> bool:
    try:
        return Version(listed) == pinned
    except InvalidVersion:
        return False


def _holds(pinned: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Events are walked in the order of their versions: from `introduced` on it is affected, from `fixed` on no more,
    and after `last_affected` no more."""
    try:
        walked = sorted((Version(version), kind) for event in events for kind, version in event.items())
    except InvalidVersion:
        return True
    inside = False
    for version, kind in walked:
        if kind == "introduced" and version <= pinned:
            inside = True
        if (kind == "fixed" and version <= pinned) or (kind == "last_affected" and version < pinned):
            inside = False
    return inside


def _fixed_in(affected: Record, version: str) -> tuple[str, ...]:
    """Only what lies ahead: several lines of versions may each have a fix."""
    ranges = (each for each in affected.get("ranges", ()) if each["type"] != "GIT")
    fixes = (event["fixed"] for each in ranges for event in each["events"] if "fixed" in event)
    return tuple(fix for fix in fixes if _is_after(fix, Version(version)))


def _is_after(fix: str, pinned: Version) -> bool:
    try:
        return Version(fix) > pinned
    except InvalidVersion:
        return True
