"""The benchmark: make bench. See README.md here.

python -m bench [--sizes 10000 100000] [--engines sqlite postgresql] [--only pages bulk] [--again] …
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench import bulk
from bench.drawing import Drawn
from bench.facts import Person
from bench.installation import ROOT, Installation, named
from bench.load import fill, tell
from bench.measure import measure
from bench.postgresql import server
from bench.results import Results, last

_SOME = 50_000  # members of whom an import has certifications
SQLITE, POSTGRESQL = "sqlite", "postgresql"


def main() -> None:
    asked = _asked()
    folder = asked.folder.resolve()
    with ExitStack() as stack:
        address = stack.enter_context(server(folder, address=asked.server)) if POSTGRESQL in asked.engines else ""
        for members in asked.sizes:
            for engine in asked.engines:
                print(f"\n{members:,} members on {engine}", flush=True)
                database = named(address, f"bench_certfolio_{members}") if engine == POSTGRESQL else ""
                one(Installation(folder / f"{engine}-{members}", database), engine, members, asked)


def one(installation: Installation, engine: str, members: int, asked: argparse.Namespace) -> None:
    """Fill, measure, keep."""
    today = datetime.now(UTC).date()
    source = Drawn(members, today=today)
    filled = installation.folder / "filled"
    said = f"{members} {today}"
    if asked.again or not filled.exists() or filled.read_text() != said:
        tell(fill(installation, source))
        filled.write_text(said)
    results = last(asked.folder, engine, members)
    tell(_measured(installation, results, asked, [*islice(source.people(), _SOME)]))
    print(results.keep(asked.folder))


def _measured(
    installation: Installation, results: Results, asked: argparse.Namespace, people: list[Person]
) -> Iterator[str]:
    if "pages" in asked.only:
        results.pages = []
        yield from measure(installation, results, rounds=asked.rounds, seconds=asked.seconds)
    if "bulk" in asked.only:
        results.works = []
        yield from bulk.measure(installation, results, people)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000], help="numbers of members")
    parser.add_argument("--engines", nargs="+", choices=(SQLITE, POSTGRESQL), default=[SQLITE, POSTGRESQL])
    parser.add_argument("--only", nargs="+", choices=("pages", "bulk"), default=["pages", "bulk"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each page in each round")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench", help="data and results")
    parser.add_argument(
        "--server", default="", help="a PostgreSQL server that is there: postgresql://USER@HOST/postgres"
    )
    parser.add_argument("--again", action="store_true", help="draw the data anew")
    return parser.parse_args()


if __name__ == "__main__":
    main()
