"""A real ClamAV daemon with one signature of its own: that of EICAR, the test file that every scanner knows.

EICAR and its signature are put together here, so that no scanner takes this repository away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

EICAR = b"".join((rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-ANTI", b"VIRUS-TEST-FILE!$H+H*"))
VIRUS = "Certfolio.Eicar.UNOFFICIAL"
LARGEST = 3 * 1024 * 1024
_CONFIGURATION = """
Foreground yes
DatabaseDirectory {folder}/signatures
LogFile {folder}/clamd.log
TCPAddr 127.0.0.1
TCPSocket {port}
LocalSocket {folder}/socket
StreamMaxLength {largest}
OfficialDatabaseOnly no
ConcurrentDatabaseReload no
SelfCheck 3600
"""


class Daemon:
    """clamd on a port and a socket of its own. `url` and `socket_url` are for CLAMD_URL."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url, self.socket_url = f"tcp://127.0.0.1:{self.port}", f"unix://{folder}/socket"
        self._configuration = folder / "clamd.conf"
        self._log = folder / "clamd.log"
        self._configuration.write_text(_CONFIGURATION.format(folder=folder, port=self.port, largest=LARGEST))
        (folder / "signatures").mkdir(exist_ok=True)
        (folder / "signatures" / "own.ndb").write_text(f"Certfolio.Eicar:0:*:{EICAR.hex()}\n")
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[Daemon]:
        self.start()
        try:
            yield self
        finally:
            self.kill()

    def start(self) -> None:
        program = shutil.which("clamd", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
        assert program, "These tests need ClamAV's daemon: install the package clamav-daemon."
        self._process = subprocess.Popen(
            [program, "--config-file", str(self._configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.1)
        raise AssertionError(self._log.read_text())

    def kill(self) -> None:
        """Gone at once; nothing happens where it is gone already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        """It takes connections, and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
