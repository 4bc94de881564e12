"""How the tests of the reader look at what it read."""

import io
from dataclasses import dataclass
from typing import Any

from tillstream.domain.styles import FileStyle
from tillstream.pipeline.read import Refused, read


@dataclass(frozen=True)
class Whole:
    """All blocks of a file together."""

    names: list[str]
    rows: list[tuple[str, ...]]
    row_numbers: list[int]
    line_numbers: list[int]
    raw: list[str]
    refused: list[Refused]
    blank: int

    @property
    def why(self) -> list[tuple[int, str, str]]:
        """Line, code and raw text of the refused rows."""
        return [(row.line_number, row.code, row.raw) for row in self.refused]


def whole(data: bytes | str, encoding: str = "utf-8", delimiter: Any = ",", **sizes: int) -> Whole:
    """The file read in blocks; every row number is given once."""
    data = data.encode(encoding) if isinstance(data, str) else data
    blocks = list(read(io.BytesIO(data), FileStyle(encoding=encoding, delimiter=delimiter), **sizes))
    found = Whole(
        blocks[0].cells.column_names,
        [row for block in blocks for row in zip(*(column.to_pylist() for column in block.cells.columns), strict=True)],
        [number for block in blocks for number in block.row_number.tolist()],
        [number for block in blocks for number in block.line_number.tolist()],
        [block.raw(index) for block in blocks for index in range(block.cells.num_rows)],
        [row for block in blocks for row in block.refused],
        sum(block.blank for block in blocks),
    )
    taken = found.row_numbers + [row.row_number for row in found.refused]
    assert len(set(taken)) == len(taken)
    assert not taken or max(taken) <= len(taken) + found.blank
    return found
