"""Results are kept and told: tables with goals, and plots that are pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.asking import Cost, typical
from bench.plots import lines_of, write_plots
from bench.report import written
from bench.results import OnePage, Process, Results, Work, kept, last

pytestmark = pytest.mark.once

COST = Cost(p50=4.0, p95=5.0, p99=6.0, processor=3.0, asked=100, size=9000)
LEAST = replace(COST, p50=2.0, processor=1.0)


def results(members: int, *, most: float = 3.0, cost: Cost = COST) -> Results:
    pages = [
        OnePage("member list", cost, LEAST, statements=5, most=most),
        OnePage("report <missing>", refused="503"),
    ]
    works = [Work("import", "limit", 1.0, 10), Work("import", "certfolio", 6.0, 10, growth=1_000_000)]
    return Results("sqlite", members, pages=pages, works=works, processes={"certfolio": Process(1, 2, 3.0)})


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    one = results(100)
    one.keep(tmp_path)
    assert list(kept(tmp_path)) == [one] == [last(tmp_path, "sqlite", 100)]
    assert last(tmp_path, "sqlite", 200).pages == []
    replace(one, on="2001-01-01").keep(tmp_path)
    assert last(tmp_path, "sqlite", 100).pages == [], "what is of another day is measured anew"


def test_a_goal_that_was_missed_is_marked() -> None:
    lines = list(written([results(100), results(1000, most=1.5, cost=replace(COST, processor=9.0))]))
    page, worse = (line for line in lines if line.startswith("| member list | 4.0"))
    assert "| 2.0 (3.0) | 3 |" in page
    assert "| 2.0 (9.0) | 1.5 ✗ |" in worse
    assert any(line.startswith("| import | 10 | 6.000") and line.endswith("6.00 | 5 ✗ |") for line in lines)
    assert "| member list | 3.0 | 9.0 | 3.00 ✗ |" in lines
    assert any(line.startswith("| report <missing> | no answer") for line in lines)


def test_plots_are_pictures_with_a_line_for_each_program(tmp_path: Path) -> None:
    every = [results(1000), results(100)]
    assert lines_of(every)["member list"]["sqlite", "certfolio"] == [(100, 4.0), (1000, 4.0)]
    (file,) = write_plots(every, tmp_path)
    picture = ElementTree.parse(file).getroot()
    assert file.name == "member-list.svg"
    assert len(picture.findall("{http://www.w3.org/2000/svg}polyline")) == 2


def test_of_several_rounds_the_median_counts() -> None:
    rounds = [replace(COST, p50=each) for each in (9.0, 1.0, 2.0)]
    assert typical(rounds) == replace(COST, p50=2.0, asked=300)
