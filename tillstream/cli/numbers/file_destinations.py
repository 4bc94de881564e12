"""Commands `subscriptions destinations …`, `subscriptions deliveries` and `subscriptions retry`."""

from typing import Any

import click

from tillstream.cli.runner import as_json, run

REFERENCE = "REFERENCE"
BY_REFERENCE = "by reference: env:…, file:… or secret:…"


@click.group()
def destinations() -> None:
    """Folders, buckets and SFTP servers to which subscriptions deliver files."""


@destinations.command("list")
@as_json
def list_destinations(json_: bool) -> None:
    """List the destinations."""
    run("subscriptions-destinations", json_=json_, show=_show_all)


@destinations.command()
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
def add(json_: bool, **options: Any) -> None:
    """Add a destination, which people who subscribe can then choose."""
    run("subscriptions-destinations-add", json_=json_, show=_show, **options)


@destinations.command()
@click.argument("name")
@as_json
def test(name: str, json_: bool) -> None:
    """Write a small file to a destination."""
    run("subscriptions-destinations-test", json_=json_, show=lambda data: click.echo(data["message"]), name=name)


@destinations.command()
@click.argument("name")
@as_json
def remove(name: str, json_: bool) -> None:
    """Remove a destination; what it has stays there, and its subscriptions are paused."""
    run("subscriptions-destinations-remove", json_=json_, show=_show, name=name)


@click.command("deliveries")
@as_json
def deliveries(json_: bool) -> None:
    """List the files that were delivered to destinations or wait, the last ones first."""
    run("subscriptions-deliveries", json_=json_, show=_show_deliveries)


@click.command()
@click.argument("delivery")
@as_json
def retry(delivery: str, json_: bool) -> None:
    """Deliver the file with this ID again, if that failed."""
    run("subscriptions-retry", json_=json_, show=_show_delivery, delivery=delivery)


def _show_all(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show(one)
    if not data:
        click.echo("There are no destinations.")


def _show(one: dict[str, Any]) -> None:
    click.echo(f"{one['name']} · {one['to']}")


def _show_deliveries(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show_delivery(one)
    if not data:
        click.echo("Nothing was delivered to a destination.")


def _show_delivery(one: dict[str, Any]) -> None:
    error = f" · {one['error']}" if one["error"] else ""
    click.echo(f"{one['id']} · {one['destination']} · {one['file']} · {one['state']} · {one['changed_at']}{error}")
