"""The rejected rows of an upload as string columns, with the edits of a draft applied to them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.contracts.registry import contract_version
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.contract import Contract
from tillstream.model.contract_values import needed_headers
from tillstream.pipeline.rows.text_columns import Ints
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.review import correction_submission
from tillstream.review.cell_interpretations import interpret_cell
from tillstream.review.correction_draft import DraftEdit

WHOLE_ROW = -1
"""Column index of a problem that concerns the whole row."""
_NOT_A_TIME = "not-a-time"


@dataclass(frozen=True)
class RejectedRows:
    """Rejected rows of an upload. All arrays have one entry per row, in file order."""

    upload: Batch
    contract: Contract
    names: tuple[str, ...]
    """Headers of the file, in the order of `columns`."""
    row_number: Ints
    line_number: Ints
    fix_number: Ints
    """Number of the last correction that contained the row; 0 for the original file."""
    columns: tuple[pa.Array, ...]
    whole: Mapping[int, str]
    """Row → its raw text, for rows whose number of cells differs from the header."""
    problems: list[str]
    """JSON, as returned by `receipt.quarantined_rows`."""
    rows_by_problem: Mapping[tuple[str, int], Ints]
    """(code, column or `WHOLE_ROW`) → the rows that have it, ascending."""
    away: int = 0
    """Number of rows in corrections that are not settled yet."""
    _texts: dict[int, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.row_number)

    def texts(self, column: int) -> list[str]:
        """Return the column as in the source; cached, since few columns are ever edited."""
        if column not in self._texts:
            self._texts[column] = self.columns[column].to_pylist()
        return self._texts[column]

    def indexes_of(self, row_numbers: Ints) -> Ints:
        """Return the indexes of these row numbers; numbers that are not rejected rows are omitted."""
        indexes = np.searchsorted(self.row_number, row_numbers)
        is_present = indexes < len(self)
        is_present[is_present] = self.row_number[indexes[is_present]] == row_numbers[is_present]
        return indexes[is_present]

    @property
    def last_correction_no(self) -> int:
        return int(self.fix_number.max()) if len(self) else 0


def read_rejected_rows(ports: Ports, upload: Batch) -> RejectedRows:
    """Return the rejected rows without a pending correction. Raises `Rejected` if it cannot be corrected now."""
    correction_submission.check_correctable(ports, upload)
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    pending = correction_submission.pending_correction_rows(ports, upload.batch_id)
    rows = [row for row in receipts.quarantined_rows(ports, upload) if row["row_number"] not in pending]
    shape = original_rows.original_shape(ports, upload)
    width = len(shape.names)
    texts: list[list[str]] = [[] for _ in range(width)]
    whole: dict[int, str] = {}
    marks: dict[tuple[str, int], list[int]] = {}
    spots = ProblemColumns(contract, shape.names)
    for index, row in enumerate(original_rows.add_raw_text(ports, upload, rows)):
        cells, text = original_rows.parse_cells(shape, row)
        if text:
            whole[index] = text
        for column, cell in zip(texts, cells, strict=True):
            column.append(cell)
        for problem in json.loads(row["problems"]):
            for column_number in spots.columns_of(problem):
                marks.setdefault((problem["code"], column_number), []).append(index)
    return RejectedRows(
        upload,
        contract,
        tuple(shape.names),
        _int_column(rows, "row_number"),
        _int_column(rows, "line_number"),
        _int_column(rows, "fix_number"),
        tuple(pa.array(column, pa.string()) for column in texts),
        whole,
        [row["problems"] for row in rows],
        {spot: np.unique(np.array(places, np.int64)) for spot, places in marks.items()},
        away=len(pending),
    )


def _int_column(rows: list[Row], name: str) -> Ints:
    return np.array([row[name] for row in rows], np.int64)


def rejected_rows_fingerprint(ports: Ports, upload: Batch) -> tuple[Any, ...]:
    """Return a key that changes whenever the rejected rows may have changed, that is with corrections or state."""
    corrections = batch_records.child_batches(ports, upload.batch_id, BatchKind.CORRECTION)
    return (
        upload.batch_id,
        upload.state in STATES_IN_LEDGER,
        tuple((one.batch_id, str(one.state)) for one in corrections),
    )


class ProblemColumns:
    """Maps a problem to the columns that it concerns."""

    def __init__(self, contract: Contract, names: list[str]) -> None:
        self._contract = contract
        self._header = receipts.contract_headers(contract)
        self._index = {name: index for index, name in enumerate(names)}
        self._cache: dict[tuple[str, str | None], tuple[int, ...]] = {}

    def columns_of(self, problem: Mapping[str, Any]) -> tuple[int, ...]:
        key = problem["code"], problem.get("column")
        if key not in self._cache:
            self._cache[key] = self._locate(*key)
        return self._cache[key]

    def _locate(self, code: str, column: str | None) -> tuple[int, ...]:
        if column is None:
            return (WHOLE_ROW,)
        header = self._header.get(column, column)
        if code == _NOT_A_TIME:
            header = self._contract.columns.get("time", header)
        headers = needed_headers([header], self._contract.made)
        return tuple(self._index[name] for name in headers if name in self._index) or (WHOLE_ROW,)


class AppliedEdits:
    """Rejected rows after some edits. Rows are indexed by position in `refusals`, columns by position in the header."""

    def __init__(self, refusals: RejectedRows, steps: Iterable[DraftEdit] = ()) -> None:
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

    def take(self, step: DraftEdit) -> int:
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

    def matching_rows(self, step: DraftEdit) -> list[int]:
        """Return the rows matched by an edit that does not list its rows."""
        column = WHOLE_ROW if step.column is None else step.column
        marked_rows = self._rows_at_edit_time(
            step, self.refusals.rows_by_problem.get((step.code, column), np.zeros(0, np.int64))
        )
        if step.value is None or column == WHOLE_ROW:
            return list(map(int, marked_rows))
        texts, edits = self.refusals.texts(column), self.cells.get(column, {})
        return [row for row in marked_rows.tolist() if (edits.get(row) if row in edits else texts[row]) == step.value]

    def _rows_at_edit_time(self, step: DraftEdit, rows: Ints) -> Ints:
        return rows[self.refusals.fix_number[rows] <= step.seen]

    def _apply(self, step: DraftEdit) -> list[tuple[int, int]]:
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

    def _indexes_of(self, step: DraftEdit, row_numbers: Iterable[int]) -> Ints:
        return self._rows_at_edit_time(step, self.refusals.indexes_of(np.array(list(row_numbers), np.int64)))

    def _set(self, step: DraftEdit) -> list[tuple[int, int]]:
        row_by_number = {
            int(self.refusals.row_number[row]): int(row) for row in self._indexes_of(step, (c[0] for c in step.cells))
        }
        return [
            (row_by_number[number], column)
            for number, column, text in step.cells
            if number in row_by_number and self._write(row_by_number[number], column, text)
        ]

    def _put(self, step: DraftEdit) -> list[tuple[int, int]]:
        column = WHOLE_ROW if step.column is None else step.column
        if column == WHOLE_ROW:
            return []
        changed = []
        for row in self.matching_rows(step):
            text: str | None = step.text
            if step.do == "read":
                text = interpret_cell(step.how, self.cell(row, column), self.refusals.contract)
            if text is not None and self._write(row, column, text):
                changed.append((row, column))
        return changed

    def _replace(self, step: DraftEdit) -> list[tuple[int, int]]:
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

    def _decide(self, step: DraftEdit, row: int) -> bool:
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
