"""The refused rows of an upload as columns of texts, and where in them each problem stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.batches import records
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import IN_LEDGER, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.values import needed_headers
from tillstream.ports import Ports
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.workflows.corrections import submit

Ints = npt.NDArray[np.int64]
NOWHERE = -1
"""The column of a problem that stands in the row and in no cell of it."""
_OF_TIMES = "not-a-time"


@dataclass(frozen=True)
class Refusals:
    """All arrays have an entry per row, in the order of the file."""

    upload: Upload
    contract: Contract
    names: tuple[str, ...]
    """The headers of the file, which name `columns`."""
    row_number: Ints
    line_number: Ints
    fix_number: Ints
    """Which correction told the row last; 0 for the file itself."""
    columns: tuple[pa.Array, ...]
    whole: Mapping[int, str]
    """Rows that have not as many cells as the header → their text."""
    problems: list[str]
    """JSON, as `account.in_quarantine` gives it."""
    marks: Mapping[tuple[str, int], Ints]
    """(code, column or NOWHERE) → the rows that have it, ascending."""
    away: int = 0
    """Rows that were given back and are being read."""
    _texts: dict[int, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.row_number)

    def texts(self, column: int) -> list[str]:
        """The column as the source wrote it; kept once it was asked for, as few columns are ever changed."""
        if column not in self._texts:
            self._texts[column] = self.columns[column].to_pylist()
        return self._texts[column]

    def places(self, row_numbers: Ints) -> Ints:
        """Where the rows of these numbers stand; those that do not wait are left out."""
        found = np.searchsorted(self.row_number, row_numbers)
        there = found < len(self)
        there[there] = self.row_number[found[there]] == row_numbers[there]
        return found[there]

    @property
    def last_fix(self) -> int:
        return int(self.fix_number.max()) if len(self) else 0


def refusals(ports: Ports, upload: Upload) -> Refusals:
    """Those that nobody has given back yet. Raises `Rejected` where rows cannot be given back now, in words."""
    submit.may_be_fixed(ports, upload)
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    away = submit.on_their_way(ports, upload.batch_id)
    rows = [row for row in receipts.in_quarantine(ports, upload.batch_id) if row["row_number"] not in away]
    shape = original_rows.shape_of(ports, upload)
    width = len(shape.names)
    texts: list[list[str]] = [[] for _ in range(width)]
    whole: dict[int, str] = {}
    marks: dict[tuple[str, int], list[int]] = {}
    spots = Spots(contract, shape.names)
    for index, row in enumerate(original_rows.with_raw(ports, upload, rows)):
        cells, text = original_rows.cells_of(shape, row)
        if text:
            whole[index] = text
        for column, cell in zip(texts, cells, strict=True):
            column.append(cell)
        for problem in json.loads(row["problems"]):
            for column_number in spots.of(problem):
                marks.setdefault((problem["code"], column_number), []).append(index)
    return Refusals(
        upload,
        contract,
        tuple(shape.names),
        _numbers(rows, "row_number"),
        _numbers(rows, "line_number"),
        _numbers(rows, "fix_number"),
        tuple(pa.array(column, pa.string()) for column in texts),
        whole,
        [row["problems"] for row in rows],
        {spot: np.unique(np.array(places, np.int64)) for spot, places in marks.items()},
        away=len(away),
    )


def _numbers(rows: list[dict[str, Any]], name: str) -> Ints:
    return np.array([row[name] for row in rows], np.int64)


def fingerprint(ports: Ports, upload: Upload) -> tuple[Any, ...]:
    """Another one as soon as other rows may wait: what was read of a batch changes with its corrections alone."""
    corrections = records.children(ports, upload.batch_id, "correction")
    return upload.batch_id, upload.state in IN_LEDGER, tuple((one.batch_id, str(one.state)) for one in corrections)


class Spots:
    """Which cells of a row a problem speaks of."""

    def __init__(self, contract: Contract, names: list[str]) -> None:
        self._contract = contract
        self._header = receipts.headers_of(contract)
        self._place = {name: place for place, name in enumerate(names)}
        self._known: dict[tuple[str, str | None], tuple[int, ...]] = {}

    def of(self, problem: Mapping[str, Any]) -> tuple[int, ...]:
        key = problem["code"], problem.get("column")
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, code: str, column: str | None) -> tuple[int, ...]:
        if column is None:
            return (NOWHERE,)
        header = self._header.get(column, column)
        if code == _OF_TIMES:
            header = self._contract.columns.get("time", header)
        headers = needed_headers([header], self._contract.made)
        return tuple(self._place[name] for name in headers if name in self._place) or (NOWHERE,)
