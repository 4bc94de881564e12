"""Output of the commands `webhooks …`."""

from typing import Any

import click


def show_webhooks(webhooks: list[dict[str, Any]]) -> None:
    for webhook in webhooks:
        show_webhook(webhook)
    if not webhooks:
        click.echo("There are no webhooks.")


def show_webhook(webhook: dict[str, Any]) -> None:
    state = f"paused: {webhook['paused']}" if webhook["paused"] else "active"
    if webhook["failing_since"]:
        state += f" · failing since {webhook['failing_since']}"
    click.echo(f"{webhook['id']} · {webhook['url']} · {webhook['filter'] or 'all events'} · {state}")
    if "secret" in webhook:
        click.echo(f"Secret, shown only once: {webhook['secret']}")


def show_webhook_answer(answer: dict[str, Any]) -> None:
    click.echo(answer["error"] or f"Accepted with {answer['status']} after {answer['milliseconds']} ms.")


def show_webhook_deliveries(attempts: list[dict[str, Any]]) -> None:
    for one in attempts:
        result = one["error"] or f"accepted with {one['status']}"
        click.echo(
            f"{one['at']} · {one['type']} · {one['event']} · try {one['attempt']} · {one['milliseconds']} ms · {result}"
        )
    if not attempts:
        click.echo("Nothing was sent yet.")


def show_resent_events(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['events']} events are sent again.")
