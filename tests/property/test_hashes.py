"""The hashes of rows: the same for the same facts however they are laid out, and another for any other fact."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import md5
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tillstream.ledger.duckdb_ledger import KEY, RENUMBERED_KEY
from tillstream.model.columns import CONTENT, STAGED, ColumnKind
from tillstream.pipeline.rows.text_columns import arrow_schema, lines_schema
from tillstream.pipeline.staging.split_rows import HASH_SCHEMA, Hasher

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES: dict[ColumnKind, st.SearchStrategy[Any]] = {
    ColumnKind.STRING: TEXTS,
    ColumnKind.JSON: TEXTS,
    ColumnKind.DATE: st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    ColumnKind.TIMESTAMP: st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ColumnKind.NUMERIC: st.decimals(-(10**20), 10**20, places=9, allow_nan=False, allow_infinity=False),
}


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """A staged row: any content, with gaps, under a key that is there."""
    content = {column.name: draw(st.none() | VALUES[column.kind]) for column in CONTENT}
    number = draw(st.none() | TEXTS.filter(bool))
    return content | {"region": draw(TEXTS), "sale_id": draw(TEXTS), "line_key": number}


def hashes(rows: list[dict[str, Any]], schema: pa.Schema, blocks: int = 1) -> list[tuple[int, ...]]:
    hasher = Hasher()
    table = pa.table([pa.array([row.get(f.name) for row in rows], f.type) for f in schema], schema=schema)
    size = -(-len(rows) // blocks)
    parts = [hasher.with_hashes(table.slice(start, size)) for start in range(0, len(rows), size)]
    return [
        tuple(row.values()) for row in pa.concat_tables(part.select(HASH_SCHEMA.names) for part in parts).to_pylist()
    ]


@given(st.lists(lines(), min_size=1, max_size=5), st.integers(1, 5))
def test_the_layout_of_the_rows_changes_no_hash(rows: list[dict[str, Any]], blocks: int) -> None:
    hashed = hashes(rows, arrow_schema(STAGED))
    assert hashed == hashes(rows, lines_schema(STAGED), blocks)
    assert all(0 <= number < 2**63 for row in hashed for number in row)


@given(lines(), st.data())
def test_another_fact_is_another_content_and_the_same_key(row: dict[str, Any], data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(CONTENT))
    other = row | {column.name: data.draw((st.none() | VALUES[column.kind]).filter(lambda v: v != row[column.name]))}
    one, two = hashes([row, other], lines_schema(STAGED))
    assert one[3] != two[3]
    if row["line_key"] or not column.name.startswith(("product", "category")):
        assert one[:3] == two[:3]


@given(lines())
def test_key_and_sale_are_md5_of_their_texts(row: dict[str, Any]) -> None:
    ((high, low, sale, _),) = hashes([row], lines_schema(STAGED))
    names = (row[name] for name in ("product_id", "product_name", "category"))
    line = row["line_key"] or next((name for name in names if name is not None), "-") + "#1"
    of_sale, of_line = (
        int.from_bytes(md5("\x1f".join(parts).encode(), usedforsecurity=False).digest(), "little")
        for parts in ((row["region"], row["sale_id"]), ("line", line))
    )
    mask = 2**63 - 1
    key = of_sale ^ of_line
    assert (high, low, sale) == (key >> 64 & mask, key & mask, of_sale & mask)


def test_settle_makes_the_same_key_for_a_product_that_it_numbers() -> None:
    """A second line of a product is numbered there, by the same rule as the lines that come with a number."""
    row = {"region": "DE", "sale_id": "S1/ü7", "line_key": "tea#2", "net_amount": Decimal(1)}
    ((high, low, _, _),) = hashes([row], lines_schema(STAGED))
    with duckdb.connect() as connection:
        keys, staged = connection.execute(
            f"SELECT {RENUMBERED_KEY}, {KEY} FROM (SELECT 'DE' AS region, 'S1/ü7' AS sale_id, 'tea' AS product, "
            f"2 AS n, {high} AS key_high, {low} AS key_low) AS s"
        ).fetchone() or (0, 1)
    assert keys == staged == high * 2**64 + low
