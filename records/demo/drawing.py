"""Drawing what issuers hand out: a certificate to hang on the wall, a card for the wallet, its back, a photo of it."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.Image import Resampling

Colour = tuple[int, int, int]
Point = tuple[float, float]

INK: Colour = (38, 44, 56)
SOFT: Colour = (104, 112, 126)
# Cover and light tint of each issuer, chosen by its name.
_INKS: tuple[tuple[Colour, Colour], ...] = (
    ((24, 78, 119), (226, 237, 245)),
    ((122, 38, 46), (247, 231, 231)),
    ((22, 97, 76), (225, 242, 235)),
    ((86, 60, 122), (238, 232, 247)),
    ((135, 82, 20), (250, 240, 225)),
)
_PLAIN = str.maketrans(
    {"–": "-", "’": "'", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "Ae"}
)


@dataclass(frozen=True)
class Facts:
    """What stands on a paper: who holds what, by whom it was issued, from when to when."""

    holder: str
    title: str
    issuer: str
    number: str
    issued_on: date
    expires_on: date

    @property
    def inks(self) -> tuple[Colour, Colour]:
        return _inks(self.issuer)


@dataclass(frozen=True)
class Attended:
    """What stands on a paper that somebody got for taking part: `worth` is an amount with its unit, "8 hours"."""

    holder: str
    title: str
    issuer: str
    number: str
    earned_on: date
    worth: str
    expires_on: date | None = None


def _inks(issuer: str) -> tuple[Colour, Colour]:
    return _INKS[hashlib.sha256(issuer.encode()).digest()[0] % len(_INKS)]


def certificate(facts: Facts) -> Image.Image:
    """A framed certificate, 1400 by 990."""
    strong, tint = facts.inks
    image = Image.new("RGB", (1400, 990), (253, 252, 248))
    draw = ImageDraw.Draw(image)
    _rosette(draw, (700, 495), 440, tint)
    for inset, width in ((34, 10), (54, 2), (62, 2)):
        draw.rectangle((inset, inset, 1400 - inset, 990 - inset), outline=strong, width=width)
    for corner in ((62, 62), (1338, 62), (62, 928), (1338, 928)):
        _rosette(draw, corner, 34, strong, width=2)
    _centred(draw, 118, facts.issuer.upper(), 30, strong, weight=1)
    _centred(draw, 182, "Certificate", 92, INK, weight=1)
    _centred(draw, 318, "This is to certify that", 28, SOFT)
    _centred(draw, 372, facts.holder, 66, strong, weight=1)
    draw.line((400, 468, 1000, 468), fill=SOFT, width=2)
    _centred(draw, 496, "has met all requirements for", 28, SOFT)
    _centred(draw, 550, facts.title, 54, INK, weight=1)
    _centred(draw, 640, _validity(facts), 26, INK)
    _centred(draw, 682, f"No. {facts.number}" if facts.number else "", 24, SOFT)
    _seal(draw, (700, 820), 74, strong)
    _signature(draw, (210, 800), facts.issuer, "Director")
    _signature(draw, (950, 800), facts.title, "Examiner")
    return image


def card(facts: Facts) -> Image.Image:
    """The front of a wallet card, as a scanner sees it: 1100 by 720."""
    strong, tint = facts.inks
    image = Image.new("RGB", (1012, 638), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1012, 128), fill=strong)
    _rosette(draw, (860, 430), 210, tint)
    _text(draw, (40, 30), facts.issuer, 40, (255, 255, 255), weight=1)
    _text(draw, (40, 82), "Certification card", 24, tint)
    _portrait(draw, (48, 176), strong, tint)
    rows = (("Name", facts.holder), ("Certification", facts.title), ("Number", facts.number),
            ("Issued", _day(facts.issued_on)), ("Expires", _day(facts.expires_on)))  # fmt: skip
    for row, (label, value) in enumerate(rows):
        top = 168 + row * 84
        _text(draw, (350, top), label.upper(), 20, SOFT)
        _text(draw, (350, top + 24), value or "-", 36, INK, weight=1)
    _seal(draw, (912, 538), 56, strong)
    return _scanned(image, -1.2)


def card_back(facts: Facts) -> Image.Image:
    """The card's back: conditions, signature, the issuer's code."""
    strong, tint = facts.inks
    image = Image.new("RGB", (1012, 638), tint)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 56, 1012, 150), fill=INK)
    lines = (
        f"This card is the property of the {facts.issuer}.",
        "The holder must show it on request together with an identity card.",
        f"It is not valid after {_day(facts.expires_on)}.",
        "If found, please return it to the issuer.",
    )
    for row, line in enumerate(lines):
        _text(draw, (48, 196 + row * 40), line, 26, INK)
    draw.rectangle((48, 400, 560, 490), fill=(255, 255, 255))
    _scribble(draw, (70, 452), facts.holder, strong)
    _text(draw, (48, 500), "Signature of the holder", 20, SOFT)
    _bars(draw, (640, 400), facts.number or facts.holder)
    return _scanned(image, 0.8)


def attendance(facts: Attended) -> Image.Image:
    """A certificate of completion with a coloured band along its left edge, 1200 by 850."""
    strong, tint = _inks(facts.issuer)
    image = Image.new("RGB", (1200, 850), (254, 254, 252))
    draw = ImageDraw.Draw(image)
    _rosette(draw, (820, 430), 330, tint)
    draw.rectangle((0, 0, 96, 850), fill=strong)
    draw.rectangle((108, 0, 114, 850), fill=tint)
    _text(draw, (170, 66), facts.issuer.upper(), 28, strong, weight=1)
    _text(draw, (170, 118), "Certificate of Completion", 60, INK, weight=1)
    _text(draw, (170, 236), "awarded to", 24, SOFT)
    _fitted(draw, (170, 272), facts.holder, 54, strong)
    draw.line((170, 346, 1090, 346), fill=SOFT, width=2)
    _text(draw, (170, 372), "for having completed", 24, SOFT)
    _fitted(draw, (170, 410), facts.title, 46, INK)
    valid = f"      Valid through {_day(facts.expires_on)}" if facts.expires_on else ""
    _text(draw, (170, 492), f"{facts.worth}      {_day(facts.earned_on)}{valid}", 28, INK)
    _text(draw, (170, 538), f"No. {facts.number}" if facts.number else "", 24, SOFT)
    _signature(draw, (170, 680), facts.issuer, "Course director")
    _bars(draw, (560, 660), facts.number or facts.title)
    _seal(draw, (1010, 700), 80, strong)
    return image


def photographed(paper: Image.Image) -> Image.Image:
    """`paper` lying on a desk, as a telephone's camera sees it: 1200 by 900."""
    desk = Image.linear_gradient("L").rotate(90).resize((1200, 900)).point(lambda level: 110 + level // 4)
    desk = Image.merge("RGB", (desk, desk.point(lambda v: int(v * 0.86)), desk.point(lambda v: int(v * 0.72))))
    small = paper.convert("RGBA").resize((880, int(880 * paper.height / paper.width)), Resampling.LANCZOS)
    turned = small.rotate(-6, expand=True, resample=Resampling.BICUBIC)
    shadow = Image.new("RGBA", turned.size, (20, 16, 12, 150))
    shadow.putalpha(turned.getchannel("A").point(lambda alpha: alpha * 150 // 255))
    at = ((1200 - turned.width) // 2, (900 - turned.height) // 2)
    layer = Image.new("RGBA", (1200, 900))
    layer.paste(shadow, (at[0] + 12, at[1] + 20), shadow)
    soft = layer.filter(ImageFilter.GaussianBlur(14))
    desk.paste(soft, mask=soft)
    desk.paste(turned, at, turned)
    return desk


# Parts


def _validity(facts: Facts) -> str:
    return f"Issued {_day(facts.issued_on)}      Valid through {_day(facts.expires_on)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _plain(text: str) -> str:
    """`text` in the letters that the built-in typeface has."""
    letters = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in letters if letter.isascii())


@cache
def _typeface(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _text(draw: ImageDraw.ImageDraw, at: Point, text: str, size: int, colour: Colour, *, weight: int = 0) -> None:
    draw.text(at, _plain(text), colour, _typeface(size), stroke_width=weight * size / 60, stroke_fill=colour)


def _fitted(draw: ImageDraw.ImageDraw, at: Point, text: str, size: int, colour: Colour) -> None:
    """`text` in the largest size up to `size` in which it fits the line."""
    while size > 20 and draw.textlength(_plain(text), _typeface(size)) > 940:
        size -= 2
    _text(draw, at, text, size, colour, weight=1)


def _centred(draw: ImageDraw.ImageDraw, top: int, text: str, size: int, colour: Colour, *, weight: int = 0) -> None:
    text = _plain(text)
    while size > 20 and draw.textlength(text, _typeface(size)) > 1120:
        size -= 4
    _text(draw, (700 - draw.textlength(text, _typeface(size)) / 2, top), text, size, colour, weight=weight)


def _rosette(draw: ImageDraw.ImageDraw, centre: Point, radius: float, colour: Colour, *, width: int = 1) -> None:
    """The fine interlaced lines that make papers hard to copy."""
    for turn in range(6):
        points = []
        for step in range(241):
            angle = step / 240 * math.tau
            reach = radius * (0.72 + 0.28 * math.sin(8 * angle + turn * math.tau / 6))
            points.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
        draw.line(points, fill=colour, width=width, joint="curve")


def _seal(draw: ImageDraw.ImageDraw, centre: Point, radius: float, colour: Colour) -> None:
    x, y = centre
    points = []
    for step in range(72):
        reach = radius * (1.0 if step % 2 else 0.9)
        points.append((x + reach * math.cos(step * math.tau / 72), y + reach * math.sin(step * math.tau / 72)))
    draw.polygon(points, fill=colour)
    ring = radius * 0.72
    draw.ellipse((x - ring, y - ring, x + ring, y + ring), outline=(255, 255, 255), width=3)
    star = [
        (x + radius * (0.5 if step % 2 == 0 else 0.2) * math.sin(step * math.tau / 10),
         y - radius * (0.5 if step % 2 == 0 else 0.2) * math.cos(step * math.tau / 10))
        for step in range(10)
    ]  # fmt: skip
    draw.polygon(star, fill=(255, 255, 255))


def _signature(draw: ImageDraw.ImageDraw, at: Point, name: str, office: str) -> None:
    _scribble(draw, (at[0] + 20, at[1] + 20), name, (30, 50, 120))
    draw.line((at[0], at[1] + 54, at[0] + 250, at[1] + 54), fill=SOFT, width=2)
    _text(draw, (at[0], at[1] + 62), office, 22, SOFT)


def _scribble(draw: ImageDraw.ImageDraw, at: Point, name: str, colour: Colour) -> None:
    """A signature that is always the same for the same name."""
    marks = hashlib.sha256(name.encode()).digest()
    points = []
    for step in range(140):
        part = step / 140
        mark = marks[int(part * 14)] / 255
        x = at[0] + part * 190 + 9 * math.sin(step / 4.2 + mark * 3)
        y = at[1] + (10 + 22 * mark * (1 - part)) * math.sin(step / 5.1 + mark) - 8 * part
        points.append((x, y))
    draw.line(points, fill=colour, width=3, joint="curve")


def _portrait(draw: ImageDraw.ImageDraw, at: Point, strong: Colour, tint: Colour) -> None:
    x, y = at
    draw.rounded_rectangle((x, y, x + 250, y + 320), 12, fill=tint)
    draw.ellipse((x + 75, y + 60, x + 175, y + 170), fill=strong)
    draw.pieslice((x + 25, y + 190, x + 225, y + 440), 180, 360, fill=strong)
    draw.rectangle((x, y + 320, x + 250, y + 445), fill=(255, 255, 255))


def _bars(draw: ImageDraw.ImageDraw, at: Point, text: str) -> None:
    x, y = at
    for byte in hashlib.sha256(text.encode()).digest()[:26]:
        width = 2 + byte % 4
        draw.rectangle((x, y, x + width, y + 90), fill=INK)
        x += width + 3 + (byte >> 4) % 5
    _text(draw, (at[0], y + 100), text[:24], 20, INK)


def _scanned(paper: Image.Image, degrees: float) -> Image.Image:
    """The card on a scanner's glass: a little crooked, with rounded corners and a soft shadow."""
    mask = Image.new("L", paper.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, paper.width - 1, paper.height - 1), 34, fill=255)
    layer = Image.new("RGBA", (1100, 720))
    layer.paste(paper, (44, 41), mask)
    layer = layer.rotate(degrees, resample=Resampling.BICUBIC)
    glass = Image.new("RGB", (1100, 720), (233, 234, 232))
    shadow = layer.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda alpha: alpha // 3)
    glass.paste((60, 60, 60), (4, 6), shadow)
    glass.paste(layer, mask=layer)
    return glass
