"""Write target files with which another benchmark measures Certfolio beside its own targets: see README.md here.

python -m bench.target --data DATA_DIR [--database postgresql://…] --out FOLDER
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.few_rows import ADMINISTRATOR, LEARNER, PASSWORD
from bench.installation import ROOT, Installation
from bench.pages import Page, facts_of, pages_by_account
from records.hashing import WEB_THREADS

_NAMES = {ADMINISTRATOR: "certfolio", LEARNER: "certfolio_portal"}
# What the other benchmark calls a page of ours, so that both stand in one row.
_THEIRS = {
    "member list": "member_list",
    "member list, deep": "member_deep",
    "search, name": "member_search",
    "search, none": "search_miss",
    "profile": "member_profile",
    "approval queue": "approval_queue",
    "expiring in 30 days": "expiring_30d",
    "portfolio": "portfolio",
}
_SERVER = (
    "-m granian --interface wsgi --host 127.0.0.1 --port {port} --workers 2"
    f" --blocking-threads {WEB_THREADS} --no-access-log --log-level error wsgi:app"
)


def target(name: str, installation: Installation, account: str, pages: list[Page]) -> dict[str, Any]:
    """What the other benchmark reads: how to start, how to sign in, what to ask for."""
    return {
        "name": name,
        "flavour": "tuned",
        "start": ["env", "-C", str(ROOT), sys.executable, *_SERVER.split()],
        "env": installation.environment(),
        "login": {
            "page": "/login",
            "post": "/login",
            "csrf": "csrf_token",
            "fields": {"email": account, "password": PASSWORD},
        },
        "ops": {_THEIRS.get(page.name, _word(page.name)): {"path": page.path, "expect": page.expect} for page in pages},
        "export": "/admin/reports/expiring/export?period=own_dates&first=2000-01-01&last=2150-01-01&renewed=all",
    }


def _word(name: str) -> str:
    return name.replace(",", "").replace(" ", "_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    installation = Installation(asked.data.resolve(), asked.database)
    for account, pages in pages_by_account(facts_of(installation)).items():
        name = _NAMES[account]
        file = asked.out / f"{name}.json"
        file.write_text(json.dumps(target(name, installation, account, pages), indent=1))
        print(file)


if __name__ == "__main__":
    main()
