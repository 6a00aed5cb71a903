"""Bulk work at the limit: sets of rows, in the bulk protocol of the database. Prints one JSON object.

python -m bench.limit.bulk import FILE.csv | due      (BENCH_FILE or BENCH_DATABASE say where)
"""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.few_rows import STAGES
from bench.limit.connection import DATABASE, connect

_AT_ONCE, _PIECE = 2000, 65_536
_NEWS_FOR = 90  # days for which the last stage stands, as records.models.notice says
_EXPORTED = (
    "SELECT m.family_name, m.given_name, m.number AS member_number, u.name AS unit, t.name AS type, c.number,"
    " c.issued_on, c.expires_on FROM certification c JOIN member m ON m.id = c.member_id"
    " JOIN certification_type t ON t.id = c.type_id LEFT JOIN unit u ON u.id = m.unit_id"
    " WHERE c.organization_id = 1 AND c.deleted_at IS NULL AND c.revoked_on IS NULL AND m.deactivated_at IS NULL"
    " ORDER BY c.expires_on, c.id"
)
_STAGE = (
    "CREATE TEMP TABLE stage (member text, given text, family text, type text, number text, issued date, expires date)"
)
_BAD = (
    "SELECT count(*) FROM stage s LEFT JOIN member m ON m.organization_id = 1 AND m.folded_number = lower(s.member)"
    " LEFT JOIN certification_type t ON t.organization_id = 1 AND t.folded_name = lower(s.type)"
    " LEFT JOIN certification c ON c.organization_id = 1 AND c.member_id = m.id AND c.type_id = t.id"
    " AND c.number = s.number AND c.expires_on = s.expires AND c.deleted_at IS NULL"
    " WHERE m.id IS NULL OR t.id IS NULL OR c.id IS NOT NULL OR s.issued > s.expires"
)
_BRING_IN = (
    "INSERT INTO certification (organization_id, member_id, type_id, number, folded_number, issued_on, expires_on,"
    " recorded_on, suspended_reason, revoked_reason, created_at, version)"
    " SELECT 1, m.id, t.id, s.number, lower(s.number), s.issued, s.expires, CURRENT_DATE, '', '', CURRENT_TIMESTAMP, 1"
    " FROM stage s JOIN member m ON m.organization_id = 1 AND m.folded_number = lower(s.member)"
    " JOIN certification_type t ON t.organization_id = 1 AND t.folded_name = lower(s.type)"
)
_DUE = (
    "SELECT c.id, c.member_id FROM certification c WHERE c.organization_id = 1 AND c.deleted_at IS NULL"
    " AND c.revoked_on IS NULL AND c.expires_on > {first} AND c.expires_on <= {last} AND NOT EXISTS (SELECT 1"
    " FROM reminder r WHERE r.organization_id = 1 AND r.certification_id = c.id AND r.expires_on = c.expires_on"
    " AND r.due_on = {due}) AND EXISTS (SELECT 1 FROM member m WHERE m.id = c.member_id AND m.deactivated_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM certification f WHERE f.organization_id = 1 AND f.member_id = c.member_id"
    " AND f.type_id = c.type_id AND f.expires_on > c.expires_on AND f.deleted_at IS NULL AND f.revoked_on IS NULL)"
)


def exported() -> Iterator[bytes]:
    """All certifications that stand, as CSV."""
    connection = connect()
    if DATABASE:
        with connection.cursor().copy(f"COPY ({_EXPORTED}) TO STDOUT WITH (FORMAT csv, HEADER)") as copy:
            piece = bytearray()
            for row in copy:
                piece += row
                if len(piece) > _PIECE:
                    yield bytes(piece)
                    piece.clear()
            yield bytes(piece)
    else:
        rows, text = connection.execute(_EXPORTED), io.StringIO()
        writer = csv.writer(text)
        writer.writerow([column[0] for column in rows.description])
        while some := rows.fetchmany(_AT_ONCE):
            writer.writerows(some)
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    connection.close()


def bring_in(file: Path) -> int:
    """Check and insert all rows of a register; how many. Raises ValueError where one is bad."""
    connection = connect()
    connection.execute(_STAGE)
    connection.execute("BEGIN")
    if DATABASE:
        with (
            connection.cursor().copy("COPY stage FROM STDIN WITH (FORMAT csv, HEADER)") as copy,
            file.open("rb") as lines,
        ):
            while piece := lines.read(_PIECE):
                copy.write(piece)
        connection.execute("ANALYZE stage")
    else:
        with file.open(newline="") as lines:
            rows = csv.reader(lines)
            next(rows)
            connection.executemany("INSERT INTO stage VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    if connection.execute(_BAD).fetchone()[0]:
        raise ValueError("bad rows")
    number = connection.execute(_BRING_IN).rowcount
    connection.execute("COMMIT")
    return int(number)


def due() -> int:
    """How many certifications have a notice due today: of each, the latest stage that came and was not sent."""
    connection, today, number = connect(), datetime.now(UTC).date(), 0
    for stage, following in zip(STAGES, (*STAGES[1:], STAGES[-1] - _NEWS_FOR - 1), strict=True):
        first, last = (today + timedelta(days=each) for each in (following, stage))
        where = f"date(c.expires_on, '-{stage} days')" if not DATABASE else f"c.expires_on - {stage}"
        statement = _DUE.format(first=f"'{first}'", last=f"'{last}'", due=where)
        number += len(connection.execute(statement).fetchall())
    return number


def main() -> None:
    what, *files = sys.argv[1:]
    began = time.perf_counter()
    number: Any = bring_in(Path(files[0])) if what == "import" else due()
    print(json.dumps({"rows": number, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
