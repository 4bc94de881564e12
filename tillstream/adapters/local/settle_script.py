"""Local adapter room: the named statements of `sql/ledger/settle.duckdb.sql`, filled in from the column list."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from tillstream.domain.columns import CONTENT, Kind

UNIT = "chr(31)"
PRODUCT = "COALESCE(s.product_id, s.product_name, s.category, '-')"
WHEREABOUTS = (
    "CASE WHEN s.status NOT IN ('cancelled', 'returned') "
    "THEN hash(s.store_id, s.salesperson_id, s.channel, s.status, s.sale_date, s.country) END"
)
"""What lines that count as order have in common in most sales; never stored, so any hash will do."""
LEADS = "CASE WHEN l.row_number IS NOT NULL THEN 1 WHEN o.sale IN (SELECT sale FROM mixed_sales) THEN 2 ELSE 0 END"


def _text(name: str, kind: Kind) -> str:
    """The canonical text of a content column: NULL is chr(0), an instant its microseconds."""
    plain = f"epoch_us(s.{name})" if kind is Kind.TIMESTAMP else f"s.{name}"
    return f"COALESCE(CAST({plain} AS VARCHAR), chr(0))"


def _hash(*parts: str) -> str:
    return f"CAST(md5_number(concat({f', {UNIT}, '.join(parts)})) & 18446744073709551615 AS UBIGINT)"


def _difference(name: str) -> str:
    return (
        f"IF(s.{name} <> v.{name}, {{'column': '{name}', 'here': CAST(s.{name} AS VARCHAR), "
        f"'there': CAST(v.{name} AS VARCHAR)}}, NULL)"
    )


@lru_cache(maxsize=1)
def statements() -> Mapping[str, str]:
    """The named statements of the settle script, with the expressions that derive from the column list filled in."""
    ledger = resources.files("sql").joinpath("ledger")
    files = ("settle.duckdb.sql", "leads.duckdb.sql")
    script = "\n".join(ledger.joinpath(file).read_text(encoding="utf-8") for file in files)
    names = [column.name for column in CONTENT]
    filled = script.format(
        product=PRODUCT,
        whereabouts=WHEREABOUTS,
        leads=LEADS,
        sale_hash=_hash("s.region", "s.sale_id"),
        store_day_hash=_hash("s.region", "COALESCE(s.store_id, chr(0))", "CAST(s.sale_date AS VARCHAR)"),
        content_hash=_hash(*(_text(column.name, column.kind) for column in CONTENT)),
        key_hash=f"md5_number(concat(s.region, {UNIT}, s.sale_id, {UNIT}, COALESCE(s.line_key, {PRODUCT} || '#1')))",
        renumbered_key=f"md5_number(concat(region, {UNIT}, sale_id, {UNIT}, product || '#' || n))",
        content_order=", ".join(f"s.{name} NULLS FIRST" for name in names),
        content_columns=", ".join(f"s.{name}" for name in names),
        differences=", ".join(_difference(name) for name in names if name != "extra"),
    )
    parts = re.split(r"^-- name: (\w+)\n", filled, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
