"""The table at the end of SECURITY.md: every check is answered, by tests that exist and run, or by words."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "SECURITY.md").read_text()

# Those of OWASP ASVS 5.0, levels 1 and 2, that can be tried here, and our own.
ASVS = """
V1.1.1..2 V1.2.1..5 V1.2.9 V1.3.1..2 V1.3.4 V1.3.6..7 V1.3.10..11 V1.5.1..2 V2.1.1 V2.2.1..3 V2.3.1..4 V2.4.1
V3.2.1..2 V3.3.1..4 V3.4.1..6 V3.5.1 V3.5.3 V4.1.1 V4.1.3 V4.2.1 V5.1.1 V5.2.1..3 V5.3.1..2 V5.4.1..3 V6.1.1
V6.2.1..9 V6.3.1..2 V6.3.4 V6.4.1..3 V7.1.1 V7.2.1..4 V7.3.1..2 V7.4.1..5 V7.5.1..2 V7.6.2 V8.1.1..2 V8.2.1..3
V8.3.1 V8.4.1 V9.1.1 V9.2.1..2 V11.4.1..2 V11.5.1 V12.2.1 V13.2.3 V13.4.1..5 V14.2.1..2 V14.3.1..2 V15.1.1..2
V15.2.1 V15.2.3 V15.3.1 V15.3.3 V15.3.5 V15.3.7 V16.2.1 V16.2.5 V16.3.1..4 V16.4.1..2 V16.5.1..3
"""
OURS = "FA-01..14 UP-01..11 IMP-01..10 ST-01..05 EXP-01..02 PERF-01"
ROW = re.compile(r"^\| ([A-Z]+[\d.-]+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\[[^]]+\]\(([^)#]*)(?:#([^)]+))?\)")


def expanded(ranges: str) -> list[str]:
    """V3.3.1..3 is V3.3.1, V3.3.2 and V3.3.3."""
    ids = []
    for each in ranges.split():
        first, _, last = each.partition("..")
        stem, number = re.fullmatch(r"(.+[.-])(\d+)", first).groups()  # type: ignore[union-attr]  # because: else it fails
        ids += [f"{stem}{at:0{len(number)}}" for at in range(int(number), int(last or number) + 1)]
    return ids


ROWS = {row[0]: row[1:] for row in ROW.findall(TEXT)}


@cache
def module(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@cache
def headings(path: str) -> set[str]:
    """Of a page, as its links name them."""
    titles = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def what_is_wrong(path: str, name: str) -> str:
    """With a test of this name: that there is none, or that it is left out or may fail; "" where it runs."""
    if not (ROOT / path).is_file():
        return f"no file {path}"
    body = module(path).body
    found = [each for each in body if isinstance(each, ast.FunctionDef) and each.name == name]
    if len(found) != 1 or not name.startswith("test_"):
        return f"no test {path}::{name}"
    marks = [ast.unparse(each) for each in found[0].decorator_list]
    marks += [ast.unparse(each) for each in body if isinstance(each, ast.Assign) and "pytestmark" in ast.unparse(each)]
    inside = ast.unparse(found[0])
    if any(re.search(r"\b(skip|skipif|xfail)\b", mark) for mark in marks) or re.search(
        r"pytest\.(skip|xfail)\(", inside
    ):
        return f"{path}::{name} is left out, or may fail"
    return ""


def test_every_check_stands_in_the_table_once() -> None:
    assert [row[0] for row in ROW.findall(TEXT)] == expanded(ASVS + OURS)
    assert len(ROWS) == 169


@pytest.mark.parametrize("check", expanded(ASVS + OURS))
def test_every_check_is_answered(check: str) -> None:
    """By tests that run, by a page that exists, or by words that say something."""
    what, answer = ROWS[check]
    assert len(what) > 10
    tests, links = NAME.findall(answer), LINK.findall(answer)
    assert answer.count("tests/") == len(tests), "a test is not named as it should be"
    assert [wrong for each in tests if (wrong := what_is_wrong(*each))] == []
    for path, anchor in links:
        page = path or "SECURITY.md"
        assert (ROOT / page).is_file(), page
        assert not anchor or anchor in headings(page), anchor
    words = re.sub(r"[`|]", "", LINK.sub("", NAME.sub("", answer)))
    assert tests or links or len(words.split()) > 8


def test_the_eye_of_this_test_sees_what_is_wrong() -> None:
    here = "tests/test_security_table.py"
    assert what_is_wrong(here, "test_every_check_is_answered") == ""
    assert what_is_wrong(here, "test_nothing_of_this_name") != ""
    assert what_is_wrong(here, "expanded") != ""
    assert what_is_wrong("tests/no_file.py", "test_every_check_is_answered") != ""
    assert expanded("V3.3.9..10 FA-09..10") == ["V3.3.9", "V3.3.10", "FA-09", "FA-10"]
