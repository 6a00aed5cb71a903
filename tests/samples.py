"""Files for tests, made here: good ones, and hostile ones whose bytes or names mean harm."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image

_GPS = 0x8825
_ORIENTATION = 0x0112


def picture(
    kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), colour: str = "teal", mode: str = "RGB", **options: object
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(out, kind, **options)
    return out.getvalue()


def photo(seed: int = 1, *, size: tuple[int, int] = (1600, 1200)) -> bytes:
    """A JPEG with shapes of every size and the noise of a sensor: it compresses as badly as a photo does."""
    chance = random.Random(seed)
    image = Image.new("RGB", size)
    for across, share in ((4, 0.5), (16, 0.4), (64, 0.3), (256, 0.25), (size[0], 0.15)):
        small = (across, max(across * size[1] // size[0], 1))
        layer = Image.frombytes("RGB", small, chance.randbytes(3 * small[0] * small[1]))
        image = Image.blend(image, layer.resize(size, Image.Resampling.BICUBIC), share)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def deep_png() -> bytes:
    """Grey in 16 bits a pixel."""
    out = io.BytesIO()
    Image.new("I;16", (64, 48), 40_000).save(out, "PNG")
    return out.getvalue()


def halves(orientation: int = 1) -> bytes:
    """A JPEG, red to the left and blue to the right as stored, with an EXIF orientation and a GPS position."""
    image = Image.new("RGB", (80, 40), "red")
    image.paste("blue", (40, 0, 80, 40))
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    exif[_GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)}
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def heic() -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "olive").save(out, "HEIF")
    return out.getvalue()


def pdf(text_colour: str = "maroon") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (120, 160), text_colour).save(out, "PDF")
    return out.getvalue()


def archive(name: str = "../../etc/passwd") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, "root")
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that claims side x side pixels, and has the first of them."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side // 8 + 1) * 200)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"

# Bytes that claim by their name, or by their first bytes, to be a picture or a PDF, and do not decode.
UNDRAWABLE = {
    "truncated PNG": ("image/png", picture("PNG", size=(300, 300), colour="red")[:120]),
    "truncated JPEG": ("image/jpeg", picture("JPEG", size=(300, 300))[:400]),
    "PNG bomb of 900 megapixels": ("image/png", bomb()),
    "ZIP as JPEG": ("image/jpeg", archive()),
    "SVG as JPEG": ("image/jpeg", SVG),
    "HTML as PNG": ("image/png", HTML),
    "TIFF as GIF": ("image/gif", picture("TIFF")),
    "BMP as WebP": ("image/webp", picture("BMP")),
    "JPEG as HEIC": ("image/heic", picture("JPEG")),
    "GIF and script": ("image/gif", b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)"),
    "PDF header only": ("application/pdf", b"%PDF-1.7\n"),
    "PDF and page": ("application/pdf", b"%PDF-1.4\n" + HTML),
    "nothing": ("image/png", b""),
}

# Names as a browser, or somebody who is no browser, may send them; and what each becomes.
NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\Users\\Ada\\card.jpg": "card.jpg",
    "line\r\nSet-Cookie: a=b.jpg": "line Set-Cookie: a=b.jpg",
    "cert\u202egpj.exe": "certgpj.exe",
    "quo\"te's.pdf": "quo\"te's.pdf",
    "zwei\u00dfe \U0001f525 \u6d88\u9632.png": "zwei\u00dfe \U0001f525 \u6d88\u9632.png",
    "\u0627\u0644\u0634\u0647\u0627\u062f\u0629.pdf": "\u0627\u0644\u0634\u0647\u0627\u062f\u0629.pdf",
    "x" * 300 + ".pdf": "x" * 180 + ".pdf",
    "..": "file",
    "<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
    "=cmd|calc.csv": "=cmd|calc.csv",
}


def corpus(*folders: str) -> list[Path]:
    """The files below these folders of CORPUS_DIR; none where it is not set."""
    root = os.environ.get("CORPUS_DIR")
    if not root:
        return []
    return sorted(path for folder in folders for path in Path(root, folder).rglob("*") if path.is_file())
