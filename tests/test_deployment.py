"""deploy/: what is written there fits the program, and nginx does with its file what the file says."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from config import Settings
from records import clock
from records.hashing import WEB_THREADS
from records.pages.sending import INTERNAL
from records.web.headers import ON_ALL, OVER_HTTPS
from tests.conftest import make_app

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
SETTINGS = {name.upper() for name in Settings.model_fields}
# What other programs read: Flask, Python, granian, PostgreSQL's image.
OTHERS = re.compile(r"FLASK_APP|PYTHON\w+|PATH|GRANIAN_\w+|POSTGRES_\w+|PIP_\w+|DATABASE_PASSWORD")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
NGINX = (DEPLOY / "nginx.conf").read_text()
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
UNITS = sorted(DEPLOY.glob("*.service"))
OURS = ("upgrade", "web", "jobs")


def assigned(text: str) -> set[str]:
    """Names that get a value, as NAME=value."""
    return set(re.findall(r"(?:^|\s)([A-Z][A-Z0-9_]+)=", text))


def test_every_setting_in_the_files_exists() -> None:
    by_file = {
        "compose.yaml": {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
        | set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text())),
        "Containerfile": assigned("".join(re.findall(r"^ENV (?:.*\\\n)*.*$", CONTAINERFILE, flags=re.MULTILINE))),
        "certfolio.env.example": assigned((DEPLOY / "certfolio.env.example").read_text()),
    }
    assert all(by_file.values())
    for file, names in by_file.items():
        assert {name for name in names if not OTHERS.fullmatch(name)} - SETTINGS == set(), file


def test_the_settings_of_the_files_are_accepted(tmp_path: Path) -> None:
    for values in (_of_compose(), _of_the_example()):
        settings = Settings(**{name.lower(): value for name, value in values.items() if name in SETTINGS})
        assert settings.trusted_proxies == 1
        assert settings.database_url.startswith("postgresql+psycopg://certfolio")


def _of_compose() -> dict[str, str]:
    given = {"DATABASE_PASSWORD": "x", "SECRET_KEY": "x" * 32, "PUBLIC_URL": "https://certfolio.example"}

    def filled(value: str) -> str:
        return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: given.get(found[1], found[2] or ""), value)

    return {name: filled(value) for name, value in COMPOSE["services"]["web"]["environment"].items()}


def _of_the_example() -> dict[str, str]:
    lines = (DEPLOY / "certfolio.env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return values | {"SECRET_KEY": "x" * 32}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service
    assert {"/data", "/scans", "/tmp"} == {volume.split(":")[1] for volume in service["volumes"]}


def test_every_volume_and_service_that_is_named_is_there() -> None:
    named = {volume.split(":")[0] for each in COMPOSE["services"].values() for volume in each.get("volumes", ())}
    assert {name for name in named if not name.startswith("./")} == set(COMPOSE["volumes"])
    for service in COMPOSE["services"].values():
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                checked = COMPOSE["services"][other].get("healthcheck") or "HEALTHCHECK" in CONTAINERFILE
                assert checked, other


def test_the_image_holds_the_program_and_runs_as_nobody_in_particular() -> None:
    _build, run = CONTAINERFILE.split("\nFROM ")[1:]
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", run, flags=re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert names >= {"config.py", "wsgi.py", "pyproject.toml", "records", "portal", "admin_panel", "migrations"}
    assert all((ROOT / name).exists() for name in names)
    let_in = (DEPLOY / "Containerfile.containerignore").read_text().splitlines()
    assert {line[1:] for line in let_in if line.startswith("!")} == names | {"requirements.txt"}
    assert re.findall(r"^USER (\d+):(\d+)$", run, flags=re.MULTILINE) == [("10001", "10001")]
    assert "--require-hashes" in _build


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_what_there_is_and_is_hardened(unit: Path) -> None:
    lines = [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines)
    program, *arguments = values["ExecStart"].split()
    assert (ROOT / ".venv" / "bin" / Path(program).name).exists()
    assert set(re.findall(r"\$\{(\w+)\}", values["ExecStart"])) <= SETTINGS
    assert ("wsgi:app" in arguments) or arguments[:3] == ["--app", "wsgi", "jobs"]
    if "granian" in program:  # half of the threads are not for hashing
        assert arguments[arguments.index("--blocking-threads") + 1] == str(WEB_THREADS)
    for name, value in (("User", "certfolio"), ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
                        ("ProtectHome", "yes"), ("PrivateTmp", "yes"), ("CapabilityBoundingSet", "")):  # fmt: skip
        assert values[name] == value


# nginx


@dataclass(frozen=True)
class Proxy:
    """nginx in front of an upstream that tells what reached it."""

    url: str
    plain_url: str
    certificate: str
    log: Path

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, verify=self.certificate, timeout=20, **options)

    def post(self, path: str, size: int) -> requests.Response:
        return requests.post(self.url + path, data=b"x" * size, verify=self.certificate, timeout=60)


SCAN = b"a scan" * 20_000
POLICY = "default-src 'none'; sandbox"


def upstream(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    sent = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = [("Content-Type", "application/json"), ("X-Request-Id", "abc")]
    if environ["PATH_INFO"] == "/scan/1/download":
        headers = [
            ("Content-Type", "application/pdf"), ("Content-Disposition", "attachment; filename=card.pdf"),
            ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "private, no-store"), ("X-Accel-Redirect", f"{INTERNAL}/1/card"),
        ]  # fmt: skip
    if environ["PATH_INFO"].startswith("/static/"):
        headers.append(("Cache-Control", "max-age=315360000, public, immutable"))
    start_response("200 OK", headers)
    return [json.dumps(sent | {"size": len(body), "at": time.monotonic()}).encode()]


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
    assert program, "these tests need nginx (Debian: nginx-light)"
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "scans" / "1").mkdir(parents=True)
    (folder / "scans" / "1" / "card").write_bytes(SCAN)
    _make_certificate(folder)
    server = make_server("127.0.0.1", 0, upstream, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain, tls = _free_port(), _free_port()
    (folder / "nginx.conf").write_text(_here(folder, server.port, plain, tls))
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr",
                                    "-g", "daemon off; user root;"], stdout=said, stderr=said)  # fmt: skip
    try:
        _wait_for(tls, process, folder / "said")
        yield Proxy(
            f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}", str(folder / "fullchain.pem"), folder / "log"
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        server.shutdown()
        server.server_close()


def _here(folder: Path, upstream_port: int, plain: int, tls: int) -> str:
    """The example, with the addresses, ports and folders of this test and nothing else changed."""
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    text = NGINX
    for old, new in (
        ("http {\n", f"http {{\n{temporary}"), ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"), ("server web:8000;", f"server 127.0.0.1:{upstream_port};"),
        ("/etc/nginx/certificates/", f"{folder}/"), ("/var/cache/nginx/", f"{folder}/"), ("/tmp/", f"{folder}/"),
        ("/var/lib/certfolio/", f"{folder}/"), ("access_log /dev/stdout", f"access_log {folder}/log"),
        ("error_log /dev/stderr", "error_log stderr"),
    ):  # fmt: skip
        assert old in text, old
        text = text.replace(old, new)
    return text


def _make_certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "certfolio.example")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(here, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nginx did not start: {said.read_text()}")


def test_it_says_who_asks_whatever_the_visitor_says(proxy: Proxy) -> None:
    forged = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
              "Host": "certfolio.example"}  # fmt: skip
    seen = proxy.get("/", headers=forged).json()
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    assert seen["HTTP_X_FORWARDED_HOST"] == seen["HTTP_HOST"] == "certfolio.example"


def test_what_is_not_encrypted_is_led_to_what_is(proxy: Proxy) -> None:
    answer = requests.get(f"{proxy.plain_url}/login", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://127.0.0.1/login")


def test_a_scan_is_sent_by_nginx_with_the_headers_that_keep_it_from_running(proxy: Proxy) -> None:
    answer = proxy.get("/scan/1/download")
    assert answer.content == SCAN
    expected = {
        "Content-Type": "application/pdf", "Content-Disposition": "attachment; filename=card.pdf",
        "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store",
    }  # fmt: skip
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "X-Accel-Redirect" not in answer.headers
    part = proxy.get("/scan/1/download", headers={"Range": "bytes=6-11"})
    assert (part.status_code, part.content) == (206, b"a scan")


@pytest.mark.parametrize("path", [f"{INTERNAL}/1/card", f"{INTERNAL}/../{INTERNAL}/1/card", "/metrics"])
def test_what_is_not_for_visitors_is_not_there(proxy: Proxy, path: str) -> None:
    answer = proxy.get(path)
    assert answer.status_code == 404
    assert SCAN not in answer.content


def test_static_files_are_kept(proxy: Proxy) -> None:
    first, second = (proxy.get("/static/records/base.0123456789ab.css").json() for _ in range(2))
    assert first == second
    assert proxy.get("/login").json() != proxy.get("/login").json()


def test_only_what_takes_files_takes_much(proxy: Proxy) -> None:
    assert proxy.post("/login", 4 * 1024 * 1024).status_code == 413
    assert proxy.post("/admin/imports/", 4 * 1024 * 1024).json()["size"] == 4 * 1024 * 1024


def test_a_flood_is_held_up(proxy: Proxy) -> None:
    with requests.Session() as session:
        answers = [session.get(f"{proxy.url}/", verify=proxy.certificate, timeout=20) for _ in range(400)]
    assert {answer.status_code for answer in answers} == {200, 429}


def test_its_log_holds_no_secrets(proxy: Proxy) -> None:
    for path in ("/reset/TOPSECRET", "/invitation/TOPSECRET", "/email/new/TOPSECRET", "/verify/TOPSECRET",
                 "/calendar/TOPSECRET.ics", "/sign-on/lakeside/back?code=TOPSECRET"):  # fmt: skip
        proxy.get(path, headers={"Referer": f"{proxy.url}/reset/TOPSECRET"})
    until = time.monotonic() + 10
    while "/sign-on/lakeside/back" not in proxy.log.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    log = proxy.log.read_text()
    assert "GET /reset/..." in log
    assert "TOPSECRET" not in log


@pytest.fixture(scope="module")
def plain_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(tmp_path_factory.mktemp("plain"))


def test_the_addresses_that_take_files_are_those_of_the_program(plain_app: Flask) -> None:
    (pattern,) = re.findall(r"location ~ (\^\S+) \{", NGINX)
    rules, views = list(plain_app.url_map.iter_rules()), plain_app.view_functions
    takes = {rule.rule for rule in rules if hasattr(views[rule.endpoint], "takes")}
    assert {rule.rule for rule in rules if re.search(pattern, re.sub(r"<[^>]*>", "7", rule.rule))} == takes


def test_every_header_of_all_pages_is_said_again_with_scans() -> None:
    again = set(re.findall(r"add_header (\S+) \$upstream", NGINX))
    assert again >= {"Content-Security-Policy", "Vary", *ON_ALL, *OVER_HTTPS}


def test_secrets_in_addresses_are_known_to_the_log(plain_app: Flask) -> None:
    (words,) = re.findall(r"~\^/\(\?<word>(\S+)\)/ ", NGINX)
    secret = {rule.rule for rule in plain_app.url_map.iter_rules() if {"secret", "token", "code"} & rule.arguments}
    assert len(secret) >= 5
    assert {rule.split("/")[1] for rule in secret} == set(words.split("|"))
