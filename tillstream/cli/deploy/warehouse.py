"""Commands for the BigQuery datasets of a project: the steps of a deploy, and what was billed."""

import json

import click

from tillstream.cli.deploy.group import deploy, run_or_fail
from tillstream.cli.runner import as_json, read_settings
from tillstream.server.process import Done


@deploy.command()
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def migrate(project: str, dataset: str, location: str, *, only: bool, json_: bool) -> None:
    """Create the tables and views of a dataset or migrate them to this version; a step of `apply`."""
    from tillstream.app import tables

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    if only:
        differences = run_or_fail(lambda: tables.differences(settings), json_=json_)
        click.echo(
            json.dumps({"differences": differences}) if json_ else "\n".join(differences) or "There are no differences."
        )
        raise Done(1 if differences and not json_ else 0)
    done = run_or_fail(lambda: tables.migrate(settings), json_=json_)
    summary = (
        f"{dataset} has version {done['after']}: {len(done['tables'])} tables and {len(done['views'])} views changed."
    )
    click.echo(json.dumps(done) if json_ else summary)


@deploy.command()
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def index(project: str, dataset: str, location: str, *, only: bool, json_: bool) -> None:
    """Rebuild the sale index in Firestore from the ledger; a step of `apply` if the index is incomplete.

    Nothing is settled until it has finished. Large ledgers take hours. Run it as an account that sees every row.
    """
    from tillstream.app.google import sale_index

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    if only:
        differences = run_or_fail(lambda: sale_index.differences(settings), json_=json_)
        click.echo(
            json.dumps({"differences": differences}) if json_ else "\n".join(differences) or "The index is complete."
        )
        raise Done(1 if differences and not json_ else 0)
    done = run_or_fail(lambda: sale_index.rebuild(settings), json_=json_)
    click.echo(json.dumps(done) if json_ else f"The index is complete up to settlement {done['settlement_no']}.")


@deploy.command()
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--shown", default="tillstream_reports", show_default=True, help="The dataset of the views for reports.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of both datasets.")
@click.option(
    "--reader", "readers", multiple=True, metavar="MEMBER", help="A reader, group:… or domain:…; can be repeated."
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    required=True,
    metavar="ADDRESS",
    help="A service account that sees every row; can be repeated.",
)
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def reports(
    project: str,
    dataset: str,
    shown: str,
    location: str,
    readers: tuple[str, ...],
    accounts: tuple[str, ...],
    *,
    only: bool,
    json_: bool,
) -> None:
    """Create the views for reports and set who sees which rows; a step of `apply`, after `migrate`.

    Service accounts see every row. Readers see the rows that their Tillstream accounts allow. Without readers, only the
    service accounts see rows.
    """
    from tillstream.app import reporting_views

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    action = reporting_views.differences if only else reporting_views.publish
    differences = run_or_fail(lambda: action(settings, shown, readers, accounts), json_=json_)
    if json_:
        click.echo(json.dumps({"differences" if only else "mended": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{shown} is up to date.")
    raise Done(1 if only and differences and not json_ else 0)


@deploy.command()
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option(
    "--writer",
    "writers",
    multiple=True,
    metavar="TABLE=ADDRESS",
    help="A table and a service account that may write it; can be repeated.",
)
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def writers(project: str, dataset: str, location: str, writers: tuple[str, ...], *, only: bool, json_: bool) -> None:
    """Set which accounts may write single tables; a step of `apply`, after `migrate`.

    They may only read the others. Accounts that may write the whole dataset need no entry.
    """
    from tillstream.app import table_writers

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    action = table_writers.differences if only else table_writers.grant
    differences = run_or_fail(lambda: action(settings, writers), json_=json_)
    if json_:
        click.echo(json.dumps({"differences" if only else "mended": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"The writers of {dataset} are up to date.")
    raise Done(1 if only and differences and not json_ else 0)


@deploy.command()
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, 180), help="How many days back, including today."
)
@as_json
def cost(project: str, dataset: str, location: str, days: int, *, json_: bool) -> None:
    """Show what BigQuery billed in the last days, by work and account; needs the role BigQuery Resource Viewer."""
    from tillstream.app.google.costs import costs
    from tillstream.cli.output.costs import show_costs

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    rows = run_or_fail(lambda: costs(settings, days), json_=json_)
    if json_:
        click.echo(json.dumps({"project": project, "days": days, "jobs": rows}, ensure_ascii=False))
    else:
        show_costs(rows)
