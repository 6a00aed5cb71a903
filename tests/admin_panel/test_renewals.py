"""The pages of renewals for many members: step by step, keeping what was chosen, to the undo."""

from __future__ import annotations

from io import BytesIO

import pytest
import sqlalchemy as sa

from records.database import db, locked, transaction
from records.models import Certification, Member, MemberPosition, Organization, Position, RenewalBatch, Unit
from tests.forms import filled, read
from tests.holdings import give, picture, today
from tests.renewals import batch, in_days

LIST, NEW = "/admin/renewals/", "/admin/renewals/new"


class Steps:
    """Somebody at the form: `press` sends the page that they see, with one of its buttons."""

    def __init__(self, client, address=NEW):
        self.client = client
        self.show(client.get(address))

    def show(self, answer):
        self.answer, self.page = answer, read(answer.text)

    @property
    def fields(self):
        return filled(self.page, action=NEW)

    def press(self, do, files=(), **changes):
        data = {name: values for name, values in self.fields.items() if name != "csrf_token"} | changes
        data["do"] = do
        if files:
            data["files"] = [(BytesIO(content), name) for name, content in files]
        answer = self.client.post(NEW, data=data)
        if answer.status_code != 302:
            self.show(answer)
        return answer

    @property
    def step(self):
        return self.page.one("li", aria_current="step").text

    @property
    def names(self):
        """The members that are shown."""
        return [label.text for label in self.page.all("label") if label.attrs.get("for", "").startswith("member-")]

    @property
    def chosen(self):
        return self.page.one("div", class_="note info chosen").text


@pytest.fixture
def steps(cast, browse):
    """Ada, who has chosen EMT-Basic."""
    at = Steps(browse(cast.ada))
    at.press("members", type_id=str(cast.emt.id))
    return at


def recorded():
    db.session.rollback()
    return db.session.scalars(sa.select(Certification).order_by(Certification.id)).all()


def test_from_choosing_to_the_undo(cast, steps):
    give(cast.max, cast.emt, 20, number="N-1")
    assert steps.step == "2 Members"
    steps.press("dates", chosen=[str(cast.max.id), str(cast.mia.id)])
    assert steps.step == "3 Dates and files"
    assert steps.fields["issued_on"] == [today().isoformat()]
    steps.press("check", files=[("sheet.png", picture())])
    assert steps.step == "4 Check"
    assert "2 certifications will be recorded" in steps.page.text
    assert "of the one that expires" in steps.page.text
    answer = steps.press("submit", **{f"number-{cast.mia.id}": "N-9"})
    old, renewal, new = recorded()
    assert (renewal.supersedes_id, new.number) == (old.id, "N-9")
    assert renewal.expires_on == cast.emt.proposed_expiry(today())
    assert [scan.name for scan in new.scans] == ["sheet.png"]
    page = read(steps.client.get(answer.location).text)
    assert "2 certifications are recorded." in page.text
    undo = page.one("button", class_="danger").parent.attrs["action"]
    page = read(steps.client.post(undo, follow_redirects=True).text)
    assert "Undone: everything is as it was before." in page.text
    assert [each.deleted_at is None for each in recorded()] == [True, False, False]
    assert steps.client.post(undo).status_code == 409


def test_the_choice_survives_searching_and_turning_pages(cast, steps):
    with transaction() as session:
        session.add_all(
            Member(given_name=f"No {number}", family_name="Extra", created_at=cast.fire.created_at)
            for number in range(60)
        )
    steps.press("find")
    assert len(steps.names) == 50
    steps.press("tick-page")
    assert "50 members chosen" in steps.chosen
    following = next(each.attrs["value"] for each in steps.page.all("button") if each.text == "Next")
    steps.press(following)
    assert "50 members chosen" in steps.chosen
    assert "Unassigned, Una" in steps.names
    kept = [*steps.fields["chosen"], str(cast.una.id)]
    steps.press("find", search="Söder", chosen=kept)
    assert steps.names == ["Söderström, Mia"]
    assert "51 members chosen" in steps.chosen
    steps.press("dates")
    steps.press("members")
    assert "51 members chosen" in steps.chosen
    assert steps.fields["search"] == ["Söder"]
    steps.press("tick-all", search="")
    assert "66 members chosen" in steps.chosen
    steps.press("untick")
    assert "0 members chosen" in steps.chosen


def test_members_are_found_by_unit_position_and_what_they_hold(cast, steps):
    give(cast.max, cast.emt, 20)
    give(cast.mia, cast.emt, 400)
    with transaction() as session:
        driver = Position(name="Driver")
        session.add(driver)
        session.flush()
        session.add(MemberPosition(member_id=cast.una.id, position_id=driver.id))
    north = db.session.scalars(sa.select(Unit.id).where(Unit.name == "Station North")).one()
    for asked, names in (
        ({"unit": str(north)}, ["Miller, Max", "Núñez, Nora"]),
        ({"holding": "has"}, ["Miller, Max", "Söderström, Mia"]),
        ({"expiring_by": in_days(30).isoformat()}, ["Miller, Max"]),
        ({"holding": "lacks", "search": "un"}, ["Unassigned, Una"]),
        ({"position": str(driver.id)}, ["Unassigned, Una"]),
    ):
        steps.press("find", **{"unit": "", "holding": "", "expiring_by": "", "search": "", "position": ""} | asked)
        assert steps.names == names


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(cast, browse, steps):
    at = Steps(browse(cast.ada))
    assert at.press("members").status_code == 422
    assert "Choose a certification." in at.page.text
    assert steps.press("dates").status_code == 422
    assert "Choose at least one member." in steps.page.text
    steps.press("dates", chosen=[str(cast.max.id)])
    assert steps.press("check", issued_on="2026-02-30", expires_on="").status_code == 422
    assert steps.page.one("p", id="issued_on-error").text.startswith("Enter a date that exists")
    assert steps.press("check", issued_on=today().isoformat(), expires_on=in_days(-1).isoformat()).status_code == 422
    assert steps.page.one("p", id="expires_on-error").text == "Expires cannot be before Issued."
    assert steps.press("check", expires_on=in_days(9).isoformat()).status_code == 200
    assert steps.press("submit", **{f"number-{cast.max.id}": "x" * 300}).status_code == 422
    assert steps.page.one("p", id=f"number-{cast.max.id}-error").text == "Use at most 255 characters."
    assert recorded() == []


def test_without_a_usual_term_expires_must_be_given(cast, browse):
    at = Steps(browse(cast.ada), f"{NEW}?type={cast.forklift.id}")
    assert at.step == "2 Members"
    at.press("dates", chosen=[str(cast.max.id)])
    assert at.press("check").status_code == 422
    assert at.page.one("p", id="expires_on-error").text == "Enter the date on which it expires."


def test_files_wait_until_all_is_right_and_can_be_left_out(cast, steps):
    steps.press("dates", chosen=[str(cast.max.id)])
    files = [("a.png", picture("red")), ("b.png", picture("blue")), ("empty.png", b"")]
    assert steps.press("check", files=files).status_code == 422
    assert "“empty.png” is empty" in steps.page.one("p", id="files-error").text
    first = steps.page.all("input", name="leave_out")[0].attrs["value"]
    steps.press("check", leave_out=first)
    steps.press("submit")
    assert [scan.name for scan in recorded()[0].scans] == ["b.png"]


def test_sent_twice_it_leads_to_the_same_batch(cast, steps):
    steps.press("dates", chosen=[str(cast.max.id)])
    steps.press("check")
    first, second = steps.press("submit"), steps.press("submit")
    assert first.location == second.location
    assert len(recorded()) == 1


def test_sent_again_with_other_members_and_dates_it_is_shown_again_and_nothing_is_lost(cast, steps):
    steps.press("dates", chosen=[str(cast.max.id), str(cast.mia.id)])
    steps.press("check")
    steps.press("submit")
    four, later = [cast.max, cast.mia, cast.una, cast.carl], in_days(1000).isoformat()
    steps.press("dates", chosen=[str(each.id) for each in four])  # by the browser's Back button
    steps.press("check", expires_on=later, files=[("sheet.png", picture())])
    key = steps.fields["key"]
    number = {f"number-{cast.una.id}": "N-9"}
    assert steps.press("submit", **number).status_code == 409
    assert "You already recorded certifications with this form." in steps.page.text
    assert "4 certifications will be recorded" in steps.page.text
    assert steps.fields["key"] != key
    assert steps.fields[f"number-{cast.una.id}"] == ["N-9"]
    assert len(recorded()) == 2
    assert steps.press("submit").status_code == 302
    latest = recorded()[2:]
    assert {each.member_id for each in latest} == {each.id for each in four}
    assert {each.expires_on.isoformat() for each in latest} == {later}
    assert [[scan.name for scan in each.scans] for each in latest] == [["sheet.png"]] * 4


def test_sent_again_with_something_wrong_it_is_shown_beside_its_field(cast, steps):
    steps.press("dates", chosen=[str(cast.max.id)])
    steps.press("check")
    steps.press("submit")
    key = steps.fields["key"]
    assert steps.press("submit", expires_on="").status_code == 422
    assert steps.page.one("p", id="expires_on-error").text == "Enter the date on which it expires."
    assert steps.fields["key"] != key


def test_what_changed_meanwhile_is_shown_again(cast, steps):
    steps.press("dates", chosen=[str(cast.max.id)])
    steps.press("check")
    give(cast.max, cast.emt, 20)
    assert steps.press("submit").status_code == 409
    assert "Something has changed meanwhile." in steps.page.text
    assert steps.press("submit").status_code == 302


def test_coordinators_choose_from_their_scope_and_not_themselves(cast, browse):
    at = Steps(browse(cast.nora), f"{NEW}?type={cast.emt.id}")
    assert at.names == ["Miller, Max"]
    at.press("dates", chosen=[str(each.id) for each in (cast.max, cast.mia, cast.nora)])
    at.press("check")
    assert "1 of those that you chose is no longer active or not among your members" in at.page.text
    assert "Training coordinators cannot change their own" in at.page.text
    assert "Söderström" not in at.page.text
    at.press("submit")
    assert [each.member_id for each in recorded()] == [cast.max.id]


@pytest.mark.parametrize(
    "sent",
    [
        {"type_id": "9" * 30, "do": "members"},
        {"type_id": "x", "do": "check", "chosen": ["9" * 18, "-1", "x"]},
        {"do": "after:nonsense"},
        {"key": "short", "do": "submit"},
        {"do": "tick-all", "unit": "9" * 40, "holding": "?", "expiring_by": "x", "position": "7" * 17},
    ],
)
def test_whatever_is_sent_gets_an_answer(cast, browse, sent):
    sent = {"type_id": str(cast.emt.id)} | sent
    assert browse(cast.ada).post(NEW, data=sent).status_code in (200, 422)


def test_whatever_is_asked_for_gets_an_answer(cast, browse):
    for query in (f"type={'9' * 40}", "type=-1", "type=x", "type=999"):
        assert Steps(browse(cast.ada), f"{NEW}?{query}").step == "1 Certification"


def test_the_list_leads_to_each_and_to_a_new_one(cast, browse):
    client = browse(cast.ada)
    assert "Nothing was renewed for many members yet" in client.get(LIST).text
    batch(cast, cast.emt, cast.max, cast.mia)
    page = read(client.get(LIST).text)
    row = page.one("tbody").text
    assert "EMT-Basic" in row
    assert "Ada Lindgren" in row
    for address in ("/admin/", "/admin/members/", f"/admin/certification-types/{cast.emt.id}", LIST):
        assert NEW in client.get(address).text


def test_with_the_module_off_it_is_gone(cast, browse):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    for address in (LIST, NEW):
        assert client.get(address).status_code == 404
    assert NEW not in client.get("/admin/").text
    assert NEW not in client.get("/admin/members/").text


def test_at_most_500_are_chosen_and_a_large_crew_is_recorded_in_one_go(cast, steps):
    with transaction() as session:
        session.add_all(
            Member(
                given_name=f"No {number}",
                family_name="Extra" if number < 80 else "Other",
                created_at=cast.fire.created_at,
            )
            for number in range(510)
        )
    steps.press("find")
    assert "At most 500 members at a time" in steps.page.text
    assert steps.press("tick-all").status_code == 422
    assert "Choose at most 500 members at a time." in steps.page.text
    steps.press("untick")
    steps.press("find", search="extra")
    steps.press("tick-all")
    assert "80 members chosen" in steps.chosen
    steps.press("dates")
    steps.press("check", files=[("sheet.png", picture())])
    assert steps.press("submit").status_code == 302
    assert len(recorded()) == 80
    assert db.session.scalars(sa.select(RenewalBatch)).one().type_id == cast.emt.id
