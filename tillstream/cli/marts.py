"""Commands `marts …`."""

import json
from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import as_json, fail, run


class FolderPath(click.Path):
    """The path of a folder, or an address with ://, which is passed on."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if "://" in value else super().convert(value, param, ctx)


@click.command("connection-file")
@click.option("--host", required=True, help="The server of the copy, as the tool reaches it.")
@click.option("--database", required=True, help="The database of the copy.")
@click.option("--user", default="", help="A user who may read the copy. Default: the tool asks.")
@click.option("--port", type=click.IntRange(1, 65535), default=5432, show_default=True, help="The port of the server.")
@click.option("--schema", default="tillstream", show_default=True, help="The schema of the copy.")
@click.option("--no-tls", is_flag=True, help="The server has no TLS.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write: .pbids for Power BI, .tds for Tableau, .yml for dbt.",
)
@as_json
def connection_file(
    host: str, database: str, user: str, port: int, schema: str, no_tls: bool, out: Path, json_: bool
) -> None:
    """Write a file with which Power BI, Tableau or dbt opens a copy in PostgreSQL; it has no password."""
    from tillstream.marts.connection_files import CopyAddress, connection_file
    from tillstream.model.errors import Rejected

    copy = CopyAddress(host, database, user, port, schema, encrypted=not no_tls)
    try:
        content = connection_file(out.suffix.removeprefix("."), copy)
    except Rejected as error:
        fail(str(error), json_=json_)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(content, encoding="utf-8")
    click.echo(json.dumps({"file": str(out)}) if json_ else str(out))


@click.group()
def destinations() -> None:
    """Databases and folders to which a server writes the marts again and again."""


@destinations.command("add")
@click.argument("name")
@click.option(
    "--to",
    required=True,
    type=FolderPath(file_okay=False, resolve_path=True),
    help="A database, postgresql://USER@HOST:PORT/DATABASE, without the password; a folder; gs://BUCKET/FOLDER; or s3://BUCKET/FOLDER.",
)
@click.option(
    "--password", default="", metavar="REFERENCE", help="The password by reference: env:…, file:… or secret:…"
)
@click.option("--schema", default="", help="The schema of a database. Default: tillstream.")
@click.option(
    "--format",
    type=click.Choice(["parquet", "delta"]),
    default=None,
    help="The format of a folder. Default: as the last export to it.",
)
@click.option(
    "--every",
    type=click.Choice(["day", "hour", "settlement"]),
    default="day",
    show_default=True,
    help="When it is written again. After a settlement: at most once a minute, and once a day without one.",
)
@as_json
def add_destination(json_: bool, format: str | None, **options: Any) -> None:
    """Add a destination; a running server writes it at once."""
    run("marts-destinations-add", json_=json_, show=_show_added_destination, format=format or "", **options)


@destinations.command("list")
@as_json
def list_destinations(json_: bool) -> None:
    """List the destinations and when they are written."""
    run("marts-destinations", json_=json_, show=_show_destinations)


@destinations.command("remove")
@click.argument("name")
@as_json
def remove_destination(name: str, json_: bool) -> None:
    """Write to a destination no longer; what it has stays there."""
    run("marts-destinations-remove", json_=json_, show=_show_removed_destination, name=name)


@destinations.command("run")
@click.argument("name", default="")
@as_json
def run_destination(name: str, json_: bool) -> None:
    """Write a destination now; without NAME, those that are due. Ends with 1 if one fails."""
    if name:
        run("marts-destinations-run", json_=json_, show=_show_status, name=name)
    run("marts-destinations-run-due", json_=json_, show=_show_ended)


@click.command("status")
@as_json
def destinations_status(json_: bool) -> None:
    """Show how far each destination is behind the ledger, and its last failure."""
    run("marts-destinations", json_=json_, show=_show_status)


def _show_added_destination(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} is added. A running server writes it within seconds. To write it now:")
    click.echo(f"tillstream marts destinations run {one['name']}")


def _show_removed_destination(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} is removed. {one['to']} keeps what it has.")


def _show_destinations(listed: list[dict[str, Any]]) -> None:
    for one in listed:
        place = f"{one['to']} schema {one['schema']}" if one["schema"] else one["to"]
        click.echo(f"{one['name']} · every {one['every']} · {place}")
    _advise_if_none(listed)


def _show_ended(listed: list[dict[str, Any]]) -> None:
    if listed:
        _show_status(listed)
    else:
        click.echo("No destination is due.")


def _show_status(listed: list[dict[str, Any]]) -> None:
    for one in listed:
        click.echo(f"{one['name']} · {_state(one)}")
        if one["error"]:
            failures = f"{one['failures']:,} {'failure' if one['failures'] == 1 else 'failures'}"
            click.echo(f"  {failures}, next try {one['next_at']}: {one['error']}")
    _advise_if_none(listed)


def _state(one: dict[str, Any]) -> str:
    if not one["done_at"]:
        return "not written yet"
    behind = one["behind_settlements"]
    lag = f"{behind:,} {'settlement' if behind == 1 else 'settlements'} behind" if behind else "up to date"
    return f"settlement {one['settlement_no']:,} · {lag} · written {one['done_at']}"


def _advise_if_none(listed: list[dict[str, Any]]) -> None:
    if not listed:
        click.echo("There is no destination. To add one: tillstream marts destinations add NAME --to URL")


@click.group()
def marts() -> None:
    """The marts for other engines: facts and dimensions."""


marts.add_command(destinations)
marts.add_command(destinations_status)
marts.add_command(connection_file)


@marts.command("export")
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
def export_marts(to: str, only: tuple[str, ...], location: str, format: str | None, json_: bool) -> None:
    """Export facts and dimensions as Parquet files with a manifest; only months that changed are written again."""
    run("marts-export", json_=json_, show=_show_export, to=to, only=only, location=location, format=format or "")


def _show_export(data: dict[str, Any]) -> None:
    from tillstream.commands.printing import print_line, show_rows

    show_rows({"name": "marts", "columns": ["name", "rows", "files", "bytes"], "rows": data["tables"], "cut": False})
    print_line(
        f"{data['folder']} has the marts of settlement {data['settlement_no']:,}: "
        f"{data['written']:,} files written, {data['removed']:,} removed."
    )


@marts.command("copy")
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
def copy_marts(**options: Any) -> None:
    """Copy facts and dimensions to a PostgreSQL database; only months that changed are replaced."""
    json_, only_check = options.pop("json_"), options["check"]
    run("marts-copy", json_=json_, show=_show_check if only_check else _show_copy, **options)


def _show_copy(data: dict[str, Any]) -> None:
    from tillstream.commands.printing import print_line, show_rows

    show_rows({"name": "marts", "columns": ["name", "rows"], "rows": data["tables"], "cut": False})
    for each in data["repaired"]:
        print_line(f"Copied again: {_sentence(each)}")
    print_line(
        f"{data['copy']} has the marts of settlement {data['settlement_no']:,}: "
        f"{data['written']:,} tables or months written, {data['removed']:,} removed."
    )


def _show_check(data: dict[str, Any]) -> None:
    from tillstream.commands.printing import print_line

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
