"""Commands `backfill …`."""

import sys
from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import HELD, as_json, fail, print_result, read_settings, run
from tillstream.cli.sources.pairs import parse_settings
from tillstream.model.errors import TillstreamError
from tillstream.server.process import Done


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
def run_paths(
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
    from tillstream.cli.output.backfill import show_results

    values = parse_settings(settings) | ({"pattern": pattern} if pattern else {})
    absolute = [path if "://" in path else str(Path(path).absolute()) for path in paths]
    of_spark = {"engine": engine, "master": master, "subnet": subnet}
    spark = of_spark if engine != "local" or master or subnet else {}
    arguments: dict[str, Any] = {"contract": contract, "settings": values, "dry": dry, "job": job} | spark
    run("backfill", json_=json_, show=show_results, paths=absolute, **arguments)


@backfill.command("list")
@as_json
def list_backfills(json_: bool) -> None:
    """List the backfills with the states of their files."""
    from tillstream.cli.output.backfill import show_backfills

    run("backfill-list", json_=json_, show=show_backfills)


@backfill.command()
@click.argument("name")
@as_json
def status(name: str, json_: bool) -> None:
    """Show how far a backfill is, and its files that need you."""
    from tillstream.cli.output.backfill import show_status

    run("backfill-status", json_=json_, show=show_status, name=name)


@backfill.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@as_json
def undo(name: str, yes: bool, json_: bool) -> None:
    """Undo every settled file of a backfill, newest first; without --yes, show how many."""
    from tillstream.cli.output.backfill import show_undo, show_undone
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    if not yes:
        try:
            shown = execute(read_settings(), "backfill-status", {"name": name}, quiet).data
        except TillstreamError as error:
            fail(str(error), json_=json_)
        print_result(shown, show_undo, json_=json_)
        if json_ or not sys.stdin.isatty():
            click.echo("This is a preview. To undo these files, use --yes.", err=True)
            raise Done(HELD)
        if not click.confirm("Undo these files?"):
            raise Done(HELD)
    run("backfill-undo", json_=json_, show=show_undone, name=name)
