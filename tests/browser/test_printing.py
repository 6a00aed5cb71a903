"""Pages on paper, as a real browser prints them: everything that counts, no chrome, nothing cut, on two sizes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import expect

from records.database import db
from records.models import Certification
from records.services import previews
from tests import certificates
from tests.browser.screens import PAPERS
from tests.certificates import approved
from tests.holdings import give, pdf, picture, today
from tests.requirements import require

CHROME = ("Back office", "Learner Workspace", "Sign out", "User Management", "New Certification", "Update and Close",
          "Choose Files", "Add certificate", "Skip to the content", "Log in as", "Menu")  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A printed page: its size, its words, where its outermost words stand, and how dark its darkest ink is."""

    width: float
    height: float
    text: str
    left: float
    right: float
    picture: Image.Image


def _printed(page, size, path="") -> list[Sheet]:
    if path:
        page.goto(path)
    page.wait_for_load_state("networkidle")
    document = pypdfium2.PdfDocument(page.pdf(format=size))
    return [_sheet(document[number]) for number in range(len(document))]


def _sheet(page: Any) -> Sheet:
    text = page.get_textpage()
    boxes = [text.get_rect(number) for number in range(text.count_rects())]
    width, height = page.get_size()
    lefts, rights = [box[0] for box in boxes], [box[2] for box in boxes]
    drawn = page.render(scale=0.5).to_pil().convert("L")
    return Sheet(width, height, text.get_text_bounded(), min(lefts, default=0), max(rights, default=width), drawn)


def _words(sheets: list[Sheet]) -> str:
    return " ".join(" ".join(sheet.text.split()) for sheet in sheets)


def _is_fit_for_paper(sheets: list[Sheet], *, at_most: int) -> None:
    assert 1 <= len(sheets) <= at_most
    for number, sheet in enumerate(sheets, start=1):
        body = sheet.picture.crop((0, 0, sheet.picture.width, int(sheet.picture.height * 0.94)))
        assert body.getextrema()[0] < 128, f"sheet {number} is blank"
        assert sheet.picture.getpixel((2, 2)) > 250  # the ground is white, whatever the screen is
        assert sheet.left >= 30
        assert sheet.right <= sheet.width - 30
        assert f"{number} / {len(sheets)}" in sheet.text
    words = _words(sheets)
    assert [each for each in CHROME if each in words] == []


@pytest.fixture
def world(cast):
    """Max holds two and let one expire; scans; an approved certificate; a requirement of all."""
    scans = {"front.png": picture(size=(900, 1600)), "sheet.pdf": pdf()}
    held = give(cast.max, cast.emt, 200, number="E-2024-77", files=scans)
    give(cast.max, cast.emt, -20, number="E-2020-11")
    give(cast.max, cast.forklift, -20, number="F-1")
    approved(cast, certificates.credit_type(), earned_on=today(), credits=Decimal("2.5"), title="Ladder rescue")
    require(cast)
    previews.draw_previews()
    return db.session.get_one(Certification, held)


@pytest.fixture
def ada(open_page, cast, world, sign_in):
    return sign_in(open_page(color_scheme="dark"), cast.ada.email)


@pytest.fixture
def max_(open_page, cast, world, sign_in):
    return sign_in(open_page(color_scheme="dark"), cast.max.email)


@pytest.mark.parametrize("size", PAPERS)
def test_a_profile(ada, cast, size):
    sheets = _printed(ada, size, f"/admin/members/{cast.max.id}")
    _is_fit_for_paper(sheets, at_most=2)
    words = _words(sheets)
    day = f"{cast.max.joined_on.day} Jan {cast.max.joined_on.year}"
    for said in ("Max Miller", "Lakeside Fire & Rescue", "As of", "Printed by Ada Lindgren", "Engine 1", day,
                 "EMT-Basic", "E-2024-77", "Valid", "Expired", "Forklift licence", "front.png",
                 "Ladder rescue"):  # fmt: skip
        assert said in words
    assert "Delete" not in words
    assert "mm/dd/yyyy" not in words


@pytest.mark.parametrize("size", PAPERS)
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/portfolio/", ["Max Miller", "Forklift licence", "Expired"]),
        ("/portfolio/certificates", ["Certificates", "EMT-Basic", "Ladder rescue", "Approved", "Expired"]),
        ("/portfolio/certifications", ["Certifications", "EMT-Basic", "E-2024-77", "Forklift licence"]),
        ("/portfolio/credits", ["Credits", "Ladder rescue", "2.5", "Award"]),
    ],
)
def test_a_portfolio(max_, path, said, size):
    sheets = _printed(max_, size, path)
    _is_fit_for_paper(sheets, at_most=2)
    words = _words(sheets)
    for each in [*said, "Lakeside Fire & Rescue", "Printed by Max Miller"]:
        assert each in words


@pytest.mark.parametrize("size", PAPERS)
@pytest.mark.parametrize("name", ["front.png", "sheet.pdf"])
def test_a_scan_fits_one_page(ada, world, name, size):
    scan = next(each for each in world.scans if each.name == name)
    (sheet,) = sheets = _printed(ada, size, f"/scan/{scan.id}")
    _is_fit_for_paper(sheets, at_most=1)
    assert name in sheet.text
    if name == "front.png":  # navy, and higher than wide
        dark = sheet.picture.point(lambda value: 255 if value < 60 else 0).getbbox()
        assert dark is not None
        assert dark[3] - dark[1] > 0.5 * sheet.picture.height


@pytest.mark.parametrize("size", PAPERS)
def test_a_report(ada, size):
    sheets = _printed(ada, size, "/admin/reports/standing-by-member/print")
    _is_fit_for_paper(sheets, at_most=1)
    words = _words(sheets)
    for said in ("Standing by member", "Lakeside Fire & Rescue", "As of", "Miller, Max", "E-2024-77", "Expired"):
        assert said in words


@pytest.mark.parametrize("size", PAPERS)
def test_people_by_requirements(ada, size):
    sheets = _printed(ada, size, "/admin/requirements/")
    _is_fit_for_paper(sheets, at_most=1)
    words = _words(sheets)
    for said in ("Life support", "Miller, Max", "Missing", "Met", "Not cleared", "As of today"):
        assert said in words


@pytest.mark.parametrize("size", PAPERS)
def test_a_proof(max_, world, size):
    max_.goto(f"/portfolio/certifications/{world.id}/proof")
    max_.get_by_role("main").locator("form button").last.click()
    expect(max_.get_by_role("img", name="QR code that leads to the link")).to_be_visible()
    sheets = _printed(max_, size)
    _is_fit_for_paper(sheets, at_most=1)
    for said in ("EMT-Basic", "Max Miller", "/verify"):
        assert said in _words(sheets)


def test_a_long_table_repeats_its_head_and_splits_no_row(ada, cast):
    for number in range(60):
        give(cast.max, cast.forklift, 100 + number, number=f"F-{number:03}")
    sheets = _printed(ada, "A4", f"/admin/members/{cast.max.id}")
    _is_fit_for_paper(sheets, at_most=8)
    assert len(sheets) > 2
    assert all("Certification Num" in sheet.text for sheet in sheets[:-1])
    for number in range(60):  # a row's number stands on the sheet of its date
        (sheet,) = [each for each in sheets if f"F-{number:03}" in each.text]
        assert "Forklift licence" in sheet.text


@pytest.mark.parametrize(
    "path", ["/portfolio/", "/portfolio/certificates", "/portfolio/certifications", "/portfolio/credits"]
)
def test_every_page_of_a_portfolio_offers_print_where_it_works(max_, page_without_javascript, cast, sign_in, path):
    max_.add_init_script("window.print = () => { document.title = 'printed'; };")
    max_.goto(path)
    max_.get_by_role("button", name="Print", exact=True).click()
    expect(max_).to_have_title("printed")
    bare = sign_in(page_without_javascript, cast.max.email)
    bare.goto(path)
    expect(bare.get_by_role("button", name="Print", exact=True)).to_be_hidden()


def test_the_back_office_offers_print(ada, cast, world):
    pages = (f"/admin/members/{cast.max.id}", "/admin/requirements/", f"/admin/members/{cast.max.id}/requirements",
             "/admin/reports/expired/print", f"/scan/{world.scans[0].id}")  # fmt: skip
    for path in pages:
        ada.goto(path)
        expect(ada.get_by_role("button", name="Print", exact=True)).to_be_visible()


def test_a_badge_is_a_word_in_a_frame(ada, cast):
    ada.goto(f"/admin/members/{cast.max.id}")
    ada.emulate_media(media="print")
    badge = ada.locator(".badge", has_text="Expired").first
    style = badge.evaluate(
        "e => { const s = getComputedStyle(e); return [s.color, s.borderTopColor, s.borderTopWidth] }"
    )
    assert style[0] == style[1] == "rgb(0, 0, 0)"
    assert float(style[2].removesuffix("px")) > 0
