"""The limit shows what Certfolio shows: each of its pages answers, with the text that stands in ours."""

from __future__ import annotations

import json
import subprocess
import sys

from flask import Flask

from bench.installation import ROOT, Installation
from bench.pages import facts_of, pages_by_account
from bench.server import limit_environment

ASK = """
import json, sys
from bench.limit.app import application, cookie_of
from bench.limit.bulk import due, exported
member, paths = json.load(sys.stdin)
told = {}
for path in paths:
    heads = []
    address, _, query = path.partition("?")
    environ = {"PATH_INFO": address, "QUERY_STRING": query, "HTTP_COOKIE": cookie_of(member)}
    body = b"".join(application(environ, lambda status, given: heads.append(status)))
    told[path] = [heads[0], body.decode()]
stranger = []
application({"PATH_INFO": "/members", "QUERY_STRING": "", "HTTP_COOKIE": "limit=1.0"}, lambda s, h: stranger.append(s))
print(json.dumps({"pages": told, "stranger": stranger[0], "due": due(), "lines": b"".join(exported()).count(b"\\n")}))
"""


def test_every_page_of_the_limit_answers(filled: tuple[Flask, Installation]) -> None:
    _, installation = filled
    facts = facts_of(installation)
    pages = [page for theirs in pages_by_account(facts).values() for page in theirs if page.limit]
    told = json.loads(
        subprocess.run(
            [sys.executable, "-c", ASK],
            cwd=ROOT,
            env=limit_environment(installation),
            input=json.dumps([facts.administrator, [page.limit for page in pages]]).encode(),
            check=True,
            capture_output=True,
        ).stdout
    )
    assert len(pages) > 15
    for page in pages:
        status, body = told["pages"][page.limit]
        assert status == "200 OK"
        if page.expect[0] != "<" and page.expect != "Credit type":
            assert page.expect in body, page.name
    assert told["stranger"] == "403 Forbidden"
    assert told["lines"] > 100
    assert told["due"] >= 0
