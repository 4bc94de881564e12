"""Commands `connect …` and `backfill …`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import HELD, as_json, fail, print_result, read_settings, run
from tillstream.model.errors import TillstreamError
from tillstream.server.process import Done


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """Name → value. Raises `UsageError` for one without =."""
    pairs = [setting.partition("=") for setting in settings]
    if any(not sign for _, sign, _ in pairs):
        raise click.UsageError("Write each setting as --set KEY=VALUE.")
    return {key.strip(): value for key, _, value in pairs}


EVERY_MINUTES = click.IntRange(1, 10_080)
"""Minutes between two runs: at most a week."""


@click.group()
def connect() -> None:
    """Manage connectors, which pull sales from stores of files, databases, APIs and queues."""


@connect.command("list")
@as_json
def list_connectors(json_: bool) -> None:
    """List all connectors with their state."""
    from tillstream.cli.output.connectors import show_connectors

    run("connect", json_=json_, show=show_connectors)


@connect.command("kinds")
@as_json
def list_kinds(json_: bool) -> None:
    """List the kinds of connectors with their settings."""
    from tillstream.cli.output.connectors import show_kinds

    run("connect-kinds", json_=json_, show=show_kinds)


@connect.command("add")
@click.argument("name")
@click.option("--kind", required=True, help="What it reads; `connect kinds` lists them.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the kind; repeat it.")
@click.option("--contract", default="", help="The contract of its files; default: by folder, name or content.")
@click.option("--every", type=EVERY_MINUTES, default=15, show_default=True, help="Minutes between two runs.")
@as_json
def add_connector(name: str, kind: str, settings: tuple[str, ...], contract: str, every: int, json_: bool) -> None:
    """Add a connector. Credentials are references such as env:TILLSTREAM_SOURCE_ERP, never the values."""
    from tillstream.cli.output.connectors import show_connector

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


@connect.command("change")
@click.argument("connector")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting that changes; repeat it.")
@click.option("--contract", help="The contract of its files; '' for the one of their folder, name or content.")
@click.option("--every", type=EVERY_MINUTES, help="Minutes between two runs.")
@as_json
def change_connector(
    connector: str, settings: tuple[str, ...], contract: str | None, every: int | None, json_: bool
) -> None:
    """Change settings of a connector; the others stay. It continues from the same place, or from the beginning if it
    reads another source then."""
    from tillstream.cli.output.connectors import show_connector

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


@connect.command("show")
@click.argument("connector")
@as_json
def connector_details(connector: str, json_: bool) -> None:
    """Show a connector with its settings and last runs."""
    from tillstream.cli.output.connectors import show_connector_details

    run("connect-show", json_=json_, show=show_connector_details, connector=connector)


@connect.command("test")
@click.argument("connector")
@as_json
def test_connector(connector: str, json_: bool) -> None:
    """Connect to the source and show what is there; nothing is read."""
    from tillstream.cli.output.connectors import show_connector_test

    run("connect-test", json_=json_, show=show_connector_test, connector=connector)


@connect.command("run")
@click.argument("connector", required=False)
@click.option("--due", is_flag=True, help="Run all connectors that are due, instead of one.")
@as_json
def run_connector(connector: str | None, due: bool, json_: bool) -> None:
    """Run a connector now, also a paused one."""
    from tillstream.cli.output.connectors import show_connector_run, show_connector_runs

    if due == bool(connector):
        raise click.UsageError("Enter the name of a connector, or --due.")
    if connector:
        run("connect-run", json_=json_, show=show_connector_run, connector=connector)
    else:
        run("connect-run-due", json_=json_, show=show_connector_runs)


@connect.command("pause")
@click.argument("connector")
@as_json
def pause_connector(connector: str, json_: bool) -> None:
    """Stop the schedule of a connector."""
    from tillstream.cli.output.connectors import show_connector

    run("connect-pause", json_=json_, show=show_connector, connector=connector)


@connect.command("resume")
@click.argument("connector")
@as_json
def resume_connector(connector: str, json_: bool) -> None:
    """Start the schedule of a paused connector again, from where it stopped."""
    from tillstream.cli.output.connectors import show_connector

    run("connect-resume", json_=json_, show=show_connector, connector=connector)


@connect.command("remove")
@click.argument("connector")
@as_json
def remove_connector(connector: str, json_: bool) -> None:
    """Remove a connector with its cursor; what it brought remains."""
    from tillstream.cli.output.connectors import show_removed_connector

    run("connect-remove", json_=json_, show=show_removed_connector, connector=connector)


class _RunIsTheDefault(click.Group):
    """Arguments that begin with no command are those of `run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["run", *args] if args and args[0] not in {*self.commands, "--help"} else args)


@click.group(cls=_RunIsTheDefault)
def backfill() -> None:
    """Take in history once: `tillstream backfill gs://BUCKET/PREFIX --region CONTRACT`."""


@backfill.command("run")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--region", "contract", default="", help="The contract of the files; default: by folder, name or content."
)
@click.option("--pattern", default="", help="Names to take in, such as *.csv; default: all.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the source; repeat it.")
@click.option("--dry-run", "dry", is_flag=True, help="List what would be taken in; nothing is stored.")
@click.option("--job", is_flag=True, help="Leave it to the server, or in a project to the job `connect`.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark", "dataproc"]),
    default="local",
    show_default=True,
    help="What reads and validates the files: this process, Apache Spark, or in a project Dataproc Serverless.",
)
@click.option("--master", default="", help="The Spark cluster, such as spark://HOST:7077; default: this machine.")
@click.option("--subnet", default="", help="The subnet of Dataproc; default: that of the network `default`.")
@as_json
def run_backfill(
    paths: tuple[str, ...],
    contract: str,
    pattern: str,
    settings: tuple[str, ...],
    dry: bool,
    job: bool,
    engine: str,
    master: str,
    subnet: str,
    json_: bool,
) -> None:
    """Take in the files of folders, gs://BUCKET/PREFIX or s3://BUCKET/PREFIX.

    Interrupted, the same command continues; later, it takes in what is new or changed.
    """
    from tillstream.cli.output.connectors import show_backfill_results

    values = parse_settings(settings) | ({"pattern": pattern} if pattern else {})
    absolute = [path if "://" in path else str(Path(path).absolute()) for path in paths]
    of_spark = {"engine": engine, "master": master, "subnet": subnet}
    spark = of_spark if engine != "local" or master or subnet else {}
    arguments: dict[str, Any] = {"contract": contract, "settings": values, "dry": dry, "job": job} | spark
    run("backfill", json_=json_, show=show_backfill_results, paths=absolute, **arguments)


@backfill.command("list")
@as_json
def list_backfills(json_: bool) -> None:
    """List the backfills with the states of their files."""
    from tillstream.cli.output.connectors import show_backfills

    run("backfill-list", json_=json_, show=show_backfills)


@backfill.command("status")
@click.argument("name")
@as_json
def backfill_status(name: str, json_: bool) -> None:
    """Show how far a backfill is, and its files that need you."""
    from tillstream.cli.output.connectors import show_backfill_status

    run("backfill-status", json_=json_, show=show_backfill_status, name=name)


@backfill.command("undo")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@as_json
def undo_backfill(name: str, yes: bool, json_: bool) -> None:
    """Undo every settled file of a backfill, newest first; without --yes, show how many."""
    from tillstream.cli.output.connectors import show_backfill_undo, show_undone_backfill
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    if not yes:
        try:
            shown = execute(read_settings(), "backfill-status", {"name": name}, quiet).data
        except TillstreamError as error:
            fail(str(error), json_=json_)
        print_result(shown, show_backfill_undo, json_=json_)
        if json_ or not sys.stdin.isatty():
            click.echo("This is a preview. To undo these files, use --yes.", err=True)
            raise Done(HELD)
        if not click.confirm("Undo these files?"):
            raise Done(HELD)
    run("backfill-undo", json_=json_, show=show_undone_backfill, name=name)
