"""Commands `marts …`."""

from typing import Any

import click

from tillstream.cli.numbers.connection_file import connection_file
from tillstream.cli.numbers.destinations import destinations, status
from tillstream.cli.numbers.folder_path import FolderPath
from tillstream.cli.runner import as_json, run


@click.group()
def marts() -> None:
    """The marts for other engines: facts and dimensions."""


marts.add_command(destinations)
marts.add_command(status)
marts.add_command(connection_file)


@marts.command()
@click.option(
    "--to",
    required=True,
    type=FolderPath(file_okay=False, resolve_path=True),
    help="Folder, gs://BUCKET/FOLDER or s3://BUCKET/FOLDER: empty, or one with an earlier export.",
)
@click.option("--only", multiple=True, metavar="TABLE", help="Export only this table; repeatable.")
@click.option(
    "--location",
    default="",
    metavar="URL",
    help="Where other engines read the folder, such as s3://BUCKET/marts, for the files in its folder statements.",
)
@click.option(
    "--format",
    type=click.Choice(["parquet", "delta"]),
    default=None,
    help="Plain Parquet files, or Delta tables of them. Default: as the last export to the folder.",
)
@as_json
def export(to: str, only: tuple[str, ...], location: str, format: str | None, json_: bool) -> None:
    """Export facts and dimensions as Parquet files with a manifest; only months that changed are written again."""
    run("marts-export", json_=json_, show=_show_export, to=to, only=only, location=location, format=format or "")


def _show_export(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import print_line, show_rows

    show_rows({"name": "marts", "columns": ["name", "rows", "files", "bytes"], "rows": data["tables"], "cut": False})
    print_line(
        f"{data['folder']} has the marts of settlement {data['settlement_no']:,}: "
        f"{data['written']:,} files written, {data['removed']:,} removed."
    )


@marts.command()
@click.option(
    "--to",
    required=True,
    metavar="URL",
    help="The database: postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=… if needed; without the password.",
)
@click.option(
    "--password", default="", metavar="REFERENCE", help="The password by reference: env:…, file:… or secret:…"
)
@click.option("--schema", default="tillstream", show_default=True, help="The schema; it is created.")
@click.option("--full", is_flag=True, help="Replace all tables, also months that have not changed.")
@click.option("--check", is_flag=True, help="Compare the copy with the ledger only. Ends with 1 if they differ.")
@as_json
def copy(**options: Any) -> None:
    """Copy facts and dimensions to a PostgreSQL database; only months that changed are replaced."""
    json_, only_check = options.pop("json_"), options["check"]
    run("marts-copy", json_=json_, show=_show_check if only_check else _show_copy, **options)


def _show_copy(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import print_line, show_rows

    show_rows({"name": "marts", "columns": ["name", "rows"], "rows": data["tables"], "cut": False})
    for each in data["repaired"]:
        print_line(f"Copied again: {_sentence(each)}")
    print_line(
        f"{data['copy']} has the marts of settlement {data['settlement_no']:,}: "
        f"{data['written']:,} tables or months written, {data['removed']:,} removed."
    )


def _show_check(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import print_line

    for each in data["differences"]:
        print_line(_sentence(each))
    behind = ""
    if data["settlement_no"] != data["ledger_settlement_no"]:
        changed = len(data["changed_months"])
        behind = f" The ledger is at {data['ledger_settlement_no']:,}: {changed:,} months changed since then."
    count = len(data["differences"])
    result = f"{count:,} totals differ; copy again with --full" if count else "all totals agree"
    print_line(f"{data['copy']} has the marts of settlement {data['settlement_no']:,}: {result}.{behind}")


def _sentence(difference: dict[str, Any]) -> str:
    part = f"{difference['table']} of {difference['month']}" if difference["month"] else difference["table"]
    return f"{part}: {difference['column']} is {difference['actual']} instead of {difference['expected']}."
