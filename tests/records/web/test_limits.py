"""How much a request may carry."""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.database import db, transaction
from records.models import StoredFile, ThrottleCount
from records.throttle import count_attempt
from records.web.limits import BROUGHT_A_MINUTE, EXPORTED_A_MINUTE
from tests.cast import Cast
from tests.clients import SignedClient

MIB = 1024 * 1024
# A file whose request is refused half way is closed by the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
Browse = Callable[..., SignedClient]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Here and now, so that it is not another test's."""
    yield
    gc.collect()


@pytest.mark.parametrize("path", ["/login", "/reset", "/account/password", "/admin/units/", "/logout"])
def test_a_form_of_more_than_two_megabytes_is_too_large(cast: Cast, browse: Browse, path: str) -> None:
    page = browse(cast.ada).post(path, data={"email": "x" * (2 * MIB + 1)})
    assert page.status_code == 413
    assert "larger than" in page.text


def test_a_form_with_one_huge_part_is_too_large(cast: Cast, browse: Browse) -> None:
    data = {"email": (io.BytesIO(b"x" * (2 * MIB + 1)), "huge.bin")}
    assert browse(cast.ada).post("/admin/units/", data=data).status_code == 413


def test_a_form_of_too_many_parts_is_too_large(cast: Cast, browse: Browse) -> None:
    data = {f"field{number}": (io.BytesIO(b"x"), "x") for number in range(2001)}
    assert browse(cast.ada).post("/admin/units/", data=data).status_code == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("&".join(f"f{number}=x" for number in range(200_000)), 413),
        ("reason=" + "x" * 600_000, 413),
        ("&" * 400_000, (400, 422)),
        ("&".join(["a"] * 200_000), (400, 422)),
        ("reason=" + "x" * 400_000, (400, 422)),
    ],
    ids=["200k fields", "600 kB of text", "nothing but ends", "200k empty fields", "a long text"],
)
def test_text_of_a_form_is_little_or_is_read_quickly(cast: Cast, browse: Browse, data: str, status: object) -> None:
    """Where files are taken, too."""
    client = browse(cast.ada)
    kind = "application/x-www-form-urlencoded"
    for path in ("/admin/units/", f"/admin/members/{cast.max.id}/upload"):
        began = time.monotonic()
        page = client.post(path, csrf=False, data=data, content_type=kind, headers={"X-CSRFToken": client.csrf_token()})
        assert page.status_code in (status if isinstance(status, tuple) else (status,))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml", ""])
def test_a_body_that_is_no_form_is_read_by_nobody(cast: Cast, browse: Browse, kind: str) -> None:
    client = browse(cast.ada)
    body = b"[" * 100_000 + b"]" * 100_000
    page = client.post(
        "/admin/units/", csrf=False, data=body, content_type=kind, headers={"X-CSRFToken": client.csrf_token()}
    )
    assert page.status_code in (302, 400, 422)


def test_a_request_that_lies_about_its_length_is_no_way_around(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    page = client.post(
        "/admin/units/", csrf=False, data=b"x" * (3 * MIB), headers={"Content-Length": "10"},
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert page.status_code in (400, 413)


def test_files_are_taken_where_a_page_takes_them_and_only_from_the_signed_in(cast: Cast, browse: Browse) -> None:
    address = f"/admin/members/{cast.max.id}/upload"

    def files() -> dict[str, object]:
        return {"files": (io.BytesIO(b"x" * (3 * MIB)), "big.bin")}

    assert browse(cast.ada).post(address, data=files()).status_code in (200, 302, 303)
    assert browse().post(address, data=files()).status_code == 413
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 1


def test_a_file_larger_than_the_organization_accepts_is_refused_and_leaves_nothing(cast: Cast, browse: Browse) -> None:
    from records.database import locked, transaction
    from records.models import Organization

    with transaction():
        locked(Organization, cast.fire.id).largest_file = MIB
    data = {"files": (io.BytesIO(b"x" * (MIB + 1)), "big.bin")}
    page = browse(cast.ada).post(f"/admin/members/{cast.max.id}/upload", data=data)
    assert page.status_code in (413, 422)
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


# How often


def _asked_often(what: str, account_id: int | None, times: int) -> None:
    """So many times in this minute."""
    count_attempt(f"{what}:{account_id}", most=1, per=timedelta(minutes=1))
    with transaction() as session:
        session.execute(sa.update(ThrottleCount).values(count=times))


def test_exports_of_one_account_are_counted_by_the_minute_and_those_of_others_by_themselves(
    cast: Cast, browse: Browse
) -> None:
    path, now = "/admin/members/export", clock.now().replace(second=5, microsecond=0)
    with clock.standing_at(now):
        _asked_often("exported", cast.ada.account_id, EXPORTED_A_MINUTE - 1)
        assert browse(cast.ada).get(path).status_code == 200
        late = browse(cast.ada).get(path)  # another session is the same account
        assert late.status_code == 429
        assert int(late.headers["Retry-After"]) == 56
        assert "Too many files in one minute" in late.text
        assert browse(cast.carl).get(path).status_code == 200
    with clock.standing_at(now + timedelta(minutes=1)):
        assert browse(cast.ada).get(path).status_code == 200


def test_files_that_are_brought_are_counted_by_the_minute_and_a_script_is_told_when_to_go_on(
    cast: Cast, browse: Browse
) -> None:
    with clock.standing_at(clock.now().replace(second=5, microsecond=0)):
        _asked_often("brought", cast.max.account_id, BROUGHT_A_MINUTE)
        data = {"key": "A" * 22, "files": (io.BytesIO(b"x"), "x.txt")}
        sent = {"data": data, "headers": {"Accept": "application/json"}}
        late = browse(cast.max).post("/portfolio/certificates/files", **sent)
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) == 56
    assert "Too many files in one minute" in late.json["error"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0


def test_whatever_writes_a_file_of_records_is_counted(app: Flask) -> None:
    counted = {name for name, view in app.view_functions.items() if getattr(view, "exports", False)}
    files = {name for name in app.view_functions if name.endswith(("export", "_zip", "own_data"))}
    assert counted == files | {"erasing.download", "exports.begin", "exports.download"}
