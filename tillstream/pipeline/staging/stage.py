"""Stage a batch: write its accepted and rejected rows to the staging bucket. No shared table is written."""

from collections.abc import Sequence
from functools import partial

from tillstream.contracts import registry
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.batch import STAGEABLE_STATES, Batch, BatchChanges, BatchKind, BatchState, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging import expiry, holds
from tillstream.pipeline.staging.open_source import open_source
from tillstream.pipeline.staging.write_rows import ReportProgress, reader_version, write_rows
from tillstream.pipeline.validating.unusual_values import LedgerHistory
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records
from tillstream.records.batch_originals import UnreadableOriginal


def stage(
    ports: Ports, batch: str, progress: ReportProgress | None = None, contracts: ContractRegistry | None = None
) -> Batch:
    """Stage one batch. Idempotent and safe to run concurrently: each run writes under its own prefix, and only one
    updates the record.

    contracts: registry searched for a better-matching contract when the file does not match its own.
    Raises `NotFound`, `Unavailable`. If the file cannot be read, the record becomes rejected, and nothing is raised; if
    an original is lost, that is recorded as well.
    """
    upload = begin(ports, batch)
    if upload.state is not BatchState.STAGING:
        return upload
    result: StagingReport | Rejected
    try:
        prefix = f"{batch}/{ports.clock.tick()}"
        result = reusable_result(ports, upload) or write(ports, upload, prefix, progress)
    except UnreadableOriginal as error:
        return batch_originals.reject_unreadable(ports, upload, error)
    except Rejected as error:
        result = error
    return finish(ports, upload, result, contracts)


def begin(ports: Ports, batch: str) -> Batch:
    """Record that a batch is being staged; a batch that cannot be staged is returned as it is. Raises `NotFound`."""
    return batch_records.transition_batch(ports, batch, BatchState.STAGING, only_from=STAGEABLE_STATES)


def finish(
    ports: Ports, upload: Batch, result: StagingReport | Rejected, contracts: ContractRegistry | None = None
) -> Batch:
    """Record what staging a batch resulted in: staged rows, or why the file cannot be read."""
    if isinstance(result, StagingReport):
        return _staged(ports, upload, result, contracts)
    context = _file_context(ports, upload, contracts)
    decision = holds.check_unreadable(context) if result.code in holds.MISMATCH_CODES else holds.HoldDecision()
    if decision.holds:
        held: BatchChanges = {"holds": decision.holds, "proposed": decision.proposed}
        return batch_records.transition_batch(
            ports, upload.batch_id, BatchState.HELD, only_from=STAGEABLE_STATES, expected=upload, **held
        )
    return batch_records.transition_batch(
        ports, upload.batch_id, BatchState.REJECTED, only_from=STAGEABLE_STATES, expected=upload, error=str(result)
    )


def _file_context(ports: Ports, upload: Batch, contracts: ContractRegistry | None) -> holds.FileContext:
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return holds.FileContext(ports, upload, contract, tuple(contracts.all().values()) if contracts else ())


def _staged(ports: Ports, upload: Batch, report: StagingReport, contracts: ContractRegistry | None = None) -> Batch:
    """Update the record with the staging result and publish `batch.staged`, or hold the batch."""
    file = _file_context(ports, upload, contracts)
    decision = holds.check_holds(file, report)
    state = BatchState.HELD if decision.holds else BatchState.STAGED
    if not decision.holds and upload.is_file:
        registry.remember_headers(ports, file.contract, report.columns)
    fields: BatchChanges = {"staged": report, "holds": decision.holds, "proposed": decision.proposed}
    moved = batch_records.transition_batch(
        ports, upload.batch_id, state, only_from=STAGEABLE_STATES, expected=upload, **fields
    )
    if moved.state is BatchState.STAGED:
        batch_records.publish_staged(ports, moved)
    return moved


def write(
    ports: Ports, upload: Batch, prefix: str, progress: ReportProgress | None = None, contract: Contract | None = None
) -> StagingReport:
    """Write staged rows under a prefix without updating the record. contract: an unsaved contract that a dry run tries.

    Raises `Rejected` for a file that cannot be read, `UnreadableOriginal` if an original is lost.
    """
    for one in (upload, *_corrections(ports, upload)):
        batch_originals.check_original(ports, one, trusting=True)
    contract = contract or contract_version(ports.documents, upload.contract, upload.contract_version)
    history = history_of(ports, contract) if upload.is_file else None
    return write_rows(ports.objects, prefix, open_source(ports, upload, contract), contract, history, progress)


def _corrections(ports: Ports, upload: Batch) -> Sequence[Batch]:
    return batch_records.inherited_corrections(ports, upload) if upload.kind is BatchKind.REPLAY else ()


def history_of(ports: Ports, contract: Contract) -> LedgerHistory:
    """What the rows of a file of the contract are compared with."""
    return LedgerHistory(ports.warehouse, contract, partial(registry.needs_confirmation, ports, contract))


def reusable_result(ports: Ports, upload: Batch) -> StagingReport | None:
    """Return the result of an earlier staging of the same bytes under the same contract, if it would not differ now."""
    if upload.kind is not BatchKind.UPLOAD:
        return None
    version = (upload.contract, upload.contract_version)
    is_dated_by_name = bool(contract_version(ports.documents, *version).file.date_in_name)
    settled = [
        other
        for other in batch_records.uploads_of_same_bytes(ports, upload)
        if other.settlement_no
        and (other.contract, other.contract_version) == version
        and (other.file == upload.file or not is_dated_by_name)
    ]
    report = max(settled, key=lambda other: other.received_seq).staged if settled else None
    if report is None or report.reader != reader_version() or not expiry.is_whole(ports.objects, report):
        return None
    return report if all(problem.code != "future-date" for problem in report.problems) else None
