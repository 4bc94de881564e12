"""Commands that apply, check and destroy the deployment of a project."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from tillstream.cli.deploy.group import deploy, run_or_fail
from tillstream.cli.runner import as_json, fail
from tillstream.server.process import Done

if TYPE_CHECKING:
    from infra.deploy import Deploy


def of_project(command: Callable[..., None]) -> Callable[..., None]:
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


@deploy.command()
@of_project
@click.option(
    "--dry-run", "dry", is_flag=True, help="Print every command, as for an empty project, without querying the project."
)
def apply(project: str, stage: str, region: str, sets: tuple[str, ...], *, dry: bool) -> None:
    """Show the differences and apply them; can be repeated, and continues after a failure."""
    if not dry:
        _ensure_recipient(project, stage, region, sets)
    deployment = _deployment(project, stage, region, sets, ask=not dry)
    run_or_fail(deployment.commands if dry else deployment.apply, json_=False)
    if not dry:
        click.echo(f"{deployment.gcloud.project} is up to date.")


@deploy.command()
@of_project
@as_json
def check(project: str, stage: str, region: str, sets: tuple[str, ...], *, json_: bool) -> None:
    """List the differences between the project and its configuration; exits with 1 if there are any."""
    deployment = _deployment(project, stage, region, sets, ask=True)
    differences = run_or_fail(deployment.check, json_=json_)
    project = deployment.gcloud.project
    if json_:
        click.echo(json.dumps({"project": project, "differences": differences}, ensure_ascii=False))
    else:
        click.echo("\n".join(differences) or f"{project} is up to date.")
    raise Done(1 if differences else 0)


@deploy.command()
@of_project
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--data", is_flag=True, help="Also remove the buckets, the dataset and the documents: every sale is lost."
)
def destroy(project: str, stage: str, region: str, sets: tuple[str, ...], *, yes: bool, data: bool) -> None:
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
