"""No file for a spreadsheet that the product hands out calculates anything, whatever people typed."""

from __future__ import annotations

import csv
import re
import zipfile
from io import BytesIO, StringIO

import pytest

from records.database import locked, transaction
from records.models import CertificationType, Member, Unit
from records.queries.reports import REPORTS
from records.services import positions
from tests import samples
from tests.certificates import approved, credit_type, submitted
from tests.holdings import give

# Each stands in the names of people, types and units, in titles and numbers.
TYPED = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\u22121+1", "\uff1d1+1", '=HYPERLINK("http://x.example","y")']
_BEGINS_A_FORMULA = re.compile(
    r"[\s\u200b\ufeff\u202e]*[=+@\u2212\uff1d\uff0b\uff0d\uff20\t\r\n]|[\s]*-(?!\d+(\.\d+)?$)"
)
# The rows of a register that did not come in: tests/records/registers/test_values.py.
_PROVEN_ELSEWHERE = {"imports.download"}


def _hands_out(endpoint: str) -> bool:
    """What is written in the background comes of the same readers: tests/admin_panel/test_long_exports.py."""
    return "export" in endpoint.rpartition(".")[2]


def exports(app) -> dict[str, list[str]]:
    """Every address that hands out a table, by its endpoint: found by its name."""
    found = {}
    for rule in app.url_map.iter_rules():
        if _hands_out(rule.endpoint) or rule.endpoint in _PROVEN_ELSEWHERE:
            found[rule.endpoint] = (
                [rule.rule.replace("<report>", name) for name in REPORTS] if "<report>" in rule.rule else [rule.rule]
            )
    return found


@pytest.fixture
def typed(cast):
    """What people typed stands wherever an export may read it."""
    typed = iter(TYPED * 3)
    with transaction():
        for member in (cast.max, cast.mia, cast.una, cast.ada):
            person = locked(Member, member.id)
            person.given_name, person.family_name, person.number = next(typed), next(typed), f"{next(typed)}{member.id}"
        for type_ in (cast.emt, cast.forklift):
            locked(CertificationType, type_.id).name = next(typed) + " type"
        for unit in (cast.north, cast.engine, cast.south):
            locked(Unit, unit.id).name = next(typed) + " unit"
    for number, text in enumerate(TYPED):
        give(cast.max, cast.emt, 20 + number, number=text)
    give(cast.mia, cast.forklift, -20, number="=1+1", files={"=1+1.jpg": samples.picture()})
    type_ = credit_type("=1+1", unit="@SUM(A1)")
    for number, text in enumerate(TYPED):
        approved(cast, type_, title=text, issuer=text, number=text, note=f"{number}")
    submitted(cast, type_, title="=1+1", issuer="+1", number="-1+1")
    positions.create(name="=1+1 driver", by=cast.actor(cast.ada))
    return cast


def test_every_export_is_looked_at(app):
    tables = {name for name in app.view_functions if _hands_out(name) or name.endswith((".csv", ".xlsx"))}
    assert tables | _PROVEN_ELSEWHERE == exports(app).keys()
    assert len(tables) >= 10


def test_no_cell_of_any_csv_is_calculated(typed, app, browse):
    seen, person = set(), {"portal": browse(typed.max)}
    staff = browse(typed.ada)
    for endpoint, addresses in exports(app).items():
        for address in addresses if endpoint not in _PROVEN_ELSEWHERE else []:
            with person.get(endpoint.partition(".")[0], staff).get(f"{address}?format=csv") as answer:
                assert answer.status_code == 200, address
                assert answer.headers["Content-Disposition"].startswith("attachment")
                text = answer.data.decode("utf-8-sig")
            for row in csv.reader(StringIO(text, newline="")):
                for cell in row:
                    assert not _BEGINS_A_FORMULA.match(cell), (address, cell)
                    seen |= {(endpoint, one) for one in TYPED if cell.startswith(f"'{one}")}
    assert {one for _endpoint, one in seen} == set(TYPED)
    assert len({endpoint for endpoint, _one in seen}) >= 8


def test_every_text_of_any_workbook_is_text(typed, app, browse):
    person, staff, found = {"portal": browse(typed.max)}, browse(typed.ada), set()
    for endpoint, addresses in exports(app).items():
        for address in addresses if endpoint not in _PROVEN_ELSEWHERE else []:
            with person.get(endpoint.partition(".")[0], staff).get(f"{address}?format=xlsx") as answer:
                assert answer.status_code == 200, address
                book = zipfile.ZipFile(BytesIO(answer.data))
            names = book.namelist()
            assert not [name for name in names if "externalLink" in name or "vba" in name], address
            for name in names:
                if name.startswith("xl/worksheets/sheet"):
                    sheet = book.read(name).decode()
                    assert not re.search("<f[ >]", sheet), address
                    assert "<hyperlink" not in sheet, address
                    found |= {endpoint for one in TYPED[:4] if one in sheet}
    assert len(found) >= 8
