"""Which notices Certfolio finds due today, as one JSON object: for bench/bulk.py, in a process of its own."""

from __future__ import annotations

import json
import time

from wsgi import app


def main() -> None:
    from records import clock  # because: the application must be there first
    from records.database import organization_scope, this_organization
    from records.queries.due_notices import candidates

    with app.app_context(), organization_scope(1):
        day = clock.today(this_organization())
        began = time.perf_counter()
        found = candidates(day)
        print(json.dumps({"rows": len(found), "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
