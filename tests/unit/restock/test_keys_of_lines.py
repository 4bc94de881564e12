"""Keys of products in stores are numbered in order and looked up in columns."""

import numpy as np
import pyarrow as pa

from tillstream.stock.row_keys import encode_texts, keys_of

ROWS = [("UK", "S2", "A"), ("UK", None, "B"), ("DE", "S1", "A"), ("UK", "S2", "A"), ("DE", "S1", "Ä")]


def columns(rows: list[tuple[str, str | None, str]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def test_keys_are_distinct_and_in_order_and_null_is_empty_text() -> None:
    keys, of_row = keys_of(columns(ROWS))
    assert list(keys) == [("DE", "S1", "A"), ("DE", "S1", "Ä"), ("UK", "", "B"), ("UK", "S2", "A")]
    assert of_row.tolist() == [3, 2, 0, 3, 1]
    assert keys.column(2, np.array([3, 1])).to_pylist() == ["A", "Ä"]
    assert list(keys.at(np.array([1, 3]))) == [("DE", "S1", "Ä"), ("UK", "S2", "A")]
    of_region = keys.places(0)
    assert of_region.tolist() == [0, 0, 1, 1]


def test_rows_of_other_keys_have_none() -> None:
    keys, _ = keys_of(columns(ROWS))
    rows = [("UK", "S2", "A"), ("UK", "S1", "A"), ("FR", "S1", "A"), ("DE", "S1", "Ä")]
    assert keys.find(columns(rows)).tolist() == [3, -1, -1, 1]
    assert keys.find([pa.chunked_array([encode_texts(one)]) for one in columns(rows)]).tolist() == [3, -1, -1, 1]
    empty, of_row = keys_of([pa.array([], pa.string())] * 3)
    assert (len(empty), len(of_row)) == (0, 0)
    assert empty.find(columns(rows)).tolist() == [-1] * 4
