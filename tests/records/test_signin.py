"""Signing in, sessions, and who is asking."""

from __future__ import annotations

from tests.cast import PASSWORD


def test_a_member_signs_in_and_reaches_the_portal(cast, browse):
    client = browse()
    page = client.post("/login", data={"email": cast.max.email, "password": PASSWORD})
    assert page.status_code == 302
    assert client.get("/", follow_redirects=False).headers["Location"].endswith("/portfolio/")


def test_a_wrong_password_and_an_unknown_address_read_alike(cast, browse):
    wrong = browse().post("/login", data={"email": cast.max.email, "password": "nope nope nope"})
    unknown = browse().post("/login", data={"email": "nobody@example.org", "password": "nope nope nope"})
    assert wrong.status_code == unknown.status_code == 422
    assert "do not belong together" in wrong.text
    assert "do not belong together" in unknown.text


def test_signing_out_kills_every_copy_of_the_cookie(cast, browse):
    client = browse(cast.max)
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    assert client.get("/account").status_code == 200
    client.post("/logout")
    thief = browse()
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/account").status_code == 302


def test_a_deactivated_member_is_out_at_the_next_request(cast, browse):
    from records import clock
    from records.database import locked, transaction
    from records.models import Member

    client = browse(cast.max)
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    assert client.get("/portfolio/").headers["Location"].startswith("/login")


def test_a_member_may_not_open_the_back_office(cast, browse):
    assert browse(cast.max).get("/admin/").status_code == 403
    assert browse(cast.carl).get("/admin/").status_code == 200


def test_the_actor_of_somebody_logged_in_as_a_member_has_a_members_rights_and_both_names(app, cast, browse):
    from records import signin

    client = browse(cast.ada)
    client.log_in_as(cast.carl)
    with client.session_transaction() as cookie:
        actor = signin._actor_of(signin._load(cookie["_user_id"]))
    assert (actor.member_id, actor.name) == (cast.carl.id, "Carl Okafor")
    assert (actor.administrator_id, actor.administrator_name) == (cast.ada.id, "Ada Lindgren")
    assert actor.account_id == cast.ada.account_id
    assert not any([actor.is_staff, actor.administers, actor.reviews, actor.covers_everyone])
