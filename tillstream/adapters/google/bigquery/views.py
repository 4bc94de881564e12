"""The views of sql/ as BigQuery keeps them.

A view knows no default dataset, so what it reads is named with its own; a digest tells whether it must be made anew.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

import sql as catalogue
from tillstream.domain.tables import TABLES, column_words

_NAMED = re.compile(r"\b(?P<before>(?:FROM|JOIN|VIEW)\s+)(?P<name>\w+)\b")


@dataclass(frozen=True)
class View:
    name: str
    statement: str
    """CREATE OR REPLACE VIEW, in one dataset."""
    description: str
    columns: Mapping[str, str]
    """Column → what it says."""
    digest: str
    """Of its text and of all that it reads: a view shows the columns that were there when it was made."""


def views(dataset: str, tables: Mapping[str, str]) -> Iterator[View]:
    """Every view in the order to make them. tables: each with a digest of its columns."""
    digests = dict(tables)
    words = {field.name: field.description for fields in TABLES.values() for field in fields} | column_words()
    for path, (name, text) in zip(catalogue.VIEWS, catalogue.views(), strict=True):
        read = {match["name"] for match in _NAMED.finditer(text)} & digests.keys()
        digests[name] = _digest(text, *(digests[other] for other in sorted(read)))
        columns = {column: said.words for column, said in catalogue.columns_of(path, words).items()}
        yield View(name, _in_dataset(text, dataset, {name, *read}), _header(text), columns, digests[name])


def _in_dataset(text: str, dataset: str, names: set[str]) -> str:
    """The text with these names in full; those of its own WITH are others."""
    return _NAMED.sub(
        lambda match: f"{match['before']}`{dataset}`.{match['name']}" if match["name"] in names else match[0], text
    )


def _header(text: str) -> str:
    """What the file opens with, before it describes its columns."""
    lines = takewhile(lambda line: line.startswith("--") and not line.startswith("-- - "), text.splitlines())
    return "\n".join(line.removeprefix("--").strip() for line in lines)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
