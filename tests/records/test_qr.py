"""QR codes, read by another program than the one that draws them."""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image

from records.qr import qr


def picture_of(drawn, scale=4):
    """The bars as a page draws them: dark on light."""
    picture = Image.new("L", (drawn.size, drawn.size), 255)
    for x, y, width in drawn.bars:
        picture.paste(0, (x, y, x + width, y + 1))
    return picture.resize((drawn.size * scale, drawn.size * scale), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    "text",
    ["https://certs.example/verify/7K2M9QXA04ZTV5RE1JHC", "http://127.0.0.1:8000/verify/ABC", "x", "9" * 200],
)
def test_a_reader_reads_what_was_written(text):
    assert [each.text for each in zxingcpp.read_barcodes(picture_of(qr(text)))] == [text]


def test_it_is_read_with_a_stain_on_it():
    picture = picture_of(qr("https://certs.example/verify/7K2M9QXA04ZTV5RE1JHC"))
    picture.paste(255, (70, 70, 90, 90))
    assert zxingcpp.read_barcodes(picture)[0].text.endswith("1JHC")


def test_the_path_draws_the_very_bars():
    drawn = qr("x")
    assert drawn.path.count("M") == len(drawn.bars)
    x, y, width = drawn.bars[0]
    assert drawn.path.startswith(f"M{x} {y}h{width}v1h-{width}z")
    assert min(x for x, _y, _w in drawn.bars) == 4, "the margin that readers want"
