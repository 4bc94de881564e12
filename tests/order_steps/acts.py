"""What changes purchase orders, each with its entry in the audit log."""

from collections.abc import Callable

from shop_steps import Shop

from order_steps import KETTLE, LAMP, add_catalogue
from tillstream.inventory import records

NUMBER = "PO-000001"


def _create(shop: Shop) -> None:
    add_catalogue(shop.app.ports)
    form = {"order_id": "order-1", "supplier": "ACME", "place": "IN/MUM01", "product": KETTLE, "units": "12"}
    assert shop.boss.post("/orders/new", form).status_code == 303


def _post(shop: Shop, step: str, **form: str) -> None:
    assert shop.boss.post(f"/orders/{NUMBER}/{step}", form).status_code == 303, step


def _edit(shop: Shop) -> None:
    _create(shop)
    _post(shop, "edit", version="1", product=LAMP, units="2")


def _send(shop: Shop) -> None:
    _create(shop)
    _post(shop, "send")


def _then(*steps: str) -> Callable[[Shop], None]:
    def act(shop: Shop) -> None:
        _send(shop)
        for step in steps:
            _post(shop, step)

    return act


def _receive(shop: Shop) -> None:
    _send(shop)
    _post(shop, "receive", movement="receipt-1", product=KETTLE, units="5")


def _cancel_receipt(shop: Shop) -> None:
    _receive(shop)
    _post(shop, "receipts/cancel", movement="receipt-1")
    assert records.is_cancelled(shop.app.ports, "receipt-1")


ORDERS: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "orders.create": ("order.created", _create),
    "orders.save": ("order.changed", _edit),
    "orders.send": ("order.changed", _send),
    "orders.close": ("order.changed", _then("close")),
    "orders.reopen": ("order.changed", _then("close", "reopen")),
    "orders.cancel": ("order.changed", _then("cancel")),
    "orders.record_receipt": ("stock.moved", _receive),
    "orders.cancel_receipt": ("stock.moved", _cancel_receipt),
}
"""Endpoint → its entry in the audit log, and the act."""
