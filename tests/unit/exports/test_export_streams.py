"""CSV and JSON lines, written from columns, state what a conversion of each value does."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tillstream.analytics.json_values import to_json
from tillstream.exports import streams
from tillstream.exports.table import SLICE, slices, table_of

COLUMNS: dict[str, pa.Array] = {
    "name": pa.array(["Käse", None, 'a "quoted"\nline', ""]),
    "amount": pa.array([Decimal(0), Decimal("0.000000001"), None, Decimal("-1200.50")], pa.decimal128(38, 9)),
    "units": pa.array([1, None, -3, 2**60]),
    "share": pa.array([0.5, None, -1e-7, 1e21]),
    "complete": pa.array([True, False, None, True]),
    "day": pa.array([date(2026, 2, 28), None, date(1899, 12, 31), date(9999, 12, 31)]),
    "at": pa.array(
        [
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            datetime(2026, 1, 2, 3, 4, 5, 120, tzinfo=UTC),
            None,
            datetime(1899, 1, 1, 23, 59, 59, 500_000, tzinfo=UTC),
        ],
        pa.timestamp("us", "UTC"),
    ),
    "local": pa.array([datetime.fromisoformat("2026-01-02T03:00"), None, None, None], pa.timestamp("us")),
    "list": pa.array([["a", "b"], None, [], ["c"]]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_json_lines_are_the_converted_values(name: str) -> None:
    table = pa.table({name: COLUMNS[name]})
    expected = [{name: to_json(value)} for value in COLUMNS[name].to_pylist()]
    assert _objects(table) == expected


def test_rows_of_a_large_batch_keep_their_order() -> None:
    numbers = pa.table({"number": pa.array(range(2 * SLICE + 5))})
    assert [row["number"] for row in _objects(numbers)] == list(range(2 * SLICE + 5))
    lines = b"".join(streams.csv(table_of("numbers", numbers.to_batches()))).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(lines))][1:] == [str(number) for number in range(2 * SLICE + 5)]
    assert max(batch.num_rows for batch in slices(numbers.to_batches())) == SLICE


def test_a_table_without_rows_is_one_empty_batch() -> None:
    empty = pa.RecordBatch.from_pylist([], pa.schema([("a", pa.string())]))
    assert [batch.num_rows for batch in slices([empty])] == [0]


def _objects(table: pa.Table) -> list[Any]:
    text = b"".join(streams.jsonl(table_of("rows", table.to_batches()))).decode()
    return [json.loads(line) for line in text.split("\n")[:-1]]
