"""Commands `subscriptions …`."""

from typing import Any

import click

from tillstream.cli.numbers.queries import pairs
from tillstream.cli.runner import as_json, run


@click.group()
def subscriptions() -> None:
    """Manage tables that come by e-mail on a schedule."""


@subscriptions.command("list")
@as_json
def list_subscriptions(json_: bool) -> None:
    """List the subscriptions of all people."""
    run("subscriptions", json_=json_, show=_show_all)


@subscriptions.command()
@click.argument("login")
@click.option("--to", required=True, metavar="ADDRESS", help="E-mail address.")
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
def add(
    login: str,
    to: str,
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
        show=_show,
        login=login,
        to=to,
        query=query,
        view=view,
        params=pairs(params),
        name=name,
        format=format_,
        every=every,
        day=day or 0,
        hour=hour,
        skip_empty=skip_empty,
    )


@subscriptions.command()
@click.argument("subscription")
@as_json
def remove(subscription: str, json_: bool) -> None:
    """End the subscription with this ID."""
    run("subscriptions-remove", json_=json_, show=_show, subscription=subscription)


@subscriptions.command()
@click.argument("subscription")
@as_json
def pause(subscription: str, json_: bool) -> None:
    """Deliver nothing until the subscription is resumed."""
    run("subscriptions-pause", json_=json_, show=_show, subscription=subscription)


@subscriptions.command()
@click.argument("subscription")
@as_json
def resume(subscription: str, json_: bool) -> None:
    """Deliver again, at the next hour of the schedule."""
    run("subscriptions-resume", json_=json_, show=_show, subscription=subscription)


@subscriptions.command("run")
@click.argument("subscription")
@as_json
def run_now(subscription: str, json_: bool) -> None:
    """Deliver now, besides the schedule. A server sends the file within a minute; else run `report send`."""
    run("subscriptions-run", json_=json_, show=_show, subscription=subscription)


def _show_all(data: list[dict[str, Any]]) -> None:
    for one in data:
        _show(one)
    if not data:
        click.echo("There are no subscriptions.")


def _show(one: dict[str, Any]) -> None:
    state = f"paused: {one['paused']}" if one["paused"] else f"next {one['next_due']}"
    error = f" · {one['error']}" if one["error"] else ""
    click.echo(f"{one['id']} · {one['login']} · {one['name']} · {one['when']} · {one['to']} · {state}{error}")
