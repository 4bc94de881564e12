"""Sale events for other programs: read by `tillstream subscribe`, or sent to webhooks.

Each call of `next_events` acknowledges what the caller has written and returns more. So no thread of the server and no
lock of the folder is held while a program waits for events.
"""

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, FAILED, Progress, Result
from tillstream.delivery import webhook_events, webhooks
from tillstream.delivery.webhooks import Webhook
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_SALE_EVENTS, parse_event_filter
from tillstream.ports.bus import Delivery, Message, RetryPolicy
from tillstream.records.audit_log import record

COLLECTION = "subscribers"
"""The filter of each durable subscription: all its events that do not match are discarded, so it stays the same."""
PREFIX, TEMPORARY = "subscriber-", "subscriber-temporary-"
SUBSCRIPTION_NAME = re.compile(r"(?!temporary)[a-z][a-z0-9-]{0,39}")
IDLE, TEMPORARY_IDLE = 7 * 86_400.0, 86_400.0
"""Seconds without a pull after which a subscription is removed: of a name, and of one command."""
POLICY = RetryPolicy(attempts=100, maximum=60.0, lease=60.0)
"""A program that is killed again and again still loses no event."""
MAX_EVENTS = 500


@dataclass(frozen=True, kw_only=True)
class BeginSubscription:
    """name: of a durable subscription; empty: a temporary one. filter: None: that of the durable subscription, or none.
    from_now: without the events that it has collected. change_filter: whether it may have another filter so far."""

    name: str = ""
    filter: str | None = None
    from_now: bool = False
    change_filter: bool = False


@dataclass(frozen=True, kw_only=True)
class NextEvents:
    """done: leases of events that need not be delivered again. wait: seconds to wait for the first event."""

    subscription: str
    filter: str = ""
    done: Sequence[str] = ()
    limit: int = 100
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EndSubscription:
    subscription: str


def begin_subscription(app: App, progress: Progress, arguments: BeginSubscription) -> Result:
    """Create the subscription or continue it; return its name and filter.

    Raises `Rejected` for a wrong name or filter, also for another filter than the durable subscription has.
    """
    parse_event_filter(arguments.filter or "")
    if arguments.name and not SUBSCRIPTION_NAME.fullmatch(arguments.name):
        raise Rejected(
            f"“{arguments.name}” cannot be the name of a subscription. Use up to 40 letters a to z, digits and hyphens."
        )
    name = f"{PREFIX}{arguments.name}" if arguments.name else f"{TEMPORARY}{secrets.token_hex(6)}"
    text = _keep_filter(app, name, arguments) if arguments.name else arguments.filter or ""
    if arguments.from_now:
        app.ports.bus.detach(name)
    idle = IDLE if arguments.name else TEMPORARY_IDLE
    app.ports.bus.attach(TOPIC_SALE_EVENTS, name, idle=idle, policy=POLICY)
    return Result({"subscription": name, "filter": text})


def _keep_filter(app: App, name: str, arguments: BeginSubscription) -> str:
    """Store the filter of a durable subscription and return it. Raises `Rejected` if it has another one."""
    before = _filter_of(app, name)
    text = before or "" if arguments.filter is None else arguments.filter
    is_other = before is not None and parse_event_filter(before) != parse_event_filter(text)
    if is_other and not (arguments.change_filter or arguments.from_now):
        raise Rejected(
            f"The subscription “{arguments.name}” has the filter “{before}”. With “{text}”, the events that it has "
            "collected and that do not match would be lost. Leave --filter out to continue, use another --name, or add "
            "--change-filter."
        )
    if is_other or before is None:
        app.ports.documents.put(COLLECTION, name, {"filter": text})
    return text


def _filter_of(app: App, name: str) -> str | None:
    """The filter of a durable subscription; None if it has none stored."""
    document = app.ports.documents.get(COLLECTION, name)
    return str(document.data["filter"]) if document else None


def next_events(app: App, progress: Progress, arguments: NextEvents) -> Result:
    """Acknowledge events and return up to `limit` further ones, each with its lease.

    Raises `NotFound`, and `Rejected` if the filter of the durable subscription was changed.
    """
    bus, subscription = app.ports.bus, _subscriber(arguments.subscription)
    event_filter = parse_event_filter(arguments.filter)
    bus.acknowledge(_leased(app, subscription, lease) for lease in arguments.done)
    is_durable = not subscription.startswith(TEMPORARY)
    if arguments.limit > 0 and is_durable and parse_event_filter(_filter_of(app, subscription) or "") != event_filter:
        raise Rejected("Another command changed the filter of this subscription. Start again.")
    until = time.monotonic() + min(arguments.wait, 10.0)
    while arguments.limit > 0:
        wait = max(0.0, until - time.monotonic())
        deliveries = bus.pull(subscription, min(arguments.limit, MAX_EVENTS), wait)
        matching = [one for one in deliveries if event_filter.matches(one.message.attributes)]
        bus.acknowledge(one for one in deliveries if one not in matching)
        if matching or not deliveries:
            events = [{"lease": one.lease, "event": json.loads(one.message.body)} for one in matching]
            return Result({"events": events})
    return Result({"events": []})


def end_subscription(app: App, progress: Progress, arguments: EndSubscription) -> Result:
    """Remove the subscription if it is temporary."""
    if arguments.subscription.startswith(TEMPORARY):
        app.ports.bus.detach(arguments.subscription)
    return Result({"subscription": arguments.subscription})


def _subscriber(subscription: str) -> str:
    if not subscription.startswith(PREFIX):
        raise Rejected(f"{subscription} is not a subscription of a program.")
    return subscription


def _leased(app: App, subscription: str, lease: str) -> Delivery:
    """The delivery of a lease, to acknowledge it."""
    now = app.ports.clock.now()
    return Delivery("", subscription, TOPIC_SALE_EVENTS, Message(b""), now, 0, 1, lease, now)


@dataclass(frozen=True, kw_only=True)
class AddWebhook:
    url: str
    filter: str = ""


@dataclass(frozen=True, kw_only=True)
class OfWebhook:
    """webhook: its id."""

    webhook: str


def list_webhooks(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_webhook_row(app, webhook) for webhook in webhooks.find_webhooks(app.ports)])


def add_webhook(app: App, progress: Progress, arguments: AddWebhook) -> Result:
    private = app.settings.webhook_private
    webhook, secret = webhooks.add_webhook(app.ports, arguments.url, arguments.filter, COMMAND_LINE, private=private)
    return Result(_webhook_row(app, webhook) | {"secret": secret})


def remove_webhook(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    shown = _webhook_row(app, webhooks.get_webhook(app.ports, arguments.webhook))
    webhooks.remove_webhook(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(shown)


def pause_webhook(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(
        _webhook_row(
            app,
            webhooks.pause_webhook(app.ports, arguments.webhook, COMMAND_LINE, webhooks.BY_PERSON),
        )
    )


def resume_webhook(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(_webhook_row(app, webhooks.resume_webhook(app.ports, arguments.webhook, COMMAND_LINE)))


def new_webhook_secret(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    secret = webhooks.rotate_secret(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(_webhook_row(app, webhooks.get_webhook(app.ports, arguments.webhook)) | {"secret": secret})


def test_webhook(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    answer = webhook_events.send_test_event(app.ports, arguments.webhook, private=app.settings.webhook_private)
    return Result(asdict(answer), FAILED if answer.error else 0)


def list_webhook_deliveries(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    webhooks.get_webhook(app.ports, arguments.webhook)
    return Result(
        [asdict(attempt) for attempt in webhook_events.webhook_history(app.ports, arguments.webhook).attempts]
    )


def resend_webhook_events(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    """Send the dead letters of a webhook again."""
    webhook = webhooks.get_webhook(app.ports, arguments.webhook)
    count = webhooks.resend_events(app.ports, webhook)
    record(app.ports, COMMAND_LINE, AuditAction.MESSAGE_RESENT, webhook.subscription, None, {"messages": count})
    return Result({"webhook": webhook.id, "events": count})


def _webhook_row(app: App, webhook: Webhook) -> dict[str, Any]:
    kept = webhook_events.webhook_history(app.ports, webhook.id)
    return asdict(webhook) | {"failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
