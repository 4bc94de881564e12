"""Columns of a file of stock movements, and the words in them."""

import re
from dataclasses import dataclass
from datetime import date

from tillstream.domain.catalogue.columns import EntryColumn
from tillstream.domain.inventory.movements import REASONS, MovementKind

_PRODUCT = (
    "productid", "productcode", "sku", "item", "itemcode", "itemno", "articleno", "article", "code", "barcode", "ean",
    "gtin", "upc", "productname", "itemname", "name",
)  # fmt: skip
_QUANTITY = (
    "qty", "units", "pieces", "pcs", "count", "counted", "countedqty", "countedquantity", "onhand", "stock",
    "stockonhand", "qtyonhand", "quantityonhand", "inventory", "soh", "amount",
)  # fmt: skip
_c = EntryColumn
COLUMNS = (
    _c("region", headers=("country", "market")),
    _c("store", headers=("storeid", "storecode", "storename", "branch", "shop", "location", "site", "warehouse")),
    _c("product", headers=_PRODUCT),
    _c("quantity", headers=_QUANTITY),
    _c("date", headers=("day", "stockdate", "businessday", "counteddate", "countdate", "datetime", "timestamp")),
    _c("time", headers=("hour", "countedat", "timeofday")),
    _c("type", headers=("movement", "movementtype", "kind", "transaction", "transactiontype", "event")),
    _c("reason", headers=("reasoncode", "cause")),
    _c("reference", headers=("ref", "order", "orderno", "ponumber", "document", "documentno", "transfer", "delivery")),
    _c("other_store", headers=("tostore", "fromstore", "otherbranch", "destination", "counterparty")),
)
IMPORTED = tuple(kind for kind in MovementKind if kind is not MovementKind.CANCELLATION)
KIND_WORDS: dict[str, MovementKind] = {
    **{kind.value: kind for kind in IMPORTED},
    **dict.fromkeys(("counted", "stocktake", "stock-take", "inventory", "on-hand", "opening"), MovementKind.COUNT),
    **dict.fromkeys(
        ("received", "receive", "delivery", "goods-in", "goods-receipt", "purchase", "in"), MovementKind.RECEIPT
    ),
    **dict.fromkeys(("sent", "transfer-sent", "transferred-out"), MovementKind.TRANSFER_OUT),
    **dict.fromkeys(("transfer-received", "transferred-in"), MovementKind.TRANSFER_IN),
    **dict.fromkeys(("lost-in-transit", "transfer-lost"), MovementKind.TRANSFER_LOSS),
    **dict.fromkeys(("adjust", "adjusted", "correction"), MovementKind.ADJUSTMENT),
    **dict.fromkeys(("writeoff", "written-off", "waste", "wastage", "scrap", "loss"), MovementKind.WRITE_OFF),
    **dict.fromkeys(
        ("return-to-supplier", "returned-to-supplier", "vendor-return", "rtv"), MovementKind.SUPPLIER_RETURN
    ),
}
"""Word in the column `type`, as `word_of` returns it → kind."""
REASON_WORDS = {name.casefold(): key for key, label in REASONS.items() for name in (key, label)}


@dataclass(frozen=True)
class Defaults:
    """What rows without the column, or with an empty cell in it, have."""

    day: date
    kind: MovementKind = MovementKind.COUNT
    region: str = ""
    store: str = ""
    reason: str = ""
    reference: str = ""


def word_of(cell: str) -> str:
    """A word in lower case, with hyphens between its parts."""
    return re.sub(r"[\W_]+", "-", cell.casefold()).strip("-")
