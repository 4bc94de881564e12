"""Commands `catalogue …`."""

import click

from tillstream.cli.runner import FILE, as_json, run

KINDS = ("products", "prices", "costs", "stores", "salespeople", "suppliers", "promotions")
KIND = click.Choice(KINDS)


@click.group()
def catalogue() -> None:
    """Manage products, prices, costs, stores, salespeople, suppliers and promotions."""


@catalogue.command("import")
@click.argument("kind", type=KIND, metavar="KIND")
@click.argument("file", type=FILE)
@click.option("--dry-run", "dry", is_flag=True, help="Show what would change without storing anything.")
@as_json
def import_file(kind: str, file: str, dry: bool, json_: bool) -> None:
    """Import a CSV file or a workbook: all rows, or none if one has a problem.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.cli.output.catalogue import show_import

    run("catalogue-import", json_=json_, show=show_import, kind=kind, file=file, dry=dry)


@catalogue.command("list")
@click.argument("kind", type=KIND, metavar="KIND")
@as_json
def list_entries(kind: str, json_: bool) -> None:
    """List all entries of a kind.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.cli.output.tables import show_list

    run("catalogue", json_=json_, show=show_list, kind=kind)


@catalogue.command()
@click.argument("kind", type=KIND, metavar="KIND")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, resolve_path=True),
    help="The file to write; it ends with .csv or .xlsx.",
)
@as_json
def export(kind: str, out: str, json_: bool) -> None:
    """Write all entries of a kind to a file, which can be imported again.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.cli.output.catalogue import show_export

    run("catalogue-export", json_=json_, show=show_export, kind=kind, out=out)
