"""Signing in and out, choosing a member, changing and resetting the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask

from records import clock, passwords, signin
from records.database import choose_organization, db, every_organization, lock, locked, transaction
from records.errors import (
    LinkSpent,
    NotFound,
    PasswordTooShort,
    TooManyAttempts,
    WeakPassword,
    WrongCredentials,
    WrongPassword,
)
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    KnownBrowser,
    Member,
    MessageKind,
    SignIn,
)
from records.services import accounts, invitations, outbox
from tests.cast import PASSWORD, Cast
from tests.outbox import messages, secret

NEW = "a wholly different long phrase"
VISITOR = Actor.visitor(address="192.0.2.7", request_id="r1")
ELSEWHERE = Actor.visitor(address="198.51.100.9")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def sign_in(email: str, password: str = PASSWORD, *, browser: str = "", by: Actor = VISITOR) -> accounts.SignedInNow:
    return accounts.sign_in(email, password, browser=browser, by=by)


def session_of(token: str) -> SignIn:
    db.session.rollback()
    return db.session.scalars(sa.select(SignIn).where(SignIn.token_digest == signin.digest(token))).one()


def is_open(token: str) -> bool:
    return session_of(token).ended_at is None


def account_of(member: Member) -> Account:
    with every_organization():
        return db.session.get_one(Account, member.account_id)


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEvent.kind).order_by(AuditEvent.id)))


# Signing in


def test_signing_in_opens_a_session_of_which_only_a_digest_is_kept(cast: Cast) -> None:
    opened = sign_in("MAX.miller@Lakeside.example")
    session = session_of(opened.token)
    assert session.member_id == cast.max.id
    assert session.address == ""
    assert len(opened.token) >= 43  # 256 bits
    kept = [str(value) for row in db.session.execute(sa.text("SELECT * FROM sign_in")) for value in row]
    assert opened.token not in kept
    assert kinds() == [AuditKind.SIGNED_IN]


def test_whoever_signs_in_is_seen_at_once_and_their_record_stays_the_version_that_it_is(cast: Cast) -> None:
    version = cast.max.version
    with clock.standing_at(NOON):
        sign_in(cast.max.email or "")
    db.session.rollback()
    assert (cast.max.last_seen_at, cast.max.version) == (NOON, version)


def test_every_session_has_a_secret_of_its_own(cast: Cast) -> None:
    secrets = {signin.token() for _ in range(1000)}
    assert len(secrets) == 1000
    assert len({secret[:4] for secret in secrets}) > 900


@pytest.mark.parametrize("email", ["nobody@example.org", "", "no address", "max.miller@lakeside.example\0", "x" * 300])
def test_who_is_unknown_is_refused_like_a_wrong_password(cast: Cast, email: str) -> None:
    with pytest.raises(WrongCredentials) as unknown:
        sign_in(email, "wrong password")
    with pytest.raises(WrongCredentials) as wrong:
        sign_in(cast.max.email or "", "wrong password")
    assert unknown.value.in_english() == wrong.value.in_english()
    assert unknown.value.field is None
    assert kinds() == [AuditKind.SIGN_IN_REFUSED] * 2


def test_a_nul_byte_is_no_way_around_anything(cast: Cast) -> None:
    with pytest.raises(WrongCredentials):
        sign_in(cast.max.email or "", PASSWORD + "\0")


def test_an_unknown_address_costs_one_hash_like_a_wrong_password(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            hashed.append(password_hash)
            return hasher.verify(password_hash, password)

        def __getattr__(self, name: str) -> object:
            return getattr(hasher, name)

    hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    for email in ("nobody@example.org", cast.max.email or ""):
        before = len(hashed)
        with pytest.raises(WrongCredentials):
            sign_in(email, "wrong password")
        assert len(hashed) == before + 1
    parameters = {password_hash.rsplit("$", 2)[0] for password_hash in hashed}
    assert len(parameters) == 1


def test_an_account_without_a_password_cannot_sign_in(cast: Cast) -> None:
    invited = _invite(cast, "new.person@example.org")
    for password in ("", "None", "nobody's password", PASSWORD):
        with pytest.raises(WrongCredentials):
            sign_in(invited.email or "", password)


def test_a_password_that_changed_while_it_was_checked_opens_nothing(cast: Cast) -> None:
    account = account_of(cast.max)
    for renewed, set_at in (("an earlier hash", account.password_changed_at), ("a new one", clock.now())):
        checked = accounts._Checked("an earlier hash", set_at, renewed)
        with every_organization(), pytest.raises(WrongCredentials):
            accounts._open(account, checked=checked, browser="", by=VISITOR)


def test_two_who_renew_the_hash_at_once_both_get_in(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an upgrade that hashes harder, where somebody sends the form twice."""
    account = account_of(cast.max)
    with every_organization(), transaction():
        lock(account).password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    renew, first = accounts.hashed, []

    def while_another_signs_in(password: str) -> str:
        if not first:
            first.append("comes in meanwhile")
            first.append(sign_in(cast.max.email or "").token)
        return renew(password)

    monkeypatch.setattr(accounts, "hashed", while_another_signs_in)
    second = sign_in(cast.max.email or "")
    assert len({*first, second.token}) == 3
    assert not passwords.needs_rehash(account_of(cast.max).password_hash or "")


def test_several_members_leave_the_choice_open(cast: Cast) -> None:
    _share_account(cast)
    token = sign_in(cast.max.email or "").token
    assert session_of(token).member_id is None
    opened = accounts.members_of(account_of(cast.max), by=cast.actor(cast.max))
    names = [(member.organization.name, member.id) for member in opened]
    assert names == [("Hillside Clinic", cast.other_max.id), ("Lakeside Fire & Rescue", cast.max.id)]


def _share_account(cast: Cast) -> None:
    """Max's account opens the Max of the clinic, too."""
    with every_organization(), transaction():
        locked(Member, cast.other_max.id).account_id = cast.max.account_id


def test_choosing_a_member_begins_a_new_session_that_lasts_no_longer(cast: Cast) -> None:
    _share_account(cast)
    with clock.standing_at(NOON):
        token = sign_in(cast.max.email or "").token
    with clock.standing_at(NOON + timedelta(days=13)):
        other = accounts.choose_member(token, cast.other_max.id, by=VISITOR)
    assert other != token
    assert not is_open(token)
    assert session_of(other).member_id == cast.other_max.id
    assert session_of(other).expires_at == NOON + timedelta(days=14)


def test_only_ones_own_active_members_can_be_chosen(cast: Cast) -> None:
    _share_account(cast)
    token = sign_in(cast.max.email or "").token
    with every_organization(), transaction():
        locked(Member, cast.other_max.id).deactivated_at = clock.now()
    for member_id in (cast.mia.id, cast.ken.id, cast.other_max.id, 0, -1, 10**30):
        with pytest.raises(NotFound):
            accounts.choose_member(token, member_id, by=VISITOR)
    assert is_open(token)
    accounts.sign_out(token, by=VISITOR)
    with pytest.raises(NotFound):  # an ended session opens nothing any more
        accounts.choose_member(token, cast.max.id, by=VISITOR)
    with pytest.raises(NotFound):
        accounts.choose_member("no token", cast.max.id, by=VISITOR)


def test_signing_out_ends_the_session_once(cast: Cast) -> None:
    token = sign_in(cast.max.email or "").token
    accounts.sign_out(token, by=VISITOR)
    accounts.sign_out(token, by=VISITOR)
    accounts.sign_out("no token", by=VISITOR)
    assert not is_open(token)
    assert kinds() == [AuditKind.SIGNED_IN, AuditKind.SIGNED_OUT]


# The throttle


def fail(email: str, times: int, *, by: Actor = VISITOR, browser: str = "") -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            sign_in(email, "wrong password", by=by, browser=browser)


def test_after_ten_failures_even_the_right_password_waits(cast: Cast) -> None:
    email = cast.max.email or ""
    with clock.standing_at(NOON):
        fail(email, 10)
        with pytest.raises(TooManyAttempts) as refused:
            sign_in(email)
        with pytest.raises(TooManyAttempts):
            sign_in(email.upper(), by=ELSEWHERE)
        sign_in(cast.mia.email or "")
        assert 0 < refused.value.retry_after <= 901
    with clock.standing_at(NOON + timedelta(minutes=15)):
        sign_in(email)


def test_signing_in_rightly_again_and_again_counts_for_nothing(cast: Cast) -> None:
    email = cast.max.email or ""
    with clock.standing_at(NOON):
        for _ in range(15):
            browser = sign_in(email).browser
            sign_in(email, browser=browser)
        fail(email, 9)
        sign_in(email)


def test_an_unknown_address_is_throttled_alike(cast: Cast) -> None:
    fail("nobody@example.org", 10)
    with pytest.raises(TooManyAttempts):
        sign_in("nobody@example.org")


def test_trying_many_accounts_from_one_address_is_throttled_and_others_are_not(cast: Cast) -> None:
    with clock.standing_at(NOON):
        for number in range(10):
            fail(f"guess{number}@example.org", 10)
        with pytest.raises(TooManyAttempts):
            sign_in(cast.max.email or "")
        sign_in(cast.max.email or "", by=ELSEWHERE)


def test_a_browser_that_signed_in_before_gets_in_while_its_account_is_under_attack(cast: Cast) -> None:
    email = cast.max.email or ""
    with clock.standing_at(NOON):
        browser = sign_in(email).browser
        fail(email, 10, by=ELSEWHERE)
        with pytest.raises(TooManyAttempts):
            sign_in(email, by=ELSEWHERE)
        assert sign_in(email, browser=browser).browser == browser


def test_such_a_browser_may_not_guess_without_end_either(cast: Cast) -> None:
    email = cast.max.email or ""
    with clock.standing_at(NOON):
        browser = sign_in(email).browser
        fail(email, 10, browser=browser)
        with pytest.raises(TooManyAttempts):
            sign_in(email, browser=browser)


def test_a_browser_is_known_to_the_accounts_that_signed_in_there_only(cast: Cast) -> None:
    with clock.standing_at(NOON):
        browser = sign_in(cast.max.email or "").browser
        fail(cast.mia.email or "", 10, by=ELSEWHERE)
        with pytest.raises(TooManyAttempts):
            sign_in(cast.mia.email or "", browser=browser)


def test_a_shared_browser_is_known_to_each_of_its_accounts(cast: Cast) -> None:
    emails = [cast.max.email or "", cast.mia.email or "", cast.una.email or ""]
    with clock.standing_at(NOON):
        browser = ""
        for email in emails:
            browser = sign_in(email, browser=browser).browser
        for email in emails:
            fail(email, 10, by=ELSEWHERE)
            with pytest.raises(TooManyAttempts):
                sign_in(email, by=ELSEWHERE)
            browser = sign_in(email, browser=browser).browser
    assert db.session.scalar(sa.select(sa.func.count(KnownBrowser.id))) == 3


@pytest.mark.parametrize("cookie", ["", ".", "x" * 10_000, ".".join(["y" * 43] * 500), "é\0'\""])
def test_a_forged_browser_cookie_is_no_more_than_none(cast: Cast, cookie: str) -> None:
    browser = sign_in(cast.max.email or "", browser=cookie).browser
    assert len(browser.split(".")) <= 8
    assert len(browser) < 600


def test_browsers_not_seen_for_a_long_time_are_forgotten(cast: Cast) -> None:
    with clock.standing_at(NOON):
        sign_in(cast.max.email or "")
    with clock.standing_at(NOON + timedelta(days=401)):
        sign_in(cast.max.email or "")
    assert db.session.scalar(sa.select(sa.func.count(KnownBrowser.id))) == 1


# Sessions


def test_a_person_sees_and_ends_their_own_sessions_only(cast: Cast) -> None:
    mine, theirs = sign_in(cast.max.email or "").token, sign_in(cast.mia.email or "").token
    max_account = account_of(cast.max)
    listed = accounts.open_sessions(max_account, by=cast.actor(cast.max))
    assert [each.id for each, _ in listed] == [session_of(mine).id]
    for number in (session_of(theirs).id, 10**30, -1):
        with pytest.raises(NotFound):
            accounts.end_sessions(max_account, sign_in_id=number, by=VISITOR)
    assert is_open(theirs)
    accounts.end_sessions(max_account, sign_in_id=session_of(mine).id, by=VISITOR)
    assert not is_open(mine)


def test_all_sessions_end_at_once(cast: Cast) -> None:
    tokens = [sign_in(cast.max.email or "").token for _ in range(3)]
    accounts.end_sessions(account_of(cast.max), sign_in_id=None, by=VISITOR)
    assert not any(is_open(token) for token in tokens)


# Changing the password


def change(cast: Cast, *, current: str = PASSWORD, new: str = NEW) -> str:
    return accounts.change_password(account_of(cast.max), current=current, new=new, by=cast.actor(cast.max))


def test_a_new_password_ends_every_session_and_opens_one(cast: Cast) -> None:
    tokens = [sign_in(cast.max.email or "").token for _ in range(2)]
    token = change(cast)
    assert not any(is_open(old) for old in tokens)
    assert session_of(token).member_id == cast.max.id
    with pytest.raises(WrongCredentials):
        sign_in(cast.max.email or "")
    sign_in(cast.max.email or "", NEW)
    assert [message.to_address for message in messages(MessageKind.PASSWORD_CHANGED)] == [cast.max.email]


@pytest.mark.parametrize(
    ("current", "new", "refusal", "field"),
    [
        ("wrong", NEW, WrongPassword, "current"),
        ("", NEW, WrongPassword, "current"),
        (PASSWORD, "short", PasswordTooShort, "password"),
        (PASSWORD, "passwordpassword", WeakPassword, "password"),
        (PASSWORD, "max.miller@lakeside.example", WeakPassword, "password"),
    ],
)
def test_what_is_wrong_changes_nothing(
    cast: Cast, current: str, new: str, refusal: type[Exception], field: str
) -> None:
    token = sign_in(cast.max.email or "").token
    with pytest.raises(refusal) as refused:
        change(cast, current=current, new=new)
    assert refused.value.field == field  # type: ignore[attr-defined]  # because: these refusals name a field
    assert is_open(token)
    sign_in(cast.max.email or "")


def test_whoever_holds_a_session_may_not_guess_the_password(cast: Cast) -> None:
    for _ in range(10):
        with pytest.raises(WrongPassword):
            change(cast, current="wrong")
    with pytest.raises(TooManyAttempts):
        change(cast)


# Forgotten passwords


def request(email: str, *, by: Actor = VISITOR) -> None:
    accounts.request_password_reset(email, by=by)


def reset(link: str, new: str = NEW, *, browser: str = "") -> str:
    return accounts.reset_password(link, new, browser=browser, by=VISITOR)


def test_a_link_sets_a_new_password_once(cast: Cast) -> None:
    old = sign_in(cast.max.email or "").token
    request("MAX.MILLER@lakeside.example")
    link = secret(MessageKind.PASSWORD_RESET)
    assert accounts.reset_link(link).account.email == cast.max.email
    reset(link)
    assert not is_open(old)
    sign_in(cast.max.email or "", NEW)
    with pytest.raises(LinkSpent):
        reset(link)
    with pytest.raises(LinkSpent):
        accounts.reset_link(link)


def test_a_link_that_was_refused_a_weak_password_still_works(cast: Cast) -> None:
    request(cast.max.email or "")
    with pytest.raises(WeakPassword):
        reset(secret(MessageKind.PASSWORD_RESET), "passwordpassword")
    reset(secret(MessageKind.PASSWORD_RESET))


def test_whoever_reset_the_password_gets_in_though_the_account_is_under_attack(cast: Cast) -> None:
    email = cast.max.email or ""
    with clock.standing_at(NOON):
        fail(email, 10, by=ELSEWHERE)
        request(email)
        browser = reset(secret(MessageKind.PASSWORD_RESET))
        with pytest.raises(TooManyAttempts):
            sign_in(email, NEW)
        sign_in(email, NEW, browser=browser)


def test_a_link_works_for_two_hours(cast: Cast) -> None:
    with clock.standing_at(NOON):
        request(cast.max.email or "")
    link = secret(MessageKind.PASSWORD_RESET)
    with clock.standing_at(NOON + timedelta(hours=2)), pytest.raises(LinkSpent):
        reset(link)
    with clock.standing_at(NOON + timedelta(hours=2, seconds=-1)):
        reset(link)


def test_one_link_used_makes_the_others_void(cast: Cast) -> None:
    request(cast.max.email or "")
    first = secret(MessageKind.PASSWORD_RESET)
    request(cast.max.email or "")
    reset(secret(MessageKind.PASSWORD_RESET))
    with pytest.raises(LinkSpent):
        reset(first)


def test_a_password_changed_by_hand_makes_links_void(cast: Cast) -> None:
    request(cast.max.email or "")
    change(cast)
    with pytest.raises(LinkSpent):
        reset(secret(MessageKind.PASSWORD_RESET))


def test_a_link_dies_with_the_last_member_that_its_account_opens(cast: Cast) -> None:
    request(cast.max.email or "")
    link = secret(MessageKind.PASSWORD_RESET)
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    for use in (accounts.reset_link, reset):
        with pytest.raises(LinkSpent):
            use(link)


@pytest.mark.parametrize("tampered", ["", "x", "\0", "é" * 50, "' OR 1=1 --"])
def test_a_link_that_was_made_up_opens_nothing(cast: Cast, tampered: str) -> None:
    with pytest.raises(LinkSpent):
        reset(tampered)


def test_a_link_with_one_letter_changed_opens_nothing(cast: Cast) -> None:
    request(cast.max.email or "")
    link = secret(MessageKind.PASSWORD_RESET)
    other = "A" if link[-5] != "A" else "B"
    with pytest.raises(LinkSpent):
        reset(link[:-5] + other + link[-4:])


def test_a_link_serves_its_own_purpose_only(cast: Cast) -> None:
    request(cast.max.email or "")
    link = secret(MessageKind.PASSWORD_RESET)
    with pytest.raises(LinkSpent):
        invitations.accept(link, NEW, browser="", by=VISITOR)
    for purpose in outbox._PATHS:
        if purpose != "password_reset":
            with pytest.raises(LinkSpent), every_organization(), transaction():
                outbox.spend(link, purpose)
    _invite(cast, "new.person@example.org")
    with pytest.raises(LinkSpent):
        reset(secret(MessageKind.INVITATION))
    reset(link)


@pytest.mark.parametrize("email", ["nobody@example.org", "", "no address", "nul\0@example.org"])
def test_asking_for_an_unknown_address_says_and_mails_nothing(cast: Cast, email: str) -> None:
    request(email)
    assert messages() == []


def test_whoever_was_invited_only_or_deactivated_gets_no_link(cast: Cast) -> None:
    _invite(cast, "new.person@example.org")
    request("new.person@example.org")
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    request(cast.max.email or "")
    assert messages(MessageKind.PASSWORD_RESET) == []


def test_asking_over_and_over_is_throttled_alike_for_known_and_unknown(cast: Cast) -> None:
    for email in (cast.max.email or "", "nobody@example.org"):
        for _ in range(5):
            request(email)
        with pytest.raises(TooManyAttempts):
            request(email)
    assert len(messages(MessageKind.PASSWORD_RESET)) == 5


def test_the_trail_tells_of_the_account_in_its_organization(cast: Cast) -> None:
    change(cast)
    choose_organization(None)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.PASSWORD_CHANGED)).one()
    assert (event.organization_id, event.member_id) == (cast.fire.id, cast.max.id)
    told = [event.detail.actor_name, str(event.detail.before), str(event.detail.after)]
    assert not any(secret in text for text in told for secret in (PASSWORD, NEW, "argon2"))


def _invite(cast: Cast, email: str) -> Member:
    with transaction() as session:
        member = Member(given_name="New", family_name="Person", email=email, created_at=clock.now())
        session.add(member)
        session.flush()
        invitations.issue(member, organization=cast.fire)
    return member


def test_outside_a_request_there_is_no_address_and_no_id(app: Flask) -> None:
    assert signin.address() == signin.request_id() == ""
