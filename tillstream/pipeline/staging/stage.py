"""Stage a batch: write its accepted and rejected rows to the staging bucket. No shared table is written."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa

import sql
from tillstream.batches import events, records
from tillstream.contracts import known_headers
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.domain.batch import STAGEABLE, Batch, BatchChanges, State
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.pipeline.rows.prefetch import prefetch
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.pipeline.staging import expiry, holds
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.holds import FILE_KINDS
from tillstream.pipeline.staging.split_rows import split
from tillstream.pipeline.staging.writer import StagingReport, reader, staged_writer
from tillstream.pipeline.validating.outliers import outlier_detector
from tillstream.ports import Ports

Progress = Callable[[int], None]


def stage(ports: Ports, batch: str, progress: Progress | None = None, book: ContractRegistry | None = None) -> Batch:
    """Stage one batch. Idempotent and safe to run concurrently: each run writes under its own prefix, and only one
    updates the record.

    book: registry searched for a better-matching contract when the file does not match its own.
    Raises `NotFound`, `Unavailable`. If the file cannot be read, the record becomes rejected, and nothing is raised.
    """
    upload = records.transition(ports, batch, State.STAGING, only_from=STAGEABLE)
    if upload.state is not State.STAGING:
        return upload
    prefix = f"{batch}/{ports.clock.tick()}"
    try:
        report = _reusable_result(ports, upload) or write(ports, upload, prefix, progress)
    except Rejected as error:
        decision = (
            holds.check_unreadable(_file_context(ports, upload, book))
            if _lacks_columns(error)
            else holds.HoldDecision()
        )
        if decision.holds:
            held: BatchChanges = {"holds": decision.holds, "proposed": decision.proposed}
            return records.transition(ports, batch, State.HELD, only_from=STAGEABLE, expected=upload, **held)
        return records.transition(ports, batch, State.REJECTED, only_from=STAGEABLE, expected=upload, error=str(error))
    return staged(ports, upload, report, book)


def _lacks_columns(error: Rejected) -> bool:
    return getattr(error, "code", "") == "missing-columns"


def _file_context(ports: Ports, upload: Batch, book: ContractRegistry | None) -> holds.FileContext:
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return holds.FileContext(ports, upload, contract, tuple(book.all().values()) if book else ())


def staged(ports: Ports, upload: Batch, report: StagingReport, book: ContractRegistry | None = None) -> Batch:
    """Update the record with the staging result and publish `batch.staged`, or hold the batch."""
    file = _file_context(ports, upload, book)
    decision = holds.check_holds(file, report)
    state = State.HELD if decision.holds else State.STAGED
    if not decision.holds and upload.kind in FILE_KINDS:
        known_headers.remember(ports, file.contract, report.columns)
    fields: BatchChanges = {"staged": asdict(report), "holds": decision.holds, "proposed": decision.proposed}
    moved = records.transition(ports, upload.batch_id, state, only_from=STAGEABLE, expected=upload, **fields)
    if moved.state is State.STAGED:
        events.publish_staged(ports, moved)
    return moved


def write(
    ports: Ports, upload: Batch, prefix: str, progress: Progress | None = None, contract: Contract | None = None
) -> StagingReport:
    """Write staged rows under a prefix without updating the record. contract: an unsaved contract that a dry run tries.

    Raises `Rejected` for a file that cannot be read.
    """
    contract = contract or contract_version(ports.documents, upload.contract, upload.contract_version)
    hasher = Hasher()
    detector = outlier_detector(ports.warehouse, contract) if upload.kind in FILE_KINDS else None
    with staged_writer(ports.objects, prefix, detector) as writer:
        columns: list[str] = []
        parts = prefetch(_parts(ports, upload, contract, columns.extend))
        for rows in prefetch(split(part, hasher) for part in parts):
            writer.add(rows)
            if progress:
                progress(rows.part.table.num_rows + rows.part.blank + rows.part.ignored + len(rows.part.rejected))
        report = writer.finish()
    report.columns = columns[: known_headers.MAX_COLUMNS + 1]
    # a local installation settles in the same process and needs the memory
    pa.default_memory_pool().release_unused()
    return report


def _reusable_result(ports: Ports, upload: Batch) -> StagingReport | None:
    """Return the result of an earlier staging of the same bytes under the same contract, if it would not differ now."""
    if upload.kind != "upload":
        return None
    params = {"sha256": upload.sha256, "contract": upload.contract, "contract_version": upload.contract_version}
    for row in ports.warehouse.query(sql.text("ledger/same_bytes"), params).to_pylist():
        report = StagingReport(**records.get(ports, row["batch_id"]).staged)
        has_future_dates = any(problem["code"] == "future-date" for problem in report.problems)
        exists = expiry.exists(ports, (*report.accepted, *report.refused))
        if report.reader == reader() and exists and not has_future_dates:
            return report
    return None


def _parts(
    ports: Ports, upload: Batch, contract: Contract, on_header: Callable[[list[str]], None]
) -> Iterator[RowBatch]:
    """Return the row batches of a batch by its kind. Each kind imports only the libraries that it needs."""

    def open_original() -> BinaryIO:
        return ports.objects.open(upload.bucket, upload.object, upload.generation)

    received = datetime.fromisoformat(upload.received_at)
    if upload.kind == "messages":
        from tillstream.pipeline.staging.sources.store_sales import message_parts

        return message_parts(open_original, contract, received.date())
    if upload.kind == "correction":
        from tillstream.pipeline.staging.sources.correction import correction_batches

        return correction_batches(open_original, contract, upload.fix_number, received.date())
    from tillstream.pipeline.staging.sources.file import file_batches, replayed_parts

    if upload.kind == "replay":
        return replayed_parts(ports, upload, open_original, contract, received.date(), on_header)
    return file_batches(open_original, contract, received.date(), ports.limits, on_header)
