"""Commands `alerts …` and `channels …`."""

import click

from tillstream.cli.runner import as_json, run


@click.group(invoke_without_command=True)
@click.option("--all", "ended", is_flag=True, help="Also list those that have ended.")
@as_json
@click.pass_context
def alerts(context: click.Context, ended: bool, json_: bool) -> None:
    """List the alerts in progress, acknowledge or snooze one, and preview rules."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.alerts import show_alerts

    run("alerts", json_=json_, show=show_alerts, ended=ended)


@alerts.command("acknowledge")
@click.argument("alert")
@as_json
def acknowledge_alert(alert: str, json_: bool) -> None:
    """Note that you take care of the alert with this ID."""
    from tillstream.cli.output.alerts import show_alert

    run("alerts-acknowledge", json_=json_, show=show_alert, alert=alert)


@alerts.command("snooze")
@click.argument("alert")
@click.option("--hours", type=click.IntRange(min=1), default=24, show_default=True, help="How long.")
@as_json
def snooze_alert(alert: str, hours: int, json_: bool) -> None:
    """Notify nobody about the alert with this ID for some hours."""
    from tillstream.cli.output.alerts import show_alert

    run("alerts-snooze", json_=json_, show=show_alert, alert=alert, hours=hours)


@alerts.command("rules")
@as_json
def list_rules(json_: bool) -> None:
    """List the rules that raise alerts."""
    from tillstream.cli.output.alerts import show_rules

    run("alerts-rules", json_=json_, show=show_rules)


@alerts.command("preview")
@click.argument("rule")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="Number of days until today.")
@as_json
def preview_rule(rule: str, days: int, json_: bool) -> None:
    """Show what a rule would have raised, by its ID, or the defaults of a kind."""
    from tillstream.cli.output.alerts import show_rule_preview

    run("alerts-preview", json_=json_, show=show_rule_preview, rule=rule, days=days)


CHANNEL_KINDS = ("email", "webhook", "slack", "teams", "service")


@click.group()
def channels() -> None:
    """Manage the channels that alerts are sent to: e-mail, webhooks, Slack, Teams and other services."""


@channels.command("list")
@as_json
def list_channels(json_: bool) -> None:
    """List all channels."""
    from tillstream.cli.output.alerts import show_channels

    run("channels", json_=json_, show=show_channels)


@channels.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(CHANNEL_KINDS), required=True, help="What the channel is.")
@click.option("--url", default="", help="The address, unless it is e-mail. It is a secret, and not shown again.")
@click.option("--to", multiple=True, help="An e-mail address, or a sign-in name and an address; repeat it for several.")
@click.option(
    "--digest-hour", type=click.IntRange(0, 23), default=7, show_default=True, help="Hour of collected notices."
)
@click.option("--time-zone", default="UTC", show_default=True, help="Time zone of that hour.")
@as_json
def add_channel(
    name: str, kind: str, url: str, to: tuple[str, ...], digest_hour: int, time_zone: str, json_: bool
) -> None:
    """Create a channel; the key of a webhook is shown only once."""
    from tillstream.cli.output.alerts import show_channel

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


@channels.command("test")
@click.argument("channel")
@as_json
def test_channel(channel: str, json_: bool) -> None:
    """Send a test to the channel with this ID, and show what the receiver answered."""
    from tillstream.cli.output.alerts import show_channel_test

    run("channels-test", json_=json_, show=show_channel_test, channel=channel)


@channels.command("pause")
@click.argument("channel")
@as_json
def pause_channel(channel: str, json_: bool) -> None:
    """Stop sending to a channel; the notices of that time are not sent later."""
    from tillstream.cli.output.alerts import show_channel

    run("channels-pause", json_=json_, show=show_channel, channel=channel)


@channels.command("resume")
@click.argument("channel")
@as_json
def resume_channel(channel: str, json_: bool) -> None:
    """Send to a paused channel again."""
    from tillstream.cli.output.alerts import show_channel

    run("channels-resume", json_=json_, show=show_channel, channel=channel)


@channels.command("remove")
@click.argument("channel")
@as_json
def remove_channel(channel: str, json_: bool) -> None:
    """Remove a channel."""
    from tillstream.cli.output.alerts import show_channel

    run("channels-remove", json_=json_, show=show_channel, channel=channel)


@channels.command("deliveries")
@as_json
def list_channel_deliveries(json_: bool) -> None:
    """List the latest deliveries, newest first."""
    from tillstream.cli.output.alerts import show_channel_deliveries

    run("channels-deliveries", json_=json_, show=show_channel_deliveries)


@channels.command("send-again")
@click.argument("delivery")
@as_json
def send_notice_again(delivery: str, json_: bool) -> None:
    """Send a delivery again that failed, or that may have been sent."""
    from tillstream.cli.output.alerts import show_sent_again

    run("channels-send-again", json_=json_, show=show_sent_again, delivery=delivery)
