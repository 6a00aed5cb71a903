"""What processes cost, as Linux counts it: the processor's time and memory of a process and those that it started."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_TICKS = os.sysconf("SC_CLK_TCK")


def family_of(pid: int) -> list[int]:
    """The process and all below it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parents.setdefault(int(_fields(int(folder.name))[1]), []).append(int(folder.name))
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop())
        ahead += parents.get(found[-1], [])
    return found


def processor_time(pids: Iterable[int]) -> dict[int, float]:
    """Seconds so far of each that still runs, and of those that it started and that have ended."""
    spent = {}
    for pid in pids:
        with suppress(OSError):
            spent[pid] = sum(map(int, _fields(pid)[11:15])) / _TICKS
    return spent


def spent_since(before: dict[int, float], now: dict[int, float]) -> float:
    """Seconds between two looks, of those that still run at the second."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in now.items())


def memory(pids: Iterable[int]) -> tuple[int, int]:
    """Bytes: their share of what is in memory, in all (PSS), and the most that one of them ever had (VmHWM)."""
    shared, most = 0, 0
    for pid in pids:
        with suppress(OSError):
            shared += _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")
            most = max(most, _kilobytes(Path(f"/proc/{pid}/status"), "VmHWM:"))
    return 1024 * shared, 1024 * most


class Growth:
    """How much more memory of their own processes had at most since `with` began, in bytes; looked at ten times a
    second. What they map from files is not theirs."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids, self._is_over = list(pids), Event()
        self._before = self._most = self._now()
        self._looking = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Growth:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._looking.join()

    @property
    def bytes(self) -> int:
        return self._most - self._before

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            self._most = max(self._most, self._now())

    def _now(self) -> int:
        owned = 0
        for pid in self._pids:
            with suppress(OSError):
                owned += _kilobytes(Path(f"/proc/{pid}/status"), "RssAnon:")
        return 1024 * owned


def _fields(pid: int) -> list[str]:
    """What follows the name of the program in its `stat`: the name may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def kilobytes_in(status: str, name: str) -> int:
    """What a `status` or `smaps_rollup` of Linux says of a process by this name."""
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


def _kilobytes(file: Path, name: str) -> int:
    return kilobytes_in(file.read_text(), name)
