"""Every door through which a file comes in, and every one through which it goes out, over the wire to a real server."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import requests
import sqlalchemy as sa

from records.database import choose_organization, db
from records.models import Logo, RegisterImport, RenewalProposal, Scan, StoredFile, UploadedFile
from records.storage import storage
from tests.browser.server import Server
from tests.cast import PASSWORD, Cast
from tests.certificates import credit_type
from tests.holdings import give, today
from tests.renewals import allow_proposals

Lot = list[tuple[str, bytes]]
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
MOST_SECONDS = 10


@dataclass
class Person:
    """Somebody with a session, who notes every answer that is a failure or comes late."""

    server: Server
    email: str
    failures: list[str] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)
    asked: int = 0
    token: str = ""

    def __post_init__(self) -> None:
        self.session.headers["Sec-Fetch-Site"] = "same-origin"
        self.token = _token_in(self.ask("GET", "/login"))
        entered = self.send("/login", {"email": self.email, "password": PASSWORD})
        assert entered.status_code in (302, 303), entered.text
        self.token = _token_in(self.ask("GET", "/account"))

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        began = time.monotonic()
        answer = self.session.request(method, self.server.url + path, allow_redirects=False, timeout=60, **given)
        took, self.asked = time.monotonic() - began, self.asked + 1
        if answer.status_code >= 500 or took > MOST_SECONDS:
            self.failures.append(f"{answer.status_code} after {took:.1f} s: {method} {path}")
        return answer

    def send(self, path: str, data: Any, lot: Lot = (), name: str = "files") -> requests.Response:  # type: ignore[assignment]  # because: an empty tuple is a lot of nothing
        fields = [*(data.items() if isinstance(data, dict) else data), ("csrf_token", self.token)]
        parts = [(name, (file_name, content)) for file_name, content in lot]
        return self.ask("POST", path, data=fields, files=parts or None)

    def send_alone(self, path: str, name: str, content: bytes, key: str) -> requests.Response:
        """A file by itself, as a page's script sends it."""
        heads = {
            "Accept": "application/json", "Content-Type": "application/octet-stream", "X-CSRFToken": self.token,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "X-Form-Key": key,
        }  # fmt: skip
        return self.ask("POST", path, data=content, headers=heads)

    def close(self) -> None:
        self.session.close()


def _token_in(answer: requests.Response) -> str:
    found = _TOKEN.search(answer.text)
    assert found, answer.text[:2000]
    return found[1]


class Doors:
    """One method a door, each of which takes a lot of at most LOT files. `refused` are those that were answered 422 or
    413 there."""

    LOT = 20

    def __init__(self, cast: Cast, ada: Person, max_: Person) -> None:
        self.cast, self.ada, self.max, self.refused = cast, ada, max_, set[tuple[str, str]]()
        allow_proposals(cast.emt)
        self.certification_id = give(cast.max, cast.emt, 20)
        self.credit_type_id = credit_type().id

    @property
    def all(self) -> dict[str, Callable[[Lot], None]]:
        """By the endpoint that takes the files in."""
        return {
            "uploads.arrive": self.wizard_one_by_one,
            "uploads.choose": self.wizard_at_once,
            "certification.file": self.certification_one_by_one,
            "certification.add_files": self.certification_at_once,
            "portal.certificate_file": self.certificate_one_by_one,
            "portal.new_certificate": self.certificate_at_once,
            "portal.edit_certificate": self.edit_at_once,
            "portal.renewal_file": self.renewal_one_by_one,
            "portal.propose_renewal": self.renewal_at_once,
            "renewals.file": self.renewals_of_many_one_by_one,
            "renewals.go_on": self.renewals_of_many_at_once,
            "settings.set_logo": self.logo,
            "imports.bring": self.register,
        }

    # Back office

    def wizard_one_by_one(self, lot: Lot) -> None:
        address, key = f"/admin/members/{self.cast.max.id}/upload", new_key()
        if self._each(self.ada, f"{address}/files", lot, {"key": key}):
            self._match(self.ada.send(address, {"key": key}))

    def wizard_at_once(self, lot: Lot) -> None:
        self._match(self.ada.send(f"/admin/members/{self.cast.max.id}/upload", {}, lot))

    def _match(self, started: requests.Response) -> None:
        if started.status_code == 422:
            return
        address = started.headers["Location"]
        assert self.ada.ask("GET", address).status_code == 200
        fields, upload_id = {}, int(address.rpartition("/")[2])
        for file in fresh(UploadedFile, UploadedFile.upload_id == upload_id):
            for door in ("", "/preview"):
                assert self.ada.ask("GET", f"{address}/file/{file.id}{door}").status_code in (200, 204)
            fields |= {f"file-{file.id}-0-certification": f"add-{self.certification_id}"}
        assert self.ada.send(address, fields).status_code == 302

    def certification_one_by_one(self, lot: Lot) -> None:
        address, key = f"/admin/certifications/{self.certification_id}/files", new_key()
        if self._each(self.ada, f"{address}/one", lot, {"key": key}):
            assert self.ada.send(address, {"key": key}).status_code == 302

    def certification_at_once(self, lot: Lot) -> None:
        answer = self.ada.send(f"/admin/certifications/{self.certification_id}/files", {}, full(lot))
        assert answer.status_code == 302, answer.text

    def renewals_of_many_one_by_one(self, lot: Lot) -> None:
        for few in split(lot, 5):
            self._each(self.ada, "/admin/renewals/new/files", few, {"key": new_key()})

    def renewals_of_many_at_once(self, lot: Lot) -> None:
        for few in split(lot, 5):
            page = self.ada.send("/admin/renewals/new", {"key": new_key(), "do": "type"}, few)
            assert page.status_code in (200, 422)

    def logo(self, lot: Lot) -> None:
        for name, content in lot:
            answer = self.ada.send("/admin/settings/logo", {}, [(name, content)], name="logo")
            assert answer.status_code in (302, 413, 422)
            if answer.status_code == 302:
                assert self.ada.ask("GET", "/logo").content == content
                assert fresh(Logo)

    def register(self, lot: Lot) -> None:
        for name, content in lot:
            answer = self.ada.send("/admin/imports/", {}, [(name, content)], name="file")
            assert answer.status_code in (302, 409, 413, 422)
            if answer.status_code == 302:
                assert self.ada.ask("GET", answer.headers["Location"]).status_code in (200, 302)
        for each in fresh(RegisterImport):
            self.ada.send(f"/admin/imports/{each.id}/discard", {})

    # Portal

    def certificate_one_by_one(self, lot: Lot) -> None:
        key = new_key()
        if self._each(self.max, "/portfolio/certificates/files", lot, {"key": key}):
            self._submit({"key": key})

    def certificate_at_once(self, lot: Lot) -> None:
        self._submit({"key": new_key()}, full(lot))

    def edit_at_once(self, lot: Lot) -> None:
        self._submit({"key": new_key()}, [("first.txt", secrets.token_bytes(8))])
        scans = fresh(Scan, Scan.name == "first.txt")[-1:]
        address = f"/portfolio/certificates/{scans[0].external_certificate_id}"
        form = self.max.ask("GET", f"{address}/edit").text
        kept = {name: re.search(f'name="{name}"[^>]* value="([^"]*)"', form)[1] for name in ("seen", "key")}  # type: ignore[index]  # because: both stand there
        drop = {"drop": str(scans[0].id)}
        answer = self.max.send(f"{address}/edit", self._claim() | kept | drop, full(lot))
        assert answer.status_code == 302, answer.text

    def _submit(self, fields: dict[str, str], lot: Lot = ()) -> None:  # type: ignore[assignment]  # because: as above
        answer = self.max.send("/portfolio/certificates/new", self._claim() | fields, lot)
        assert answer.status_code == 302, answer.text

    def _claim(self) -> dict[str, str]:
        return {"title": secrets.token_hex(8), "credit_type_id": str(self.credit_type_id), "credits": "1",
                "earned_on": "2025-03-01"}  # fmt: skip

    def renewal_one_by_one(self, lot: Lot) -> None:
        address, key = f"/portfolio/certifications/{self.certification_id}/renew", new_key()
        if self._each(self.max, f"{address}/files", lot, {"key": key}):
            self._propose(address, {"key": key})

    def renewal_at_once(self, lot: Lot) -> None:
        self._propose(f"/portfolio/certifications/{self.certification_id}/renew", {"key": new_key()}, full(lot))

    def _propose(self, address: str, fields: dict[str, str], lot: Lot = ()) -> None:  # type: ignore[assignment]  # because: as above
        dates = {"issued_on": today().isoformat(), "expires_on": (today() + timedelta(days=900)).isoformat()}
        answer = self.max.send(address, fields | dates, lot)
        assert answer.status_code == 302, answer.text
        proposal = fresh(RenewalProposal, RenewalProposal.state == "proposed")[0]
        assert self.ada.ask("GET", f"/admin/renewals/proposed/{proposal.id}").status_code in (200, 404)
        for scan in fresh(Scan, Scan.renewal_proposal_id == proposal.id):
            assert_same(self.max.ask("GET", f"/scan/{scan.id}/download"), scan.stored_file.sha256)
        self.max.send(f"/portfolio/renewals/{proposal.id}/withdraw", {})

    def _each(self, person: Person, address: str, lot: Lot, fields: dict[str, str]) -> int:
        """How many of them arrived."""
        arrived = 0
        for name, content in lot:
            answer = person.send_alone(address, name, content, fields["key"])
            assert answer.status_code in (201, 413, 422), (name, answer.status_code, answer.text)
            arrived += answer.status_code == 201
            if answer.status_code != 201:
                self.refused.add((address, name))
                assert answer.json()["error"]
        return arrived

    # On the way out

    def look_at(self, scan: Scan, *people: Person) -> None:
        """At every address of a scan: the bytes are those that came, and nothing else is shown of them than is safe."""
        stored = scan.stored_file
        for person in people:
            assert person.ask("GET", f"/scan/{scan.id}").status_code == 200
            for door in ("file", "download"):
                answer = person.ask("GET", f"/scan/{scan.id}/{door}")
                assert_same(answer, stored.sha256)
                assert_inert(answer, download=door == "download" or not stored.opens_in_browser)
            for door in ("preview", "thumbnail"):
                answer = person.ask("GET", f"/scan/{scan.id}/{door}")
                assert answer.status_code == (200 if stored.preview == "ready" else 404)
                if answer.status_code == 200:
                    assert answer.headers["Content-Type"] == "image/webp"
                    assert b"EXIF" not in answer.content[:200]


_SHOWN = {"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"}


def assert_same(answer: requests.Response, sha256: str) -> None:
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == sha256


def assert_inert(answer: requests.Response, *, download: bool) -> None:
    head = answer.headers
    kind, policy = head["Content-Type"].partition(";")[0], head["Content-Security-Policy"]
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in head["Cache-Control"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    if download:
        assert kind == "application/octet-stream"
        assert head["Content-Disposition"].startswith("attachment")
    else:
        assert kind in _SHOWN
        assert head["Content-Disposition"].startswith("inline")
    assert "sandbox" in policy or (kind == "application/pdf" and not download)


def fresh(model: Any, *conditions: Any) -> list[Any]:
    """What the server has written."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(model).where(*conditions)).unique())


def require_kept(cast: Cast, lot: Lot) -> None:
    """Each file that is not empty lies in the storage, byte for byte."""
    choose_organization(cast.fire.id)
    for name, content in full(lot):
        stored = fresh(StoredFile, StoredFile.sha256 == hashlib.sha256(content).hexdigest())
        assert len(stored) == 1, name
        with storage().open(stored[0].key) as stream:
            assert stream.read() == content


def full(lot: Lot) -> Lot:
    return [(name, content) for name, content in lot if content]


def split(lot: Iterable[tuple[str, bytes]], size: int) -> list[Lot]:
    files = list(lot)
    return [files[start : start + size] for start in range(0, len(files), size)]


def new_key() -> str:
    return secrets.token_urlsafe(16)
