"""In which language a page, a mail and a calendar are written."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError

from records import codes, jobs, mail, signin
from records.database import db, every_organization, locked, transaction
from records.models import Account, CertificationType, FeedKind, Member, MessageKind
from records.services import calendar_feeds, email_changes, languages
from records.services.outbox import notify, post
from records.web import words
from tests.cast import PASSWORD
from tests.forms import filled, read
from tests.holdings import give
from tests.outbox import messages

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.8"}


def language_of(page) -> str:
    return read(page.text).one("html").attrs["lang"]


@pytest.mark.parametrize(
    ("asked", "written"),
    [(None, "en"), ("es", "es"), ("es-AR", "es"), ("fr, es;q=0.5", "es"), ("fr", "en"), ("en-GB, es", "en"),
     ("es-MX, en;q=0.9", "es"), ("*", "en"), ("nonsense;;q=x", "en"), ("es;q=0, en", "en")],
)  # fmt: skip
def test_visitors_read_what_their_browser_asks_for(app, browse, asked, written):
    headers = {"Accept-Language": asked} if asked else {}
    assert language_of(browse().get("/login", headers=headers)) == written
    assert language_of(browse().get("/nowhere", headers=headers)) == written


def test_a_members_choice_goes_before_the_browsers(cast, browse):
    client = browse(cast.max)
    assert language_of(client.get("/portfolio/", headers=SPANISH)) == "es"
    languages.choose("en", by=cast.actor(cast.max))
    assert language_of(client.get("/portfolio/", headers=SPANISH)) == "en"
    languages.choose("es", by=cast.actor(cast.max))
    assert language_of(client.get("/portfolio/")) == "es"


def test_the_choice_stands_on_the_account_page_and_works_without_scripts(cast, browse):
    client = browse(cast.max)
    page = read(client.get("/account").text)
    options = page.one("select", name="language").all("option")
    assert [(each.attrs["value"], each.text) for each in options] == [
        ("", "As the browser asks"), ("en", "English"), ("es", "Español")
    ]  # fmt: skip
    assert [each.attrs.get("lang") for each in options] == [None, "en", "es"]
    sent = filled(page, action="/account/language") | {"language": "es"}
    answer = client.post("/account/language", data=sent)
    assert answer.location == "/account"
    page = read(client.get("/account").text)
    assert page.one("html").attrs["lang"] == "es"
    assert page.one("option", value="es", selected=None).text == "Español"
    assert page.one("h1").text == "Mi cuenta"
    assert "El idioma está guardado." in page.one("main").text


def test_a_language_that_there_is_not_is_refused_beside_its_field(cast, browse):
    answer = browse(cast.max).post("/account/language", data={"language": "fr"})
    assert answer.status_code == 422
    page = read(answer.text)
    assert page.one("p", id="language-error").text == "Choose a language from the list."
    assert page.one("select", name="language").attrs["aria-invalid"] == "true"


def test_an_account_without_an_open_member_has_no_language_to_choose(cast, browse):
    with every_organization(), transaction() as session:
        account_id = session.get_one(Member, cast.max.id).account_id
        session.get_one(Member, cast.other_max.id).account_id = account_id
    client = browse()
    client.post("/login", data={"email": cast.max.email, "password": PASSWORD})
    assert "language-head" not in client.get("/account").text
    assert client.post("/account/language", data={"language": "es"}).location.startswith("/choose")


def test_who_is_logged_in_as_a_member_reads_their_language_and_cannot_change_it(cast, browse):
    languages.choose("es", by=cast.actor(cast.max))
    client = browse(cast.ada)
    assert language_of(client.get("/admin/")) == "en"
    client.log_in_as(cast.max)
    assert language_of(client.get("/portfolio/")) == "es"
    assert client.post("/account/language", data={"language": "en"}).status_code == 403
    assert db.session.get_one(Member, cast.max.id).language == "es"


def test_where_sessions_cannot_be_read_the_browser_decides(cast, browse, monkeypatch):
    client = browse(cast.max)

    def down(_token):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(signin._login, "_user_callback", down)
    answer = client.get("/portfolio/", headers=SPANISH)
    assert answer.status_code == 503
    assert language_of(answer) == "es"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "21 Mar 2027"), ("es", "21 mar 2027"), ("de", "21 März 2027"), ("fr", "21 mars 2027")],
)
def test_dates_cannot_be_misread_in_any_language(app, language, written):
    with force_locale(language):
        assert words.day(date(2027, 3, 21)) == written


@pytest.mark.parametrize(("language", "written"), [("en", "1.5 MB"), ("es", "1,5 MB")])
def test_sizes_have_the_languages_decimal_mark(app, language, written):
    with force_locale(language):
        assert words.size(1024 * 1024 * 3 // 2) == written


@pytest.fixture
def composed(app, monkeypatch):
    """The language and subject of each mail, by address."""
    written = {}
    monkeypatch.setattr(mail, "_deliver", lambda each: written.update({each.to[0]: _read(each)}))
    return written


def _read(each) -> tuple[str, str]:
    return read(each.alternatives[0][0]).one("html").attrs["lang"], each.subject


def test_mails_are_written_in_the_language_of_who_receives_them(cast, composed):
    languages.choose("es", by=cast.actor(cast.mia))
    facts = {"title": "Ladder rescue", "decider": "Ada Lindgren", "reason": "No name."}
    with transaction():
        for member in (cast.max, cast.mia, cast.una):
            notify(locked(Member, member.id), MessageKind.CERTIFICATE_DECLINED, facts=facts, page="/portfolio/")
    jobs.run_all()
    assert composed == {cast.max.email: ("en", "Declined: Ladder rescue"),
                        cast.mia.email: ("es", "Rechazado: Ladder rescue"),
                        cast.una.email: ("en", "Declined: Ladder rescue")}  # fmt: skip


def test_mails_to_an_account_follow_its_members(cast, composed):
    languages.choose("es", by=cast.actor(cast.mia))
    with transaction():
        for member in (cast.max, cast.mia):
            post(MessageKind.PASSWORD_CHANGED, member.email, organization=None, facts={})
    jobs.run_all()
    assert {address: language for address, (language, _) in composed.items()} == {
        cast.max.email: "en", cast.mia.email: "es"
    }  # fmt: skip


def test_both_addresses_of_an_account_that_changes_get_its_language(cast, composed):
    languages.choose("es", by=cast.actor(cast.mia))
    with every_organization():
        account = db.session.get_one(Account, cast.mia.account_id)
    email_changes.request(account, new_email="mia@new.example", password=PASSWORD, by=cast.actor(cast.mia))
    jobs.run_all()
    assert composed == {
        cast.mia.email: ("es", "Confirmar el cambio de dirección de correo"),
        "mia@new.example": ("es", "Confirmar la nueva dirección de correo"),
    }


def test_a_language_that_is_spoken_no_more_is_forgotten(cast, browse, composed):
    with transaction() as session:
        session.execute(sa.update(Member).where(Member.id == cast.mia.id).values(language="eo"))
    assert language_of(browse(cast.mia).get("/portfolio/")) == "en"
    with transaction():
        post(MessageKind.PASSWORD_CHANGED, cast.mia.email, organization=None, facts={})
    jobs.run_all()
    assert composed == {cast.mia.email: ("en", "Your Certfolio password was changed")}
    assert messages(MessageKind.PASSWORD_CHANGED)[0].sent_at is not None


def test_a_calendar_is_written_in_the_language_of_its_owner(cast, browse):
    give(cast.max, db.session.get_one(CertificationType, cast.emt.id), 200)
    feed = calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    path = f"/calendar/{codes.token(feed.salt)}.ics"
    assert "SUMMARY:EMT-Basic expires" in browse().get(path, headers=SPANISH).text
    languages.choose("es", by=cast.actor(cast.max))
    assert "SUMMARY:Vence EMT-Basic" in browse().get(path).text
