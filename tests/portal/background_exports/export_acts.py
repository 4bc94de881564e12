"""What a person does with their exports in the background, with the entry that it leaves in the audit log."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.delivery import background_exports, background_run
from tillstream.people import accounts

if TYPE_CHECKING:
    from shop_steps import Shop

LINES = "/tables/sale-lines"
FORM = {"address": "/sale-lines/export?format=csv&region=IN", "format": "csv", "rows": "300000"}


def requested(shop: "Shop") -> str:
    """The ID of a new export."""
    return background_exports.request_export(
        shop.app.ports, accounts.get_user(shop.app.ports, "boss"), "Sale lines", LINES, "csv"
    ).id


def cancelled(shop: "Shop") -> str:
    export_id = requested(shop)
    background_exports.cancel_export(shop.app.ports, export_id, "boss")
    return export_id


def written(shop: "Shop") -> str:
    export_id = requested(shop)
    assert background_run.run_due_exports(subscribed_tables_source(shop.app)) == []
    return export_id


def _act(export_of: Callable[["Shop"], str], path: str) -> Callable[["Shop"], object]:
    return lambda shop: shop.boss.post(f"/exports/{export_of(shop)}/{path}")


EXPORTS: dict[str, tuple[str, Callable[["Shop"], object]]] = {
    "background_exports.add": ("export.started", lambda shop: shop.boss.post("/exports", FORM)),
    "background_exports.cancel": ("export.cancelled", _act(requested, "cancel")),
    "background_exports.again": ("export.started", _act(cancelled, "again")),
    "background_exports.remove": ("export.removed", _act(written, "remove")),
}
