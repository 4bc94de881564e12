"""Commands `looker …`: links that create reports in Looker Studio, and files for Looker and dbt."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tillstream.cli.runner import as_json, fail, read_settings
from tillstream.settings import Settings

if TYPE_CHECKING:
    from looker.definitions import Measures

NO_ID = (
    "There is no report to copy for {names}: these links create an empty report on the main view. Build it as "
    "looker/TEMPLATE.md describes, and set TILLSTREAM_LOOKER_REPORT_IDS to {example}."
)


@click.group()
def looker() -> None:
    """Reports in Looker Studio, and files for Looker and dbt, on the views of a project."""


def on_views(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name the views."""
    project = click.option("--project", default="", help="The project of the views; default: TILLSTREAM_PROJECT.")
    dataset = click.option(
        "--dataset", default="", help="The dataset of the views; default: TILLSTREAM_DATASET followed by `_reports`."
    )
    return project(dataset(command))


@looker.command()
@on_views
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="REPORT=ID",
    help="The ID of a report to copy; can be repeated. Default: TILLSTREAM_LOOKER_REPORT_IDS.",
)
@as_json
def links(project: str, dataset: str, templates: tuple[str, ...], json_: bool) -> None:
    """Print a link for each report: it copies a finished report, or creates an empty one, on your own views."""
    from looker.definitions import reports
    from looker.links import links as report_links

    settings = read_settings()
    project, dataset = _views(settings, project, dataset, json_=json_)
    copied = settings.looker_reports | dict(one.partition("=")[::2] for one in templates)
    invalid = [name for name, template in copied.items() if name not in reports() or not template]
    if invalid:
        where = (
            "--template"
            if invalid[0] in {one.partition("=")[0] for one in templates}
            else "TILLSTREAM_LOOKER_REPORT_IDS"
        )
        raise click.BadParameter(
            f"{invalid[0]!r}: write REPORT=ID; available reports: {', '.join(reports())}", param_hint=where
        )
    created = list(report_links(project, dataset, copied))
    if json_:
        rows = [
            {
                "report": one.report.name,
                "title": one.report.title,
                "question": one.report.question,
                "views": list(one.report.sources),
                "address": one.address,
                "is_copy": one.is_copy,
            }
            for one in created
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one in created:
        click.echo(f"{one.report.title}: {one.report.question}\n  {one.address}\n")
    if empty := [one.report.name for one in created if not one.is_copy]:
        click.echo(NO_ID.format(names=", ".join(empty), example=f"{empty[0]}=ID,…"))


@looker.command()
@on_views
@click.option("--connection", default="tillstream", show_default=True, help="The connection to BigQuery in Looker.")
@click.option("--out", required=True, type=click.Path(file_okay=False), help="The folder to write to.")
@as_json
def lookml(project: str, dataset: str, connection: str, out: str, json_: bool) -> None:
    """Write a LookML project: views, measures, explores and access filters over the views."""
    from looker.lookml import files

    project, dataset = _views(read_settings(), project, dataset, json_=json_)
    _write(Path(out), files(project, dataset, connection, _measures()), json_=json_)


@looker.command()
@on_views
@click.option("--out", required=True, type=click.Path(dir_okay=False), help="The YAML file to write.")
@as_json
def dbt(project: str, dataset: str, out: str, json_: bool) -> None:
    """Write a file of dbt sources: the views with their columns, keys and measures."""
    from looker.dbt import sources_file

    project, dataset = _views(read_settings(), project, dataset, json_=json_)
    path = Path(out)
    _write(path.parent, iter([(path.name, sources_file(project, dataset, _measures()))]), json_=json_)


def _measures() -> "Measures":
    """The measures that each view can compute."""
    from looker.definitions import Measure
    from tillstream.analytics.measures.view_measures import VIEW_COLUMNS, view_measures

    return {
        view: [
            Measure(
                name,
                one.measure.label,
                f"{one.measure.description} Formula: {one.measure.formula}. {one.measure.rule}".strip(),
                one.measure.format,
                one.function,
                one.expression,
                one.sql,
                one.measure.reads_costs,
            )
            for name, one in view_measures(view).items()
        ]
        for view in VIEW_COLUMNS
    }


def _views(settings: Settings, project: str, dataset: str, *, json_: bool) -> tuple[str, str]:
    """Project and dataset of the views; ends the command if there is no project."""
    project = project or settings.project
    if not project:
        fail("The project is missing. Use --project or set TILLSTREAM_PROJECT.", json_=json_)
    return project, dataset or settings.views_dataset


def _write(folder: Path, files: Iterator[tuple[str, str]], *, json_: bool) -> None:
    written: list[Any] = []
    for name, text in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(str(path))
    click.echo(json.dumps({"files": written}) if json_ else "\n".join(written))
