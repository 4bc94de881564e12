"""What changes purchase orders, each with its entry in the audit log; each act has an order of its own."""

import secrets
from collections.abc import Callable

from shop_steps import Shop

from order_steps import KETTLE, LAMP, add_catalogue
from tillstream.stock import stored_movements


def _create(shop: Shop) -> str:
    """A draft of 12 kettles; its number."""
    if not shop.app.ports.documents.count("suppliers"):
        add_catalogue(shop.app.ports)
    form = {"order_id": secrets.token_hex(16), "supplier": "ACME", "place": "IN/MUM01", "product": KETTLE}
    answer = shop.boss.post("/orders/new", form | {"units": "12"})
    assert answer.status_code == 303
    return str(answer.location).rpartition("/")[2]


def _post(shop: Shop, number: str, step: str, **form: str) -> None:
    assert shop.boss.post(f"/orders/{number}/{step}", form).status_code == 303, step


def _edit(shop: Shop) -> None:
    _post(shop, _create(shop), "edit", version="1", product=LAMP, units="2")


def _send(shop: Shop) -> str:
    number = _create(shop)
    _post(shop, number, "send")
    return number


def _then(*steps: str) -> Callable[[Shop], None]:
    def act(shop: Shop) -> None:
        number = _send(shop)
        for step in steps:
            _post(shop, number, step)

    return act


def _receive(shop: Shop) -> tuple[str, str]:
    """The number of an order, and the ID of its receipt."""
    number, movement_id = _send(shop), secrets.token_hex(16)
    _post(shop, number, "receive", movement=movement_id, product=KETTLE, units="5")
    return number, movement_id


def _cancel_receipt(shop: Shop) -> None:
    number, movement_id = _receive(shop)
    _post(shop, number, "receipts/cancel", movement=movement_id)
    assert stored_movements.is_movement_cancelled(shop.app.ports, movement_id)


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
