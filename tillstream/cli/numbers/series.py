"""Commands `series …`."""

import click

from tillstream.cli.runner import FILE, as_json, run


@click.group()
def series() -> None:
    """Series from outside, such as footfall or a market index, that forecasts use."""


@series.command("import")
@click.argument("name")
@click.argument("file", type=FILE)
@as_json
def import_file(name: str, file: str, json_: bool) -> None:
    """Import a series from a CSV file or a workbook: all rows, or none if one has a problem.

    Columns: date, value, published_on (the day from which on the value was known; default: the day after), region.
    """
    from tillstream.cli.output.series import show_import

    run("series-import", json_=json_, show=show_import, name=name, file=file)


@series.command("list")
@as_json
def list_series(json_: bool) -> None:
    """List the series."""
    from tillstream.cli.output.series import show_list

    run("series", json_=json_, show=show_list)


@series.command()
@click.argument("name")
@as_json
def remove(name: str, json_: bool) -> None:
    """Remove a series. The next forecast does not use it; the portal can restore it for 30 days."""
    from tillstream.cli.output.series import show_removed

    run("series-remove", json_=json_, show=show_removed, name=name)
