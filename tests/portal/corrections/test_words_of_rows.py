"""A row with an error has one name wherever people read of it: row to fix."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tillstream.alerts.kinds import KINDS
from tillstream.model.problems import CATALOGUE

ROOT = Path(__file__).resolve().parents[3]
OTHER_NAMES = re.compile(
    r"in quarantine|quarantined (row|sale)|(rejected|refused) rows?\b|rows? (is|are|was|were) re(jected|fused)",
    re.IGNORECASE,
)
TAGS = re.compile(r"\{[{%#].*?[}%#]\}|<[^>]*>", re.DOTALL)
TEXTS = [*ROOT.glob("portal/**/*.py"), *ROOT.glob("tillstream/commands/*.py")]


def strings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docstrings:
            yield node.value


@pytest.mark.parametrize("kind", ["pages", "texts"])
def test_a_row_with_an_error_has_one_name(kind: str) -> None:
    if kind == "pages":
        shown = {path: [TAGS.sub(" ", path.read_text(encoding="utf-8"))] for path in ROOT.glob("portal/**/*.html")}
    else:
        shown = {path: list(strings(path)) for path in TEXTS}
    assert len(shown) > 40
    assert {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, several in shown.items()
        for text in several
        for match in OTHER_NAMES.finditer(text)
    } == set()


def test_problems_and_alerts_have_that_name_too() -> None:
    texts = [text for one in CATALOGUE.values() for text in (one.title, one.message, one.remedy)]
    texts += [text for one in KINDS.values() for text in (one.label, one.description)]
    assert [text for text in texts if OTHER_NAMES.search(text)] == []
