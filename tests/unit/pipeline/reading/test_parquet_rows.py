"""Values of Parquet files become texts that lose nothing."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block
from tillstream.pipeline.rows.text_columns import TEXT


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def read(data: bytes, **how: Any) -> list[Block]:
    return list(read_blocks(lambda: io.BytesIO(data), ReadOptions(**how)))


VALUES: list[tuple[pa.DataType, Any, str]] = [
    (pa.string(), "007", "007"),
    (pa.dictionary(pa.int8(), pa.string()), "é", "é"),
    (pa.int64(), 12557, "12557"),
    (pa.uint64(), 18446744073709551615, "18446744073709551615"),
    (pa.float64(), 12557.0, "12557"),
    (pa.float64(), 1e-7, "0.0000001"),
    (pa.float64(), 0.1 + 0.2, "0.30000000000000004"),
    (pa.float32(), 1.1, "1.1"),
    (pa.decimal128(38, 9), Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
    (pa.decimal128(10, 2), Decimal("1.10"), "1.1"),
    (pa.bool_(), True, "true"),
    (pa.date32(), date(2026, 1, 5), "2026-01-05"),
    (pa.timestamp("ms"), datetime(2026, 1, 5, 13, 0, 1, 500000), "2026-01-05T13:00:01.5"),  # noqa: DTZ001
    (pa.timestamp("us", "Europe/Berlin"), datetime(2026, 1, 5, 12, tzinfo=UTC), "2026-01-05T13:00:00+01:00"),
    (pa.timestamp("ns"), 1_000_000_001, "1970-01-01T00:00:01.000000001"),
    (pa.time64("us"), time(13, 5), "13:05:00"),
    (pa.duration("s"), timedelta(hours=30), "30:00:00"),
    (pa.binary(), b"caf\xc3\xa9", "café"),
    (pa.list_(pa.int64()), [1, 2], "[1, 2]"),
    (pa.null(), None, ""),
]


@pytest.mark.parametrize(("kind", "value", "text"), VALUES, ids=[f"{kind} {text}" for kind, _, text in VALUES])
def test_a_value_is_written_out_whole(kind: pa.DataType, value: Any, text: str) -> None:
    table = pa.table({"No": ["1", "2"], "V": pa.array([value, None], kind)})
    (block,) = read(parquet(table))
    assert block.cells.schema.types == [TEXT, TEXT]
    assert block.cells.to_pylist() == [{"No": "1", "V": text}, {"No": "2", "V": ""}]
    assert block.raw(1) == "2,"


def test_numbers_have_the_decimal_sign_of_the_contract() -> None:
    table = pa.table({"V": [1.5, 2.0], "W": pa.array([Decimal("1.10"), None]), "T": ["1.5", "x"]})
    (block,) = read(parquet(table), decimal=",", style=FileStyle(delimiter=";"))
    assert block.cells.to_pylist()[0] == {"V": "1,5", "W": "1,1", "T": "1.5"}
    assert block.raw(0) == "1,5;1,1;1.5"


def test_rows_are_numbered_over_all_groups_and_those_without_any_value_are_blank() -> None:
    table = pa.table({"No": pa.array([*range(70_000), None, 70_001])})
    blocks = read(parquet(table, row_group_size=30_000))
    assert sum(each.blank for each in blocks) == 1
    assert [int(number) for each in blocks for number in each.row_number] == [*range(1, 70_001), 70_002]


def test_a_row_with_bytes_that_are_no_text_is_refused() -> None:
    (block,) = read(parquet(pa.table({"No": ["1", "2"], "V": pa.array([b"\xff", b"ok"])})))
    assert block.cells.to_pylist() == [{"No": "2", "V": "ok"}]
    assert [(row.line_number, row.code, row.raw) for row in block.unreadable] == [(1, "undecodable-text", "1,\\xff")]
    assert block.raw(0) == "2,ok"


def test_a_file_without_rows_has_its_columns() -> None:
    (block,) = read(parquet(pa.table({"No": pa.array([], pa.int64()), "L": pa.array([], pa.list_(pa.int8()))})))
    assert (block.cells.column_names, block.cells.num_rows) == (["No", "L"], 0)


def test_a_damaged_file_and_one_that_grows_without_end_are_refused() -> None:
    data = parquet(pa.table({"No": ["1"] * 100_000}))
    with pytest.raises(UnreadableFile, match="damaged"):
        read(data[: len(data) // 2])
    with pytest.raises(UnreadableFile, match="unpacked_ratio"):
        read(data, limits=replace(LIMITS, free_bytes=1 << 10, ratio=20))
    with pytest.raises(UnreadableFile, match=r"file\.max_columns"):
        read(parquet(pa.table({"a": [1], "b": [1]})), style=FileStyle(max_columns=1))
