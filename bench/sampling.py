"""Where the processor's time goes, by looking at the stack every millisecond of it: unlike a profiler that is called at
every call, this makes nothing look dearer than it is."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_EVERY = 0.001  # seconds of the processor's time
_SHOWN = 4  # parts of a path


@dataclass
class Samples:
    """How often a function was at work (`own`), or it or what it called (`whole`)."""

    taken: int = 0
    own: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)

    def note(self, _signal: int, frame: FrameType | None) -> None:
        self.taken += 1
        seen: set[str] = set()
        while frame is not None:
            name = _name(frame)
            if not seen:
                self.own[name] += 1
            seen.add(name)
            frame = frame.f_back
        self.whole.update(seen)

    def told(self, most: int) -> Iterator[str]:
        for heading, counts in (("at work itself", self.own), ("with what it called", self.whole)):
            yield f"   % of {self.taken} samples, {heading}"
            for name, number in counts.most_common(most):
                yield f"   {100 * number / self.taken:5.1f}  {name}"


@contextmanager
def sampled() -> Iterator[Samples]:
    """Sample the main thread of this process for a while."""
    samples = Samples()
    before = signal.signal(signal.SIGPROF, samples.note)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _name(frame: FrameType) -> str:
    code = frame.f_code
    path = "/".join(code.co_filename.split("/")[-_SHOWN:])
    return f"{code.co_name}  {path.split('site-packages/')[-1]}:{code.co_firstlineno}"
