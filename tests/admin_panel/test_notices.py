"""Notices in the back office: proof in the profile and on the certification's page, snoozing, settings."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from records import mail
from records.database import db, locked, transaction
from records.models import Certification, CertificationType, MessageKind, Organization, Snooze
from tests.admin_panel.test_settings import SETTINGS
from tests.forms import filled, read
from tests.holdings import give, today
from tests.notices import remind
from tests.outbox import messages


@pytest.fixture
def held(cast) -> int:
    """An EMT-Basic of Max that expires in 20 days, and of which he was told 30 days before, 10 days late."""
    certification_id = give(cast.max, cast.emt, 20)
    with transaction():
        locked(Certification, certification_id).recorded_on = today() - timedelta(days=200)
    remind(today(), 9)
    mail.send_messages()
    return certification_id


def section(page):
    return read(page.text).one("section", id="notices")


def test_the_profile_proves_what_went_out_when_and_to_whom(cast, browse, held):
    for who in (cast.ada, cast.carl, cast.nora):
        shown = section(browse(who).get(f"/admin/members/{cast.max.id}"))
        for words in ("EMT-Basic", "30 days before it expires", "Max Miller", cast.max.email, "not read in the portal"):
            assert words in shown.text
        assert shown.one("a").attrs["href"] == f"/admin/certifications/{held}"


def test_with_no_notice_yet_the_profile_says_so(cast, browse):
    assert (
        "No notice of expiry has gone out yet." in section(browse(cast.ada).get(f"/admin/members/{cast.mia.id}")).text
    )


def test_with_the_module_off_the_section_is_gone(cast, browse, held):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    assert 'id="notices"' not in browse(cast.ada).get(f"/admin/members/{cast.max.id}").text


def test_a_certification_is_snoozed_with_a_reason_and_the_snooze_ended_early(cast, browse, held):
    client, path = browse(cast.nora), f"/admin/certifications/{held}"
    until = today() + timedelta(days=10)
    sent = filled(read(client.get(path).text), action=f"{path}/snooze")
    sent |= {"until_on": until.isoformat(), "snooze_reason": "The <course> is booked."}
    answer = client.post(f"{path}/snooze", data=sent, follow_redirects=True)
    assert "No notice goes out before" in answer.text
    shown = section(answer)
    assert "by Nora Núñez" in shown.text
    assert "The &lt;course&gt; is booked." in answer.text
    assert not shown.all("form", action=f"{path}/snooze")
    answer = client.post(f"{path}/snooze/end", follow_redirects=True)
    assert "The snooze is over: notices go out again." in answer.text
    assert section(answer).all("form", action=f"{path}/snooze")
    assert client.post(f"{path}/snooze/end").status_code == 409


def test_a_snooze_that_is_refused_keeps_what_was_typed(cast, browse, held):
    client, path = browse(cast.ada), f"/admin/certifications/{held}"
    for typed, sentence in (
        ("2020-01-01", "Choose a day after today, at most a year from now."),
        ("2027-02-30", "Enter a date that exists"),
        ("", "Choose a day after today"),
    ):
        answer = client.post(f"{path}/snooze", data={"until_on": typed, "snooze_reason": "Kept words"})
        assert answer.status_code == 422
        page = read(answer.text)
        field = page.one("input", name="until_on")
        assert field.attrs["value"] == typed
        assert sentence in page.one(id=field.attrs["aria-describedby"]).text
        assert page.one("textarea", name="snooze_reason").text == "Kept words"
    sent = {"until_on": (today() + timedelta(days=3)).isoformat(), "snooze_reason": ""}
    assert "Give a reason." in client.post(f"{path}/snooze", data=sent).text
    assert db.session.query(Snooze).count() == 0


def test_two_who_snooze_one_after_the_other_are_told(cast, browse, held):
    path, sent = f"/admin/certifications/{held}/snooze", {"snooze_reason": "Booked."}
    sent["until_on"] = (today() + timedelta(days=3)).isoformat()
    assert browse(cast.ada).post(path, data=dict(sent)).status_code == 302
    answer = browse(cast.carl).post(path, data=dict(sent))
    assert answer.status_code == 409
    assert "snoozed already" in answer.text


def test_coordinators_do_not_snooze_their_own(cast, browse):
    own = give(cast.carl, cast.emt, 20)
    page = browse(cast.carl).get(f"/admin/certifications/{own}")
    assert not section(page).all("form")
    sent = {"until_on": (today() + timedelta(days=3)).isoformat(), "snooze_reason": "x"}
    assert browse(cast.carl).post(f"/admin/certifications/{own}/snooze", data=sent).status_code == 403


def test_the_time_of_day_and_the_digests_day_are_settings(cast, browse):
    client = browse(cast.ada)
    sent = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    assert (sent["reminds_at"], sent["digest_weekday"]) == (["07:00"], ["0"])
    client.post(SETTINGS, data=sent | {"reminds_at": "18:30", "digest_weekday": "4"})
    fire = db.session.get(Organization, cast.fire.id, populate_existing=True)
    assert (fire.reminds_at, fire.digest_weekday) == (time(18, 30), 4)
    again = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    assert (again["reminds_at"], again["digest_weekday"]) == (["18:30"], ["4"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("reminds_at", ""), ("reminds_at", "25:00"), ("reminds_at", "soon"), ("digest_weekday", "7"),
     ("digest_weekday", "x"), ("digest_weekday", "9" * 30)],
)  # fmt: skip
def test_what_is_no_time_and_no_weekday_is_refused(cast, browse, field, value):
    client = browse(cast.ada)
    sent = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    answer = client.post(SETTINGS, data=sent | {"largest_file": "30", field: value})
    assert answer.status_code == 422
    assert [each.attrs["name"] for each in read(answer.text).all(aria_invalid="true")] == [field]
    assert db.session.get(Organization, cast.fire.id, populate_existing=True).digest_weekday == 0


def test_the_second_who_saves_settings_sees_the_others_time_and_day(cast, browse):
    client = browse(cast.ada)
    sent = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    client.post(SETTINGS, data=sent | {"reminds_at": "18:30", "digest_weekday": "4"})
    answer = client.post(SETTINGS, data=sent | {"reminds_at": "06:00"})
    assert answer.status_code == 409
    conflict = read(answer.text).one(role="alert").text
    assert "18:30" in conflict
    assert "Friday" in conflict


def test_a_types_page_says_that_a_change_of_stages_counts_from_today(cast, browse):
    client, path = browse(cast.ada), f"/admin/certification-types/{cast.emt.id}"
    page = client.get(path)
    assert "A change counts from today" in page.text
    sent = filled(read(page.text), action=path) | {"stages_before": "60, 10", "stages_after": ""}
    client.post(path, data=sent)
    type_ = db.session.get(CertificationType, cast.emt.id, populate_existing=True)
    assert (type_.reminder_stages, type_.stages_set_on) == ([60, 10], today())


def test_the_digest_in_words(cast, browse, held):
    from records.services import digests

    digests.send()
    (message,) = [each for each in messages(MessageKind.WEEKLY_DIGEST) if each.member_id == cast.nora.id]
    subject, body = mail.in_words(message, mailed=True)
    assert subject == "The week at Lakeside Fire & Rescue: 0 expired, 1 expiring soon"
    assert "1 certification expires within 30 days:\nMax Miller: EMT-Basic, " in body
    assert body.endswith("/portfolio/messages#mail")
    page = read(browse(cast.nora).get("/portfolio/messages").text)
    assert page.one("article").one("a").attrs["href"] == "/admin/"
