"""The list of members: scope, search, filters, order, pages, and what it costs."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, locked, organization_scope, transaction
from records.errors import NotAllowed
from records.models import Certification, Member, Role, Standing
from records.queries.member_filters import Wanted
from records.queries.members import MOST_COUNTED, PAGE, member_list
from records.services import units
from records.services.certification_steps import Entry, record
from tests.cast import LONG_AGO
from tests.merging import merged


@pytest.fixture
def ask(cast):
    def ask(by=None, **asked):
        return member_list(Wanted.read(asked), by=cast.actor(by or cast.ada))

    return ask


@pytest.fixture
def crowd(cast):
    """Adds members without accounts, the first fields from `each(number)`."""

    def crowd(number, each=lambda index: {}):
        with transaction() as session:
            people = [
                Member(
                    **({"given_name": f"G{index:04d}", "family_name": "Crowd", "created_at": LONG_AGO} | each(index))
                )
                for index in range(number)
            ]
            session.add_all(people)
        return number

    return crowd


@contextmanager
def statements():
    """What is sent to the database meanwhile."""
    seen = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        seen.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def names(listed):
    return [member.given_name for member in listed.members]


ALL = ["Ada", "Max", "Nora", "Carl", "Mia", "Una"]


# Scope


def test_administrators_see_everybody_of_their_organization_only(cast, ask):
    listed = ask()
    assert names(listed) == ALL
    assert (listed.count, listed.is_more, listed.following, listed.preceding) == (6, False, "", "")
    with organization_scope(cast.clinic.id):
        assert names(ask(cast.ken)) == ["Ken", "Max"]


def test_coordinators_see_their_scope_only_in_counts_too(cast, ask):
    assert names(ask(cast.carl)) == ALL
    mine = ask(cast.nora)
    assert (names(mine), mine.count) == (["Max", "Nora"], 2)
    for asked in ({"search": "mia"}, {"unit": str(cast.south.id)}, {"unit": "none"}, {"role": "administrator"},
                  {"activity": "all", "search": "una"}):  # fmt: skip
        assert (names(ask(cast.nora, **asked)), ask(cast.nora, **asked).count) == ([], 0)


@pytest.mark.parametrize("sort", ["name", "number", "-joined", "-seen"])
def test_no_page_of_a_scope_leads_out_of_it(cast, ask, crowd, sort):
    crowd(PAGE + 5, lambda index: {"unit_id": cast.engine.id if index % 2 else cast.south.id})
    first = ask(cast.nora, sort=sort)
    everybody = ask(sort=sort)
    stolen = ask(cast.nora, sort=sort, after=everybody.following)
    for member in [*first.members, *stolen.members]:
        assert member.unit in (cast.north.name, cast.engine.name)


def test_members_may_not_list_anybody(cast, ask):
    with pytest.raises(NotAllowed):
        ask(cast.max)


# Search


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("soder", ["Mia"]), ("SÖDER", ["Mia"]), ("ström mia", ["Mia"]), ("mia ström", ["Mia"]), ("nunez", ["Nora"]),
        ("Núñez", ["Nora"]), ("nora.núñez@lakeside", ["Nora"]), ("1004", ["Max"]), ("004", ["Max"]),
        ("lakeside.example", ALL), ("mi", ["Max", "Mia"]), ("il", []), ("10", ALL), ("m", ["Max", "Mia"]),
        ("o", ["Carl"]), ("1", ALL), ("u n", []), ("n u", []), ("a l", ["Ada"]), ("nobody", []), ("max nobody", []),
        ("%", []), ("_", []), ("%%%", []), ("___", []), ("m_x", []), ("ma%", []), ('"', []), ('"""', []),
        ('mil" OR "ada', []), ("'; DROP TABLE member; --", []), ("\\", []), ("*", []), ("ada OR max", []),
        ("\x00", ALL), ("   ", ALL), ("\x00mia\x00", ["Mia"]), ("x" * 5000, []), ("m " * 500, ["Max", "Mia"]),
        ("😀😀😀", []), ("\ud800", ALL), ("ﷺ", []),
    ],
)  # fmt: skip
def test_search_finds_any_part_whatever_case_and_accents(cast, ask, search, found):
    assert names(ask(search=search)) == found


def test_search_follows_a_change(cast, ask):
    with transaction():
        locked(Member, cast.una.id).family_name = "Øverby"
    assert names(ask(search="overb")) == ["Una"]
    assert names(ask(search="una unas")) == ["Una"], "her e-mail address still says so"
    with transaction():
        locked(Member, cast.una.id).email = None
    assert names(ask(search="unas")) == []


# Filters


def test_a_unit_means_its_units_too(cast, ask):
    assert names(ask(unit=str(cast.north.id))) == ["Max", "Nora"]
    assert names(ask(unit=str(cast.engine.id))) == ["Max"]
    assert names(ask(unit="none")) == ["Ada", "Carl", "Una"]
    with organization_scope(cast.clinic.id):
        ward = units.create("Ward", under=None, by=cast.actor(cast.ken)).id
    assert names(ask(unit=str(ward))) == []


def test_roles(cast, ask):
    assert names(ask(role=Role.TRAINING_COORDINATOR)) == ["Nora", "Carl"]


def test_activity(cast, ask):
    now = clock.now()
    with transaction():
        locked(Member, cast.max.id).deactivated_at = now
        locked(Member, cast.ada.id).last_seen_at = now
        locked(Member, cast.mia.id).last_seen_at = now - timedelta(days=31)
        locked(Member, cast.una.id).account_id = None
    assert names(ask()) == ["Ada", "Nora", "Carl", "Mia", "Una"]
    assert names(ask(activity="deactivated")) == ["Max"]
    assert names(ask(activity="all")) == ALL
    assert names(ask(activity="lately")) == ["Ada"]
    assert names(ask(activity="never")) == ["Nora", "Carl", "Una"]
    assert names(ask(activity="not_invited")) == ["Una"]


def test_who_was_seen_lately_moves_along_with_the_clock(cast, ask):
    now = clock.now()
    with transaction():
        locked(Member, cast.ada.id).last_seen_at = now
    for days, expected in ((0, ["Ada"]), (31, []), (29, ["Ada"])):
        with clock.standing_at(now + timedelta(days=days)):
            assert names(ask(activity="lately")) == expected


def test_the_same_question_of_other_values_has_its_own_answer(cast, ask):
    for _ in range(2):
        assert names(ask(search="max")) == ["Max"]
        assert names(ask(search="nora")) == ["Nora"]
        assert names(ask(search="m")) == [each.given_name for each in (cast.max, cast.mia)]
        assert names(ask(role=Role.TRAINING_COORDINATOR)) == ["Nora", "Carl"]
        assert names(ask(role=Role.ADMINISTRATOR)) == ["Ada"]
        assert names(ask(cast.nora)) == names(ask(cast.nora, unit=str(cast.north.id))) == ["Max", "Nora"]
        assert names(ask()) == ALL


def test_a_row_says_of_a_member_what_the_record_says(cast, ask):
    by = cast.actor(cast.ada)
    merged(found(Member, cast.max.id), found(Member, cast.mia.id), by=by)
    with transaction():
        locked(Member, cast.una.id).deactivated_at = clock.now()
    rows = ask(activity="all").members
    assert [row.given_name for row in rows if row.is_merged] == ["Mia"]
    for row in rows:
        member = found(Member, row.id)
        assert (row.name, row.listed_name, row.email, row.number) == (
            member.name, member.listed_name, member.email, member.number,
        )  # fmt: skip
        assert row.unit == (member.unit.name if member.unit else None)
        assert (row.is_active, row.is_merged) == (member.is_active, member.is_merged)
        assert row.may_be_entered_by(by) == member.may_be_entered_by(by)


def test_each_standing_finds_who_holds_one_today(cast, ask):
    today = clock.today(cast.fire)

    def hold(member, days, **more):
        with transaction():
            entry = Entry(cast.emt.id, today + timedelta(days=days), more.pop("issued_on", None))
            made = record(member, entry, by=cast.actor(cast.ada))
            for name, value in more.items():
                setattr(made, name, value)
            return made.id

    with transaction():
        locked(type(cast.emt), cast.emt.id).grace_days = 10
    earlier = hold(cast.ada, 300)
    hold(cast.ada, 500)
    hold(cast.max, 30)
    hold(cast.nora, -5)
    hold(cast.carl, -11)
    hold(cast.mia, 400, issued_on=today + timedelta(days=3))
    hold(cast.una, 400, suspended_on=today, suspended_reason="x")
    hold(cast.una, 401, revoked_on=today, revoked_reason="x")
    expected = {
        Standing.VALID: ["Ada"], Standing.EXPIRING_SOON: ["Max"], Standing.IN_GRACE: ["Nora"],
        Standing.EXPIRED: ["Carl"], Standing.NOT_YET_VALID: ["Mia"], Standing.SUSPENDED: ["Una"],
        Standing.REVOKED: ["Una"], Standing.SUPERSEDED: [],
    }  # fmt: skip
    assert {standing: names(ask(standing=standing)) for standing in Standing} == expected
    with transaction() as session:
        later = session.scalars(sa.select(Certification).where(Certification.expires_on == today + timedelta(days=500)))
        later.one().supersedes_id = earlier
    assert names(ask(standing=Standing.SUPERSEDED)) == ["Ada"]
    with transaction():
        locked(Certification, earlier).deleted_at = clock.now()
    assert names(ask(standing=Standing.SUPERSEDED)) == []
    with transaction():
        locked(type(cast.fire), cast.fire.id).tracks_certifications = False
    assert names(ask(standing=Standing.EXPIRED)) == ALL, "the module is off, so nobody asks about standing"


# Order and pages


def _walk(ask, **asked):
    """Every page forwards, and back again."""
    pages = [ask(**asked)]
    while pages[-1].following:
        pages.append(ask(**asked, after=pages[-1].following))
        assert pages[-1].preceding
    back = [pages[-1]]
    while back[-1].preceding:
        back.append(ask(**asked, before=back[-1].preceding))
        assert back[-1].following
    return [[member.id for member in page.members] for page in pages], [
        [member.id for member in page.members] for page in reversed(back)
    ]


@pytest.mark.parametrize("sort", ["name", "number", "joined", "seen"])
@pytest.mark.parametrize("falls", ["", "-"])
def test_pages_hold_everybody_once_in_order_forwards_and_back(cast, ask, crowd, sort, falls):
    def person(index):
        return {
            "given_name": f"G{index % 7}",
            "number": f"C-{index}" if index % 3 else None,
            "joined_on": date(2020, 1, 1) + timedelta(days=index % 5) if index % 2 else None,
            "last_seen_at": LONG_AGO + timedelta(minutes=index % 11) if index % 4 == 1 else None,
        }

    crowd(2 * PAGE + 17, person)
    forwards, back = _walk(ask, sort=falls + sort)
    assert forwards == back
    ids = [member_id for page in forwards for member_id in page]
    assert [len(page) for page in forwards] == [PAGE, PAGE, 23]
    assert len(set(ids)) == len(ids) == 2 * PAGE + 23
    column = {"name": "sort_name", "number": "folded_number", "joined": "joined_on", "seen": "last_seen_at"}[sort]
    people = {member.id: member for member in db.session.scalars(sa.select(Member))}
    keyed = [(getattr(people[i], column), i) for i in ids if getattr(people[i], column) is not None]
    gaps = [i for i in ids if getattr(people[i], column) is None]
    assert keyed == sorted(keyed, reverse=bool(falls))
    assert gaps == sorted(gaps, reverse=bool(falls))
    assert ids == [i for _, i in keyed] + gaps, "those without a key come last either way"


def test_somebody_who_comes_or_goes_meanwhile_shifts_no_page(cast, ask, crowd):
    crowd(PAGE + 10)
    first = ask()
    with transaction() as session:
        session.add(Member(given_name="First", family_name="Aaa", created_at=LONG_AGO))
        locked(Member, cast.ada.id).deactivated_at = clock.now()
    second = ask(after=first.following)
    assert not {member.id for member in first.members} & {member.id for member in second.members}
    assert len(first.members) + len(second.members) == PAGE + 10 + 5, "Ada was to come, the first one not"


def test_counts_stop_at_a_thousand(cast, ask, crowd):
    crowd(MOST_COUNTED - 6)
    assert (ask().count, ask().is_more) == (MOST_COUNTED, False)
    crowd(1)
    assert (ask().count, ask().is_more) == (MOST_COUNTED, True)
    assert ask(cast.nora).count == 2


NONSENSE = ["x", "\x00", "%00", "-1", "0", "99999999999999999999", "1,2", "é", "\ud800", "[]", "1e9", "--name", "-"]


@pytest.mark.parametrize("field", ["unit", "role", "activity", "standing", "sort", "after", "before"])
@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_is_as_if_it_had_not_been_asked(cast, ask, field, value):
    assert names(ask(**{field: value})) == ALL


@pytest.mark.parametrize("sort", ["name", "number", "joined", "seen"])
@pytest.mark.parametrize("other", ["name", "number", "joined", "seen"])
def test_a_cursor_of_another_order_does_no_harm(cast, ask, crowd, sort, other):
    crowd(PAGE, lambda index: {"number": str(index), "joined_on": date(2020, 1, 1), "last_seen_at": LONG_AGO})
    word = ask(sort=other).following
    assert ask(sort=sort, after=word).count == ask(sort=sort, before=word).count == PAGE + 6


# What it costs


@pytest.mark.parametrize(
    "asked", [{}, {"sort": "-seen"}, {"search": "crowd g00"}, {"standing": "valid"}, {"unit": "1"}]
)
def test_the_number_of_statements_does_not_grow(cast, ask, crowd, asked):
    by = cast.actor(cast.ada)

    def count():
        db.session.rollback()
        with statements() as seen:
            member_list(Wanted.read(asked), by=by)
        return len([statement for statement, _ in seen if statement.startswith("SELECT")])

    few = count()
    crowd(3 * PAGE, lambda index: {"unit_id": cast.engine.id})
    assert count() <= few + 1, "with more than a page there is a count"
    units = "unit" in asked
    assert count() <= 3 + units, "the organization, the units to ask for one, the page, the count"


@pytest.mark.parametrize("asked", [{}, {"sort": "-name"}, {"activity": "all"}, {"role": "member"}])
def test_the_plan_walks_an_index(cast, on, ask, crowd, asked):
    if on != "sqlite":
        return
    crowd(3 * PAGE)
    after = ask(**asked).following
    for page in ({}, {"after": after}, {"before": after}):
        plan = _plan(cast, Wanted.read(asked | page))
        assert any("USING INDEX" in line and "member" in line for line in plan), plan
        assert not any(line.startswith("SCAN member") or "TEMP B-TREE" in line for line in plan), plan


@pytest.mark.parametrize("sort", ["number", "joined", "seen", "-number", "-joined", "-seen"])
def test_the_plan_of_other_orders_walks_their_index(cast, on, ask, crowd, sort):
    if on != "sqlite":
        return
    plan = _plan(cast, Wanted.read({"sort": sort}))
    assert sum("SEARCH member USING" in line and "INDEX" in line for line in plan) >= 2, plan
    assert not any(line.startswith("SCAN member") for line in plan), plan
    assert sum("TEMP B-TREE" in line for line in plan) == 1, "only the page itself is sorted"


def test_the_plan_of_a_search_asks_the_trigram_index(cast, on, ask):
    if on != "sqlite":
        return
    plan = _plan(cast, Wanted.read({"search": "soder"}))
    assert any("member_search VIRTUAL TABLE INDEX" in line for line in plan), plan


def _plan(cast, wanted):
    with statements() as seen:
        member_list(wanted, by=cast.actor(cast.ada))
    sql, parameters = next(each for each in seen if "LIMIT" in each[0] and "unit.name" in each[0])
    with db.engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, parameters)]
