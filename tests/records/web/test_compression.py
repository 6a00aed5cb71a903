"""Pages and static files travel compressed; what another site asks for, what streams and what is stored does not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from records.database import db
from records.models import FeedKind, Scan
from records.services import calendar_feeds, previews
from records.web.static import static_url
from tests.cast import Cast
from tests.clients import SignedClient
from tests.holdings import give, picture

Browse = Callable[..., SignedClient]
OURS = {"Accept-Encoding": "gzip, deflate, br, zstd", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_that_we_or_the_reader_ask_for_is_compressed(cast: Cast, browse: Browse, site: str) -> None:
    page = browse(cast.ada).get("/admin/members/", headers=OURS | {"Sec-Fetch-Site": site})
    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) == len(page.data)
    assert {"Accept-Encoding", "Cookie", "Sec-Fetch-Site"} <= {each.strip() for each in page.headers["Vary"].split(",")}
    assert "Miller" in gzip.decompress(page.data).decode()


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_a_page_that_another_site_may_ask_for_tells_nothing_by_its_size(
    cast: Cast, browse: Browse, site: str | None
) -> None:
    headers = {"Accept-Encoding": "gzip"} | ({"Sec-Fetch-Site": site} if site else {})
    page = browse(cast.ada).get("/admin/members/?search=Miller", headers=headers)
    assert "Content-Encoding" not in page.headers
    assert "Miller" in page.text
    assert "Sec-Fetch-Site" in page.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"])
def test_who_does_not_read_gzip_gets_none(app: Flask, cast: Cast, browse: Browse, accepted: str) -> None:
    with app.app_context():
        address = static_url("records/app.js")
    for path in ("/login", address):
        answer = browse().get(path, headers=OURS | {"Accept-Encoding": accepted}, buffered=True)
        assert "Content-Encoding" not in answer.headers
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_errors_are_compressed_and_what_is_small_is_not(cast: Cast, browse: Browse) -> None:
    assert browse(cast.ada).get("/no-such-page", headers=OURS).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in browse().get("/healthz", headers=OURS).headers


def test_files_and_feeds_are_sent_as_they_are(cast: Cast, browse: Browse) -> None:
    give(cast.max, cast.emt, 200, files={"front.png": picture()})
    previews.draw_previews()
    scan = db.session.scalars(sa.select(Scan.id)).one()
    own, staff = browse(cast.max), browse(cast.ada)
    feed = calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    from records import codes

    for client, path in (
        (own, f"/scan/{scan}/file"), (own, f"/scan/{scan}/download"), (own, f"/scan/{scan}/preview"),
        (own, f"/scan/{scan}/thumbnail"),
        (own, f"/member/{cast.max.id}/scans/download"), (own, f"/calendar/{codes.token(feed.salt)}.ics"),
        (staff, "/admin/reports/expiring/export"), (staff, "/admin/reports/expiring/export?format=xlsx"),
    ):  # fmt: skip
        with client.get(path, headers=OURS) as answer:
            assert answer.status_code == 200, path
            assert "Content-Encoding" not in answer.headers, path
    with own.get(f"/scan/{scan}/file", headers=OURS | {"Range": "bytes=0-9"}) as part:
        assert (part.status_code, len(part.data)) == (206, 10)
    with own.get(f"/member/{cast.max.id}/scans/download", headers=OURS) as archive:
        assert archive.is_streamed


def test_static_files_travel_compressed_and_are_the_same(app: Flask, browse: Browse) -> None:
    for name in ("records/skin/base.css", "records/app.js", "records/icons.svg"):
        with app.app_context():
            address = static_url(name)
        plain = browse().get(address, buffered=True)
        small = browse().get(address, headers={"Accept-Encoding": "gzip"}, buffered=True)
        assert small.headers["Content-Encoding"] == "gzip"
        assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data)
        assert gzip.decompress(small.data) == plain.data
        assert small.headers["Content-Type"] == plain.headers["Content-Type"]
        assert "immutable" in small.headers["Cache-Control"]
        assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_a_compressed_static_file_keeps_conditions_parts_and_heads(app: Flask, browse: Browse) -> None:
    with app.app_context():
        address = static_url("records/skin/base.css")
    accepts = {"Accept-Encoding": "gzip"}
    first = browse().get(address, headers=accepts, buffered=True)
    head = browse().head(address, headers=accepts, buffered=True)
    assert (head.data, head.headers["Content-Length"]) == (b"", first.headers["Content-Length"])
    again = browse().get(address, headers=accepts | {"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Vary"] == "Accept-Encoding"
    part = browse().get(address, headers=accepts | {"Range": "bytes=0-9"}, buffered=True)
    plain = browse().get(address, buffered=True)
    assert (part.status_code, part.data) == (206, plain.data[:10])
    assert "Content-Encoding" not in part.headers


def test_nothing_is_written_beside_the_program_for_it() -> None:
    root = Path(__file__).parents[3]
    assert not [*root.glob("*/static/**/*.gz"), *root.glob("*/static/**/*.br")]
