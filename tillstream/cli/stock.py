"""Commands `stock …`, `restock …`, `orders …` and `catalogue …`."""

import click

from tillstream.cli.queries import FORMAT_OPTION
from tillstream.cli.runner import FILE, as_json, run

STOCK_STATUSES = ("all", "in-stock", "low", "out", "negative", "not-counted", "attention")
MOVEMENT_KINDS = (
    "count", "receipt", "transfer-out", "transfer-in", "transfer-loss", "adjustment", "write-off", "supplier-return",
    "unsellable-return",
)  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--region", multiple=True, help="Only this region; can be repeated.")
@click.option("--store", multiple=True, help="Only this store; can be repeated.")
@click.option("--product", multiple=True, help="Only this product; can be repeated.")
@click.option("--category", multiple=True, help="Only this category; can be repeated.")
@click.option(
    "--status",
    type=click.Choice(STOCK_STATUSES),
    default="all",
    show_default=True,
    help="Only products with this status.",
)
@click.option("--text", default="", help="Only products whose ID or name contains it.")
@click.option("--at", default="", metavar="DAY|INSTANT", help="Stock at the end of a day, or at an instant.")
@click.option("--limit", type=click.IntRange(min=1), default=1_000, show_default=True, help="Maximum number of rows.")
@FORMAT_OPTION
@as_json
@click.pass_context
def stock(
    context: click.Context,
    region: tuple[str, ...],
    store: tuple[str, ...],
    product: tuple[str, ...],
    category: tuple[str, ...],
    status: str,
    text: str,
    at: str,
    limit: int,
    format_: str,
    json_: bool,
) -> None:
    """See the stock of products in stores, now or in the past, or import movements."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.stock import show_levels
    from tillstream.commands.printing import show_csv

    filters = {"region": region, "store": store, "product": product, "category": category}
    run(
        "stock",
        json_=json_ or format_ == "json",
        show=show_csv if format_ == "csv" else show_levels,
        filters={name: list(values) for name, values in filters.items() if values},
        status=status,
        text=text,
        at=at,
        limit=limit,
    )


@stock.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--type", "kind", type=click.Choice(MOVEMENT_KINDS), default="count", show_default=True, help="Of rows without one."
)
@click.option("--day", default="", metavar="YYYY-MM-DD", help="Day of rows without one; default: today.")
@click.option("--before-opening", is_flag=True, help="Rows without a time of day are of the time before opening.")
@click.option("--region", default="", help="Region of rows without one.")
@click.option("--store", default="", help="Store of rows without one.")
@click.option("--dry-run", "dry", is_flag=True, help="Show what would be recorded without storing anything.")
@click.option("--partly", is_flag=True, help="Record the good rows even if others have problems.")
@click.option("--refused", default="", metavar="OUT.csv", help="Write the rows with problems to this file.")
@as_json
def import_stock(
    file: str,
    kind: str,
    day: str,
    before_opening: bool,
    region: str,
    store: str,
    dry: bool,
    partly: bool,
    refused: str,
    json_: bool,
) -> None:
    """Import counts and other movements from a CSV file or a workbook. Columns: region, store, product, quantity, date,
    time, type, reason, reference, other_store. The same file again changes nothing.
    """
    from pathlib import Path

    from tillstream.cli.output.stock import show_stock_import

    run(
        "stock-import",
        json_=json_,
        show=show_stock_import,
        file=file,
        kind=kind,
        day=day,
        before_opening=before_opening,
        region=region,
        store=store,
        dry=dry,
        partly=partly,
        refused=str(Path(refused).resolve()) if refused else "",
    )


@stock.command("rebuild")
@as_json
def rebuild_stock(json_: bool) -> None:
    """Compute all levels again, from the recorded movements and the sales: after the quality check of stock failed."""
    from tillstream.cli.output.stock import show_rebuilt_stock

    run("stock-rebuild", json_=json_, show=show_rebuilt_stock)


DAYS = click.IntRange(1, 120)
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


RESTOCK_STATES = ("open", "later", "deferred", "ordered", "snoozed", "dismissed", "all")


@click.group(invoke_without_command=True)
@click.option("--region", default="", help="Region; default: all.")
@click.option("--store", default="", help="Store of the region; default: all.")
@click.option("--supplier", default="", help="Code of the supplier; default: all.")
@click.option(
    "--state", type=click.Choice(RESTOCK_STATES), default="open", show_default=True, help="open: to be ordered now."
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Maximum number of rows."
)
@as_json
@click.pass_context
def restock(
    context: click.Context, region: str, store: str, supplier: str, state: str, limit: int, json_: bool
) -> None:
    """See what stores should order or get from other stores, compute it, or simulate order policies."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.stock import show_restock_queue

    run(
        "restock",
        json_=json_,
        show=show_restock_queue,
        region=region,
        store=store,
        supplier=supplier,
        state=state,
        limit=limit,
    )


@restock.command("run")
@click.option("--due", is_flag=True, help="Only if stock, forecast or orders have changed, or an update is requested.")
@as_json
def compute_restock(due: bool, json_: bool) -> None:
    """Compute what stores need from their stock, the forecast and open orders."""
    from tillstream.cli.output.stock import show_restock_run

    run("restock-run", json_=json_, show=show_restock_run, due=due)


@restock.command("simulate")
@click.option("--service", type=SHARE, default=0.95, show_default=True, help="Share of the cycles without a stock-out.")
@click.option("--fill", type=SHARE, help="Compare at this share of the demand served, instead of at a service level.")
@click.option("--lead-time", type=DAYS, metavar="DAYS", help="Open days to a delivery; default: a week.")
@click.option("--review", type=DAYS, metavar="DAYS", help="Open days between orders; default: a week.")
@click.option("--pack", type=click.FloatRange(0, min_open=True), default=1.0, help="Units of a pack; default: 1.")
@click.option("--top", type=click.IntRange(1, 20_000), default=200, show_default=True, help="Products that sold most.")
@click.option("--region", default="", help="Region; default: all.")
@click.option("--store", default="", help="Store of the region; default: all.")
@as_json
def simulate_policies(
    service: float,
    fill: float | None,
    lead_time: int | None,
    review: int | None,
    pack: float,
    top: int,
    region: str,
    store: str,
    json_: bool,
) -> None:
    """Compare order policies over past sales at an equal fill rate: stock, days short, service, orders.

    Levels that are quantiles of recent sales are compared with a level that is set once, and with a rolling mean.
    """
    from tillstream.cli.output.stock import show_simulation

    run(
        "restock-simulate",
        json_=json_,
        show=show_simulation,
        service=service,
        fill=fill,
        lead_days=lead_time,
        review_days=review,
        pack=pack,
        top=top,
        region=region,
        store=store,
    )


ORDER_STATES = ("open", "draft", "sent", "late", "partly received", "received", "closed", "cancelled", "all")


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(ORDER_STATES), default="open", show_default=True, help="Only these orders.")
@as_json
@click.pass_context
def orders(context: click.Context, state: str, json_: bool) -> None:
    """See the purchase orders, newest first, or write one as PDF."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.stock import show_orders

    run("orders", json_=json_, show=show_orders, state=state)


@orders.command("show")
@click.argument("number")
@as_json
def order_details(number: str, json_: bool) -> None:
    """See the products of an order, and what has arrived.

    NUMBER: such as PO-000012.
    """
    from tillstream.cli.output.stock import show_order

    run("orders-show", json_=json_, show=show_order, number=number)


@orders.command("pdf")
@click.argument("number")
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(dir_okay=False, resolve_path=True), help="File to write."
)
@as_json
def order_pdf(number: str, out: str, json_: bool) -> None:
    """Write an order as PDF for its supplier.

    NUMBER: such as PO-000012.
    """
    from tillstream.cli.output.stock import show_order_file

    run("orders-pdf", json_=json_, show=show_order_file, number=number, out=out)


CATALOGUE_KINDS = ("products", "prices", "costs", "stores", "salespeople", "suppliers", "promotions")
CATALOGUE_KIND = click.Choice(CATALOGUE_KINDS)


@click.group()
def catalogue() -> None:
    """Manage products, prices, costs, stores, salespeople, suppliers and promotions."""


@catalogue.command("import")
@click.argument("kind", type=CATALOGUE_KIND, metavar="KIND")
@click.argument("file", type=FILE)
@click.option("--dry-run", "dry", is_flag=True, help="Show what would change without storing anything.")
@as_json
def import_catalogue(kind: str, file: str, dry: bool, json_: bool) -> None:
    """Import a CSV file or a workbook: all rows, or none if one has a problem.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.cli.output.stock import show_catalogue_import

    run("catalogue-import", json_=json_, show=show_catalogue_import, kind=kind, file=file, dry=dry)


@catalogue.command("list")
@click.argument("kind", type=CATALOGUE_KIND, metavar="KIND")
@as_json
def list_catalogue(kind: str, json_: bool) -> None:
    """List all entries of a kind.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.commands.printing import show_list

    run("catalogue", json_=json_, show=show_list, kind=kind)


@catalogue.command("export")
@click.argument("kind", type=CATALOGUE_KIND, metavar="KIND")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, resolve_path=True),
    help="The file to write; it ends with .csv or .xlsx.",
)
@as_json
def export_catalogue(kind: str, out: str, json_: bool) -> None:
    """Write all entries of a kind to a file, which can be imported again.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.cli.output.stock import show_catalogue_export

    run("catalogue-export", json_=json_, show=show_catalogue_export, kind=kind, out=out)
