"""Commands that do or repeat the work of the pipeline: announce, settle, sweep, rebuild, quality."""

import click

from tillstream.cli.runner import as_json, run


@click.command()
@as_json
def announce(json_: bool) -> None:
    """Publish the events of settlements that were not announced."""
    from tillstream.cli.output.maintenance import show_announced

    run("announce", json_=json_, show=show_announced)


@click.command()
@as_json
def settle(json_: bool) -> None:
    """Settle all staged files. In a Google Cloud project: those that are too large for its functions, and large undos.

    In a project, the job settle-large runs this command. TILLSTREAM_SETTLE_MEMORY sets the memory that it can use.
    """
    from tillstream.cli.output.maintenance import show_settled

    run("settle", json_=json_, show=show_settled)


@click.command()
@as_json
def sweep(json_: bool) -> None:
    """Ingest the files in the watched folder and resume interrupted work."""
    from tillstream.cli.output.maintenance import show_swept

    run("sweep", json_=json_, show=show_swept)


@click.command()
@click.option(
    "--check", "originals", flag_value=False, default=False, help="Rebuild from the rows in the ledger.", type=bool
)
@click.option("--from-originals", "originals", flag_value=True, help="Rebuild from the kept originals.", type=bool)
@as_json
def rebuild(originals: bool, json_: bool) -> None:
    """Settle everything again in a copy and compare it with the ledger; rebuild a ledger of an older version."""
    from tillstream.cli.output.maintenance import show_rebuilt

    run("rebuild", json_=json_, show=show_rebuilt, originals=originals)


@click.command()
@click.option("--all", "everything", is_flag=True, help="All checks on all days, not only on days that changed.")
@as_json
def quality(everything: bool, json_: bool) -> None:
    """Check keys, values and totals of the marts. Ends with 1 if a check fails."""
    from tillstream.cli.output.maintenance import show_quality

    run("quality", json_=json_, show=show_quality, everything=everything)


OPERATIONS = (announce, settle, sweep, rebuild, quality)
