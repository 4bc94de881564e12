"""The views of sql/ as BigQuery stores them.

A stored view has no default dataset, so the names in it are qualified; its digest decides whether it must be replaced.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

import sql as catalogue
from sql import BIGQUERY_VIEWS
from tillstream.domain.tables import TABLES, column_descriptions

_NAME = re.compile(r"\b(?P<before>(?:FROM|JOIN|VIEW)\s+)(?P<name>\w+)\b")


@dataclass(frozen=True)
class View:
    name: str
    statement: str
    """CREATE OR REPLACE VIEW, in one dataset."""
    description: str
    columns: Mapping[str, str]
    """Column → its description."""
    digest: str
    """Digest of its text and of everything that it reads: a view has the columns of its tables at creation."""


def views(dataset: str, tables: Mapping[str, str]) -> Iterator[View]:
    """Every view, in order of creation. tables: name → digest of its columns."""
    digests = dict(tables)
    descriptions = {
        field.name: field.description for fields in TABLES.values() for field in fields
    } | column_descriptions()
    for path, (name, text) in zip(BIGQUERY_VIEWS, catalogue.views(BIGQUERY_VIEWS), strict=True):
        inputs = {match["name"] for match in _NAME.finditer(text)} & digests.keys()
        digests[name] = _digest(text, *(digests[other] for other in sorted(inputs)))
        columns = {column: column_doc.words for column, column_doc in catalogue.columns_of(path, descriptions).items()}
        yield View(name, _in_dataset(text, dataset, {name, *inputs}), _header(text), columns, digests[name])


def _in_dataset(text: str, dataset: str, names: set[str]) -> str:
    """Qualify these names in the text; names of its own WITH clauses stay."""
    return _NAME.sub(
        lambda match: f"{match['before']}`{dataset}`.{match['name']}" if match["name"] in names else match[0], text
    )


def _header(text: str) -> str:
    """The leading comment of the file, up to its column descriptions."""
    lines = takewhile(lambda line: line.startswith("--") and not line.startswith("-- - "), text.splitlines())
    return "\n".join(line.removeprefix("--").strip() for line in lines)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
