"""Every file through every door, over the wire: nothing fails, dies, takes long or takes much; every byte comes back.
With CORPUS_DIR set, also real good, broken and hostile files."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from records.models import Scan, StoredFile
from tests import samples
from tests.browser.doors import Doors, Person, assert_same, fresh, full, require_kept, split
from tests.clamd import EICAR
from tests.examples import some
from tests.holdings import give

MOST_MEMORY = 512 * 1024  # kB
# Files whose bytes or names mean harm, made here.
OWN = [
    *((f"{name}.bin", content) for name, (_kind, content) in samples.UNDRAWABLE.items()),
    ("card.svg", samples.SVG), ("page.html", samples.HTML), ("eicar.com", EICAR), ("deep.png", samples.deep_png()),
    ("photo.jpg", samples.halves(6)), ("photo.heic", samples.heic()), ("paper.pdf", samples.pdf()),
    *((name, b"named %d" % number) for number, name in enumerate(samples.NAMES)),
]  # fmt: skip


def corpus() -> list[tuple[str, bytes]]:
    """But for lists and raw requests, which are no files to upload. EICAR lies there in base64."""
    paths = [path for path in samples.corpus("bad", "good") if path.parent.name not in ("lists", "multipart_raw")]
    return [
        (path.name, base64.b64decode(path.read_bytes()) if path.suffix == ".b64" else path.read_bytes())
        for path in paths
    ]


def hostile_names() -> list[tuple[str, bytes]]:
    names: list[str] = []
    for path in samples.corpus("bad/lists"):
        text = path.read_text("utf-8", "surrogateescape")
        names += json.loads(text) if path.suffix == ".json" else text.splitlines()
    sendable = [name.encode("utf-8", "replace").decode() for name in dict.fromkeys(map(str, names)) if name]
    return [(name, b"list %d" % number) for number, name in enumerate(sendable)]


def different(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Each content once: the same bytes twice are one file."""
    return list({content: (name, content) for name, content in reversed(files)}.values())[::-1]


EVERY = different([*OWN, *corpus()])


class Watched:
    """The server's processes, and the most memory (kB) that any of them, or of their children, had."""

    def __init__(self, *process_ids: int) -> None:
        self.roots, self.most, self._over = process_ids, 0, threading.Event()
        self.at_first = self.living()

    def living(self) -> set[int]:
        found, left = set(), list(self.roots)
        while left:
            process_id = left.pop()
            found.add(process_id)
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{process_id}/task").iterdir():
                    left += [int(child) for child in (task / "children").read_text().split()]
        return found

    def look(self) -> None:
        for process_id in self.living():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process_id}/status").read_text()
                peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
                self.most = max(self.most, int(peak.split()[1]))

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        def look() -> None:
            while not self._over.wait(0.05):
                self.look()

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            self.look()

    def require_well(self) -> None:
        assert self.at_first <= self.living(), "a process died"
        assert 0 < self.most < MOST_MEMORY


@pytest.fixture
def people(server, cast) -> Iterator[tuple[Person, Person]]:
    ada, learner = (Person(server, who.account.email) for who in (cast.ada, cast.max))
    yield ada, learner
    for person in (ada, learner):
        person.close()
        assert person.failures == []


@pytest.fixture
def doors(cast, people) -> Doors:
    return Doors(cast, *people)


def test_every_view_that_takes_files_is_a_door_here(app, doors):
    assert {name for name, view in app.view_functions.items() if hasattr(view, "takes")} == doors.all.keys()


def test_every_file_comes_in_through_both_faces_and_back_as_it_was(server, cast, people, doors):
    """The short form: one door a face, and every way out."""
    files = different([*OWN, *some(corpus())])
    watched = Watched(server.process_id)
    with watched.looking():
        for lot in split(files, doors.LOT):
            doors.wizard_one_by_one(lot)
            doors.certificate_at_once(lot)
            require_kept(cast, lot)
        scans = fresh(Scan)
        for scan in scans:
            doors.look_at(scan, people[0] if scan.certification_id else people[1])
    assert len(scans) == 2 * len(full(files))
    watched.require_well()


@pytest.mark.long
def test_every_file_through_every_door(server, cast, people, doors):
    with server.process("-m", "flask", "--app", "wsgi", "jobs", "run") as worker:
        watched = Watched(server.process_id, worker.pid)
        with watched.looking():
            for lot in split(EVERY, doors.LOT):
                for door in doors.all.values():
                    door(lot)
                require_kept(cast, lot)
            _wait_for_previews()
            scans = fresh(Scan, Scan.renewal_proposal_id.is_(None), Scan.deleted_at.is_(None))
            for scan in scans:
                assert_same(people[1].ask("GET", f"/scan/{scan.id}/download"), scan.stored_file.sha256)
            for scan in {scan.stored_file_id: scan for scan in scans}.values():
                doors.look_at(scan, *people)
            assert people[1].ask("GET", f"/member/{cast.max.id}/scans/download").status_code == 200
        watched.require_well()
    print(f"{len(EVERY)} files, {len(doors.all)} doors, {sum(each.asked for each in people)} requests,"
          f" at most {watched.most // 1024} MB")  # fmt: skip


def _wait_for_previews() -> None:
    ends_at = time.monotonic() + 600
    while fresh(StoredFile, StoredFile.preview == "waiting"):
        assert time.monotonic() < ends_at
        time.sleep(1)


@pytest.mark.long
def test_hostile_names_and_words_stand_wherever_they_are_sent(people, doors):
    """As the names of files, in both faces; and as the words of a certificate."""
    names = hostile_names() or [(name, name.encode()) for name in samples.NAMES]
    for lot in split(names, doors.LOT):
        doors.wizard_at_once(lot)
        doors.certificate_one_by_one(lot)
    for name, _content in names:
        fields = dict.fromkeys(("title", "issuer", "number", "note"), name) | {"key": name}
        answer = people[1].send("/portfolio/certificates/new", doors._claim() | fields, [("a.txt", os.urandom(8))])
        assert answer.status_code in (302, 422)
    for address in ("/portfolio/certificates", f"/admin/members/{doors.cast.max.id}", "/admin/approvals/"):
        assert people[address.startswith("/portfolio")].ask("GET", address).status_code == 200
    for scan in fresh(Scan):
        answer = people[0].ask("GET", f"/scan/{scan.id}/download")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment;")


RAW = {path.stem: path.read_bytes() for path in samples.corpus("bad/multipart_raw")} | {
    "own: no end": b'------b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\nx',
    "own: endless header": b"------b\r\nContent-Disposition: " + b"x" * 200_000,
    "own: only boundaries": b"------b\r\n" * 50_000,
    "own: 3000 parts": b'------b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 3000 + b"------b--\r\n",
    "own: nothing": b"",
    "own: zeros": bytes(1_000_000),
    "own: name twice": b'------b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf";'
    b" filename*=utf-8''b\r\n\r\nx\r\n------b--\r\n",
}


def test_raw_bodies_that_are_no_forms_are_answered_quickly(server, cast, people):
    watched, (ada, learner) = Watched(server.process_id), people
    watched.look()
    before = watched.most
    for person, path in ((ada, f"/admin/members/{cast.max.id}/upload"), (learner, "/portfolio/certificates/files")):
        for name, body in RAW.items():
            began = time.monotonic()
            answer = person.ask(
                "POST", path, data=body,
                headers={"Content-Type": "multipart/form-data; boundary=----b", "X-CSRFToken": person.token},
            )  # fmt: skip
            assert answer.status_code in (302, 400, 413, 422), name
            assert time.monotonic() - began < 2, name
    watched.look()
    watched.require_well()
    assert watched.most - before < 50 * 1024


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 2_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00" + os.urandom(500),
    ],
    ids=["one long header", "many headers", "a long address", "a negative length", "two lengths", "no HTTP at all"],
)
def test_requests_that_are_too_much_for_the_server_end_there(server, head):
    watched = Watched(server.process_id)
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
        contextlib.suppress(OSError),  # it hangs up before it has read all
    ):
        connection.sendall(head)
        while b"\r\n\r\n" not in answer and (piece := connection.recv(65536)):
            answer += piece
    assert answer == b"" or answer[9:10] == b"4" or answer[9:12] == b"302", answer[:200]
    watched.look()
    watched.require_well()


def looked_at() -> list[tuple[str, bytes]]:
    """Those that mean harm to whoever looks at them."""
    folders = ("pdf_active", "polyglots", "svg_html_xss", "svg_ssrf", "nolicence_corkami_poly")
    return different([*OWN[:22], *((path.name, path.read_bytes()) for folder in folders
                                   for path in some(samples.corpus(f"bad/{folder}")))])  # fmt: skip


def _look_at_each(files, cast, server, open_page, sign_in) -> None:
    give(cast.max, cast.emt, 200, files=dict(full(files)))
    scans = [(scan.id, scan.stored_file.opens_in_browser) for scan in fresh(Scan)]
    page, elsewhere, said = sign_in(open_page(), cast.max.account.email), [], []
    context = page.context
    ours = (server.url, "data:", "blob:", "chrome-extension:", "chrome:", "about:")
    context.on("request", lambda sent: sent.url.startswith(ours) or elsewhere.append(sent.url))
    context.on("page", lambda opened: said.append(f"opened {opened.url}"))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    for scan_id, opens in scans:
        page.goto(f"/scan/{scan_id}")
        page.wait_for_timeout(100)  # for what begins a little later
        if opens:
            with contextlib.suppress(PlaywrightError):  # a PDF, where no viewer is built in, is a download
                page.goto(f"/scan/{scan_id}/file")
        else:
            with page.expect_download() as download, contextlib.suppress(PlaywrightError):
                page.goto(f"/scan/{scan_id}/file")
            download.value.cancel()
        assert (elsewhere, said) == ([], []), scan_id
    with contextlib.suppress(PlaywrightError):
        page.goto("http://127.0.0.1:1/")
    assert elsewhere  # it would have been seen


def test_no_file_runs_anything_or_asks_elsewhere_when_looked_at(cast, server, open_page, sign_in, problems):
    _look_at_each(looked_at(), cast, server, open_page, sign_in)
    problems.clear()  # broken pictures say so in the console


@pytest.mark.long
def test_no_file_at_all_runs_anything_or_asks_elsewhere_when_looked_at(cast, server, open_page, sign_in, problems):
    _look_at_each(EVERY, cast, server, open_page, sign_in)
    problems.clear()
