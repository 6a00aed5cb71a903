"""Asking an OpenID Connect provider who somebody is: authorization code, PKCE, state and nonce.

Authlib speaks the protocol and checks the token: its signature against the provider's keys, issuer, audience, nonce
and expiry. What it is told by the provider is narrowed here first: only the addresses that are needed, and only
algorithms whose keys are not secret, so that no answer can turn a check off.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.integrations.base_client.sync_app import OAuth2Base, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url

from records import outgoing
from records.errors.sign_on import AddressNotAllowed, IssuerDiffers, ProviderUnreachable, ProviderWrong

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LONGEST = 255
_LEEWAY = 60  # seconds that clocks may differ
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Client:
    """Who we are at the provider `issuer`. `back` is the address to which it sends people back."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    back: str


@dataclass(frozen=True)
class Begun:
    """Where to send the person, and what to remember until they come back."""

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Person:
    """Who the provider says somebody is. `email` is one that it vouches for, "" where it does for none."""

    subject: str
    email: str
    claims: Mapping[str, Any] = field(repr=False)


class _Session(OAuth2Session):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        outgoing.guard(self)


class _Provider(OAuth2Mixin, OpenIDMixin, OAuth2Base):
    client_cls = _Session


def sign_in_page(client: Client) -> str:
    """The address of the provider's sign-in page, as its discovery document has it. Raises as `begin`."""
    return str(_provider(client).server_metadata["authorization_endpoint"])


def begin(client: Client) -> Begun:
    """Raises AddressNotAllowed, ProviderUnreachable, ProviderWrong."""
    made = _provider(client).create_authorization_url(client.back)
    return Begun(made["url"], made["state"], made["nonce"], made["code_verifier"])


def finish(client: Client, *, code: str, nonce: str, verifier: str) -> Person:
    """Who came back with `code`. Raises as `begin`."""
    provider = _provider(client)
    token = _asked(lambda: provider.fetch_access_token(client.back, code=code, code_verifier=verifier))
    claims = _asked(lambda: _claims(provider, client, token, nonce))
    subject, email = claims["sub"], claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
        raise ProviderWrong()
    vouched = claims.get("email_verified") is True and isinstance(email, str)
    return Person(subject, email if vouched else "", claims)


def _claims(provider: _Provider, client: Client, token: Any, nonce: str) -> dict[str, Any]:
    """What the token says, once all of it holds."""
    checked = {
        "iss": {"essential": True, "value": client.issuer},
        "aud": {"essential": True, "value": client.client_id},
    }
    claims = provider.parse_id_token(token, nonce, checked, CodeIDToken, _LEEWAY)
    if not claims:
        raise ProviderWrong()
    return dict(claims)


def _provider(client: Client) -> _Provider:
    found = _asked(lambda: _discovered(client.issuer))
    addresses = {name: found.get(name) for name in _ADDRESSES}
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
    return _Provider(
        None,
        client_id=client.client_id,
        client_secret=client.secret,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": method,
        },
        issuer=client.issuer,
        id_token_signing_alg_values_supported=_ALGORITHMS,
        **addresses,
    )


def _discovered(issuer: str) -> dict[str, Any]:
    """The provider's discovery document, if it is about `issuer` and its addresses may be asked."""
    with _Session() as session:
        answer = session.get(get_well_known_url(issuer, external=True), withhold_token=True)
        answer.raise_for_status()
        found = answer.json()
    if found["issuer"] != issuer:
        raise IssuerDiffers(issuer=str(found["issuer"])[:_LONGEST])
    for name in _ADDRESSES:
        outgoing.require_allowed(str(found.get(name, "")))
    return found


def _asked(ask: Any) -> Any:
    """What the provider answers. Raises AddressNotAllowed, ProviderUnreachable, ProviderWrong, and nothing else."""
    try:
        return ask()
    except (ProviderWrong, ProviderUnreachable):
        raise
    except outgoing.Forbidden:
        raise AddressNotAllowed() from None
    except (requests.ConnectionError, requests.Timeout) as error:
        log.warning("provider unreachable: %s", type(error).__name__)
        raise ProviderUnreachable() from None
    except requests.HTTPError as error:
        broken = error.response is not None and error.response.status_code >= 500
        raise (ProviderUnreachable if broken else ProviderWrong)() from None
    except Exception as error:  # because: nobody can list what a stranger's answer breaks; none of it lets anybody in
        log.warning("provider wrong: %s", type(error).__name__)
        raise ProviderWrong() from None
