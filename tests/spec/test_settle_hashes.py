"""The hashes that a settlement makes in GoogleSQL are those that stage makes in Python, bit by bit."""

from random import Random

import pyarrow as pa
from googlesql import Judge

from tillstream.adapters.google.bigquery.literals import literal
from tillstream.adapters.google.bigquery.settle_hashes import RENUMBERED, SALE_HEX, half_of_md5, md5_hex
from tillstream.domain.columns import STAGED
from tillstream.pipeline.staging.hashes import Hasher

SIGNS = "aZ09 #/-'\\é漢\n\"😀"
MANY = 300


def test_keys_and_sales_are_equal_in_both(judge: Judge) -> None:
    rng = Random(7)
    rows = [
        (*("".join(rng.choices(SIGNS, k=rng.randint(1, 9))) for _ in range(3)), rng.randint(2, 2000))
        for _ in range(MANY)
    ]
    structs = ",\n".join(f"({place}, {', '.join(map(literal, row))})" for place, row in enumerate(rows))
    columns = "place INT64, region STRING, sale_id STRING, product STRING, n INT64"
    line_hex = md5_hex("'line'", "CONCAT(s.product, '#', CAST(s.n AS STRING))")
    _, google_rows = judge.answer(
        f"WITH hashed AS (SELECT s.place, {SALE_HEX} AS sale_hex, {line_hex} AS line_hex "
        f"FROM UNNEST(ARRAY<STRUCT<{columns}>>[{structs}]) AS s) "
        f"SELECT {half_of_md5('sale_hex')} AS sale, TO_HEX({RENUMBERED}) AS key FROM hashed ORDER BY place"
    )
    values = {
        "region": [row[0] for row in rows],
        "sale_id": [row[1] for row in rows],
        "line_key": [f"{row[2]}#{row[3]}" for row in rows],
    }
    empty = {column.name: pa.nulls(MANY, pa.string()) for column in STAGED}
    hashed = Hasher().with_hashes(pa.table(empty | values)).to_pylist()
    assert google_rows == [(row["sale"], f"{row['key_high']:016x}{row['key_low']:016x}") for row in hashed]
