"""Commands `stores …`, and `till …`: the till agent, a package of its own without the libraries of the product."""

import sys
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, run
from tillstream_till import cli
from tillstream_till.command_table import COMMANDS, DESCRIPTION, Argument, Command, Option

LINES_OPTION = click.option(
    "--line",
    "lines",
    type=click.IntRange(1),
    multiple=True,
    required=True,
    help="A message: its line number, as `quarantine` shows it; can be repeated.",
)
REASON_OPTION = click.option("--reason", required=True, help="The reason, stored with the decision.")
URL_OPTION = click.option(
    "--url", default="", help="The address of the portal for the till; default: that of the settings."
)


@click.group()
def stores() -> None:
    """Manage the keys and tokens of the tills of stores, and their messages to fix."""


@stores.command("list")
@click.option("--region", default="", help="Only this region.")
@click.option("--store", default="", help="Only this store.")
@as_json
def list_stores(region: str, store: str, json_: bool) -> None:
    """List the keys of stores, then their tokens, newest first."""
    from tillstream.cli.output.connectors import show_store_keys

    run("stores", json_=json_, show=show_store_keys, region=region, store=store)


@stores.command("connect")
@click.argument("region")
@click.argument("store")
@click.option("--till", default="", help="The name of the till; default: one is made.")
@URL_OPTION
@as_json
def connect_till(region: str, store: str, till: str, url: str, json_: bool) -> None:
    """Create the token and the key of a till; its setup code is shown only once.

    From its first key on, a store accepts signed messages only.
    """
    from tillstream.cli.output.connectors import show_store_key

    run("stores-connect", json_=json_, show=show_store_key, region=region, store=store, till=till, url=url)


@stores.command("replace")
@click.argument("key")
@URL_OPTION
@as_json
def replace_key(key: str, url: str, json_: bool) -> None:
    """Create a new token and key for the till of the key with this ID; the old ones stay valid until revoked."""
    from tillstream.cli.output.connectors import show_store_key

    run("stores-replace", json_=json_, show=show_store_key, key=key, url=url)


@stores.command("revoke")
@click.argument("key")
@as_json
def revoke_key(key: str, json_: bool) -> None:
    """Revoke the key or the token with this ID."""
    from tillstream.cli.output.connectors import show_store_key

    run("stores-revoke", json_=json_, show=show_store_key, key=key)


@stores.command()
@click.argument("region")
@click.argument("store")
@as_json
def accept_unsigned(region: str, store: str, json_: bool) -> None:
    """Accept unsigned messages again of a store whose keys are all revoked, until it gets a new key."""
    from tillstream.cli.output.connectors import show_unsigned_store

    run("stores-accept-unsigned", json_=json_, show=show_unsigned_store, region=region, store=store)


@stores.command("receive")
@click.argument("file", type=FILE)
@as_json
def receive_messages(file: str, json_: bool) -> None:
    """Receive the messages that `till export` wrote to a file, as if the till had sent them.

    Signatures are verified as usual. If the till sends the messages as well, each sale counts once.
    """
    from tillstream.cli.output.connectors import show_received_messages

    run("stores-receive", json_=json_, show=show_received_messages, file=file)


@stores.command("discard")
@click.argument("batch")
@LINES_OPTION
@REASON_OPTION
@as_json
def discard_messages(batch: str, lines: tuple[int, ...], reason: str, json_: bool) -> None:
    """Discard messages to fix, each whole; their tills list them as discarded.

    A sale is corrected where it was made, and sent again with a higher version.
    """
    from tillstream.cli.output.tables import show_receipts

    run("stores-discard", json_=json_, show=show_receipts, batch=batch, lines=list(lines), reason=reason)


@stores.command("accept")
@click.argument("batch")
@LINES_OPTION
@REASON_OPTION
@as_json
def accept_messages(batch: str, lines: tuple[int, ...], reason: str, json_: bool) -> None:
    """Accept messages whose key is revoked or unknown, or whose currency or country is new, as those of their store."""
    from tillstream.cli.output.tables import show_receipts

    run("stores-accept", json_=json_, show=show_receipts, batch=batch, lines=list(lines), reason=reason)


@click.group(help=DESCRIPTION)
def till() -> None:
    pass


def _till_command(command: Command) -> click.Command:
    def run(**values: Any) -> None:
        sys.exit(cli.run(command.name, values))

    params: list[click.Parameter] = [_argument(each) for each in command.arguments]
    params += [_option(each) for each in command.all_options]
    return click.Command(command.name, callback=run, params=params, help=command.help)


def _argument(argument: Argument) -> click.Argument:
    return click.Argument([argument.name], required=argument.default is None, default=argument.default)


def _option(option: Option) -> click.Option:
    if not option.metavar:
        return click.Option([option.name], is_flag=True, help=option.help)
    return click.Option(
        [option.name],
        help=option.help,
        metavar=option.metavar,
        default=option.default,
        show_default=bool(option.default),
    )


for till_command in COMMANDS:
    till.add_command(_till_command(till_command))
