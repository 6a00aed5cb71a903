"""A file read over a network is the file, however it is read and however often its way breaks."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import StorageUnavailable
from records.storage import ranges
from records.storage.ranges import Ranges, Reader

CONTENT = os.urandom(5_000)


class Network:
    """Gives away CONTENT; each answer breaks off after the next number of bytes in `breaks`, where there is one."""

    def __init__(self, *breaks: int) -> None:
        self.breaks = iter(breaks)
        self.asked: list[tuple[int, int]] = []

    def __call__(self, begin: int, end: int) -> Reader:
        self.asked.append((begin, end))
        answer = io.BytesIO(CONTENT[begin : min(end, begin + next(self.breaks, end))])
        return answer.read


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_PIECE", 700)


@given(st.lists(st.one_of(st.integers(-1, 6_000), st.tuples(st.integers(0, 6_000), st.just(0))), max_size=8))
def test_it_reads_as_a_file_does(steps: list[int | tuple[int, int]]) -> None:
    with io.BufferedReader(Ranges(Network(), len(CONTENT)), 256) as there, io.BytesIO(CONTENT) as here:  # type: ignore[arg-type]  # because: Network is called as a function is
        for step in steps:
            if isinstance(step, tuple):
                assert there.seek(*step) == here.seek(*step)
            else:
                assert there.read(step) == here.read(step)
            assert there.tell() == here.tell()
        assert there.seek(-10, os.SEEK_END) == here.seek(-10, os.SEEK_END)
        assert there.seek(-5, os.SEEK_CUR) == here.seek(-5, os.SEEK_CUR)
        assert there.read() == here.read()


def test_a_way_that_breaks_again_and_again_only_costs_more_questions() -> None:
    network = Network(*[100] * 1000)
    assert io.BufferedReader(Ranges(network, len(CONTENT)), 256).read() == CONTENT
    assert len(network.asked) == 50


def test_where_nothing_comes_any_more_it_is_said_and_not_taken_for_the_end() -> None:
    stream = io.BufferedReader(Ranges(Network(300, 0, 0), len(CONTENT)), 256)
    assert stream.read(300) == CONTENT[:300]
    with pytest.raises(StorageUnavailable):
        stream.read(300)


def test_no_more_is_asked_for_than_is_wanted() -> None:
    network = Network()
    stream = io.BufferedReader(Ranges(network, len(CONTENT)), 256)
    assert stream.seek(0, os.SEEK_END) == len(CONTENT)
    assert network.asked == []
    stream.seek(4_990)
    assert stream.read(5) == CONTENT[4_990:4_995]
    assert network.asked == [(4_990, 5_000)]
