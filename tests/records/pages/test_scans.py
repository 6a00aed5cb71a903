"""The pictures of a scan: a large one and a small one, for those who may see the scan."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from PIL import Image

from records.database import db, found
from records.models import Scan
from records.services import previews
from records.storage import preview_key, storage, thumbnail_key
from tests import samples
from tests.holdings import give


@pytest.fixture
def scan(cast) -> Scan:
    give(cast.max, cast.emt, 200, files={"front.jpg": samples.picture(size=(800, 400))})
    return found(Scan, db.session.scalars(sa.select(Scan.id)).one())


def size(answer) -> tuple[int, int]:
    with answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        return Image.open(io.BytesIO(answer.data)).size


def test_the_thumbnail_is_there_once_the_preview_is(cast, browse, scan):
    own, address = browse(cast.max), f"/scan/{scan.id}/thumbnail"
    assert own.get(address).status_code == 404
    previews.draw_previews()
    assert size(own.get(address)) == (160, 80)
    assert size(own.get(f"/scan/{scan.id}/preview")) == (800, 400)


def test_it_is_sent_as_carefully_as_the_preview(cast, browse, scan):
    previews.draw_previews()
    own = browse(cast.max)
    with own.get(f"/scan/{scan.id}/thumbnail") as small, own.get(f"/scan/{scan.id}/preview") as large:
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
            assert small.headers[name] == large.headers[name]
        assert small.headers["ETag"] != large.headers["ETag"]


def test_a_preview_from_before_there_were_thumbnails_stands_in(cast, browse, scan):
    previews.draw_previews()
    storage().delete(thumbnail_key(scan.stored_file.key))
    assert size(browse(cast.max).get(f"/scan/{scan.id}/thumbnail")) == (800, 400)


def test_missing_storage_is_told_as_such(cast, browse, scan):
    previews.draw_previews()
    for key in (thumbnail_key(scan.stored_file.key), preview_key(scan.stored_file.key)):
        storage().delete(key)
    assert browse(cast.max).get(f"/scan/{scan.id}/thumbnail").status_code == 503


def test_lists_show_the_small_picture_in_a_place_that_is_kept_for_it(cast, browse, scan):
    previews.draw_previews()
    shown = f'src="/scan/{scan.id}/thumbnail" alt="" width="72" height="72" loading="lazy"'
    assert shown in browse(cast.max).get("/portfolio/certifications").text
    assert shown in browse(cast.ada).get(f"/admin/certifications/{scan.certification_id}").text
