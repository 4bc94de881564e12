"""Manage the channels of alerts from the command line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tillstream.app import App, messages
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import FAILED, Progress, Result
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import ChannelDraft
from tillstream.model.errors import Rejected

COMMAND_LINE = "command line"


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
class OfDelivery:
    """delivery: its id."""

    delivery: str


def channels(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([asdict(channel) for channel in channel_registry.find_channels(app.ports)])


def add(app: App, progress: Progress, arguments: AddChannel) -> Result:
    """Create a channel; the answer has the key of a webhook."""
    one = arguments
    draft = ChannelDraft(one.name, one.kind, one.url, "\n".join(one.to), one.digest_hour, one.time_zone)
    channel, key = channel_registry.add_channel(app.ports, draft, COMMAND_LINE, private=app.settings.webhook_private)
    return Result(asdict(channel) | ({"key": key} if key else {}))


def test(app: App, progress: Progress, arguments: OfChannel) -> Result:
    """Send a test; the answer has its outcome, and the error if it was not accepted."""
    channel_registry.get_channel(app.ports, arguments.channel)
    try:
        outcome = notice_deliveries.send_channel_test(
            messages.channel_sender(app), arguments.channel, COMMAND_LINE, lambda: messages.send_mail(app)
        )
    except Rejected as error:
        return Result({"channel": arguments.channel, "outcome": "", "error": str(error)}, FAILED)
    return Result({"channel": arguments.channel, "outcome": outcome, "error": ""})


def pause(app: App, progress: Progress, arguments: OfChannel) -> Result:
    return Result(asdict(channel_registry.pause_channel(app.ports, arguments.channel, COMMAND_LINE, is_paused=True)))


def resume(app: App, progress: Progress, arguments: OfChannel) -> Result:
    return Result(asdict(channel_registry.pause_channel(app.ports, arguments.channel, COMMAND_LINE, is_paused=False)))


def remove(app: App, progress: Progress, arguments: OfChannel) -> Result:
    channel = channel_registry.get_channel(app.ports, arguments.channel)
    channel_registry.remove_channel(app.ports, channel.id, COMMAND_LINE)
    return Result(asdict(channel))


def latest(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The latest deliveries to all channels."""
    return Result([asdict(one) for one in notice_deliveries.list_notice_deliveries(app.ports)])


def send_again(app: App, progress: Progress, arguments: OfDelivery) -> Result:
    """Send a delivery that failed, or whose fate is unclear, with the next ones."""
    notice_deliveries.retry_notice(app.ports, arguments.delivery, by=COMMAND_LINE)
    return Result({"delivery": arguments.delivery})
