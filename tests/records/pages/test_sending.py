"""How stored bytes are handed out: under their own names, in pieces that are asked for, and so that nothing runs."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from records.database import db, found, transaction
from records.models import Scan
from records.models.scan import file_name
from tests import samples
from tests.holdings import give

CONTENT = samples.picture(size=(600, 400), colour="olive")
# What `file_name` would never let in: names as a damaged or older database may hold them.
WORSE = ["\r\nSet-Cookie: a=b", "a\x01b.pdf", '"; filename=x.html', "", " ", "\u202egpj.exe",
         "a;b=c.pdf", "%0d%0aX: y.pdf", "x" * 255]  # fmt: skip


@pytest.fixture
def scan(cast) -> Scan:
    give(cast.max, cast.emt, 200, files={"front.jpg": CONTENT})
    return found(Scan, db.session.scalars(sa.select(Scan.id)).one())


def ranged(client, scan: Scan, asked: str):
    with client.get(f"/scan/{scan.id}/download", headers={"Range": asked}) as answer:
        return answer.status_code, answer.data, answer.headers


@pytest.mark.parametrize(
    ("asked", "piece"),
    [("bytes=0-0", CONTENT[:1]), ("bytes=10-19", CONTENT[10:20]), ("bytes=-1", CONTENT[-1:]),
     ("bytes=5-", CONTENT[5:]), ("bytes=0-99999999", CONTENT)],
)  # fmt: skip
def test_a_range_is_a_piece(cast, browse, scan, asked, piece):
    status, data, headers = ranged(browse(cast.max), scan, asked)
    assert (status, data) == (206, piece)
    assert headers["Content-Length"] == str(len(piece))
    assert headers["Content-Range"].endswith(f"/{len(CONTENT)}")
    assert headers["Content-Security-Policy"].endswith("sandbox")


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=99999999-100000000"])
def test_a_range_beyond_the_end_is_none(cast, browse, scan, asked):
    status, data, _headers = ranged(browse(cast.max), scan, asked)
    assert status == 416
    assert CONTENT[:50] not in data


@pytest.mark.parametrize(
    "asked",
    ["bytes=" + ",".join(["0-"] * 1000), "bytes=" + ",".join(f"{at}-{at + 500}" for at in range(1000)),
     "bytes=0-1,5-6", "bytes=5-1", "bytes=a-b", "lines=0-1", "bytes=", "bytes=" + "0" * 5000 + "-"],
)  # fmt: skip
def test_however_many_are_asked_for_no_more_is_sent_than_there_is(cast, browse, scan, asked):
    status, data, _headers = ranged(browse(cast.max), scan, asked)
    assert status in (200, 206, 416)
    assert len(data) <= max(len(CONTENT), 20_000 if status == 416 else 0)


@pytest.mark.parametrize("name", [*samples.NAMES, *WORSE])
def test_every_name_is_one_quoted_word_of_the_header(cast, browse, scan, name):
    with transaction():
        db.session.get_one(Scan, scan.id).name = name[:255]
    with browse(cast.max).get(f"/scan/{scan.id}/download") as answer:
        assert answer.status_code == 200
        (said,) = answer.headers.getlist("Content-Disposition")
        assert "Set-Cookie" not in [header for header, _value in answer.headers if "a=b" in _value]
    assert said.isascii()
    assert said.isprintable()
    assert re.fullmatch(
        r"attachment(; filename=(\"([^\"\\]|\\.)*\"|[^\s\";,]+))?(; filename\*=UTF-8''[\w.!#$&+^`|~%-]+)?", said
    ), said
    if (coded := re.search(r"filename\*=UTF-8''(\S+)", said)) is not None:
        assert unquote(coded[1]) == file_name(name[:255])


@pytest.mark.parametrize("asked", ["name=x.html", "filename=x.html", "type=text/html", "mimetype=text/html&download=0"])
def test_an_address_says_nothing_of_name_or_kind(cast, browse, scan, asked):
    client = browse(cast.max)
    for door in ("file", "download", "preview"):
        with client.get(f"/scan/{scan.id}/{door}") as plain, client.get(f"/scan/{scan.id}/{door}?{asked}") as other:
            for header in ("Content-Type", "Content-Disposition", "Content-Security-Policy"):
                assert plain.headers.get(header) == other.headers.get(header) or plain.status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "inline"),
    [
        (samples.picture(), "image/jpeg", True), (samples.picture("PNG"), "image/png", True),
        (samples.picture("GIF"), "image/gif", True), (samples.picture("WEBP"), "image/webp", True),
        (samples.pdf(), "application/pdf", True), (samples.SVG, "", False), (samples.HTML, "", False),
        (samples.heic(), "", False), (samples.picture("TIFF"), "", False), (samples.archive(), "", False),
        (b"%!PS-Adobe", "", False), (b"<?xml version='1.0'?><x/>", "", False), (b"plain", "", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["card.jpg", "page.html", "x.svg", "x.pdf"])
def test_what_it_is_decides_whether_it_opens_whatever_it_is_called(cast, browse, content, kind, inline, name):
    give(cast.max, cast.emt, 200, files={name: content})
    scan_id = db.session.scalars(sa.select(Scan.id)).one()
    with browse(cast.max).get(f"/scan/{scan_id}/file") as answer:
        head = answer.headers
        assert answer.data == content
    assert head["Content-Type"].partition(";")[0] == (kind or "application/octet-stream")
    assert head["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Cross-Origin-Resource-Policy"] == "same-origin"
    assert head["Content-Security-Policy"].startswith("default-src 'none'")
    assert head["Content-Security-Policy"].endswith("sandbox") or kind == "application/pdf"
    assert head["Cache-Control"] == "private, no-store"


def test_an_etag_saves_sending_and_tells_nothing_to_others(cast, browse, scan):
    with browse(cast.max).get(f"/scan/{scan.id}/download") as answer:
        tag = answer.headers["ETag"]
    with browse(cast.max).get(f"/scan/{scan.id}/download", headers={"If-None-Match": tag}) as answer:
        assert (answer.status_code, answer.data) == (304, b"")
    with browse(cast.mia).get(f"/scan/{scan.id}/download", headers={"If-None-Match": tag}) as answer:
        assert answer.status_code == 404
