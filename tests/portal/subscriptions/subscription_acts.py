"""What a person does with their subscriptions to tables, with the entry that it leaves in the audit log."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from tillstream.app import outgoing_deliveries
from tillstream.delivery import file_deliveries, subscriptions
from tillstream.delivery.file_deliveries import NewFileDelivery
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from shop_steps import Shop

TABLE = SubscriptionDraft("Stores", "/explore?by=store&preset=last-month", "csv", "boss@example.com", "week")
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
    return subscriptions.add_subscription(shop.app.ports, "boss", TABLE, "boss").id


def destination(shop: "Shop") -> str:
    """The name of a destination, which is added if there is none."""
    folder = shop.app.settings.home.absolute() / "deliveries" / "bi"
    with suppress(Rejected):
        outgoing_deliveries.add_file_destination(shop.app, FileDestinationDraft("bi", str(folder)), "boss")
    return "bi"


def failed(shop: "Shop") -> str:
    """The ID of a subscription whose last file could not be delivered."""
    one = subscriptions.get_subscription(shop.app.ports, subscription(shop))
    new = NewFileDelivery(one.id, "missing", "stores.csv", "boss", "Stores", keeps=False, stamp="1")
    file_deliveries.add_file(shop.app.ports, new, [b"content"])
    outgoing_deliveries.send_waiting_files(shop.app)
    delivered = replace(one, last_mail=new.id, last_destination="missing", last_at=one.created_at)
    shop.app.ports.documents.put(subscriptions.SUBSCRIPTIONS.name, one.id, asdict(delivered))
    return one.id


def delivery(shop: "Shop") -> str:
    """The ID of a file that could not be delivered."""
    return subscriptions.get_subscription(shop.app.ports, failed(shop)).last_mail


def _act(path: str) -> Callable[["Shop"], object]:
    return lambda shop: shop.boss.post(f"/subscriptions/{subscription(shop)}{path}", FORM)


SUBSCRIPTIONS: dict[str, tuple[str, Callable[["Shop"], object]]] = {
    "subscriptions.add": ("export.subscribed", lambda shop: shop.boss.post("/subscriptions", FORM)),
    "subscriptions.change": ("export.subscription-changed", _act("")),
    "subscriptions.pause": ("export.subscription-paused", _act("/pause")),
    "subscriptions.resume": ("export.subscription-resumed", _act("/resume")),
    "subscriptions.send": ("export.requested", _act("/send")),
    "subscriptions.again": ("file.retried", lambda shop: shop.boss.post(f"/subscriptions/{failed(shop)}/again")),
    "subscriptions.add_destination": (
        "file-destination.added",
        lambda shop: shop.boss.post("/subscriptions/destinations", {"name": "lake", "to": "gs://lake/sales"}),
    ),
    "subscriptions.test_destination": (
        "file-destination.tested",
        lambda shop: shop.boss.post(f"/subscriptions/destinations/{destination(shop)}/test"),
    ),
    "subscriptions.remove_destination": (
        "file-destination.removed",
        lambda shop: shop.boss.post(f"/subscriptions/destinations/{destination(shop)}/remove"),
    ),
    "subscriptions.remove": ("export.unsubscribed", _act("/remove")),
}
