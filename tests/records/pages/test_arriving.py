"""Files that travel by themselves to the form that they belong to, wherever that form stands."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from io import BytesIO
from threading import Barrier, Thread
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, lock, organization_scope, this_organization, transaction
from records.models import (
    Certification,
    CreditType,
    ExternalCertificate,
    Member,
    Scan,
    StoredFile,
    Upload,
    UploadedFile,
)
from records.services import files, sweeps, uploads
from records.storage import storage
from tests import certificates
from tests.holdings import give
from tests.renewals import allow_proposals
from tests.samples import picture

KEY = "a-key-of-a-form-1"
SCRIPT = {"Accept": "application/json"}
BYTES = "application/octet-stream"
FRONT, BACK = picture(colour="teal"), picture(colour="maroon")


@pytest.fixture
def addresses(cast):
    """Where one file travels to, by the form that waits for it."""
    certificates.credit_type()
    allow_proposals(cast.emt)
    held = give(cast.max, cast.emt, 20)
    return {
        "wizard": f"/admin/members/{cast.max.id}/upload/files",
        "certification": f"/admin/certifications/{held}/files/one",
        "batch": "/admin/renewals/new/files",
        "certificate": "/portfolio/certificates/files",
        "renewal": f"/portfolio/certifications/{held}/renew/files",
    }


STAFF = ("wizard", "certification", "batch")
EVERY = (*STAFF, "certificate", "renewal")
MOST = {"wizard": 50, "certification": 50, "batch": 5, "certificate": 20, "renewal": 20}


@pytest.fixture(params=EVERY)
def place(request, cast, addresses, browse):
    """One of the forms: its name, address, and a browser of somebody who fills it in."""
    who = cast.ada if request.param in STAFF else cast.max
    return request.param, addresses[request.param], browse(who)


def send(client, address, content=FRONT, name="front.jpg", key=KEY, leave_out="", csrf=True):
    """As the page's script does."""
    named = f"attachment; filename*=UTF-8''{quote(name, safe='')}" if content is not None else ""
    heads = {"Content-Disposition": named, "X-Form-Key": key, "X-Leave-Out": str(leave_out)}
    token = {"X-CSRFToken": client.csrf_token()} if csrf else {}
    return client.post(address, data=content or b"", headers=SCRIPT | heads | token, content_type=BYTES)


def send_form(client, address, content=FRONT, name="front.jpg", key=KEY, **others):
    data = {"key": key, "files": (BytesIO(content), name), **others}
    return client.post(address, data=data, headers=SCRIPT, content_type="multipart/form-data")


def waiting():
    db.session.rollback()
    return db.session.scalars(sa.select(UploadedFile).order_by(UploadedFile.id)).all()


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_a_file_waits_under_the_key_of_its_form_and_its_id_is_told(place):
    _name, address, client = place
    answer = send(client, address)
    assert answer.status_code == 201
    (file,) = waiting()
    assert answer.json == {"id": file.id}
    assert file.name == "front.jpg"
    with storage().open(file.stored_file.key) as stream:
        assert stream.read() == FRONT


def test_it_may_come_as_a_form_too(place):
    _name, address, client = place
    first = send_form(client, address)
    assert (first.status_code, [file.name for file in waiting()]) == (201, ["front.jpg"])
    assert send(client, address).json == first.json
    assert send_form(client, address, BACK, "back.jpg", leave_out=first.json["id"]).status_code == 201
    assert [file.name for file in waiting()] == ["back.jpg"]
    assert client.post(address, data={"key": KEY}, headers=SCRIPT).status_code == 422


@pytest.mark.parametrize(
    "name", ["Größe, “1”.jpg", "日本語の証明書.pdf", 'it\'s (a) *star*!;="quoted".jpg', "100%25 sure.jpg"]
)
def test_its_name_is_whole_whatever_it_holds(cast, browse, addresses, name):
    assert send(browse(cast.max), addresses["certificate"], name=name).status_code == 201
    assert [file.name for file in waiting()] == [name]


@pytest.mark.parametrize("named", ["attachment", "attachment; filename=", "nonsense;;;=="])
def test_bytes_without_a_name_do_not_wait(cast, browse, addresses, named):
    address, client = addresses["certificate"], browse(cast.max)
    heads = {"Content-Disposition": named, "X-Form-Key": KEY, "X-CSRFToken": client.csrf_token()}
    assert client.post(address, data=FRONT, headers=SCRIPT | heads, content_type=BYTES).status_code == 422
    assert waiting() == []


def test_what_is_refused_is_read_to_its_end_so_that_the_browser_listens(place):
    _name, address, client = place
    body = BytesIO(b"x" * 300_000)
    heads = {"Content-Type": BYTES, "Content-Length": "300000"}
    answer = client.post(address, input_stream=body, headers=SCRIPT | heads, csrf=False)
    assert (answer.status_code, body.tell()) == (400, 300_000)


def test_the_same_bytes_again_are_one_file_as_after_a_lost_connection(place):
    _name, address, client = place
    first = send(client, address).json
    assert send(client, address, name="again.jpg").json == first
    assert send(client, address, BACK, "back.jpg").json != first
    assert [file.name for file in waiting()] == ["front.jpg", "back.jpg"]
    assert count(Upload) == 1


def test_one_that_is_too_large_or_empty_is_refused_in_words(place, cast):
    _name, address, client = place
    with transaction():
        lock(cast.fire).largest_file = 10 * 1024
    answer = send(client, address, b"x" * (10 * 1024 + 1), "huge.tif")
    assert answer.status_code == 413
    assert answer.json["error"].startswith("“huge.tif” is larger than 10 KB")
    assert send(client, address, b"", "empty.txt").json["error"].startswith("“empty.txt” is empty")
    vast = {"CONTENT_LENGTH": str(3 * 1024 * 1024)}  # more than one file of this organization and its form
    for data in ({"key": KEY}, b"x"):
        heads = SCRIPT | ({} if isinstance(data, dict) else {"Content-Type": BYTES, "X-CSRFToken": client.csrf_token()})
        assert client.post(address, data=data, headers=heads, environ_overrides=vast).status_code == 413
    assert waiting() == []


def test_one_too_many_is_refused_and_a_removed_one_makes_room(place):
    name, address, client = place
    ids = [send(client, address, b"%d" % number, f"{number}.txt").json["id"] for number in range(MOST[name])]
    answer = send(client, address, b"more", "more.txt")
    assert (answer.status_code, len(waiting())) == (422, MOST[name])
    assert answer.json["error"] == f"At most {MOST[name]} files: “more.txt” was left out."
    assert send(client, address, b"0", "0.txt").json["id"] == ids[0]
    assert send(client, address, b"more", "more.txt", leave_out=ids[-1]).status_code == 201
    assert len(waiting()) == MOST[name]


def test_too_much_together_is_refused(place, cast, monkeypatch):
    _name, address, client = place
    monkeypatch.setattr("records.models.organization._MOST_TOGETHER", 100)
    assert send(client, address, b"a" * 60, "a.txt").status_code == 201
    answer = send(client, address, b"b" * 60, "b.txt")
    assert answer.status_code == 413
    assert answer.json["error"] == "Together these files are larger than 100 B: “b.txt” was left out."


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with a space in it!"])
def test_without_a_file_or_a_key_nothing_waits(place, key):
    _name, address, client = place
    assert send(client, address, None).status_code == 422
    assert send(client, address, key=key).status_code == 422
    assert waiting() == []


def test_a_script_without_a_token_or_a_session_is_told_so(place, browse):
    _name, address, client = place
    assert send(client, address, csrf=False).status_code == 400
    gone = send(browse(None), address)
    assert gone.status_code == 401
    assert gone.json == {"error": "You are signed out. Sign in in another tab, then try again here."}
    assert browse(None).post(address).status_code == 302
    assert count(StoredFile) == 0


def test_with_the_module_off_nothing_is_taken_in(place, cast):
    _name, address, client = place
    with transaction():
        lock(cast.fire).tracks_certifications = lock(cast.fire).takes_external_certificates = False
    assert send(client, address).status_code in (403, 404)
    assert waiting() == []


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [("max", "wizard", 403), ("max", "certification", 403), ("max", "batch", 403), ("mia", "renewal", 404),
     ("ken", "wizard", 404), ("ken", "certification", 404), ("ken", "renewal", 404), ("carl", "renewal", 404)],
)  # fmt: skip
def test_others_may_not(cast, browse, addresses, who, name, status):
    assert send(browse(getattr(cast, who)), addresses[name]).status_code == status
    assert waiting() == []


def test_what_waits_belongs_to_who_began_it(cast, browse, addresses):
    """The same key in other hands is another form."""
    first = send(browse(cast.ada), addresses["wizard"]).json["id"]
    second = send(browse(cast.carl), addresses["wizard"]).json["id"]
    assert first != second
    assert count(Upload) == 2


def test_a_key_serves_one_member_only(cast, browse, addresses):
    client = browse(cast.ada)
    send(client, addresses["wizard"])
    assert send(client, f"/admin/members/{cast.mia.id}/upload/files", BACK).status_code == 404
    assert [file.name for file in waiting()] == ["front.jpg"]


def test_what_is_never_submitted_is_swept(place):
    _name, address, client = place
    send(client, address)
    assert sweeps.forget_uploads(before=clock.now() - sweeps.GRACE) == 0
    assert sweeps.forget_uploads(before=clock.now()) == 1
    assert waiting() == []


# The forms, sent with ids


def test_the_wizard_goes_on_with_what_is_listed_in_its_order(cast, browse, addresses):
    client = browse(cast.ada)
    ids = [send(client, addresses["wizard"], b"%d" % number, f"{number}.txt").json["id"] for number in range(4)]
    data = {"key": KEY, "listed": "yes", "staged": [ids[3], ids[0], ids[2]]}
    for _ in range(2):  # pressed twice, it is the same upload
        answer = client.post(f"/admin/members/{cast.max.id}/upload", data=data)
        upload = db.session.scalars(sa.select(Upload)).one()
        assert answer.headers["Location"] == f"/admin/uploads/{upload.id}"
    assert client.get(answer.headers["Location"]).status_code == 200
    assert {file.name for file in waiting()} == {"3.txt", "0.txt", "2.txt"}


def test_files_stand_in_the_order_in_which_they_were_chosen(cast, browse, addresses):
    client = browse(cast.ada)
    ids = [send(client, addresses["wizard"], b"%d" % number, f"{number}.txt").json["id"] for number in range(3)]
    data = {"key": KEY, "listed": "yes", "staged": [ids[2], ids[0], ids[1]]}
    client.post(f"/admin/members/{cast.max.id}/upload", data=data)
    assert [file.name for file in waiting()] == ["2.txt", "0.txt", "1.txt"]
    assert [sha256(b"%d" % number).hexdigest() for number in (2, 0, 1)] == [
        file.stored_file.sha256 for file in waiting()
    ]


def test_without_a_list_all_that_waits_comes_along(cast, browse, addresses):
    client = browse(cast.ada)
    send(client, addresses["wizard"])
    client.post(f"/admin/members/{cast.max.id}/upload", data={"key": KEY, "files": (BytesIO(BACK), "back.jpg")})
    assert [file.name for file in waiting()] == ["front.jpg", "back.jpg"]


def test_a_certification_gets_what_waits_and_nothing_waits_any_more(cast, browse, addresses):
    client, address = browse(cast.ada), addresses["certification"]
    front, back = send(client, address).json["id"], send(client, address, BACK, "back.jpg").json["id"]
    data = {"key": KEY, "listed": "yes", "staged": [back]}
    assert client.post(address.removesuffix("/one"), data=data).status_code == 302
    assert front != back
    certification = db.session.scalars(sa.select(Certification)).one()
    assert [scan.name for scan in certification.scans] == ["back.jpg"]
    assert waiting() == []
    again = client.post(address.removesuffix("/one"), data=data)
    assert (again.status_code, count(Scan)) == (422, 1)


def test_a_certificate_is_submitted_with_what_waits(cast, browse, addresses):
    client = browse(cast.max)
    front, back = (send(client, addresses["certificate"], *each).json["id"] for each in ((FRONT,), (BACK, "back.jpg")))
    given = {"title": "Ladders", "credits": "2", "earned_on": date(2025, 3, 1).isoformat(), "key": KEY}
    credit = db.session.scalars(sa.select(CreditType.id)).first()
    data = {**given, "credit_type_id": credit, "listed": "yes", "staged": [back, front]}
    assert client.post("/portfolio/certificates/new", data=data).status_code == 302
    certificate = db.session.scalars(sa.select(ExternalCertificate)).one()
    assert [scan.name for scan in certificate.scans] == ["back.jpg", "front.jpg"]


def test_files_that_arrive_at_once_are_one_upload_and_each_once(app, cast, addresses):
    by, organization_id, member_id = cast.actor(cast.ada), cast.fire.id, cast.max.id
    barrier, told = Barrier(3), []
    db.session.rollback()

    def travel(content: bytes) -> None:
        with app.app_context(), organization_scope(organization_id):
            arrived = files.take_in(BytesIO(content), name="scan.jpg", organization=this_organization())
            barrier.wait()
            told.extend(uploads.stage(found(Member, member_id), [arrived], key=KEY, by=by).ids)

    threads = [Thread(target=travel, args=(content,)) for content in (FRONT, FRONT, BACK)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(told), len(set(told)), len(waiting()), count(Upload)) == (3, 2, 2, 1)
