"""Who is in the demo organizations: names, units, and the few that the demo accounts belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from records.models import Role
from records.models.text import folded


@dataclass(frozen=True)
class Person:
    """`email` is that of a demo account where `signs_in`. `scope` names the units that a coordinator covers;
    `reviews` is whether they were granted reviewing.

    `invited` and `last_seen` are days ago, None for never; who was seen has an account.
    """

    given: str
    family: str
    unit: str | None = None
    suffix: str = ""
    email: str | None = None
    signs_in: bool = False
    role: Role = Role.MEMBER
    covers_organization: bool = False
    reviews: bool = False
    scope: tuple[str, ...] = ()
    is_active: bool = True
    invited: int | None = None
    last_seen: int | None = None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.given, self.family, self.suffix) if part)


def _account(given: str, family: str, unit: str | None, email: str, role: Role = Role.MEMBER) -> Person:
    whole = role == Role.TRAINING_COORDINATOR
    return Person(given, family, unit, email=email, signs_in=True, role=role, covers_organization=whole,
                  reviews=whole)  # fmt: skip


FIRE_ACCOUNTS = (
    _account("Dana", "Whitfield", "Headquarters", "admin@demo.example", Role.ADMINISTRATOR),
    _account("Marcus", "Oyelaran", "Training Division", "coordinator@demo.example", Role.TRAINING_COORDINATOR),
    _account("Jordan", "Reyes", "Engine 1", "member@demo.example"),
    Person("Ingrid", "Solberg", "Station South", email="captain@demo.example", signs_in=True,
           role=Role.TRAINING_COORDINATOR, scope=("Station South",)),
)  # fmt: skip

_CREWS = {
    "Engine 1": (
        "Aaliyah Brooks", "Tomás Herrera", "Wei-Ling Chen", "Connor O’Rourke", "Priya Raman", "Samuel Adeyemi",
        "Hannah Lindqvist", "Robert Dale Jr.",
    ),
    "Ladder 2": ("Nkechi Okonkwo", "Lars Eriksen", "Mateo Núñez", "Grace Kim", "Deshawn Carter", "Elif Yılmaz"),
    "Medic 3": ("Sofía Delgado", "Amir Haddad", "Claire Fontaine", "Jamal Washington", "Yuki Tanaka", "Piotr Łukasik"),
    "Station North": ("Margaret Sullivan", "Thomas Bergström"),
    "Engine 4": (
        "Rosa Jiménez", "Andre Baptiste", "Kateryna Bondar", "Michael Stone", "Linh Nguyen", "Owen Price",
        "Fatima Zahra", "Robert Dale Sr.",
    ),
    "Rescue 5": ("Björn Halvorsen", "Chidi Eze", "Maria Rossi", "Tyler Whitehorse", "Anjali Mehta", "Noah Feldman"),
    "Medic 6": ("Zainab Yusuf", "Lucas Moreau", "Emily Park", "Diego Fuentes", "Hana Kovář", "Kwame Mensah"),
    "Station South": ("Patricia Gallagher",),
    "Training Division": ("Helen Marsh", "Ravi Shankar", "Jürgen Weiß"),
    "Logistics": ("Walter Novak", "Bianca Costa", "Peter Van den Berg", "Lucy Hernandez"),
    "Headquarters": ("Eleanor Vance", "Isaac Goldberg"),
}  # fmt: skip

_UNASSIGNED = ("Theo Marchetti", "Alma Østergaard", "Victor Chukwu")
# Whom a register brought in once more: he is Tomás Herrera of Engine 1.
_TWICE = {"Logistics": ("Tomas Herrera",)}
_WITHOUT_EMAIL = {"Walter Novak", "Robert Dale Sr.", "Owen Price", "Alma Østergaard", "Lucy Hernandez", "Chidi Eze",
                  "Tomas Herrera"}  # fmt: skip
_DEACTIVATED = {"Michael Stone", "Claire Fontaine", "Isaac Goldberg", "Victor Chukwu"}

CLINIC_ACCOUNTS = (
    _account("Katharina", "Vogel", "Administration", "admin@other.example", Role.ADMINISTRATOR),
    _account("Jonas", "Richter", "Emergency Department", "member@other.example"),
)
_WARDS = {
    "Emergency Department": ("Leyla Demir", "Jordan Reyes", "Annika Sommer", "Paul Krüger"),
    "Radiology": ("Sabine Hofmann", "Mehmet Aydın"),
    "Surgery": ("Clara Neumann", "Dimitri Petrov", "Ewa Zielińska"),
}


def fire_people() -> tuple[Person, ...]:
    """Everybody of the fire service, the holders of demo accounts first."""
    crews = (_CREWS, {"": _UNASSIGNED}, _TWICE)
    return (*FIRE_ACCOUNTS, *(person for each in crews for person in _crews(each, "lakeside.example")))


def clinic_people() -> tuple[Person, ...]:
    return (*CLINIC_ACCOUNTS, *_crews(_WARDS, "hillside.example"))


def _crews(crews: Mapping[str, tuple[str, ...]], domain: str) -> list[Person]:
    """An empty unit stands for none."""
    named = [(name, unit or None) for unit, names in crews.items() for name in names]
    return [_person(name, unit, domain, place) for place, (name, unit) in enumerate(named)]


def _person(name: str, unit: str | None, domain: str, place: int) -> Person:
    given, _, family = name.partition(" ")
    family, suffix = (family[:-4], family[-3:]) if family.endswith(("Jr.", "Sr.")) else (family, "")
    reachable = name not in _WITHOUT_EMAIL
    return Person(
        given,
        family,
        unit,
        suffix,
        email=_address(given, family, suffix, domain) if reachable else None,
        is_active=name not in _DEACTIVATED,
        invited=40 + place if reachable and place % 5 != 4 else None,
        last_seen=place * 7 % 37 if reachable and place % 5 < 3 else None,
    )


def _address(given: str, family: str, suffix: str, domain: str) -> str:
    words = folded(f"{given} {family} {suffix}").replace("’", "").replace(".", "")
    return f"{'.'.join(words.split())}@{domain}"
