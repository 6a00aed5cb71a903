"""OpenID Connect providers: a real one in a process of its own, and one that lies in every way a test asks for."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from records import vault
from records.database import organization_scope, transaction
from records.models import Organization, SignOn

CLIENT_ID, SECRET = "certfolio", "a secret of the client"
_STARTS_WITHIN = 30.0


class Provider:
    """`python -m oidc_provider_mock`: anybody may be anybody there, by their subject."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self._port = port

    @contextlib.contextmanager
    def running(self) -> Iterator[Provider]:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self._port), "--require-nonce", "true"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._wait_until_ready(process)
            yield self
        finally:
            process.terminate()
            process.wait(timeout=10)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.issuer}/jwks", timeout=5).ok:
                    return
            time.sleep(0.1)
        raise RuntimeError("the provider did not start")

    def know(self, subject: str, **claims: Any) -> str:
        """From now on `subject` has these claims there; returns the subject."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()
        return subject

    def let_in(self, url: str, subject: str) -> str:
        """What its sign-in page at `url` does once `subject` pressed the button: the address it sends them back to."""
        answer = requests.post(url, data={"sub": subject}, timeout=5, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


def sign_on_of(organization: Organization, issuer: str, address: str = "lakeside-fire", **values: Any) -> str:
    """From now on the organization signs on with the provider `issuer`; returns the address of its people."""
    fields = {"client_id": CLIENT_ID, "button": "Lakeside", "is_on": True} | values
    with organization_scope(organization.id), transaction() as session:
        session.add(SignOn(organization_id=organization.id, address=address, issuer=issuer,
                           sealed_secret=vault.seal(SECRET), **fields))  # fmt: skip
    return address


KEY = RSAKey.generate_key(2048, {"kid": "honest", "use": "sig"}, auto_kid=False)
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "honest", "use": "sig"}, auto_kid=False)
LISTED_SECRET = OctKey.generate_key(256, {"kid": "honest"}, auto_kid=False)
_EVERY = ["none", "HS256", "RS256"]


@dataclass
class Liar:
    """Answers as a provider does, but for what a test changes: `discovery` and `claims` are laid over what is right,
    `header` over the token's; `sign` makes the token of header and claims; `respond` answers a path instead of it."""

    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any], dict[str, Any]], str | None] = lambda header, claims: signed(header, claims)
    respond: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [KEY.as_dict(private=False)])
    issuer: str = ""
    nonce: str = ""
    asked: list[str] = field(default_factory=list)

    def body(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            at = self.issuer
            right = {
                "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks", "id_token_signing_alg_values_supported": _EVERY,
            }  # fmt: skip
            return right | self.discovery
        if path == "/jwks":
            return {"keys": self.keys}
        now = int(time.time())
        right = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "somebody", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "email": "max.miller@lakeside.example", "email_verified": True,
        }  # fmt: skip
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        token = self.sign({"alg": "RS256", "kid": "honest"} | self.header, claims)
        answer = {"access_token": "opaque", "token_type": "Bearer"}
        return answer | ({} if token is None else {"id_token": token})

    @contextlib.contextmanager
    def running(self) -> Iterator[Liar]:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                liar.asked.append(path)
                if path in liar.respond:
                    liar.respond[path](self)
                    return
                body = json.dumps(liar.body(path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def log_message(self, *_args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any = KEY) -> str:
    return jwt.encode(header, claims, key)


def signed_with_the_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """HS256, with what anybody can read at the provider's as its secret; by hand, because the library refuses to."""
    body = _body(header | {"alg": "HS256"}, claims)
    return f"{body}.{_letters(hmac.digest(KEY.as_pem(private=False), body.encode(), 'sha256'))}"


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return _body(header, claims) + "."


def _body(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_letters(json.dumps(part).encode()) for part in (header, claims))


def _letters(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))
