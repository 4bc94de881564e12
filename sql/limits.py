"""Queries on some rows of tables: BigQuery reads only the partitions that constant conditions select."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import sql

NO_DAY = date.min
"""The day of a list that selects nothing: an empty array has no type, and BigQuery reads all partitions for it."""
EVERY_LINE: Mapping[str, object] = {
    "lines": [], "products": [], "every_line": True, "stores": [], "every_store": True,
}  # fmt: skip
"""Parameters of sql/forecasts/units and sql/restock/first_sales for all products in stores."""
_HEADER = re.compile(r"\A(?:\s*--[^\n]*\n)*\s*(?:CREATE OR REPLACE VIEW \w+ AS\s+)?")
_WITH = re.compile(r"\AWITH\b\s*")
_READ = re.compile(r"\b(FROM|JOIN)\s+(\w+)\b( AS\b)?")
"""A relation that is read. One pattern for all names: to compile one for each view took a tenth of a small load."""


def limited(text: str, rows: Mapping[str, str]) -> str:
    """Return `text` as a query that reads only some rows of tables, also through the views of this package.

    rows: table, or view that is a table for the others → SELECT of its rows. Views that read one of them become CTEs of
    the query, after a CTE for each of them.
    """
    selects = dict(_limited_selects(rows))
    body = _read_limited(_HEADER.sub("", text, count=1), selects)
    reads = _limited_reads(body, selects)
    ctes = ",\n".join(f"limited_{name} AS (\n{select}\n)" for name, select in selects.items() if name in reads)
    if not ctes:
        return body
    return f"WITH\n{ctes},\n{body[own.end() :]}" if (own := _WITH.match(body)) else f"WITH\n{ctes}\n{body}"


def where(conditions: Mapping[str, str]) -> dict[str, str]:
    """Return the rows for `limited` of tables with a condition each."""
    return {table: f"SELECT * FROM {table} WHERE {condition}" for table, condition in conditions.items()}


def _limited_selects(rows: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and SELECT of each limited table, then of each view that reads one of them."""
    names = list(rows)
    yield from rows.items()
    for view, definition in sql.views():
        select = _HEADER.sub("", definition, count=1).rstrip()
        limited_select = _read_limited(select, names)
        if limited_select != select:
            names.append(view)
            yield view, limited_select


def _read_limited(text: str, names: Iterable[str]) -> str:
    """Replace the relations that are read; each keeps its name in the query."""
    limited_names = frozenset(names)

    def limited_read(match: re.Match[str]) -> str:
        keyword, name, alias = match.groups()
        return f"{keyword} limited_{name}{alias or f' AS {name}'}" if name in limited_names else match[0]

    return _READ.sub(limited_read, text)


def _limited_reads(body: str, selects: Mapping[str, str]) -> set[str]:
    """The limited relations that a query reads, directly or through others."""
    reads: set[str] = set()
    texts = [body]
    while texts:
        new = set(re.findall(r"\blimited_(\w+)\b", texts.pop())) - reads
        reads |= new
        texts += [selects[name] for name in new]
    return reads
