"""One line a request, and no secret in any."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from records.models import MessageKind
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.outbox import link

Browse = Callable[..., SignedClient]


def test_a_request_is_one_line_of_json_with_its_id(
    cast: Cast, browse: Browse, capsys: pytest.CaptureFixture[str]
) -> None:
    page = browse(cast.ada).get("/account?q=canary")
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert line["id"] == page.headers["X-Request-Id"]
    assert (line["method"], line["endpoint"], line["status"]) == ("GET", "pages.account", 200)
    assert set(line) == {"id", "method", "endpoint", "status", "milliseconds", "event", "level", "logger", "timestamp"}


def test_probes_fill_no_log(app: object, browse: Browse, capsys: pytest.CaptureFixture[str]) -> None:
    browse().get("/healthz")
    browse().get("/readyz")
    assert capsys.readouterr() == ("", "")


def test_no_secret_is_ever_logged(
    cast: Cast, browse: Browse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, wrong = browse(), "canary wrong password"
    client.post("/login", data={"email": "canary@example.org", "password": wrong})
    client.post("/login", data={"email": cast.max.email, "password": PASSWORD})
    with client.session_transaction() as kept:
        token = kept["_user_id"]
    client.post("/account/password", data={"current": PASSWORD, "password": "short canary"})
    browse().post("/reset", data={"email": cast.max.email})
    path = link(MessageKind.PASSWORD_RESET)
    browse().get(path)
    browse().post(path, data={"password": "canary new long password"})
    browse().get(path)
    client.post("/account/email", csrf=False, data={"email": "canary@example.org", "current": PASSWORD})
    client.get("/scan/1?canary=1")
    said = capsys.readouterr()
    logged = said.out + said.err + caplog.text
    assert logged
    secret = path.rpartition("/")[2]
    for word in (PASSWORD, "canary", token, secret, cast.max.email or "?", "argon2"):
        assert word not in logged, word
