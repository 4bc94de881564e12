"""Cells keep their column where the first columns of a sheet are empty."""

import io
from typing import Any

from sheet_files import xlsx

from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions


def test_errors_are_in_their_column_if_the_first_columns_are_empty() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        worksheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        worksheet.write_formula(2, 2, "=1+1", None, "")

    data = xlsx([[None, None, "No", "Sum"], [None, None, "1"], [None, None, None, 5]], more)
    (block,) = read_blocks(lambda: io.BytesIO(data), ReadOptions())
    assert block.cells.to_pylist() == [{"No": "1", "Sum": "#DIV/0!"}]
    assert [(row.line_number, row.detail) for row in block.unreadable] == [(3, "No")]
