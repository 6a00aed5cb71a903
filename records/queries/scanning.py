"""How the virus scan stands, for those who look after it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from records.database import db
from records.models import StoredFile, VirusScan
from records.scanner import scanner


@dataclass(frozen=True)
class ScannerState:
    """`waiting`: how many files of this organization nobody can open until they are scanned."""

    answers: bool
    waiting: int


def scanner_state() -> ScannerState | None:
    """None where files are not scanned. Asks the scanner, for two seconds at most."""
    door = scanner()
    if door is None:
        return None
    waiting = db.session.scalar(select(func.count(StoredFile.id)).where(StoredFile.virus_scan == VirusScan.UNSCANNED))
    db.session.rollback()  # a slow scanner holds nothing of the database
    return ScannerState(door.answers(), waiting or 0)
