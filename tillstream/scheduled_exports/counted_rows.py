"""What the text of a message shows of a table: its first rows, the number of rows, and its totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.json_values import to_json
from tillstream.exports.cell_texts import guarded, rounded_by_row, rounded_columns
from tillstream.exports.table import ExportTable
from tillstream.model.money import round_to_digits

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
    def shown_totals(self) -> list[list[str]]:
        """The names and texts of the totals; amounts are rounded as in files that people open."""
        digits = self.table.digits
        sums = {
            name: round_to_digits(sum_, digits[name]) if name in digits else sum_ for name, sum_ in self.totals.items()
        }
        return [[name, str(to_json(sum_))] for name, sum_ in sums.items()]

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
                shown = self.table.with_printed_changes(batch).slice(0, FIRST - len(self.first))
                names, digits = shown.schema.names, self.table.digits_by_row(shown)
                columns = dict(zip(names, rounded_columns(shown, self.table.digits), strict=True))
                columns |= {name: rounded_by_row(columns[name], each) for name, each in digits.items()}
                cells = [guarded(columns[name]).to_pylist() for name in self.columns]
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
