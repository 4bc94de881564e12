"""The texts that Python makes for an area are in its `texts.py` or folder `texts` (ADR 046); others in templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
AREAS = (
    *("admin", "annotations", "api", "audit", "catalogue", "changes", "compare", "completeness"),
    *("connectors", "corrections", "dashboard", "data_sources", "explore", "exports", "filters", "health", "help"),
    *("live", "measures", "orders", "pipeline", "places", "profile", "review", "sale_history", "sale_lines"),
    *("search", "sell", "sign_in", "stock", "theme", "tokens", "uploads", "views"),
)
"""This list only grows."""
WITHOUT_TEXTS = {"search"}
"""Areas whose modules make none: their texts are all in templates."""
DESCRIPTION_OF_THE_API = {
    *(PORTAL / "api" / name for name in ("openapi.py", "operation_errors.py", "schemas.py")),
    *(PORTAL / "api" / "operations").glob("*.py"),
}
"""The OpenAPI document: it describes each operation beside its parameters, and is in English for developers."""
FOR_PROGRAMS = {
    *("Messages of a queue", "Batches by state", "Requests answered", "Time to answer"),  # metrics
    *("Connections closed so that others are served", "Open connections", "Open live pages"),  # metrics
    "60 per minute",  # a limit
    "Time since the source was read to its end",  # a metric
    *("openid email profile", "Lax", "Authorization"),  # protocols
    *("Provider", "text/csv; charset=utf-8", '<a href="{}">{}</a>'),  # a type, a media type, a link
    *("Origin", "Link", "Location", "Accept", "Cookie"),  # headers
    *(
        "private, max-age=300",
        "private, no-cache",
        "x; charset=utf-8",
        "GET, HEAD, POST, PATCH, DELETE",
    ),  # their values
    *("address x", "token x", "person x"),  # keys of limits
    *('-H "x: x"', "--json x", "-X x"),  # options of a command
    *("not all", "screen and (prefers-color-scheme: dark)"),  # media queries
    *("retry: x\n\n", "xevent: x\ndata: x\n\n", "id: x\n"),  # server-sent events
}
"""Texts that people do not read on a page."""
TEXT = re.compile(r"[^\W\d_][.,:;!?”…]* [^\W\d_“]|^[A-Z][a-z]+$")
"""Two words, or one that begins like a label."""


def texts_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that reads like a text, without docstrings and lines of the log."""
    skipped = {id(part) for node in ast.walk(tree) if _is_silent(node) for part in ast.walk(node)}
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            has_words = any(re.search(r"[^\W\d_]", str(part)) for part in parts if part is not None)
            text = "".join("x" if part is None else str(part) for part in parts) if has_words else ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in within:
            text = node.value
        else:
            continue
        if TEXT.search(text):
            yield node.lineno, text


def modules_of_texts(area: str) -> list[Path]:
    """`texts.py` of an area, or the modules of its folder `texts`."""
    return [*(PORTAL / area).glob("texts.py"), *(PORTAL / area).glob("texts/*.py")]


def _is_silent(node: ast.AST) -> bool:
    """Whether nobody reads the texts of this node on a page: a docstring, an annotation, or a call of a logger."""
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Constant):
            return True
        call = node.value.func if isinstance(node.value, ast.Call) else None
        return isinstance(call, ast.Attribute) and ast.unparse(call.value).endswith("logger")
    return False


@pytest.mark.parametrize("area", AREAS)
def test_the_modules_of_an_area_contain_no_texts(area: str) -> None:
    modules = set((PORTAL / area).rglob("*.py")) - set(modules_of_texts(area)) - DESCRIPTION_OF_THE_API
    assert modules
    misplaced = {
        f"{area}/{path.name}:{line}: {text}"
        for path in modules
        for line, text in texts_of(ast.parse(path.read_text(encoding="utf-8")))
        if text not in FOR_PROGRAMS
    }
    assert misplaced == set()


@pytest.mark.parametrize("area", AREAS)
def test_texts_need_nothing_of_their_area(area: str) -> None:
    """So a translator reads one file: it imports no module of the portal except formats."""
    paths = modules_of_texts(area)
    assert bool(paths) != (area in WITHOUT_TEXTS)
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portal"):
            assert (node.module, [one.name for one in node.names]) == ("portal", ["formats"])


def test_a_text_in_a_module_is_noticed() -> None:
    code = '"""Docs of it."""\nflash(f"{login} is saved.")\nNAME = Field("Name")\nlogger.info("is hidden")\nA = "a-b"'
    assert [text for _, text in texts_of(ast.parse(code))] == ["x is saved.", "Name"]
