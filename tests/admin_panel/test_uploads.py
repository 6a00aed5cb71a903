"""The upload wizard as a browser without JavaScript meets it, and as its script does."""

from __future__ import annotations

import errno
import html
import io
import random
import re
from datetime import date

import pytest
from sqlalchemy import func, select

from records.database import db, lock, transaction
from records.models import Certification, Preview, Scan, StoredFile, Upload, UploadedFile
from records.services import certification_steps as steps
from records.services import files, previews, uploads
from records.storage import is_arriving
from tests import samples, stored

HELD = "EMT-Basic – no. 123, expires 21 Mar 2027"


def sent(*parts: tuple[bytes, str]) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(content), name) for content, name in parts]


def choose(client, member, *parts: tuple[bytes, str], **options):
    data = {"files": sent(*parts)} if parts else {}
    return client.post(
        f"/admin/members/{member.id}/upload", data=data, content_type="multipart/form-data", **options
    )  # fmt: skip


@pytest.fixture
def ada(cast, browse):
    return browse(cast.ada)


@pytest.fixture
def held(cast) -> Certification:
    with transaction():
        entry = steps.Entry(cast.emt.id, date(2027, 3, 21), date(2025, 3, 21), "123")
        return steps.record(lock(cast.max), entry, by=cast.actor(cast.ada))


@pytest.fixture
def upload(cast) -> Upload:
    arrived = [
        files.take_in(io.BytesIO(content), name=name, organization=cast.fire)
        for content, name in ((samples.picture(), "front.jpg"), (samples.pdf(), "back.pdf"))
    ]
    return uploads.start(cast.max, arrived, by=cast.actor(cast.ada))


def fields(upload: Upload, which: int, place: int = 0, **given: str) -> dict[str, str]:
    prefix = f"file-{upload.files[which - 1].id}-{place}-"
    return {f"{prefix}{name}": value for name, value in given.items()}


def headers(client, address: str) -> dict[str, str]:
    """The headers of bytes that are sent."""
    with client.get(address) as answer:
        assert answer.status_code == 200
        return dict(answer.headers)


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


# Step 1


def test_the_first_page_asks_for_files(cast, ada):
    page = ada.get(f"/admin/members/{cast.max.id}/upload")
    assert page.status_code == 200
    assert re.search(r'<label[^>]*for="files".*?Choose Files</label>', page.text, re.DOTALL)
    assert re.search(r'<input type="file" id="files" name="files" multiple', page.text)
    assert "Continue" in page.text
    assert "25 MB" in page.text
    assert '"2 files selected"' in html.unescape(page.text)


def test_chosen_files_go_on_to_be_matched(cast, ada):
    answer = choose(ada, cast.max, (samples.picture(), "front.jpg"), (samples.archive(), "papers.zip"))
    upload = db.session.scalars(select(Upload)).one()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/uploads/{upload.id}")
    page = ada.get(answer.headers["Location"]).text
    for name in ("front.jpg", "papers.zip"):
        assert re.search(rf"<legend>.*?{re.escape(name)}.*?</legend>", page, re.DOTALL)
    for label in ("Certification", "Issued", "Expires", "Certification Num"):
        assert len(re.findall(rf"<label[^>]*>{label}</label>", page.split("<template>")[0])) == 1


def test_nothing_chosen_is_said_beside_the_button(cast, ada):
    answer = choose(ada, cast.max)
    assert answer.status_code == 422
    assert "Choose at least one file first." in answer.text
    assert choose(ada, cast.max, (b"", "")).status_code == 422


def test_a_bad_file_is_named_and_the_good_ones_are_kept(cast, ada):
    with transaction():
        lock(cast.fire).largest_file = 10 * 1024
    too_large = b"x" * (10 * 1024 + 1)
    answer = choose(ada, cast.max, (b"good", "good.txt"), (b"", "empty.jpg"), (too_large, "huge.tif"))
    assert answer.status_code == 302
    page = html.unescape(ada.get(answer.headers["Location"]).text)
    assert "“empty.jpg” is empty" in page
    assert "“huge.tif” is larger than 10 KB" in page
    assert [file.name for file in db.session.scalars(select(UploadedFile))] == ["good.txt"]


def test_many_bad_files_are_told_in_a_message_that_a_browser_keeps(cast, ada):
    """Beyond 4 KB a browser drops the cookie, and with it every message."""
    letters = [chr(point) for point in range(0x4E00, 0x9000)]
    names = ["".join(random.Random(seed).sample(letters, 170)) + ".png" for seed in range(49)]
    answer = choose(ada, cast.max, *[(b"", name) for name in names], (b"good", "good.txt"))
    assert max(len(cookie) for cookie in answer.headers.getlist("Set-Cookie")) < 4096
    page = html.unescape(ada.get(answer.headers["Location"]).text)
    assert page.count("is empty (0 bytes)") == 5
    assert "44 more files were refused." in page


def test_where_no_file_is_good_the_page_stays(cast, ada):
    answer = choose(ada, cast.max, (b"", "empty.jpg"))
    assert answer.status_code == 422
    assert "“empty.jpg” is empty" in answer.text
    assert "Choose Files" in answer.text
    assert count(Upload) == 0


def test_more_than_fifty_files_are_refused(cast, ada):
    answer = choose(ada, cast.max, *[(b"x", f"{number}.txt") for number in range(51)])
    assert answer.status_code == 422
    assert "at most 50 files" in answer.text
    assert count(StoredFile) == 0


@pytest.mark.parametrize(("name", "kept"), samples.NAMES.items())
def test_hostile_names_show_as_text_and_download_under_their_own(cast, ada, name, kept):
    arrived = files.take_in(io.BytesIO(samples.HTML), name=name, organization=cast.fire)
    upload = uploads.start(cast.max, [arrived], by=cast.actor(cast.ada))
    page = ada.get(f"/admin/uploads/{upload.id}")
    assert kept in html.unescape(page.text)
    assert "<img src=x" not in page.text
    got = headers(ada, f"/admin/uploads/{upload.id}/file/{upload.files[0].id}")
    disposition = got["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert "\n" not in disposition
    assert got["Content-Type"] == "application/octet-stream"
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [("max", "mia", 403), ("nora", "mia", 404), ("nora", "nora", 403), ("carl", "carl", 403), ("nora", "max", 200),
     ("ada", "other_max", 404)],
)  # fmt: skip
def test_who_may_open_the_wizard_for_whom(cast, browse, who, whose, status):
    client = browse(getattr(cast, who))
    assert client.get(f"/admin/members/{getattr(cast, whose).id}/upload").status_code == status
    posted = choose(client, getattr(cast, whose), (b"a", "a.txt"))
    assert posted.status_code == (302 if status == 200 else status)
    assert count(Upload) == (1 if status == 200 else 0)


@pytest.mark.usefixtures("in_a_folder")
def test_a_full_storage_answers_507_and_loses_nothing(cast, ada, held, monkeypatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = count(StoredFile)
    with monkeypatch.context() as patched:
        patched.setattr("records.storage.folder.os.fsync", full)
        answer = choose(ada, cast.max, (b"first", "a.txt"), (b"second", "b.txt"))
    assert answer.status_code == 507
    assert "storage is full" in answer.text
    assert (count(Upload), count(StoredFile)) == (0, before)
    assert not [name for name in stored.names() if is_arriving(name)]
    assert choose(ada, cast.max, (b"first", "a.txt"), (b"second", "b.txt")).status_code == 302


def test_without_a_csrf_token_nothing_is_staged(cast, ada):
    assert choose(ada, cast.max, (b"a", "a.txt"), csrf=False).status_code == 400
    assert count(Upload) == 0


# Step 2


def test_another_persons_upload_answers_404_at_every_address(cast, browse, upload):
    file = upload.files[0].id
    for who in (cast.carl, cast.ken):
        client = browse(who)
        for path in ("", f"/file/{file}", f"/file/{file}/preview"):
            assert client.get(f"/admin/uploads/{upload.id}{path}").status_code == 404
        assert client.post(f"/admin/uploads/{upload.id}").status_code == 404
        assert client.post(f"/admin/uploads/{upload.id}/discard").status_code == 404
    assert browse(cast.max).get(f"/admin/uploads/{upload.id}").status_code == 403
    assert browse(None).get(f"/admin/uploads/{upload.id}").status_code == 302


def test_with_the_module_off_the_wizard_is_gone(cast, ada, upload):
    with transaction():
        lock(cast.fire).tracks_certifications = False
    assert ada.get(f"/admin/members/{cast.max.id}/upload").status_code == 404
    assert ada.get(f"/admin/uploads/{upload.id}").status_code == 404


def test_options_name_what_the_member_has_and_what_is_new(ada, upload, held):
    page = ada.get(f"/admin/uploads/{upload.id}").text
    pull_down = re.search(rf'<select[^>]*name="file-{upload.files[1].id}-0-.*?</select>', page, re.DOTALL)[0]
    options = re.findall(r"<option[^>]*>([^<]*)</option>", pull_down)
    assert options == ["Choose …", HELD, f"Renew {HELD}", "New: Forklift licence", "Same as file 1 (front.jpg)",
                       "Do not use this file"]  # fmt: skip
    assert 'data-expires="2027-03-21" data-issued="2025-03-21" data-number="123"' in page


def test_the_whole_way_without_javascript(cast, ada, upload, held):
    """Choose an existing one, have its dates shown, edit one, submit; the other file is new."""
    given = {**fields(upload, 1, certification=f"add-{held.id}"), **fields(upload, 2, certification="")}
    shown = ada.post(f"/admin/uploads/{upload.id}", data={**given, "show": "1"})
    assert shown.status_code == 200
    assert 'value="2027-03-21"' in shown.text
    assert 'value="2025-03-21"' in shown.text
    assert f'value="add-{held.id}"' in shown.text
    submitted = {
        f"known-{held.id}": "2025-03-21|2027-03-21|123",
        **fields(upload, 1, certification=f"add-{held.id}", issued_on="2025-03-21", expires_on="2027-04-30",
                 number="123", shown=f"add-{held.id}"),
        **fields(upload, 2, certification=f"new-{cast.forklift.id}", expires_on="2028-01-31", number="F 7"),
    }  # fmt: skip
    done = ada.post(f"/admin/uploads/{upload.id}", data=submitted)
    assert (done.status_code, done.headers["Location"]) == (302, f"/admin/members/{cast.max.id}")
    assert "2 files were added to the certifications of Max Miller." in ada.get(done.headers["Location"]).text
    db.session.expire_all()
    assert held.expires_on == date(2027, 4, 30)
    assert [scan.name for scan in db.session.scalars(select(Scan).order_by(Scan.id))] == ["front.jpg", "back.pdf"]


def test_without_showing_them_empty_fields_keep_what_is_known(ada, upload, held):
    data = {**fields(upload, 1, certification=f"add-{held.id}", issued_on="", expires_on="", number="", shown=""),
            **fields(upload, 2, certification="skip")}  # fmt: skip
    assert ada.post(f"/admin/uploads/{upload.id}", data=data).status_code == 302
    db.session.expire_all()
    assert (held.issued_on, held.expires_on, held.number) == (date(2025, 3, 21), date(2027, 3, 21), "123")


def test_the_failed_file_says_why_beside_its_field_and_the_other_has_landed(cast, ada, upload):
    data = {
        **fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01"),
        **fields(upload, 2, certification=f"new-{cast.forklift.id}", number="F 7"),
    }
    page = ada.post(f"/admin/uploads/{upload.id}", data=data)
    assert page.status_code == 422
    prefix = f"file-{upload.files[1].id}-0-"
    assert re.search(rf'id="{prefix}expires_on-error">Enter the date on which it expires\.', page.text)
    assert re.search(rf'id="{prefix}number"[^>]*value="F 7"', page.text)
    assert re.search(rf'<option[^>]*selected[^>]*value="new-{cast.forklift.id}"', page.text)
    assert "1 file is added already" in page.text
    assert f"file-{upload.files[0].id}-0-certification" not in page.text
    mended = {**data, **fields(upload, 2, expires_on="2030-01-01")}
    assert ada.post(f"/admin/uploads/{upload.id}", data=mended).status_code == 302
    assert (count(Certification), count(Scan)) == (2, 2)


@pytest.mark.parametrize("typed", ["2027-02-30", "soon", "21.3.2027", "99999-01-01", "0202-01-01"])
def test_a_date_that_cannot_be_read_keeps_its_file_back(cast, ada, upload, typed):
    data = fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on=typed)
    page = ada.post(f"/admin/uploads/{upload.id}", data=data)
    assert page.status_code == 422
    assert f"file-{upload.files[0].id}-0-expires_on-error" in page.text
    assert f'value="{typed}"' in page.text
    assert count(Certification) == 0


def test_another_certification_for_a_file_works_without_javascript(cast, ada, upload):
    first = fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01")
    page = ada.post(f"/admin/uploads/{upload.id}", data={**first, "also": str(upload.files[0].id)})
    assert page.status_code == 200
    assert f'name="file-{upload.files[0].id}-1-certification"' in page.text
    assert 'value="2030-01-01"' in page.text
    assert count(Scan) == 0
    data = {
        **first,
        **fields(upload, 1, 1, certification=f"new-{cast.forklift.id}", expires_on="2031-01-01"),
        **fields(upload, 2, certification=f"same-{upload.files[0].id}"),
    }
    assert ada.post(f"/admin/uploads/{upload.id}", data=data).status_code == 302
    assert (count(Certification), count(Scan)) == (2, 4)


def test_an_empty_further_certification_is_not_asked_for(cast, ada, upload):
    data = {**fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01"),
            **fields(upload, 1, 1, certification=""), **fields(upload, 2, certification="skip")}  # fmt: skip
    assert ada.post(f"/admin/uploads/{upload.id}", data=data).status_code == 302
    assert count(Certification) == 1


def test_submitting_twice_does_nothing_twice(cast, ada, upload):
    data = {**fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01"),
            **fields(upload, 2, certification=f"same-{upload.files[0].id}")}  # fmt: skip
    for _ in range(2):
        assert ada.post(f"/admin/uploads/{upload.id}", data=data).status_code == 302
    assert (count(Certification), count(Scan)) == (1, 2)
    page = ada.get(f"/admin/uploads/{upload.id}")
    assert "Upload finished" in page.text
    assert "front.jpg" in page.text


def test_the_message_says_of_each_file_what_happened(cast, ada, upload):
    data = {**fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01"),
            **fields(upload, 1, 1, certification=f"new-{cast.forklift.id}", expires_on="2031-01-01"),
            **fields(upload, 2, certification="skip")}  # fmt: skip
    page = ada.get(ada.post(f"/admin/uploads/{upload.id}", data=data).headers["Location"]).text
    assert "1 file was added to the certifications of Max Miller." in page
    assert "<li>front.jpg → EMT-Basic – expires 1 Jan 2030</li>" in page
    assert f"<li>front.jpg → {cast.forklift.name} – expires 1 Jan 2031</li>" in page
    assert "<li>“back.pdf” was not used.</li>" in page


def test_a_pile_of_long_names_still_fits_the_message(cast, ada):
    names = [f"{mark * 190}{number}.txt" for number in range(25) for mark in "漢ü"]
    answer = choose(ada, cast.max, *((name.encode(), name) for name in names))
    started = db.session.scalars(select(Upload)).one()
    data = fields(started, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01", number="字" * 255)
    for place in range(2, 51):
        data |= fields(started, place, certification=f"same-{started.files[0].id}")
    page = ada.get(ada.post(answer.headers["Location"], data=data).headers["Location"]).text
    assert "50 files were added" in page
    assert "<li>and 42 more</li>" in page


def test_leaving_all_files_out_says_that_nothing_changed(cast, ada, upload):
    data = {**fields(upload, 1, certification="skip"), **fields(upload, 2, certification="skip")}
    answer = ada.post(f"/admin/uploads/{upload.id}", data=data)
    assert "No file was used" in ada.get(answer.headers["Location"]).text
    assert (count(Scan), count(UploadedFile)) == (0, 0)


@pytest.mark.parametrize(
    "value", ["add-0", "add-999999999999999999999", "new-x", "renew--1", "same-7777", "same-x", "nonsense", "-"]
)
def test_values_that_no_option_has_are_refused_in_words(cast, ada, upload, value):
    page = ada.post(f"/admin/uploads/{upload.id}", data=fields(upload, 1, certification=value, expires_on="2030-01-01"))
    assert page.status_code == 422
    assert f"file-{upload.files[0].id}-0-certification-error" in page.text
    assert count(Certification) == 0


def test_the_same_as_another_file_is_no_further_certification(cast, ada, upload):
    data = {**fields(upload, 1, certification=f"new-{cast.emt.id}", expires_on="2030-01-01"),
            **fields(upload, 1, 1, certification=f"same-{upload.files[1].id}", expires_on="2030-01-01")}  # fmt: skip
    assert ada.post(f"/admin/uploads/{upload.id}", data=data).status_code == 422
    assert count(Certification) == 0


def test_discarding_leads_back_to_the_profile(cast, ada, upload):
    address = f"/admin/uploads/{upload.id}"
    assert ada.get(f"{address}/discard").status_code == 405
    assert ada.post(f"{address}/discard").headers["Location"] == f"/admin/members/{cast.max.id}"
    assert ada.get(address).status_code == 404


def test_a_preview_is_awaited_then_served_or_not_there(cast, ada, upload):
    picture = upload.files[0]
    address = f"/admin/uploads/{upload.id}/file/{picture.id}/preview"
    waiting = ada.get(address)
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (204, "1")
    previews.draw_previews()
    got = headers(ada, address)
    assert got["Content-Type"] == "image/webp"
    assert "sandbox" in got["Content-Security-Policy"]
    with transaction():
        lock(picture.stored_file).preview = Preview.FAILED
    never = ada.get(address)
    assert (never.status_code, never.headers.get("Retry-After")) == (204, None)
    whole = headers(ada, f"/admin/uploads/{upload.id}/file/{picture.id}")
    assert whole["Content-Disposition"].startswith("attachment")


def test_a_picture_and_a_pdf_open_and_a_scripted_one_does_not(cast, ada, upload):
    addresses = [f"/admin/uploads/{upload.id}/file/{file.id}" for file in upload.files]
    kinds = [headers(ada, address)["Content-Type"] for address in addresses]
    assert kinds == ["image/jpeg", "application/pdf"]
    answer = choose(ada, cast.max, (samples.SVG, "card.jpg"))
    other = db.session.scalars(select(UploadedFile).order_by(UploadedFile.id.desc())).first()
    got = headers(ada, f"{answer.headers['Location']}/file/{other.id}")
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")


def test_files_that_are_left_out_make_room_for_others(cast, ada, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    key = "a-form-with-room-for-two"
    address, script = f"/admin/members/{cast.max.id}/upload", {"Accept": "application/json"}
    ids = [
        ada.post(f"{address}/files", data={"key": key, "files": sent(part)}, headers=script).json["id"]
        for part in ((b"one", "1.txt"), (b"two", "2.txt"))
    ]
    data = {"key": key, "leave_out": [str(ids[0])], "files": sent((b"three", "3.txt"))}
    page = ada.post(address, data=data, content_type="multipart/form-data")
    assert page.status_code == 302, page.text
    upload_id = int(page.headers["Location"].rpartition("/")[2])
    assert [file.name for file in db.session.get(Upload, upload_id).files] == ["2.txt", "3.txt"]
