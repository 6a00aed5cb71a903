"""Signing in with an organization's own provider, over HTTP: a real one, and one that lies.

The worst that could happen is that the administrator of one organization, who controls its provider and can have it
assert any address, opens what somebody has in another organization, or takes their account over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from records import clock, openid, passwords, signin
from records.database import choose_organization, db, every_organization, organization_scope, transaction
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    KnownBrowser,
    Member,
    Role,
    SignIn,
    SignOn,
    SignOnIdentity,
)
from records.services import accounts, invitations
from tests.cast import LONG_AGO, PASSWORD, Cast
from tests.clients import SignedClient
from tests.providers import (
    CLIENT_ID,
    LISTED_SECRET,
    OTHER_KEY,
    Liar,
    Provider,
    query_of,
    sign_on_of,
    signed,
    signed_with_the_public_key,
    unsigned,
)

Browse = Callable[..., SignedClient]
ADDRESS = "lakeside-fire"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider().running() as running:
        yield running


@pytest.fixture
def fire(cast: Cast, provider: Provider) -> Cast:
    """The cast, whose fire department signs on with the provider."""
    sign_on_of(cast.fire, provider.issuer)
    return cast


def known(provider: Provider, member: Member, subject: str = "", **claims: Any) -> str:
    """Whom the provider knows by the member's address; returns their subject."""
    subject = subject or f"subject-of-{member.id}"
    return provider.know(subject, email=member.email, **({"email_verified": True} | claims))


def sign_on(client: SignedClient, provider: Provider, subject: str, address: str = ADDRESS, query: str = "") -> Any:
    """The whole way; returns the answer to coming back."""
    started = client.get(f"/sign-on/{address}/start{query}")
    assert started.status_code == 302
    return come_back(client, provider.let_in(started.headers["Location"], subject))


def come_back(client: SignedClient, address: str) -> Any:
    there = urlsplit(address)
    return client.get(f"{there.path}?{there.query}")


def is_in(client: SignedClient) -> bool:
    return bool(client.get("/account").status_code == 200)


def opened(client: SignedClient) -> SignIn:
    """The session that this browser has."""
    with client.session_transaction() as kept:
        token = kept["_user_id"]
    db.session.rollback()
    return db.session.scalars(sa.select(SignIn).where(SignIn.token_digest == signin.digest(token))).one()


def events(kind: AuditKind) -> list[AuditEvent]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.id)))


def account_of(member: Member) -> Account:
    with every_organization():
        return db.session.get_one(Account, member.account_id)


def also_in_the_clinic(cast: Cast, member: Member, role: str = Role.MEMBER) -> Member:
    """The same person's place in the other organization, under the same account."""
    with organization_scope(cast.clinic.id), transaction() as session:
        second = Member(organization_id=cast.clinic.id, given_name=member.given_name, family_name=member.family_name,
                        email=member.email, account_id=member.account_id, role=role, created_at=LONG_AGO)  # fmt: skip
        session.add(second)
    return second


# The way


def test_the_whole_way_leads_into_the_organization(fire: Cast, browse: Browse, provider: Provider) -> None:
    client = browse()
    page = client.get(f"/sign-on/{ADDRESS}")
    assert "Lakeside Fire &amp; Rescue" in page.text
    answer = sign_on(client, provider, known(provider, fire.max))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_in(client)
    session = opened(client)
    assert (session.member_id, session.came_through_id) == (fire.max.id, fire.fire.id)
    (event,) = events(AuditKind.SIGNED_IN)
    assert (event.organization_id, event.member_id) == (fire.fire.id, fire.max.id)
    assert event.detail.after == {"sign_on": provider.issuer}


def test_it_asks_with_pkce_a_nonce_and_an_address_below_the_public_one(fire: Cast, browse: Browse) -> None:
    asked = query_of(browse().get(f"/sign-on/{ADDRESS}/start", headers={"Host": "evil.example"}).headers["Location"])
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert asked["redirect_uri"] == f"http://127.0.0.1:8000/sign-on/{ADDRESS}/back"
    assert "secret" not in " ".join(asked)


def test_beginning_writes_nothing(fire: Cast, browse: Browse) -> None:
    def counted() -> list[int]:
        db.session.rollback()
        return [db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
                for name in ("sign_in", "sign_on_identity", "audit_event", "account")]  # fmt: skip

    before = counted()
    browse().get(f"/sign-on/{ADDRESS}/start")
    assert counted() == before


def test_it_leads_on_to_the_page_that_was_asked_for_and_to_no_other_site(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    subject = known(provider, fire.max)
    assert sign_on(browse(), provider, subject, query="?next=/portfolio/credits").location == "/portfolio/credits"
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert sign_on(browse(), provider, subject, query=f"?next={elsewhere}").location == "/"


def test_a_planted_session_is_worth_nothing_afterwards(fire: Cast, browse: Browse, provider: Provider) -> None:
    client = browse()
    with client.session_transaction() as kept:
        kept["planted"] = "yes"
    sign_on(client, provider, known(provider, fire.max))
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert "sign_on" not in kept


def test_the_address_is_typed_whole_or_in_part_and_no_customer_is_listed(fire: Cast, browse: Browse) -> None:
    client = browse()
    assert "Lakeside" not in client.get("/sign-on").text + client.get("/login").text
    for typed in (ADDRESS, "LAKESIDE-FIRE", f" http://127.0.0.1:8000/sign-on/{ADDRESS}/ "):
        assert client.post("/sign-on", data={"address": typed}).location == f"/sign-on/{ADDRESS}"
    refused = client.post("/sign-on", data={"address": "hillside"})
    assert refused.status_code == 422
    assert "No organization signs in at this address." in refused.text


def test_addresses_are_not_guessed_for_long(fire: Cast, browse: Browse) -> None:
    client = browse()
    answers = [client.get(f"/sign-on/guess-{number}").status_code for number in range(22)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert client.get(f"/sign-on/{ADDRESS}").status_code == 429


def test_an_address_that_is_off_reads_like_one_that_nobody_has(cast: Cast, browse: Browse, provider: Provider) -> None:
    sign_on_of(cast.fire, provider.issuer, is_on=False)
    for path in ("", "/start"):
        off, nobody = browse().get(f"/sign-on/{ADDRESS}{path}"), browse().get(f"/sign-on/nobody-has-this{path}")
        assert (off.status_code, nobody.status_code) == (404, 404)
    assert browse().get(f"/sign-on/{ADDRESS}/back?state=x&code=y").status_code == 403


def test_another_site_that_leads_there_signs_nobody_in(fire: Cast, browse: Browse) -> None:
    for site in ("cross-site", "same-site"):
        led = browse().get(f"/sign-on/{ADDRESS}/start", headers={"Sec-Fetch-Site": site})
        assert led.location == f"/sign-on/{ADDRESS}"
    for site in ("same-origin", "none"):
        led = browse().get(f"/sign-on/{ADDRESS}/start", headers={"Sec-Fetch-Site": site})
        assert "/oauth2/authorize" in led.location


# State: in this browser, once, ten minutes


def test_an_answer_that_nobody_asked_for_is_refused_in_words(fire: Cast, browse: Browse, provider: Provider) -> None:
    """As when an attacker sends somebody the answer to a sign-on of their own, to sign them in as the attacker."""
    attacker, victim = browse(), browse()
    started = attacker.get(f"/sign-on/{ADDRESS}/start")
    answer = provider.let_in(started.headers["Location"], known(provider, fire.mia))
    for client in (victim, browse()):
        refused = come_back(client, answer)
        assert refused.status_code == 403
        assert "was not begun in this browser" in refused.text
        assert not is_in(client)
    begun_too = browse()
    begun_too.get(f"/sign-on/{ADDRESS}/start")
    assert come_back(begun_too, answer).status_code == 403
    assert not is_in(begun_too)


def test_an_answer_counts_once_even_to_a_copy_of_the_cookie(fire: Cast, browse: Browse, provider: Provider) -> None:
    client, copy = browse(), browse()
    started = client.get(f"/sign-on/{ADDRESS}/start")
    cookie = client.get_cookie("certfolio")
    assert cookie is not None
    answer = provider.let_in(started.headers["Location"], known(provider, fire.max))
    assert come_back(client, answer).status_code == 302
    client.post("/logout")
    assert come_back(client, answer).status_code == 403
    copy.set_cookie("certfolio", cookie.value)
    assert come_back(copy, answer).status_code == 403
    assert not is_in(copy)


def test_a_state_opens_one_session_even_where_the_provider_takes_a_code_twice(
    cast: Cast, browse: Browse, liar: Liar
) -> None:
    client = browse()
    started = client.get(f"/sign-on/{ADDRESS}/start")
    cookie, asked = client.get_cookie("certfolio"), query_of(started.headers["Location"])
    liar.nonce = asked["nonce"]
    assert cookie is not None
    back = f"/sign-on/{ADDRESS}/back?state={asked['state']}&code=x"
    assert client.get(back).status_code == 302
    copy = browse()
    copy.set_cookie("certfolio", cookie.value)
    assert copy.get(back).status_code == 403
    assert not is_in(copy)


def test_another_state_is_refused_even_where_all_else_fits(cast: Cast, browse: Browse, liar: Liar) -> None:
    for state in ("another", ""):
        client = browse()
        liar.nonce = query_of(client.get(f"/sign-on/{ADDRESS}/start").headers["Location"])["nonce"]
        assert client.get(f"/sign-on/{ADDRESS}/back?state={state}&code=x").status_code == 403
        assert not is_in(client)


def test_an_answer_after_ten_minutes_comes_too_late(
    fire: Cast, browse: Browse, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, start = known(provider, fire.max), clock.now()
    for late, status in ((timedelta(minutes=9, seconds=59), 302), (timedelta(minutes=10), 403)):
        client = browse()
        monkeypatch.setattr(clock, "now", lambda: start)
        answer = provider.let_in(client.get(f"/sign-on/{ADDRESS}/start").headers["Location"], subject)
        monkeypatch.setattr(clock, "now", lambda late=late: start + late)
        assert come_back(client, answer).status_code == status


def test_the_answer_of_one_organization_is_no_answer_of_another(fire: Cast, browse: Browse, provider: Provider) -> None:
    """Mixed up: begun with the fire department, brought to the clinic's address, and the other way."""
    sign_on_of(fire.clinic, provider.issuer, "hillside")
    for begun, brought, member in ((ADDRESS, "hillside", fire.ken), ("hillside", ADDRESS, fire.ada)):
        client = browse()
        started = client.get(f"/sign-on/{begun}/start")
        answer = provider.let_in(started.headers["Location"], known(provider, member))
        assert come_back(client, answer.replace(f"/{begun}/", f"/{brought}/")).status_code == 403
        assert not is_in(client)


def test_a_provider_that_says_no_is_told_in_words(fire: Cast, browse: Browse) -> None:
    client = browse()
    state = query_of(client.get(f"/sign-on/{ADDRESS}/start").headers["Location"])["state"]
    refused = client.get(f"/sign-on/{ADDRESS}/back?error=access_denied&error_description=<script>&state={state}")
    assert refused.status_code == 403
    assert "did not let you in" in refused.text
    assert "<script>" not in refused.text
    assert not is_in(client)


def test_an_issuer_in_the_answer_has_to_be_the_one_that_was_asked(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    client = browse()
    started = client.get(f"/sign-on/{ADDRESS}/start")
    answer = provider.let_in(started.headers["Location"], known(provider, fire.max))
    assert come_back(client, answer + "&iss=https://other.example").status_code == 403
    assert not is_in(client)


def test_refusals_are_throttled_like_sign_in(fire: Cast, browse: Browse) -> None:
    client = browse()
    answers = {client.get(f"/sign-on/{ADDRESS}/back?state=x&code={number}").status_code for number in range(101)}
    assert answers == {403, 429}
    assert client.post("/login", data={"email": fire.max.email, "password": "wrong"}).status_code == 429


# Whose account


def test_an_address_that_is_not_verified_opens_nothing(fire: Cast, browse: Browse, provider: Provider) -> None:
    for number, verified in enumerate((False, None, "true", "false", 1, [True])):
        client = browse()
        claims = {} if verified is None else {"email_verified": verified}
        subject = provider.know(f"unverified-{number}", email=fire.max.email, **claims)
        refused = sign_on(client, provider, subject)
        assert refused.status_code == 403
        assert "does not vouch for your e-mail address" in refused.text
        assert not is_in(client)
    assert {each.organization_id for each in events(AuditKind.SIGN_IN_REFUSED)} == {fire.fire.id}


def test_an_address_of_nobody_and_of_other_organizations_reads_alike(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    pages = []
    for subject, email in (("nobody", "nobody@lakeside.example"), ("ken", fire.ken.email)):
        client = browse()
        refused = sign_on(client, provider, provider.know(subject, email=email, email_verified=True))
        assert refused.status_code == 403
        assert not is_in(client)
        pages.append(refused.text.split("<main")[1].split("<script")[0])
    assert pages[0] == pages[1]


def test_a_deactivated_member_stays_out(fire: Cast, browse: Browse, provider: Provider) -> None:
    subject = known(provider, fire.max)
    sign_on(browse(), provider, subject)
    with transaction() as session:
        session.get_one(Member, fire.max.id).deactivated_at = clock.now()
    client = browse()
    assert sign_on(client, provider, subject).status_code == 403
    assert not is_in(client)


def test_a_later_address_at_the_provider_hands_no_account_on(fire: Cast, browse: Browse, provider: Provider) -> None:
    """Max signs on; then the provider gives Max another address, and Max's old address to somebody new."""
    subject = known(provider, fire.max)
    sign_on(browse(), provider, subject)
    provider.know(subject, email=fire.mia.email, email_verified=True)
    still = browse()
    sign_on(still, provider, subject)
    assert opened(still).member_id == fire.max.id
    newcomer = browse()
    refused = sign_on(newcomer, provider, known(provider, fire.max, "a-newcomer"))
    assert refused.status_code == 403
    assert "Somebody else has signed on with your e-mail address before" in refused.text
    assert not is_in(newcomer)


def test_an_administrator_lets_a_bound_identity_go(fire: Cast, browse: Browse, provider: Provider) -> None:
    before = browse()
    sign_on(before, provider, known(provider, fire.max))
    ada = browse(fire.ada)
    assert "Forget sign-on" in ada.get(f"/admin/members/{fire.max.id}").text
    assert ada.post(f"/admin/members/{fire.max.id}/forget-sign-on").status_code == 302
    assert not is_in(before)
    assert [each.member_id for each in events(AuditKind.SIGN_ON_FORGOTTEN)] == [fire.max.id]
    client = browse()
    sign_on(client, provider, known(provider, fire.max, "a-new-identity"))
    assert opened(client).member_id == fire.max.id


# The provider of one organization opens nothing of another


def test_a_sign_on_opens_nothing_of_another_organization(fire: Cast, browse: Browse, provider: Provider) -> None:
    """Max administers the clinic under the same account: whoever runs the fire department's provider must not."""
    elsewhere = also_in_the_clinic(fire, fire.max, Role.ADMINISTRATOR)
    by_password = browse()
    by_password.post("/login", data={"email": fire.max.email, "password": PASSWORD})
    by_password.post("/choose", data={"member": elsewhere.id})
    client = browse()
    sign_on(client, provider, known(provider, fire.max))
    assert opened(client).member_id == fire.max.id
    assert client.post("/choose", data={"member": elsewhere.id}).status_code == 404
    assert is_in(client)
    for path in ("/choose", "/account", "/", "/portfolio/", "/portfolio/messages"):
        assert "Hillside" not in client.get(path, follow_redirects=True).text
    assert client.get("/admin/").status_code == 403
    own, theirs = opened(client), opened(by_password)
    assert client.get("/account").text.count('name="session"') == 1
    assert client.post("/account/sessions", data={"session": theirs.id}).status_code == 404
    assert client.post("/account/sessions", data={}).status_code == 302
    assert not is_in(client)
    assert is_in(by_password)
    assert own.id != theirs.id
    ended = events(AuditKind.SESSIONS_ENDED)
    assert [each.organization_id for each in ended] == [fire.fire.id]


def test_a_forged_row_of_a_session_opens_no_other_organization(fire: Cast, browse: Browse, provider: Provider) -> None:
    elsewhere = also_in_the_clinic(fire, fire.max)
    for member_id in (elsewhere.id, None):
        client = browse()
        sign_on(client, provider, known(provider, fire.max))
        with transaction() as session:
            session.get_one(SignIn, opened(client).id).member_id = member_id
        assert not is_in(client)


def test_a_sign_on_changes_nothing_of_the_account_not_even_with_the_password(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    client = browse()
    sign_on(client, provider, known(provider, fire.max))
    page = client.get("/account").text
    assert 'name="current"' not in page
    before = account_of(fire.max).password_hash
    new = "a wholly different long phrase"
    for current in ("", "guess", PASSWORD):
        answers = [
            client.post("/account/password", data={"current": current or "x", "password": new}),
            client.post("/account/email", data={"current": current or "x", "email": "mine@evil.example"}),
        ]
        assert [answer.status_code for answer in answers] == [403, 403]
    db.session.rollback()
    assert account_of(fire.max).password_hash == before
    assert events(AuditKind.EMAIL_CHANGE_REQUESTED) == []


def test_a_sign_on_makes_no_known_browser(fire: Cast, browse: Browse, provider: Provider) -> None:
    """Each one would bring ten more guesses of the password to whoever runs the provider."""
    answer = sign_on(browse(), provider, known(provider, fire.max))
    assert "known_browser" not in " ".join(answer.headers.getlist("Set-Cookie"))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(KnownBrowser)) == 0


def test_an_administrator_who_came_through_it_stays_within_it_when_logged_in_as_somebody(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    elsewhere = also_in_the_clinic(fire, fire.ada, Role.ADMINISTRATOR)
    client = browse()
    sign_on(client, provider, known(provider, fire.ada))
    assert client.log_in_as(fire.max).status_code == 302
    assert opened(client).came_through_id == fire.fire.id
    client.post("/return")
    assert opened(client).came_through_id == fire.fire.id
    assert client.post("/choose", data={"member": elsewhere.id}).status_code == 404


def test_sessions_end_when_the_sign_on_is_switched_off(fire: Cast, browse: Browse, provider: Provider) -> None:
    from records.services import sign_ons

    came, by_password = browse(), browse(fire.mia)
    sign_on(came, provider, known(provider, fire.max))
    choose_organization(fire.fire.id)
    off = sign_ons.Settings(ADDRESS, provider.issuer, CLIENT_ID, "Lakeside", is_on=False)
    sign_ons.change(fire.fire, off, version=1, by=fire.actor(fire.ada))
    assert not is_in(came)
    assert is_in(by_password)


def test_a_sign_on_that_changes_while_the_provider_is_asked_opens_nothing(
    fire: Cast, browse: Browse, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = openid.finish

    def finished_too_late(*args: Any, **options: Any) -> openid.Person:
        person = finish(*args, **options)
        with organization_scope(fire.fire.id), transaction() as session:
            session.get_one(SignOn, fire.fire.id).client_id = "another"
        return person

    monkeypatch.setattr(openid, "finish", finished_too_late)
    client = browse()
    assert sign_on(client, provider, known(provider, fire.max)).status_code == 403
    assert not is_in(client)


# Joining


def invite(cast: Cast, email: str) -> Member:
    choose_organization(cast.fire.id)
    with transaction() as session:
        member = Member(given_name="New", family_name="Person", email=email, created_at=LONG_AGO)
        session.add(member)
    invitations.invite(member, by=cast.actor(cast.ada))
    return member


def test_an_invited_person_joins_by_signing_on(fire: Cast, browse: Browse, provider: Provider) -> None:
    member = invite(fire, "new.person@lakeside.example")
    client = browse()
    sign_on(client, provider, known(provider, member))
    assert opened(client).member_id == member.id
    assert [each.member_id for each in events(AuditKind.MEMBER_JOINED)] == [member.id]
    again = browse()
    sign_on(again, provider, known(provider, member))
    assert opened(again).member_id == member.id


def test_an_invitation_that_is_over_joins_nobody(
    fire: Cast, browse: Browse, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = invite(fire, "new.person@lakeside.example")
    subject, now = known(provider, member), clock.now() + timedelta(days=14)
    monkeypatch.setattr(clock, "now", lambda: now)
    client = browse()
    assert sign_on(client, provider, subject).status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize("has_password", [True, False])
def test_an_account_of_somebody_is_not_drawn_into_an_organization(
    fire: Cast, browse: Browse, provider: Provider, has_password: bool
) -> None:
    """An administrator invites the clinic's Ken, and has their own provider vouch for his address."""
    with every_organization(), transaction() as session:
        account = session.get_one(Account, fire.ken.account_id)
        account.password_hash = passwords.hashed(PASSWORD) if has_password else None
    member = invite(fire, fire.ken.email or "")
    client = browse()
    refused = sign_on(client, provider, known(provider, member))
    assert refused.status_code == 403
    assert "Join by the link in your invitation" in refused.text
    assert not is_in(client)
    with every_organization():
        assert db.session.get_one(Member, member.id).account_id is None
        assert db.session.scalar(sa.select(sa.func.count()).select_from(SignOnIdentity)) == 0


def test_somebody_who_joined_by_signing_on_joins_the_next_organization_by_its_own_link(
    fire: Cast, browse: Browse, provider: Provider
) -> None:
    member = invite(fire, "new.person@lakeside.example")
    client = browse()
    sign_on(client, provider, known(provider, member))
    with organization_scope(fire.clinic.id):
        with transaction() as session:
            second = Member(organization_id=fire.clinic.id, given_name="New", family_name="Person",
                            email=member.email, created_at=LONG_AGO)  # fmt: skip
            session.add(second)
        link = invitations.invite(second, by=fire.actor(fire.ken))
    invitations.accept(link.rpartition("/")[2], "a wholly different long phrase", browser="",
                       by=Actor.visitor(address="192.0.2.9"))  # fmt: skip
    assert opened(client).member_id == member.id
    assert client.post("/choose", data={"member": second.id}).status_code == 404


# Roles


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        (None, Role.MEMBER),
        ("nothing", Role.MEMBER),
        ("trainers", Role.TRAINING_COORDINATOR),
        (["everybody", "chiefs", "trainers"], Role.ADMINISTRATOR),
        ([{"chiefs": 1}, ["chiefs"], 7], Role.MEMBER),
        ("administrator", Role.MEMBER),
    ],
)
def test_roles_come_from_mapped_values_alone(
    cast: Cast, browse: Browse, provider: Provider, claim: Any, role: Role
) -> None:
    values = {"everybody": "member", "trainers": "training_coordinator", "chiefs": "administrator"}
    sign_on_of(cast.fire, provider.issuer, role_claim="groups", role_values=values)
    more = {"role": "administrator", "roles": ["administrator"]} | ({} if claim is None else {"groups": claim})
    client = browse()
    sign_on(client, provider, known(provider, cast.max, f"role-{role}-{claim!r:.9}".replace(" ", ""), **more))
    db.session.rollback()
    max_now = db.session.get_one(Member, cast.max.id)
    assert max_now.role == role
    assert not max_now.covers_organization
    assert max_now.scope_units == []
    assert is_in(client)
    assert len(events(AuditKind.MEMBER_ROLE_CHANGED)) == (role != Role.MEMBER)


def test_without_a_mapping_no_token_gives_a_role(fire: Cast, browse: Browse, provider: Provider) -> None:
    claims = {"groups": ["administrator"], "role": "administrator", "": "administrator"}
    sign_on(browse(), provider, known(provider, fire.max, **claims))
    db.session.rollback()
    assert db.session.get_one(Member, fire.max.id).role == Role.MEMBER


def test_a_token_demotes_but_never_the_last_administrator(cast: Cast, browse: Browse, provider: Provider) -> None:
    sign_on_of(cast.fire, provider.issuer, role_claim="groups", role_values={"everybody": "member"})
    with transaction() as session:
        session.get_one(Member, cast.carl.id).covers_organization = False
        session.get_one(Member, cast.carl.id).role = Role.ADMINISTRATOR
    old = browse(cast.carl)
    for member, left in ((cast.carl, Role.MEMBER), (cast.ada, Role.ADMINISTRATOR)):
        client = browse()
        sign_on(client, provider, known(provider, member, groups=["everybody"]))
        assert is_in(client)
        db.session.rollback()
        assert db.session.get_one(Member, member.id).role == left
    assert not is_in(old)


def test_a_coordinators_scope_is_left_as_it_is(cast: Cast, browse: Browse, provider: Provider) -> None:
    sign_on_of(cast.fire, provider.issuer, role_claim="groups", role_values={"trainers": "training_coordinator"})
    sign_on(browse(), provider, known(provider, cast.nora, groups=["trainers"]))
    db.session.rollback()
    assert [scope.unit_id for scope in db.session.get_one(Member, cast.nora.id).scope_units] == [cast.north.id]
    assert events(AuditKind.MEMBER_ROLE_CHANGED) == []


# A provider that lies, is slow, or is gone


@pytest.fixture
def liar(cast: Cast) -> Iterator[Liar]:
    with Liar().running() as running:
        sign_on_of(cast.fire, running.issuer)
        yield running


def lied_to(client: SignedClient, liar: Liar) -> Any:
    started = client.get(f"/sign-on/{ADDRESS}/start")
    assert started.status_code == 302
    asked = query_of(started.headers["Location"])
    liar.nonce = asked["nonce"]
    return client.get(f"/sign-on/{ADDRESS}/back?state={asked['state']}&code=anything")


def test_a_provider_that_does_not_lie_lets_in(cast: Cast, browse: Browse, liar: Liar) -> None:
    client = browse()
    assert lied_to(client, liar).status_code == 302
    assert opened(client).member_id == cast.max.id


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://other.example"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "other"}},
    "no audience": {"claims": {"aud": None}},
    "another audience, ours as the authorized party": {"claims": {"aud": "other", "azp": CLIENT_ID}},
    "our audience among others, for another party": {"claims": {"aud": [CLIENT_ID, "other"], "azp": "other"}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None, "nonce_supported": False}},
    "expired": {"claims": {"exp": 1_600_000_000}},
    "no expiry": {"claims": {"exp": None}},
    "not yet": {"claims": {"nbf": 4_000_000_000}},
    "no subject": {"claims": {"sub": None}},
    "a subject that is no text": {"claims": {"sub": 7}},
    "an endless subject": {"claims": {"sub": "x" * 256}},
    "an address that is no text": {"claims": {"email": ["max.miller@lakeside.example"]}},
    "alg none": {"sign": unsigned, "header": {"alg": "none"}},
    "the signature cut off": {"sign": unsigned},
    "another key": {"sign": lambda header, claims: signed(header, claims, OTHER_KEY)},
    "HS256 with the public key": {"sign": signed_with_the_public_key},
    "HS256 with a key that it lists": {
        "sign": lambda header, claims: signed(header | {"alg": "HS256"}, claims, LISTED_SECRET),
        "keys": [LISTED_SECRET.as_dict()],
    },
    "an unknown key": {"header": {"kid": "unknown"}},
    "no token": {"sign": lambda _header, _claims: None},
    "no JSON web token": {"sign": lambda _header, _claims: "a.b.c"},
    "no keys": {"keys": []},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_that_does_not_hold_lets_nobody_in(cast: Cast, browse: Browse, liar: Liar, lie: dict[str, Any]) -> None:
    for name, value in lie.items():
        setattr(liar, name, value)
    client = browse()
    refused = lied_to(client, liar)
    assert refused.status_code == 403
    assert "You are not signed in" in refused.text
    assert not is_in(client)
    (event,) = events(AuditKind.SIGN_IN_REFUSED)
    assert event.organization_id == cast.fire.id
    with every_organization():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(SignOnIdentity)) == 0


@pytest.mark.parametrize(
    ("discovery", "status"),
    [
        ({"issuer": "https://other.example"}, 403),
        ({"token_endpoint": "http://169.254.169.254/token"}, 503),
        ({"jwks_uri": "https://user:secret@login.example/jwks"}, 503),
        ({"authorization_endpoint": "javascript:alert(1)"}, 503),
        ({"token_endpoint": None}, 503),
        ({"jwks_uri": "file:///etc/passwd"}, 503),
    ],
)
def test_a_discovery_document_that_does_not_hold_leads_nowhere(
    cast: Cast, browse: Browse, liar: Liar, discovery: dict[str, Any], status: int
) -> None:
    liar.discovery = discovery
    refused = browse().get(f"/sign-on/{ADDRESS}/start")
    assert refused.status_code == status
    assert "You are not signed in" in refused.text
    assert set(liar.asked) == {"/.well-known/openid-configuration"}


def test_a_discovery_document_turns_no_check_off_and_reroutes_nothing(cast: Cast, browse: Browse, liar: Liar) -> None:
    """Authlib takes settings of its session from there: proxies, trust of certificates, hooks."""
    liar.discovery = {
        "proxies": {"http": "http://127.0.0.1:1", "https": "http://127.0.0.1:1"}, "verify": False, "trust_env": True,
        "client_id": "other", "code_challenge_method": "plain", "jwks": {"keys": []}, "scope": "everything",
    }  # fmt: skip
    client = browse()
    assert lied_to(client, liar).status_code == 302
    assert is_in(client)


def test_a_provider_that_is_gone_is_told_in_words(cast: Cast, browse: Browse) -> None:
    with Liar().running() as gone:
        sign_on_of(cast.fire, gone.issuer)
    refused = browse().get(f"/sign-on/{ADDRESS}/start")
    assert refused.status_code == 503
    assert "cannot be reached right now" in refused.text
    (event,) = events(AuditKind.SIGN_IN_REFUSED)
    assert event.organization_id == cast.fire.id
    assert "cannot be reached" in event.detail.after["reason"]


def test_a_secret_that_cannot_be_read_any_more_is_told_in_words(
    fire: Cast, browse: Browse, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        session.get_one(SignOn, fire.fire.id).sealed_secret = "gone"
    refused = browse().get(f"/sign-on/{ADDRESS}/start")
    assert refused.status_code == 403
    assert "has to enter it again" in refused.text


def test_signing_in_with_a_password_goes_on(fire: Cast, browse: Browse, provider: Provider) -> None:
    sign_on(browse(), provider, known(provider, fire.max))
    opened_now = accounts.sign_in(fire.max.email or "", PASSWORD, browser="", by=Actor.visitor(address="192.0.2.7"))
    with every_organization():
        session = db.session.scalars(
            sa.select(SignIn).where(SignIn.token_digest == signin.digest(opened_now.token))
        ).one()
    assert session.came_through_id is None
