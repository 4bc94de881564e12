"""Rows that only one of two results contains, however they are divided into batches and in whatever order."""

from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.operations import rebuild
from tillstream.operations.rebuild import rows_only_in_one

ROWS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["a", "b", None])), unique=True, max_size=60)


def _batches(rows: Iterable[tuple[int, str | None]], size: int) -> list[pa.RecordBatch]:
    schema = pa.schema([("number", pa.int64()), ("name", pa.string())])
    table = pa.Table.from_pylist([{"number": number, "name": name} for number, name in rows], schema)
    batches: list[pa.RecordBatch] = table.to_batches(max_chunksize=size)
    return batches


@given(ROWS, ROWS, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_differences_are_those_of_sets(
    left: list[tuple[int, str | None]], right: list[tuple[int, str | None]], one: int, other: int, ordered: bool
) -> None:
    sides = [sorted(side, key=str) if ordered else side for side in (left, right)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuild, "COMPARED_ROWS", 7)
        differing = rows_only_in_one(_batches(sides[0], one), _batches(sides[1], other))
    assert differing == (set(left) - set(right), set(right) - set(left))


def test_equal_results_of_other_batches_have_no_differences() -> None:
    rows = [(number, "a") for number in range(1000)]
    assert rows_only_in_one(_batches(rows, 3), _batches(rows, 400)) == (set(), set())
    assert rows_only_in_one(_batches(rows, 3), _batches(rows[:-1], 400)) == ({(999, "a")}, set())
