"""A test client that behaves like a browser: it sends the CSRF token of its session with every POST."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from records import sessions, signin
from records.database import db, every_organization, transaction
from records.models import Account, Member
from tests.cast import PASSWORD


class SignedClient(FlaskClient):
    def __init__(self, app: Flask) -> None:
        super().__init__(app, app.response_class, use_cookies=True)

    def enter(self, member: Member) -> None:
        """Open a session for `member` without going through the sign-in page."""
        token = signin.token()
        with every_organization():
            member = db.session.get(Member, member.id) or member
            account_id, member_id = member.account_id, member.id
            with transaction() as writing:
                account = writing.get(Account, account_id)
                assert account is not None
                writing.add(sessions.begin(token, account, writing.get(Member, member_id)))
        with self.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True

    def log_in_as(self, member: Member) -> Response:
        """Confirm with the password of the cast and enter the portal as `member`, as an administrator does."""
        return self.post(f"/admin/members/{member.id}/log-in-as", data={"password": PASSWORD})

    def csrf_token(self) -> str:
        """A token for this client's session."""
        return Context().run(self._csrf_token)

    def _csrf_token(self) -> str:
        with self.application.test_request_context(), self.session_transaction() as cookie:
            session.update(cookie)
            token = generate_csrf()
            cookie["csrf_token"] = session["csrf_token"]
        return str(token)

    def open(self, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]  # because: it returns what the application's own client does
        """Each request runs in contexts of its own, as on a server; afterwards the test reads afresh."""
        response = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()
        return response

    def post(self, *args: Any, csrf: bool = True, **kwargs: Any) -> Response:  # type: ignore[override]  # because: it returns what the application's own client does
        if csrf:
            data = kwargs.setdefault("data", {})
            if isinstance(data, dict):
                data.setdefault("csrf_token", self.csrf_token())
        return super().post(*args, **kwargs)
