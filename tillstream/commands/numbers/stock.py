"""Stock on the command line: levels now or in the past, levels computed again, and import of movements from a file."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from tillstream.analytics import filter_values, queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, QUARANTINED, Progress, Result
from tillstream.commands.users import COMMAND_LINE
from tillstream.model import audit
from tillstream.model.errors import ReadOnly, Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.records import audit_log
from tillstream.stock import movement_import, movement_mirror, published_levels, stored_levels, stored_movements
from tillstream.stock.movement_columns import MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader
from tillstream.stock.movements import DayPart, MovementKind

MOST_PROBLEMS = 1_000
"""Problems in a result."""


@dataclass(frozen=True, kw_only=True)
class StockLevels:
    """filters: region, store, product and category. at: a day or a time; empty: now."""

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    status: str = "all"
    text: str = ""
    at: str = ""
    limit: int = 1_000


@dataclass(frozen=True, kw_only=True)
class StockImport:
    """kind, day, before_opening, region and store: of rows without them; an empty day is today. dry: record nothing.

    partly: record the good rows if others have problems. refused: path of a file for the others; empty: none.
    """

    file: str
    kind: str = MovementKind.COUNT.value
    day: str = ""
    before_opening: bool = False
    region: str = ""
    store: str = ""
    dry: bool = False
    partly: bool = False
    refused: str = ""


def stock(app: App, progress: Progress, arguments: StockLevels) -> Result:
    """Stock by store and product, in the form of a query."""
    name, params = published_levels.levels_query_at(arguments.at)
    filters = Filters.parse(arguments.filters)
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    chosen: dict[str, Any] = params | {"status": arguments.status, "text": arguments.text, "limit": arguments.limit + 1}
    if not arguments.at:
        with suppress(ReadOnly):
            stored_levels.follow_movement(app.ports)
    answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, filters, **chosen)
    if name == published_levels.AS_OF_QUERY:
        answer = answer.drop_columns([published_levels.ALL_PAGES])
    rows = answer.slice(0, arguments.limit).to_pylist()
    return Result(
        {
            "name": name,
            "columns": answer.column_names,
            "rows": rows,
            "cut": answer.num_rows > arguments.limit,
            "currency": filters.currency or app.settings.reporting_currency,
        }
    )


def rebuild(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Write all movements and levels in the warehouse again, from the recorded movements and the sales."""
    movement_mirror.repair_movements(app.ports)
    counts = {
        "movements": stored_movements.count_movements(app.ports),
        "levels": stored_levels.rebuild_levels(app.ports),
    }
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REBUILT, "stock", None, counts)
    return Result(counts)


def import_file(app: App, progress: Progress, arguments: StockImport) -> Result:
    """Record the movements of a file: all rows, or with `partly` the good ones."""
    path = Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    plan = _plan(app, content, arguments)
    if arguments.refused and plan.refused:
        Path(arguments.refused).write_text("".join(plan.refused_rows()), encoding="utf-8")
    records_any = bool(plan.movements) and (not plan.refused or arguments.partly)
    new = 0
    repeated = movement_import.count_recorded(app.ports, plan.movements)
    if records_any and not arguments.dry:
        new = movement_import.record_imported(app.ports, plan.movements, by=COMMAND_LINE)
        stored_levels.follow_movement(app.ports)
    code = DONE if not plan.refused else QUARANTINED if records_any else FAILED
    return Result(_imported(plan, path.name, new, repeated, recorded=records_any and not arguments.dry), code)


def _plan(app: App, content: bytes, arguments: StockImport) -> MovementPlan:
    today = app.ports.clock.now().date()
    try:
        day = date.fromisoformat(arguments.day) if arguments.day else today
    except ValueError as error:
        raise Rejected(f"“{arguments.day}” is not a day. Write it as 2026-01-31.") from error
    defaults = MovementDefaults(day, MovementKind(arguments.kind), arguments.region, arguments.store)
    app.ports.warehouse.refresh_totals()
    reader = MovementReader(
        movement_import.read_stock_codes(app.ports.warehouse),
        defaults,
        movement_import.zone_of_store(app.ports, app.contracts),
        today + timedelta(days=1),
    )
    part = DayPart.BEFORE_OPENING if arguments.before_opening else DayPart.AFTER_CLOSING
    return movement_import.plan_movements(reader.read(content), part)


def _imported(plan: MovementPlan, file: str, new: int, repeated: int, *, recorded: bool) -> dict[str, Any]:
    problems = [
        {
            "line": one.line,
            "column": one.problem.column,
            "value": one.problem.value,
            "message": one.problem.message,
            "remedy": one.problem.remedy,
        }
        for one in islice(plan.problems(), MOST_PROBLEMS)
    ]
    return {
        "file": file,
        "recorded": recorded,
        "rows": plan.rows,
        "good_rows": plan.good,
        "refused_rows": plan.refused,
        "added_up_rows": plan.added_up,
        "movements": len(plan.movements),
        "new_movements": new,
        "repeated_movements": repeated,
        "problems": problems,
        "ignored_columns": list(plan.ignored_headers),
    }
