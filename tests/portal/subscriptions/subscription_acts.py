"""What a person does with their subscriptions to tables, with the entry that it leaves in the audit log."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tillstream.scheduled_exports import registry
from tillstream.scheduled_exports.subscription import Draft

if TYPE_CHECKING:
    from shop_steps import Shop

TABLE = Draft("Stores", "/explore?by=store&preset=last-month", "csv", "boss@example.com", "week")
FORM = {
    "name": "Stores",
    "to": "boss@example.com",
    "address": TABLE.address,
    "preset": "last-month",
    "format": "csv",
    "every": "week",
    "weekday": "1",
    "hour": "7",
}


def subscription(shop: "Shop") -> str:
    """The ID of a new subscription."""
    return registry.add(shop.app.ports, "boss", TABLE, "boss").id


def _act(path: str) -> Callable[["Shop"], object]:
    return lambda shop: shop.boss.post(f"/subscriptions/{subscription(shop)}{path}", FORM)


SUBSCRIPTIONS: dict[str, tuple[str, Callable[["Shop"], object]]] = {
    "subscriptions.add": ("export.subscribed", lambda shop: shop.boss.post("/subscriptions", FORM)),
    "subscriptions.change": ("export.subscription-changed", _act("")),
    "subscriptions.pause": ("export.subscription-paused", _act("/pause")),
    "subscriptions.resume": ("export.subscription-resumed", _act("/resume")),
    "subscriptions.send": ("export.requested", _act("/send")),
    "subscriptions.remove": ("export.unsubscribed", _act("/remove")),
}
