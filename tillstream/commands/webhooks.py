"""Manage webhooks from the command line."""

from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import FAILED, Progress, Result
from tillstream.delivery import webhook_events
from tillstream.delivery import webhooks as delivery_webhooks
from tillstream.delivery.webhooks import Webhook
from tillstream.model.audit import AuditAction
from tillstream.records.audit_log import record

COMMAND_LINE = "command line"


@dataclass(frozen=True, kw_only=True)
class AddWebhook:
    url: str
    filter: str = ""


@dataclass(frozen=True, kw_only=True)
class OfWebhook:
    """webhook: its id."""

    webhook: str


def webhooks(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_shown(app, webhook) for webhook in delivery_webhooks.find_webhooks(app.ports)])


def add(app: App, progress: Progress, arguments: AddWebhook) -> Result:
    private = app.settings.webhook_private
    webhook, secret = delivery_webhooks.add_webhook(
        app.ports, arguments.url, arguments.filter, COMMAND_LINE, private=private
    )
    return Result(_shown(app, webhook) | {"secret": secret})


def remove(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    shown = _shown(app, delivery_webhooks.get_webhook(app.ports, arguments.webhook))
    delivery_webhooks.remove_webhook(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(shown)


def pause(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(
        _shown(
            app,
            delivery_webhooks.pause_webhook(app.ports, arguments.webhook, COMMAND_LINE, delivery_webhooks.BY_PERSON),
        )
    )


def resume(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(_shown(app, delivery_webhooks.resume_webhook(app.ports, arguments.webhook, COMMAND_LINE)))


def rotate(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    secret = delivery_webhooks.rotate_secret(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(_shown(app, delivery_webhooks.get_webhook(app.ports, arguments.webhook)) | {"secret": secret})


def test(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    answer = webhook_events.send_test_event(app.ports, arguments.webhook, private=app.settings.webhook_private)
    return Result(asdict(answer), FAILED if answer.error else 0)


def latest(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    delivery_webhooks.get_webhook(app.ports, arguments.webhook)
    return Result(
        [asdict(attempt) for attempt in webhook_events.webhook_history(app.ports, arguments.webhook).attempts]
    )


def resend(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    """Send the dead letters of a webhook again."""
    webhook = delivery_webhooks.get_webhook(app.ports, arguments.webhook)
    count = delivery_webhooks.resend_events(app.ports, webhook)
    record(app.ports, COMMAND_LINE, AuditAction.MESSAGE_RESENT, webhook.subscription, None, {"messages": count})
    return Result({"webhook": webhook.id, "events": count})


def _shown(app: App, webhook: Webhook) -> dict[str, Any]:
    kept = webhook_events.webhook_history(app.ports, webhook.id)
    return asdict(webhook) | {"failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
