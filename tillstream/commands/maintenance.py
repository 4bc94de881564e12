"""`tillstream status`, `sweep`, `settle`, `announce`, `rebuild` and `quality`: upkeep of a ledger."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypedDict

from tillstream.commands.declaration import Group, Option
from tillstream.commands.printing import count_words, print_line, print_title
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Progress, Result
from tillstream.model import audit
from tillstream.model.batch import BatchState
from tillstream.model.events import WEBHOOK_SUBSCRIPTIONS

if TYPE_CHECKING:
    from tillstream.app import App

root = Group()

SWEPT = {
    "taken": "ingested {} from the watched folder",
    "registered": "registered {} that had no batch",
    "staged": "resumed {}",
    "settled": "committed {}",
    "undone": "finished {}",
    "announced": "announced {}",
    "received": "received {}",
}
COUNTED = {
    "taken": ("file", "files"),
    "registered": ("file", "files"),
    "staged": ("batch", "batches"),
    "settled": ("settlement", "settlements"),
    "undone": ("undo", "undos"),
    "announced": ("settlement", "settlements"),
    "received": ("message of a store", "messages of stores"),
}


class QueueRow(TypedDict):
    """Messages of a subscription by what happens to them. None: not known here."""

    subscription: str
    ready: int | None
    leased: int | None
    delayed: int | None
    dead: int | None


class CheckRow(TypedDict):
    name: str
    mart: str
    description: str
    remedy: str
    failing_rows: int
    failing_days: list[str]


class SweepReport(TypedDict):
    """What a sweep did, each with its count, and what is left."""

    taken: int
    registered: int
    staged: int
    settled: int
    undone: int
    announced: int
    received: int
    left: dict[str, int]
    still_written: int
    held: int
    losses: int
    repaired: list[str]
    not_taken: list[str]


def show_status(
    *,
    home: str,
    as_of: str | None,
    lines: int,
    batches: dict[str, int],
    queues: list[QueueRow],
    has_worker: bool,
    losses: list[dict[str, str]],
) -> None:
    print_line(f"Data in {home}")
    if as_of:
        print_line(f"{count_words(lines, 'line', 'lines')} in the numbers, as of {_minute(as_of)}")
    else:
        print_line("Nothing has been settled yet.")
    if batches:
        print_line("Batches: " + ", ".join(f"{count:,} {state}" for state, count in batches.items()))
    filled = [words for queue in queues if (words := _queue(queue))]
    for words in filled:
        print_line(f"Queue {words}")
    if any(queue["ready"] is None for queue in queues):
        print_line("Queues: their lengths are not known here")
    elif not filled:
        print_line("Queues: empty")
    if not has_worker:
        ready = [queue["subscription"].startswith(WEBHOOK_SUBSCRIPTIONS) for queue in queues if queue["ready"]]
        advice = "" if all(ready) else " `tillstream sweep` processes what is ready, or `tillstream serve`."
        webhooks = " Only `tillstream serve` sends the events of webhooks." if any(ready) else ""
        print_line(f"No server is running.{advice}{webhooks}")
    _show_held(batches.get("held", 0))
    for one in losses:
        print_line(f"Lost or damaged: {one['message']} {one['remedy']} ({one['id']})")


def _show_held(count: int) -> None:
    if count:
        held = count_words(count, "batch is", "batches are")
        print_line(f"{held} held and not in the numbers. `tillstream receipts` shows why.")


def _minute(instant: object) -> str:
    """2026-11-29 13:29 UTC, of an instant or its ISO 8601 text."""
    return f"{datetime.fromisoformat(str(instant)):%Y-%m-%d %H:%M} UTC"


def _queue(queue: QueueRow) -> str:
    """Describe one queue; empty if it has no messages."""
    parts = [
        f"{count:,} {words}"
        for count, words in (
            (queue["ready"], "ready"),
            (queue["leased"], "in progress"),
            (queue["delayed"], "waiting for a retry"),
            (queue["dead"], "dead letters"),
        )
        if count
    ]
    return f"{queue['subscription']}: {', '.join(parts)}" if parts else ""


def show_quality(*, failing: list[str], checks: list[CheckRow]) -> None:
    passed = len(checks) - len(failing)
    print_line(f"{count_words(passed, 'check passes', 'checks pass')}, {count_words(len(failing), 'fails', 'fail')}")
    for check in checks:
        if check["failing_rows"]:
            days = f" on {count_words(len(check['failing_days']), 'day', 'days')}" if check["failing_days"] else ""
            rows = count_words(check["failing_rows"], "row", "rows")
            words = f"{check['description']} {check['remedy']}".rstrip()
            print_line(f"{check['name']} ({check['mart']}): {rows}{days}. {words}")


def show_settled(data: dict[str, int]) -> None:
    done = [SWEPT[name].format(count_words(data[name], *COUNTED[name])) for name in ("settled", "undone") if data[name]]
    print_line(f"{', '.join(done).capitalize()}." if done else "Nothing was to be settled.")


def show_announced(*, settlements: int, events: int) -> None:
    if not settlements:
        print_line("All settlements are already announced.")
        return
    done = count_words(settlements, "settlement is", "settlements are")
    print_line(f"{done} announced: {count_words(events, 'event', 'events')} published.")


def show_swept(data: SweepReport) -> None:
    done = [
        SWEPT[name].format(count_words(count, *COUNTED[name]))
        for name, count in data.items()
        if isinstance(count, int) and count and name in SWEPT
    ]
    if done or not data["left"]:
        print_line(f"Done: {'; '.join(done)}." if done else "There was nothing to resume.")
    for words in (*data["repaired"], *data["not_taken"]):
        print_line(words)
    if data["left"]:
        left = ", ".join(f"{count:,} in {name}" for name, count in data["left"].items())
        print_line(f"Still queued: {left}. They are in progress, or wait for a retry. Run `sweep` again in a minute.")
    if data["still_written"]:
        files = count_words(data["still_written"], "file is", "files are")
        print_line(f"{files} still being written. Run `sweep` again when they are complete.")
    _show_held(data["held"])
    if data["losses"]:
        print_line(f"{count_words(data['losses'], 'loss is', 'losses are')} open: run `tillstream losses`.")


def show_rebuilt(
    *,
    settlements: int,
    batches: int,
    differences: list[str],
    repaired: Sequence[str] = (),
    kept_aside: str = "",
    unread: Sequence[str] = (),
) -> None:
    for words in repaired:
        print_line(words)
    size = f"{count_words(settlements, 'settlement', 'settlements')} of {count_words(batches, 'batch', 'batches')}"
    if kept_aside:
        print_line(f"Rebuilt {size} from the kept originals. The old warehouse is kept as {kept_aside}.")
        return
    for words in unread:
        print_line(words)
    if not differences:
        rest = ", apart from what could not be read" if unread else ""
        print_line(f"Settled {size} again: the copy and the ledger are identical{rest}.")
        return
    print_title(f"Settled {size} again: the copy and the ledger differ.")
    for words in differences:
        print_line(f"  {words}")


@root.command("status", show_status, reads=True)
def status(app: "App") -> Result:
    """Show the state of the ledger and the queues, and where the data is stored."""
    from tillstream.operations import maintenance_status, message_queues
    from tillstream.records import batch_records, losses

    ports = app.ports
    states = {state.value: batch_records.count_batches(ports, state) for state in BatchState}
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


@root.command("sweep", show_swept)
def sweep_now(app: "App") -> Result:
    """Ingest the files in the watched folder and resume interrupted work."""
    from tillstream.analytics import holidays
    from tillstream.commands import queues
    from tillstream.intake import watched_folder
    from tillstream.operations import kept_originals, reconcile
    from tillstream.records import audit_log, losses

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
    printed = () if app.has_worker else app.notices  # a server printed them
    swept["repaired"] = [*printed, *checked, *swept["repaired"]]
    share = kept_originals.FUNCTION_SHARE if app.settings.project else kept_originals.COMMAND_SHARE
    swept["repaired"] += kept_originals.verify_originals(app.ports, share, again=True)
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


@root.command("settle", show_settled)
def settle_staged(app: "App") -> Result:
    """Settle all staged files. In a Google Cloud project: those that are too large for its functions, and large undos.

    In a project, the job settle-large runs this command. TILLSTREAM_SETTLE_MEMORY sets the memory that it can use.
    """
    from tillstream import logs
    from tillstream.operations import large_settlements
    from tillstream.records import audit_log

    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REFRESHED, "pipeline")
    report = large_settlements.settle_large(app.ports, app.contracts)
    logs.warn("ledger repaired", report["repaired"])
    return Result(report)


@root.command("announce", show_announced)
def announce(app: "App") -> Result:
    """Publish the events of settlements that were not announced."""
    from tillstream.pipeline.publishing.sale_events import publish_changes as announce_settlement
    from tillstream.pipeline.publishing.sale_events import unpublished_settlements
    from tillstream.records import audit_log

    events_by_settlement = {
        number: announce_settlement(app.ports, number) for number in unpublished_settlements(app.ports)
    }
    app.ports.warehouse.refresh_totals()
    if events_by_settlement:
        after = {"settlements": sorted(events_by_settlement), "events": sum(events_by_settlement.values())}
        audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_ANNOUNCED, "settlements", None, after)
    return Result({"settlements": len(events_by_settlement), "events": sum(events_by_settlement.values())})


@root.command("rebuild", show_rebuilt)
def rebuild_check(
    app: "App",
    progress: Progress,
    *,
    check: Annotated[bool, Option("Rebuild from the rows in the ledger.")] = False,
    originals: Annotated[bool, Option("Rebuild from the kept originals.", names=("--from-originals",))] = False,
) -> Result:
    """Settle everything again in a copy and compare it with the ledger; rebuild a ledger of an older version."""
    from tillstream.operations import ledger_repair, rebuild

    from_originals = originals and not check
    run = rebuild.rebuild_from_originals if from_originals else rebuild.rebuild_from_ledger
    repaired = ledger_repair.repair_ledger(app.ports, app.contracts, whole=True).sentences() if from_originals else []
    report = ({"repaired": repaired} if repaired else {}) | run(
        app.ports, app.fresh_warehouse, lambda step: progress("settlements", step)
    )
    return Result(report, FAILED if report["differences"] or report["unread"] else DONE)


@root.command("quality", show_quality)
def check_quality(
    app: "App",
    *,
    everything: Annotated[
        bool, Option("All checks on all days, not only on days that changed.", names=("--all",))
    ] = False,
) -> Result:
    """Check keys, values and totals of the marts. Ends with 1 if a check fails."""
    from tillstream.operations import quality_checks as quality
    from tillstream.operations import quality_results
    from tillstream.operations.quality_results import published_results

    app.ports.warehouse.refresh_totals()
    if everything or not quality_results.last_results(app.ports).checked_at:
        quality.check_all_days(app.ports, quality.ON_BIGQUERY if app.settings.project else quality.ON_ONE_MACHINE)
    else:
        quality.check_changed_days(app.ports)
    report = published_results(app.ports)
    return Result(report, FAILED if report["failing"] else DONE)


def _held(app: "App") -> int:
    from tillstream.records import batch_records

    return batch_records.count_batches(app.ports, BatchState.HELD)


def _take_dropped(app: "App") -> tuple[int, list[str]]:
    from tillstream.intake import watched_folder

    results = [watched_folder.ingest_dropped_files(app.ports, app.contracts, drop) for drop in app.drops]
    return sum(len(taken) for taken, _ in results), [reason for _, failed in results for reason in failed]
