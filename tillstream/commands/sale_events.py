"""`tillstream webhooks …` and the subscriptions of `tillstream subscribe`: sale events for other programs.

Each call of `next_events` acknowledges what the caller has written and returns more. So no thread of the server and no
lock of the folder is held while a program waits for events.
"""

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from tillstream.commands.declaration import Group, Option
from tillstream.commands.printing import echo, show_each
from tillstream.commands.result import COMMAND_LINE, FAILED, Result
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_SALE_EVENTS, parse_event_filter

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.delivery.webhooks import Webhook
    from tillstream.ports.bus import Delivery

root = Group()
webhooks = Group("webhooks", "Manage webhooks, which send sale events to other programs.")

COLLECTION = "subscribers"
"""The filter of each durable subscription: all its events that do not match are discarded, so it stays the same."""
PREFIX, TEMPORARY = "subscriber-", "subscriber-temporary-"
SUBSCRIPTION_NAME = re.compile(r"(?!temporary)[a-z][a-z0-9-]{0,39}")
IDLE, TEMPORARY_IDLE = 7 * 86_400.0, 86_400.0
"""Seconds without a pull after which a subscription is removed: of a name, and of one command."""
ATTEMPTS = 100
"""A program that is killed again and again still loses no event."""
MAX_EVENTS = 500


def show_webhook(*, paused: str, failing_since: str, id: str, url: str, filter: str, secret: str = "") -> None:
    state = f"paused: {paused}" if paused else "active"
    if failing_since:
        state += f" · failing since {failing_since}"
    echo(f"{id} · {url} · {filter or 'all events'} · {state}")
    if secret:
        echo(f"Secret, shown only once: {secret}")


show_webhooks = show_each(show_webhook, "There are no webhooks.")


def show_webhook_answer(*, error: str, status: int, milliseconds: int) -> None:
    echo(error or f"Accepted with {status} after {milliseconds} ms.")


def _show_attempt(*, error: str, status: int, at: str, type: str, event: str, attempt: int, milliseconds: int) -> None:
    result = error or f"accepted with {status}"
    echo(f"{at} · {type} · {event} · try {attempt} · {milliseconds} ms · {result}")


show_webhook_deliveries = show_each(_show_attempt, "Nothing was sent yet.")


def show_resent_events(*, events: int) -> None:
    echo(f"{events} events are sent again.")


@webhooks.command("list", show_webhooks, reads=True)
def list_webhooks(app: "App") -> Result:
    """List all webhooks."""
    from tillstream.delivery import webhooks

    return Result([_webhook_row(app, webhook) for webhook in webhooks.find_webhooks(app.ports)])


@webhooks.command("add", show_webhook)
def add_webhook(
    app: "App",
    url: str,
    *,
    filter: Annotated[str, Option("Only these events, for example 'region=UK type=sale.changed'.")] = "",
) -> Result:
    """Create a webhook; its secret is shown only once."""
    from tillstream.delivery import webhooks

    private = app.settings.webhook_private
    webhook, secret = webhooks.add_webhook(app.ports, url, filter, COMMAND_LINE, private=private)
    return Result(_webhook_row(app, webhook) | {"secret": secret})


@webhooks.command("remove", show_webhook)
def remove_webhook(app: "App", webhook: str) -> Result:
    """Remove the webhook with this ID, and the events that wait for it."""
    from tillstream.delivery import webhooks

    shown = _webhook_row(app, webhooks.get_webhook(app.ports, webhook))
    webhooks.remove_webhook(app.ports, webhook, COMMAND_LINE)
    return Result(shown)


@webhooks.command("pause", show_webhook)
def pause_webhook(app: "App", webhook: str) -> Result:
    """Stop sending; events are collected for seven days."""
    from tillstream.delivery import webhooks

    return Result(_webhook_row(app, webhooks.pause_webhook(app.ports, webhook, COMMAND_LINE, webhooks.BY_PERSON)))


@webhooks.command("resume", show_webhook)
def resume_webhook(app: "App", webhook: str) -> Result:
    """Send again, first the events that were collected."""
    from tillstream.delivery import webhooks

    return Result(_webhook_row(app, webhooks.resume_webhook(app.ports, webhook, COMMAND_LINE)))


@webhooks.command("new-secret", show_webhook)
def new_webhook_secret(app: "App", webhook: str) -> Result:
    """Create another secret; events are signed with both for a day."""
    from tillstream.delivery import webhooks

    secret = webhooks.rotate_secret(app.ports, webhook, COMMAND_LINE)
    return Result(_webhook_row(app, webhooks.get_webhook(app.ports, webhook)) | {"secret": secret})


@webhooks.command("test", show_webhook_answer)
def test_webhook(app: "App", webhook: str) -> Result:
    """Send a test event and show the answer."""
    from tillstream.delivery import webhook_events

    answer = webhook_events.send_test_event(app.ports, webhook, private=app.settings.webhook_private)
    return Result(asdict(answer), FAILED if answer.error else 0)


@webhooks.command("deliveries", show_webhook_deliveries)
def list_webhook_deliveries(app: "App", webhook: str) -> Result:
    """List the latest deliveries, newest first."""
    from tillstream.delivery import webhook_events, webhooks

    webhooks.get_webhook(app.ports, webhook)
    return Result([asdict(attempt) for attempt in webhook_events.webhook_history(app.ports, webhook).attempts])


@webhooks.command("resend", show_resent_events)
def resend_webhook_events(app: "App", webhook: str) -> Result:
    """Send the events again that failed too often."""
    from tillstream.delivery import webhooks
    from tillstream.records.audit_log import record

    receiver = webhooks.get_webhook(app.ports, webhook)
    count = webhooks.resend_events(app.ports, receiver)
    record(app.ports, COMMAND_LINE, AuditAction.MESSAGE_RESENT, receiver.subscription, None, {"messages": count})
    return Result({"webhook": receiver.id, "events": count})


@root.internal("subscribe-begin")
def begin_subscription(
    app: "App", *, name: str = "", filter: str | None = None, from_now: bool = False, change_filter: bool = False
) -> Result:
    """Create the subscription or continue it; return its name and filter.

    name: of a durable subscription; empty: a temporary one. filter: None: that of the durable subscription, or none.
    from_now: without the events that it has collected. change_filter: whether it may have another filter so far.
    Raises `Rejected` for a wrong name or filter, also for another filter than the durable subscription has.
    """
    from tillstream.ports.bus import RetryPolicy

    parse_event_filter(filter or "")
    if name and not SUBSCRIPTION_NAME.fullmatch(name):
        raise Rejected(
            f"“{name}” cannot be the name of a subscription. Use up to 40 letters a to z, digits and hyphens."
        )
    subscription = f"{PREFIX}{name}" if name else f"{TEMPORARY}{secrets.token_hex(6)}"
    text = _keep_filter(app, name, filter, may_change=change_filter or from_now) if name else filter or ""
    if from_now:
        app.ports.bus.detach(subscription)
    idle = IDLE if name else TEMPORARY_IDLE
    policy = RetryPolicy(minimum=1.0, attempts=ATTEMPTS, maximum=60.0, lease=60.0)
    app.ports.bus.attach(TOPIC_SALE_EVENTS, subscription, idle=idle, policy=policy)
    return Result({"subscription": subscription, "filter": text})


@root.internal("subscribe-next")
def next_events(
    app: "App", *, subscription: str, filter: str = "", done: Sequence[str] = (), limit: int = 100, wait: float = 0.0
) -> Result:
    """Acknowledge events and return up to `limit` further ones, each with its lease.

    done: leases of events that need not be delivered again. wait: seconds to wait for the first event.
    Raises `NotFound`, and `Rejected` if the filter of the durable subscription was changed.
    """
    bus, subscription = app.ports.bus, _subscriber(subscription)
    event_filter = parse_event_filter(filter)
    bus.acknowledge(_leased(app, subscription, lease) for lease in done)
    is_durable = not subscription.startswith(TEMPORARY)
    if limit > 0 and is_durable and parse_event_filter(_filter_of(app, subscription) or "") != event_filter:
        raise Rejected("Another command changed the filter of this subscription. Start again.")
    until = time.monotonic() + min(wait, 10.0)
    while limit > 0:
        wait = max(0.0, until - time.monotonic())
        deliveries = bus.pull(subscription, min(limit, MAX_EVENTS), wait)
        matching = [one for one in deliveries if event_filter.matches(one.message.attributes)]
        bus.acknowledge(one for one in deliveries if one not in matching)
        if matching or not deliveries:
            events = [{"lease": one.lease, "event": json.loads(one.message.body)} for one in matching]
            return Result({"events": events})
    return Result({"events": []})


@root.internal("subscribe-end")
def end_subscription(app: "App", *, subscription: str) -> Result:
    """Remove the subscription if it is temporary."""
    if subscription.startswith(TEMPORARY):
        app.ports.bus.detach(subscription)
    return Result({"subscription": subscription})


def _keep_filter(app: "App", name: str, wanted: str | None, *, may_change: bool) -> str:
    """Store the filter of a durable subscription and return it. Raises `Rejected` if it has another one."""
    subscription = f"{PREFIX}{name}"
    before = _filter_of(app, subscription)
    text = before or "" if wanted is None else wanted
    is_other = before is not None and parse_event_filter(before) != parse_event_filter(text)
    if is_other and not may_change:
        raise Rejected(
            f"The subscription “{name}” has the filter “{before}”. With “{text}”, the events that it has "
            "collected and that do not match would be lost. Leave --filter out to continue, use another --name, or add "
            "--change-filter."
        )
    if is_other or before is None:
        app.ports.documents.put(COLLECTION, subscription, {"filter": text})
    return text


def _filter_of(app: "App", name: str) -> str | None:
    """The filter of a durable subscription; None if it has none stored."""
    document = app.ports.documents.get(COLLECTION, name)
    return str(document.data["filter"]) if document else None


def _subscriber(subscription: str) -> str:
    if not subscription.startswith(PREFIX):
        raise Rejected(f"{subscription} is not a subscription of a program.")
    return subscription


def _leased(app: "App", subscription: str, lease: str) -> "Delivery":
    """The delivery of a lease, to acknowledge it."""
    from tillstream.ports.bus import Delivery, Message

    now = app.ports.clock.now()
    return Delivery("", subscription, TOPIC_SALE_EVENTS, Message(b""), now, 0, 1, lease, now)


def _webhook_row(app: "App", webhook: "Webhook") -> dict[str, object]:
    from tillstream.delivery import webhook_events

    kept = webhook_events.webhook_history(app.ports, webhook.id)
    return asdict(webhook) | {"failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
