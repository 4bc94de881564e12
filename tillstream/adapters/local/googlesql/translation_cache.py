"""The files of sql/ translated to DuckDB SQL ahead of time, so that no start needs the translator.

`sql/duckdb.json` maps digests of the texts to translations; `make docs` writes it, and a test compares it with the
files. Other texts, such as queries with a scope, are translated on demand by `dialect`.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources

FILE = "duckdb.json"


def to_duckdb(text: str) -> str:
    """As `dialect.to_duckdb`, without loading the translator for texts that shipped translated."""
    translated = _shipped().get(_digest(text))
    if translated is not None:
        return translated
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
