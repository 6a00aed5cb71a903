"""Load data of another benchmark into an installation of Certfolio: see README.md here.

python -m bench.load FOLDER_OF_CSV --data DATA_DIR [--database postgresql://USER@HOST/NAME]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from bench.facts import Source
from bench.installation import Installation
from bench.rows import fillings
from bench.shared_files import SharedFiles
from bench.writing import write_postgresql, write_sqlite


def fill(installation: Installation, source: Source) -> Iterator[str]:
    """Make `installation` anew with the data of `source`; says what it did, step by step."""
    installation.empty()
    if installation.database:
        yield from write_postgresql(installation.database, fillings(source))
    else:
        yield from write_sqlite(str(installation.file), fillings(source))


def tell(steps: Iterator[str]) -> None:
    began = time.monotonic()
    for step in steps:
        print(f"{time.monotonic() - began:6.1f} s  {step}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    tell(fill(Installation(asked.data.resolve(), asked.database), SharedFiles(asked.csv)))


if __name__ == "__main__":
    main()
