"""Which rows would be accepted as they stand now, by the validation that reads every correction."""

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from tillstream.pipeline.reading.correction_file import BOM, OURS, guard
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts.apply_edits import Applied
from tillstream.workflows.corrections.drafts.rejected_rows import Refusals, Spots

Problems = list[dict[str, Any]]


def corrected(applied: Applied, rows: Sequence[int]) -> bytes:
    """The downloaded file of these rows, corrected as the draft says."""
    refusals, discarded = applied.refusals, applied.discarded
    numbers, lines = refusals.row_number[rows].tolist(), refusals.line_number[rows].tolist()
    ours = (
        (number, line, "", "yes" if row in applied.accepted else "", discarded.get(row, ""), "")
        for row, number, line in zip(rows, numbers, lines, strict=True)
    )
    return _file(refusals, ((*cells, *own) for cells, own in zip(applied.rows(rows), ours, strict=True)))


def _file(refusals: Refusals, rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*refusals.names, *OURS])
    writer.writerows([guard(cell) if type(cell) is str else cell for cell in row] for row in rows)
    return (BOM + text.getvalue()).encode()


class Checked:
    """What was found last, so that only rows that changed since are read again. One for each state of the refusals."""

    def __init__(self, refusals: Refusals) -> None:
        self._last = Applied(refusals)
        self._found: dict[int, Problems] = {}
        self._lock = threading.Lock()

    def problems(self, ports: Ports, applied: Applied) -> dict[int, Problems]:
        """row → what still speaks against it, of every row that was touched, in the order of the file; nothing: it
        would be accepted, or it is discarded."""
        with self._lock:
            if applied is not self._last:
                touched, changed = applied.touched(), applied.unlike(self._last)
                found = {row: self._found[row] for row in touched if row not in changed}
                again = [row for row in touched if row in changed]
                found |= {row: [] for row in again}
                found |= dict(_refused(ports, applied.refusals, corrected(applied, again))) if again else {}
                self._last, self._found = applied, {row: found[row] for row in touched}
            return self._found


def stands(ports: Ports, applied: Applied, row: int, column: int, texts: Sequence[str]) -> list[bool]:
    """Whether nothing would speak against this cell of the row with each of the texts in it, and nothing more against
    the others."""
    refusals, cells = applied.refusals, applied.row(row)
    tried = [[*cells[:column], text, *cells[column + 1 :]] for text in (cells[column], *texts)]
    first, *found = against(ports, refusals, tried)
    spots = Spots(refusals.contract, list(refusals.names))
    before = {_key(problem) for problem in first}
    return [all(column not in spots.of(each) and _key(each) in before for each in problems) for problems in found]


def against(ports: Ports, refusals: Refusals, rows: Sequence[Sequence[str]]) -> list[Problems]:
    """What speaks against each of the rows, given as their cells."""
    found = dict(
        _judged(ports, refusals, _file(refusals, ((*one, n, 1, "", "", "", "") for n, one in enumerate(rows))))
    )
    return [found.get(number, []) for number in range(len(rows))]


def _key(problem: Mapping[str, Any]) -> tuple[str, str | None]:
    return problem["code"], problem.get("column")


def _refused(ports: Ports, refusals: Refusals, data: bytes) -> Iterator[tuple[int, Problems]]:
    """The rows that would be refused, by their place among the refusals."""
    found = dict(_judged(ports, refusals, data))
    numbers = np.array(sorted(found), np.int64)
    return zip(refusals.places(numbers).tolist(), (found[number] for number in numbers.tolist()), strict=True)


def _judged(ports: Ports, refusals: Refusals, data: bytes) -> Iterator[tuple[int, Problems]]:
    """The rows of a corrected file that would be refused, by their numbers."""
    from tillstream.pipeline.staging.hashes import Hasher
    from tillstream.pipeline.staging.sources.correction import correction_parts
    from tillstream.pipeline.staging.split_rows import judged

    hasher, received = Hasher(), ports.clock.now().date()
    for part in correction_parts(lambda: io.BytesIO(data), refusals.contract, 1, received):
        refused = judged(part, hasher).refused
        if refused is not None:
            kept = refused.filter(pc.equal(refused.column("outcome"), "quarantined"))
            problems = map(json.loads, kept.column("problems").to_pylist())
            yield from zip(kept.column("row_number").to_pylist(), problems, strict=True)


def counts(applied: Applied, found: Mapping[int, Problems]) -> dict[str, int]:
    """touched = accepted + discarded + still; `waiting` are all that wait."""
    discarded = sum(row in applied.discarded for row in found)
    still = sum(bool(problems) for problems in found.values())
    return {
        "waiting": len(applied.refusals),
        "touched": len(found),
        "accepted": len(found) - discarded - still,
        "discarded": discarded,
        "still": still,
    }
