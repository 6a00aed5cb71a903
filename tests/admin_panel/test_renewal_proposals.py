"""The pages of proposed renewals: the list, the decision, and who was first."""

from __future__ import annotations

import pytest

from records.database import db, found, locked, transaction
from records.models import Certification, Organization, RenewalProposal
from records.services import renewal_proposals
from tests.certificates import acting
from tests.forms import filled, read
from tests.holdings import give
from tests.renewals import allow_proposals, in_days, proposed

LIST = "/admin/renewals/proposed/"


@pytest.fixture
def proposal(cast):
    allow_proposals(cast.emt)
    return proposed(cast, give(cast.max, cast.emt, 20, number="N-1"))


@pytest.fixture
def address(proposal):
    return f"{LIST}{proposal.id}"


def sent(page, address, **changes):
    data = {name: values for name, values in filled(page, action=address).items() if name != "csrf_token"}
    return data | changes


def test_it_is_listed_counted_at_home_and_accepted_as_corrected(cast, browse, proposal, address):
    client = browse(cast.ada)
    home = read(client.get("/admin/").text)
    assert "Proposed renewals 1 waits for a decision" in home.one("a", href=LIST).text
    page = read(client.get(LIST).text)
    assert page.one("tbody").all("a")[0].attrs["href"] == address
    page = read(client.get(address).text)
    assert page.all("a", href=f"/scan/{proposal.scans[0].id}/download")
    fields = sent(page, f"{address}/accept")
    assert (fields["number"], fields["expires_on"]) == (["N-2"], [in_days(730).isoformat()])
    answer = client.post(f"{address}/accept", data=fields | {"number": "N-3"}, follow_redirects=True)
    assert "The renewal of “EMT-Basic” of Max Miller is recorded." in answer.text
    assert found(Certification, found(RenewalProposal, proposal.id).renewal_id).number == "N-3"
    assert "proposed renewal waits" not in client.get("/admin/").text
    assert address in client.get(f"{LIST}?state=accepted").text


def test_the_certification_leads_to_it(cast, browse, proposal, address):
    page = read(browse(cast.ada).get(f"/admin/certifications/{proposal.certification_id}").text)
    assert "Max Miller proposes a renewal" in page.one("a", href=address).text


def test_wrong_facts_and_no_reason_are_said_beside_their_fields(cast, browse, address):
    client = browse(cast.ada)
    page = read(client.get(address).text)
    answer = client.post(f"{address}/accept", data=sent(page, f"{address}/accept", expires_on="", number="mine"))
    assert answer.status_code == 422
    shown = read(answer.text)
    assert shown.one("p", id="expires_on-error").text == "Enter the date on which it expires."
    assert sent(shown, f"{address}/accept")["number"] == ["mine"]
    answer = client.post(f"{address}/accept", data=sent(page, f"{address}/accept", expires_on="soon"))
    assert read(answer.text).one("p", id="expires_on-error").text.startswith("Enter a date that exists")
    answer = client.post(f"{address}/decline", data=sent(page, f"{address}/decline"))
    assert answer.status_code == 422
    assert read(answer.text).one("p", id="reason-error").text == "Give a reason."


def test_a_reason_declines_it(cast, browse, proposal, address):
    client = browse(cast.nora)
    page = read(client.get(address).text)
    data = sent(page, f"{address}/decline", reason="The scan shows another name.")
    assert "is declined" in client.post(f"{address}/decline", data=data, follow_redirects=True).text
    page = read(client.get(address).text)
    assert "The scan shows another name." in page.text
    assert not page.all("form", action=f"{address}/accept")
    assert found(RenewalProposal, proposal.id).state == "declined"


def test_the_second_is_told_who_was_first_and_loses_nothing(cast, browse, proposal, address):
    client = browse(cast.ada)
    page = read(client.get(address).text)
    renewal_proposals.decline(proposal, reason="Blurred.", version=1, by=cast.actor(cast.carl))
    for act, typed in (("accept", {}), ("decline", {"reason": "What I typed."})):
        answer = client.post(f"{address}/{act}", data=sent(page, f"{address}/{act}", **typed))
        assert answer.status_code == 409
        assert "Carl Okafor has declined this renewal already." in answer.text
    assert "What I typed." in answer.text


def test_what_was_renewed_meanwhile_can_only_be_declined(cast, browse, proposal, address):
    client = browse(cast.ada)
    before = read(client.get(address).text)
    give(cast.max, cast.emt, 900, renews=proposal.certification_id)
    page = read(client.get(address).text)
    assert "has been renewed meanwhile" in page.text
    assert not page.all("form", action=f"{address}/accept")
    answer = client.post(f"{address}/accept", data=sent(before, f"{address}/accept"))
    assert answer.status_code == 409
    data = sent(page, f"{address}/decline", reason="It is recorded already.")
    assert client.post(f"{address}/decline", data=data).status_code == 302


def test_what_one_proposed_for_another_is_left_to_somebody_else(cast, browse):
    allow_proposals(cast.emt)
    handed_in = proposed(cast, give(cast.mia, cast.emt, 20), by=acting(cast, cast.mia, cast.ada))
    client = browse(cast.ada)
    page = client.get(f"{LIST}{handed_in.id}").text
    assert "You cannot decide on this one" in page
    assert "proposed renewal waits" not in client.get("/admin/").text
    answer = client.post(f"{LIST}{handed_in.id}/decline", data={"version": "1", "reason": "No."})
    assert answer.status_code == 403
    assert "that you proposed for another" in answer.text


def test_lists_show_only_those_in_scope(cast, browse, proposal):
    other = proposed(cast, give(cast.mia, cast.emt, 20), by=cast.actor(cast.mia))
    page = browse(cast.nora).get(LIST).text
    assert "Miller" in page
    assert "Söderström" not in page
    assert browse(cast.nora).get(f"{LIST}{other.id}").status_code == 404
    assert "Söderström" in browse(cast.carl).get(LIST).text
    assert "No renewal waits" in browse(cast.ken).get(LIST).text


def test_a_long_list_goes_over_pages(cast, browse, proposal):
    with transaction() as session:
        session.add_all(
            RenewalProposal(
                member_id=cast.mia.id, certification_id=proposal.certification_id, expires_on=in_days(9),
                state="withdrawn", created_at=proposal.created_at, decided_at=proposal.created_at,
                decided_by_id=cast.mia.id,
            )
            for _ in range(120)
        )  # fmt: skip
    client, seen, address = browse(cast.ada), [], f"{LIST}?state=withdrawn"
    while address:
        page = read(client.get(address).text)
        seen.append([each.all("a")[0].attrs["href"] for each in page.one("tbody").all("tr")])
        following = page.all("a", rel="next")
        address = following[0].attrs["href"] if following else ""
    assert [len(each) for each in seen] == [50, 50, 20]
    assert len({each for page in seen for each in page}) == 120
    back = read(client.get(page.one("a", rel="prev").attrs["href"]).text)
    assert [each.all("a")[0].attrs["href"] for each in back.one("tbody").all("tr")] == seen[1]
    for query in ("state=nonsense", "after=x", f"before={'9' * 40}", "after=-1"):
        assert client.get(f"{LIST}?{query}").status_code == 200


def test_with_the_module_off_it_is_gone(cast, browse, address):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    for path in (LIST, address):
        assert client.get(path).status_code == 404
    assert "proposed renewal" not in client.get("/admin/").text


def test_a_type_allows_proposals_by_a_box_that_is_empty_at_first(cast, browse):
    client, address = browse(cast.ada), f"/admin/certification-types/{cast.emt.id}"
    page = read(client.get(address).text)
    assert "checked" not in page.one("input", name="members_propose_renewals").attrs
    client.post(address, data=sent(page, address, members_propose_renewals="y"))
    db.session.rollback()
    page = read(client.get(address).text)
    assert "checked" in page.one("input", name="members_propose_renewals").attrs
