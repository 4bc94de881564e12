"""Revalidate edited rows with the same validation that reads submitted corrections."""

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from tillstream.model.text import guard_formulas
from tillstream.pipeline.reading.correction_file import BOM, CONTROL_COLUMNS
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts.apply_edits import AppliedEdits
from tillstream.workflows.corrections.drafts.rejected_rows import RejectedRows, Spots

Problems = list[dict[str, Any]]


def corrected(applied: AppliedEdits, rows: Sequence[int]) -> bytes:
    """Return the downloadable correction file of these rows with the edits applied."""
    refusals, discarded = applied.refusals, applied.discarded
    numbers, lines = refusals.row_number[rows].tolist(), refusals.line_number[rows].tolist()
    ours = (
        (number, line, "", "yes" if row in applied.accepted else "", discarded.get(row, ""), "")
        for row, number, line in zip(rows, numbers, lines, strict=True)
    )
    return _file(refusals, ((*cells, *own) for cells, own in zip(applied.rows(rows), ours, strict=True)))


def _file(refusals: RejectedRows, rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*map(guard_formulas, refusals.names), *CONTROL_COLUMNS])
    writer.writerows([guard_formulas(cell) if type(cell) is str else cell for cell in row] for row in rows)
    return (BOM + text.getvalue()).encode()


class Checked:
    """Incremental validation: only rows changed since the last call are read again. One instance per `RejectedRows`."""

    def __init__(self, refusals: RejectedRows) -> None:
        self._last = AppliedEdits(refusals)
        self._problems: dict[int, Problems] = {}
        self._lock = threading.Lock()

    def problems(self, ports: Ports, applied: AppliedEdits) -> dict[int, Problems]:
        """Return row → remaining problems for every touched row, in file order.

        An empty list means that the row would be accepted or is discarded.
        """
        with self._lock:
            if applied is not self._last:
                touched, changed = applied.touched(), applied.rows_differing_from(self._last)
                problems_by_row = {row: self._problems[row] for row in touched if row not in changed}
                again = [row for row in touched if row in changed]
                problems_by_row |= {row: [] for row in again}
                problems_by_row |= dict(_rejected(ports, applied.refusals, corrected(applied, again))) if again else {}
                self._last, self._problems = applied, {row: problems_by_row[row] for row in touched}
            return self._problems


def accepted_with(ports: Ports, applied: AppliedEdits, row: int, column: int, texts: Sequence[str]) -> list[bool]:
    """Return, for each text, whether writing it resolves the cell without adding problems to other cells."""
    refusals, cells = applied.refusals, applied.row(row)
    candidates = [[*cells[:column], text, *cells[column + 1 :]] for text in (cells[column], *texts)]
    first, *results = validate_rows(ports, refusals, candidates)
    spots = Spots(refusals.contract, list(refusals.names))
    before = {_key(problem) for problem in first}
    return [
        all(column not in spots.of(problem) and _key(problem) in before for problem in problems) for problems in results
    ]


def validate_rows(ports: Ports, refusals: RejectedRows, rows: Sequence[Sequence[str]]) -> list[Problems]:
    """Return the problems of each row. rows: their cells."""
    problems_by_number = dict(
        _validate(ports, refusals, _file(refusals, ((*one, n, 1, "", "", "", "") for n, one in enumerate(rows))))
    )
    return [problems_by_number.get(number, []) for number in range(len(rows))]


def _key(problem: Mapping[str, Any]) -> tuple[str, str | None]:
    return problem["code"], problem.get("column")


def _rejected(ports: Ports, refusals: RejectedRows, data: bytes) -> Iterator[tuple[int, Problems]]:
    """Yield (index in `refusals`, problems) of the rows that would be rejected."""
    problems_by_number = dict(_validate(ports, refusals, data))
    numbers = np.array(sorted(problems_by_number), np.int64)
    return zip(
        refusals.indexes_of(numbers).tolist(), (problems_by_number[number] for number in numbers.tolist()), strict=True
    )


def _validate(ports: Ports, refusals: RejectedRows, data: bytes) -> Iterator[tuple[int, Problems]]:
    """Yield (row number, problems) of the rows of a correction file that would be rejected."""
    from tillstream.pipeline.staging.correction_source import CorrectionSource
    from tillstream.pipeline.staging.split_rows import Hasher, split_row_batch

    hasher, received = Hasher(), refusals.contract.dates.latest_day(ports.clock.now())
    source = CorrectionSource(lambda: io.BytesIO(data), refusals.contract, received, correction_no=1)
    for row_batch in source.row_batches():
        refused = split_row_batch(row_batch, hasher).refused
        if refused is not None:
            quarantined = refused.filter(pc.equal(refused.column("outcome"), "quarantined"))
            problems = map(json.loads, quarantined.column("problems").to_pylist())
            yield from zip(quarantined.column("row_number").to_pylist(), problems, strict=True)


def counts(applied: AppliedEdits, problems_by_row: Mapping[int, Problems]) -> dict[str, int]:
    """Count rows by status: touched = accepted + discarded + still; `waiting` counts all rejected rows."""
    discarded = sum(row in applied.discarded for row in problems_by_row)
    still = sum(bool(problems) for problems in problems_by_row.values())
    return {
        "waiting": len(applied.refusals),
        "touched": len(problems_by_row),
        "accepted": len(problems_by_row) - discarded - still,
        "discarded": discarded,
        "still": still,
    }
