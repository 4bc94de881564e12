"""Correction workspace of an upload: its edited rows are validated, and the ready ones are submitted."""

import csv
import hashlib
import io
import json
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import numpy as np
import pyarrow.compute as pc

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchState
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.events import STAGING
from tillstream.model.people import BoundStores
from tillstream.model.safe_text import guard_formulas
from tillstream.pipeline.reading.correction_file import BOM, CONTROL_COLUMNS
from tillstream.pipeline.settling.settle import to_staged_batch
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import ReceiptRows
from tillstream.review import correction_draft, correction_submission
from tillstream.review.correction_draft import CorrectionDraft, DraftEdit
from tillstream.review.rejected_rows import (
    AppliedEdits,
    ProblemColumns,
    RejectedRows,
    read_rejected_rows,
    rejected_rows_fingerprint,
)

RowProblems = list[JsonObject]
MAX_CACHED_UPLOADS = 4
"""Number of uploads whose rejected rows are cached in memory."""


class DraftPreview(TypedDict):
    """counts: rows by status. before, after: row counts of the receipt of the upload."""

    counts: dict[str, int]
    before: ReceiptRows
    after: ReceiptRows


def correction_file(applied: AppliedEdits, rows: Sequence[int]) -> bytes:
    """Return the downloadable correction file of these rows with the edits applied."""
    refusals, discarded = applied.refusals, applied.discarded
    numbers, lines = refusals.row_number[rows].tolist(), refusals.line_number[rows].tolist()
    ours = (
        (number, line, "", "yes" if row in applied.accepted else "", discarded.get(row, ""), "")
        for row, number, line in zip(rows, numbers, lines, strict=True)
    )
    return _file_of_rows(refusals, ((*cells, *own) for cells, own in zip(applied.rows(rows), ours, strict=True)))


def _file_of_rows(refusals: RejectedRows, rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*map(guard_formulas, refusals.names), *CONTROL_COLUMNS])
    writer.writerows([guard_formulas(cell) if type(cell) is str else cell for cell in row] for row in rows)
    return (BOM + text.getvalue()).encode()


class RowValidation:
    """Incremental validation: only rows changed since the last call are read again. One instance per `RejectedRows`."""

    def __init__(self, refusals: RejectedRows) -> None:
        self._last = AppliedEdits(refusals)
        self._problems: dict[int, RowProblems] = {}
        self._lock = threading.Lock()

    def problems(self, ports: Ports, applied: AppliedEdits) -> dict[int, RowProblems]:
        """Return row → remaining problems for every touched row, in file order.

        An empty list means that the row would be accepted or is discarded.
        """
        with self._lock:
            if applied is not self._last:
                touched, changed = applied.touched(), applied.rows_differing_from(self._last)
                problems_by_row = {row: self._problems[row] for row in touched if row not in changed}
                again = [row for row in touched if row in changed]
                problems_by_row |= {row: [] for row in again}
                problems_by_row |= (
                    dict(_rejected_by_index(ports, applied.refusals, correction_file(applied, again))) if again else {}
                )
                self._last, self._problems = applied, {row: problems_by_row[row] for row in touched}
            return self._problems


def accepts_texts(ports: Ports, applied: AppliedEdits, row: int, column: int, texts: Sequence[str]) -> list[bool]:
    """Return, for each text, whether writing it resolves the cell without adding problems to other cells."""
    refusals, cells = applied.refusals, applied.row(row)
    candidates = [[*cells[:column], text, *cells[column + 1 :]] for text in (cells[column], *texts)]
    first, *results = validate_rows(ports, refusals, candidates)
    spots = ProblemColumns(refusals.contract, list(refusals.names))
    before = {_problem_key(problem) for problem in first}
    return [
        all(column not in spots.columns_of(problem) and _problem_key(problem) in before for problem in problems)
        for problems in results
    ]


def validate_rows(ports: Ports, refusals: RejectedRows, rows: Sequence[Sequence[str]]) -> list[RowProblems]:
    """Return the problems of each row. rows: their cells."""
    problems_by_number = dict(
        _rejected_by_number(
            ports, refusals, _file_of_rows(refusals, ((*one, n, 1, "", "", "", "") for n, one in enumerate(rows)))
        )
    )
    return [problems_by_number.get(number, []) for number in range(len(rows))]


def _problem_key(problem: Mapping[str, Any]) -> tuple[str, str | None]:
    return problem["code"], problem.get("column")


def _rejected_by_index(ports: Ports, refusals: RejectedRows, data: bytes) -> Iterator[tuple[int, RowProblems]]:
    """Yield (index in `refusals`, problems) of the rows that would be rejected."""
    problems_by_number = dict(_rejected_by_number(ports, refusals, data))
    numbers = np.array(sorted(problems_by_number), np.int64)
    return zip(
        refusals.indexes_of(numbers).tolist(), (problems_by_number[number] for number in numbers.tolist()), strict=True
    )


def _rejected_by_number(ports: Ports, refusals: RejectedRows, data: bytes) -> Iterator[tuple[int, RowProblems]]:
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


def count_by_status(applied: AppliedEdits, problems_by_row: Mapping[int, RowProblems]) -> dict[str, int]:
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


@dataclass(frozen=True)
class DraftSnapshot:
    """A snapshot: the rejected rows with one version of the draft."""

    refusals: RejectedRows
    draft: CorrectionDraft
    applied: AppliedEdits
    checked: RowValidation = field(repr=False)

    def problems_by_row(self, ports: Ports) -> dict[int, RowProblems]:
        """Return the remaining problems of every touched row."""
        return self.checked.problems(ports, self.applied)

    def counts(self, ports: Ports) -> dict[str, int]:
        return count_by_status(self.applied, self.problems_by_row(ports))

    def would_change(self, step: DraftEdit) -> int:
        """Return how many cells or rows the step would change now."""
        return AppliedEdits(self.refusals, self.draft.steps).take(replace(step, seen=self.refusals.last_correction_no))


@dataclass
class _CachedUpload:
    fingerprint: Hashable
    refusals: RejectedRows
    checked: RowValidation
    applied: AppliedEdits
    version: int


class CorrectionWorkspace:
    """Caches the rejected rows of recently used uploads. Thread-safe; one instance per process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _CachedUpload] = OrderedDict()
        self._lock = threading.Lock()

    def etag(self, ports: Ports, upload: Batch) -> str:
        """Return an opaque token that changes with the draft and with the rejected rows."""
        key = repr(
            (rejected_rows_fingerprint(ports, upload), correction_draft.get_draft(ports, upload.batch_id).version)
        )
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def load(self, ports: Ports, upload: Batch) -> DraftSnapshot:
        """Return the current snapshot. Raises as `refusals`."""
        with self._lock:
            key = rejected_rows_fingerprint(ports, upload)
            kept = self._kept.pop(upload.batch_id, None)
            current = correction_draft.get_draft(ports, upload.batch_id)
            if kept is None or kept.fingerprint != key:
                rows = read_rejected_rows(ports, upload)
                kept = _CachedUpload(key, rows, RowValidation(rows), AppliedEdits(rows, current.steps), current.version)
            elif kept.version != current.version:
                kept.applied, kept.version = AppliedEdits(kept.refusals, current.steps), current.version
            self._kept[upload.batch_id] = kept
            while len(self._kept) > MAX_CACHED_UPLOADS:
                self._kept.popitem(last=False)
            return DraftSnapshot(kept.refusals, current, kept.applied, kept.checked)


def submit_draft(
    ports: Ports,
    workspace: CorrectionWorkspace,
    upload: Batch,
    by: str,
    *,
    expected_version: int,
    stores: BoundStores = None,
) -> Batch:
    """Submit the ready rows and return the correction's record; the file equals one corrected by hand.

    expected_version: draft version the user last loaded. stores: to which the user is bound. Raises `DraftConflict` if
    another user changed the draft since then, and `Rejected` if no row is ready.
    """
    view = workspace.load(ports, upload)
    others = view.draft.since(expected_version, by)
    if others:
        raise correction_draft.DraftConflict(others)
    ready, touched = _ready_file(ports, view)
    # of two concurrent submissions one fails here; a crash after this point loses no step
    claimed = correction_draft.close_draft(ports, view.draft, keep=True)
    name = f"{upload.file}, corrected in the portal"
    data = io.BytesIO(correction_file(view.applied, ready))
    correction = correction_submission.submit_correction(ports, upload.batch_id, name, data, by, stores=stores)
    if len(ready) == touched:
        with suppress(Conflict):  # another step was added meanwhile
            correction_draft.close_draft(ports, claimed, keep=False)
    return correction


def preview_draft(
    ports: Ports, contracts: ContractRegistry, workspace: CorrectionWorkspace, upload: Batch, stores: BoundStores = None
) -> DraftPreview:
    """Preview a submission, including its settlement; nothing is stored. Raises `Rejected` if no row is ready.

    stores: to which the user is bound.
    counts: as `count_by_status`; before, after: row counts of the upload's receipt.
    """
    view = workspace.load(ports, upload)
    ready, _ = _ready_file(ports, view)
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        after = _preview_rows(ports, contracts, upload, correction_file(view.applied, ready), prefix, stores)
    finally:
        delete_staged(ports, prefix)
    before = receipts.batch_receipt(ports, upload.batch_id)
    return {
        "counts": count_by_status(view.applied, view.problems_by_row(ports)),
        "before": before["rows"],
        "after": after,
    }


def _ready_file(ports: Ports, view: DraftSnapshot) -> tuple[list[int], int]:
    problems_by_row = view.problems_by_row(ports)
    ready = [row for row, problems in problems_by_row.items() if not problems]
    if not ready:
        raise Rejected("No row is ready. Correct a row, accept it unchanged, or discard it with a reason.")
    return ready, len(problems_by_row)


def _preview_rows(
    ports: Ports, contracts: ContractRegistry, upload: Batch, data: bytes, prefix: str, stores: BoundStores
) -> ReceiptRows:
    with ports.objects.writer(STAGING, f"{prefix}/corrected.csv") as writer:
        writer.write(data)
    stored = ports.objects.stat(STAGING, f"{prefix}/corrected.csv")
    number, sha256 = correction_submission.next_correction_number(ports, upload), hashlib.sha256(data).hexdigest()
    correction = correction_submission.correction_record(ports, upload, stored, number, sha256, stores=stores)
    staged = replace(correction, staged=stage.write(ports, correction, prefix), state=BatchState.STAGED)
    questions = receipts.receipt_queries(upload.batch_id)
    settled = ports.warehouse.preview(Settlement([to_staged_batch(ports, contracts, staged)]), questions)
    return receipts.compose_receipt(upload, *(answer.to_pylist() for answer in settled.results))["rows"]
