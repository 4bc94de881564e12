"""Commands `channels …`."""

import click

from tillstream.cli.runner import as_json, run

KINDS = ("email", "webhook", "slack", "teams", "service")


@click.group()
def channels() -> None:
    """Manage the channels that alerts are sent to: e-mail, webhooks, Slack, Teams and other services."""


@channels.command("list")
@as_json
def list_channels(json_: bool) -> None:
    """List all channels."""
    from tillstream.cli.output.channels import show_channels

    run("channels", json_=json_, show=show_channels)


@channels.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What the channel is.")
@click.option("--url", default="", help="The address, unless it is e-mail. It is a secret, and not shown again.")
@click.option("--to", multiple=True, help="An e-mail address, or a sign-in name and an address; repeat it for several.")
@click.option(
    "--digest-hour", type=click.IntRange(0, 23), default=7, show_default=True, help="Hour of collected notices."
)
@click.option("--time-zone", default="UTC", show_default=True, help="Time zone of that hour.")
@as_json
def add(name: str, kind: str, url: str, to: tuple[str, ...], digest_hour: int, time_zone: str, json_: bool) -> None:
    """Create a channel; the key of a webhook is shown only once."""
    from tillstream.cli.output.channels import show_channel

    run(
        "channels-add",
        json_=json_,
        show=show_channel,
        name=name,
        kind=kind,
        url=url,
        to=list(to),
        digest_hour=digest_hour,
        time_zone=time_zone,
    )


@channels.command()
@click.argument("channel")
@as_json
def test(channel: str, json_: bool) -> None:
    """Send a test to the channel with this ID, and show what the receiver answered."""
    from tillstream.cli.output.channels import show_test

    run("channels-test", json_=json_, show=show_test, channel=channel)


@channels.command()
@click.argument("channel")
@as_json
def pause(channel: str, json_: bool) -> None:
    """Stop sending to a channel; the notices of that time are not sent later."""
    from tillstream.cli.output.channels import show_channel

    run("channels-pause", json_=json_, show=show_channel, channel=channel)


@channels.command()
@click.argument("channel")
@as_json
def resume(channel: str, json_: bool) -> None:
    """Send to a paused channel again."""
    from tillstream.cli.output.channels import show_channel

    run("channels-resume", json_=json_, show=show_channel, channel=channel)


@channels.command()
@click.argument("channel")
@as_json
def remove(channel: str, json_: bool) -> None:
    """Remove a channel."""
    from tillstream.cli.output.channels import show_channel

    run("channels-remove", json_=json_, show=show_channel, channel=channel)


@channels.command()
@as_json
def deliveries(json_: bool) -> None:
    """List the latest deliveries, newest first."""
    from tillstream.cli.output.channels import show_deliveries

    run("channels-deliveries", json_=json_, show=show_deliveries)


@channels.command("send-again")
@click.argument("delivery")
@as_json
def send_again(delivery: str, json_: bool) -> None:
    """Send a delivery again that failed, or that may have been sent."""
    from tillstream.cli.output.channels import show_sent_again

    run("channels-send-again", json_=json_, show=show_sent_again, delivery=delivery)
