"""The demo's scans as files: the same facts always give the same bytes."""

from __future__ import annotations

import time
import zipfile
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image
from pillow_heif import from_pillow

from records.demo.drawing import Attended, Facts, attendance, card, card_back, certificate, photographed


@dataclass(frozen=True)
class Paper:
    name: str
    content: bytes


def made(kind: str, facts: Facts) -> tuple[Paper, ...]:
    """The files of one kind of paper: "card" (front and back), "picture", "pdf", "photo" or "document"."""
    return _MAKERS[kind](facts)


def attended(kind: str, facts: Attended) -> tuple[Paper, ...]:
    """The files of a paper for taking part: "scan" (JPEG), "picture" (PNG), "pdf" or "snapshot" (a photo of it)."""
    paper, out = attendance(facts), BytesIO()
    if kind == "pdf":
        _save_pdf(paper, out, facts.title, facts.earned_on)
        return (Paper(f"{_stem(facts)}.pdf", out.getvalue()),)
    if kind == "picture":
        paper.quantize(96, method=Image.Quantize.FASTOCTREE).save(out, "PNG")
        return (Paper(f"{_stem(facts)}.png", out.getvalue()),)
    if kind == "snapshot":
        return (Paper(f"IMG_{3000 + len(facts.title)}.jpg", _jpeg(photographed(paper))),)
    return (Paper(f"{_stem(facts)}.jpg", _jpeg(paper)),)


def _card(facts: Facts) -> tuple[Paper, ...]:
    return (Paper(f"{_stem(facts)} front.jpg", _jpeg(card(facts))), Paper(f"{_stem(facts)} back.jpg",
            _jpeg(card_back(facts))))  # fmt: skip


def _picture(facts: Facts) -> tuple[Paper, ...]:
    out = BytesIO()
    certificate(facts).quantize(96).save(out, "PNG")
    return (Paper(f"{_stem(facts)}.png", out.getvalue()),)


def _pdf(facts: Facts) -> tuple[Paper, ...]:
    out = BytesIO()
    _save_pdf(certificate(facts), out, facts.title, facts.issued_on)
    return (Paper(f"{_stem(facts)} certificate.pdf", out.getvalue()),)


def _save_pdf(paper: Image.Image, out: BytesIO, title: str, day: date) -> None:
    written = time.struct_time((*day.timetuple()[:3], 9, 0, 0, 0, 1, 0))
    paper.save(out, "PDF", resolution=120, quality=85, title=title, creationDate=written, modDate=written)


def _photo(facts: Facts) -> tuple[Paper, ...]:
    out = BytesIO()
    from_pillow(photographed(certificate(facts))).save(out, quality=60)
    return (Paper(f"IMG_{2000 + len(facts.title)}.HEIC", out.getvalue()),)


def _document(facts: Facts) -> tuple[Paper, ...]:
    """A text document, which browsers do not open."""
    lines = (facts.issuer, f"Training record: {facts.title}", f"Driver: {facts.holder}", f"Number: {facts.number}",
             f"Examined on {facts.issued_on:%d.%m.%Y}, 40 hours on the road, 12 hours at the pump panel")  # fmt: skip
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONS,
        "word/document.xml": f'<w:document xmlns:w="{_WORDS}"><w:body>{body}</w:body></w:document>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return (Paper(f"{_stem(facts)} training record.docx", out.getvalue()),)


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _stem(facts: Facts | Attended) -> str:
    return facts.title.replace(" / ", " ").replace("/", "-").replace(" – ", " ")


_MAKERS = {"card": _card, "picture": _picture, "pdf": _pdf, "photo": _photo, "document": _document}
_OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_OFFICE}"/></Types>'
)
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
