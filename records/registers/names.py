"""People's names: taking a full name apart, and telling whether two are the same."""

from __future__ import annotations

from typing import NamedTuple

from records.models.text import folded, tidy

# Compared without dots and case. A lone "I" or "V" may be an initial, so it counts only after two names.
_SUFFIXES = frozenset(
    ("jr", "sr", "ii", "iii", "iv", "v", "junior", "senior", "md", "phd", "pe", "esq", "rn", "lpn", "emt", "dds", "dvm")
)
_MAY_BE_INITIALS = frozenset({"v", "i"})
# What belongs to the family name after it. Kept to those that are rarely a given name of their own.
_PARTICLES = frozenset(
    (
        "de",
        "del",
        "della",
        "der",
        "den",
        "des",
        "di",
        "dos",
        "du",
        "la",
        "le",
        "mac",
        "mc",
        "st",
        "van",
        "von",
        "ter",
        "zu",
    )
)


class Name(NamedTuple):
    given: str
    family: str
    suffix: str = ""

    @property
    def full(self) -> str:
        return " ".join(part for part in (self.given, self.family, self.suffix) if part)


def split_name(full: str) -> Name:
    """Given, family and suffix of a full name: "Ann B de Vries Jr.", or "de Vries Jr., Ann B"."""
    full = tidy(full)
    first, comma, rest = full.partition(",")
    if comma and rest.strip() and not all(_is_suffix(word) for word in rest.replace(",", " ").split()):
        family, suffix = _without_suffix(first.split(), keep=1)
        given, after = _without_suffix(rest.replace(",", " ").split(), keep=1)
        return Name(" ".join(given), " ".join(family), " ".join(suffix + after))
    words, suffix = _without_suffix(full.replace(",", " ").split(), keep=1)
    start = max(len(words) - 1, 0)
    while start > 1 and suffix_key(words[start - 1]) in _PARTICLES:
        start -= 1
    return Name(" ".join(words[:start]), " ".join(words[start:]), " ".join(suffix))


def _without_suffix(words: list[str], *, keep: int) -> tuple[list[str], list[str]]:
    suffix: list[str] = []
    while len(words) > keep and _is_suffix(words[-1]):
        if suffix_key(words[-1]) in _MAY_BE_INITIALS and len(words) < 3:
            break
        suffix.insert(0, words[-1])
        words = words[:-1]
    return words, suffix


def _is_suffix(word: str) -> bool:
    return suffix_key(word) in _SUFFIXES


def suffix_key(suffix: str) -> str:
    """By which suffixes are compared: "JR." and "Jr" are one."""
    return folded(suffix).replace(".", "").replace(" ", "")


def person_key(name: Name) -> str:
    """By which names are compared: without case, accents and dots; the suffix counts."""
    whole = folded(f"{name.given} {name.family}").replace(".", "")
    suffix = suffix_key(name.suffix)
    return f"{whole}, {suffix}" if suffix else whole


def are_alike(one: Name, other: Name) -> bool:
    """Whether two names can be one person's: the same family name, or all words of the shorter in the longer."""
    if one == other:
        return True
    if folded(one.family) == folded(other.family) and one.family:
        return True
    words, others = (set(folded(name.full).replace(".", "").split()) for name in (one, other))
    return words <= others or others <= words
