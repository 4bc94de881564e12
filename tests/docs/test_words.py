"""Names in the code are the field's terms, without words of a private dialect."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tillstream", "portal", "functions", "infra", "devtools", "sql", "looker", "bench", "till", "docs/generate")
BANNED = {
    *("told", "tell", "said", "say", "asked", "given", "made", "found", "seen", "known", "looked", "whose", "anew"),
    *("stands", "lies", "beside", "otherwise", "whereabouts", "manner", "ways"),
    *("deed", "desk", "hear", "hears", "heard", "lent", "sending", "stranger"),
}
BANNED_IN_TEST_NAMES = {
    *("told", "tell", "tells", "telling", "said", "say", "says", "speak", "speaks", "ask", "asks", "asked", "anew"),
    *("hear", "hears", "heard", "stand", "stands", "whom", "whoever", "nobody", "somebody", "anybody", "stranger"),
}
ALLOWED = {
    "KnownValue": "a value that the ledger has for a column, beside suggestions that it has not",
    "Made": "the class is named in the schema of contracts",
    "NOT_FOUND": "gcloud's word",
    "NotFound": "the term of HTTP",
    "SENDING": "see sending_id",
    "given_password": "stored in accounts",
    "last_seen": "stored in accounts",
    "made": "a key of contracts",
    "made_at": "stored in backups",
    "made_of": "a key of contracts",
    "seen": "stored in drafts",
    "seen_at": "stored in sessions",
    "sending_id": "a parameter of published addresses",
    "tell": "a method of Python's streams",
}


def names(tree: ast.AST) -> Iterator[str]:
    """Names that the code defines: functions, classes, parameters, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def defined_in(files: list[Path], banned: set[str]) -> set[tuple[str, str]]:
    """File and name of what the files define; files without a name that holds one of the words are left out."""
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    return {
        (path.relative_to(ROOT).as_posix(), name)
        for path, text in texts.items()
        if any(words(name) & banned for name in compiled_names(compile(text, str(path), "exec", dont_inherit=True)))
        for name in names(ast.parse(text))
    }


def compiled_names(code: CodeType) -> set[str]:
    """Every name that the code has, and texts that could be one: compiling takes a quarter of the time of parsing."""
    texts = {each for each in code.co_consts if isinstance(each, str) and each.isidentifier()}
    within = [compiled_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return texts.union((code.co_name,), code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars, *within)


@cache
def words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def test_words_are_the_parts_of_a_name() -> None:
    assert words("NotFound") == {"not", "found"}
    assert words("_MADE_FROM") == {"made", "from"}
    assert words("mapped_columns2") == {"mapped", "columns"}


def test_no_name_holds_a_banned_word() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 400
    banned = {(path, name) for path, name in defined_in(files, BANNED) if words(name) & BANNED}
    assert {name for _, name in banned} >= set(ALLOWED), "an exception that is no longer needed"
    assert {(path, name) for path, name in banned if name not in ALLOWED} == set()


def test_no_name_of_the_tests_holds_a_banned_word() -> None:
    files = list((ROOT / "tests").rglob("*.py"))
    assert len(files) > 250
    assert {
        (path, name)
        for path, name in defined_in(files, BANNED | BANNED_IN_TEST_NAMES)
        if words(name) & (BANNED_IN_TEST_NAMES if name.startswith("test_") else BANNED)
    } == set()
