"""Commands `report …`."""

import click

from tillstream.cli.runner import as_json, run


@click.group()
def report() -> None:
    """Write reports as files."""


@report.command()
@click.option("--out", required=True, metavar="FILE", help="File ending with .pdf, .html or .xlsx.")
@click.option("--from", "from_", default="", metavar="DATE", help="First day; default: the last complete month.")
@click.option("--to", default="", metavar="DATE", help="Last day.")
@click.option("--region", default="", help="Only this region.")
@as_json
def executive(out: str, from_: str, to: str, region: str, json_: bool) -> None:
    """Write what was sold, what changed, goals, forecast and what to do, for a month, a week or other days."""
    from tillstream.cli.output.report import show_report

    run("report-executive", json_=json_, show=show_report, out=out, from_=from_, to=to, region=region)


@report.command()
@as_json
def send(json_: bool) -> None:
    """Send the subscribed reports that are due, and what else waits in the outbox. A server does it by itself."""
    from tillstream.cli.output.report import show_sent

    run("report-send", json_=json_, show=show_sent)
