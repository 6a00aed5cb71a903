"""The design's tokens: every pair that is read together has WCAG 2.2 AA's contrast, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from records.pages.theme import DARK, LIGHT, PAGE_COLOURS

ROOT = Path(__file__).resolve().parents[2]
SKIN = ROOT / "records" / "static" / "records" / "skin"
TOKENS = (SKIN / "tokens.css").read_text()
PLAIN, MORE = TOKENS.split("@media (prefers-contrast: more)")
SIDES = {LIGHT: 0, DARK: 1}
SURFACES = ("page", "surface", "surface-2")
TONES = ("danger", "warn", "good", "info")
READ_TOGETHER = [
    *((text, surface, 4.5) for text in ("text", "text-soft", "accent", "accent-strong") for surface in SURFACES),
    *((tone, surface, 4.5) for tone in TONES for surface in (*SURFACES, f"{tone}-soft")),
    *(("text", f"{tone}-soft", 4.5) for tone in TONES),
    *((text, "accent-soft", 4.5) for text in ("text", "text-soft", "accent", "accent-strong")),
    *(("on-accent", accent, 4.5) for accent in ("accent", "accent-strong")),
    *(("line-strong", surface, 3.0) for surface in ("page", "surface")),
    *(("focus", surface, 3.0) for surface in (*SURFACES, "accent-soft")),
]


def colours(text: str) -> dict[str, tuple[str, str]]:
    """Each colour token with its value in light and in dark."""
    return {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", text)}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("more", [False, True], ids=["as it is", "more contrast"])
@pytest.mark.parametrize("theme", SIDES)
@pytest.mark.parametrize(("text", "surface", "least"), READ_TOGETHER)
def test_pairs_that_are_read_together_have_contrast(
    text: str, surface: str, least: float, theme: str, more: bool
) -> None:
    known = colours(PLAIN) | (colours(MORE) if more else {})
    assert contrast(known[text][SIDES[theme]], known[surface][SIDES[theme]]) >= least


def test_more_contrast_is_more() -> None:
    plain, more = colours(PLAIN), colours(MORE)
    for name in ("line", "line-strong", "text-soft", "accent"):
        for side in SIDES.values():
            surface = plain["surface"][side]
            assert contrast(more[name][side], surface) > contrast(plain[name][side], surface), name


def test_a_telephone_s_bar_has_the_colour_of_the_page() -> None:
    assert tuple(PAGE_COLOURS[theme] for theme in SIDES) == colours(PLAIN)["page"]


@pytest.mark.parametrize("path", sorted(SKIN.glob("*.css")), ids=lambda path: path.name)
def test_every_token_that_is_read_exists_and_colours_stand_in_one_place(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= set(re.findall(r"(--[\w-]+):", TOKENS + text))
    if path.name != "tokens.css":
        paper = {"#fff", "#000"}  # what is printed, and scans, which lie on paper
        assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])", text)) <= paper


def test_every_sheet_of_the_skin_is_linked() -> None:
    document = (ROOT / "records/templates/records/document.html").read_text()
    for path in set(SKIN.glob("*.css")) - {SKIN / "gallery.css"}:  # which one page of development links
        assert f'"{path.stem}"' in document, path.name
