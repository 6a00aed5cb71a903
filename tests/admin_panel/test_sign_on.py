"""Settings > Single sign-on: setting it up, trying it, and a secret that is never shown again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from records import vault
from records.database import db, every_organization
from records.models import AuditEvent, AuditKind, SignOn, SignOnIdentity
from tests.cast import LONG_AGO, Cast
from tests.clients import SignedClient
from tests.forms import filled, read
from tests.providers import SECRET, Liar

Browse = Callable[..., SignedClient]
PAGE = "/admin/settings/sign-on"
FILLED_IN = {
    "version": "0", "address": "lakeside-fire", "button": "Lakeside", "issuer": "https://login.lakeside.example",
    "client_id": "certfolio", "secret": SECRET, "is_on": "y",
}  # fmt: skip


def kept(cast: Cast) -> SignOn | None:
    db.session.rollback()
    return db.session.get(SignOn, cast.fire.id)


def save(client: SignedClient, **fields: Any) -> Any:
    return client.post(PAGE, data={name: value for name, value in (FILLED_IN | fields).items() if value is not None})


def events() -> list[AuditEvent]:
    db.session.rollback()
    changes = sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.SIGN_ON_CHANGED)
    return list(db.session.scalars(changes.order_by(AuditEvent.id)))


@pytest.fixture
def ada(cast: Cast, browse: Browse) -> SignedClient:
    return browse(cast.ada)


def test_it_is_set_up_and_says_its_addresses(cast: Cast, ada: SignedClient) -> None:
    assert "Set up single sign-on" in ada.get("/admin/settings/").text
    assert save(ada, issuer=" https://login.lakeside.example ").status_code == 302
    page = ada.get(PAGE).text
    assert "http://127.0.0.1:8000/sign-on/lakeside-fire<" in page
    assert "http://127.0.0.1:8000/sign-on/lakeside-fire/back<" in page
    assert "Change single sign-on" in ada.get("/admin/settings/").text
    sign_on = kept(cast)
    assert sign_on is not None
    assert (sign_on.issuer, sign_on.client_id, sign_on.is_on) == ("https://login.lakeside.example", "certfolio", True)
    assert vault.unseal(sign_on.sealed_secret) == SECRET


def test_the_secret_is_nowhere_to_be_read(cast: Cast, ada: SignedClient) -> None:
    save(ada)
    wrong = save(ada, version="1", issuer="", secret="another secret")
    assert wrong.status_code == 422
    pages = [ada.get(PAGE).text, wrong.text, ada.get("/admin/audit-trail/").text, ada.get("/admin/settings/").text]
    with db.engine.connect() as connection:
        tables = ("sign_on", "audit_event", "audit_detail")
        rows = [str(row) for table in tables for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]
    for place in (*pages, *rows):
        assert SECRET not in place
        assert "another secret" not in place


def test_an_empty_secret_keeps_the_one_that_is_saved(cast: Cast, ada: SignedClient) -> None:
    save(ada)
    assert save(ada, version="1", secret="", button="Station").status_code == 302
    sign_on = kept(cast)
    assert sign_on is not None
    assert vault.unseal(sign_on.sealed_secret) == SECRET
    assert save(ada, version="2", secret="another").status_code == 302
    sign_on = kept(cast)
    assert sign_on is not None
    assert vault.unseal(sign_on.sealed_secret) == "another"


def test_each_change_stands_in_the_trail_with_what_changed_alone(cast: Cast, ada: SignedClient) -> None:
    save(ada, role_claim="groups", administrators="chiefs\n\n  deputies ", members="all")
    save(ada, version="1", secret="", is_on=None, role_claim="groups", administrators="chiefs", members="all")
    save(ada, version="2", secret="", is_on=None, role_claim="groups", administrators="chiefs", members="all")
    first, second = events()
    assert first.detail.after["secret_changed"] is True
    assert first.detail.after["role_values"] == {
        "chiefs": "administrator", "deputies": "administrator", "all": "member",
    }  # fmt: skip
    assert set(second.detail.after) == {"role_values", "is_on"}
    assert second.detail.after["is_on"] is False


def test_what_stands_comes_back_in_the_form(ada: SignedClient) -> None:
    save(ada, role_claim="groups", administrators="chiefs\ndeputies", coordinators="trainers", members="all")
    sent = filled(read(ada.get(PAGE).text), action=PAGE)
    assert sent["administrators"] == ["chiefs\ndeputies"]
    assert sent["coordinators"] == ["trainers"]
    assert sent["secret"] == [""]
    assert sent["version"] == ["1"]


def test_a_value_with_two_roles_gives_the_lesser(cast: Cast, ada: SignedClient) -> None:
    save(ada, role_claim="groups", administrators="staff", coordinators="staff", members="staff")
    sign_on = kept(cast)
    assert sign_on is not None
    assert sign_on.role_values == {"staff": "member"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "http://login.lakeside.example"),
        ("issuer", "https://user@login.lakeside.example"),
        ("issuer", "https://login.lakeside.example?x=1"),
        ("issuer", "javascript:alert(1)"),
        ("issuer", ""),
        ("address", "two words"),
        ("address", "../admin"),
        ("address", "back/"),
        ("address", ""),
        ("client_id", ""),
        ("secret", ""),
        ("button", "x" * 81),
        ("role_claim", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(
    cast: Cast, ada: SignedClient, field: str, value: str
) -> None:
    refused = save(ada, **({"administrators": "chiefs", "role_claim": "groups"} | {field: value}))
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text
    assert kept(cast) is None
    assert events() == []


def test_an_address_belongs_to_one_organization(cast: Cast, browse: Browse, ada: SignedClient) -> None:
    save(ada)
    refused = save(browse(cast.ken))
    assert refused.status_code == 422
    assert "Another organization has this address." in refused.text
    assert save(browse(cast.ken), address="hillside").status_code == 302


def test_of_two_administrators_who_change_it_the_second_is_told(cast: Cast, ada: SignedClient) -> None:
    save(ada)
    save(ada, version="1", button="First")
    refused = save(ada, version="1", button="Second")
    assert refused.status_code == 409
    assert "Somebody else changed single sign-on while you had it open" in refused.text
    assert read(refused.text).one("dl").text.count("First") == 1
    assert filled(read(refused.text), action=PAGE)["version"] == ["2"]
    sign_on = kept(cast)
    assert sign_on is not None
    assert sign_on.button == "First"


def test_another_issuer_or_client_finds_everybody_by_their_address_again(cast: Cast, ada: SignedClient) -> None:
    for version, change in enumerate(({}, {"button": "x"}, {"client_id": "other"}, {"issuer": "https://o.example"})):
        if version:
            with db.session.begin_nested():
                db.session.add(SignOnIdentity(organization_id=cast.fire.id, issuer="i", subject=str(version),
                                              account_id=cast.max.account_id, created_at=LONG_AGO))  # fmt: skip
            db.session.commit()
        save(ada, **({"version": str(version), "button": "x", "client_id": "other" if version > 1 else "certfolio"}
                     | change))  # fmt: skip
        db.session.rollback()
        with every_organization():
            left = db.session.scalar(sa.select(sa.func.count()).select_from(SignOnIdentity))
            assert left == (1 if version == 1 else 0)
            db.session.execute(sa.delete(SignOnIdentity))
        db.session.commit()


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar().running() as running:
        yield running


def test_it_is_tried_in_words(cast: Cast, ada: SignedClient, liar: Liar) -> None:
    def told() -> str:
        answer = ada.post(f"{PAGE}/try", follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    assert ada.post(f"{PAGE}/try").status_code == 404  # there is nothing to try yet
    save(ada, issuer=liar.issuer)
    assert f"The provider answers. Its sign-in page is {liar.issuer}/authorize." in told()
    liar.discovery = {"issuer": "https://login.example/<b>"}
    assert "The provider calls itself “https://login.example/&lt;b&gt;”." in told()
    liar.discovery = {"jwks_uri": "http://10.0.0.1/jwks"}
    assert "may not be asked" in told()
    liar.respond = {"/.well-known/openid-configuration": lambda handler: handler.send_error(404)}
    assert "sent an answer that does not hold" in told()
    liar.respond = {"/.well-known/openid-configuration": lambda handler: handler.send_error(502)}
    assert "cannot be reached right now" in told()


def test_it_is_for_administrators_of_the_organization_alone(cast: Cast, browse: Browse, ada: SignedClient) -> None:
    save(ada)
    for member in (cast.max, cast.carl, cast.nora):
        for answer in (browse(member).get(PAGE), save(browse(member)), browse(member).post(f"{PAGE}/try")):
            assert answer.status_code == 403
    page = browse(cast.ken).get(PAGE).text
    assert "lakeside" not in page.lower().replace("lakeside-fire.", "").replace("such as lakeside-fire", "")
