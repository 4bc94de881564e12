"""Command `export`."""

from typing import Any

import click

from tillstream.cli.numbers.queries import pairs
from tillstream.cli.runner import as_json, run


@click.command()
@click.argument("query", default="")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, resolve_path=True),
    help="File ending with .csv, .xlsx, .pdf, .parquet or .jsonl.",
)
@click.option(
    "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter or filter of the query; repeatable."
)
@click.option("--measure", "measures", multiple=True, metavar="NAME", help="Instead of a query, a measure; repeatable.")
@click.option("--by", multiple=True, metavar="NAME", help="A dimension of the measures, such as month; repeatable.")
@click.option("--as", "user", default="", metavar="LOGIN", help="Only what this account may see; default: everything.")
@as_json
def export(
    query: str,
    out: str,
    params: tuple[str, ...],
    measures: tuple[str, ...],
    by: tuple[str, ...],
    user: str,
    json_: bool,
) -> None:
    """Export all rows of a named query, such as sale-lines, to a file."""
    run(
        "export",
        json_=json_,
        show=_show,
        query=query,
        out=out,
        params=pairs(params),
        measures=list(measures),
        by=list(by),
        user=user,
    )


def _show(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import print_line

    print_line(f"{data['out']} has {data['rows']:,} rows.")
