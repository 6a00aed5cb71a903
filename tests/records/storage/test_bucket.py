"""Scans in a bucket: streamed, proven on their way, refused in words; and the signed addresses that open one."""

from __future__ import annotations

import hashlib
import io
import logging
import multiprocessing
import os
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from records import jobs
from records.errors import FileTooLarge, StorageFull, StorageUnavailable
from records.storage import bucket as buckets
from records.storage import new_key
from records.storage.bucket import BucketStorage
from tests import stored
from tests.conftest import make_app
from tests.durability.proxy import Proxy
from tests.object_store import SECRET, ObjectStore, ask

MIB = 1024 * 1024
SAID = "attachment; filename=card.jpg"


def bucket_of(store: ObjectStore, spool: Path, prefix: str = "", **changed: str) -> BucketStorage:
    """A bucket as the settings make it, with some of them `changed`."""
    settings = store.settings(prefix or os.urandom(6).hex(), **changed)
    config = {name.upper(): value for name, value in settings.items()}
    return BucketStorage.of({"AWS_REGION": "us-east-1", "DATA_DIR": spool, **config})


@pytest.fixture
def bucket(store: ObjectStore, tmp_path: Path) -> BucketStorage:
    return bucket_of(store, tmp_path)


def kept(door: BucketStorage, content: bytes) -> str:
    """Its key."""
    received = door.receive(io.BytesIO(content), name="a", limit=len(content))
    key = new_key(1, received.sha256)
    try:
        door.keep(received, key)
    finally:
        door.discard(received)
    return key


def read(door: BucketStorage, key: str) -> bytes:
    with door.open(key) as stream:
        return stream.read()


def test_what_is_kept_is_there_until_it_is_deleted(bucket: BucketStorage) -> None:
    assert bucket.is_empty()
    key = kept(bucket, b"a scan")
    assert not bucket.is_empty()
    assert read(bucket, key) == b"a scan"
    assert list(bucket.keys_before(time.time() + 60)) == [key]
    assert list(bucket.keys_before(time.time() - 60)) == []
    bucket.delete(key)
    with pytest.raises(StorageUnavailable):
        bucket.open(key)


def test_another_prefix_is_another_storage(bucket: BucketStorage, store: ObjectStore, tmp_path: Path) -> None:
    key = kept(bucket, b"a scan")
    other = bucket_of(store, tmp_path, bucket.prefix.strip("/") + "2")
    assert other.is_empty()
    with pytest.raises(StorageUnavailable):
        other.open(key)


def test_what_is_no_key_of_ours_is_left_alone(bucket: BucketStorage) -> None:
    stored.tamper("notes/readme.txt", b"not ours", bucket)
    assert list(bucket.keys_before(time.time() + 60)) == []


def test_a_large_file_is_never_whole_in_memory(bucket: BucketStorage, tmp_path: Path) -> None:
    """Nor is it left on the disk."""
    kept(bucket, b"what is loaded once is loaded")
    (path := tmp_path / "large").write_bytes(os.urandom(MIB) * 24)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    tracemalloc.start()
    try:
        with path.open("rb") as stream:
            received = bucket.receive(stream, name="a", limit=24 * MIB)
        assert [each.name for each in tmp_path.iterdir()] == ["large"]
        bucket.keep(received, key := new_key(1, received.sha256))
        bucket.discard(received)
        digest = hashlib.sha256()
        with bucket.open(key) as stream:
            while chunk := stream.read(64 * 1024):
                digest.update(chunk)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received.sha256 == digest.hexdigest() == expected
    assert peak < 6 * MIB


def test_what_is_too_large_never_travels(bucket: BucketStorage) -> None:
    with pytest.raises(FileTooLarge):
        bucket.receive(io.BytesIO(b"123"), name="a", limit=2)
    assert stored.names(bucket) == set()


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"aws_secret_access_key": "another-secret"}, "AWS_SECRET_ACCESS_KEY"),
        ({"aws_access_key_id": "nobody"}, "AWS_ACCESS_KEY_ID"),
        ({"scans_url": "s3://not-there/x"}, "SCANS_URL"),
    ],
)
def test_a_wrong_setting_is_named_in_the_log_and_its_value_is_not(
    store: ObjectStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, changed: dict[str, str], setting: str
) -> None:
    wrong = bucket_of(store, tmp_path, **changed)
    with caplog.at_level(logging.DEBUG, logger="records"):
        with pytest.raises(StorageUnavailable) as refused:
            kept(wrong, b"a scan")
        with pytest.raises(StorageUnavailable):
            wrong.is_empty()
        with pytest.raises(StorageUnavailable):
            wrong.open(new_key(1, "a" * 64))
        with pytest.raises(StorageUnavailable):
            list(wrong.keys_before(0))
    assert setting in caplog.text
    told = caplog.text + repr(refused.value) + repr(refused.value.__cause__)
    assert not [value for value in (SECRET, *changed.values()) if value in told]


def test_the_worker_says_at_its_start_what_is_wrong_with_the_settings(
    store: ObjectStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, worked = make_app(tmp_path, **store.settings("x", aws_secret_access_key="another-secret")), []
    monkeypatch.setattr(jobs, "work", worked.append)
    app.test_cli_runner().invoke(args=["jobs", "run"])
    assert worked
    assert "AWS_SECRET_ACCESS_KEY is another one there" in caplog.text


def test_a_bucket_that_is_full_says_so(store: ObjectStore, tmp_path: Path) -> None:
    ask(store, "PUT", "small")
    full = bucket_of(ObjectStore(store.folder, store.endpoint, "small"), tmp_path)
    store.administer("quota", "set", "--quota-scope=bucket", "--uid=tests", "--bucket=small", "--max-size=1024")
    store.administer("quota", "enable", "--quota-scope=bucket", "--uid=tests", "--bucket=small")
    with pytest.raises(StorageFull):
        kept(full, b"x" * 10_000)
    assert stored.names(full) == set()


def test_bytes_that_changed_on_their_way_are_not_taken(store: ObjectStore, tmp_path: Path) -> None:
    proxy = Proxy(urlsplit(store.endpoint).port or 0)
    door = bucket_of(store, tmp_path, s3_endpoint=f"http://127.0.0.1:{proxy.port}")
    try:
        proxy.alters = (b"as it was", b"as it isn't"[:9])
        with pytest.raises(StorageUnavailable):
            kept(door, b"as it was")
        proxy.mend()
        assert stored.names(door) == set()
        assert read(door, kept(door, b"as it was")) == b"as it was"
    finally:
        proxy.close()


def _read_in(door: BucketStorage, key: str, outcome: object) -> None:
    outcome.put(read(door, key))  # type: ignore[attr-defined]  # because: it is a queue


def test_a_forked_process_has_connections_of_its_own(bucket: BucketStorage) -> None:
    key, fork = kept(bucket, b"a scan"), multiprocessing.get_context("fork")
    outcome = fork.SimpleQueue()
    process = fork.Process(target=_read_in, args=(bucket, key, outcome))
    process.start()
    process.join(30)
    assert (process.exitcode, outcome.get()) == (0, b"a scan")
    assert read(bucket, key) == b"a scan"


def test_nothing_in_the_surroundings_changes_how_it_is_asked(
    bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-somebody-else")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-somebody-else")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert read(bucket, kept(bucket, b"a scan")) == b"a scan"


def test_whoever_waits_has_an_answer_within_twenty_seconds() -> None:
    attempts = buckets._WAITS["retries"]["total_max_attempts"]
    assert attempts * (buckets._WAITS["connect_timeout"] + buckets._WAITS["read_timeout"]) + 1 < 20


# Signed addresses


def test_a_link_opens_one_file_as_a_download_under_its_name(bucket: BucketStorage) -> None:
    address = bucket.link(kept(bucket, b"<script>"), disposition=SAID)
    answer = requests.get(address, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"<script>")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == SAID
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert requests.get(address, headers={"Range": "bytes=1-3"}, timeout=10).content == b"scr"
    assert SECRET not in address
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == [str(buckets.LINK_SECONDS)]
    assert buckets.LINK_SECONDS <= 60


@pytest.mark.parametrize(
    ("part", "becomes"),
    [
        ("octet-stream", "xhtml%2Bxml"), ("attachment", "inline"), ("card.jpg", "card.html"), ("no-store", "public"),
        (r"X-Amz-Expires=60", "X-Amz-Expires=6000"), (r"&response-content-disposition=[^&]*", ""),
        (r"response-content-type=[^&]*&", ""), (r"/1/[0-9a-f]{4}", "/1/0000"), (r"Signature=....", "Signature=0000"),
        (r"\?.*", ""), (r"X-Amz-Date=2", "X-Amz-Date=3"),
    ],
)  # fmt: skip
def test_of_a_link_nothing_can_be_changed(bucket: BucketStorage, part: str, becomes: str) -> None:
    address = bucket.link(kept(bucket, b"<script>"), disposition=SAID)
    changed, number = re.subn(part, becomes, address)
    assert number
    answer = requests.get(changed, timeout=10)
    assert answer.status_code in (400, 403)
    assert b"<script>" not in answer.content


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "HEAD"])
def test_a_link_is_for_reading_only(bucket: BucketStorage, method: str) -> None:
    key = kept(bucket, b"a scan")
    answer = requests.request(method, bucket.link(key, disposition=SAID), data=b"another", timeout=10)
    assert answer.status_code in (403, 405)
    assert read(bucket, key) == b"a scan"


def test_a_link_ends(bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "LINK_SECONDS", 1)
    address = bucket.link(kept(bucket, b"a scan"), disposition=SAID)
    assert requests.get(address, timeout=10).status_code == 200
    time.sleep(2.1)
    answer = requests.get(address, timeout=10)
    assert (answer.status_code, b"a scan" in answer.content) == (403, False)


def test_a_link_of_somebody_without_the_secret_opens_nothing(
    bucket: BucketStorage, store: ObjectStore, tmp_path: Path
) -> None:
    stranger = bucket_of(store, tmp_path, bucket.prefix.strip("/"), aws_secret_access_key="a-guess")
    assert requests.get(stranger.link(kept(bucket, b"a scan"), disposition=SAID), timeout=10).status_code == 403


def test_a_program_with_a_folder_does_not_load_what_asks_a_bucket() -> None:
    code = "import sys, wsgi; sys.exit(any(name in sys.modules for name in ('botocore', 'boto3')))"
    environment = {**os.environ, "ENVIRONMENT": "testing", "SECRET_KEY": "x" * 40, "JOBS_URL": "memory://"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
