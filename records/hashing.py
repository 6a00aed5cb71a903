"""The room where passwords are hashed, so that a storm of sign-ins takes neither all threads nor all of the processor.

A hash costs thirty milliseconds of the processor, on purpose. Each process has so many places for requests that want
one, fewer than it has threads; who finds none is told to come again. The hashes themselves are made by few threads that
step back behind all others (Linux), without Python's lock.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import BoundedSemaphore
from typing import TypeVar

from records.errors.signing_in import ManyAtOnce

# Requests that may wait for hashes at once in a process. A web process has twice as many threads, so that half of them
# are always there for other pages.
PLACES = 4
WEB_THREADS = 2 * PLACES
# By so much nicer than all else: a hash gets a tenth of a processor that others want, and all of one that nobody wants.
_NICENESS = 10
# Seconds, drawn, after which whoever found no place comes again: not all at the same time.
_SOONEST, _LATEST = 3, 8

Made = TypeVar("Made")
_places = BoundedSemaphore(PLACES)
_is_in: ContextVar[bool] = ContextVar("is_in", default=False)


@contextmanager
def place() -> Iterator[None]:
    """Hold a place in the room: around a verb that hashes, before it counts or changes anything. Who has one keeps it.

    Raises ManyAtOnce.
    """
    if _is_in.get():
        yield
        return
    if not _places.acquire(blocking=False):
        raise ManyAtOnce(retry_after=_SOONEST + secrets.randbelow(_LATEST - _SOONEST + 1))
    entered = _is_in.set(True)
    try:
        yield
    finally:
        _is_in.reset(entered)
        _places.release()


def made(make: Callable[[], Made]) -> Made:
    """What `make` returns or raises, by one of the threads of this room. No connection is held while waiting for it:
    see `records.database.let_go`."""
    return _threads().submit(make).result()


@cache
def _threads() -> ThreadPoolExecutor:
    """Half as many as there are processors: another process may have as many."""
    at_once = max(1, len(_processors()) // 2)
    return ThreadPoolExecutor(at_once, thread_name_prefix="hashing", initializer=_step_back)


def _processors() -> range | set[int]:
    return os.sched_getaffinity(0) if sys.platform == "linux" else range(os.cpu_count() or 1)


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process that steps back
        os.nice(_NICENESS)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_threads.cache_clear)  # threads stay behind in the parent
