"""Commands `webhooks …`."""

import click

from tillstream.cli.runner import as_json, run


@click.group()
def webhooks() -> None:
    """Manage webhooks, which send sale events to other programs."""


@webhooks.command("list")
@as_json
def list_webhooks(json_: bool) -> None:
    """List all webhooks."""
    from tillstream.cli.output.webhooks import show_webhooks

    run("webhooks", json_=json_, show=show_webhooks)


@webhooks.command()
@click.argument("url")
@click.option("--filter", "filter_", default="", help="Only these events, for example 'region=UK type=sale.changed'.")
@as_json
def add(url: str, filter_: str, json_: bool) -> None:
    """Create a webhook; its secret is shown only once."""
    from tillstream.cli.output.webhooks import show_webhook

    run("webhooks-add", json_=json_, show=show_webhook, url=url, filter=filter_)


@webhooks.command()
@click.argument("webhook")
@as_json
def remove(webhook: str, json_: bool) -> None:
    """Remove the webhook with this ID, and the events that wait for it."""
    from tillstream.cli.output.webhooks import show_webhook

    run("webhooks-remove", json_=json_, show=show_webhook, webhook=webhook)


@webhooks.command()
@click.argument("webhook")
@as_json
def pause(webhook: str, json_: bool) -> None:
    """Stop sending; events are collected for seven days."""
    from tillstream.cli.output.webhooks import show_webhook

    run("webhooks-pause", json_=json_, show=show_webhook, webhook=webhook)


@webhooks.command()
@click.argument("webhook")
@as_json
def resume(webhook: str, json_: bool) -> None:
    """Send again, first the events that were collected."""
    from tillstream.cli.output.webhooks import show_webhook

    run("webhooks-resume", json_=json_, show=show_webhook, webhook=webhook)


@webhooks.command("new-secret")
@click.argument("webhook")
@as_json
def new_secret(webhook: str, json_: bool) -> None:
    """Create another secret; events are signed with both for a day."""
    from tillstream.cli.output.webhooks import show_webhook

    run("webhooks-new-secret", json_=json_, show=show_webhook, webhook=webhook)


@webhooks.command()
@click.argument("webhook")
@as_json
def test(webhook: str, json_: bool) -> None:
    """Send a test event and show the answer."""
    from tillstream.cli.output.webhooks import show_answer

    run("webhooks-test", json_=json_, show=show_answer, webhook=webhook)


@webhooks.command()
@click.argument("webhook")
@as_json
def deliveries(webhook: str, json_: bool) -> None:
    """List the latest deliveries, newest first."""
    from tillstream.cli.output.webhooks import show_deliveries

    run("webhooks-deliveries", json_=json_, show=show_deliveries, webhook=webhook)


@webhooks.command()
@click.argument("webhook")
@as_json
def resend(webhook: str, json_: bool) -> None:
    """Send the events again that failed too often."""
    from tillstream.cli.output.webhooks import show_resent

    run("webhooks-resend", json_=json_, show=show_resent, webhook=webhook)
