"""Alerts, their rules and their channels on the command line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tillstream.alerts import published, records, rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.kinds import KINDS, kind_of
from tillstream.alerts.preview import DAYS, replay_rule
from tillstream.alerts.rules import AlertRule
from tillstream.app import App, outgoing_deliveries
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, FAILED, Progress, Result
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import ChannelDraft
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED


@dataclass(frozen=True, kw_only=True)
class ListAlerts:
    """ended: also those that have ended."""

    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class OfAlert:
    """alert: its id."""

    alert: str


@dataclass(frozen=True, kw_only=True)
class SnoozeAlert:
    alert: str
    hours: int


@dataclass(frozen=True, kw_only=True)
class PreviewRule:
    """rule: its id, or a kind, of which the defaults are previewed."""

    rule: str
    days: int = DAYS


def list_alerts(app: App, progress: Progress, arguments: ListAlerts) -> Result:
    """The alerts in progress, or all."""
    return Result(published.alerts_json(app.ports, UNRESTRICTED, ended=arguments.ended))


def acknowledge_alert(app: App, progress: Progress, arguments: OfAlert) -> Result:
    return Result(
        published.alert_json(records.acknowledge_alert(app.ports, arguments.alert, UNRESTRICTED, by=COMMAND_LINE))
    )


def snooze_alert(app: App, progress: Progress, arguments: SnoozeAlert) -> Result:
    alert = records.snooze_alert(app.ports, arguments.alert, UNRESTRICTED, arguments.hours, by=COMMAND_LINE)
    return Result(published.alert_json(alert))


def list_rules(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result(published.rules_json(app.ports))


def preview_rule(app: App, progress: Progress, arguments: PreviewRule) -> Result:
    """The alerts that a rule would have raised in the last days."""
    rule = _rule(app, arguments.rule)
    sources = AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
    return Result(published.preview_json(rule.name, replay_rule(sources, rule, arguments.days)))


def _rule(app: App, name: str) -> AlertRule:
    """Raises `NotFound`."""
    stored = next((one.rule for one in rules.find_rules(app.ports) if one.rule.id == name), None)
    if stored:
        return stored
    return rules.new_rule(kind_of(name)) if name in KINDS else rules.get_rule(app.ports, name).rule


@dataclass(frozen=True, kw_only=True)
class AddChannel:
    """As `ChannelDraft`; to: e-mail recipients."""

    name: str
    kind: str
    url: str = ""
    to: Sequence[str] = ()
    digest_hour: int = 7
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class OfChannel:
    """channel: its id."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class OfNotice:
    """delivery: its id."""

    delivery: str


def list_channels(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([asdict(channel) for channel in channel_registry.find_channels(app.ports)])


def add_channel(app: App, progress: Progress, arguments: AddChannel) -> Result:
    """Create a channel; the answer has the key of a webhook."""
    one = arguments
    draft = ChannelDraft(one.name, one.kind, one.url, "\n".join(one.to), one.digest_hour, one.time_zone)
    channel, key = channel_registry.add_channel(app.ports, draft, COMMAND_LINE, private=app.settings.webhook_private)
    return Result(asdict(channel) | ({"key": key} if key else {}))


def test_channel(app: App, progress: Progress, arguments: OfChannel) -> Result:
    """Send a test; the answer has its outcome, and the error if it was not accepted."""
    channel_registry.get_channel(app.ports, arguments.channel)
    try:
        outcome = notice_deliveries.send_channel_test(
            outgoing_deliveries.channel_sender(app),
            arguments.channel,
            COMMAND_LINE,
            lambda: outgoing_deliveries.send_waiting_mail(app),
        )
    except Rejected as error:
        return Result({"channel": arguments.channel, "outcome": "", "error": str(error)}, FAILED)
    return Result({"channel": arguments.channel, "outcome": outcome, "error": ""})


def pause_channel(app: App, progress: Progress, arguments: OfChannel) -> Result:
    return Result(asdict(channel_registry.pause_channel(app.ports, arguments.channel, COMMAND_LINE, is_paused=True)))


def resume_channel(app: App, progress: Progress, arguments: OfChannel) -> Result:
    return Result(asdict(channel_registry.pause_channel(app.ports, arguments.channel, COMMAND_LINE, is_paused=False)))


def remove_channel(app: App, progress: Progress, arguments: OfChannel) -> Result:
    channel = channel_registry.get_channel(app.ports, arguments.channel)
    channel_registry.remove_channel(app.ports, channel.id, COMMAND_LINE)
    return Result(asdict(channel))


def list_notices(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The latest deliveries to all channels."""
    return Result([asdict(one) for one in notice_deliveries.list_notice_deliveries(app.ports)])


def send_notice_again(app: App, progress: Progress, arguments: OfNotice) -> Result:
    """Send a delivery that failed, or whose fate is unclear, with the next ones."""
    notice_deliveries.retry_notice(app.ports, arguments.delivery, by=COMMAND_LINE)
    return Result({"delivery": arguments.delivery})
