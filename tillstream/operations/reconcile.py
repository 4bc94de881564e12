"""Reconcile: resume interrupted work, on schedule or for a user; the warehouse is the source of truth."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict

from tillstream.catalogue import warehouse_mirror
from tillstream.catalogue.file_import import resume_import
from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import upload_completion
from tillstream.model import audit
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.operations import document_mirrors, inbox_upkeep, kept_originals, ledger_repair, maintenance_status
from tillstream.people import warehouse_scopes
from tillstream.people.accounts import current_scope
from tillstream.pipeline import tabular
from tillstream.pipeline.publishing import sale_events
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.jobs import PROJECT_FUNCTION, SWEEP_FUNCTION
from tillstream.records import audit_log, batch_originals, batch_records
from tillstream.review import close_checks, undo
from tillstream.stock import stored_levels

RUN_PATIENCE = timedelta(minutes=20)
"""A run older than this has died; longer than any event lease."""
STAGING_PACE = timedelta(minutes=3)
"""Age at which a staged micro-batch of store sales is overdue: in a cloud, they are settled once a minute."""

SWEEP_WAIT_SECONDS = 240.0
"""How long a user waits."""


class SweepCounts(TypedDict):
    """How much a sweep resumed, by step, and the sentences of a repair."""

    registered: int
    staged: int
    settled: int
    undone: int
    announced: int
    repaired: list[str]


def run_sweep(
    ports: Ports,
    contracts: ContractRegistry,
    *,
    patience: timedelta = RUN_PATIENCE,
    delegate: bool = False,
    by: str = "",
) -> SweepCounts:
    """Run a scheduled or manual sweep, then refresh user scopes, the mirror of the catalogue and stock levels, pack
    micro-batches, verify a share of the kept originals, and log the run.

    Previews of the catalogue that were never imported are deleted after a week.

    by: user who started it; audited if set. Raises as `resume_interrupted_work`.
    """
    if by:
        audit_log.record(ports, by, audit.AuditAction.DATA_REFRESHED, "pipeline")
    report = resume_interrupted_work(ports, contracts, patience=patience, delegate=delegate)
    warehouse_scopes.sync_user_scopes(ports)
    resume_import(ports)
    tabular.delete_old_previews(ports)
    warehouse_mirror.follow_change(ports)
    stored_levels.follow_movement(ports)
    maintenance_status.note_run(ports, maintenance_status.SWEEP_TASK)
    inbox_upkeep.pack_micro_batches(
        ports, contracts, at_most=inbox_upkeep.MAX_PACKED_IN_FUNCTION if delegate else inbox_upkeep.MAX_PACKED
    )
    share = kept_originals.FUNCTION_SHARE if delegate else kept_originals.SERVER_SHARE
    report["repaired"] += kept_originals.verify_originals(ports, share, again=not patience)
    return report


def resume_interrupted_work(
    ports: Ports, contracts: ContractRegistry, *, patience: timedelta = RUN_PATIENCE, delegate: bool = False
) -> SweepCounts:
    """Resume interrupted work and return counts: unrecorded objects, stopped stagings and settlements, lost events; and
    the sentences of a repair, if the ledger and the records did not agree.

    delegate: publish `batch.received` instead of staging here (the sweep function has little memory). Objects and
    settlements are then checked from the previous sweep minus an overlap, because checking years of them every few
    minutes is too slow; fresh micro-batches of store sales are left to the settlement of their minute.
    patience: younger stagings and announcements are in progress and are left alone; none with 0.
    """
    # first, because what is settled next would take the numbers of settlements that the ledger lost
    repaired = ledger_repair.repair_ledger(
        ports, contracts, ports.clock.now() - patience if patience else None, delegate=delegate
    ).sentences()
    if not delegate:
        repaired += document_mirrors.repair_mirrors(ports, repaired)
    previous = _previous_sweep(ports) if delegate else None
    first = _first_settlement(ports, previous)
    upload_completion.clean_up_uploads(ports, contracts)
    registered = inbox_upkeep.register_unrecorded(ports, contracts, previous)
    missing = _unrecorded_text(registered) if registered and not delegate else []
    missing += _restage(ports, BatchState.HELD, expiry.expired)
    if not delegate:
        missing += _restage(ports, BatchState.STAGED, expiry.damaged)
    cutoff = (ports.clock.now() - patience).isoformat()
    stopped = [
        upload
        for state in (BatchState.RECEIVED, BatchState.STAGING, BatchState.FAILED)
        for upload in batch_records.find_batches(ports, state=state, kind=None, limit=None)
        if upload.state_at <= cutoff and not upload.home
    ]
    for upload in stopped:
        if delegate:
            batch_records.publish_received(ports, upload)
        else:
            missing += _stage_batch(ports, contracts, upload)
    settled = (
        settle.settle_staged(ports, contracts)
        if not delegate or _is_anything_overdue(ports, min(STAGING_PACE, patience))
        else []
    )
    undone = _follow_undos(ports, first)
    announced = _announce_missing(ports, first, ports.clock.now() - patience if patience else None)
    close_checks.check_day_closes(ports, contracts)
    settle.start_job_if_large(ports, contracts)  # last: whatever prevents it delays nothing else
    return {
        "registered": registered,
        "staged": len(stopped),
        "settled": len(settled),
        "undone": undone,
        "announced": announced,
        "repaired": [*repaired, *missing],
    }


def _restage(ports: Ports, state: BatchState, is_lost: Callable[[Ports, Batch], bool]) -> list[str]:
    """Stage batches again whose staged rows are lost, and return what could not be read again."""
    missing: list[str] = []
    for upload in batch_records.find_batches(ports, state=state, kind=None, limit=None):
        if is_lost(ports, upload):
            missing += _lost_text(expiry.restage(ports, upload))
    return missing


def _unrecorded_text(count: int) -> list[str]:
    """The sentence for files that had no record: after a crash, or because an older documents file was put back."""
    files = (
        "1 file in the inbox had no record and is"
        if count == 1
        else f"{count:,} files in the inbox had no record and are"
    )
    return [
        f"{files} loaded now. If older files of the home were put back, decisions since then, such as undos, are lost."
    ]


def _stage_batch(ports: Ports, contracts: ContractRegistry, upload: Batch) -> list[str]:
    """Stage a batch, and return the sentence for users if its original is lost."""
    from tillstream.pipeline.staging import stage  # lazy: loads all file readers, not needed with `delegate`

    return _lost_text(stage.stage(ports, upload.batch_id, contracts=contracts))


def _lost_text(upload: Batch) -> list[str]:
    """The sentence for users about a batch that was rejected because its original is lost; none for others."""
    if upload.state is not BatchState.REJECTED or not upload.error.startswith(batch_originals.UNREADABLE_ERROR):
        return []
    return [f"{upload.file} (batch {upload.batch_id}) is rejected. {upload.error}"]


def _is_anything_overdue(ports: Ports, pace: timedelta) -> bool:
    """Return whether anything is staged other than micro-batches of store sales younger than `pace`."""
    cutoff = (ports.clock.now() - pace).isoformat()
    staged = batch_records.find_batches(ports, state=BatchState.STAGED, kind=None, limit=None)
    return any(upload.kind is not BatchKind.STORE_SALES or upload.state_at <= cutoff for upload in staged)


def _previous_sweep(ports: Ports) -> datetime | None:
    last = maintenance_status.last_run(ports, maintenance_status.SWEEP_TASK)
    return datetime.fromisoformat(last) if last else None


def _first_settlement(ports: Ports, previous_sweep: datetime | None) -> int:
    """Return the number of the first settlement to check; 0 for all."""
    if previous_sweep is None:
        return 0
    since = previous_sweep - inbox_upkeep.SWEEP_OVERLAP
    query = "SELECT COALESCE(MAX(settlement_no), 0) + 1 AS first FROM settlements WHERE settled_at < @since"
    return int(ports.warehouse.query(query, {"since": since}).column("first")[0].as_py())


def _follow_undos(ports: Ports, first: int) -> int:
    """Update records of batches that are undone in the warehouse only."""
    undone = ports.warehouse.query(
        "SELECT batch_id, undone_no FROM batches WHERE undone_no >= @first AND batch_no = root_no ORDER BY batch_no",
        {"first": first},
    ).to_pylist()
    count = 0
    for row in undone:
        document = ports.documents.get(batch_records.BATCHES, row["batch_id"])
        upload = Batch.from_json(document.data) if document else None
        if upload is None or upload.state not in STATES_IN_LEDGER:
            continue
        if batch_records.child_batches(ports, upload.batch_id, BatchKind.REPLAY) and _replace_record(
            ports, upload, row["undone_no"]
        ):
            settle.retire_batch(ports, upload.batch_id, BatchState.REPLAYED, row["undone_no"])
        else:
            undo.recover_undo(ports, upload, row["undone_no"])
        count += 1
    return count


def _replace_record(ports: Ports, upload: Batch, undone_no: int) -> bool:
    return any(
        replay.settlement_no == undone_no
        for replay in batch_records.child_batches(ports, upload.batch_id, BatchKind.REPLAY)
    )


def _announce_missing(ports: Ports, first: int, settled_by: datetime | None) -> int:
    unannounced = sale_events.unpublished_settlements(ports, first, settled_by)
    for number in unannounced:
        sale_events.publish_changes(ports, number)
    return len(unannounced)


def sweep_by_user(ports: Ports, contracts: ContractRegistry, by: str, *, delegate: bool) -> SweepCounts:
    """Resume interrupted work and return the counts. Raises as `run_sweep`, and `Unavailable`."""
    if ports.functions is None:
        return run_sweep(ports, contracts, delegate=delegate, by=by)
    counts: SweepCounts = ports.functions.call(SWEEP_FUNCTION, {"by": by}, SWEEP_WAIT_SECONDS)
    return counts


def sweep_in_function(ports: Ports, contracts: ContractRegistry, by: str) -> SweepCounts:
    """Resume interrupted work, in the function. Raises `Rejected` if the user may not, and as `run_sweep`."""
    if not current_scope(ports, by).may(Action.SEE_PIPELINE):
        raise Rejected(f"The account {by} may not start a sweep.")
    return run_sweep(ports, contracts, delegate=True, by=by)


def refresh_daily_totals(ports: Ports) -> None:
    """Refresh the daily totals. Raises `Conflict`, `Unavailable`."""
    if ports.functions is None:
        ports.warehouse.refresh_totals()
    else:
        ports.functions.call(PROJECT_FUNCTION, {}, SWEEP_WAIT_SECONDS)
