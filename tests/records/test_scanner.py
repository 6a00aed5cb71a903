"""The scanner's door, against a real daemon."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest

from records.scanner import NoAnswer, NotScannable, Scanner
from tests.clamd import EICAR, LARGEST, VIRUS, Daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("clamd")).running() as running:
        yield running


@pytest.fixture
def door(daemon):
    return Scanner(daemon.url, patience=10, longest=20)


@pytest.mark.parametrize("way", ["url", "socket_url"])
def test_a_virus_is_named_and_clean_bytes_are_clean(daemon, way):
    door = Scanner(getattr(daemon, way), patience=10)
    assert door.answers()
    assert door.virus_in(io.BytesIO(EICAR)) == VIRUS
    assert door.virus_in(io.BytesIO(b"a certificate")) == ""
    assert door.virus_in(io.BytesIO(os.urandom(700_000) + EICAR)) == VIRUS


def test_what_is_more_than_the_daemon_takes_is_not_called_clean(door):
    with pytest.raises(NotScannable, match="size limit"):
        door.virus_in(io.BytesIO(bytes(LARGEST + 1)))


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd"])
def test_a_daemon_that_is_not_there_is_no_verdict(url):
    door = Scanner(url, patience=1)
    assert not door.answers()
    with pytest.raises(NoAnswer):
        door.virus_in(io.BytesIO(EICAR))


def test_a_hung_daemon_is_given_up_in_time(daemon):
    door = Scanner(daemon.url, patience=0.5, longest=2)
    with daemon.hung():
        began = time.monotonic()
        assert not door.answers(patience=0.5)
        with pytest.raises(NoAnswer):
            door.virus_in(io.BytesIO(EICAR))
        assert time.monotonic() - began < 3


class Slow(io.BytesIO):
    """Bytes that come one piece every so many seconds; `then` is done at the third."""

    def __init__(self, pause, then=lambda: None):
        super().__init__(bytes(2_000_000))
        self.pause, self.then, self.pieces = pause, then, 0

    def read(self, size=-1):
        self.pieces += 1
        if self.pieces == 3:
            self.then()
        time.sleep(self.pause)
        return super().read(size)


def test_a_file_has_so_long_and_no_longer(daemon):
    with pytest.raises(NoAnswer, match="too long"):
        Scanner(daemon.url, patience=10, longest=0.3).virus_in(Slow(0.15))


def test_a_daemon_killed_in_mid_stream_is_no_verdict(tmp_path):
    with Daemon(tmp_path).running() as daemon, pytest.raises(NoAnswer):
        Scanner(daemon.url, patience=5).virus_in(Slow(0.05, then=daemon.kill))


@pytest.mark.parametrize(
    "answer", [b"", b"stream: OK", b"garbage\0", b"\xff\xfe\0", b"A" * 100_000, b"stream: OK\0stream: OK\0"]
)
def test_only_a_whole_answer_counts(answer):
    """A daemon that is none: whatever it says, bytes are called clean by `stream: OK` alone."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                while not connection.recv(65536).endswith(bytes(4)):
                    pass
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        door = Scanner(f"tcp://127.0.0.1:{listening.getsockname()[1]}", patience=2)
        try:
            with pytest.raises(NoAnswer):
                door.virus_in(io.BytesIO(b"x"))
        finally:
            thread.join(5)
