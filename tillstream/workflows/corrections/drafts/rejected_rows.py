"""The rejected rows of an upload as string columns, and the cells to which each problem applies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.contracts.registry import contract_version
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.contract import Contract
from tillstream.model.contract_values import needed_headers
from tillstream.pipeline.rows.text_columns import Ints
from tillstream.ports import Ports
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.workflows.corrections import submit

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


def refusals(ports: Ports, upload: Batch) -> RejectedRows:
    """Return the rejected rows without a pending correction. Raises `Rejected` if it cannot be corrected now."""
    submit.check_correctable(ports, upload)
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    pending = submit.pending_rows(ports, upload.batch_id)
    rows = [row for row in receipts.quarantined_rows(ports, upload) if row["row_number"] not in pending]
    shape = original_rows.original_shape(ports, upload)
    width = len(shape.names)
    texts: list[list[str]] = [[] for _ in range(width)]
    whole: dict[int, str] = {}
    marks: dict[tuple[str, int], list[int]] = {}
    spots = Spots(contract, shape.names)
    for index, row in enumerate(original_rows.add_raw_text(ports, upload, rows)):
        cells, text = original_rows.parse_cells(shape, row)
        if text:
            whole[index] = text
        for column, cell in zip(texts, cells, strict=True):
            column.append(cell)
        for problem in json.loads(row["problems"]):
            for column_number in spots.of(problem):
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


def _int_column(rows: list[dict[str, Any]], name: str) -> Ints:
    return np.array([row[name] for row in rows], np.int64)


def fingerprint(ports: Ports, upload: Batch) -> tuple[Any, ...]:
    """Return a key that changes whenever the rejected rows may have changed, that is with corrections or state."""
    corrections = batch_records.child_batches(ports, upload.batch_id, BatchKind.CORRECTION)
    return (
        upload.batch_id,
        upload.state in STATES_IN_LEDGER,
        tuple((one.batch_id, str(one.state)) for one in corrections),
    )


class Spots:
    """Maps a problem to the columns that it concerns."""

    def __init__(self, contract: Contract, names: list[str]) -> None:
        self._contract = contract
        self._header = receipts.contract_headers(contract)
        self._index = {name: index for index, name in enumerate(names)}
        self._cache: dict[tuple[str, str | None], tuple[int, ...]] = {}

    def of(self, problem: Mapping[str, Any]) -> tuple[int, ...]:
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
