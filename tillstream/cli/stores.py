"""Commands `stores …`."""

import click

from tillstream.cli.runner import FILE, as_json, run

LINES = click.option(
    "--line",
    "lines",
    type=click.IntRange(1),
    multiple=True,
    required=True,
    help="A message: its line number, as `quarantine` shows it; can be repeated.",
)
REASON = click.option("--reason", required=True, help="The reason, stored with the decision.")
URL = click.option("--url", default="", help="The address of the portal for the till; default: that of the settings.")


@click.group()
def stores() -> None:
    """Manage the keys and tokens of the tills of stores, and their messages to fix."""


@stores.command("list")
@click.option("--region", default="", help="Only this region.")
@click.option("--store", default="", help="Only this store.")
@as_json
def list_stores(region: str, store: str, json_: bool) -> None:
    """List the keys of stores, then their tokens, newest first."""
    from tillstream.cli.output.stores import show_stores

    run("stores", json_=json_, show=show_stores, region=region, store=store)


@stores.command()
@click.argument("region")
@click.argument("store")
@click.option("--till", default="", help="The name of the till; default: one is made.")
@URL
@as_json
def connect(region: str, store: str, till: str, url: str, json_: bool) -> None:
    """Create the token and the key of a till; its setup code is shown only once.

    From its first key on, a store accepts signed messages only.
    """
    from tillstream.cli.output.stores import show_row

    run("stores-connect", json_=json_, show=show_row, region=region, store=store, till=till, url=url)


@stores.command()
@click.argument("key")
@URL
@as_json
def replace(key: str, url: str, json_: bool) -> None:
    """Create a new token and key for the till of the key with this ID; the old ones stay valid until revoked."""
    from tillstream.cli.output.stores import show_row

    run("stores-replace", json_=json_, show=show_row, key=key, url=url)


@stores.command()
@click.argument("key")
@as_json
def revoke(key: str, json_: bool) -> None:
    """Revoke the key or the token with this ID."""
    from tillstream.cli.output.stores import show_row

    run("stores-revoke", json_=json_, show=show_row, key=key)


@stores.command()
@click.argument("region")
@click.argument("store")
@as_json
def accept_unsigned(region: str, store: str, json_: bool) -> None:
    """Accept unsigned messages again of a store whose keys are all revoked, until it gets a new key."""
    from tillstream.cli.output.stores import show_unsigned

    run("stores-accept-unsigned", json_=json_, show=show_unsigned, region=region, store=store)


@stores.command()
@click.argument("file", type=FILE)
@as_json
def receive(file: str, json_: bool) -> None:
    """Receive the messages that `till export` wrote to a file, as if the till had sent them.

    Signatures are verified as usual. If the till sends the messages as well, each sale counts once.
    """
    from tillstream.cli.output.stores import show_received

    run("stores-receive", json_=json_, show=show_received, file=file)


@stores.command()
@click.argument("batch")
@LINES
@REASON
@as_json
def discard(batch: str, lines: tuple[int, ...], reason: str, json_: bool) -> None:
    """Discard messages to fix, each whole; their tills list them as discarded.

    A sale is corrected where it was made, and sent again with a higher version.
    """
    from tillstream.cli.output.tables import show_receipts

    run("stores-discard", json_=json_, show=show_receipts, batch=batch, lines=list(lines), reason=reason)


@stores.command()
@click.argument("batch")
@LINES
@REASON
@as_json
def accept(batch: str, lines: tuple[int, ...], reason: str, json_: bool) -> None:
    """Accept messages whose key is revoked or unknown, or whose currency or country is new, as those of their store."""
    from tillstream.cli.output.tables import show_receipts

    run("stores-accept", json_=json_, show=show_receipts, batch=batch, lines=list(lines), reason=reason)
