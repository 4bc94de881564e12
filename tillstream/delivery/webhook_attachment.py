"""Attaches and detaches the subscriptions of webhooks for a user, in the function that has the rights."""

from typing import Any

from tillstream.delivery.webhooks import IDLE_SECONDS, POLICY
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_SALE_EVENTS, WEBHOOK_IDS, WEBHOOK_SUBSCRIPTIONS
from tillstream.model.permissions import Action
from tillstream.people.accounts import current_scope
from tillstream.ports import Ports


def attach_webhook_for_user(ports: Ports, body: Any) -> dict[str, Any]:
    """Attach or detach, as `webhooks.attach_webhook` requests it. Idempotent.

    Raises `Rejected` if the user may not, and for what is no subscription of a webhook.
    """
    try:
        webhook, is_attached, by = str(body["webhook"]), bool(body["attached"]), str(body["by"])
    except (KeyError, TypeError) as error:
        raise Rejected("The request names no webhook.") from error
    if not current_scope(ports, by).may(Action.ADMINISTER):
        raise Rejected(f"The account {by} may not change webhooks.")
    if webhook not in WEBHOOK_IDS:
        raise Rejected(f"There is no webhook {webhook}.")
    subscription = f"{WEBHOOK_SUBSCRIPTIONS}{webhook}"
    if is_attached:
        ports.bus.attach(TOPIC_SALE_EVENTS, subscription, idle=IDLE_SECONDS, policy=POLICY)
    else:
        ports.bus.detach(subscription)
    return {"webhook": webhook, "attached": is_attached}
