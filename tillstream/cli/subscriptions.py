"""Commands `subscriptions …`."""

from typing import Any

import click

from tillstream.cli.queries import parse_parameters
from tillstream.cli.runner import as_json, run

REFERENCE = "REFERENCE"
BY_REFERENCE = "by reference: env:…, file:… or secret:…"


@click.group()
def destinations() -> None:
    """Folders, buckets and SFTP servers to which subscriptions deliver files."""


@destinations.command("list")
@as_json
def list_file_destinations(json_: bool) -> None:
    """List the destinations."""
    run("subscriptions-destinations", json_=json_, show=_show_destinations)


@destinations.command("add")
@click.argument("name")
@click.option(
    "--to", required=True, help="A folder, gs://BUCKET/PREFIX, s3://BUCKET/PREFIX, or sftp://HOST:PORT/FOLDER."
)
@click.option("--user", default="", help="The user of an SFTP server.")
@click.option("--password", default="", metavar=REFERENCE, help=f"Its password {BY_REFERENCE}.")
@click.option("--key", default="", metavar=REFERENCE, help=f"Its private key {BY_REFERENCE}.")
@click.option("--passphrase", default="", metavar=REFERENCE, help=f"The passphrase of the key {BY_REFERENCE}.")
@click.option("--host-key", default="", help="The fingerprint SHA256:… of the server. A test without it shows it.")
@click.option("--region", default="", help="The region of a bucket of S3.")
@click.option("--endpoint", default="", help="The address of another store than Amazon's, with https://.")
@click.option("--access-key", default="", metavar=REFERENCE, help=f"The access key of S3 {BY_REFERENCE}.")
@click.option("--secret-key", default="", metavar=REFERENCE, help=f"The secret key of S3 {BY_REFERENCE}.")
@as_json
def add_file_destination(json_: bool, **options: Any) -> None:
    """Add a destination, which people who subscribe can then choose."""
    run("subscriptions-destinations-add", json_=json_, show=_show_destination, **options)


@destinations.command("test")
@click.argument("name")
@as_json
def test_file_destination(name: str, json_: bool) -> None:
    """Write a small file to a destination."""
    run("subscriptions-destinations-test", json_=json_, show=lambda data: click.echo(data["message"]), name=name)


@destinations.command("remove")
@click.argument("name")
@as_json
def remove_file_destination(name: str, json_: bool) -> None:
    """Remove a destination; what it has stays there, and its subscriptions are paused."""
    run("subscriptions-destinations-remove", json_=json_, show=_show_destination, name=name)


@click.command("deliveries")
@as_json
def list_file_deliveries(json_: bool) -> None:
    """List the files that were delivered to destinations or wait, the last ones first."""
    run("subscriptions-deliveries", json_=json_, show=_show_deliveries)


@click.command("retry")
@click.argument("delivery")
@as_json
def retry_file_delivery(delivery: str, json_: bool) -> None:
    """Deliver the file with this ID again, if that failed."""
    run("subscriptions-retry", json_=json_, show=_show_delivery, delivery=delivery)


def _show_destinations(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show_destination(one)
    if not data:
        click.echo("There are no destinations.")


def _show_destination(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} · {one['to']}")


def _show_deliveries(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show_delivery(one)
    if not data:
        click.echo("Nothing was delivered to a destination.")


def _show_delivery(one: dict[str, Any]) -> None:
    error = f" · {one['error']}" if one["error"] else ""
    click.echo(f"{one['id']} · {one['destination']} · {one['file']} · {one['state']} · {one['changed_at']}{error}")


@click.group()
def subscriptions() -> None:
    """Manage tables that are delivered on a schedule, by e-mail or to a destination."""


for command in (destinations, list_file_deliveries, retry_file_delivery):
    subscriptions.add_command(command)


@subscriptions.command("list")
@as_json
def list_subscriptions(json_: bool) -> None:
    """List the subscriptions of all people."""
    run("subscriptions", json_=json_, show=_show_subscriptions)


@subscriptions.command("add")
@click.argument("login")
@click.option("--to", default="", metavar="ADDRESS", help="E-mail address.")
@click.option("--destination", default="", metavar="NAME", help="Instead of an e-mail address, a destination of files.")
@click.option("--file", "file_name", default="", metavar="PATTERN", help="Default: {name}-{date}. Also {period}.")
@click.option("--keep", "keeps", is_flag=True, help="Keep a file of the same name, and add the time to the new one.")
@click.option("--query", default="", metavar="NAME", help="The query whose rows come, such as sales-by-store.")
@click.option("--view", default="", metavar="NAME", help="Instead of a query, a saved view of Explore.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter or filter of the query, or a period such as preset=last-month; repeatable.",
)
@click.option("--name", default="", help="Subject of the messages; default: the name of the query or view.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "xlsx", "pdf", "parquet", "jsonl"]),
    default="xlsx",
    show_default=True,
    help="Format of the file.",
)
@click.option("--every", type=click.Choice(["day", "week", "month"]), required=True, help="How often it comes.")
@click.option("--day", type=click.IntRange(1, 28), help="Day of the week from 1, Monday, or of the month.")
@click.option("--hour", type=click.IntRange(0, 23), default=7, show_default=True, help="In the zone of the person.")
@click.option("--skip-empty", is_flag=True, help="Deliver nothing if there are no rows.")
@as_json
def add_subscription(
    login: str,
    to: str,
    destination: str,
    file_name: str,
    keeps: bool,
    query: str,
    view: str,
    params: tuple[str, ...],
    name: str,
    format_: str,
    every: str,
    day: int | None,
    hour: int,
    skip_empty: bool,
    json_: bool,
) -> None:
    """Subscribe the person LOGIN to a table, which contains what that person may see."""
    run(
        "subscriptions-add",
        json_=json_,
        show=_show_subscription,
        login=login,
        to=to,
        destination=destination,
        file_name=file_name,
        keeps=keeps,
        query=query,
        view=view,
        params=parse_parameters(params),
        name=name,
        format=format_,
        every=every,
        day=day or 0,
        hour=hour,
        skip_empty=skip_empty,
    )


@subscriptions.command("remove")
@click.argument("subscription")
@as_json
def remove_subscription(subscription: str, json_: bool) -> None:
    """End the subscription with this ID."""
    run("subscriptions-remove", json_=json_, show=_show_subscription, subscription=subscription)


@subscriptions.command("pause")
@click.argument("subscription")
@as_json
def pause_subscription(subscription: str, json_: bool) -> None:
    """Deliver nothing until the subscription is resumed."""
    run("subscriptions-pause", json_=json_, show=_show_subscription, subscription=subscription)


@subscriptions.command("resume")
@click.argument("subscription")
@as_json
def resume_subscription(subscription: str, json_: bool) -> None:
    """Deliver again, at the next hour of the schedule."""
    run("subscriptions-resume", json_=json_, show=_show_subscription, subscription=subscription)


@subscriptions.command("run")
@click.argument("subscription")
@as_json
def run_subscription(subscription: str, json_: bool) -> None:
    """Deliver now, besides the schedule. A server sends the file within a minute; else run `report send`."""
    run("subscriptions-run", json_=json_, show=_show_subscription, subscription=subscription)


def _show_subscriptions(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show_subscription(one)
    if not data:
        click.echo("There are no subscriptions.")


def _show_subscription(one: dict[str, Any]) -> None:
    state = f"paused: {one['paused']}" if one["paused"] else f"next {one['next_due']}"
    error = f" · {one['error']}" if one["error"] else ""
    to = one["to"] or one["destination"]
    click.echo(f"{one['id']} · {one['login']} · {one['name']} · {one['when']} · {to} · {state}{error}")
