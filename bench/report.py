"""Tables and plots of what was measured: python -m bench.report [--from FOLDER] [--to FOLDER]"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.asking import Cost
from bench.installation import ROOT
from bench.measure import CERTFOLIO
from bench.plots import write_plots
from bench.results import OnePage, Results, Work, kept

# What the limit's seconds may be multiplied with at most, by work and engine.
_MOST = {
    ("export, CSV", ""): 1.3,
    ("import", "sqlite"): 5.0,
    ("import", "postgresql"): 2.5,
    ("due reminders", ""): 1.5,
    ("process start", ""): 1.4,
    ("download, 1 MiB, X-Accel", ""): 1.5,
    ("download, 50 MiB, X-Accel", ""): 1.1,
    ("upload, 50 MiB, form", ""): 1.0,
    ("upload, 50 MiB, safe on disk", ""): 3.0,
}
_GROWTH_IN, _STEADY = 1.5, 4.0  # times
_HEAD = """# What was measured

Written by `python -m bench.report` from the results of `make bench`; how it is measured stands in
[README.md](README.md). Times are milliseconds, of one browser that asks for one page after the other. *CPU* is the
processor's time of a request, of all web processes and of PostgreSQL's. *Times the limit* compares with the limit in
the same run, on the same data: p50, and in brackets CPU, which tells more where the machine had other work. A goal that
was missed is marked with ✗. Of an export, memory is how much it grew; of a command, the most of its own that it had.
"""


def written(every: Sequence[Results]) -> Iterator[str]:
    """The page, line by line."""
    yield _HEAD
    for results in every:
        yield f"\n## {results.members:,} members, {10 * results.members:,} certifications, on {_name(results.engine)}\n"
        yield f"On {results.on}; {results.machine}; load before it began: {results.load:.1f}.\n"
        yield from _pages(results.pages)
        yield from _processes(results)
        yield from _works(results.works, results.engine)
    yield from _growth(every)


def _pages(pages: Sequence[OnePage]) -> Iterator[str]:
    if not pages:
        return
    yield "| page | p50 | p99 | CPU | statements | KB | limit's p50 | times the limit | goal |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for page in pages:
        cost = page.certfolio
        if cost is None:
            yield f"| {page.name} | no answer | | | {page.statements} | | {_p50(page.limit)} | | {_goal(page)} |"
            continue
        p99 = f"{cost.p99:.1f}{_mark(cost.p99 > _STEADY * cost.p50)}"
        yield (
            f"| {page.name} | {cost.p50:.1f} | {p99} | {cost.processor:.1f} | {page.statements}"
            f" | {cost.size / 1000:.1f} | {_p50(page.limit)} | {_ratio(page)} | {_goal(page)} |"
        )
    yield ""


def _ratio(page: OnePage) -> str:
    if page.ratio is None:
        return ""
    processor = f" ({page.processor_ratio:.1f})" if page.processor_ratio else ""
    return f"{page.ratio:.1f}{processor}"


def _goal(page: OnePage) -> str:
    if page.most is None:
        return ""
    return f"{page.most:g}{_mark(page.ratio is None or page.ratio > page.most)}"


def _mark(is_missed: bool) -> str:
    return " ✗" if is_missed else ""


def _p50(cost: Cost | None) -> str:
    return f"{cost.p50:.2f}" if cost else ""


def _processes(results: Results) -> Iterator[str]:
    if not results.processes:
        return
    yield "| two workers | memory (PSS) after all pages | the most of one | ready after |"
    yield "|---|---|---|---|"
    for name, each in results.processes.items():
        yield f"| {name} | {each.memory / 1e6:.0f} MB | {each.most / 1e6:.0f} MB | {each.started_in:.1f} s |"
    yield ""


def _works(works: Sequence[Work], engine: str) -> Iterator[str]:
    if not works:
        return
    yield "| work | rows | seconds | CPU, s | first byte | memory | beside it | seconds | memory | times | goal |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for ours in works:
        if not ours.by.startswith(CERTFOLIO):
            continue
        theirs = next(each for each in works if each.name == ours.name and each is not ours)
        times, most = ours.seconds / theirs.seconds, _MOST.get((ours.name, engine), _MOST.get((ours.name, "")))
        goal = f"{most:g}{_mark(times > most)}" if most else ""
        busy = f"{ours.processor:.2f}" if ours.processor is not None else ""
        first = f"{ours.first_byte:.2f} s" if ours.first_byte is not None else ""
        yield (
            f"| {ours.name} | {ours.rows:,} | {ours.seconds:.3f} | {busy} | {first} | {_memory(ours)} | {theirs.by}"
            f" | {theirs.seconds:.3f} | {_memory(theirs)} | {times:.2f} | {goal} |"
        )
    yield ""


def _memory(work: Work) -> str:
    return f"{work.growth / 1e6:.0f} MB" if work.growth is not None else ""


def _growth(every: Sequence[Results]) -> Iterator[str]:
    """CPU of the largest size against that of the smallest, by database."""
    for engine in sorted({each.engine for each in every}):
        ours = [each for each in every if each.engine == engine and each.pages]
        if len(ours) < 2:
            continue
        small, large = ours[0], ours[-1]
        yield f"\n## From {small.members:,} to {large.members:,} members on {_name(engine)}\n"
        yield f"CPU of a request; the goal is {_GROWTH_IN:g} times.\n"
        yield "| page | CPU, smallest | CPU, largest | times |"
        yield "|---|---|---|---|"
        before = {page.name: page.certfolio for page in small.pages}
        for page in large.pages:
            first, last = before.get(page.name), page.certfolio
            if first and last and first.processor:
                times = last.processor / first.processor
                yield (
                    f"| {page.name} | {first.processor:.1f} | {last.processor:.1f} |"
                    f" {times:.2f}{_mark(times > _GROWTH_IN)} |"
                )


def _name(engine: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(engine, engine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--to", type=Path, default=ROOT / "bench")
    asked = parser.parse_args()
    every = list(kept(asked.source))
    page = asked.to / "RESULTS.md"
    page.write_text("\n".join(written(every)).rstrip() + "\n")
    print(page, *write_plots(every, asked.to / "plots"), sep="\n")


if __name__ == "__main__":
    main()
