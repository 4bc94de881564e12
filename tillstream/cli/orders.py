"""Commands `orders …`."""

import click

from tillstream.cli.runner import as_json, run

STATES = ("open", "draft", "sent", "late", "partly received", "received", "closed", "cancelled", "all")


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(STATES), default="open", show_default=True, help="Only these orders.")
@as_json
@click.pass_context
def orders(context: click.Context, state: str, json_: bool) -> None:
    """See the purchase orders, newest first, or write one as PDF."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.orders import show_orders

    run("orders", json_=json_, show=show_orders, state=state)


@orders.command()
@click.argument("number")
@as_json
def show(number: str, json_: bool) -> None:
    """See the products of an order, and what has arrived.

    NUMBER: such as PO-000012.
    """
    from tillstream.cli.output.orders import show_order

    run("orders-show", json_=json_, show=show_order, number=number)


@orders.command()
@click.argument("number")
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(dir_okay=False, resolve_path=True), help="File to write."
)
@as_json
def pdf(number: str, out: str, json_: bool) -> None:
    """Write an order as PDF for its supplier.

    NUMBER: such as PO-000012.
    """
    from tillstream.cli.output.orders import show_file

    run("orders-pdf", json_=json_, show=show_file, number=number, out=out)
