"""The one uploader, as staff meet it in the wizard and learners in their form: each file travels by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from records.database import db, found, lock, transaction
from records.models import Certification, Scan, UploadedFile
from tests import certificates, samples
from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import TWO_SCREENS, WITHOUT_JAVASCRIPT
from tests.holdings import give

FRONT = {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="teal")}
BACK = {"name": "back.png", "mimeType": "image/png", "buffer": samples.picture("PNG", colour="maroon")}
PAPERS = {"name": "papers.zip", "mimeType": "application/zip", "buffer": samples.archive()}
ARRIVING = "**/upload/files"
FULL = {"status": 507, "content_type": "application/json", "body": '{"error": "The file storage is full."}'}

# Hands a file over as a person's hand would, onto `place`: the browser has no other way to be told.
_HAND_OVER = """([kind, place, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: "image/png" }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
  document.querySelector(place).dispatchEvent(event);
}"""


@pytest.fixture
def wizard(request, cast, sign_in) -> Page:
    """The wizard's first page, for Max, on a desktop where a test asks for nothing else."""
    page: Page = sign_in(request.getfixturevalue(getattr(request, "param", "page")), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}/upload")
    return page


@pytest.fixture
def learner(cast, sign_in, page) -> Page:
    certificates.credit_type()
    sign_in(page, cast.max.email).goto("/portfolio/certificates")
    page.get_by_role("link", name="Add certificate").first.click()
    expect(page.get_by_label("Certificate title")).to_be_visible()
    return page


on_each_screen = pytest.mark.parametrize("wizard", ["page", "phone"], indirect=True)


def brings(route: Route, name: str) -> bool:
    """Whether this request is that file's."""
    return name in route.request.headers["content-disposition"]


def choose(page: Page, *files: dict) -> None:
    page.locator("input[type=file]").set_input_files(list(files))


def hand_over(page: Page, kind: str, place: str, file: dict) -> None:
    page.evaluate(_HAND_OVER, [kind, place, file["name"], base64.b64encode(file["buffer"]).decode()])


def row(page: Page, name: str):
    return page.get_by_role("listitem").filter(has_text=name)


def selected(page: Page, words: str) -> None:
    expect(page.get_by_text(words, exact=True)).to_be_visible()


def arrived(page: Page, *names: str) -> None:
    for name in names:
        expect(row(page, name)).to_contain_text("Uploaded")


def matched(page: Page, *names: str) -> None:
    """Step 2 shows just these files, in this order."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Match files to certifications")
    expect(page.locator("fieldset.upload-file > legend")).to_have_text(list(names))


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def hold(page: Page) -> tuple[list[Route], Callable[[], None]]:
    """Files that set out from now on, held up on their way; and what lets them and all later ones arrive."""
    held: list[Route] = []
    opened: list[bool] = []

    def meet(route: Route) -> None:
        route.continue_() if opened else held.append(route)

    def let_go() -> None:
        opened.append(True)
        for route in reversed(held):
            route.continue_()

    page.route(ARRIVING, meet)
    return held, let_go


def waiting() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(UploadedFile.name).order_by(UploadedFile.id)))


def sound(page: Page) -> None:
    assert violations(page) == []


@on_each_screen
def test_files_are_chosen_dropped_and_pasted_and_removed(wizard):
    selected(wizard, "0 files selected")
    choose(wizard, FRONT)
    selected(wizard, "1 file selected")
    hand_over(wizard, "drop", "h1", BACK)  # anywhere on the page
    hand_over(wizard, "paste", "body", PAPERS)
    selected(wizard, "3 files selected")
    arrived(wizard, "front.jpg", "back.png", "papers.zip")
    expect(row(wizard, "front.jpg").locator("img.thumb")).to_be_visible()
    assert wizard.evaluate("document.querySelector('li img').naturalWidth") == 64
    expect(wizard.get_by_role("log")).to_contain_text("papers.zip uploaded")
    assert not scrolls_sideways(wizard)
    wizard.get_by_role("button", name="Remove front.jpg").click()
    selected(wizard, "2 files selected")
    expect(wizard.get_by_role("button", name="Remove back.png")).to_be_focused()
    choose(wizard, FRONT)
    selected(wizard, "3 files selected")
    arrived(wizard, "front.jpg")
    expect(row(wizard, "front.jpg").locator("img.thumb")).to_be_visible()  # nothing moves the button any more
    go_on(wizard)
    matched(wizard, "back.png", "papers.zip", "front.jpg")


def test_pressed_at_once_the_form_waits_for_its_files(wizard):
    _held, let_go = hold(wizard)
    choose(wizard, FRONT, BACK)
    go_on(wizard)
    expect(wizard.get_by_text("Goes on as soon as all files have arrived …")).to_be_visible()
    expect(wizard.get_by_role("progressbar")).to_have_count(2)
    go_on(wizard)
    let_go()
    matched(wizard, "front.jpg", "back.png")


def test_no_more_than_three_travel_side_by_side(wizard):
    held, let_go = hold(wizard)
    choose(wizard, *[{**PAPERS, "name": f"{n}.txt", "buffer": b"%d" % n} for n in range(5)])
    expect(row(wizard, "3.txt")).to_contain_text("Waits for its turn")
    wizard.wait_for_timeout(200)
    assert len(held) == 3
    let_go()
    arrived(wizard, *[f"{n}.txt" for n in range(5)])


def test_what_cannot_travel_is_named_before(wizard, cast):
    with transaction():
        lock(cast.fire).largest_file = 10 * 1024
    wizard.reload()
    choose(
        wizard,
        FRONT,
        {"name": "huge.tif", "mimeType": "image/tiff", "buffer": b"x" * 12_288},
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
    )
    complaints = wizard.get_by_role("alert")
    expect(complaints).to_have_text(
        ["“huge.tif” is larger than 10 KB (it has 12 KB), so it was left out.",
         "“empty.txt” is empty (0 bytes), so it was left out."]
    )  # fmt: skip
    selected(wizard, "1 file selected")
    sound(wizard)
    choose(wizard, {**FRONT, "name": "the same.jpg"})
    expect(wizard.get_by_role("alert")).to_have_text(
        "“the same.jpg” is the same file as “front.jpg”, so it is here once."
    )
    selected(wizard, "1 file selected")
    go_on(wizard)
    matched(wizard, "front.jpg")


def test_too_many_are_named_before(wizard):
    choose(wizard, *[{**PAPERS, "name": f"{n}.txt", "buffer": b"%d" % n} for n in range(51)])
    expect(wizard.get_by_role("alert")).to_have_text("At most 50 files: “50.txt” was left out.")
    selected(wizard, "50 files selected")


def test_one_that_the_server_refuses_takes_no_other_with_it(wizard, problems):
    wizard.route(ARRIVING, lambda route: route.fulfill(**FULL) if brings(route, "back.png")
                 else route.continue_())  # fmt: skip
    choose(wizard, FRONT, BACK, PAPERS)
    expect(row(wizard, "back.png").get_by_role("alert")).to_have_text("The file storage is full.")
    arrived(wizard, "front.jpg", "papers.zip")
    assert not scrolls_sideways(wizard)
    sound(wizard)
    go_on(wizard)
    expect(wizard.get_by_text("“back.png” has not arrived. Press Retry beside it, or remove it.")).to_be_visible()
    expect(wizard.get_by_role("button", name="Retry back.png")).to_be_focused()
    problems.clear()
    wizard.unroute(ARRIVING)
    wizard.get_by_role("button", name="Retry back.png").click()
    arrived(wizard, "back.png")
    go_on(wizard)
    matched(wizard, "front.jpg", "back.png", "papers.zip")


def test_where_there_were_too_many_in_a_minute_it_goes_on_by_itself(wizard, problems):
    asked = []

    def refuse_the_first(route):
        asked.append(route)
        late = {"status": 429, "headers": {"Retry-After": "1"}, "json": {"error": "Too many files in one minute."}}
        route.fulfill(**late) if len(asked) == 1 else route.continue_()

    wizard.route(ARRIVING, refuse_the_first)
    choose(wizard, FRONT, BACK)
    arrived(wizard, "front.jpg", "back.png")
    assert len(asked) == 3
    problems.clear()  # the browser itself notes the answer
    go_on(wizard)
    matched(wizard, "front.jpg", "back.png")


def test_after_a_lost_connection_a_retry_stores_nothing_twice(wizard, problems):
    def lose(route):
        route.fetch()
        route.abort()

    wizard.route(ARRIVING, lose)
    choose(wizard, FRONT)
    expect(row(wizard, "front.jpg").get_by_role("alert")).to_contain_text("It did not arrive.")
    wizard.unroute(ARRIVING)
    problems.clear()
    wizard.get_by_role("button", name="Retry front.jpg").click()
    arrived(wizard, "front.jpg")
    assert waiting() == ["front.jpg"]
    go_on(wizard)
    matched(wizard, "front.jpg")


def test_one_is_cancelled_while_it_travels(wizard):
    wizard.route(ARRIVING, lambda route: None if brings(route, "front.jpg") else route.continue_())
    choose(wizard, FRONT, BACK)
    arrived(wizard, "back.png")
    wizard.get_by_role("button", name="Cancel front.jpg").click()
    selected(wizard, "1 file selected")
    expect(wizard.get_by_role("button", name="Remove back.png")).to_be_focused()
    go_on(wizard)
    matched(wizard, "back.png")


def test_leaving_asks_only_while_files_travel(wizard):
    asked = []
    wizard.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    wizard.get_by_role("heading", level=1).click()  # a browser asks only who has touched the page
    wizard.route(ARRIVING, lambda _route: None)
    choose(wizard, FRONT)
    expect(wizard.get_by_role("progressbar")).to_be_visible()
    wizard.reload()
    assert asked == ["beforeunload"]
    wizard.unroute(ARRIVING)
    wizard.get_by_role("heading", level=1).click()
    choose(wizard, FRONT)
    arrived(wizard, "front.jpg")
    wizard.reload()
    assert asked == ["beforeunload"]


def test_with_nothing_chosen_continue_says_so(wizard):
    go_on(wizard)
    expect(wizard.get_by_role("alert")).to_have_text("Choose at least one file first.")


def test_who_was_signed_out_signs_in_elsewhere_and_goes_on(wizard, cast, sign_in, problems):
    wizard.context.clear_cookies()
    choose(wizard, FRONT)
    expect(row(wizard, "front.jpg").get_by_role("alert")).to_contain_text("You are signed out.")
    sign_in(wizard.context.new_page(), cast.ada.email)
    problems.clear()
    wizard.get_by_role("button", name="Retry front.jpg").click()
    arrived(wizard, "front.jpg")
    go_on(wizard)
    matched(wizard, "front.jpg")


def test_the_camera_is_offered_where_the_pointer_is_a_finger(open_page, cast, sign_in):
    phone = sign_in(open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), cast.ada.email)
    phone.goto(f"/admin/members/{cast.max.id}/upload")
    for name in ("one.jpg", "two.jpg"):
        with phone.expect_file_chooser() as chooser:
            phone.get_by_role("button", name="Take a photo").click()
        assert chooser.value.element.get_attribute("capture") == "environment"
        chooser.value.set_files([{**FRONT, "name": name, "buffer": name.encode()}])
    arrived(phone, "one.jpg", "two.jpg")
    assert not scrolls_sideways(phone)
    sound(phone)


def test_a_desktop_offers_no_camera(wizard):
    expect(wizard.get_by_role("button", name="Take a photo")).to_have_count(0)


def test_in_the_dialog_files_drop_anywhere_and_an_error_keeps_their_pictures(learner, problems):
    hand_over(learner, "drop", "dialog h2", BACK)
    arrived(learner, "back.png")
    sound(learner)
    learner.get_by_role("button", name="Save").click()
    expect(learner.get_by_role("alert")).to_contain_text("Some fields need your attention")
    problems.clear()
    expect(row(learner, "back.png").locator("img.thumb")).to_be_visible()
    selected(learner, "1 file selected")
    learner.get_by_role("button", name="Remove back.png").click()
    selected(learner, "0 files selected")
    choose(learner, FRONT)
    learner.get_by_label("Certificate title").fill("Ladder rescue")
    learner.get_by_label("Credit type").select_option(label="CEU")
    learner.get_by_label("Number of credits").fill("2")
    learner.get_by_label("Date").fill("2025-03-01")
    learner.get_by_role("button", name="Save").click()
    expect(learner.get_by_role("status").first).to_contain_text("is submitted")
    db.session.rollback()
    assert list(db.session.scalars(sa.select(Scan.name))) == ["front.jpg"]


def test_a_certification_gets_files_on_its_page(cast, page, sign_in):
    held = give(cast.max, cast.emt, 200)
    sign_in(page, cast.ada.email).goto(f"/admin/certifications/{held}")
    choose(page, FRONT, BACK)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Max Miller")
    db.session.rollback()
    assert [scan.name for scan in found(Certification, held).scans] == ["front.jpg", "back.png"]


def test_a_field_of_one_file_says_what_is_too_large_and_takes_a_dropped_one(cast, page, sign_in):
    sign_in(page, cast.ada.email).goto("/admin/settings/")
    field = page.get_by_label("Picture")
    field.set_input_files([{**FRONT, "buffer": b"x" * (5 * 1024 * 1024 + 1)}])
    expect(page.get_by_role("alert")).to_contain_text("“front.jpg” is larger than 5 MB (it has 5 MB).")
    assert field.evaluate("field => field.files.length") == 0
    hand_over(page, "drop", "[data-drop-one]", BACK)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Save logo").click()
    expect(page.get_by_text("The logo was saved.")).to_be_visible()


@pytest.mark.parametrize("screen", WITHOUT_JAVASCRIPT)
def test_without_javascript_one_request_brings_all(request, cast, sign_in, screen):
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}/upload")
    page.get_by_label("Choose Files").set_input_files([FRONT, BACK])
    expect(page.get_by_role("button", name="Take a photo")).to_have_count(0)
    assert not scrolls_sideways(page)
    go_on(page)
    matched(page, "front.jpg", "back.png")


@pytest.mark.parametrize("screen", TWO_SCREENS)
def test_a_photo_is_rotated_and_its_bytes_stay(request, cast, sign_in, screen):
    held = give(cast.max, cast.emt, 200, files={"front.jpg": samples.halves()})
    scan_id = found(Certification, held).scans[0].id
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto(f"/scan/{scan_id}")
    picture = page.get_by_role("img", name="Scan front.jpg")
    upright = picture.bounding_box()
    assert upright["width"] > upright["height"]
    page.get_by_role("button", name="Rotate right").click()
    expect(picture).to_have_css("rotate", "90deg")
    page.get_by_role("button", name="Rotate left").click()
    expect(picture).to_have_css("rotate", "none")
    page.get_by_role("button", name="Rotate left").click()
    expect(picture).to_have_css("rotate", "270deg")
    assert not scrolls_sideways(page)
    if screen == "page":
        sound(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == samples.halves()
