"""Commands `restock …`."""

import click

from tillstream.cli.runner import as_json, run

DAYS = click.IntRange(1, 120)
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


STATES = ("open", "later", "deferred", "ordered", "snoozed", "dismissed", "all")


@click.group(invoke_without_command=True)
@click.option("--region", default="", help="Region; default: all.")
@click.option("--store", default="", help="Store of the region; default: all.")
@click.option("--supplier", default="", help="Code of the supplier; default: all.")
@click.option("--state", type=click.Choice(STATES), default="open", show_default=True, help="open: to be ordered now.")
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
    from tillstream.cli.output.restock import show_queue

    run(
        "restock",
        json_=json_,
        show=show_queue,
        region=region,
        store=store,
        supplier=supplier,
        state=state,
        limit=limit,
    )


@restock.command("run")
@click.option("--due", is_flag=True, help="Only if stock, forecast or orders have changed, or an update is requested.")
@as_json
def run_now(due: bool, json_: bool) -> None:
    """Compute what stores need from their stock, the forecast and open orders."""
    from tillstream.cli.output.restock import show_run

    run("restock-run", json_=json_, show=show_run, due=due)


@restock.command()
@click.option("--service", type=SHARE, default=0.95, show_default=True, help="Share of the cycles without a stock-out.")
@click.option("--fill", type=SHARE, help="Compare at this share of the demand served, instead of at a service level.")
@click.option("--lead-time", type=DAYS, metavar="DAYS", help="Open days to a delivery; default: a week.")
@click.option("--review", type=DAYS, metavar="DAYS", help="Open days between orders; default: a week.")
@click.option("--pack", type=click.FloatRange(0, min_open=True), default=1.0, help="Units of a pack; default: 1.")
@click.option("--top", type=click.IntRange(1, 20_000), default=200, show_default=True, help="Products that sold most.")
@click.option("--region", default="", help="Region; default: all.")
@click.option("--store", default="", help="Store of the region; default: all.")
@as_json
def simulate(
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
    from tillstream.cli.output.restock import show_simulation

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
