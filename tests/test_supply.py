"""What the program is made of: every package pinned by hash, everything brought along known, and no secret in it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from records.advisories import pinned_in
from tests.conftest import make_app

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "records" / "fonts"
LOCKS = ("requirements.txt", "requirements-dev.txt")
SECRETS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36}",
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    r"\bsk_live_[A-Za-z0-9]{16,}",
    r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    r"\$argon2id?\$v=19\$[^\"'{]{30,}",
    r"(?i)\b(secret_key|password|api_key)\s*=\s*[\"'][A-Za-z0-9+/=_-]{24,}[\"']",
    r"\b(postgresql|smtps?)://(?!me[:%])[^\s:@/{}]+:(?!x@|PASSWORD@)[^\s:@/{}\"']+@(?!127\.0\.0\.1|HOST|localhost)",
)


OF_NOBODY = ROOT / "records" / "passwords.py"  # the hash with which an unknown address is compared


def blocks(lock: str) -> list[str]:
    """Each pinned package with what belongs to it."""
    return re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash_and_by_nothing_else(lock: str) -> None:
    pinned = blocks(lock)
    assert len(pinned) > 50
    for block in pinned:
        first, *others = block.splitlines()
        assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.!+]+( ; .+)? \\", first), first
        hashes = [line for line in others if not line.lstrip().startswith("#")]
        assert hashes, first
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), first
    assert not re.search(
        r"(?m)^\s*(-|--index|--extra|--find|--trusted)|://|@ ", "\n".join(pinned).replace("--hash", "")
    )


def test_what_the_project_asks_for_is_pinned_as_it_asks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for lock, asked in zip(LOCKS, (project["dependencies"], project["optional-dependencies"]["dev"]), strict=True):
        pins = pinned_in((ROOT / lock).read_text())
        for each in map(Requirement, asked):
            versions = [version for name, version in pins if name == canonicalize_name(each.name)]
            assert versions, f"{each} is not in {lock}"
            assert all(each.specifier.contains(version) for version in versions), each
    run, develop = (pinned_in((ROOT / lock).read_text()) for lock in LOCKS)
    assert run <= develop


def test_what_runs_is_what_is_pinned() -> None:
    """Else the tests said nothing of what people install."""
    from importlib.metadata import PackageNotFoundError, version

    pins = pinned_in((ROOT / LOCKS[0]).read_text())
    found = {}
    for name, _version in pins:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # on other systems only
            continue
    assert len(found) > 50
    assert {name: installed for name, installed in found.items() if (name, installed) not in pins} == {}


def test_packages_are_installed_by_hash_only() -> None:
    installing = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert [line for line in installing if "--require-hashes" not in line] == ["\t$(BIN)/pip install --quiet uv"]


def in_the_repository() -> list[Path]:
    """What is written by hand: no packages, caches or data."""
    tops = [top for top in ROOT.iterdir() if top.name not in (".venv", ".git", "var") and "cache" not in top.name]
    files = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file()]
    return [path for path in files if "__pycache__" not in path.parts and ".hypothesis" not in path.parts]


def test_what_others_made_is_known_by_its_bytes_and_its_licence() -> None:
    kinds = (".ttf", ".otf", ".woff", ".woff2", ".wasm", ".whl", ".jar", ".so", ".dll", ".exe", ".gz", ".zip")
    others = [path for path in in_the_repository() if path.suffix in kinds or ".min." in path.name]
    assert {path.parent for path in others} == {FONTS}
    rows = re.findall(r"\| `(\S+)` \| .+ [\d.]+ \| .+\]\((\S+)\) \| `(\w+)` \|", (FONTS / "README.md").read_text())
    assert {name: digest for name, _, digest in rows} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in others
    }
    assert all((FONTS / licence).is_file() for _, licence, _ in rows)


def test_no_page_asks_another_host_for_anything() -> None:
    """Scripts, styles, letters and pictures are our own files."""
    for package in ("records", "portal", "admin_panel"):
        for path in [
            *(ROOT / package).rglob("*.html"),
            *(ROOT / package).rglob("*.css"),
            *(ROOT / package).rglob("*.js"),
        ]:
            asked = re.findall(
                r"""(?:src|href|url|import|fetch)\s*[=(:]?\s*["'(]+\s*((?:https?:)?//[^"')]+)""", path.read_text()
            )
            assert not asked, (path, asked)


def test_no_secret_lies_in_the_repository() -> None:
    found = {}
    for path in in_the_repository():
        if path in (OF_NOBODY, Path(__file__)) or path.suffix in (".otf", ".ttf", ".mo"):
            continue
        text = path.read_text(errors="replace")
        if hits := [hit.group()[:60] for pattern in SECRETS for hit in re.finditer(pattern, text)]:
            found[path.relative_to(ROOT).as_posix()] = hits
    assert found == {}
    assert not [
        path
        for path in in_the_repository()
        if path.name in (".env", "secret_key", "id_rsa") or path.suffix in (".pem", ".db")
    ]


def test_production_has_no_page_for_developers_and_no_debugger(tmp_path: Path) -> None:
    from config import Settings
    from wsgi import create_app

    production = create_app(Settings(secret_key="x" * 40, data_dir=tmp_path, jobs_url="memory://"))
    rules = {rule.rule for rule in production.url_map.iter_rules()}
    assert not [rule for rule in rules if "style" in rule or "debug" in rule or "test" in rule.split("/")]
    assert not production.debug
    assert not production.testing
    assert production.config["PROPAGATE_EXCEPTIONS"] in (None, False)
    assert rules == {rule.rule for rule in make_app(tmp_path / "testing").url_map.iter_rules()}
    development = create_app(Settings(environment="development", data_dir=tmp_path, jobs_url="memory://"))
    assert {rule.rule for rule in development.url_map.iter_rules()} - rules == {"/admin/style"}
