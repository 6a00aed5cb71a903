"""Drawing previews: what decodes is drawn small and clean; what does not harms nobody."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from records import previewing
from records.file_kinds import kind_of
from records.models.stored_file import CAN_BE_PREVIEWED
from records.previewing import _CHILD, CannotDraw, Drawn, Interrupted, draw, drawing_many
from tests import samples
from tests.examples import some


def drawn(content: bytes, kind: str) -> Image.Image:
    return opened(draw(io.BytesIO(content), kind=kind).preview)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


GOOD = {
    "JPEG": ("image/jpeg", samples.picture("JPEG")),
    "CMYK JPEG": ("image/jpeg", samples.picture("JPEG", mode="CMYK")),
    "grey PNG": ("image/png", samples.picture("PNG", mode="L")),
    "16 bit PNG": ("image/png", samples.deep_png()),
    "PNG with a palette": ("image/png", samples.picture("PNG", mode="P")),
    "black and white PNG": ("image/png", samples.picture("PNG", mode="1")),
    "WebP": ("image/webp", samples.picture("WEBP")),
    "GIF": ("image/gif", samples.picture("GIF", mode="P")),
    "HEIC": ("image/heic", samples.heic()),
    "PDF": ("application/pdf", samples.pdf()),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_that_opens_is_drawn(name):
    kind, content = GOOD[name]
    both = draw(io.BytesIO(content), kind=kind)
    for picture, most in ((opened(both.preview), 1000), (opened(both.thumbnail), 160)):
        assert picture.format == "WEBP"
        assert max(picture.size) <= most
    assert kind_of(content[:8192]) == kind


@pytest.mark.parametrize("name", samples.UNDRAWABLE)
def test_what_does_not_decode_is_refused(name):
    kind, content = samples.UNDRAWABLE[name]
    with pytest.raises(CannotDraw):
        draw(io.BytesIO(content), kind=kind)


def test_a_large_picture_becomes_small_and_smaller():
    both = draw(io.BytesIO(samples.picture("PNG", size=(3000, 1500))), kind="image/png")
    assert opened(both.preview).size == (1000, 500)
    assert opened(both.thumbnail).size == (160, 80)


def test_a_small_picture_does_not_grow_and_a_thin_one_does_not_vanish():
    assert opened(draw(io.BytesIO(samples.picture("PNG")), kind="image/png").thumbnail).size == (64, 48)
    thin = draw(io.BytesIO(samples.picture("PNG", size=(3000, 2))), kind="image/png")
    assert opened(thin.thumbnail).size == (160, 1)


def test_the_thumbnail_of_a_photo_weighs_little():
    both = draw(io.BytesIO(samples.photo()), kind="image/jpeg")
    assert len(both.thumbnail) < 6_000
    assert len(both.preview) > 5 * len(both.thumbnail)


def test_a_photo_of_a_hundred_megapixels_is_drawn_at_a_fraction():
    assert max(drawn(samples.picture("JPEG", size=(12000, 9000)), "image/jpeg").size) == 1000


def test_a_png_above_forty_megapixels_is_refused():
    with pytest.raises(CannotDraw):
        draw(io.BytesIO(samples.picture("PNG", size=(8000, 5001))), kind="image/png")


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "red"), (2, "blue"), (3, "blue"), (4, "red"), (5, "red"), (6, "red"), (7, "blue"), (8, "blue")],
)
def test_a_photo_stands_the_way_its_camera_noted(orientation, corner):
    picture = drawn(samples.halves(orientation), "image/jpeg").convert("RGB")
    assert picture.size == ((80, 40) if orientation < 5 else (40, 80))
    red, _green, blue = picture.getpixel((3, 3))
    assert (red > blue) == (corner == "red")


def test_the_position_of_the_camera_is_not_in_the_preview():
    original = samples.halves(6)
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(0x8825)
    both = draw(io.BytesIO(original), kind="image/jpeg")
    for content in (both.preview, both.thumbnail):
        assert not opened(content).getexif()
        assert b"EXIF" not in content


def test_transparency_becomes_white_paper():
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert drawn(out.getvalue(), "image/png").convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_only_the_first_frame_is_drawn():
    out = io.BytesIO()
    frames = [Image.new("P", (20, 20), number) for number in range(50)]
    frames[0].putpalette([255, 0, 0] + [0, 0, 255] * 255)
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    red, _green, blue = drawn(out.getvalue(), "image/gif").convert("RGB").getpixel((5, 5))
    assert red > blue


def test_what_takes_too_long_is_cut_off_and_may_be_tried_again():
    with pytest.raises(Interrupted):
        draw(io.BytesIO(samples.picture()), kind="image/jpeg", seconds=0.001)


def test_an_unknown_kind_is_refused():
    with pytest.raises(CannotDraw):
        draw(io.BytesIO(samples.picture("BMP")), kind="image/bmp")


ONE, OTHER = samples.picture("WEBP"), samples.picture("WEBP", colour="navy", size=(20, 30))


def gives(monkeypatch, output: bytes) -> Drawn:
    """What comes of a child that gives these bytes."""

    def run(_given, drawn, _kind, _seconds):
        drawn.write(output)
        return 0

    monkeypatch.setattr(previewing, "_run", run)
    return draw(io.BytesIO(b"any"), kind="image/png")


def test_two_pictures_are_told_apart_by_their_heads(monkeypatch):
    assert gives(monkeypatch, ONE + OTHER) == Drawn(ONE, OTHER)
    assert gives(monkeypatch, OTHER + ONE) == Drawn(OTHER, ONE)


@pytest.mark.parametrize(
    "output",
    {
        "nothing": b"",
        "one picture": ONE,
        "three pictures": ONE + OTHER + ONE,
        "something behind": ONE + OTHER + b"\0",
        "something between": ONE + b"\0" + OTHER,
        "something before": b"\0" + ONE + OTHER,
        "the second cut short": ONE + OTHER[:-1],
        "a length beyond the end": ONE + OTHER[:4] + b"\xff\xff\xff\xff" + OTHER[8:],
        "a length of nothing": ONE[:4] + b"\0\0\0\0" + ONE[8:] + OTHER,
        "another kind": ONE + samples.picture("PNG"),
        "another RIFF": ONE + OTHER[:8] + b"WAVE" + OTHER[12:],
        "heads that end early": ONE + OTHER[:11],
        "too much": ONE + OTHER[:4] + (8 * 1024**2).to_bytes(4, "little") + OTHER[8:].ljust(8 * 1024**2, b"\0"),
    }.items(),
    ids=lambda each: each[0],
)
def test_anything_else_is_no_picture(monkeypatch, output):
    with pytest.raises(CannotDraw):
        gives(monkeypatch, output[1])


_GREEDY = """
import runpy, sys
child = runpy.run_path({path!r})
child["set_limits"]()
{act}
"""


@pytest.mark.parametrize(
    ("act", "ends"),
    [
        ("bytearray(512 * 1024 ** 2)", 1),
        ("open('/dev/null'); import tempfile; tempfile.TemporaryFile().write(b'x' * 20 * 1024 ** 2)", 1),
        ("import resource; assert resource.getrlimit(resource.RLIMIT_CPU) == (15, 15); sys.exit(7)", 7),
        ("import signal; assert 0 < signal.alarm(0) <= 25; sys.exit(7)", 7),
    ],
)
def test_the_child_has_little_memory_time_and_disk(act, ends, tmp_path):
    code = subprocess.run(
        [sys.executable, "-c", _GREEDY.format(path=str(_CHILD), act=act)],
        stderr=subprocess.DEVNULL, check=False, env={"TMPDIR": str(tmp_path)},
    ).returncode  # fmt: skip
    assert code == ends or (act.startswith("open") and code == -signal.SIGXFSZ)


def process_at_hand() -> int:
    return previewing._at_hand.get()._process.pid


@pytest.fixture
def resting(monkeypatch):
    """The processes that rest: none at first, and none in the end."""
    monkeypatch.setattr(previewing, "_resting", parents := {})
    yield parents
    for parent in list(parents):
        parent._leave()


def is_gone(pid: int, seconds: float = 10) -> bool:
    ends_at = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


def test_many_are_drawn_by_children_of_one_process_which_leaves_when_nothing_comes(resting, monkeypatch):
    monkeypatch.setattr(previewing, "STAYS", 0)
    kind, bomb = samples.UNDRAWABLE["PNG bomb of 900 megapixels"]
    with drawing_many():
        assert previewing._at_hand.get()._process is None  # nothing to draw, nothing started
        assert max(drawn(samples.picture("JPEG"), "image/jpeg").size) == 64
        first = process_at_hand()
        with pytest.raises(CannotDraw):
            draw(io.BytesIO(bomb), kind=kind)
        for kind, content in GOOD.values():
            draw(io.BytesIO(content), kind=kind)
        assert process_at_hand() == first
    assert is_gone(first)


def test_files_that_come_soon_after_are_drawn_by_the_same_process(resting):
    with drawing_many():
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
        first = process_at_hand()
    with drawing_many():
        assert process_at_hand() == first
        with drawing_many():  # as another worker's thread at the same time
            draw(io.BytesIO(samples.picture()), kind="image/jpeg")
            second = process_at_hand()
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
    assert first != second
    assert {parent._process.pid for parent in resting} == {first, second}


def test_a_forked_process_has_none_that_rests(resting):
    """It would hear what the other is answered."""
    with drawing_many():
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
    child = os.fork()
    if not child:
        os._exit(len(previewing._resting))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(resting) == 1


_WORKER = """
import io, sys
from records import previewing
with previewing.drawing_many():
    previewing.draw(io.BytesIO(sys.stdin.buffer.read()), kind="image/png")
    print(previewing._at_hand.get()._process.pid, flush=True)
{end}
"""


@pytest.mark.parametrize("end", ["", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_process_ends_with_its_worker(end):
    worker = subprocess.run(
        [sys.executable, "-c", _WORKER.format(end=end)],
        input=samples.picture("PNG"),
        stdout=subprocess.PIPE,
        check=False,
    )
    assert is_gone(int(worker.stdout))


def test_after_an_interruption_the_next_is_drawn_by_another_process(resting):
    with drawing_many():
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
        first = process_at_hand()
        with pytest.raises(Interrupted):
            draw(io.BytesIO(samples.picture("PNG", size=(3000, 3000))), kind="image/png", seconds=0.001)
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
        second = process_at_hand()
        os.kill(second, signal.SIGKILL)
        with pytest.raises(Interrupted):
            draw(io.BytesIO(samples.picture()), kind="image/jpeg")
        draw(io.BytesIO(samples.picture()), kind="image/jpeg")
        assert len({first, second, process_at_hand()}) == 3


_CURIOUS = """
import os, runpy
child = runpy.run_path({path!r})

def draw(kind, given, drawn):
    paths = [f"/proc/self/fd/{{each}}" for each in os.listdir("/proc/self/fd")]
    files = [os.readlink(path) for path in paths if os.path.lexists(path)]
    os.write(drawn, "\\n".join(sorted(files)).encode())
    return 0

child["main"].__globals__["draw"] = draw
child["main"]()
"""


def test_a_child_holds_its_two_files_and_no_door(monkeypatch, tmp_path):
    """Nothing that a decoder could be made to do reaches the files of others or answers for them."""
    curious = tmp_path / "curious.py"
    curious.write_text(_CURIOUS.format(path=str(_CHILD)))
    monkeypatch.setattr(previewing, "_CHILD", curious)
    given, told = tmp_path / "given", tmp_path / "told"
    given.write_bytes(b"any")
    with given.open("rb") as stream, told.open("wb") as out:
        previewing._run(stream, out, "image/png", 20)
    held = [line for line in told.read_text().splitlines() if not line.startswith(("/proc/", "/dev/null"))]
    assert held == [str(given), str(told)]


def test_drawing_leaves_no_memory_in_this_process():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("PNG bomb of 900 megapixels", "truncated PNG"):
        kind, content = samples.UNDRAWABLE[name]
        with pytest.raises(CannotDraw):
            draw(io.BytesIO(content), kind=kind)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


# With CORPUS_DIR set, also real files; without it, these tests do not exist.

if GOOD_FILES := samples.corpus("good"):

    @pytest.mark.parametrize("path", some(GOOD_FILES), ids=str)
    def test_good_files_of_the_corpus_are_drawn(path):
        content = path.read_bytes()
        kind = kind_of(content[:8192])
        if kind in CAN_BE_PREVIEWED:
            assert max(drawn(content, kind).size) <= 1000


if BAD_FILES := samples.corpus("bad"):

    @pytest.mark.parametrize("path", some(BAD_FILES), ids=str)
    def test_hostile_files_of_the_corpus_are_drawn_or_refused(path):
        content = path.read_bytes()
        kind = kind_of(content[:8192])
        if kind in CAN_BE_PREVIEWED:
            with suppress(CannotDraw):
                assert max(drawn(content, kind).size) <= 1000
        assert kind not in ("image/svg+xml", "text/html", "application/xhtml+xml")


# Where a photo was taken

GPS = {1: "S", 2: (33.0, 51.0, 12.0), 3: "E", 4: (151.0, 12.0, 36.0)}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="33,51.2S"/></x:xmpmeta>'


def placed(kind: str) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x8825] = GPS
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, kind, exif=exif)
    return out.getvalue()


def by_xmp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "JPEG", xmp=XMP)
    return out.getvalue()


PLACED = {
    "JPEG": ("image/jpeg", placed("JPEG")),
    "PNG": ("image/png", placed("PNG")),
    "WebP": ("image/webp", placed("WEBP")),
    "HEIC": ("image/heic", placed("HEIF")),
    "XMP": ("image/jpeg", by_xmp()),
} | {path.name: ("image/jpeg", path.read_bytes()) for path in samples.corpus("bad/exif_gps_privacy")}


@pytest.mark.parametrize("name", PLACED)
def test_a_photo_that_says_where_it_was_taken_is_found_out_and_its_pictures_do_not(name):
    kind, content = PLACED[name]
    made = draw(io.BytesIO(content), kind=kind)
    assert made.tells_place
    for each in (made.preview, made.thumbnail):
        picture = Image.open(io.BytesIO(each))
        assert not picture.getexif()
        assert "xmp" not in picture.info
        assert b"GPS" not in each


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/jpeg", samples.picture()),
        ("image/jpeg", samples.picture("JPEG", exif=b"Exif\0\0broken")),
        ("image/heic", samples.heic()),
        ("application/pdf", samples.pdf()),
    ],
)
def test_what_says_nothing_of_a_place_is_not_suspected(kind, content):
    assert not draw(io.BytesIO(content), kind=kind).tells_place
