"""Browsers in which an account signed in before. They still get in while the account is under attack.

A browser keeps one cookie with a secret for each of its accounts (the latest eight), joined by dots; the
database keeps their SHA-256. These are steps inside a transaction of the verbs that sign somebody in.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, delete, select

from records import clock, signin
from records.database import db
from records.models import Account, KnownBrowser

KEPT_FOR = timedelta(days=400)
_MOST_ACCOUNTS = 8
_OLD = delete(KnownBrowser).where(
    KnownBrowser.account_id == bindparam("account_id"), KnownBrowser.last_used_at < bindparam("before")
)


def known_secret(account: Account | None, cookie: str) -> str:
    """The secret in the browser's `cookie` that this account knows, "" where there is none."""
    digests = {signin.digest(secret): secret for secret in _secrets(cookie)}
    if account is None or not digests:
        return ""
    known = select(KnownBrowser.token_digest).where(
        KnownBrowser.account_id == account.id, KnownBrowser.token_digest.in_(digests)
    )
    found = db.session.scalars(known).first()
    return digests[found] if found else ""


def remember(account: Account, cookie: str) -> str:
    """From now on the account knows this browser. Returns the cookie that the browser keeps."""
    secret, now = known_secret(account, cookie), clock.now()
    if secret:
        digest = signin.digest(secret)
        db.session.scalars(select(KnownBrowser).where(KnownBrowser.token_digest == digest)).one().last_used_at = now
    else:
        secret = signin.token()
        row = KnownBrowser(token_digest=signin.digest(secret), account_id=account.id, last_used_at=now)
        db.session.add(row)
    db.session.connection().execute(_OLD, {"account_id": account.id, "before": now - KEPT_FOR})
    others = [other for other in _secrets(cookie) if other != secret]
    return ".".join([secret, *others][:_MOST_ACCOUNTS])


def forget_others(account: Account, cookie: str) -> None:
    """Of all browsers that the account knows, only this one stays known."""
    kept = signin.digest(known_secret(account, cookie))
    mine = delete(KnownBrowser).where(KnownBrowser.account_id == account.id)
    db.session.execute(mine.where(KnownBrowser.token_digest != kept))


def _secrets(cookie: str) -> list[str]:
    return [secret for secret in cookie.split(".")[:_MOST_ACCOUNTS] if 40 <= len(secret) <= 64]
