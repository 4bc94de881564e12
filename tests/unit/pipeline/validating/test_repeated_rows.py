"""Rows that occur twice are found in a file of any size, with bounded memory."""

import numpy as np
import pyarrow as pa
import pytest

from tillstream.pipeline.validating import double_counting
from tillstream.pipeline.validating.double_counting import RepeatedRows


def table(sales: list[int], start: int, line_key: str | None = None) -> pa.Table:
    """Rows of these sales, each with the sale as its content, from row `start` on."""
    numbers = np.random.default_rng(1).integers(0, 2**62, 1000)[sales]
    return pa.table(
        {
            "sale": numbers,
            "content": numbers,
            "key_low": numbers * 0,
            "row_number": np.arange(start, start + len(sales)),
            "line_number": np.arange(start, start + len(sales)) + 2,
            "line_key": pa.array([line_key] * len(sales), pa.string()),
        }
    )


def test_a_part_of_the_sales_of_a_large_file_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(double_counting, "_MAX_ROWS", 100)
    repeats, sales = RepeatedRows(), [*range(1000), *range(1000)]
    for start in range(0, 2000, 250):
        repeats.add(table(sales[start : start + 250], start))
    assert repeats.doubt().startswith("all ")
    assert sum(kept.shape[1] for kept in repeats._kept) <= 100


def test_different_rows_and_numbered_lines_are_no_evidence() -> None:
    different, numbered = RepeatedRows(), RepeatedRows()
    different.add(table([*range(1000)], 0))
    numbered.add(table([*range(50), *range(50)], 0, "1"))
    assert (different.doubt(), numbered.doubt()) == ("", "")
