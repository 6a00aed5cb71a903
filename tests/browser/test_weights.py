"""What lists and first pages cost to open, at first and again: bytes as they travel, and nothing asked for twice."""

from __future__ import annotations

import pytest

from records import clock
from records.database import transaction
from records.models import Member
from records.services import previews
from tests import samples
from tests.browser.weights import weigh
from tests.holdings import give

FIRST, AGAIN = 200_000, 30_000
PHOTOS = 4  # of the twelve certifications that Max holds
FULL_PAGE = 60  # members, which are more than a list shows at once


@pytest.fixture
def crowded(cast):
    """A list that is full, and a member who holds as much as anybody, with photos of the certificates."""
    with transaction() as session:
        session.add_all(
            Member(given_name=f"Given {number}", family_name=f"Family {number}", number=f"M-{number}",
                   email=f"m{number}@lakeside.example", unit_id=cast.engine.id, created_at=clock.now())
            for number in range(FULL_PAGE)
        )  # fmt: skip
    for place in range(12):
        give(cast.max, cast.emt if place % 2 else cast.forklift, 40 + 90 * place, number=f"N-{place}",
             files={"front.jpg": samples.photo(place)} if place < PHOTOS else None)  # fmt: skip
    previews.draw_previews()
    return cast


@pytest.mark.parametrize(
    ("who", "address", "pictures"),
    [("ada", "/admin/members/", 0), ("ada", "/admin/", 0), ("ada", "/admin/reports/standing-by-member", 0),
     ("max", "/portfolio/", 0), ("max", "/portfolio/certifications", PHOTOS)],
)  # fmt: skip
def test_a_page_is_light_at_first_and_lighter_again(crowded, sign_in, open_page, who, address, pictures):
    signed_in = sign_in(open_page(), getattr(crowded, who).email)
    tab = open_page(storage_state=signed_in.context.storage_state())  # as signed in, with an empty cache
    first, again = weigh(tab, address), weigh(tab, address)
    assert first.asked_twice == again.asked_twice == []
    assert 0 < first.bytes < FIRST
    assert 0 < again.bytes < AGAIN
    assert sum(each.endswith("/thumbnail") for each in again.asked) == pictures  # asked for at each visit: never kept
    assert len(first.asked) > 5  # the page, its style, its scripts
