"""The script of one settlement: `sql/ledger/settle.bigquery.sql`, filled in.

Its inputs are inlined as literals, so that one text is a whole settlement that can be read, analysed and sent again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sql as catalogue
from tillstream.adapters.google.bigquery.literals import literal, string_array
from tillstream.adapters.google.bigquery.settle_hashes import (
    FROM_STAGED,
    RENUMBERED,
    SALE_HEX,
    STORE_DAY_HEX,
    half_of_md5,
)
from tillstream.adapters.google.bigquery.tables import OWN, TYPES
from tillstream.domain.columns import CONTENT, Column
from tillstream.domain.tables import REJECTED_ROWS, STAGED_LINES, TABLES, Field

PRODUCT = "COALESCE(s.product_id, s.product_name, s.category, '-')"
ORDER_GROUP_KEY = (
    "IF(s.status NOT IN ('cancelled', 'returned'), TO_JSON_STRING(STRUCT("
    "s.store_id, s.salesperson_id, s.channel, s.status, s.sale_date, s.country)), NULL)"
)
"""Columns that the lines of an order have in common in most sales."""
BATCH_FIELDS: Mapping[str, str] = {
    "wave": "INT64", "batch_id": "STRING", "kind": "STRING", "source": "STRING", "region": "STRING",
    "contract": "STRING", "contract_version": "INT64", "file": "STRING", "sha256": "STRING", "received_seq": "INT64",
    "as_new": "BOOL", "fix_number": "INT64", "parent": "STRING", "root": "STRING", "replaces": "STRING",
    "rules": "STRING", "rows_read": "INT64", "rows_blank": "INT64", "rows_ignored": "INT64", "problems": "STRING",
    "confirmed": "STRING",
}  # fmt: skip
"""Fields of each batch that the script receives. `root`: the batch that a correction belongs to."""
_GREATEST = 9_223_372_036_854_775_807
_NAMED = re.compile(r"\b(?P<before>(?:FROM|JOIN|INTO|UPDATE)\s+)(?P<name>\w+)\b")
_TYPES = {"INTEGER": "INT64", "BOOLEAN": "BOOL"}


@dataclass(frozen=True)
class Steps:
    """The inputs of one settlement. Waves are counted from 1; wave 0 undoes."""

    settlement_no: int
    epoch: int
    request_id: str
    undo: Sequence[str] = ()
    batches: Sequence[Mapping[str, Any]] = ()
    staged: Mapping[str, str] = field(default_factory=dict)
    """Batch id → the table that its accepted rows were loaded into."""
    staged_refusals: Mapping[str, str] = field(default_factory=dict)
    check_duplicate_bytes: Sequence[int] = ()
    """Waves whose batch is held if another contract has read the same bytes."""
    check_overlaps: Sequence[int] = ()
    corrections: Sequence[int] = ()
    complete_statements: Sequence[int] = ()


@dataclass(frozen=True)
class PreviewQuery:
    """A query of a preview with its parameters inlined, and its column names."""

    sql: str
    columns: Sequence[str]


def script(steps: Steps, dataset: str, *, keep: bool, preview_queries: Sequence[PreviewQuery] = ()) -> str:
    """The script of a settlement. keep: commit it; otherwise it is rolled back once the queries are answered."""
    wave_of = {batch["batch_id"]: batch["wave"] for batch in steps.batches}
    return in_dataset(_template(), dataset).format_map(
        {
            **_derived(),
            "first_wave": 0 if steps.undo else 1,
            "last_wave": max(wave_of.values(), default=0),
            "declared_answers": "\n".join(f"DECLARE answer_{n} ARRAY<STRING>;" for n in range(len(preview_queries))),
            "new_batches": _batch_array(steps.batches),
            "staged": _staged(STAGED_LINES, steps.staged, dataset),
            "staged_refusals": _staged(REJECTED_ROWS, steps.staged_refusals, dataset),
            "epoch": steps.epoch,
            "undo": string_array(steps.undo),
            "settlement_no": steps.settlement_no,
            "request_id": literal(steps.request_id),
            "maybe_known_bytes": _waves(steps.check_duplicate_bytes),
            "maybe_overlaps": _waves(steps.check_overlaps),
            "corrections": _waves(steps.corrections),
            "complete_statements": _waves(steps.complete_statements),
            "refusing": _waves({wave_of[batch] for batch in steps.staged_refusals}),
            "answers": "\n".join(_answer_statement(n, query, dataset) for n, query in enumerate(preview_queries)),
            "answered": "".join(f", answer_{n} AS answer_{n}" for n in range(len(preview_queries))),
            "ending": "COMMIT" if keep else "ROLLBACK",
        }
    )


def in_dataset(text: str, dataset: str) -> str:
    """Qualify the names of the dataset's tables and views; temporary tables stay unqualified."""
    qualified = _dataset_names()
    return _NAMED.sub(lambda m: f"{m['before']}`{dataset}`.{m['name']}" if m["name"] in qualified else m[0], text)


@lru_cache(maxsize=1)
def _dataset_names() -> frozenset[str]:
    return frozenset({*TABLES, *OWN, *(name for name, _ in catalogue.views())})


# ---- inputs of the script --------------------------------------------------------------------------------------------


def _batch_array(batches: Sequence[Mapping[str, Any]]) -> str:
    kinds = ", ".join(f"{name} {kind}" for name, kind in BATCH_FIELDS.items())
    rows = ",\n".join(f"({', '.join(literal(batch[name]) for name in BATCH_FIELDS)})" for batch in batches)
    return f"ARRAY<STRUCT<{kinds}>>[\n{rows}\n]"


def _staged(columns: Sequence[Field | Column], tables: Mapping[str, str], dataset: str) -> str:
    """One SELECT per batch, after an empty one that sets the column types."""
    typed = ", ".join(f"CAST(NULL AS {_type(column)}) AS {column.name}" for column in columns)
    names = ", ".join(column.name for column in columns)
    parts = [f"SELECT CAST(NULL AS STRING) AS batch_id, {typed} FROM (SELECT 0 AS row_no) WHERE row_no > 0"]
    parts += [f"SELECT {literal(batch)}, {names} FROM `{dataset}`.`{table}`" for batch, table in tables.items()]
    return "\nUNION ALL\n".join(parts)


def _type(column: Field | Column) -> str:
    kind = TYPES[column.kind]
    return _TYPES.get(kind, kind)


def _waves(waves: Iterable[int]) -> str:
    """An array literal that is never empty: an empty one has no type."""
    return f"[{', '.join(map(str, [-1, *sorted(waves)]))}]"


def _answer_statement(number: int, query: PreviewQuery, dataset: str) -> str:
    """Store each row as a JSON array of strings: only variables survive the rollback of the transaction."""
    cells = ", ".join(f"CAST(answer.{name} AS STRING)" for name in query.columns)
    select = in_dataset(query.sql, dataset)
    return f"SET answer_{number} = (\n  SELECT ARRAY_AGG(TO_JSON_STRING([{cells}])) FROM (\n{select}\n  ) AS answer\n);"


# ---- derived from the column list -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _template() -> str:
    """The script with the steps of `resolve_winner` inserted."""
    settle, resolve_winner = (catalogue.text(f"ledger/{name}.bigquery") for name in ("settle", "resolve_winner"))
    return settle.replace("{resolve_winner}\n", resolve_winner).replace("{batch_values}", _batch_values())


@lru_cache(maxsize=1)
def _derived() -> Mapping[str, str]:
    names = [column.name for column in CONTENT]
    compared = [name for name in names if name != "extra"]
    observation = ("s.rank", "s.source_version", "COALESCE(s.received_seq, b.place_seq)", "b.contract_version")
    staged = ("s.rank", "s.source_version", "s.place", "s.contract_version")
    return {
        "product": PRODUCT,
        "order_group_key": ORDER_GROUP_KEY,
        "sale_hex": SALE_HEX,
        "store_day_hex": STORE_DAY_HEX,
        "store_day_number": half_of_md5("store_day_hex"),
        "sale_number": half_of_md5("sale_hex"),
        "key": FROM_STAGED,
        "renumbered_key": RENUMBERED,
        "content_order": ", ".join(f"s.{name}" for name in names),
        "content_columns": ", ".join(f"a.{name}" for name in names),
        "batch_columns": ", ".join(_batch_columns()),
        "sighting_columns": ", ".join(column.name for column in TABLES["sightings"]),
        "refusal_columns": ", ".join(column.name for column in TABLES["refusals"]),
        "version_columns": ", ".join(column.name for column in TABLES["sale_versions"]),
        "precedence": _effective_at(*observation),
        "sighting_place": _place(*observation),
        "placed_at": _place(*staged),
        "differences": f"COALESCE(ARRAY_TO_STRING([{', '.join(map(_difference, compared))}], '; '), '')",
        "first_different_column": _first_different({name: f"'{name}'" for name in compared}),
        "first_different_value": _first_different({name: _as_string("s", name) for name in compared}),
    }


def _batch_columns() -> list[str]:
    return [column.name for column in TABLES["batches"] if column.name != "undone_no"]


def _batch_values() -> str:
    own = {
        "batch_no": "i.own_no",
        "replaces": "i.scope_type",
        "repeated_lines": "r.repeated_lines",
        "removed": "0",
        "settlement_no": "{settlement_no}",
    }
    return ", ".join(own.get(name, f"i.{name}") for name in _batch_columns())


def _effective_at(rank: str, version: str, place: str, contract_version: str) -> str:
    """SQL for the precedence of contents as sortable text; of equal source versions, the first received is greatest."""
    parts = (version, _earliest_first(version, place), contract_version)
    return f"CONCAT(CAST({rank} AS STRING), {', '.join(map(_padded, parts))})"


def _place(rank: str, version: str, place: str, contract_version: str) -> str:
    effective_at = _effective_at(rank, version, place, contract_version)
    return f"CONCAT({effective_at}, {_padded('s.fix_number')}, {_padded(_earliest_first(version, 's.row_number'))})"


def _earliest_first(version: str, place: str) -> str:
    return f"IF({version} > 0, {_GREATEST} - {place}, {place})"


def _padded(value: str) -> str:
    return f"LPAD(CAST({value} AS STRING), 19, '0')"


def _differs(name: str) -> str:
    return f"s.{name} <> v.{name}"


def _as_string(side: str, name: str) -> str:
    return f"CAST({side}.{name} AS STRING)"


def _difference(name: str) -> str:
    description = f"CONCAT('{name} ', {_as_string('v', name)}, ' there, ', {_as_string('s', name)}, ' here')"
    return f"IF({_differs(name)}, {description}, NULL)"


def _first_different(values: Mapping[str, str]) -> str:
    return f"COALESCE({', '.join(f'IF({_differs(name)}, {value}, NULL)' for name, value in values.items())})"
