"""The house's contracts: floors of imports, sizes of rooms, and what templates may not hold."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import nodes

from records import errors

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("records", "portal", "admin_panel")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SOURCES += [ROOT / "config.py", ROOT / "wsgi.py"]
TEMPLATES = sorted(path for package in PACKAGES for path in (ROOT / package / "templates").rglob("*.*"))
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of_each(paths: Iterable[Path]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """One test over all files (there are thousands of pairs): what is wrong is said of each."""

    def over_all(check: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(check)
        def test(**fixtures: Any) -> None:
            wrong = {}
            for path in paths:
                try:
                    check(path=path, **fixtures)
                except Exception as error:  # because: raised below, once all files were looked at
                    wrong[name_of(path)] = error
            assert not wrong, "\n".join(f"{name}: {error}" for name, error in wrong.items())

        signature = inspect.signature(check)
        others = [each for name, each in signature.parameters.items() if name != "path"]
        test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]  # because: pytest reads it
        return test

    return over_all


def test_imports_go_down_the_floors_only():
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@of_each(SOURCES)
def test_modules_and_functions_stay_small(path: Path):
    text = path.read_text()
    assert len(text.splitlines()) < LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines < LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@of_each(SOURCES)
def test_every_module_says_what_it_is_for(path: Path):
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@of_each(TEMPLATES)
def test_every_template_parses_and_carries_its_package(app: Flask, path: Path):
    package = path.relative_to(ROOT).parts[0]
    name = path.relative_to(ROOT / package / "templates").as_posix()
    assert name.startswith(f"{package}/")
    app.jinja_env.get_template(name)


@of_each(PAGES)
def test_no_page_escapes_the_escaping_or_the_policy(path: Path):
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b", text)
    markup = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    assert not re.search(r"\son[a-z]+=\"", markup), "an inline handler"
    if "mail" not in path.parts:
        assert not re.search(r"\sstyle=", text), "an inline style"
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "csp_nonce()" in script


# What takes a text that is looked up in the catalogue.
MARKS = {"_", "N_"} | {prefix + name for prefix in ("", "lazy_") for name in ("gettext", "ngettext", "pgettext")}
SPOKEN = r"""\b(aria-label|aria-description|title|placeholder|alt|label)="([^"]*)"|(data-[\w-]+)="([^" ]+ [^"]*)\""""


@of_each(TEMPLATES)
def test_every_text_of_a_template_is_marked_for_translation(path: Path):
    """What is left between the tags and in attributes that are read or kept for scripts, without expressions and
    comments, holds no words but the product's name and addresses."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", path.read_text(), flags=re.DOTALL)
    spoken = [part for found in re.findall(SPOKEN, text) for part in found[1::2]]
    text = re.sub(r'<[^>]*>|[\w-]+="[^"]*"|(?<=\s)/\w[\w/#]*|\b[a-z]+-(?=\s)', " ", text).replace("Certfolio", "")
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"&\w+;", " ", " ".join([text, *spoken])))
    assert words == []


@of_each(TEMPLATES)
def test_no_expression_of_a_template_brings_words_that_are_not_marked(app: Flask, path: Path):
    tree = app.jinja_env.parse(path.read_text())
    calls = (each for each in tree.find_all(nodes.Call) if isinstance(each.node, nodes.Name))
    known = {id(word) for call in calls if call.node.name in MARKS for word in call.find_all(nodes.Const)}
    known |= {id(word) for compared in tree.find_all(nodes.Compare) for word in compared.find_all(nodes.Const)}
    texts = (each.value for each in tree.find_all(nodes.Const) if id(each) not in known and isinstance(each.value, str))
    assert [text for text in texts if re.match(r"[A-Z][a-z]", text) and text != "Certfolio"] == []


@of_each(SOURCES)
def test_nothing_marks_text_as_safe(path: Path):
    assert not re.search(r"\bMarkup\(|autoescape\s*=\s*False", path.read_text())


@of_each(SOURCES)
def test_nothing_runs_text_as_code_or_command(path: Path):
    """Nor reads back what could: only JSON. Other programs are started by a list of arguments."""
    text = path.read_text()
    assert not re.search(r"render_template_string|from_string\(|\b(eval|exec|__import__)\(|(?<![.\w])compile\(", text)
    assert not re.search(r"\b(pickle|marshal|shelve|yaml)\b", text)
    assert not re.search(r"shell\s*=\s*True|\bos\.(system|popen|exec|spawn)", text)


@of_each(SOURCES)
def test_hashes_and_random_numbers_are_those_for_secrets(path: Path):
    text = path.read_text()
    assert not re.search(r"\b(md5|sha1|crc32|uuid1)\b", text)
    assert not re.search(r"^\s*(import random|from random)\b", text, flags=re.MULTILINE)


def test_only_the_roof_reads_the_settings():
    for path in SOURCES:
        if path.name not in ("wsgi.py", "config.py"):
            assert not re.search(r"^\s*(from|import) (config|wsgi)\b", path.read_text(), flags=re.MULTILINE), path


def calls(path: Path, tree: ast.AST | None = None) -> list[ast.Call]:
    return [node for node in ast.walk(tree or ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


REFUSALS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Refusal)}


@of_each(SOURCES)
def test_every_sentence_of_the_program_is_marked_for_translation(path: Path):
    """What is flashed, refused or shown by a form never begins as a bare string."""
    for call in calls(path):
        if called(call) == "flash" or (called(call) in REFUSALS and call.args):
            said = call.args[0]
            if isinstance(said, ast.Dict):
                said = said.values[0]
            bare = isinstance(said, ast.JoinedStr) or (isinstance(said, ast.Constant) and isinstance(said.value, str))
            assert not bare, f"line {call.lineno}: mark it with gettext(), or N_() in records"


FACES = [path for path in SOURCES if path.relative_to(ROOT).parts[:2] in (("records", "pages"), ("records", "web"))]
FACES += [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ("portal", "admin_panel")]
# What databases say, and what a probe reads.
FOR_THE_LOG = ("warning", "error", "compile", "RuntimeError", "ValueError", "Counter", "Histogram", "_gauge")
FOR_PROGRAMS = {"disk is full", "No space left", "not ready"}


@of_each(FACES)
def test_pages_and_forms_hold_no_words_that_are_not_marked(path: Path):
    """Words with a space between them are for people, but in what is logged or documents the source."""
    tree = ast.parse(path.read_text())
    known = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for call in calls(path, tree):
        if called(call) in MARKS or called(call) in FOR_THE_LOG:
            known |= {id(part) for part in ast.walk(call)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in known:
            words = each.value in FOR_PROGRAMS or not re.search(r"[A-Za-z]{2,} [a-z]{2,}", each.value)
            assert words, f"line {each.lineno}: mark {each.value!r}"


@of_each(SOURCES)
def test_every_exception_to_a_rule_says_why(path: Path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(r"#\s*(type: ignore|noqa)|except (Base)?Exception\b.*:", line) and "raise" not in line:
            assert "because:" in line or "BaseException" in line, f"line {number} gives no reason"


@of_each(SOURCES)
def test_statements_name_models_and_never_the_tables_behind_them(path: Path):
    """The organization's condition reaches models only."""
    if "models" not in path.parts:
        statement = r"\b(select|insert|update|delete|exists|select_from|join)\([^()]*(__table__|metadata\.tables)"
        assert not re.search(statement, path.read_text())


@of_each(SOURCES)
def test_the_clock_alone_asks_the_time(path: Path):
    if path.name != "clock.py":
        assert not re.search(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time)\(", path.read_text())


def test_scripts_have_no_words_of_their_own():
    """They read them from the page, which has them in the reader's language."""
    for path in (each for package in PACKAGES for each in (ROOT / package / "static").rglob("*.js")):
        code = re.sub(r"^\s*//.*$|/\*.*?\*/", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"""["'`]([A-Z][a-z]+ [a-z]|[A-Z][a-z]+[.!?]["'`])""", code), path


def test_no_script_writes_markup_from_text():
    for path in (each for package in PACKAGES for each in (ROOT / package / "static").rglob("*.js")):
        assert not re.search(
            r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(", path.read_text()
        ), path


@of_each(sorted(each for package in PACKAGES for each in (ROOT / package / "static").rglob("*.css")))
def test_every_block_of_a_style_sheet_is_closed(path: Path):
    """A brace that is lost puts all that follows into a block of its own, in silence."""
    depth = 0
    for number, line in enumerate(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).splitlines(), 1):
        depth += line.count("{") - line.count("}")
        assert depth in (0, 1, 2), f"line {number}"
    assert depth == 0
