"""Commands `stock …`."""

import click

from tillstream.cli.numbers.queries import FORMAT
from tillstream.cli.runner import FILE, as_json, run

STATUSES = ("all", "in-stock", "low", "out", "negative", "not-counted", "attention")
KINDS = (
    "count", "receipt", "transfer-out", "transfer-in", "transfer-loss", "adjustment", "write-off", "supplier-return",
    "unsellable-return",
)  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--region", multiple=True, help="Only this region; can be repeated.")
@click.option("--store", multiple=True, help="Only this store; can be repeated.")
@click.option("--product", multiple=True, help="Only this product; can be repeated.")
@click.option("--category", multiple=True, help="Only this category; can be repeated.")
@click.option(
    "--status", type=click.Choice(STATUSES), default="all", show_default=True, help="Only products with this status."
)
@click.option("--text", default="", help="Only products whose ID or name contains it.")
@click.option("--at", default="", metavar="DAY|INSTANT", help="Stock at the end of a day, or at an instant.")
@click.option("--limit", type=click.IntRange(min=1), default=1_000, show_default=True, help="Maximum number of rows.")
@FORMAT
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
    from tillstream.cli.output.query_rows import show_csv
    from tillstream.cli.output.stock import show_levels

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
    "--type", "kind", type=click.Choice(KINDS), default="count", show_default=True, help="Of rows without one."
)
@click.option("--day", default="", metavar="YYYY-MM-DD", help="Day of rows without one; default: today.")
@click.option("--before-opening", is_flag=True, help="Rows without a time of day are of the time before opening.")
@click.option("--region", default="", help="Region of rows without one.")
@click.option("--store", default="", help="Store of rows without one.")
@click.option("--dry-run", "dry", is_flag=True, help="Show what would be recorded without storing anything.")
@click.option("--partly", is_flag=True, help="Record the good rows even if others have problems.")
@click.option("--refused", default="", metavar="OUT.csv", help="Write the rows with problems to this file.")
@as_json
def import_file(
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

    from tillstream.cli.output.stock import show_import

    run(
        "stock-import",
        json_=json_,
        show=show_import,
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
def rebuild(json_: bool) -> None:
    """Compute all levels again, from the recorded movements and the sales: after the quality check of stock failed."""
    from tillstream.cli.output.stock import show_rebuilt

    run("stock-rebuild", json_=json_, show=show_rebuilt)
