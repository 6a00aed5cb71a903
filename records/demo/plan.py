"""Which certifications the people of the demo hold, in every standing; days are counted from today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from records.demo.catalogue import (
    ACLS,
    CPR,
    DEVICES,
    DRIVER,
    EMT,
    FIREFIGHTER,
    FIT_TEST,
    FORKLIFT,
    HAZMAT,
    HYGIENE,
    INSTRUCTOR,
    MEDICAL,
    NURSING,
    PALS,
    PARAMEDIC,
    RADIATION,
    WATER,
)
from records.demo.people import Person


@dataclass(frozen=True)
class Holding:
    """One certification, `expires_in` days from today (negative: ago).

    `issued_in` where it is not the type's term before that. `renewals` counts the superseded ones behind
    it, `renewed_by` is one that follows. `suspended` and `revoked`: days from today, and the reason.
    `scans` are kinds of paper that `records.demo.papers` makes.
    """

    type: str
    expires_in: int
    issued_in: int | None = None
    note: str = ""
    renewals: int = 0
    renewed_by: Holding | None = None
    suspended: tuple[int, str] | None = None
    revoked: tuple[int, str] | None = None
    is_deleted: bool = False
    scans: tuple[str, ...] = ()


# member@demo.example: a certification in every standing, and every kind of file.
MEMBERS_OWN = (
    Holding(EMT, 412, renewals=2, scans=("card",)),
    Holding(CPR, 21, renewals=1, scans=("picture",)),
    Holding(ACLS, -6, scans=("pdf",)),
    Holding(FORKLIFT, -118, scans=("photo",)),
    Holding(FIREFIGHTER, 1130, scans=("picture", "pdf")),
    Holding(DRIVER, 689, scans=("document",)),
    Holding(HAZMAT, 12, renewed_by=Holding(HAZMAT, 377, issued_in=13)),
    Holding(MEDICAL, 203, note="Glasses required when driving"),
    Holding(WATER, 340, suspended=(-20, "Refresher of the new state course is missing.")),
    Holding(INSTRUCTOR, 900, revoked=(-45, "Issued in error: the examination was not taken.")),
    Holding(PALS, 95, is_deleted=True),
)

_BY_UNIT = {
    "Engine": (EMT, CPR, FIREFIGHTER, HAZMAT, FIT_TEST, MEDICAL),
    "Ladder": (EMT, CPR, FIREFIGHTER, DRIVER, FIT_TEST),
    "Rescue": (EMT, CPR, FIREFIGHTER, HAZMAT, FIT_TEST, MEDICAL),
    "Medic": (PARAMEDIC, CPR, ACLS, PALS, MEDICAL),
    "Station": (PARAMEDIC, CPR, FIREFIGHTER, DRIVER, INSTRUCTOR),
    "Training": (CPR, INSTRUCTOR, FIREFIGHTER),
    "Logistics": (FORKLIFT, CPR),
    "Headquarters": (CPR,),
    "Emergency": (NURSING, CPR, DEVICES),
    "Radiology": (RADIATION, CPR, DEVICES),
    "Surgery": (NURSING, CPR, DEVICES, HYGIENE),
}
_LEFT = (410, 36, 220, 655, -9, 118, 505, 74, 288, -140, 160, 7, 333, 590, 52, -33, 245, 460, 101)
_PAPERS = {4: ("picture",), 11: ("card",), 17: ("pdf",), 26: ("picture",), 33: ("card",), 47: ("picture",)}
_SUSPENDED = (-12, "Hours of continuing education are missing.")
_REVOKED = (-60, "The course was not accredited.")


def holdings_of(person: Person, place: int) -> tuple[Holding, ...]:
    """What `person`, the `place`th of their organization, holds."""
    if person.email == "member@demo.example":
        return MEMBERS_OWN
    kinds = _BY_UNIT.get((person.unit or "").split()[0] if person.unit else "", ())
    return tuple(_varied(kinds, place))


def _varied(kinds: tuple[str, ...], place: int) -> Iterator[Holding]:
    for column, kind in enumerate(kinds):
        holding = Holding(kind, _LEFT[(place * 5 + column * 7) % len(_LEFT)] + place % 9)
        if (place + column) % 3 == 0:
            holding = replace(holding, renewals=1)
        if column == 0:
            holding = replace(holding, scans=_PAPERS.get(place, ()))
        yield _with_measures(holding, place, column)


def _with_measures(holding: Holding, place: int, column: int) -> Holding:
    if (place, column) in ((9, 0), (38, 1)):
        return replace(holding, suspended=_SUSPENDED)
    if (place, column) == (22, 0):
        return replace(holding, revoked=_REVOKED)
    if (place, column) in ((14, 3), (29, 2)):
        return replace(holding, is_deleted=True)
    return holding
