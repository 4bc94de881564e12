"""Commands `marts destinations …` and `marts status`."""

from typing import Any

import click

from tillstream.cli.numbers.folder_path import FolderPath
from tillstream.cli.runner import as_json, run


@click.group()
def destinations() -> None:
    """Databases and folders to which a server writes the marts again and again."""


@destinations.command()
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
def add(json_: bool, format: str | None, **options: Any) -> None:
    """Add a destination; a running server writes it at once."""
    run("marts-destinations-add", json_=json_, show=_show_added, format=format or "", **options)


@destinations.command("list")
@as_json
def list_destinations(json_: bool) -> None:
    """List the destinations and when they are written."""
    run("marts-destinations", json_=json_, show=_show_list)


@destinations.command()
@click.argument("name")
@as_json
def remove(name: str, json_: bool) -> None:
    """Write to a destination no longer; what it has stays there."""
    run("marts-destinations-remove", json_=json_, show=_show_removed, name=name)


@destinations.command("run")
@click.argument("name", default="")
@as_json
def run_destination(name: str, json_: bool) -> None:
    """Write a destination now; without NAME, those that are due. Ends with 1 if one fails."""
    if name:
        run("marts-destinations-run", json_=json_, show=_show_status, name=name)
    run("marts-destinations-run-due", json_=json_, show=_show_ended)


@click.command()
@as_json
def status(json_: bool) -> None:
    """Show how far each destination is behind the ledger, and its last failure."""
    run("marts-destinations", json_=json_, show=_show_status)


def _show_added(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} is added. A running server writes it within seconds. To write it now:")
    click.echo(f"tillstream marts destinations run {one['name']}")


def _show_removed(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} is removed. {one['to']} keeps what it has.")


def _show_list(listed: list[dict[str, Any]]) -> None:
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
