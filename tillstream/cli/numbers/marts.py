"""Commands `marts …`."""

from typing import Any

import click

from tillstream.cli.runner import as_json, run


@click.group()
def marts() -> None:
    """The marts for other engines: facts and dimensions."""


@marts.command()
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, resolve_path=True),
    help="Folder: empty, or one with an earlier export.",
)
@click.option("--only", multiple=True, metavar="TABLE", help="Export only this table; repeatable.")
@click.option(
    "--location",
    default="",
    metavar="URL",
    help="Where other engines read the folder, such as s3://BUCKET/marts, for the files in its folder statements.",
)
@as_json
def export(to: str, only: tuple[str, ...], location: str, json_: bool) -> None:
    """Export facts and dimensions as Parquet files with a manifest; only months that changed are written again."""
    run("marts-export", json_=json_, show=_show_export, to=to, only=only, location=location)


def _show_export(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import print_line, show_rows

    show_rows({"name": "marts", "columns": ["name", "rows", "files", "bytes"], "rows": data["tables"], "cut": False})
    print_line(
        f"{data['folder']} has the marts of settlement {data['settlement_no']:,}: "
        f"{data['written']:,} files written, {data['removed']:,} removed."
    )
