"""Bringing in a register: what rows come to, who is meant, who may, and all or nothing."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from records import clock
from records.database import choose_organization, db, found, transaction
from records.errors import (
    BroughtInAlready,
    FileEmpty,
    Invalid,
    InvalidInput,
    ModuleOff,
    NotAllowed,
    NotChecked,
    NotFound,
    RegisterChanged,
    Stale,
    UnreadableRegister,
)
from records.models import (
    AuditEvent,
    AuditKind,
    Certification,
    CertificationType,
    ColumnMapping,
    ImportRow,
    Member,
    Organization,
    RegisterImport,
    Role,
    StoredFile,
    Unit,
)
from records.registers.dates import DateOrder
from records.registers.mapping import Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.rows import Reading
from records.services import certification_steps, register_imports
from records.services.certification_steps import Entry
from tests.registers import HEADER, MAPPING, workbook

BY_NUMBER = Mapping(
    columns={"Name": Field.FULL_NAME, "ID": Field.MEMBER_NUMBER, "Mail": Field.EMAIL, "Unit": Field.UNIT,
             "Joined": Field.JOINED, "Type": Field.TYPE, "No": Field.NUMBER, "Expires": Field.EXPIRES,
             "Status": Field.STATUS},
    identify_by=IdentifyBy.MEMBER_NUMBER,
    statuses={"ok": StatusMeaning.AS_IT_IS, "susp": StatusMeaning.SUSPENDED, "rev": StatusMeaning.REVOKED,
              "out": StatusMeaning.LEAVE_OUT},
)  # fmt: skip
HEADER_BY_NUMBER = "Name,ID,Mail,Unit,Joined,Type,No,Expires,Status\n"


def start(content: str | bytes, by, mapping: Mapping | None = None, name: str = "register.csv") -> RegisterImport:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return register_imports.start(stream, name=name, mapping=mapping, by=by)


def check(content: str | bytes, by, mapping: Mapping = MAPPING, name: str = "register.csv") -> RegisterImport:
    started = start(content, by, name=name)
    register_imports.check(started, mapping, by=by)
    return started


def bring(content: str | bytes, by, mapping: Mapping = MAPPING) -> RegisterImport:
    checked = check(content, by, mapping)
    register_imports.apply(checked, version=checked.version, by=by)
    return checked


def outcomes(register_import: RegisterImport) -> list[str]:
    rows = select(ImportRow).where(ImportRow.import_id == register_import.id).order_by(ImportRow.line)
    return [row.outcome for row in db.session.scalars(rows)]


def row(register_import: RegisterImport, line: int) -> ImportRow:
    statement = select(ImportRow).where(ImportRow.import_id == register_import.id, ImportRow.line == line)
    return db.session.scalars(statement).one()


def problem(register_import: RegisterImport, line: int) -> str:
    found_row = row(register_import, line)
    return found_row.problem % found_row.problem_params if found_row.problem_params else found_row.problem


def certifications() -> list[Certification]:
    return list(db.session.scalars(select(Certification).order_by(Certification.id)))


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def record(cast, member, type_, expires_on: date, **fields) -> int:
    with transaction():
        entry = Entry(type_.id, expires_on, **fields)
        return certification_steps.record(found(Member, member.id), entry, by=cast.actor(cast.ada)).id


# What rows come to


def test_a_register_brings_members_certifications_and_types(cast, ada):
    done = bring(
        HEADER + "Zoë Q Zimt Jr.,A-1,Wilderness,2026-01-02,2028-01-31\nBo Abel,B-2,emt-basic,,2028-02-29\n", ada
    )
    assert done.counts == {"new member": 2, "members": 2, "certifications": 2}
    zoe = db.session.scalars(select(Member).where(Member.family_name == "Zimt")).one()
    assert (zoe.given_name, zoe.suffix, zoe.role, zoe.account_id) == ("Zoë Q", "Jr.", Role.MEMBER, None)
    assert zoe.sort_name == "zimt zoe q jr."
    assert "zimt" in zoe.search_text
    first, second = certifications()
    assert (first.member_id, first.number, first.folded_number) == (zoe.id, "A-1", "a-1")
    assert (first.issued_on, first.expires_on) == (date(2026, 1, 2), date(2028, 1, 31))
    assert first.recorded_on == clock.today(cast.fire)
    assert first.import_id == done.id
    assert first.type.name == "Wilderness"
    assert second.type_id == cast.emt.id
    assert done.made == {"types": [first.type_id], "units": []}


def test_the_same_register_again_doubles_nothing(ada):
    content = HEADER + "Ann Abel,A-1,EMT-Basic,2026-01-02,2028-01-31\nAnn Abel,A-1,Forklift licence,,2028-01-31\n"
    first = bring(content, ada)
    assert outcomes(first) == ["new member", "new certification"]
    before = (count(Member), count(Certification))
    again = bring(content, ada)
    assert outcomes(again) == ["unchanged", "unchanged"]
    assert (count(Member), count(Certification)) == before


def test_the_same_row_twice_in_a_file_is_one(ada):
    line = "Ann Abel,A-1,EMT-Basic,,2028-01-31\n"
    assert outcomes(bring(HEADER + line + line.upper().replace("EMT-BASIC", "emt-basic"), ada)) == [
        "new member",
        "unchanged",
    ]
    assert len(certifications()) == 1


def test_two_rows_that_contradict_each_other_are_told(ada):
    done = check(
        HEADER + "Ann Abel,A-1,EMT-Basic,2026-01-02,2028-01-31\nAnn Abel,A-1,EMT-Basic,2026-01-03,2028-01-31\n", ada
    )
    assert outcomes(done) == ["new member", "error"]
    assert problem(done, 3).startswith("Line 2 says something else")


def test_a_later_expiry_renews_and_an_earlier_one_does_not(ada):
    done = bring(HEADER + "Ann Abel,A-1,EMT-Basic,,2026-01-31\nAnn Abel,A-1,EMT-Basic,,2028-01-31\n"
                 "Ann Abel,A-1,EMT-Basic,,2025-01-31\nAnn Abel,A-1,EMT-Basic,,2030-01-31\n", ada)  # fmt: skip
    assert outcomes(done) == ["new member", "renewal", "new certification", "renewal"]
    first, second, third, fourth = sorted(certifications(), key=lambda each: row_line(done, each))
    assert (first.supersedes_id, third.supersedes_id) == (None, None)
    assert (second.supersedes_id, fourth.supersedes_id) == (first.id, second.id)


def test_where_a_number_is_missing_the_only_one_is_renewed(cast, ada):
    held = record(cast, cast.max, cast.emt, date(2026, 1, 31), number="A-1")
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,,2028-01-31,\n", ada, BY_NUMBER)
    assert outcomes(done) == ["renewal"]
    assert certifications()[1].supersedes_id == held
    other = record(cast, cast.mia, cast.emt, date(2026, 1, 31))
    done = bring(HEADER_BY_NUMBER + "Mia Söderström,1005,,,,EMT-Basic,B-1,2028-01-31,\n", ada, BY_NUMBER)
    assert outcomes(done) == ["renewal"]
    assert certifications()[-1].supersedes_id == other


def test_two_numbers_that_differ_stand_beside_each_other(cast, ada):
    record(cast, cast.max, cast.emt, date(2026, 1, 31), number="A-1")
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-2,2028-01-31,\n", ada, BY_NUMBER)
    assert outcomes(done) == ["new certification"]
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,,2029-01-31,\n", ada, BY_NUMBER)
    assert outcomes(done) == ["new certification"], "it could be either"


def row_line(done, certification) -> int:
    return db.session.scalars(
        select(ImportRow.line).where(ImportRow.import_id == done.id, ImportRow.certification_id == certification.id)
    ).one()


def test_what_differs_is_changed_and_only_that(cast, ada):
    held = record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-1")
    done = bring(HEADER + "MAX MILLER,a-1,EMT-basic,2026-01-02,2028-01-31\n", ada)
    assert outcomes(done) == ["changed"]
    certification = found(Certification, held)
    assert (certification.issued_on, certification.number, certification.version) == (date(2026, 1, 2), "A-1", 2)
    assert row(done, 2).before == {"issued_on": None}
    assert outcomes(bring(HEADER + "Max Miller,A-1,EMT-Basic,,2028-01-31\n", ada)) == ["unchanged"]


def test_an_existing_certification_is_renewed_once_only(cast, ada):
    old = record(cast, cast.max, cast.emt, date(2026, 1, 31), number="A-1")
    record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-1", renews_id=old)
    assert outcomes(bring(HEADER + "Max Miller,A-1,EMT-Basic,,2027-01-31\n", ada)) == ["new certification"]


def test_a_deleted_certification_is_recorded_anew(cast, ada):
    held = record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-1")
    record(cast, cast.max, cast.forklift, date(2028, 1, 31), number="A-1")
    with transaction():
        certification_steps.delete(found(Certification, held), by=ada)
    assert outcomes(bring(HEADER + "Max Miller,A-1,EMT-Basic,,2028-01-31\n", ada)) == ["new certification"]


def test_words_of_the_status_suspend_revoke_and_leave_out(cast, ada):
    done = bring(
        HEADER_BY_NUMBER
        + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,susp\nMia Söderström,1005,,,,EMT-Basic,A-2,2028-01-31,REV\n"
        "Una Unassigned,1006,,,,EMT-Basic,A-3,2028-01-31,out\nUna Unassigned,1006,,,,EMT-Basic,A-4,2028-01-31,what\n",
        ada, BY_NUMBER,
    )  # fmt: skip
    assert outcomes(done) == ["new certification", "new certification", "left out", "error"]
    first, second = certifications()
    assert (first.suspended_on, first.suspended_reason) == (clock.today(cast.fire), "susp")
    assert (second.revoked_on, second.revoked_reason) == (clock.today(cast.fire), "REV")
    again = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,rev\n", ada, BY_NUMBER)
    assert outcomes(again) == ["changed"]
    first = certifications()[0]
    assert (first.suspended_reason, first.revoked_reason) == ("susp", "rev")
    lifted = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,ok\n", ada, BY_NUMBER)
    assert outcomes(lifted) == ["unchanged"]


def test_members_come_with_number_address_unit_and_day(cast, ada):
    done = bring(HEADER_BY_NUMBER + "Bo Abel,2001,bo@x.example,station north,2020-05-01,,,,\n"
                 "Cy Cole,2002,,Boat House,,,,,\nDi Dahl,2003,,boat house,,,,,\n", ada, BY_NUMBER)  # fmt: skip
    assert done.counts == {"new member": 3, "members": 3, "certifications": 0}
    bo, cy, di = db.session.scalars(
        select(Member).where(Member.number.in_(["2001", "2002", "2003"])).order_by(Member.number)
    )
    assert (bo.email, bo.folded_email, bo.unit_id, bo.joined_on) == (
        "bo@x.example",
        "bo@x.example",
        cast.north.id,
        date(2020, 5, 1),
    )
    assert cy.unit_id == di.unit_id == done.made["units"][0]
    assert cy.unit.name == "Boat House"


def test_a_unit_may_be_left_out_and_is_never_guessed(cast, ada):
    with transaction() as session:
        session.add(Unit(name="Engine 1", parent_id=cast.south.id))
    done = check(HEADER_BY_NUMBER + "Bo Abel,2001,,Engine 1,,,,,\nCy Cole,2002,,New One,,,,,\n", ada,
                 replace(BY_NUMBER, new_units=False))  # fmt: skip
    assert outcomes(done) == ["error", "new member"]
    assert "several units" in problem(done, 2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Bo Abel,2001,max.miller@lakeside.example,,,,,,", "has the e-mail address"),
        (",2001,,,,,,,", "without a name none can be created"),
        ("Bo Abel,,,,,,,,", "It is missing"),
        ("Bo Abel,2001,,,,EMT-Basic,A-1,,", "Enter the date"),
        ("Bo Abel,2001,,,,EMT-Basic,A-1,2027-02-29,", "not a leap year"),
        ("=1+1,2001,,,,EMT-Basic,A-1,2028-02-29,", "formula"),
        ("Bo Abel,2001,,,,EMT-Basic", "This row has 6 cells"),
        ("Bo Abel,2001,,,,Old,A-1,2028-02-29,", "retired"),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_stays_out(cast, ada, line, said):
    with transaction() as session:
        session.add(CertificationType(name="Old", created_at=clock.now(), retired_at=clock.now()))
    before = count(Member)
    done = bring(HEADER_BY_NUMBER + line + "\nCy Cole,2002,,,,EMT-Basic,A-1,2028-02-29,ok\n", ada, BY_NUMBER)
    assert outcomes(done) == ["error", "new member"]
    assert said in problem(done, 2)
    assert row(done, 2).line == 2
    assert count(Member) == before + 1


def test_a_number_of_another_row_is_taken(ada):
    mapping = replace(BY_NUMBER, identify_by=IdentifyBy.EMAIL)
    done = check(HEADER_BY_NUMBER + "Bo Abel,2001,bo@x.example,,,,,,\nCy Cole,2001,cy@x.example,,,,,,\n", ada, mapping)
    assert outcomes(done) == ["new member", "error"]
    assert "has the number “2001”" in problem(done, 3)


def test_types_are_translated_left_out_or_refused(cast, ada):
    content = HEADER + "Ann Abel,A-1,Basic,,2028-01-31\nBo Bell,B-1,Rope,,2028-01-31\nCy Cole,C-1,Boat,,2028-01-31\n"
    done = check(content, ada, replace(MAPPING, types={"BASIC": "EMT-Basic", "Rope": None}, new_types=False))
    assert outcomes(done) == ["new member", "left out", "error"]
    assert "no certification type named “Boat”" in problem(done, 4)


def test_a_sheet_of_a_workbook_comes_in_like_a_csv(ada):
    content = workbook([["Name", "Number", "Type", "Issued", "Expires"],
                        ["Ann Abel", 17, "EMT-Basic", date(2026, 1, 2), date(2028, 1, 31)],
                        ["Bo Bell", 18, "EMT-Basic", "", "=TODAY()"]])  # fmt: skip
    done = check(content, ada, name="register.xlsx")
    register_imports.apply(done, version=done.version, by=ada)
    assert outcomes(done) == ["new member", "error"]
    assert "formula" in problem(done, 3)
    assert certifications()[0].number == "17"


# Who is meant


def test_the_same_name_without_the_number_is_asked_and_never_guessed(cast, ada):
    done = check(HEADER + "Max Miller,A-1,EMT-Basic,,2028-01-31\n", ada)
    assert outcomes(done) == ["ask"]
    assert row(done, 2).candidates == [f"member:{cast.max.id}", "new"]
    register_imports.apply(done, version=done.version, by=ada)
    assert certifications() == []


def test_two_rows_of_one_name_with_different_numbers_are_asked(ada):
    done = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nANN ABEL,A-2,EMT-Basic,,2028-01-31\n", ada)
    assert outcomes(done) == ["new member", "ask"]
    assert row(done, 3).candidates == ["line:2", "new"]


def test_a_suffix_makes_another_person(ada):
    done = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nAnn Abel Jr.,A-2,EMT-Basic,,2028-01-31\n", ada)
    assert outcomes(done) == ["new member", "new member"]


def test_a_number_shared_by_different_people_joins_nobody(ada):
    done = bring(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nBo Bell,A-1,EMT-Basic,,2028-01-31\n", ada)
    assert outcomes(done) == ["new member", "new member"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("line:2", "new certification"), ("new", "new member"), ("leave", "left out"), ("line:99", "ask"),
     ("member:1", "ask"), ("nonsense", "ask")],
)  # fmt: skip
def test_a_question_is_answered(ada, answer, outcome):
    done = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nAnn Abel,A-2,EMT-Basic,,2028-01-31\n", ada)
    register_imports.answer(done, {3: answer}, by=ada)
    assert outcomes(done) == ["new member", outcome]
    register_imports.apply(done, version=done.version, by=ada)
    people = db.session.scalars(select(Member).where(Member.family_name == "Abel")).all()
    assert len(people) == (2 if answer == "new" else 1)


def test_all_open_questions_are_answered_at_once(ada):
    done = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n" + "Ann Abel,A-2,EMT-Basic,,2028-01-31\n"
                 "Ann Abel,A-3,EMT-Basic,,2028-01-31\n", ada)  # fmt: skip
    register_imports.answer(done, {3: "line:2"}, others="leave", by=ada)
    assert outcomes(done) == ["new member", "new certification", "left out"]
    register_imports.check(done, Mapping.from_json(done.mapping), by=ada)
    assert outcomes(done) == ["new member", "new certification", "left out"]
    register_imports.check(done, replace(Mapping.from_json(done.mapping), new_units=False), by=ada)
    assert outcomes(done) == ["new member", "ask", "ask"]


def test_a_number_or_an_address_of_somebody_else_is_asked(cast, ada):
    content = "Bo Abel,1004,,,,EMT-Basic,A-1,2028-01-31,\nM. Miller,1004,,,,EMT-Basic,A-2,2028-01-31,\n"
    done = check(HEADER_BY_NUMBER + content, ada, BY_NUMBER)
    assert outcomes(done) == ["ask", "new certification"]
    assert row(done, 2).candidates == [f"member:{cast.max.id}"]
    by_mail = replace(BY_NUMBER, identify_by=IdentifyBy.EMAIL)
    done = check(
        HEADER_BY_NUMBER + "Max Miller,,MAX.miller@lakeside.example,,,EMT-Basic,A-2,2028-01-31,\n", ada, by_mail
    )
    assert outcomes(done) == ["new certification"]


def test_a_certification_without_a_number_is_known_by_being_the_same(cast, ada):
    record(cast, cast.max, cast.emt, date(2028, 1, 31))
    done = check(HEADER + "Max Miller,,EMT-Basic,,2028-01-31\nMax Miller,,EMT-Basic,,2030-01-31\n", ada)
    assert outcomes(done) == ["unchanged", "ask"]


# Who may


def test_a_coordinator_brings_certifications_of_members_in_scope_only(cast):
    nora = cast.actor(cast.nora)
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,\n"
                 "Mia Söderström,1005,,,,EMT-Basic,A-2,2028-01-31,\n"
                 "Una Unassigned,1006,,,,EMT-Basic,A-3,2028-01-31,\nBo Abel,2001,,,,EMT-Basic,A-4,2028-01-31,\n"
                 "Nora Núñez,1003,,,,EMT-Basic,A-5,2028-01-31,\nMax Miller,1004,,,,Brand New,A-6,2028-01-31,\n",
                 nora, BY_NUMBER)  # fmt: skip
    assert outcomes(done) == ["new certification", "error", "error", "error", "error", "error"]
    assert len({problem(done, line) for line in (3, 4, 5)}) == 1, "out of scope reads exactly like unknown"
    assert "own certifications" in problem(done, 6)
    assert "no certification type" in problem(done, 7)
    assert [each.member_id for each in certifications()] == [cast.max.id]


def test_names_out_of_scope_are_not_told_either(cast):
    done = check(HEADER + "Mia Söderström,A-1,EMT-Basic,,2028-01-31\nZed Unknown,A-2,EMT-Basic,,2028-01-31\n"
                 "Max Miller,A-3,EMT-Basic,,2028-01-31\n", cast.actor(cast.nora))  # fmt: skip
    assert outcomes(done) == ["error", "error", "ask"]
    assert problem(done, 2) == problem(done, 3)
    assert row(done, 4).candidates == [f"member:{cast.max.id}"]
    register_imports.answer(done, {4: "new"}, by=cast.actor(cast.nora))
    assert outcomes(done)[2] == "ask"


def test_a_coordinator_of_everything_creates_types_but_no_members(cast):
    carl = cast.actor(cast.carl)
    content = "Una Unassigned,1006,,,,Brand New,A-3,2028-01-31,\nBo Abel,2001,,,,EMT-Basic,A-4,2028-01-31,\n"
    done = bring(HEADER_BY_NUMBER + content, carl, BY_NUMBER)
    assert outcomes(done) == ["new certification", "error"]


def test_an_import_is_its_coordinators_and_the_administrators(cast, ada):
    theirs = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    own = check(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,\n", cast.actor(cast.nora), BY_NUMBER)
    with pytest.raises(NotFound):
        register_imports.apply(theirs, version=theirs.version, by=cast.actor(cast.carl))
    with pytest.raises(NotAllowed):
        register_imports.apply(own, version=own.version, by=cast.actor(cast.max))
    register_imports.apply(own, version=own.version, by=ada)


def test_members_may_not_bring_a_register(cast):
    with pytest.raises(NotAllowed):
        start(HEADER + "x,1,y,,2028-01-31\n", cast.actor(cast.max))


def test_another_organizations_import_is_not_there(cast, ada):
    theirs = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    choose_organization(cast.clinic.id)
    with pytest.raises(NotFound):
        register_imports.apply(theirs, version=theirs.version, by=cast.actor(cast.ken))


def test_the_module_switched_off_brings_nothing(cast, ada):
    checked = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    with transaction():
        db.session.get(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        start(HEADER + "x,1,y,,2028-01-31\n", ada)
    with pytest.raises(ModuleOff):
        register_imports.apply(checked, version=checked.version, by=ada)


# All or nothing, and on record


def test_one_event_tells_of_an_import(cast, ada):
    done = bring(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nBo Bell,B-1,EMT-Basic,,2028-01-31\n", ada)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.REGISTER_IMPORTED)).one()
    assert (event.subject_kind, event.subject_id) == ("register_import", done.id)
    assert event.detail.after["sha256"] == done.stored_file.sha256
    assert event.detail.after["counts"] == {"new member": 2, "members": 2, "certifications": 2}
    assert event.detail.after["mapping"]["columns"]["Name"] == "full_name"
    assert db.session.scalars(select(AuditEvent.kind)).all() == [AuditKind.REGISTER_IMPORTED]


def test_the_check_writes_no_member_and_no_certification(ada):
    before = count(Member)
    check(HEADER + "Ann Abel,A-1,Brand New,,2028-01-31\n", ada)
    assert (count(Member), len(certifications()), count(AuditEvent)) == (before, 0, 0)
    assert db.session.scalar(select(CertificationType).where(CertificationType.name == "Brand New")) is None


def test_what_comes_in_is_what_the_check_has_shown(cast, ada):
    checked = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\nMax Miller,A-2,EMT-Basic,,2028-01-31\n", ada)
    version, before = checked.version, count(Member)
    record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-2")
    with pytest.raises(RegisterChanged):
        register_imports.apply(checked, version=version, by=ada)
    assert count(Member) == before
    assert found(RegisterImport, checked.id).state == "checked"


def test_an_outdated_page_and_a_second_press_are_refused(ada):
    checked = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    with pytest.raises(Stale):
        register_imports.apply(checked, version=checked.version - 1, by=ada)
    register_imports.apply(checked, version=checked.version, by=ada)
    with pytest.raises(BroughtInAlready):
        register_imports.apply(checked, version=checked.version, by=ada)
    with pytest.raises(BroughtInAlready):
        register_imports.check(checked, MAPPING, by=ada)
    with pytest.raises(BroughtInAlready):
        register_imports.discard(checked, by=ada)


def test_nothing_comes_in_unchecked(ada):
    started = start(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    with pytest.raises(NotChecked):
        register_imports.apply(started, version=started.version, by=ada)


def test_discarding_leaves_nothing_behind(ada):
    checked = check(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    register_imports.discard(checked, by=ada)
    assert (count(RegisterImport), count(ImportRow)) == (0, 0)


# The file and its mapping


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", UnreadableRegister),
        (b"Name,Number\n", Invalid),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), UnreadableRegister),
        (b"PK\x03\x04" + bytes(200), UnreadableRegister),
    ],
)
def test_what_is_no_register_is_refused_and_not_kept(ada, content, refusal):
    with pytest.raises(refusal) as refused:
        start(content, ada)
    assert refused.value.field == "file"
    assert not isinstance(refused.value, FileEmpty)
    assert (count(RegisterImport), count(StoredFile)) == (0, 0)


def test_a_mapping_is_proposed_and_the_next_such_file_is_mapped_alike(ada):
    content = HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n"
    first = start(content, ada)
    assert Mapping.from_json(first.mapping).columns["Number"] is Field.NUMBER
    mapping = replace(MAPPING, columns=MAPPING.columns | {"Issued": Field.JOINED}, types={"x": "y"})
    register_imports.check(first, mapping, by=ada)
    second = start(content.upper(), ada)
    assert Mapping.from_json(second.mapping).columns["ISSUED"] is Field.JOINED
    assert Mapping.from_json(second.mapping).types == {"x": "y"}
    assert count(ColumnMapping) == 1


def test_dates_that_can_be_read_in_two_ways_must_be_said(ada):
    started = start(HEADER + "Ann Abel,A-1,EMT-Basic,,03/04/2028\n", ada)
    with pytest.raises(InvalidInput) as refused:
        register_imports.check(started, MAPPING, by=ada)
    assert set(refused.value.errors) == {"dates"}
    register_imports.check(started, replace(MAPPING, date_order=DateOrder.DAY_FIRST), by=ada)
    register_imports.apply(started, version=started.version, by=ada)
    assert certifications()[0].expires_on == date(2028, 4, 3)


def test_an_incomplete_mapping_is_refused(ada):
    started = start(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-03-04\n", ada)
    with pytest.raises(InvalidInput):
        register_imports.check(started, Mapping(), by=ada)


def test_a_file_can_be_read_in_another_way(ada):
    started = start("Name;Number\nZoë Zimt;1\n".encode("windows-1252"), ada)
    assert started.reading["encoding"] == "windows-1252"
    register_imports.read_again(started, Reading("csv", encoding="windows-1250", delimiter=","), by=ada)
    assert [column["name"] for column in started.survey["columns"]] == ["Name;Number"]
    with pytest.raises(UnreadableRegister):
        register_imports.read_again(started, Reading("csv", encoding="nonsense", delimiter=","), by=ada)
    book = start(workbook([["Cover"], ["x"]], [["Name"], ["Ann"]]), ada, name="book.xlsx")
    assert list(register_imports.sheets(book)) == ["Sheet1", "Sheet2"]
    register_imports.read_again(book, Reading("xlsx", sheet="Sheet2"), by=ada)
    assert book.survey["columns"][0]["name"] == "Name"


def test_more_rows_than_one_batch_come_in_in_order(ada):
    lines = "".join(f"Person {number},N-{number},EMT-Basic,,2028-01-31\n" for number in range(1203))
    done = bring(HEADER + lines, ada)
    assert done.counts["new member"] == 1203
    for line in (2, 501, 502, 1204):
        written = row(done, line)
        assert found(Member, written.member_id).name == f"Person {line - 2}"
        assert found(Certification, written.certification_id).member_id == written.member_id
    assert outcomes(bring(HEADER + lines, ada)) == ["unchanged"] * 1203
