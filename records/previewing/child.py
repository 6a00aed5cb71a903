"""The process that draws previews, each file in a child of its own. Imports nothing of the project.

python -I child.py   standard input is a socket. A kind and two open files come in: the file, and the one that gets two
                     WebP pictures, one after the other: the preview, then the thumbnail. The child's exit code goes out

Exit code 0 where it is drawn, 4 where it is and the file says where it was taken, 3 where the bytes do not decode.
This process loads the decoders, for that takes longer than most drawings, and never reads a file: it forks a child for
each, which has nothing but the two files, and ends with them. The limits are set before the first byte is read: what
exceeds them ends that child and nothing else.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
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
LONGEST_KIND = 100  # bytes

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


def main() -> None:
    """Draw what comes in, one at a time, until the other side is gone."""
    os.nice(10)
    warnings.simplefilter("ignore")
    with socket.socket(fileno=0) as door:
        while True:
            kind, files, _, _ = socket.recv_fds(door, LONGEST_KIND, 2)
            if not kind:
                return
            load(kind.decode())
            child = os.fork()
            if not child:
                door.close()  # whatever these bytes do to the child, it reaches no other file
                os._exit(draw(kind.decode(), *files))
            for each in files:
                os.close(each)
            _, status = os.waitpid(child, 0)
            door.send(str(os.waitstatus_to_exitcode(status)).encode())


def load(kind: str) -> None:
    """Import what draws files of this kind, where it is not here yet."""
    from PIL import Image, WebPImagePlugin  # noqa: F401  # because: Pillow looks for none, where it has the one it needs

    Image.preinit()
    if kind == "application/pdf":
        import pypdfium2  # noqa: F401  # because: it is here then
    elif FORMATS.get(kind) == ["HEIF"]:
        import pillow_heif  # noqa: F401  # because: as above


def draw(kind: str, given: int, drawn: int) -> int:
    """In the child: from one file to the other; its exit code."""
    try:
        set_limits()
        with open(given, "rb") as stream:
            image, placed = (page(stream), False) if kind == "application/pdf" else picture(stream, kind)
        image = flat(image)
        with open(drawn, "wb") as pictures:
            image.save(pictures, "WEBP", quality=80, method=2)  # 4 takes twice as long, for two bytes of a hundred
            image.thumbnail((SMALL_SIDE, SMALL_SIDE))
            image.save(pictures, "WEBP", quality=70, method=4)
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

    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image)
    else:  # a copy only where it must be: its memory costs more than most drawings
        paper = image if image.mode == "RGB" else image.convert("RGB")
    paper.info = {}
    return paper


if __name__ == "__main__":
    main()
