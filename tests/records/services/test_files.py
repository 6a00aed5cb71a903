"""Taking files in: names, kinds, limits, and the same bytes twice."""

from __future__ import annotations

import io
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from records.database import choose_organization, db, this_organization, transaction
from records.errors import FileEmpty, FileTooLarge
from records.models import StoredFile
from records.models.scan import file_name
from records.services import files
from tests import samples, stored


def take_in(cast, content: bytes, name: str | None = "card.jpg") -> files.Arrived:
    return files.take_in(io.BytesIO(content), name=name, organization=cast.fire)


@pytest.mark.parametrize(("sent", "kept"), samples.NAMES.items())
def test_a_file_keeps_its_name_without_what_does_harm(sent, kept):
    assert file_name(sent) == kept
    assert file_name(kept) == kept


def test_a_file_without_a_name_gets_one(cast):
    assert take_in(cast, b"x", None).name == "file"
    assert take_in(cast, b"x", "").name == "file"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("card.exe", samples.picture("JPEG"), "image/jpeg"),
        ("card.php.jpg", samples.HTML, "application/octet-stream"),
        ("card.jpg", samples.SVG, "application/octet-stream"),
        ("card.png", samples.HTML, "application/octet-stream"),
        ("card.jpg", samples.archive(), "application/zip"),
        ("card.pdf", samples.picture("PNG"), "image/png"),
        ("card.txt", samples.pdf(), "application/pdf"),
        ("card.jpg", samples.heic(), "image/heic"),
    ],
)
def test_the_bytes_decide_the_kind_and_the_name_does_not(cast, name, content, kind):
    assert take_in(cast, content, name).kind == kind


def test_what_is_empty_or_too_large_is_named(cast):
    with pytest.raises(FileEmpty, match=r"card\.jpg"):
        take_in(cast, b"")
    with pytest.raises(FileTooLarge, match=r"card\.jpg.*25 MB"):
        take_in(cast, b"x" * (cast.fire.largest_file + 1))
    assert stored.names() == set()


def test_the_same_bytes_are_one_file_in_an_organization_and_shared_with_no_other(cast):
    def keep(organization):
        arrived = files.take_in(io.BytesIO(b"the same"), name="a", organization=organization)
        with transaction():
            return files.row_for(arrived).key

    first, second = keep(cast.fire), keep(cast.fire)
    choose_organization(cast.clinic.id)
    elsewhere = keep(cast.clinic)
    assert first == second != elsewhere
    assert first.startswith(f"{cast.fire.id}/")


def test_two_who_bring_the_same_new_bytes_at_once_share_one_row(cast, app):
    organization_id, meet, failed = cast.fire.id, Barrier(2, timeout=20), []

    def bring() -> None:
        with app.app_context():
            try:
                choose_organization(organization_id)
                arrived = files.take_in(io.BytesIO(b"brought twice"), name="a", organization=this_organization())
                assert arrived.key is not None
                meet.wait()
                with transaction():
                    files.row_for(arrived)
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                db.session.remove()

    threads = [Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    db.session.rollback()
    assert db.session.scalar(select(func.count(StoredFile.id))) == 1
