"""The files of sql/ in DuckDB's words, translated when they are written and not at every start.

`sql/duckdb.json` holds them by the digest of their text; `make docs` writes it, a test holds it against the files.
Other texts (queries with a scope in them) are translated when they come, by `dialect`.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources

FILE = "duckdb.json"


def to_duckdb(text: str) -> str:
    """As `dialect.to_duckdb`, without loading the translator for a text that shipped translated."""
    known = _shipped().get(_digest(text))
    if known is not None:
        return known
    from tillstream.adapters.local.googlesql.dialect import to_duckdb as translate

    return translate(text)


def translate_all(texts: Iterable[str]) -> str:
    """The content of `sql/duckdb.json` for these texts."""
    from tillstream.adapters.local.googlesql.dialect import to_duckdb as translate

    return json.dumps({_digest(text): translate(text) for text in texts}, indent=0, sort_keys=True) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _shipped() -> dict[str, str]:
    file = resources.files("sql").joinpath(FILE)
    shipped: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return shipped
