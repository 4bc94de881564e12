"""Apply the edits of a draft to the rejected rows; only differences from the source are stored."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_columns import Ints
from tillstream.workflows.corrections.drafts.edits import Edit
from tillstream.workflows.corrections.drafts.interpretations import interpret
from tillstream.workflows.corrections.drafts.rejected_rows import WHOLE_ROW, RejectedRows


class AppliedEdits:
    """Rejected rows after some edits. Rows are indexed by position in `refusals`, columns by position in the header."""

    def __init__(self, refusals: RejectedRows, steps: Iterable[Edit] = ()) -> None:
        self.refusals = refusals
        self.cells: dict[int, dict[int, str]] = {}
        """column → row → text, for cells that differ from the source"""
        self.accepted: set[int] = set()
        self.discarded: dict[int, str] = {}
        self.by: dict[int, str] = {}
        """row → user who edited it last"""
        for step in steps:
            if not step.undone:
                self.take(step)

    def take(self, step: Edit) -> int:
        """Apply an edit; return the number of cells changed, or of rows for edits of whole rows."""
        changed = self._apply(step)
        for row in {row for row, _ in changed}:
            self.by[row] = step.by
        return len(changed)

    def touched(self) -> list[int]:
        """Return the rows that have edits or a decision, ascending."""
        return sorted({*self.accepted, *self.discarded, *(row for rows in self.cells.values() for row in rows)})

    def cell(self, row: int, column: int) -> str:
        edited = self.cells.get(column, {}).get(row)
        return self.written(row, column) if edited is None else edited

    def written(self, row: int, column: int) -> str:
        """Return the cell as in the source."""
        return self.refusals.texts(column)[row] if column in self.cells else str(self.refusals.columns[column][row])

    def row(self, row: int) -> list[str]:
        return [self.cell(row, column) for column in range(len(self.refusals.names))]

    def rows(self, rows: Sequence[int]) -> list[tuple[str, ...]]:
        """Return `row` for several rows."""
        indexes = pa.array(rows, pa.int64())
        return list(
            zip(*(self._texts_of(column, rows, indexes) for column in range(len(self.refusals.names))), strict=True)
        )

    def _texts_of(self, column: int, rows: Sequence[int], indexes: pa.Array) -> list[str]:
        texts: list[str] = self.refusals.columns[column].take(indexes).to_pylist()
        edits = self.cells.get(column)
        return [edits.get(row, text) for row, text in zip(rows, texts, strict=True)] if edits else texts

    def rows_differing_from(self, other: "AppliedEdits") -> set[int]:
        """Return the rows whose cells or decisions differ between the two."""
        rows = self.accepted ^ other.accepted
        rows |= {row for row, _ in self.discarded.items() ^ other.discarded.items()}
        for column in self.cells.keys() | other.cells.keys():
            rows |= {row for row, _ in self.cells.get(column, {}).items() ^ other.cells.get(column, {}).items()}
        return rows

    def column(self, column: int) -> pa.Array:
        """Return the column with edits applied, string (n,)."""
        edits = self.cells.get(column)
        if not edits:
            return self.refusals.columns[column]
        texts = list(self.refusals.texts(column))
        for row, text in edits.items():
            texts[row] = text
        return pa.array(texts, pa.string())

    def matching_rows(self, step: Edit) -> list[int]:
        """Return the rows matched by an edit that does not list its rows."""
        column = WHOLE_ROW if step.column is None else step.column
        marked_rows = self._rows_at_edit_time(
            step, self.refusals.rows_by_problem.get((step.code, column), np.zeros(0, np.int64))
        )
        if step.value is None or column == WHOLE_ROW:
            return list(map(int, marked_rows))
        texts, edits = self.refusals.texts(column), self.cells.get(column, {})
        return [row for row in marked_rows.tolist() if (edits.get(row) if row in edits else texts[row]) == step.value]

    def _rows_at_edit_time(self, step: Edit, rows: Ints) -> Ints:
        return rows[self.refusals.fix_number[rows] <= step.seen]

    def _apply(self, step: Edit) -> list[tuple[int, int]]:
        match step.do:
            case "set":
                return self._set(step)
            case "put" | "read":
                return self._put(step)
            case "replace":
                return self._replace(step)
        rows = [int(row) for row in self._indexes_of(step, step.rows)] if step.rows else self.matching_rows(step)
        if step.do == "revert":
            return [(row, WHOLE_ROW) for row in rows if self._revert(row)]
        return [(row, WHOLE_ROW) for row in rows if self._decide(step, row)]

    def _indexes_of(self, step: Edit, row_numbers: Iterable[int]) -> Ints:
        return self._rows_at_edit_time(step, self.refusals.indexes_of(np.array(list(row_numbers), np.int64)))

    def _set(self, step: Edit) -> list[tuple[int, int]]:
        row_by_number = {
            int(self.refusals.row_number[row]): int(row) for row in self._indexes_of(step, (c[0] for c in step.cells))
        }
        return [
            (row_by_number[number], column)
            for number, column, text in step.cells
            if number in row_by_number and self._write(row_by_number[number], column, text)
        ]

    def _put(self, step: Edit) -> list[tuple[int, int]]:
        column = WHOLE_ROW if step.column is None else step.column
        if column == WHOLE_ROW:
            return []
        changed = []
        for row in self.matching_rows(step):
            text: str | None = step.text
            if step.do == "read":
                text = interpret(step.how, self.cell(row, column), self.refusals.contract)
            if text is not None and self._write(row, column, text):
                changed.append((row, column))
        return changed

    def _replace(self, step: Edit) -> list[tuple[int, int]]:
        pattern = step.value or ""
        changed: list[tuple[int, int]] = []
        all_columns = step.column is None or step.column == WHOLE_ROW
        for column in range(len(self.refusals.names)) if all_columns else [step.column or 0]:
            contains = pc.match_substring(self.column(column), pattern)
            rows = self._rows_at_edit_time(step, np.flatnonzero(contains.to_numpy(zero_copy_only=False))).tolist()
            replaced = ((row, self.cell(row, column).replace(pattern, step.text)) for row in rows)
            changed += [(row, column) for row, text in replaced if self._write(row, column, text)]
        return changed

    def _write(self, row: int, column: int, text: str) -> bool:
        written, edits = self.refusals.texts(column)[row], self.cells.setdefault(column, {})
        if text == edits.get(row, written):
            return False
        if text == written:
            edits.pop(row, None)
        else:
            edits[row] = text
        return True

    def _decide(self, step: Edit, row: int) -> bool:
        before = row in self.accepted, self.discarded.get(row)
        # accept and discard are mutually exclusive
        self.accepted.discard(row)
        self.discarded.pop(row, None)
        if step.do == "accept" and not step.off:
            self.accepted.add(row)
        if step.do == "discard" and not step.off:
            self.discarded[row] = step.text.strip()
        return before != (row in self.accepted, self.discarded.get(row))

    def _revert(self, row: int) -> bool:
        changed = row in self.accepted or row in self.discarded
        self.accepted.discard(row)
        self.discarded.pop(row, None)
        for edits in self.cells.values():
            changed = edits.pop(row, None) is not None or changed
        return changed
