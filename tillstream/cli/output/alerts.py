"""Output of the commands `alerts …`, `channels …` and `webhooks …`."""

from typing import Any

import click

from tillstream.commands.printing import print_line, show_rows

ALERT_COLUMNS = ("id", "state", "since", "alert", "by")
RULE_COLUMNS = ("id", "kind", "name", "enabled", "opens at", "error")


def show_alerts(data: dict[str, Any]) -> None:
    """Print the alerts, the latest first."""
    if not data["evaluated_at"]:
        print_line("Rules have not been evaluated yet. The server evaluates them every minute: tillstream serve")
    if not data["alerts"]:
        print_line("There are no alerts.")
        return
    rows = [
        (one["id"], one["state"], one["opened_at"], one["title"], one["acknowledged_by"] or None)
        for one in data["alerts"]
    ]
    _show_table("alerts", ALERT_COLUMNS, rows)


def show_alert(data: dict[str, Any]) -> None:
    """Print what happened to an alert."""
    until = f" until {data['snoozed_until']}" if data["snoozed_until"] else ""
    print_line(f"{data['title']}: {data['state']}{until}.")


def show_rules(data: list[dict[str, Any]]) -> None:
    """Print the rules with their thresholds."""
    rows = [
        (
            one["id"],
            one["kind"],
            one["name"],
            "yes" if one["enabled"] else "no",
            next(iter(one["parameters"].values())),
            one["error"] or None,
        )
        for one in data
    ]
    _show_table("rules", RULE_COLUMNS, rows)


def show_rule_preview(data: dict[str, Any]) -> None:
    """Print the alerts by day."""
    if data["reason"]:
        print_line(f"{data['rule']}: {data['reason']}")
        return
    print_line(f"{data['rule']}: {data['count']:,} alerts from {data['from']} to {data['to']}")
    for one in data["days"]:
        for title in one["alerts"]:
            print_line(f"{one['day']}  {title}")
    if data["note"]:
        print_line(data["note"])


def _show_table(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    show_rows({"name": name, "columns": list(columns), "rows": named, "cut": False})


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


def show_channel_test(answer: dict[str, Any]) -> None:
    click.echo(answer["error"] or answer["outcome"])


def show_channel_deliveries(deliveries: list[dict[str, Any]]) -> None:
    for one in deliveries:
        parts = (one["changed_at"], one["id"], one["channel_name"], one["title"], one["state"], one["error"])
        click.echo(" · ".join(filter(None, parts)))
    if not deliveries:
        click.echo("Nothing was sent yet.")


def show_sent_again(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['delivery']} is sent again.")


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
