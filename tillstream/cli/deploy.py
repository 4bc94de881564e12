"""Commands `deploy …`: apply, check and destroy the deployment of a Google Cloud project."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tillstream.cli.runner import as_json, fail
from tillstream.domain.errors import TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings

if TYPE_CHECKING:
    from infra.deploy import Deploy


def of_project(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the project and for overrides of its stage file."""
    for option in (
        click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="Overrides the stage's file."),
        click.option("--region", default="", help="Overrides the stage's region."),
        click.option("--stage", default="dev", show_default=True, help="Which file of infra/stages."),
        click.option("--project", required=True, help="The Google project."),
    ):
        command = option(command)
    return command


@click.group()
def deploy() -> None:
    """The Google project that Tillstream runs in; needs the gcloud command line, signed in."""


@deploy.command()
@of_project
@click.option("--dry-run", "dry", is_flag=True, help="Print every command, as for an empty project; ask nobody.")
def apply(project: str, stage: str, region: str, sets: tuple[str, ...], *, dry: bool) -> None:
    """Show what differs and make it so; a second run changes nothing, and one after a failure goes on."""
    deployment = _deployment(project, stage, region, sets, ask=not dry)
    run_or_fail(deployment.commands if dry else deployment.apply, json_=False)
    if not dry:
        click.echo(f"{project} holds what it should.")


@deploy.command()
@of_project
@as_json
def check(project: str, stage: str, region: str, sets: tuple[str, ...], *, json_: bool) -> None:
    """Name each difference between the project and what it should hold; exit code 1 where there is one."""
    differences = run_or_fail(_deployment(project, stage, region, sets, ask=True).check, json_=json_)
    if json_:
        click.echo(json.dumps({"project": project, "differences": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{project} holds what it should.")
    raise Done(1 if differences else 0)


@deploy.command()
@of_project
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--data", is_flag=True, help="Also the buckets, the dataset and the documents: every sale, for good.")
def destroy(project: str, stage: str, region: str, sets: tuple[str, ...], *, yes: bool, data: bool) -> None:
    """Remove what was deployed; data stays unless --data is given. Services stay switched on."""
    deployment = _deployment(project, stage, region, sets, ask=True)
    resources = run_or_fail(lambda: deployment.removals(data=data), json_=False)
    click.echo("\n".join(f"remove {resource.title}" for resource in resources) or f"{project} holds nothing of it.")
    if resources and not yes:
        click.confirm(
            f"Remove these {len(resources)} from {project}{', and all data with them' if data else ''}?", abort=True
        )
    run_or_fail(lambda: deployment.remove(resources), json_=False)


@deploy.command()
@click.option("--project", required=True, help="The Google project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset.")
@click.option("--location", default="europe-west1", show_default=True, help="Its region.")
@click.option("--check", "only", is_flag=True, help="Change nothing; exit code 1 where something differs.")
@as_json
def migrate(project: str, dataset: str, location: str, *, only: bool, json_: bool) -> None:
    """Make the tables and views of a dataset, or bring them forward to this version; a step of `apply`."""
    from tillstream.app import tables

    settings = Settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    if only:
        differences = run_or_fail(lambda: tables.differences(settings), json_=json_)
        click.echo(json.dumps({"differences": differences}) if json_ else "\n".join(differences) or "Nothing differs.")
        raise Done(1 if differences and not json_ else 0)
    done = run_or_fail(lambda: tables.migrate(settings), json_=json_)
    summary = (
        f"{dataset} has version {done['after']}: {len(done['tables'])} tables and {len(done['views'])} views touched."
    )
    click.echo(json.dumps(done) if json_ else summary)


@deploy.command()
@click.option("--project", required=True, help="The Google project.")
@click.option("--dataset", default="tillstream", show_default=True, help="The dataset of the tables.")
@click.option("--shown", default="tillstream_reports", show_default=True, help="The dataset of views that people read.")
@click.option("--location", default="europe-west1", show_default=True, help="The region of both.")
@click.option("--reader", "readers", multiple=True, metavar="MEMBER", help="group:… or domain:…; repeat it.")
@click.option("--account", "accounts", multiple=True, required=True, metavar="ADDRESS", help="Sees all; repeat it.")
@click.option("--check", "only", is_flag=True, help="Change nothing; exit code 1 where something differs.")
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
    """Make the views that people's own reports read, and say who sees which rows; a step of `apply`, after `migrate`.

    Service accounts see every row. Readers see the rows that their accounts of Tillstream give them; without a reader
    nobody else sees any.
    """
    from tillstream.app import reporting_views

    settings = Settings().model_copy(update={"project": project, "dataset": dataset, "location": location})
    action = reporting_views.differences if only else reporting_views.publish
    differences = run_or_fail(lambda: action(settings, shown, readers, accounts), json_=json_)
    if json_:
        click.echo(json.dumps({"differences" if only else "mended": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{shown} holds what it should.")
    raise Done(1 if only and differences and not json_ else 0)


def run_or_fail(work: Callable[[], Any], *, json_: bool) -> Any:
    """Return the result of `work`; print an error and exit if it fails."""
    try:
        return work()
    except TillstreamError as error:
        fail(str(error), json_=json_)


def _deployment(project: str, stage: str, region: str, sets: tuple[str, ...], *, ask: bool) -> "Deploy":
    from infra.project import deployment

    if invalid := [each for each in sets if "=" not in each]:
        raise click.BadParameter(f"{invalid[0]!r}: write NAME=VALUE", param_hint="--set")
    overrides = dict(each.split("=", 1) for each in sets) | {"REGION": region}
    result: Deploy = run_or_fail(lambda: deployment(project, stage, overrides, click.echo, ask=ask), json_=False)
    return result
