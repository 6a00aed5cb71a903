"""The child process that draws one preview. Imports nothing of the project.

python -I child.py KIND   the file on standard input; on standard output two WebP pictures, one after the
                          other: the preview, then the thumbnail

Exit code 0 where it is drawn, 4 where it is and the file says where it was taken, 3 where the bytes do not decode.
The limits are set before the first byte is read: what exceeds them ends this process and nothing else.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import warnings
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

SIDE = 1000
SMALL_SIDE = 160  # twice what lists show, for screens with two pixels to one
MEGABYTE = 1024 * 1024
MOST_MEMORY = 512 * MEGABYTE
MOST_OUTPUT = 8 * MEGABYTE
CPU_SECONDS = 15
WALL_SECONDS = 25
MOST_PIXELS = 40_000_000
UNDRAWABLE = 3
TELLS_PLACE = 4

# Only these decoders ever see the bytes. Pillow knows forty more that nobody needs here.
FORMATS = {
    "image/jpeg": ["JPEG"],
    "image/png": ["PNG"],
    "image/webp": ["WEBP"],
    "image/gif": ["GIF"],
    "image/heic": ["HEIF"],
    "image/heif": ["HEIF"],
}
_ORIENTATION = 0x0112
_GPS, _LATITUDE = 0x8825, 2
_TURNS = {2: (0,), 3: (3,), 4: (1,), 5: (5,), 6: (4,), 7: (6,), 8: (2,)}  # EXIF orientation: Image.Transpose


def main() -> int:
    set_limits()
    kind = sys.argv[1]
    warnings.simplefilter("ignore")
    try:
        if kind == "application/pdf":
            drawn, placed = page(sys.stdin.buffer), False
        else:
            drawn, placed = picture(sys.stdin.buffer, kind)
        drawn = flat(drawn)
        drawn.save(sys.stdout.buffer, "WEBP", quality=80, method=4)
        drawn.thumbnail((SMALL_SIDE, SMALL_SIDE))
        drawn.save(sys.stdout.buffer, "WEBP", quality=70, method=4)
        sys.stdout.flush()
    except (Exception, MemoryError):  # because: decoders raise whatever they like on broken bytes
        return UNDRAWABLE
    return TELLS_PLACE if placed else 0


def set_limits() -> None:
    for which, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, MOST_OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(which, (most, most))
    signal.alarm(WALL_SECONDS)
    os.nice(10)


def picture(stream: BinaryIO, kind: str) -> tuple[Image.Image, bool]:
    """The first frame, no larger than SIDE, the way up that its camera noted; and whether it tells where that was."""
    from PIL import Image

    if FORMATS[kind] == ["HEIF"]:
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    # A JPEG is decoded at a fraction of its size: what counts is the size after that.
    Image.MAX_IMAGE_PIXELS = None if kind == "image/jpeg" else MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    image: Image.Image = Image.open(stream, formats=FORMATS[kind])
    image.draft(None, (SIDE, SIDE))
    if image.width * image.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    image.load()
    turn, placed = orientation(image), tells_place(image)
    image = displayable(image)
    image.thumbnail((SIDE, SIDE))
    for step in _TURNS.get(turn, ()):
        image = image.transpose(Image.Transpose(step))
    return image, placed


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where it cannot be read. HEIC is turned by its decoder already."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # because: a damaged EXIF block says nothing about the picture
        return 1


def tells_place(image: Image.Image) -> bool:
    """Whether its EXIF or XMP names a position, on any side of the equator."""
    try:
        position = image.getexif().get_ifd(_GPS)
    except Exception:  # because: a damaged EXIF block says nothing
        position = {}
    xmp = image.info.get("xmp") or b""
    return _LATITUDE in position or b"GPSLatitude" in (xmp.encode() if isinstance(xmp, str) else bytes(xmp))


def displayable(image: Image.Image) -> Image.Image:
    """In a mode that scales well and shows on a screen."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def page(stream: BinaryIO) -> Image.Image:
    """The first page of a PDF, its longer side SIDE long."""
    import pypdfium2

    document = pypdfium2.PdfDocument(stream)
    document.init_forms()
    first = document[0]
    drawn: Image.Image = first.render(scale=SIDE / max(first.get_size())).to_pil()
    drawn.thumbnail((SIDE, SIDE))  # pdfium rounds up
    return drawn


def flat(image: Image.Image) -> Image.Image:
    """On white paper, and without whatever else the file carried: no EXIF, no position, no thumbnail."""
    from PIL import Image

    paper = Image.new("RGB", image.size, "white")
    paper.paste(image.convert("RGB"), mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return paper


if __name__ == "__main__":
    sys.exit(main())
