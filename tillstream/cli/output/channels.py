"""Output of the commands `channels …`."""

from typing import Any

import click


def show_channels(channels: list[dict[str, Any]]) -> None:
    for channel in channels:
        show_channel(channel)
    if not channels:
        click.echo("There are no channels.")


def show_channel(channel: dict[str, Any]) -> None:
    state = "paused" if channel["is_paused"] else "active"
    click.echo(f"{channel['id']} · {channel['name']} · {channel['kind']} · {channel['receiver']} · {state}")
    if "key" in channel:
        click.echo(f"Key, shown only once: {channel['key']}")


def show_test(answer: dict[str, Any]) -> None:
    click.echo(answer["error"] or answer["outcome"])


def show_deliveries(deliveries: list[dict[str, Any]]) -> None:
    for one in deliveries:
        parts = (one["changed_at"], one["id"], one["channel_name"], one["title"], one["state"], one["error"])
        click.echo(" · ".join(filter(None, parts)))
    if not deliveries:
        click.echo("Nothing was sent yet.")


def show_sent_again(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['delivery']} is sent again.")
