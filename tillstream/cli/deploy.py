"""Commands `deploy …`: a Google Cloud project, and what a deploy does in its BigQuery."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tillstream.cli.runner import as_json, fail, read_settings
from tillstream.commands.printing import print_line, show_rows
from tillstream.model.errors import TillstreamError
from tillstream.ports.warehouse import Row
from tillstream.server.process import Done

if TYPE_CHECKING:
    from infra.deploy import Deploy

MB = 1_000_000
COST_COLUMNS = ("work", "who", "account", "jobs", "errors", "median s", "p95 s", "MB billed", "USD")


@click.group()
def deploy() -> None:
    """Deploy Tillstream to a Google Cloud project; requires the gcloud command line, signed in."""


def run_or_fail(work: Callable[[], Any], *, json_: bool) -> Any:
    """Return the result of `work`; print an error and exit if it fails."""
    try:
        return work()
    except TillstreamError as error:
        fail(str(error), json_=json_)


def with_project_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the project and for overrides of its stage file."""
    for option in (
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="NAME=VALUE",
            help="Override a setting of the stage file; can be repeated.",
        ),
        click.option("--region", default="", help="Override the region of the stage."),
        click.option("--stage", default="dev", show_default=True, help="Name of a stage file in infra/stages."),
        click.option("--project", default="", help="The Google Cloud project; default: PROJECT of the stage file."),
    ):
        command = option(command)
    return command


@deploy.command("apply")
@with_project_options
@click.option(
    "--dry-run", "dry", is_flag=True, help="Print every command, as for an empty project, without querying the project."
)
def apply_deployment(project: str, stage: str, region: str, sets: tuple[str, ...], *, dry: bool) -> None:
    """Show the differences and apply them; can be repeated, and continues after a failure."""
    if not dry:
        _ensure_recipient(project, stage, region, sets)
    deployment = _deployment(project, stage, region, sets, ask=not dry)
    run_or_fail(deployment.commands if dry else deployment.apply, json_=False)
    if not dry:
        click.echo(f"{deployment.gcloud.project} is up to date.")


@deploy.command("check")
@with_project_options
@as_json
def check_deployment(project: str, stage: str, region: str, sets: tuple[str, ...], *, json_: bool) -> None:
    """List the differences between the project and its configuration; exits with 1 if there are any."""
    deployment = _deployment(project, stage, region, sets, ask=True)
    differences = run_or_fail(deployment.check, json_=json_)
    project = deployment.gcloud.project
    if json_:
        click.echo(json.dumps({"project": project, "differences": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{project} is up to date.")
    raise Done(1 if differences else 0)


@deploy.command("destroy")
@with_project_options
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--data", is_flag=True, help="Also remove the buckets, the dataset and the documents: every sale is lost."
)
def destroy_deployment(project: str, stage: str, region: str, sets: tuple[str, ...], *, yes: bool, data: bool) -> None:
    """Remove the deployment; data is kept unless --data is given. Services stay enabled."""
    deployment = _deployment(project, stage, region, sets, ask=True)
    project = deployment.gcloud.project
    resources = run_or_fail(lambda: deployment.removals(data=data), json_=False)
    click.echo(
        "\n".join(f"remove {resource.title}" for resource in resources) or f"{project} contains nothing to remove."
    )
    if resources and not yes:
        click.confirm(
            f"Remove these {len(resources)} from {project}{', and all data with them' if data else ''}?", abort=True
        )
    run_or_fail(lambda: deployment.remove(resources), json_=False)


def _deployment(project: str, stage: str, region: str, sets: tuple[str, ...], *, ask: bool) -> "Deploy":
    from infra.project import deployment

    overrides = _overrides(region, sets)
    result: Deploy = run_or_fail(lambda: deployment(project, stage, overrides, click.echo, ask=ask), json_=False)
    return result


def _ensure_recipient(project: str, stage: str, region: str, sets: tuple[str, ...]) -> None:
    """Ask for the recipient of alerts if the stage names none; without a terminal, fail."""
    from infra.project import ensure_recipient

    def ask() -> str:
        if not sys.stdin.isatty():
            fail("Nobody receives alerts. Add --set ALERT_EMAIL=address, or --set ALERT_EMAIL=none.", json_=False)
        return str(click.prompt("E-mail address that receives alerts, or none"))

    run_or_fail(lambda: ensure_recipient(stage, project, _overrides(region, sets), ask), json_=False)


def _overrides(region: str, sets: tuple[str, ...]) -> dict[str, str]:
    if invalid := [each for each in sets if "=" not in each]:
        raise click.BadParameter(f"{invalid[0]!r}: write NAME=VALUE", param_hint="--set")
    return dict(each.split("=", 1) for each in sets) | {"REGION": region}


@deploy.command("migrate")
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def migrate_tables(project: str, dataset: str, location: str, *, only: bool, json_: bool) -> None:
    """Create the tables and views of a dataset or migrate them to this version; a step of `apply`."""
    from tillstream.app.google import project_tables

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    if only:
        differences = run_or_fail(lambda: project_tables.table_differences(settings), json_=json_)
        click.echo(
            json.dumps({"differences": differences}) if json_ else "\n".join(differences) or "There are no differences."
        )
        raise Done(1 if differences and not json_ else 0)
    done = run_or_fail(lambda: project_tables.migrate_tables(settings), json_=json_)
    summary = (
        f"{dataset} has version {done['after']}: {len(done['tables'])} tables and {len(done['views'])} views changed."
    )
    click.echo(json.dumps(done) if json_ else summary)


@deploy.command("index")
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option("--check", "only", is_flag=True, help="Only list the differences; exits with 1 if there are any.")
@as_json
def rebuild_index(project: str, dataset: str, location: str, *, only: bool, json_: bool) -> None:
    """Rebuild the sale index in Firestore from the ledger; a step of `apply` if the index is incomplete.

    Nothing is settled until it has finished. Large ledgers take hours. Run it as an account that sees every row.
    """
    from tillstream.app.google import project_tables

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    if only:
        differences = run_or_fail(lambda: project_tables.sale_index_differences(settings), json_=json_)
        click.echo(
            json.dumps({"differences": differences}) if json_ else "\n".join(differences) or "The index is complete."
        )
        raise Done(1 if differences and not json_ else 0)
    done = run_or_fail(lambda: project_tables.rebuild_sale_index(settings), json_=json_)
    click.echo(json.dumps(done) if json_ else f"The index is complete up to settlement {done['settlement_no']}.")


@deploy.command("reports")
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
def publish_reports(
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
    from tillstream.app.google import project_tables

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    action = project_tables.reporting_view_differences if only else project_tables.publish_reporting_views
    differences = run_or_fail(lambda: action(settings, shown, readers, accounts), json_=json_)
    if json_:
        click.echo(json.dumps({"differences" if only else "mended": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{shown} is up to date.")
    raise Done(1 if only and differences and not json_ else 0)


@deploy.command("writers")
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
def grant_writers(
    project: str, dataset: str, location: str, writers: tuple[str, ...], *, only: bool, json_: bool
) -> None:
    """Set which accounts may write single tables; a step of `apply`, after `migrate`.

    They may only read the others. Accounts that may write the whole dataset need no entry.
    """
    from tillstream.app.google import project_tables

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    action = project_tables.table_writer_differences if only else project_tables.grant_table_writers
    differences = run_or_fail(lambda: action(settings, writers), json_=json_)
    if json_:
        click.echo(json.dumps({"differences" if only else "mended": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"The writers of {dataset} are up to date.")
    raise Done(1 if only and differences and not json_ else 0)


@deploy.command("cost")
@click.option("--project", required=True, help="The Google Cloud project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of the dataset.")
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, 180), help="How many days back, including today."
)
@as_json
def show_billed(project: str, dataset: str, location: str, days: int, *, json_: bool) -> None:
    """Show what BigQuery billed in the last days, by work and account; needs the role BigQuery Resource Viewer."""
    from tillstream.app.google.project_tables import warehouse_costs

    settings = read_settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    rows = run_or_fail(lambda: warehouse_costs(settings, days), json_=json_)
    if json_:
        click.echo(json.dumps({"project": project, "days": days, "jobs": rows}, ensure_ascii=False))
    else:
        show_costs(rows)


def show_costs(rows: list[Row]) -> None:
    """Print the jobs by work and account, and their sum."""
    if not rows:
        print_line("BigQuery ran no job in this time.")
        return
    cells = [dict(zip(COST_COLUMNS, _cost_cells(row), strict=True)) for row in rows]
    show_rows({"name": "jobs of BigQuery", "columns": list(COST_COLUMNS), "rows": cells, "cut": False})
    billed, usd = (sum(row[name] for row in rows) for name in ("bytes_billed", "usd"))
    print_line(f"{billed / MB:,.0f} MB billed, {usd:.2f} USD at the list price of on-demand queries.")


def _cost_cells(row: Row) -> list[Any]:
    seconds = (f"{row[name]:.2f}" for name in ("seconds_median", "seconds_p95"))
    billed = f"{row['bytes_billed'] / MB:,.0f}"
    return [*(row[name] for name in COST_COLUMNS[:5]), *seconds, billed, f"{row['usd']:.4f}"]
