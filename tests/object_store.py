"""A real S3 server on loopback: Ceph's monitor, one OSD in memory and radosgw, each a process stopped by its id.

`begin` starts a keeper beside the tests, which starts the three and ends them when whoever began it ends, however that
happens. It takes about 13 seconds, of which next to none are computed; tests wait for them in `wait_for`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[1]
KEY_ID, SECRET, BUCKET = "the-tests", "a-secret-of-the-tests", "scans"
_STARTS_WITHIN = 90.0


@dataclass(frozen=True)
class ObjectStore:
    """A running server; `folder` holds its configuration."""

    folder: str
    endpoint: str
    bucket: str = BUCKET

    def settings(self, prefix: str, **others: Any) -> dict[str, Any]:
        """The settings of an application whose scans lie under `prefix`."""
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        return {"scans_url": f"s3://{self.bucket}/{prefix}", "s3_endpoint": self.endpoint, **keys, **others}

    @contextlib.contextmanager
    def another_door(self) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        """One more radosgw to the same bytes, which a test may stop: its address and its process."""
        port = _free_ports(1)[0]
        process = _radosgw(Path(self.folder), port, name=f"door{port}")
        try:
            _wait_until_it_answers(port)
            yield f"http://127.0.0.1:{port}", process
        finally:
            _end(process)

    def administer(self, *arguments: str) -> str:
        return _run(Path(self.folder), "radosgw-admin", *arguments)


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """The keeper of a server in this folder, which need not be there; it ends with its standard input."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.object_store", str(folder)], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def end(keeper: subprocess.Popen[bytes], folder: Path) -> None:
    assert keeper.stdin is not None
    keeper.stdin.close()
    keeper.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


def wait_for(folder: Path) -> ObjectStore:
    """The server that was begun in this folder, once it is ready."""
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        if (folder / "ready").exists():
            return ObjectStore(**json.loads((folder / "ready").read_text()))
        if (folder / "failed").exists():
            break
        time.sleep(0.1)
    raise RuntimeError(f"the S3 server of the tests did not start:\n{(folder / 'keeper.log').read_text()}")


def _keep(folder: Path) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    try:
        store = _started(folder, processes)
        (folder / "ready.new").write_text(json.dumps(asdict(store)))
        (folder / "ready.new").rename(folder / "ready")
        sys.stdin.read()
    except BaseException:
        (folder / "failed").touch()
        raise
    finally:
        for process in reversed(processes):
            _end(process)
    shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path, processes: list[subprocess.Popen[bytes]]) -> ObjectStore:
    one, other, port = _free_ports(3)
    monitor = f"[v2:127.0.0.1:{one},v1:127.0.0.1:{other}]"
    fsid, osd, keys, map_ = str(uuid4()), str(uuid4()), folder / "keyring", folder / "monmap"
    for name in ("mon", "osd0", "run"):
        (folder / name).mkdir()
    (folder / "ceph.conf").write_text(_CONFIGURATION.format(folder=folder, fsid=fsid, monitor=monitor))

    _run(folder, "ceph-authtool", "--create-keyring", str(keys), "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    all_ = [part for each in ("mon", "osd", "mgr") for part in ("--cap", each, "allow *")]
    _run(folder, "ceph-authtool", str(keys), "--gen-key", "-n", "client.admin", *all_)
    _run(folder, "monmaptool", "--create", "--clobber", "--addv", "a", monitor, "--fsid", fsid, str(map_))
    _run(folder, "ceph-mon", "--mkfs", "-i", "a", "--monmap", str(map_), "--keyring", str(keys))
    processes.append(_start(folder, "ceph-mon", "-f", "-i", "a"))
    _run(folder, "ceph", "osd", "new", osd)
    caps = ["mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd"]
    _run(folder, "ceph", "auth", "get-or-create", "osd.0", *caps, "-o", str(folder / "osd0" / "keyring"))
    _run(folder, "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
    processes.append(_start(folder, "ceph-osd", "-f", "-i", "0"))
    processes.append(_radosgw(folder, port, name="first"))
    user = ["--uid", "tests", "--display-name", "tests", "--access-key", KEY_ID, "--secret", SECRET]
    _run(folder, "radosgw-admin", "user", "create", *user)
    _wait_until_it_answers(port)
    store = ObjectStore(str(folder), f"http://127.0.0.1:{port}")
    ask(store, "PUT", BUCKET)
    return store


def ask(store: ObjectStore, method: str, path: str, body: bytes = b"") -> requests.Response:
    """Whatever is asked of the server, by whoever owns the bucket."""
    address = f"{store.endpoint}/{path}"
    asked = AWSRequest(method=method, url=address, data=body)
    S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", "us-east-1").add_auth(asked)
    answer = requests.request(method, address, headers=dict(asked.headers), data=body, timeout=30)
    answer.raise_for_status()
    return answer


def _run(folder: Path, *command: str) -> str:
    """What it says."""
    program, *arguments = command
    done = subprocess.run(
        [program, "-c", str(folder / "ceph.conf"), *arguments] if program in _CONFIGURED else [program, *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


def _start(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [program, "-c", str(folder / "ceph.conf"), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _radosgw(folder: Path, port: int, *, name: str) -> subprocess.Popen[bytes]:
    """Without tcp_nodelay, every second answer would wait 40 ms for the kernel."""
    own = ["--admin-socket", f"{folder}/run/{name}.asok", "--pid-file", f"{folder}/run/{name}.pid"]
    door = ["--rgw-frontends", f"beast endpoint=127.0.0.1:{port} tcp_nodelay=1"]
    return _start(folder, "radosgw", "-f", "-n", "client.admin", *own, *door)


def _wait_until_it_answers(port: int) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok:
                return
        time.sleep(0.05)
    raise RuntimeError("radosgw does not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # nothing here outlives the tests
    process.wait(10)


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as probes:
        drawn = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(probe.getsockname()[1]) for probe in drawn]


_CONFIGURED = {"ceph", "ceph-mon", "ceph-osd", "radosgw-admin"}
_CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = {monitor}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon max pg per osd = 1000
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
log file = /dev/null
mon cluster log file = /dev/null
auth allow insecure global id reclaim = false
[mon.a]
keyring = {folder}/keyring
mon data = {folder}/mon
[osd.0]
keyring = {folder}/osd0/keyring
osd data = {folder}/osd0
osd objectstore = memstore
memstore device bytes = 2147483648
osd class load list = *
osd class default list = *
[client]
keyring = {folder}/keyring
rgw enable usage log = false
rgw dns name = localhost
rgw bucket quota ttl = 0
rgw thread pool size = 64
"""

if __name__ == "__main__":
    os.umask(0o077)
    _keep(Path(sys.argv[1]))
