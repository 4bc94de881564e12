"""`tillstream stock …`, `tillstream restock …` and `tillstream orders …`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from tillstream.commands.declaration import Group, InputFile, Option, OutputFile, read_file, write_file
from tillstream.commands.printing import (
    Answer,
    ImportProblem,
    print_line,
    print_problems,
    print_title,
    problem_rows,
    show_csv,
    show_each,
    show_rows,
    show_table,
)
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, QUARANTINED, Result
from tillstream.model import audit
from tillstream.model.errors import ReadOnly, Rejected
from tillstream.model.money import amount_text, price_text
from tillstream.model.people import UNRESTRICTED

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.stock.movement_columns import MovementDefaults
    from tillstream.stock.movement_import import MovementPlan
    from tillstream.stock.movements import DayPart

stock = Group("stock")
restock = Group("restock")
orders = Group("orders")
STOCK_STATUSES = ("all", "in-stock", "low", "out", "negative", "not-counted", "attention")
MOVEMENT_KINDS = (
    "count", "receipt", "transfer-out", "transfer-in", "transfer-loss", "adjustment", "write-off", "supplier-return",
    "unsellable-return",
)  # fmt: skip
RESTOCK_STATES = ("open", "later", "deferred", "ordered", "snoozed", "dismissed", "all")
ORDER_STATES = ("open", "draft", "sent", "late", "partly received", "received", "closed", "cancelled", "all")
LEVEL_COLUMNS = (
    "region", "store_name", "product", "product_name", "on_hand", "in_transit", "counted_on", "days_of_cover", "status",
    "stock_cost",
)  # fmt: skip
POLICY_COLUMNS = ("policy", "stock", "against fixed", "units", "days short", "cycle service", "orders")
UNSOLD = 9_999
"""Urgency from which a product is not expected to sell."""
QUEUE_COLUMNS = ("product", "store", "lasts", "units", "from", "why")


class PolicyRow(TypedDict):
    """An order policy at the fill rate at which policies are compared. change: of its stock value."""

    policy: str
    stock_value: float
    stock_units: float
    change: float | None
    days_short: float
    cycle_service: float
    orders: float


class OrderAnswer(TypedDict):
    number: str
    state: str
    supplier: str
    region: str
    store_id: str
    sent_on: str
    expected_on: str
    currency: str
    cost: str
    lines: list[dict[str, str]]


def show_levels(data: Answer) -> None:
    """Print levels with their main columns; --json and --format csv have all."""
    show_table({**data, "columns": [name for name in LEVEL_COLUMNS if name in data["columns"]]})


def show_stock_import(
    *,
    file: str,
    problems: list[ImportProblem],
    ignored_columns: list[str],
    added_up_rows: int,
    good_rows: int,
    refused_rows: int,
    movements: int,
    repeated_movements: int,
    new_movements: int,
    recorded: bool,
) -> None:
    """Print what was recorded, and the rows that were not."""
    print_problems(ignored_columns, problems, len(problems))
    if added_up_rows:
        print_line(f"{added_up_rows:,} rows were added to other rows of the same product.")
    rows = f"{file}: {good_rows:,} good rows, {refused_rows:,} to fix"
    if movements and repeated_movements == movements:
        print_line(f"{rows}; all of them were recorded before.")
    elif not recorded:
        print_line(f"{rows}; nothing was recorded.")
    else:
        again = f", {repeated_movements:,} were recorded before" if repeated_movements else ""
        print_line(f"{rows}; {new_movements:,} movements recorded{again}.")


def show_rebuilt_stock(*, levels: int, movements: int) -> None:
    print_line(f"{levels:,} levels are computed from {movements:,} movements and the sales.")


def show_restock_queue(*, computed_at: str | None, rows: list[dict[str, str]], counted: int) -> None:
    """Print the lines of the queue."""
    if computed_at is None:
        print_line("The queue was not computed yet. Count stock, then run `tillstream restock run`.")
        return
    cells = [dict(zip(QUEUE_COLUMNS, _queue_cells(row), strict=True)) for row in rows]
    show_rows({"name": "restock queue", "columns": list(QUEUE_COLUMNS), "rows": cells, "cut": False})
    print_line(f"Computed {computed_at} from {counted:,} counted products in stores.")


def show_restock_run(*, lines: int = 0, counted: int | None = None) -> None:
    """Print how many products are needed."""
    if counted is None:
        print_line(
            "The queue is not due: nothing has changed since it was computed, or that was less than an hour ago."
        )
        return
    print_line(f"{lines:,} of {counted:,} counted products in stores need something.")


def _queue_cells(row: dict[str, str]) -> list[str]:
    days, units = float(row["urgency"]), float(row["units"])
    lasts = "" if days >= UNSOLD else f"{days:,.0f} days"
    source = f"transfer from {row['from_store']}" if row["from_store"] else row["supplier"] or ""
    product = f"{row['product_name']} ({row['product']})"
    return [product, f"{row['region']}/{row['store_id']}", lasts, f"{units:,.6g}", source, row["reason"]]


def show_simulation(
    *,
    lines: int,
    open_days: int,
    first_day: str,
    last_day: str,
    lead_days: int,
    review_days: int,
    service: float,
    fill: float,
    curves: list[PolicyRow],
    costed_lines: int,
    currency: str,
    policies: list[PolicyRow],
) -> None:
    """Print the policies at an equal fill rate."""
    print_line(
        f"{lines:,} products in stores, {open_days} open days from {first_day} to "
        f"{last_day}. An order takes {lead_days} open days, and is placed every {review_days}."
    )
    reached = f" A service level of {service:.1%} reaches it." if service else ""
    print_line(f"Compared at a fill rate of {fill:.1%}.{reached}")
    rows = [dict(zip(POLICY_COLUMNS, cells, strict=True)) for cells in _policy_cells(policies)]
    show_rows({"name": "order policies", "columns": list(POLICY_COLUMNS), "rows": rows, "cut": False})
    if missing := [one["policy"] for one in curves if one["policy"] not in {row["policy"] for row in rows}]:
        print_line(f"Does not reach this fill rate: {', '.join(missing)}.")
    at_price = lines - costed_lines
    print_line(f"Stock is the mean in the evening, in {currency} at cost.")
    if at_price:
        print_line(f"{at_price:,} products without a cost are valued at their net price.")


def _policy_cells(policies: list[PolicyRow]) -> list[list[str | None]]:
    return [
        [
            one["policy"],
            f"{one['stock_value']:,.0f}",
            None if one["change"] is None else f"{one['change']:+.1%}",
            f"{one['stock_units']:,.0f}",
            f"{one['days_short']:.1%}",
            f"{one['cycle_service']:.1%}",
            f"{one['orders']:,.0f}",
        ]
        for one in policies
    ]


def show_order(row: OrderAnswer) -> None:
    _print_order_title(row)
    for line in row["lines"]:
        cost = price_text(Decimal(line["unit_cost"]), row["currency"]) if line["unit_cost"] else ""
        cost = f" · {cost} {row['currency']} each" if cost else ""
        print_line(f"  {line['product']} {line['name']} · {line['units']} ordered, {line['received']} received{cost}")
    if row["cost"]:
        print_line(f"  Total {amount_text(Decimal(row['cost']), row['currency'])} {row['currency']}")


def show_order_file(*, number: str, file: str) -> None:
    print_line(f"{number} is in {file}.")


def _print_order_title(row: OrderAnswer) -> None:
    days = [f"{word} {day}" for word, day in (("sent", row["sent_on"]), ("expected", row["expected_on"])) if day]
    place = f"{row['region']}/{row['store_id']}"
    print_title(row["number"], " · ".join(["", row["state"], row["supplier"], place, *days]))


show_orders = show_each(_print_order_title, "There are no such orders.")


@stock.command("", {"table": show_levels, "csv": show_csv}, reads=True)
def show_stock(
    app: "App",
    *,
    region: Annotated[Sequence[str], Option("Only this region; can be repeated.")] = (),
    store: Annotated[Sequence[str], Option("Only this store; can be repeated.")] = (),
    product: Annotated[Sequence[str], Option("Only this product; can be repeated.")] = (),
    category: Annotated[Sequence[str], Option("Only this category; can be repeated.")] = (),
    status: Annotated[str, Option("Only products with this status.", choices=STOCK_STATUSES)] = "all",
    text: Annotated[str, Option("Only products whose ID or name contains it.")] = "",
    at: Annotated[str, Option("Stock at the end of a day, or at an instant.", metavar="DAY|INSTANT")] = "",
    limit: Annotated[int, Option("Maximum number of rows.", least=1)] = 1000,
) -> Result:
    """See the stock of products in stores, now or in the past, or import movements."""
    from tillstream.analytics import filter_values, queries
    from tillstream.analytics.filters import Filters
    from tillstream.stock import published_levels, stored_levels

    name, params = published_levels.levels_query_at(at)
    wanted = {"region": region, "store": store, "product": product, "category": category}
    filters = Filters.parse({filter_name: values for filter_name, values in wanted.items() if values})
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )
    chosen: dict[str, Any] = params | {"status": status, "text": text, "limit": limit + 1}
    if not at:
        with suppress(ReadOnly):
            stored_levels.follow_movement(app.ports)
    answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, filters, **chosen)
    if name == published_levels.AS_OF_QUERY:
        answer = answer.drop_columns([published_levels.ALL_PAGES])
    rows = answer.slice(0, limit).to_pylist()
    return Result(
        {
            "name": name,
            "columns": answer.column_names,
            "rows": rows,
            "cut": answer.num_rows > limit,
            "currency": filters.currency or app.settings.reporting_currency,
        }
    )


@stock.command("import", show_stock_import)
def import_stock(
    app: "App",
    file: InputFile,
    *,
    kind: Annotated[str, Option("Of rows without one.", names=("--type",), choices=MOVEMENT_KINDS)] = "count",
    day: Annotated[str, Option("Day of rows without one; default: today.", metavar="YYYY-MM-DD")] = "",
    before_opening: Annotated[bool, Option("Rows without a time of day are of the time before opening.")] = False,
    region: Annotated[str, Option("Region of rows without one.")] = "",
    store: Annotated[str, Option("Store of rows without one.")] = "",
    dry: Annotated[bool, Option("Show what would be recorded without storing anything.", names=("--dry-run",))] = False,
    partly: Annotated[bool, Option("Record the good rows even if others have problems.")] = False,
    refused: Annotated[OutputFile, Option("Write the rows with problems to this file.", metavar="OUT.csv")] = "",
) -> Result:
    """Import counts and other movements from a CSV file or a workbook. Columns: region, store, product, quantity, date,
    time, type, reason, reference, other_store. The same file again changes nothing.
    """
    from tillstream.stock import movement_import, stored_levels
    from tillstream.stock.movement_columns import MovementDefaults
    from tillstream.stock.movements import DayPart, MovementKind

    defaults = MovementDefaults(_day(app, day), MovementKind(kind), region, store)
    part = DayPart.BEFORE_OPENING if before_opening else DayPart.AFTER_CLOSING
    plan = _import_plan(app, read_file(file), defaults, part)
    if refused and plan.refused:
        write_file(refused, "".join(plan.refused_rows()).encode())
    records_any = bool(plan.movements) and (not plan.refused or partly)
    new = 0
    repeated = movement_import.count_recorded(app.ports, plan.movements)
    if records_any and not dry:
        new = movement_import.record_imported(app.ports, plan.movements, by=COMMAND_LINE)
        stored_levels.follow_movement(app.ports)
    code = DONE if not plan.refused else QUARANTINED if records_any else FAILED
    return Result(_imported(plan, Path(file).name, new, repeated, recorded=records_any and not dry), code)


@stock.command("rebuild", show_rebuilt_stock)
def rebuild_stock(app: "App") -> Result:
    """Compute all levels again, from the recorded movements and the sales: after the quality check of stock failed."""
    from tillstream.records import audit_log
    from tillstream.stock import movement_mirror, stored_levels, stored_movements

    movement_mirror.repair_movements(app.ports)
    counts = {
        "movements": stored_movements.count_movements(app.ports),
        "levels": stored_levels.rebuild_levels(app.ports),
    }
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.DATA_REBUILT, "stock", None, counts)
    return Result(counts)


@restock.command("", show_restock_queue)
def list_restock_lines(
    app: "App",
    *,
    region: Annotated[str, Option("Region; default: all.")] = "",
    store: Annotated[str, Option("Store of the region; default: all.")] = "",
    supplier: Annotated[str, Option("Code of the supplier; default: all.")] = "",
    state: Annotated[str, Option("open: to be ordered now.", choices=RESTOCK_STATES)] = "open",
    limit: Annotated[int, Option("Maximum number of rows.", least=1, most=100000)] = 100,
) -> Result:
    """See what stores should order or get from other stores, compute it, or simulate order policies."""
    from tillstream.analytics import queries
    from tillstream.analytics.filters import Filters
    from tillstream.stock import restock_queue

    filters = Filters.parse({name: [value] for name, value in (("region", region), ("store", store)) if value})
    answer = queries.run_query(
        app.ports.warehouse, "restock-lines", UNRESTRICTED, filters, supplier=supplier, state=state, limit=limit
    )
    last = restock_queue.RESTOCK.last_run(app.ports)
    return Result({
        "name": "restock-lines",
        "columns": [name for name in answer.schema.names if name != "matching"],
        "rows": answer.drop_columns(["matching"]).to_pylist(),
        "computed_at": last.computed_at if last else None,
        "counted": last.counted if last else 0,
    })  # fmt: skip


@restock.command("run", show_restock_run)
def compute_restock(
    app: "App",
    *,
    due: Annotated[bool, Option("Only if stock, forecast or orders have changed, or an update is requested.")] = False,
) -> Result:
    """Compute what stores need from their stock, the forecast and open orders."""
    from tillstream.records import audit_log
    from tillstream.stock import restock_queue

    if due:
        with restock_queue.RESTOCK.reserved(app.ports):
            ended = restock_queue.run_due_restock(app.ports)
        return Result(asdict(ended) if ended else {})
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    return Result(asdict(restock_queue.run_restock(app.ports, restock_queue.restock_basis(app.ports))))


@restock.command("simulate", show_simulation)
def simulate_order_policies(
    app: "App",
    *,
    service: Annotated[float, Option("Share of the cycles without a stock-out.", least=0, most=1, is_open=True)] = 0.95,
    fill: Annotated[
        float | None,
        Option(
            "Compare at this share of the demand served, instead of at a service level.", least=0, most=1, is_open=True
        ),
    ] = None,
    lead_days: Annotated[
        int | None,
        Option("Open days to a delivery; default: a week.", names=("--lead-time",), metavar="DAYS", least=1, most=120),
    ] = None,
    review_days: Annotated[
        int | None,
        Option("Open days between orders; default: a week.", names=("--review",), metavar="DAYS", least=1, most=120),
    ] = None,
    pack: Annotated[float, Option("Units of a pack; default: 1.", least=0, is_open=True, hides_default=True)] = 1.0,
    top: Annotated[int, Option("Products that sold most.", least=1, most=20000)] = 200,
    region: Annotated[str, Option("Region; default: all.")] = "",
    store: Annotated[str, Option("Store of the region; default: all.")] = "",
) -> Result:
    """Compare order policies over past sales at an equal fill rate: stock, days short, service, orders.

    Levels that are quantiles of recent sales are compared with a level that is set once, and with a rolling mean.
    """
    from tillstream.stock.restock_simulation import SimulationOptions, simulate_policies

    shares = (service, 0.5 if fill is None else fill)
    if not all(0 < each < 1 for each in shares):
        raise Rejected("A service level and a fill rate are between 0 and 1.")
    options = SimulationOptions(lead_days, review_days, pack, top, region, store)
    result = simulate_policies(app.ports.warehouse, app.ports.clock.now().date(), options)
    at_fill = fill or result.comparison.fill_of_service(service)
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
        "service": None if fill else service,
        "fill": at_fill,
        "policies": result.comparison.at_fill(at_fill),
        "curves": result.comparison.series(),
    })  # fmt: skip


@orders.command("", show_orders)
def list_purchase_orders(
    app: "App", *, state: Annotated[str, Option("Only these orders.", choices=ORDER_STATES)] = "open"
) -> Result:
    """See the purchase orders, newest first, or write one as PDF."""
    from tillstream.stock.order_lists import STORED_STATES, OrderFilter, list_orders, order_row

    if state not in STORED_STATES:
        raise Rejected(f"There is no state “{state}” of orders. The states are: {', '.join(STORED_STATES)}.")
    tracked, today = list_orders(app.ports, UNRESTRICTED, OrderFilter(state)), app.ports.clock.now().date()
    return Result([order_row(one, today, costs=True) for one in tracked])


@orders.command("show", show_order)
def read_order(app: "App", number: str) -> Result:
    """See the products of an order, and what has arrived.

    NUMBER: such as PO-000012.
    """
    from tillstream.stock import purchase_orders as records
    from tillstream.stock.order_lists import order_row

    (tracked,) = records.track_orders(app.ports, [records.order_with_number(app.ports, number)])
    return Result(order_row(tracked, app.ports.clock.now().date(), costs=True))


@orders.command("pdf", show_order_file)
def write_order_pdf(
    app: "App", number: str, *, out: Annotated[OutputFile, Option("File to write.", metavar="FILE")]
) -> Result:
    """Write an order as PDF for its supplier.

    NUMBER: such as PO-000012.
    """
    from tillstream.stock import order_documents
    from tillstream.stock import purchase_orders as records

    order = records.order_with_number(app.ports, number)
    content = order_documents.order_document(app.ports, order, costs=True).render("pdf")
    write_file(out, content)
    return Result({"file": out, "bytes": len(content), "number": order.number})


def _day(app: "App", text: str) -> date:
    today: date = app.ports.clock.now().date()
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Rejected(f"“{text}” is not a day. Write it as 2026-01-31.") from error


def _import_plan(app: "App", content: bytes, defaults: "MovementDefaults", part: "DayPart") -> "MovementPlan":
    from tillstream.stock import movement_import
    from tillstream.stock.movement_import import MovementReader

    app.ports.warehouse.refresh_totals()
    reader = MovementReader(
        movement_import.read_stock_codes(app.ports.warehouse),
        defaults,
        movement_import.zone_of_store(app.ports, app.contracts),
        app.ports.clock.now().date() + timedelta(days=1),
    )
    return movement_import.plan_movements(reader.read(content), part)


def _imported(plan: "MovementPlan", file: str, new: int, repeated: int, *, recorded: bool) -> dict[str, object]:
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
        "problems": problem_rows(plan.problems(), "line", "column", "value", "message", "remedy"),
        "ignored_columns": list(plan.ignored_headers),
    }
