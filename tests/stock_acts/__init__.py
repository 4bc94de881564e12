"""What changes stock and the restock queue, each with its entry in the audit log."""

import re
from collections.abc import Callable
from io import BytesIO

from shop_steps import Shop
from visitor import Visitor, indian_file, indian_sale

LINE = '["IN", "MUM01", "P1"]'
SETTINGS = {"service": "90", "review_days": "7", "most_weeks": "8"}


def counted_store(shop: Shop, act: str = "review") -> None:
    """A count of a store whose only product is scanned; then confirmed or discarded."""
    receive(shop)
    form = {"store": "IN/MUM01", "count": "c1", "part": "list"}
    assert shop.boss.post("/stock/counts/new", form).status_code == 303
    shop.boss.post("/stock/counts/c1/scan", {"product": "P1", "quantity": "3"})
    assert shop.boss.post(f"/stock/counts/c1/{act}").status_code == 303


def receive(shop: Shop, form: str = "receive", **fields: str) -> None:
    shop.upload()
    lines = {"store": "IN/MUM01", "movement": f"m-{form}", "product": "P1", "quantity": "5"}
    assert shop.boss.post(f"/stock/new/{form}", lines | fields).status_code == 303


def undone_receipt(shop: Shop) -> None:
    receive(shop)
    assert shop.boss.post("/stock/movement/cancel", {"id": "m-receive"}).status_code == 303


def arrived_transfer(shop: Shop) -> None:
    for store in ("MUM01", "DEL02"):
        entry = {"region": "IN", "store_id": store, "name": store, "active": "yes", "version": "0"}
        assert shop.boss.post("/catalogue/stores/save", entry).status_code == 303
    receive(shop, "transfer", other_store="IN/DEL02")
    form = {"id": "m-transfer", "step": "1", "product": "P1", "quantity": "5"}
    assert shop.boss.post("/stock/transfer", form).status_code == 303


def marked_return(shop: Shop) -> None:
    amounts = "100.00,0.00,-100.00,-18.00,-118.00,"
    returned = indian_sale("R1").replace("Completed,1,100.00,0.00,100.00,18.00,118.00,", f"Returned,-1,{amounts}")
    shop.upload(indian_file(returned))
    form = {"movement": "m-return", "region": "IN", "store_id": "MUM01", "sale_id": "MUM01/R1", "product": "P1"}
    assert shop.boss.post("/stock/returns", form).status_code == 303


def imported_stock(shop: Shop, rows: bytes = b"MUM01,P1,5\n") -> None:
    shop.upload()
    page = preview_of_stock(shop.boss, rows)
    assert shop.boss.post("/stock/import/record", hidden_fields(page, "/stock/import/record")).status_code == 303


def recorded_movement(shop: Shop) -> None:
    line = {"product_id": "P1", "quantity": "5"}
    movement = {"movement_id": "c1", "kind": "count", "region": "IN", "store_id": "MUM01", "stock_date": "2026-06-02"}
    body, headers = {"movements": [movement | {"lines": [line]}]}, {"X-CSRFToken": shop.boss.token()}
    assert shop.boss.client.post("/api/stock/movements", json=body, headers=headers).status_code == 200


def preview_of_stock(visitor: Visitor, rows: bytes, header: bytes = b"store,sku,qty\n", **fields: str) -> str:
    """The page that shows what a file of stock would record."""
    form = {"file": (BytesIO(header + rows), "stock.csv"), **fields}
    return str(visitor.post("/stock/import", form, content_type="multipart/form-data").text)


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address, apart from the token of the session."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {name: value for name, value in fields.items() if name != "csrf_token"}


STOCK: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "stock.save": ("stock.moved", receive),
    "stock.cancel": ("stock.moved", undone_receipt),
    "stock.confirm": ("stock.moved", arrived_transfer),
    "stock.start_count": ("stock.count-started", counted_store),
    "stock.confirm_count": ("stock.moved", counted_store),
    "stock.discard_count": ("stock.count-discarded", lambda s: counted_store(s, "discard")),
    "stock.mark_return": ("stock.moved", marked_return),
    "stock_files.record": ("stock.moved", imported_stock),
    "api.record_movements": ("stock.moved", recorded_movement),
    "restock.decide": (
        "restock.decided",
        lambda s: s.boss.post("/restock/decide", {"do": "dismiss", "reason": "other", "line": LINE}),
    ),
    "restock.update": ("restock.requested", lambda s: s.boss.post("/restock/update")),
    "restock.save_settings": ("restock.settings-changed", lambda s: s.boss.post("/restock/settings", SETTINGS)),
}
"""Endpoint of stock → its entry in the audit log, and the act."""
