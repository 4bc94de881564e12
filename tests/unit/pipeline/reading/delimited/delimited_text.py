"""Delimited text read as a whole, for the tests of the reader."""

import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited
from tillstream.pipeline.rows.row_batch import UnreadableRow


@dataclass(frozen=True)
class ReadResult:
    """All blocks of a file together."""

    names: list[str]
    rows: list[tuple[str, ...]]
    row_numbers: list[int]
    line_numbers: list[int]
    raw: list[str]
    refused: list[UnreadableRow]
    blank: int
    ignored: int
    cut: str
    flagged: list[tuple[int, str]]
    """Row number and code of a warning."""

    @property
    def why(self) -> list[tuple[int, str, str]]:
        """Line, code and raw text of the refused rows."""
        return [(row.line_number, row.code, row.raw) for row in self.refused]


def read_all(
    data: bytes | str,
    encoding: str = "utf-8",
    delimiter: Any = ",",
    wanted: Collection[str] = (),
    style: dict[str, Any] | None = None,
    **sizes: int,
) -> ReadResult:
    """Read the file in blocks; every row number occurs once. style: other parts of a `FileStyle`."""
    data = data.encode(encoding) if isinstance(data, str) else data
    file = FileStyle(encoding=encoding, delimiter=delimiter, **(style or {}))
    blocks = list(read_delimited(io.BytesIO(data), file, wanted, **sizes))
    assert not any(block.truncation for block in blocks[:-1])
    result = ReadResult(
        blocks[0].cells.column_names,
        [row for block in blocks for row in zip(*(column.to_pylist() for column in block.cells.columns), strict=True)],
        [number for block in blocks for number in block.row_number.tolist()],
        [number for block in blocks for number in block.line_number.tolist()],
        [block.raw(index) for block in blocks for index in range(block.cells.num_rows)],
        [row for block in blocks for row in block.unreadable],
        sum(block.blank for block in blocks),
        sum(block.ignored for block in blocks),
        blocks[-1].truncation,
        [
            (int(block.row_number[index]), code)
            for block in blocks
            for code, rows in block.warnings.items()
            for index in rows
        ],
    )
    taken = result.row_numbers + [row.row_number for row in result.refused]
    assert len(set(taken)) == len(taken)
    assert not taken or max(taken) <= len(taken) + result.blank + result.ignored
    return result
