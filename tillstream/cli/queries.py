"""Commands `query`, `measures` and `export`."""

from typing import Any

import click

from tillstream.cli.runner import as_json, run

FORMAT_OPTION = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="The form of the output; json is the same as --json.",
)


@click.command()
@click.argument("name")
@click.option(
    "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter or filter of the query; can be repeated."
)
@click.option("--limit", type=click.IntRange(min=1), help="Maximum number of rows; default: that of the query.")
@FORMAT_OPTION
@as_json
def query(name: str, params: tuple[str, ...], limit: int | None, format_: str, json_: bool) -> None:
    """Run a named query, such as kpis or sale-lines. A note on standard error reports further rows."""
    from tillstream.commands.printing import show_csv, show_table

    run(
        "query",
        json_=json_ or format_ == "json",
        show=show_csv if format_ == "csv" else show_table,
        name=name,
        params=parse_parameters(params),
        limit=limit or 0,
    )


def parse_parameters(params: tuple[str, ...]) -> dict[str, str]:
    invalid = [param for param in params if "=" not in param]
    if invalid:
        raise click.BadParameter(f"{invalid[0]!r}: write KEY=VALUE", param_hint="--param")
    return dict(param.split("=", 1) for param in params)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--by", multiple=True, help="A dimension, such as month or store; can be repeated.")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A filter; can be repeated.")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="Maximum number of rows.")
@FORMAT_OPTION
@as_json
def measures(
    names: tuple[str, ...], by: tuple[str, ...], params: tuple[str, ...], limit: int, format_: str, json_: bool
) -> None:
    """Compute measures, such as revenue or orders, by dimensions. Without names, list the definitions of all."""
    from tillstream.commands.printing import show_csv, show_table

    run(
        "measures",
        json_=json_ or format_ == "json",
        show=show_csv if format_ == "csv" else show_table,
        names=list(names),
        by=list(by),
        params=parse_parameters(params),
        limit=limit,
    )


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
        show=_show_export,
        query=query,
        out=out,
        params=parse_parameters(params),
        measures=list(measures),
        by=list(by),
        user=user,
    )


def _show_export(data: dict[str, Any]) -> None:
    from tillstream.commands.printing import print_line

    print_line(f"{data['out']} has {data['rows']:,} rows.")
