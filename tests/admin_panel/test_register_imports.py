"""Bringing in a register in the back office, page by page."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import func, select

from records.database import db, transaction
from records.models import Certification, ColumnMapping, ImportRow, Member, Organization, RegisterImport
from tests.registers import HEADER, workbook

REGISTER = (
    HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nAnn Abel,A-2,EMT-Basic,,2028-01-31\n"
    "Bo Bell,B-1,EMT-Basic,,2027-02-29\n=1+1,C-1,EMT-Basic,,2028-01-31\n"
)
CHOSEN = {"column-0": "full_name", "column-1": "certification_number", "column-2": "certification",
          "column-3": "issued", "column-4": "expires", "identify_by": "name_and_certification_number",
          "type-column": "Type"}  # fmt: skip
CREATES = {f"{name}{asked}": "yes" for name in ("new_members", "new_certification_types", "new_units")
           for asked in ("", "-asked")}  # fmt: skip


@pytest.fixture
def office(cast, browse):
    return browse(cast.ada)


def upload(client, content: str | bytes = REGISTER, name: str = "register.csv"):
    body = content.encode() if isinstance(content, str) else content
    return client.post("/admin/imports/", data={"file": (io.BytesIO(body), name)})


def mapped(client, content: str | bytes = REGISTER, **chosen: str) -> str:
    """The address of the import, checked."""
    address = upload(client, content).headers["Location"].removesuffix("/map")
    page = client.post(f"{address}/map", data=CHOSEN | CREATES | chosen)
    assert page.status_code == 302, page.text
    return address


def version(page) -> str:
    return re.search(r'name="version" value="(\d+)"', page.text)[1]


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def test_a_register_goes_from_its_file_to_its_records(office):
    assert "Bring in a register" in office.get("/admin/imports/").text
    started = upload(office)
    page = office.get(started.headers["Location"])
    assert re.search(r'<option value="full_name" selected>Full name</option>', page.text)
    assert "Ann Abel" in page.text
    address = mapped(office)
    check = office.get(f"{address}/check")
    assert "Bring in 1 row" in check.text
    assert "2027 is not a leap year" in check.text
    assert "looks like a formula" in check.text
    assert count(Certification) == 0
    done = office.post(f"{address}/apply", data={"version": version(check)}, follow_redirects=True)
    assert "The register is brought in." in done.text
    assert count(Certification) == 1
    assert "Brought in" in office.get("/admin/imports/").text
    undone = office.post(f"{address}/undo", follow_redirects=True)
    assert "Everything is as it was before." in undone.text
    assert count(Certification) == 0
    assert "Undone" in office.get("/admin/imports/").text


def test_a_question_is_shown_with_its_answers(office):
    address = mapped(office)
    page = office.get(f"{address}/check?outcome=ask")
    assert page.text.count('type="radio"') == 3
    assert "The person in line 2" in page.text
    answered = office.post(f"{address}/answers", data={"answer-3": "line:2"}, follow_redirects=True)
    assert "All questions are answered." in answered.text
    assert "Bring in 2 rows" in answered.text


def test_all_questions_are_answered_at_once(office):
    address = mapped(office, HEADER + "".join(f"Ann Abel,{number},EMT-Basic,,2028-01-31\n" for number in range(60)))
    page = office.get(f"{address}/check?outcome=ask")
    assert "Next rows" in page.text
    office.post(f"{address}/answers", data={"answer-3": "line:2", "others": "leave"})
    assert db.session.scalar(select(RegisterImport)).counts == {
        "new member": 1, "new certification": 1, "left out": 58,
    }  # fmt: skip


def test_rows_are_paged_and_filtered(office):
    address = mapped(office, HEADER + "".join(f"Person {n},{n},EMT-Basic,,2028-01-31\n" for n in range(120)))
    first = office.get(f"{address}/check")
    assert "Person 49<" in first.text
    assert "Person 50<" not in first.text
    following = re.search(r'href="([^"]*after=51[^"]*)"', first.text)[1]
    assert "Person 50<" in office.get(following).text
    assert "Person" not in office.get(f"{address}/check?outcome=error").text
    for odd in ("outcome=nonsense", "after=99999999999999999999", "after=-1", "after=x"):
        assert office.get(f"{address}/check?{odd}").status_code == 200


def test_bad_rows_are_downloaded_as_a_file_to_mend(office):
    address = mapped(office)
    file = office.get(f"{address}/download")
    assert file.headers["Content-Disposition"] == 'attachment; filename="register - to mend.csv"'
    assert file.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert rows[0] == ["Name", "Number", "Type", "Issued", "Expires", "Problem"]
    assert [row[0] for row in rows[1:]] == ["Ann Abel", "Bo Bell", "'=1+1"]
    assert "leap year" in rows[2][-1]


def test_another_column_can_be_chosen_and_its_words_are_asked_about(office):
    header = "Name,Number,Type,Expires,State of it\n"
    content = header + "Ann Abel,1,EMT-Basic,2028-01-31,live\nBo Bell,2,EMT-Basic,2028-01-31,dead\n"
    address = upload(office, content).headers["Location"].removesuffix("/map")
    chosen = CHOSEN | CREATES | {"column-3": "expires", "column-4": "status"}
    page = office.post(f"{address}/map", data=chosen)
    assert page.status_code == 200
    assert "One more step" in page.text
    assert "What the words in “State of it” mean" in page.text
    said = {"status-column": "State of it", "status-0": "as_it_is", "status-1": "leave_out"}
    assert office.post(f"{address}/map", data=chosen | said).status_code == 302
    assert db.session.scalar(select(RegisterImport)).counts == {"new member": 1, "left out": 1}


def test_updating_the_page_checks_nothing(office):
    address = upload(office).headers["Location"].removesuffix("/map")
    page = office.post(f"{address}/map", data=CHOSEN | {"column-2": "", "do": "again"})
    assert page.status_code == 200
    assert "Certification of all rows" in page.text
    assert count(ImportRow) == 0


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(office):
    address = upload(office, HEADER + "Ann Abel,A-1,EMT-Basic,,03/04/2028\n").headers["Location"].removesuffix("/map")
    page = office.post(f"{address}/map", data=CHOSEN | {"identify_by": "email", "column-2": "", "column-3": "joined"})
    assert page.status_code == 422
    for sentence in ("say which column holds it", "Say which certification this is"):
        assert sentence in page.text
    assert re.search(r'<option value="joined" selected>', page.text)
    ambiguous = office.post(f"{address}/map", data=dict(CHOSEN))
    assert ambiguous.status_code == 422
    assert "month or the day first" in ambiguous.text


def test_types_are_translated_on_the_page(cast, office):
    address = mapped(office, HEADER + "Ann Abel,A-1,Basic,,2028-01-31\nBo Bell,B-1,Rope,,2028-01-31\n",
                     **{"type-0": "EMT-Basic", "type-1": "-"})  # fmt: skip
    assert db.session.scalar(select(RegisterImport)).counts == {"new member": 1, "left out": 1}
    page = office.get(f"{address}/map")
    assert '<option value="EMT-Basic" selected>' in page.text


def test_the_file_can_be_read_in_another_way(office):
    address = upload(office, "Name;Number\nZoë;1\n".encode("windows-1252")).headers["Location"].removesuffix("/map")
    assert "Zoë" in office.get(f"{address}/map").text
    page = office.post(f"{address}/reading", data={"encoding": "windows-1251", "delimiter": ";"}, follow_redirects=True)
    assert "Zoл" in page.text
    page = office.post(f"{address}/reading", data={"encoding": "x", "delimiter": ";"}, follow_redirects=True)
    assert "Choose an encoding" in page.text


def test_a_workbook_shows_its_sheets(office):
    content = workbook([["Cover"], ["x"]], [["Name"], ["Ann"]])
    address = upload(office, content, "book.xlsx").headers["Location"].removesuffix("/map")
    assert "Sheet2" in office.get(f"{address}/map").text
    page = office.post(f"{address}/reading", data={"sheet": "Sheet2"}, follow_redirects=True)
    assert "Ann" in page.text


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.csv", "empty"),
        (b"Name,Number\n", "header.csv", "no rows below the header"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.csv", "cannot be read as a table"),
        (b"PK\x03\x04" + bytes(100), "broken.xlsx", "cannot be read as a table"),
    ],
)
def test_what_is_no_register_is_refused_beside_the_field(office, content, name, said):
    page = upload(office, content, name)
    assert page.status_code == 422
    assert said in page.text
    assert "file-error" in page.text
    assert count(RegisterImport) == 0


def test_no_file_is_said(office):
    page = office.post("/admin/imports/", data={})
    assert page.status_code == 422
    assert "Choose a file first." in page.text


def test_records_that_changed_since_the_check_are_looked_at_again(cast, office):
    address = mapped(office)
    check = office.get(f"{address}/check")
    with transaction() as session:
        session.add(Member(given_name="Ann", family_name="Abel", created_at=cast.fire.created_at))
    page = office.post(f"{address}/apply", data={"version": version(check)}, follow_redirects=True)
    assert "have changed since this dry run" in page.text
    assert count(Certification) == 0


def test_discarding_forgets_the_import(office):
    address = mapped(office)
    page = office.post(f"{address}/discard", follow_redirects=True)
    assert "The import is discarded." in page.text
    assert office.get(f"{address}/check").status_code == 404
    assert office.post(f"{address}/discard").status_code == 404


def test_every_page_leads_to_where_the_import_stands(office):
    address = upload(office).headers["Location"].removesuffix("/map")
    assert office.get(f"{address}/check").headers["Location"].endswith("/map")
    assert office.get(address, follow_redirects=True).request.path.endswith("/map")
    address = mapped(office)
    check = office.get(f"{address}/check")
    office.post(f"{address}/apply", data={"version": version(check)})
    for page in ("/map", "/check"):
        assert office.get(address + page).headers["Location"].endswith(address)
    assert office.post(f"{address}/map", data=dict(CHOSEN)).status_code == 409
    assert office.post(f"{address}/apply", data={"version": "1"}).status_code == 409


def test_what_came_in_and_was_changed_since_is_listed(office):
    address = mapped(office)
    check = office.get(f"{address}/check")
    office.post(f"{address}/apply", data={"version": version(check)})
    with transaction() as session:
        session.scalars(select(Certification)).one().number = "changed"
    page = office.post(f"{address}/undo", follow_redirects=True)
    assert "but for 1 row that was changed since" in page.text
    assert "was changed since, so it stays as it is" in page.text


def test_a_coordinator_sees_own_imports_and_is_not_offered_new_members(cast, office, browse):
    theirs = mapped(office)
    nora = browse(cast.nora)
    assert "register.csv" not in nora.get("/admin/imports/").text
    for page in ("", "/map", "/check", "/download"):
        assert nora.get(theirs + page).status_code == 404
    for act in ("apply", "undo", "discard", "answers", "map", "reading"):
        assert nora.post(f"{theirs}/{act}", data={}).status_code == 404
    own = upload(nora).headers["Location"]
    page = nora.get(own)
    assert "new_members" not in page.text
    nora.post(own, data=dict(CHOSEN))
    assert "Are new members" not in nora.get(own.replace("/map", "/check?outcome=ask")).text
    assert office.get(own.replace("/map", "/check")).status_code == 200
    assert db.session.scalar(select(ColumnMapping)).mapping["new_members"] is True


def test_another_organizations_import_is_not_there(cast, office, browse):
    address = mapped(office)
    ken = browse(cast.ken)
    assert ken.get(f"{address}/check").status_code == 404
    assert ken.post(f"{address}/discard").status_code == 404


def test_members_and_visitors_stay_outside(cast, browse):
    assert browse(cast.max).get("/admin/imports/").status_code == 403
    assert upload(browse(cast.max)).status_code == 403
    assert browse().get("/admin/imports/").status_code == 302


def test_the_module_switched_off_hides_it(cast, office):
    address = mapped(office)
    with transaction():
        db.session.get(Organization, cast.fire.id).tracks_certifications = False
    assert office.get("/admin/imports/").status_code == 404
    assert office.post(f"{address}/apply", data={"version": "1"}).status_code == 404
    assert "Bring in a register" not in office.get("/admin/").text


def test_names_in_a_register_are_text_and_nothing_else(office):
    address = mapped(office, HEADER + "<script>alert(1)</script> Abel,<b>,EMT-Basic,,2028-01-31\n")
    page = office.get(f"{address}/check")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Abel" in page.text
