"""`tillstream alerts …` and `tillstream channels …`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from tillstream.commands.declaration import Group, Option
from tillstream.commands.printing import echo, print_line, show_each, show_rows
from tillstream.commands.result import COMMAND_LINE, FAILED, Result
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED

if TYPE_CHECKING:
    from tillstream.alerts.rules import AlertRule
    from tillstream.app import App

alerts = Group("alerts")
channels = Group(
    "channels", "Manage the channels that alerts are sent to: e-mail, webhooks, Slack, Teams and other services."
)
CHANNEL_KINDS = ("email", "webhook", "slack", "teams", "service")


ALERT_COLUMNS = ("id", "state", "since", "alert", "by")


RULE_COLUMNS = ("id", "kind", "name", "enabled", "opens at", "error")


class RuleRow(TypedDict):
    id: str
    kind: str
    name: str
    enabled: bool
    parameters: dict[str, str]
    error: str


class RuleDay(TypedDict):
    day: str
    alerts: list[str]


RulePreview = TypedDict(
    "RulePreview",
    {"rule": str, "reason": str, "count": int, "from": str, "to": str, "days": list[RuleDay], "note": str},
)


def show_alerts(*, evaluated_at: str, alerts: list[dict[str, str]]) -> None:
    """Print the alerts, the latest first."""
    if not evaluated_at:
        print_line("Rules have not been evaluated yet. The server evaluates them every minute: tillstream serve")
    if not alerts:
        print_line("There are no alerts.")
        return
    rows = [(one["id"], one["state"], one["opened_at"], one["title"], one["acknowledged_by"] or None) for one in alerts]
    _show_table("alerts", ALERT_COLUMNS, rows)


def show_alert(*, snoozed_until: str, title: str, state: str) -> None:
    """Print what happened to an alert."""
    until = f" until {snoozed_until}" if snoozed_until else ""
    print_line(f"{title}: {state}{until}.")


def show_rules(data: list[RuleRow]) -> None:
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


def show_rule_preview(data: RulePreview) -> None:
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


def show_channel(*, is_paused: bool, id: str, name: str, kind: str, receiver: str, key: str = "") -> None:
    state = "paused" if is_paused else "active"
    echo(f"{id} · {name} · {kind} · {receiver} · {state}")
    if key:
        echo(f"Key, shown only once: {key}")


show_channels = show_each(show_channel, "There are no channels.")


def show_channel_test(*, error: str, outcome: str) -> None:
    echo(error or outcome)


def _show_notice(one: dict[str, str]) -> None:
    parts = (one["changed_at"], one["id"], one["channel_name"], one["title"], one["state"], one["error"])
    echo(" · ".join(filter(None, parts)))


show_channel_deliveries = show_each(_show_notice, "Nothing was sent yet.")


def show_sent_again(*, delivery: str) -> None:
    echo(f"{delivery} is sent again.")


@alerts.command("", show_alerts)
def list_alerts(
    app: "App", *, ended: Annotated[bool, Option("Also list those that have ended.", names=("--all",))] = False
) -> Result:
    """List the alerts in progress, acknowledge or snooze one, and preview rules."""
    from tillstream.alerts import published

    return Result(published.alerts_json(app.ports, UNRESTRICTED, ended=ended))


@alerts.command("acknowledge", show_alert)
def acknowledge_alert(app: "App", alert: str) -> Result:
    """Note that you take care of the alert with this ID."""
    from tillstream.alerts import published, records

    return Result(published.alert_json(records.acknowledge_alert(app.ports, alert, UNRESTRICTED, by=COMMAND_LINE)))


@alerts.command("snooze", show_alert)
def snooze_alert(app: "App", alert: str, *, hours: Annotated[int, Option("How long.", least=1)] = 24) -> Result:
    """Notify nobody about the alert with this ID for some hours."""
    from tillstream.alerts import published, records

    snoozed = records.snooze_alert(app.ports, alert, UNRESTRICTED, hours, by=COMMAND_LINE)
    return Result(published.alert_json(snoozed))


@alerts.command("rules", show_rules)
def list_rules(app: "App") -> Result:
    """List the rules that raise alerts."""
    from tillstream.alerts import published

    return Result(published.rules_json(app.ports))


@alerts.command("preview", show_rule_preview)
def preview_rule(
    app: "App", rule: str, *, days: Annotated[int, Option("Number of days until today.", least=1, most=365)] = 30
) -> Result:
    """Show what a rule would have raised, by its ID, or the defaults of a kind."""
    from tillstream.alerts import published
    from tillstream.alerts.condition import AlertSources
    from tillstream.alerts.preview import replay_rule

    chosen = _rule(app, rule)
    sources = AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
    return Result(published.preview_json(chosen.name, replay_rule(sources, chosen, days)))


@channels.command("list", show_channels, reads=True)
def list_channels(app: "App") -> Result:
    """List all channels."""
    from tillstream.delivery import channel_registry

    return Result([asdict(channel) for channel in channel_registry.find_channels(app.ports)])


@channels.command("add", show_channel)
def add_channel(
    app: "App",
    name: str,
    *,
    kind: Annotated[str, Option("What the channel is.", choices=CHANNEL_KINDS)],
    url: Annotated[str, Option("The address, unless it is e-mail. It is a secret, and not shown again.")] = "",
    to: Annotated[
        Sequence[str], Option("An e-mail address, or a sign-in name and an address; repeat it for several.")
    ] = (),
    digest_hour: Annotated[int, Option("Hour of collected notices.", least=0, most=23)] = 7,
    time_zone: Annotated[str, Option("Time zone of that hour.")] = "UTC",
) -> Result:
    """Create a channel; the key of a webhook is shown only once."""
    from tillstream.delivery import channel_registry
    from tillstream.delivery.alert_channel import ChannelDraft

    draft = ChannelDraft(name, kind, url, "\n".join(to), digest_hour, time_zone)
    channel, key = channel_registry.add_channel(app.ports, draft, COMMAND_LINE, private=app.settings.webhook_private)
    return Result(asdict(channel) | ({"key": key} if key else {}))


@channels.command("test", show_channel_test)
def test_channel(app: "App", channel: str) -> Result:
    """Send a test to the channel with this ID, and show what the receiver answered."""
    from tillstream.app import outgoing_deliveries
    from tillstream.delivery import channel_registry, notice_deliveries

    channel_registry.get_channel(app.ports, channel)
    try:
        outcome = notice_deliveries.send_channel_test(
            outgoing_deliveries.channel_sender(app),
            channel,
            COMMAND_LINE,
            lambda: outgoing_deliveries.send_waiting_mail(app),
        )
    except Rejected as error:
        return Result({"channel": channel, "outcome": "", "error": str(error)}, FAILED)
    return Result({"channel": channel, "outcome": outcome, "error": ""})


@channels.command("pause", show_channel)
def pause_channel(app: "App", channel: str) -> Result:
    """Stop sending to a channel; the notices of that time are not sent later."""
    from tillstream.delivery import channel_registry

    return Result(asdict(channel_registry.pause_channel(app.ports, channel, COMMAND_LINE, is_paused=True)))


@channels.command("resume", show_channel)
def resume_channel(app: "App", channel: str) -> Result:
    """Send to a paused channel again."""
    from tillstream.delivery import channel_registry

    return Result(asdict(channel_registry.pause_channel(app.ports, channel, COMMAND_LINE, is_paused=False)))


@channels.command("remove", show_channel)
def remove_channel(app: "App", channel: str) -> Result:
    """Remove a channel."""
    from tillstream.delivery import channel_registry

    removed = channel_registry.get_channel(app.ports, channel)
    channel_registry.remove_channel(app.ports, channel, COMMAND_LINE)
    return Result(asdict(removed))


@channels.command("deliveries", show_channel_deliveries)
def list_notices(app: "App") -> Result:
    """List the latest deliveries, newest first."""
    from tillstream.delivery import notice_deliveries

    return Result([asdict(one) for one in notice_deliveries.list_notice_deliveries(app.ports)])


@channels.command("send-again", show_sent_again)
def send_notice_again(app: "App", delivery: str) -> Result:
    """Send a delivery again that failed, or that may have been sent."""
    from tillstream.delivery import notice_deliveries

    notice_deliveries.retry_notice(app.ports, delivery, by=COMMAND_LINE)
    return Result({"delivery": delivery})


def _rule(app: "App", name: str) -> "AlertRule":
    """Raises `NotFound`."""
    from tillstream.alerts import rules
    from tillstream.alerts.kinds import KINDS, kind_of

    stored = next((one.rule for one in rules.find_rules(app.ports) if one.rule.id == name), None)
    if stored:
        return stored
    return rules.new_rule(kind_of(name)) if name in KINDS else rules.get_rule(app.ports, name).rule
