"""Commands that start the server, take in files and show what was received."""

import sys
from functools import partial
from pathlib import Path

import click

from tillstream.cli.runner import FILE, as_json, fail, read_settings, run
from tillstream.model.errors import TillstreamError
from tillstream.server.process import INTERRUPTED


@click.command()
@click.option("--host", help="The address to listen on; default: TILLSTREAM_HOST or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; default: TILLSTREAM_PORT or 8080.")
@click.option(
    "--open/--no-open",
    "open_",
    default=None,
    help="Open the browser or not; default: only from a terminal with a screen.",
)
def serve(host: str | None, port: int | None, open_: bool | None) -> None:
    """Run the portal and the worker; the first start loads the sample regions."""
    from tillstream.logs import configure, note
    from tillstream.server.serve import serve as start

    overrides = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=overrides)
    configure(settings)
    on_terminal = sys.stdout.isatty()
    try:
        start(
            settings,
            click.echo if on_terminal else partial(note, "server"),
            open_browser=on_terminal and settings.has_screen if open_ is None else open_,
            on_terminal=on_terminal,
        )
    except TillstreamError as error:
        fail(str(error), json_=False)
    except KeyboardInterrupt:
        click.echo("Interrupted before the server was ready.", err=True)
        sys.exit(INTERRUPTED)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--region", "contract", default="", help="The contract of the files; without it, those that fit are offered."
)
@click.option("--dry-run", "dry", is_flag=True, help="Show the receipts without storing anything.")
@as_json
def ingest(files: tuple[str, ...], contract: str, dry: bool, json_: bool) -> None:
    """Ingest files, settle them and print their receipts."""
    from tillstream.cli.output.tables import show_receipts

    total = sum(Path(file).stat().st_size for file in files)
    run("ingest", json_=json_, show=show_receipts, total=total, files=list(files), contract=contract, dry=dry)


@click.command()
@click.argument("batch", default="")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Maximum number of receipts.")
@as_json
def receipts(batch: str, limit: int, json_: bool) -> None:
    """Show the receipt of one batch, or the newest receipts."""
    from tillstream.cli.output.tables import show_receipts

    run("receipts", json_=json_, show=show_receipts, batch=batch, limit=limit)


@click.command()
@click.argument("batch")
@click.option(
    "--csv",
    "out",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Write the rows to a file for `fix`.",
)
@as_json
def quarantine(batch: str, out: str | None, json_: bool) -> None:
    """Show the rows to fix of a batch with their problems and remedies."""
    from tillstream.cli.output.tables import show_refused

    run("quarantine", json_=json_, show=show_refused, batch=batch, out=out or "")


@click.command()
@click.argument("batch")
@click.argument("corrected", type=FILE)
@as_json
def fix(batch: str, corrected: str, json_: bool) -> None:
    """Submit rejected rows: corrected, accepted unchanged (_accept=yes) or discarded (_discard=reason)."""
    from tillstream.cli.output.tables import show_receipts

    run("fix", json_=json_, show=show_receipts, batch=batch, file=corrected)


@click.command()
@as_json
def status(json_: bool) -> None:
    """Show the state of the ledger and the queues, and where the data is stored."""
    from tillstream.cli.output.maintenance import show_status

    run("status", json_=json_, show=show_status)


@click.command()
@click.argument("name", default="")
@click.option("--schema", is_flag=True, help="Print the JSON schema of contracts, for editors that validate YAML.")
@click.option(
    "--pandera",
    "out",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Write the contract's checks to a .py or .yaml file as a pandera schema.",
)
@click.option(
    "--frame",
    type=click.Choice(["polars", "pandas"]),
    default="polars",
    show_default=True,
    help="The frames that the schema of --pandera checks; pandas needs a .py file.",
)
@click.option(
    "--expectations",
    "suite",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Write the contract's checks to a .json file as a suite of Great Expectations.",
)
@click.option(
    "--whole-numbers",
    "whole",
    is_flag=True,
    help="Read IDs such as 12557.0 as 12557: show what changes; with --yes, save a new version and replay the files.",
)
@click.option("--yes", is_flag=True, help="Make the change of --whole-numbers.")
@as_json
def contracts(
    name: str, schema: bool, out: str | None, frame: str, suite: str | None, whole: bool, yes: bool, json_: bool
) -> None:
    """List the region contracts, or show one of them."""
    if schema:
        from tillstream.contracts.contract_files import contract_schema as schema_of_contracts

        click.echo(schema_of_contracts(), nl=False)
        return
    from tillstream.cli.output.maintenance import show_contract, show_exported_checks
    from tillstream.commands.printing import show_list

    if (out or suite or whole) and not name:
        option = "--pandera" if out else "--expectations" if suite else "--whole-numbers"
        raise click.UsageError(f"{option} needs the NAME of a contract.")
    if out and suite:
        raise click.UsageError("Use either --pandera or --expectations.")
    if yes and not whole:
        raise click.UsageError("--yes belongs to --whole-numbers.")
    if whole:
        from tillstream.cli.output.maintenance import show_whole_numbers

        run(f"contracts-whole-numbers{'' if yes else '-preview'}", json_=json_, show=show_whole_numbers, name=name)
    if suite:
        run("contracts-expectations", json_=json_, show=show_exported_checks, name=name, out=suite)
    if out:
        run("contracts-pandera", json_=json_, show=show_exported_checks, name=name, out=out, frame=frame)

    run("contracts", json_=json_, show=show_contract if name else show_list, name=name)


@click.command()
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Size of the samples; 1 is about 200,000 lines.",
)
@as_json
def demo(scale: float, json_: bool) -> None:
    """Write the sample regions' files, load them, and print an account of each role; --json creates no accounts."""
    from tillstream.cli.output.tables import show_demo, show_receipts

    run("demo", json_=json_, show=show_receipts if json_ else show_demo, scale=scale, accounts=not json_)


@click.group()
def fx() -> None:
    """Manage exchange rates."""


@fx.command()
@click.argument("file", type=FILE)
@as_json
def load(file: str, json_: bool) -> None:
    """Load daily rates from the ECB's history as CSV, or from a file date,currency,rate[,base]."""
    from tillstream.cli.output.maintenance import show_rates

    run("fx-load", json_=json_, show=show_rates, file=file)
