"""Files of lists and reports as they are sent: in pieces, as of one instant, and whole or not taken for whole."""

from __future__ import annotations

import csv
import gc
import logging
from io import StringIO
from typing import Any

import pytest

from admin_panel.reports import layout
from admin_panel.reports.layout import Column, Kind, cells_of
from admin_panel.views import members_at_once
from records import tables
from records.database import db, organization_scope, transaction
from records.models import Member, Standing
from records.queries import members
from records.queries.reports import gaps
from tests.cast import LONG_AGO
from tests.holdings import give
from tests.requirements import require

MEMBERS, MISSING = "/admin/members/export", "/admin/reports/missing/export"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Two rows a piece, and a page of the database."""
    for module in (tables, layout, members, gaps):
        monkeypatch.setattr(module, "_AT_ONCE", 2)


def _sent(browse, member, path, **options):
    """Pieces of the answer, as a server asks for them."""
    return browse(member).get(path, buffered=False, **options)


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def _join(name: str, organization) -> None:
    with organization_scope(organization.id), transaction() as session:
        session.add(Member(given_name="Zoë", family_name=name, created_at=LONG_AGO))


def test_the_first_piece_is_sent_before_the_last_row_is_read(cast, browse, monkeypatch):
    taken, every = [], members_at_once.every_member

    def counted(*args, **options):
        for member in every(*args, **options):
            taken.append(member.id)
            yield member

    monkeypatch.setattr(members_at_once, "every_member", counted)
    answer = _sent(browse, cast.ada, MEMBERS)
    coming = iter(answer.response)
    first = next(coming)
    assert len(taken) == 2
    assert [row[0] for row in _rows(first)] == ["Name", "Lindgren, Ada", "Miller, Max"]
    assert sum(1 for _ in coming) == 2
    assert len(taken) == 6
    answer.close()


@pytest.mark.parametrize("path", [MEMBERS, MISSING])
def test_a_file_is_as_of_one_instant(cast, browse, path):
    require(cast)
    answer = _sent(browse, cast.ada, path)
    coming = iter(answer.response)
    first = next(coming)
    _join("Zimmer", cast.fire)
    names = [row[0] for row in _rows(first + b"".join(coming))[1:]]
    assert len(names) == 6
    assert "Zimmer, Zoë" not in names
    answer.close()
    with browse(cast.ada).get(path) as later:
        assert "Zimmer, Zoë" in later.text


def test_nothing_stays_open_where_nobody_takes_the_rest(cast, browse):
    db.session.rollback()
    gc.collect()
    before = db.engine.pool.checkedout()
    answer = _sent(browse, cast.ada, MEMBERS)
    next(iter(answer.response))
    assert db.engine.pool.checkedout() == before + 1
    answer.close()
    assert db.engine.pool.checkedout() == before
    assert browse(cast.ada).head(MEMBERS).status_code == 200
    gc.collect()
    assert db.engine.pool.checkedout() == before


def test_what_breaks_off_says_so_and_is_logged(cast, browse, monkeypatch, caplog):
    every = members_at_once.every_member

    def broken(*args, **options):
        for number, member in enumerate(every(*args, **options)):
            if number == 4:
                raise OSError("gone")
            yield member

    monkeypatch.setattr(members_at_once, "every_member", broken)
    answer, sent = _sent(browse, cast.ada, MEMBERS), []
    with caplog.at_level(logging.ERROR), pytest.raises(OSError, match="gone"):
        sent.extend(answer.response)
    answer.close()
    assert "'event': 'broken'" in caplog.text
    assert _rows(b"".join(sent))[-1] == ["", "The export broke off here: rows are missing. Please export again."]


def test_what_breaks_before_its_first_row_is_a_page(cast, app, browse, monkeypatch):
    def broken(*_args, **_options):
        raise OSError("gone")
        yield

    monkeypatch.setattr(members_at_once, "every_member", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = browse(cast.ada).get(MEMBERS)
    assert answer.status_code == 500
    assert answer.mimetype == "text/html"


def alone(column: Column, row: Any) -> Any:
    """What a file holds of this row, looked at by itself."""
    said = column.says(*(getattr(row, name) for name in column.of)) if column.of else column.says(row)
    return column._written(said)


def test_what_repeats_is_worked_out_once_and_says_the_same(app):
    asked = []

    def days(number):
        asked.append(number)
        return number + 1

    class Record:
        def __init__(self, number, standing):
            self.number, self.standing = number, standing

    columns = [
        Column("Days", days, Kind.NUMBER, of=("number",), repeats=True),
        Column("Standing", kind=Kind.STANDING, of=("standing",), repeats=True),
        Column("Both", lambda number, standing: f"{number} {standing}", of=("number", "standing")),
        Column("Row", lambda row: row.number),
    ]
    rows = [Record(number % 2, standing) for number in range(3) for standing in (Standing.VALID, Standing.EXPIRED)]
    with app.test_request_context():
        found = list(cells_of(columns, rows))
        assert asked == [0, 1]
        assert found == [tuple(alone(column, row) for column in columns) for row in rows]
    assert found[1] == (1, "Expired", "0 expired", 0)


def test_rows_of_a_database_are_the_same_one_by_one(cast, browse):
    """What reports say of a row on a page, their files say, too."""
    for days in (-40, 10, 400):
        give(cast.max, cast.emt, days, number=f"N{days}")
    path = "/admin/reports/expiring/export?period=own_dates&renewed=all"
    with browse(cast.ada).get(path) as answer:
        rows = _rows(answer.data)
    assert [row[4] for row in rows] == ["Certification Num", "N-40", "N10", "N400"]
    assert [row[6:] for row in rows[1:]] == [["-40", "Expired", "Yes"], ["10", "Expiring soon", "Yes"],
                                             ["400", "Valid", "No"]]  # fmt: skip


def test_pieces_need_no_thread_of_their_own(cast, browse, app):
    """A server may ask for each piece in another thread, and close in yet another."""
    from concurrent.futures import ThreadPoolExecutor

    answer = _sent(browse, cast.ada, MEMBERS)
    coming, sent = iter(answer.response), []
    while True:
        with ThreadPoolExecutor(1) as thread:
            piece = thread.submit(next, coming, None).result()
        if piece is None:
            break
        sent.append(piece)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(answer.close).result()
    assert len(_rows(b"".join(sent))) == 7
