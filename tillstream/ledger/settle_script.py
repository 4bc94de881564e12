"""The named statements of `sql/ledger/settle.duckdb.sql`, with the column list filled in; run on a connection."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import duckdb

from tillstream.model.columns import CONTENT

UNIT = "chr(31)"
PRODUCT = "COALESCE(s.product_id, s.product_name, s.category, '-')"
ORDER_GROUP_KEY = (
    "CASE WHEN s.status NOT IN ('cancelled', 'returned') "
    "THEN hash(s.store_id, s.salesperson_id, s.channel, s.status, s.sale_date, s.country) END"
)
"""Columns that the lines of an order have in common in most sales; never stored, so any hash function will do."""
LEADS = "CASE WHEN l.row_number IS NOT NULL THEN 1 WHEN o.sale IN (SELECT sale FROM mixed_sales) THEN 2 ELSE 0 END"
LOW = "9223372036854775807"
"""Mask of the 63 bits of a hash."""
KEY = "CAST(s.key_high AS UHUGEINT) * 18446744073709551616 + CAST(s.key_low AS UHUGEINT)"
LINE, PRODUCT_NUMBER = "'line'", "product || '#' || n"
BOTH = f"({LOW}::UHUGEINT * 18446744073709551616 + {LOW}::UHUGEINT)"


def _md5(*parts: str) -> str:
    return f"md5_number(concat({f', {UNIT}, '.join(parts)}))"


RENUMBERED_KEY = f"xor({_md5('region', 'sale_id')}, {_md5(LINE, PRODUCT_NUMBER)}) & {BOTH}"


def _hash(*parts: str) -> str:
    """SQL for a hash, as `pipeline.staging.split_rows` computes it for strings."""
    return f"CAST({_md5(*parts)} & {LOW}::UHUGEINT AS BIGINT)"


def _difference(name: str) -> str:
    return (
        f"IF(s.{name} <> v.{name}, {{'column': '{name}', 'here': CAST(s.{name} AS VARCHAR), "
        f"'there': CAST(v.{name} AS VARCHAR)}}, NULL)"
    )


@lru_cache(maxsize=1)
def statements() -> Mapping[str, str]:
    """The named statements of the settle script, with the expressions derived from the column list filled in."""
    ledger = resources.files("sql").joinpath("ledger")
    files = ("settle.duckdb.sql", "write_scope.duckdb.sql", "leads.duckdb.sql")
    script = "\n".join(ledger.joinpath(file).read_text(encoding="utf-8") for file in files)
    names = [column.name for column in CONTENT]
    filled = script.format(
        product=PRODUCT,
        own_product=PRODUCT.replace("s.", "o."),
        order_group_key=ORDER_GROUP_KEY,
        leads=LEADS,
        sale_hash=_hash("s.region", "s.sale_id"),
        store_day_hash=_hash("s.region", "COALESCE(s.store_id, chr(0))", "CAST(s.sale_date AS VARCHAR)"),
        key=KEY,
        renumbered_key=RENUMBERED_KEY,
        content_order=", ".join(f"s.{name} NULLS FIRST" for name in names),
        content_columns=", ".join(f"s.{name}" for name in names),
        own_columns=", ".join(f"o.{name}" for name in names),
        differences=", ".join(_difference(name) for name in names if name != "extra"),
    )
    parts = re.split(r"^-- name: (\w+)\n", filled, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


class ScriptRunner:
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def run(self, step: str, **params: Any) -> None:
        self.cursor.execute(statements()[step], params or None)

    def exists(self, source: str) -> bool:
        """Whether `SELECT … FROM source` has a row."""
        return self.cursor.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None

    def rows(self, step: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.cursor.execute(statements()[step]).fetchall()
        return rows

    def number(self, sql: str) -> int:
        row = self.cursor.execute(sql).fetchone()
        return int(row[0]) if row else 0
