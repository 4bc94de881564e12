"""Commands `looker …`: links that create reports in Looker Studio."""

import json

import click

from tillstream.cli.runner import as_json, fail, read_settings


@click.group()
def looker() -> None:
    """Reports in Looker Studio on the views of a project."""


@looker.command()
@click.option("--project", default="", help="The project of the views; default: TILLSTREAM_PROJECT.")
@click.option(
    "--dataset", default="", help="The dataset of the views; default: TILLSTREAM_DATASET followed by `_reports`."
)
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="REPORT=ID",
    help="The ID of the report to copy; can be repeated. Default: an empty report on the main view.",
)
@as_json
def links(project: str, dataset: str, templates: tuple[str, ...], json_: bool) -> None:
    """Print the links that create the reports on the views of your project, one per report."""
    from looker import address, reports

    settings = read_settings()
    project = project or settings.project
    if not project:
        fail("The project is missing. Use --project or set TILLSTREAM_PROJECT.", json_=json_)
    available = reports()
    copied = dict(one.partition("=")[::2] for one in templates)
    invalid = [name for name, template in copied.items() if name not in available or not template]
    if invalid:
        raise click.BadParameter(
            f"{invalid[0]!r}: write REPORT=ID; available reports: {', '.join(available)}", param_hint="--template"
        )
    report_links = [
        {
            "report": name,
            "title": report.title,
            "question": report.question,
            "views": list(report.sources),
            "address": address(report, project, dataset or settings.reports_dataset, copied.get(name, "")),
        }
        for name, report in available.items()
    ]
    if json_:
        click.echo(json.dumps(report_links, ensure_ascii=False))
        return
    for one in report_links:
        click.echo(f"{one['title']}: {one['question']}\n  {one['address']}\n")
