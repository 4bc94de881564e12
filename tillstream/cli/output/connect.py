"""Output of the commands `connect …`."""

from typing import Any

import click

from tillstream.model.batch import STATES_BEFORE_LEDGER
from tillstream.model.problems import CATALOGUE

SHOWN_BATCHES = 5


def show_connectors(connectors: list[dict[str, Any]]) -> None:
    for connector in connectors:
        show_connector(connector)
    if not connectors:
        click.echo("There are no connectors.")


def show_connector(connector: dict[str, Any]) -> None:
    contract = connector["contract"] or "any contract"
    every = "once" if connector["is_once"] else f"every {connector['every_minutes']} min"
    click.echo(f"{connector['name']} · {connector['kind']} · {contract} · {every} · {_state(connector)}")
    if connector["status"]["error"]:
        click.echo(f"  {connector['status']['error']}")


def show_removed(connector: dict[str, Any]) -> None:
    click.echo(f"The connector {connector['name']} is removed. What it brought remains.")


def show_details(connector: dict[str, Any]) -> None:
    show_connector(connector)
    for name, value in connector["settings"].items():
        if value:
            click.echo(f"  {name}: {value}")
    for note in connector["status"]["notes"]:
        click.echo(f"  {note}")
    for run in connector["runs"]:
        click.echo(_line(run))
    if not connector["runs"]:
        click.echo("It has not run yet.")


def show_run(run: dict[str, Any]) -> None:
    click.echo(_line(run))
    for note in run["notes"]:
        click.echo(f"  {note}")
    if batches := run["batches"]:
        more = f" and {len(batches) - SHOWN_BATCHES} more" if len(batches) > SHOWN_BATCHES else ""
        click.echo(f"Batches: {', '.join(batches[:SHOWN_BATCHES])}{more}.")
    if left := sum(count for state, count in run["states"].items() if state in STATES_BEFORE_LEDGER):
        click.echo(f"Not settled yet: {left:,}. `receipts` shows when they are.")
    show_held(run["held"])


def show_held(groups: list[dict[str, Any]]) -> None:
    """The held files of a connector, with the commands that decide about all of a group."""
    for group in groups:
        reasons = [CATALOGUE[code] for code in group["reasons"]]
        count, batch = group["files"], group["batch_id"]
        files = "1 file is" if count == 1 else f"{count:,} files are"
        click.echo(f"{files} held, such as {group['file']}: {'; '.join(reason.title for reason in reasons)}.")
        command = max((reason.command for reason in reasons), key=len, default="")
        every = f"{batch} --all" if count > 1 else batch
        click.echo(f"  `receipts {batch}` has the details. To decide: {command.replace('BATCH', every)}.")


def show_runs(ended: list[dict[str, Any]]) -> None:
    for run in ended:
        click.echo(f"{run['connector']} · {_line(run)}")
        show_held(run["held"])
    if not ended:
        click.echo("No connector is due.")


def show_test(tested: dict[str, Any]) -> None:
    click.echo(f"{tested['message']} ({tested['seconds']:.1f} s)")


def show_kinds(kinds: list[dict[str, Any]]) -> None:
    for kind in kinds:
        click.echo(f"{kind['name']} · {kind['title']} · {kind['about']}")
        for setting in kind["settings"]:
            click.echo(f"  {setting['name']}: {_about(setting)}")
    if not kinds:
        click.echo("There are no kinds.")


def _state(connector: dict[str, Any]) -> str:
    status = connector["status"]
    if status["is_running"]:
        return "running"
    if connector["is_paused"]:
        return "paused"
    if status["failures"]:
        return f"failed {status['failures']} times" if status["failures"] > 1 else "failed"
    read = f"read to the end at {status['last_complete_at']}" if status["last_complete_at"] else "not read yet"
    return f"late, {read}" if status["is_late"] else read


def _line(run: dict[str, Any]) -> str:
    parts = [run["started_at"], run["outcome"], _brought(run), run["error"]]
    return " · ".join(filter(None, parts))


def _brought(run: dict[str, Any]) -> str:
    if not run["items"]:
        return "nothing new" if run["outcome"] == "done" else ""
    items = f"{run['items']:,} {'item' if run['items'] == 1 else 'items'}, {run['bytes']:,} bytes"
    return f"{items}, {run['sales']:,} messages" if run["sales"] else items


def _about(setting: dict[str, Any]) -> str:
    parts = [setting["label"], setting["hint"]]
    parts += ["required" if setting["is_required"] else ""]
    parts += [f"one of {', '.join(filter(None, setting['choices']))}" if setting["choices"] else ""]
    parts += [f"default {setting['default']}" if setting["default"] else ""]
    parts += ["a reference to a credential" if setting["is_credential"] else ""]
    return "; ".join(filter(None, parts))
