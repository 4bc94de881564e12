"""Backup, publishing, rebuild, quality checks, status and losses."""

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tillstream.analytics import holidays
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Progress, Result
from tillstream.intake import watched_folder
from tillstream.model import audit
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.operations import (
    kept_originals,
    large_settlements,
    ledger_repair,
    maintenance_status,
    message_queues,
    quality_results,
    rebuild,
    reconcile,
)
from tillstream.operations import quality_checks as quality
from tillstream.operations.quality_results import published_results
from tillstream.pipeline.publishing.sale_events import publish_changes as announce_settlement
from tillstream.pipeline.publishing.sale_events import unpublished_settlements
from tillstream.records import audit_log, batch_records, losses


@dataclass(frozen=True, kw_only=True)
class Backup:
    """out: the path of the archive, or a folder of a bucket."""

    out: str


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """originals: stage the originals again."""

    originals: bool = False


@dataclass(frozen=True, kw_only=True)
class Quality:
    """everything: all checks on all days."""

    everything: bool = False


def backup(app: App, progress: Progress, arguments: Backup) -> Result:
    """Ends with 1 if a kept original is lost or damaged, and so is in the backup: the backup is complete otherwise."""
    if app.backup is None:
        raise Rejected("Backups are not available for this installation.")
    kept = app.backup(arguments.out, lambda size: progress("bytes", size))
    maintenance_status.note_run(app.ports, maintenance_status.BACKUP_TASK)
    if app.ports.objects.keeps_checksums:  # compared with the copies
        return Result(kept)
    damaged = kept_originals.verify_all_originals(app.ports)
    return Result(kept | {"damaged": damaged}, FAILED if damaged else DONE)


def announce(app: App, progress: Progress, arguments: NoArguments) -> Result:
    events_by_settlement = {
        number: announce_settlement(app.ports, number) for number in unpublished_settlements(app.ports)
    }
    app.ports.warehouse.refresh_totals()
    if events_by_settlement:
        after = {"settlements": sorted(events_by_settlement), "events": sum(events_by_settlement.values())}
        audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_ANNOUNCED, "settlements", None, after)
    return Result({"settlements": len(events_by_settlement), "events": sum(events_by_settlement.values())})


def rebuild_check(app: App, progress: Progress, arguments: Rebuild) -> Result:
    run = rebuild.rebuild_from_originals if arguments.originals else rebuild.rebuild_from_ledger
    repaired = (
        ledger_repair.repair_ledger(app.ports, app.contracts, whole=True).sentences() if arguments.originals else []
    )
    report = ({"repaired": repaired} if repaired else {}) | run(
        app.ports, app.fresh_warehouse, lambda step: progress("settlements", step)
    )
    return Result(report, FAILED if report["differences"] or report["unread"] else DONE)


def check_quality(app: App, progress: Progress, arguments: Quality) -> Result:
    app.ports.warehouse.refresh_totals()
    if arguments.everything or not quality_results.last_results(app.ports).checked_at:
        quality.check_all_days(app.ports, quality.ON_BIGQUERY if app.settings.project else quality.ON_ONE_MACHINE)
    else:
        quality.check_changed_days(app.ports)
    report = published_results(app.ports)
    return Result(report, FAILED if report["failing"] else DONE)


def status(app: App, progress: Progress, arguments: NoArguments) -> Result:
    ports = app.ports
    states = {state.value: ports.documents.count(batch_records.BATCHES, {"state": state.value}) for state in BatchState}
    size = maintenance_status.read_ledger_size(ports.warehouse)
    return Result(
        {
            "home": str(app.settings.home),
            "batches": {state: count for state, count in states.items() if count},
            "lines": size.lines,
            "as_of": size.as_of,
            "queues": [vars(depth) for depth in message_queues.queue_depths(ports)],
            "has_worker": app.has_worker or bool(app.settings.project),
            "losses": [one.to_json() for one in losses.open_losses(ports)],
        }
    )


def sweep_now(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Ingest the watched folder, reconcile, and work off the queues; incomplete files are checked twice."""
    checked = app.home.run(whole=True) if app.home else []
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REFRESHED, "pipeline")
    held = _held(app)
    taken, failed = _take_dropped(app)
    if watched_folder.count_waiting_files(app.drops):
        time.sleep(app.settings.drop_settle + 0.05)
        more, failed = _take_dropped(app)
        taken += more
    swept = reconcile.resume_interrupted_work(
        app.ports, app.contracts, patience=timedelta(0), delegate=bool(app.settings.project)
    )
    swept["repaired"] = [
        *(() if app.has_worker else app.notices),
        *checked,
        *swept["repaired"],
    ]  # a server printed them
    share = kept_originals.FUNCTION_SHARE if app.settings.project else kept_originals.COMMAND_SHARE
    swept["repaired"] += kept_originals.verify_originals(app.ports, share, again=True)
    from tillstream.commands import queues  # lazy: structlog, which the handlers of events need

    queued = queues.work_off_queues(app)
    holidays.refresh_holidays(app.ports)
    app.ports.warehouse.refresh_totals()
    for place in app.drops:
        watched_folder.update_status_notes(app.ports, place)
    return Result(
        {"taken": taken, "still_written": watched_folder.count_waiting_files(app.drops), "not_taken": failed}
        | swept
        | queued
        | {"held": (now_held := _held(app)), "losses": len(losses.open_losses(app.ports))},
        HELD if now_held > held else DONE,
    )


def _held(app: App) -> int:
    return app.ports.documents.count(batch_records.BATCHES, {"state": BatchState.HELD.value})


def settle_staged(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Settle with the memory of this process."""
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REFRESHED, "pipeline")
    from tillstream import logs  # lazy: structlog is not needed by most commands

    report = large_settlements.settle_large(app.ports, app.contracts)
    logs.warn("ledger repaired", report["repaired"])
    return Result(report)


def _take_dropped(app: App) -> tuple[int, list[str]]:
    results = [watched_folder.ingest_dropped_files(app.ports, app.contracts, drop) for drop in app.drops]
    return sum(len(taken) for taken, _ in results), [reason for _, failed in results for reason in failed]


@dataclass(frozen=True, kw_only=True)
class ListLosses:
    """everything: also those that were dealt with."""

    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class DecideLoss:
    """loss: its id. resolution: a value of `losses.Resolution`."""

    loss: str
    resolution: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LostInBackup:
    """archive: the path of a backup."""

    archive: str


@dataclass(frozen=True, kw_only=True)
class OfLoss:
    """loss: its id."""

    loss: str


def list_losses(app: App, progress: Progress, arguments: ListLosses) -> Result:
    """Ends with 1 while a loss is open."""
    open_ = losses.open_losses(app.ports)
    listed_losses = losses.all_losses(app.ports) if arguments.everything else open_
    return Result([one.to_json() for one in listed_losses], FAILED if open_ else DONE)


def decide_loss(app: App, progress: Progress, arguments: DecideLoss) -> Result:
    resolution = losses.Resolution(arguments.resolution)
    decided = kept_originals.decide_loss(
        app.ports, arguments.loss, resolution, arguments.reason, by=COMMAND_LINE, home=app.home
    )
    return Result(decided.to_json())


def restore_losses(app: App, progress: Progress, arguments: LostInBackup) -> Result:
    """Put back what the backup has of the open losses. Ends with 1 while a loss is open."""
    from tillstream.app.local_recovery import put_back_lost  # lazy: the adapter of backups

    done = put_back_lost(app, Path(arguments.archive), by=COMMAND_LINE)
    return Result([one.to_json() for one in done], FAILED if losses.open_losses(app.ports) else DONE)


def reopen_loss(app: App, progress: Progress, arguments: OfLoss) -> Result:
    return Result(losses.reopen_loss(app.ports, arguments.loss, by=COMMAND_LINE).to_json())
