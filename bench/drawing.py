"""The project's own data, drawn: deterministic for a number of members, a seed and a day, and never whole in memory.

Of every member: ten certifications of ten types, a scan of three in ten of them, and the notices that went out so far.
External certificates: two of each member, of every n-th member where that would be more than 200,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from bench.facts import Course, Holding, Notice, Paper, Person, Type
from bench.few_rows import STAGES

HELD_BY_EACH, MOST_COURSES = 10, 200_000
TYPES, UNITS, CREDIT_TYPES = 40, 40, 8
_STRIDE = 7  # shares no factor with TYPES: ten steps lead to ten types
_MONTHS = (12, 24, 36)
_BACK, _AHEAD = 1800, 1200  # days around today that dates lie in
_NAMESAKES = 50  # members of one family name, so that a search finds as many at any size
_LATELY = 100  # days for which an expiry is news
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeo"]


class Drawn:
    """A source of facts (bench/facts.py) for `members` members."""

    def __init__(self, members: int, *, today: date, seed: int = 7) -> None:
        self.members = members
        self._seed = seed
        self._days = [(today + timedelta(days=each)).isoformat() for each in range(-_BACK, _AHEAD)]
        draw = self._draw("types")
        self.units = [f"Station {number:02d}" for number in range(1, UNITS + 1)]
        self.types = [
            Type(number, f"Certification {number:02d}", draw.choice(_MONTHS)) for number in range(1, TYPES + 1)
        ]
        self.credit_types = [f"Credit type {number}" for number in range(1, CREDIT_TYPES + 1)]
        self._given, self._family = _names(draw, 500, 2), _names(draw, max(20, members // _NAMESAKES), 4)

    def people(self) -> Iterator[Person]:
        random = self._draw("people").random
        given_names, family_names = self._given, self._family
        families = len(family_names)
        for number in range(1, self.members + 1):
            given, family = given_names[int(random() * 500)], family_names[int(random() * families)]
            email = f"{given}.{family}.{number}@example.org".lower()
            joined = self._days[_BACK - 1 - int(random() * 1700)]
            unit = 1 + int(random() * UNITS)
            yield Person(number, f"M{number:08d}", given, family, email, unit, joined, random() < 0.92)

    def holdings(self) -> Iterator[Holding]:
        for holding, _ in self._held():
            yield holding

    def papers(self) -> Iterator[Paper]:
        for number in range(1, HELD_BY_EACH * self.members + 1):
            if number % 10 < 3:
                yield Paper(number, f"{number:064x}")

    def courses(self) -> Iterator[Course]:
        random, days = self._draw("courses").random, self._days
        every = max(1, 2 * self.members // MOST_COURSES)
        number = 0
        for member in range(every, self.members + 1, every):
            for _ in range(2):
                number += 1
                lot = random()
                state = "pending" if lot < 0.05 else "declined" if lot < 0.12 else "approved"
                ago = int(random() * 30) if state == "pending" else 30 + int(random() * 970)
                submitted = f"{days[_BACK - 1 - ago]} {int(random() * 24):02d}:{int(random() * 60):02d}:00.000000"
                decided = None if state == "pending" else f"{days[_BACK - ago]} 23:30:00.000000"
                yield Course(
                    number, member, 1 + int(random() * CREDIT_TYPES), f"External course {int(random() * 400)}",
                    f"Issuer {int(random() * 200)}", days[_BACK - 31 - ago], None, state, submitted, decided,
                    50 * (1 + int(random() * 40)),
                )  # fmt: skip

    def notices(self) -> Iterator[Notice]:
        """Those whose day has passed, but for a few; today's are still to be sent."""
        random, days = self._draw("notices").random, self._days
        first = max(STAGES)
        for holding, left in self._held():
            if holding.is_revoked or not -_LATELY <= left < first:
                continue
            for stage in STAGES:
                if left < stage and random() < 0.98:
                    due_on = days[_BACK + left - stage]
                    yield Notice(holding.id, holding.member_id, holding.expires_on, stage, due_on)

    def _held(self) -> Iterator[tuple[Holding, int]]:
        """Each with the days that are left of it."""
        random, days = self._draw("holdings").random, self._days
        terms = [30 * each.months for each in self.types]
        number = 0
        for member in range(1, self.members + 1):
            kind = int(random() * TYPES)
            for _ in range(HELD_BY_EACH):
                number += 1
                kind = (kind + _STRIDE) % TYPES
                ago = int(random() * 1095)
                left = terms[kind] - ago
                yield Holding(
                    number, member, kind + 1, f"C-{kind + 1:02d}-{number:09d}", days[_BACK - ago], days[_BACK + left],
                    random() < 0.01,
                ), left  # fmt: skip

    def _draw(self, what: str) -> Random:
        return Random(f"{self._seed} {what}")


def _names(draw: Random, number: int, syllables: int) -> list[str]:
    names: set[str] = set()
    while len(names) < number:
        names.add("".join(draw.choice(_SYLLABLES) for _ in range(syllables)).capitalize())
    return sorted(names)
