"""Stage a batch: write its accepted and rejected rows to the staging bucket. No shared table is written."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pyarrow as pa

from tillstream.batches import events, records
from tillstream.contracts import confirmations, known_headers
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.domain.batch.record import STAGEABLE, Batch, BatchChanges, BatchKind, State
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.pipeline.rows.prefetch import prefetch
from tillstream.pipeline.staging import expiry, holds
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.sources.open_source import open_source
from tillstream.pipeline.staging.split_rows import split
from tillstream.pipeline.staging.writer import reader, staged_writer
from tillstream.pipeline.validating.outliers import outlier_detector
from tillstream.pipeline.validating.price_scale import PriceScale
from tillstream.pipeline.validating.total_row import TotalRow
from tillstream.pipeline.validating.unusual_currencies import currency_detector
from tillstream.ports import Ports

Progress = Callable[[int], None]


def stage(
    ports: Ports, batch: str, progress: Progress | None = None, contracts: ContractRegistry | None = None
) -> Batch:
    """Stage one batch. Idempotent and safe to run concurrently: each run writes under its own prefix, and only one
    updates the record.

    contracts: registry searched for a better-matching contract when the file does not match its own.
    Raises `NotFound`, `Unavailable`. If the file cannot be read, the record becomes rejected, and nothing is raised.
    """
    upload = records.transition(ports, batch, State.STAGING, only_from=STAGEABLE)
    if upload.state is not State.STAGING:
        return upload
    prefix = f"{batch}/{ports.clock.tick()}"
    try:
        report = _reusable_result(ports, upload) or write(ports, upload, prefix, progress)
    except Rejected as error:
        lacks_columns = error.code == "missing-columns"
        decision = (
            holds.check_unreadable(_file_context(ports, upload, contracts)) if lacks_columns else holds.HoldDecision()
        )
        if decision.holds:
            held: BatchChanges = {"holds": decision.holds, "proposed": decision.proposed}
            return records.transition(ports, batch, State.HELD, only_from=STAGEABLE, expected=upload, **held)
        return records.transition(ports, batch, State.REJECTED, only_from=STAGEABLE, expected=upload, error=str(error))
    return staged(ports, upload, report, contracts)


def _file_context(ports: Ports, upload: Batch, contracts: ContractRegistry | None) -> holds.FileContext:
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return holds.FileContext(ports, upload, contract, tuple(contracts.all().values()) if contracts else ())


def staged(ports: Ports, upload: Batch, report: StagingReport, contracts: ContractRegistry | None = None) -> Batch:
    """Update the record with the staging result and publish `batch.staged`, or hold the batch."""
    file = _file_context(ports, upload, contracts)
    decision = holds.check_holds(file, report)
    state = State.HELD if decision.holds else State.STAGED
    if not decision.holds and upload.is_file:
        known_headers.remember(ports, file.contract, report.columns)
    fields: BatchChanges = {"staged": report, "holds": decision.holds, "proposed": decision.proposed}
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
    source, hasher = open_source(ports, upload, contract), Hasher()
    every = (outlier_detector, currency_detector) if upload.is_file else ()
    detectors = [detector for create in every if (detector := create(ports.warehouse, contract))]
    is_new = partial(confirmations.needs_confirmation, ports, contract)
    scale = PriceScale(ports.warehouse, contract, is_new) if upload.is_file else None
    total = TotalRow()
    with staged_writer(ports.objects, prefix, detectors) as writer:
        for rows in prefetch(split(row_batch, hasher) for row_batch in prefetch(source.row_batches())):
            writer.add(rows)
            if scale and rows.accepted is not None:
                scale.add(rows.accepted)
                total.add(rows.accepted)
            if progress:
                progress(rows.row_batch.rows_read)
        report = writer.finish(source.headers[: known_headers.MAX_COLUMNS + 1])
    if scale and (scale_doubt := scale.doubt()):
        report = replace(report, scale_doubt=scale_doubt)
    report = replace(report, total_doubt=total.doubt(), table_doubt=source.table_doubt)
    if source.date_doubt:
        report = replace(report, date_doubt=source.date_doubt.words, date_repair=source.date_doubt.repair)
    # a local installation settles in the same process and needs the memory
    pa.default_memory_pool().release_unused()
    return report


def _reusable_result(ports: Ports, upload: Batch) -> StagingReport | None:
    """Return the result of an earlier staging of the same bytes under the same contract, if it would not differ now."""
    if upload.kind is not BatchKind.UPLOAD:
        return None
    version = (upload.contract, upload.contract_version)
    is_dated_by_name = bool(contract_version(ports.documents, *version).file.date_in_name)
    settled = [
        other
        for other in records.same_bytes(ports, upload)
        if other.settlement_no
        and (other.contract, other.contract_version) == version
        and (other.file == upload.file or not is_dated_by_name)
    ]
    report = max(settled, key=lambda other: other.received_seq).staged if settled else None
    if report is None or report.reader != reader() or not expiry.is_readable(ports, report.objects):
        return None
    return report if all(problem.code != "future-date" for problem in report.problems) else None
