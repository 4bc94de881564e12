"""Stock, the restock queue and purchase orders on the command line."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from tillstream.analytics import filter_values, queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, QUARANTINED, Progress, Result
from tillstream.model import audit
from tillstream.model.errors import ReadOnly, Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.ports.machine import RESTOCK_JOB
from tillstream.records import audit_log, job_runs
from tillstream.stock import (
    movement_import,
    movement_mirror,
    order_documents,
    published_levels,
    restock_queue,
    stored_levels,
    stored_movements,
)
from tillstream.stock import purchase_orders as records
from tillstream.stock.movement_columns import MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader
from tillstream.stock.movements import DayPart, MovementKind
from tillstream.stock.order_lists import OPEN, STORED_STATES, OrderFilter, list_orders, order_row
from tillstream.stock.restock_simulation import SimulationOptions, simulate_policies

MAX_STOCK_PROBLEMS = 1_000
"""Problems in a result."""


@dataclass(frozen=True, kw_only=True)
class ShowStock:
    """filters: region, store, product and category. at: a day or a time; empty: now."""

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    status: str = "all"
    text: str = ""
    at: str = ""
    limit: int = 1_000


@dataclass(frozen=True, kw_only=True)
class ImportStock:
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


def show_stock(app: App, progress: Progress, arguments: ShowStock) -> Result:
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


def rebuild_stock(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Write all movements and levels in the warehouse again, from the recorded movements and the sales."""
    movement_mirror.repair_movements(app.ports)
    counts = {
        "movements": stored_movements.count_movements(app.ports),
        "levels": stored_levels.rebuild_levels(app.ports),
    }
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REBUILT, "stock", None, counts)
    return Result(counts)


def import_stock(app: App, progress: Progress, arguments: ImportStock) -> Result:
    """Record the movements of a file: all rows, or with `partly` the good ones."""
    path = Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    plan = _import_plan(app, content, arguments)
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


def _import_plan(app: App, content: bytes, arguments: ImportStock) -> MovementPlan:
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
        for one in islice(plan.problems(), MAX_STOCK_PROBLEMS)
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


@dataclass(frozen=True, kw_only=True)
class ListRestockLines:
    """Filters of the queue; empty: all. state: as in the query `restock-lines`."""

    region: str = ""
    store: str = ""
    supplier: str = ""
    state: str = "open"
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class ComputeRestock:
    """due: only if it is due, as for the job of a project."""

    due: bool = False


@dataclass(frozen=True, kw_only=True)
class SimulatePolicies:
    """fill: fill rate at which policies are compared; by default the one that levels at `service` reach.

    The other arguments are those of `SimulationOptions`.
    """

    service: float = 0.95
    fill: float | None = None
    lead_days: int | None = None
    review_days: int | None = None
    pack: float = 1.0
    top: int = 200
    region: str = ""
    store: str = ""


def list_restock_lines(app: App, progress: Progress, arguments: ListRestockLines) -> Result:
    """The stored queue, the most urgent lines first."""
    chosen = {name: [value] for name in ("region", "store") if (value := getattr(arguments, name))}
    values = {name: getattr(arguments, name) for name in ("supplier", "state", "limit")}
    filters = Filters.parse(chosen)
    answer = queries.run_query(app.ports.warehouse, "restock-lines", UNRESTRICTED, filters, **values)
    last = restock_queue.last_restock_run(app.ports)
    return Result({
        "name": "restock-lines",
        "columns": [name for name in answer.schema.names if name != "matching"],
        "rows": answer.drop_columns(["matching"]).to_pylist(),
        "computed_at": last.computed_at if last else None,
        "counted": last.counted if last else 0,
    })  # fmt: skip


def compute_restock(app: App, progress: Progress, arguments: ComputeRestock) -> Result:
    """Compute the queue."""
    if arguments.due:
        with job_runs.job_reserved(app.ports, RESTOCK_JOB):
            ended = restock_queue.run_due_restock(app.ports)
        return Result(asdict(ended) if ended else {})
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    return Result(asdict(restock_queue.run_restock(app.ports, restock_queue.restock_basis(app.ports))))


def simulate_order_policies(app: App, progress: Progress, arguments: SimulatePolicies) -> Result:
    shares = (arguments.service, 0.5 if arguments.fill is None else arguments.fill)
    if not all(0 < each < 1 for each in shares):
        raise Rejected("A service level and a fill rate are between 0 and 1.")
    options = SimulationOptions(
        arguments.lead_days, arguments.review_days, arguments.pack, arguments.top, arguments.region, arguments.store
    )
    result = simulate_policies(app.ports.warehouse, app.ports.clock.now().date(), options)
    fill = arguments.fill or result.comparison.fill_of_service(arguments.service)
    return Result({
        "first_day": result.first_day,
        "last_day": result.last_day,
        "open_days": result.open_days,
        "lines": result.lines,
        "costed_lines": result.costed_lines,
        "currency": result.currency,
        "lead_days": result.setting.lead_days,
        "review_days": result.setting.review_days,
        "pack": result.setting.pack,
        "service": None if arguments.fill else arguments.service,
        "fill": fill,
        "policies": result.comparison.at_fill(fill),
        "curves": result.comparison.series(),
    })  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ListPurchaseOrders:
    """state: a state of orders, `open` or `all`."""

    state: str = OPEN


@dataclass(frozen=True, kw_only=True)
class OfOrder:
    """number: such as PO-000012."""

    number: str


@dataclass(frozen=True, kw_only=True)
class OrderFile:
    """out: the file to write."""

    number: str
    out: str


def list_purchase_orders(app: App, progress: Progress, arguments: ListPurchaseOrders) -> Result:
    """List the orders of a state, newest first."""
    if arguments.state not in STORED_STATES:
        raise Rejected(f"There is no state “{arguments.state}” of orders. The states are: {', '.join(STORED_STATES)}.")
    tracked, today = list_orders(app.ports, UNRESTRICTED, OrderFilter(arguments.state)), app.ports.clock.now().date()
    return Result([order_row(one, today, costs=True) for one in tracked])


def show_order(app: App, progress: Progress, arguments: OfOrder) -> Result:
    (tracked,) = records.track_orders(app.ports, [records.order_with_number(app.ports, arguments.number)])
    return Result(order_row(tracked, app.ports.clock.now().date(), costs=True))


def write_order_pdf(app: App, progress: Progress, arguments: OrderFile) -> Result:
    """Write an order as PDF."""
    order, out = records.order_with_number(app.ports, arguments.number), Path(arguments.out)
    content = order_documents.order_document(app.ports, order, costs=True).render("pdf")
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"file": str(out), "bytes": len(content), "number": order.number})
