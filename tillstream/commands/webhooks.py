"""Manage webhooks from the command line."""

from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import FAILED, Progress, Result
from tillstream.model.audit import AuditAction
from tillstream.records.audit_log import record
from tillstream.webhooks import deliveries, registry
from tillstream.webhooks.registry import Webhook

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
    return Result([_shown(app, webhook) for webhook in registry.find(app.ports)])


def add(app: App, progress: Progress, arguments: AddWebhook) -> Result:
    private = app.settings.webhook_private
    webhook, secret = registry.add(app.ports, arguments.url, arguments.filter, COMMAND_LINE, private=private)
    return Result(_shown(app, webhook) | {"secret": secret})


def remove(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    shown = _shown(app, registry.get(app.ports, arguments.webhook))
    registry.remove(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(shown)


def pause(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(_shown(app, registry.pause(app.ports, arguments.webhook, COMMAND_LINE, registry.BY_PERSON)))


def resume(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    return Result(_shown(app, registry.resume(app.ports, arguments.webhook, COMMAND_LINE)))


def rotate(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    secret = registry.rotate(app.ports, arguments.webhook, COMMAND_LINE)
    return Result(_shown(app, registry.get(app.ports, arguments.webhook)) | {"secret": secret})


def test(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    answer = deliveries.send_test(app.ports, arguments.webhook, private=app.settings.webhook_private)
    return Result(asdict(answer), FAILED if answer.error else 0)


def latest(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    registry.get(app.ports, arguments.webhook)
    return Result([asdict(attempt) for attempt in deliveries.history(app.ports, arguments.webhook).attempts])


def resend(app: App, progress: Progress, arguments: OfWebhook) -> Result:
    """Send the dead letters of a webhook again."""
    webhook = registry.get(app.ports, arguments.webhook)
    count = registry.resend(app.ports, webhook)
    record(app.ports, COMMAND_LINE, AuditAction.MESSAGE_RESENT, webhook.subscription, None, {"messages": count})
    return Result({"webhook": webhook.id, "events": count})


def _shown(app: App, webhook: Webhook) -> dict[str, Any]:
    kept = deliveries.history(app.ports, webhook.id)
    return asdict(webhook) | {"failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
