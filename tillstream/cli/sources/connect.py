"""Commands `connect …`."""

import click

from tillstream.cli.runner import as_json, run
from tillstream.cli.sources.pairs import parse_settings

EVERY = click.IntRange(1, 10_080)
"""Minutes between two runs: at most a week."""


@click.group()
def connect() -> None:
    """Manage connectors, which pull sales from stores of files, databases, APIs and queues."""


@connect.command("list")
@as_json
def list_connectors(json_: bool) -> None:
    """List all connectors with their state."""
    from tillstream.cli.output.connect import show_connectors

    run("connect", json_=json_, show=show_connectors)


@connect.command()
@as_json
def kinds(json_: bool) -> None:
    """List the kinds of connectors with their settings."""
    from tillstream.cli.output.connect import show_kinds

    run("connect-kinds", json_=json_, show=show_kinds)


@connect.command()
@click.argument("name")
@click.option("--kind", required=True, help="What it reads; `connect kinds` lists them.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the kind; repeat it.")
@click.option("--contract", default="", help="The contract of its files; default: by folder, name or content.")
@click.option("--every", type=EVERY, default=15, show_default=True, help="Minutes between two runs.")
@as_json
def add(name: str, kind: str, settings: tuple[str, ...], contract: str, every: int, json_: bool) -> None:
    """Add a connector. Credentials are references such as env:TILLSTREAM_SOURCE_ERP, never the values."""
    from tillstream.cli.output.connect import show_connector

    run(
        "connect-add",
        json_=json_,
        show=show_connector,
        name=name,
        kind=kind,
        settings=parse_settings(settings),
        contract=contract,
        every=every,
    )


@connect.command()
@click.argument("connector")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting that changes; repeat it.")
@click.option("--contract", help="The contract of its files; '' for the one of their folder, name or content.")
@click.option("--every", type=EVERY, help="Minutes between two runs.")
@as_json
def change(connector: str, settings: tuple[str, ...], contract: str | None, every: int | None, json_: bool) -> None:
    """Change settings of a connector; the others stay. It continues from the same place, or from the beginning if it
    reads another source then."""
    from tillstream.cli.output.connect import show_connector

    if not settings and contract is None and every is None:
        raise click.UsageError("Enter what changes: --set KEY=VALUE, --contract or --every.")
    run(
        "connect-change",
        json_=json_,
        show=show_connector,
        connector=connector,
        settings=parse_settings(settings),
        contract=contract,
        every=every,
    )


@connect.command()
@click.argument("connector")
@as_json
def show(connector: str, json_: bool) -> None:
    """Show a connector with its settings and last runs."""
    from tillstream.cli.output.connect import show_details

    run("connect-show", json_=json_, show=show_details, connector=connector)


@connect.command()
@click.argument("connector")
@as_json
def test(connector: str, json_: bool) -> None:
    """Connect to the source and show what is there; nothing is read."""
    from tillstream.cli.output.connect import show_test

    run("connect-test", json_=json_, show=show_test, connector=connector)


@connect.command("run")
@click.argument("connector", required=False)
@click.option("--due", is_flag=True, help="Run all connectors that are due, instead of one.")
@as_json
def run_now(connector: str | None, due: bool, json_: bool) -> None:
    """Run a connector now, also a paused one."""
    from tillstream.cli.output.connect import show_run, show_runs

    if due == bool(connector):
        raise click.UsageError("Enter the name of a connector, or --due.")
    if connector:
        run("connect-run", json_=json_, show=show_run, connector=connector)
    else:
        run("connect-run-due", json_=json_, show=show_runs)


@connect.command()
@click.argument("connector")
@as_json
def pause(connector: str, json_: bool) -> None:
    """Stop the schedule of a connector."""
    from tillstream.cli.output.connect import show_connector

    run("connect-pause", json_=json_, show=show_connector, connector=connector)


@connect.command()
@click.argument("connector")
@as_json
def resume(connector: str, json_: bool) -> None:
    """Start the schedule of a paused connector again, from where it stopped."""
    from tillstream.cli.output.connect import show_connector

    run("connect-resume", json_=json_, show=show_connector, connector=connector)


@connect.command()
@click.argument("connector")
@as_json
def remove(connector: str, json_: bool) -> None:
    """Remove a connector with its cursor; what it brought remains."""
    from tillstream.cli.output.connect import show_removed

    run("connect-remove", json_=json_, show=show_removed, connector=connector)
