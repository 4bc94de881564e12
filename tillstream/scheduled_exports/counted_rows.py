"""What the text of a message shows of a table: its first rows, the number of rows, and its totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.exports.cell_texts import guarded
from tillstream.exports.table import ExportTable

FIRST = 10
"""Rows that the text of a message has."""
MOST_COLUMNS, WIDEST = 8, 24
"""Columns that the text of a message has, and characters of a cell."""


@dataclass
class CountedRows:
    """The batches of a table, counted and added up while they are written."""

    table: ExportTable
    rows: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    first: list[list[str]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The names of the columns of `first`."""
        names: list[str] = self.table.schema.names[:MOST_COLUMNS]
        return names

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches of the table; iterate once."""
        self.totals = {name: Decimal(0) for name in self.table.totals if name in self.table.schema.names}
        for batch in self.table.batches:
            if len(self.first) < FIRST:
                shown = batch.slice(0, FIRST - len(self.first)).select(self.columns)
                cells = [guarded(column).to_pylist() for column in shown.columns]
                self.first += [[_cut(cell) for cell in row] for row in zip(*cells, strict=True)]
            for name in self.totals:
                self.totals[name] += Decimal(pc.sum(batch.column(name)).as_py() or 0)
            self.rows += batch.num_rows
            yield batch


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines of text, whose columns begin below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cut(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
