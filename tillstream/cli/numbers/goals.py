"""Commands `goals …`."""

import click

from tillstream.cli.runner import FILE, as_json, run

MEASURES = ("revenue", "units", "margin", "orders")
LEVELS = ("company", "region", "store", "salesperson", "category")


@click.group(invoke_without_command=True)
@click.option("--month", default="", metavar="YYYY-MM", help="Month; default: this month.")
@click.option(
    "--measure", type=click.Choice(MEASURES), default="revenue", show_default=True, help="Measure of the goals."
)
@click.option("--level", type=click.Choice(LEVELS), default=None, help="Default: the company and its regions.")
@as_json
@click.pass_context
def goals(context: click.Context, month: str, measure: str, level: str | None, json_: bool) -> None:
    """See what is reached of the goals of a month, or import goals."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.goals import show_standings

    run("goals", json_=json_, show=show_standings, month=month, measure=measure, level=level or "")


@goals.command("import")
@click.argument("file", type=FILE)
@click.option("--month", default="", metavar="YYYY-MM", help="Month of rows without one; default: this month.")
@click.option("--dry-run", "dry", is_flag=True, help="Show what would change without storing anything.")
@as_json
def import_file(file: str, month: str, dry: bool, json_: bool) -> None:
    """Import goals from a CSV file or a workbook. Good rows are saved; others are listed with their problem.

    Columns: month, region, store, salesperson, category, measure, amount, currency; or a column for each month.
    """
    from tillstream.cli.output.goals import show_import

    run("goals-import", json_=json_, show=show_import, file=file, month=month, dry=dry)
