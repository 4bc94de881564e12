"""Operations about purchase orders."""

from portal.api import schemas
from portal.api.operations.operation import PAGED, Operation, pages, path, query
from portal.api.schemas import Schema
from tillstream.stock.order_lists import OPEN, STATUSES, STORED_STATES

MAX_ORDERS = 500
"""Orders of a page."""
FILTERS = ("supplier", "region", "store")
_STATE: Schema = {"type": "string", "enum": [*STORED_STATES, ""], "default": OPEN}
_ROLE = "Orders of your stores. Costs are left out for users who do not see them."
_LINE = schemas.object_of(
    {
        "product": schemas.TEXT,
        "name": schemas.TEXT,
        "units": schemas.DECIMAL,
        "received": schemas.DECIMAL,
        "open": schemas.DECIMAL | {"description": "Units that are still expected"},
        "unit_cost": schemas.DECIMAL,
    },
    optional=("unit_cost",),
)
_RECEIPT = schemas.object_of(
    {
        **dict.fromkeys(("movement_id", "recorded_by", "note"), schemas.TEXT),
        "stock_date": schemas.DAY,
        **dict.fromkeys(("occurred_at", "recorded_at"), schemas.INSTANT),
        "lines": schemas.array_of(schemas.object_of({"product": schemas.TEXT, "units": schemas.DECIMAL})),
    }
)
_ORDER: dict[str, Schema] = {
    **dict.fromkeys(("number", "supplier", "region", "store_id", "currency", "created_by", "note"), schemas.TEXT),
    "state": {"type": "string", "enum": list(STATUSES)},
    **dict.fromkeys(("created_on", "sent_on", "expected_on", "closed_on"), schemas.DAY),
    "lines": schemas.array_of(_LINE),
    "cost": schemas.DECIMAL,
}
OPERATIONS: dict[str, Operation] = {
    "orders.data": Operation(
        "Stock", "Purchase orders, newest first", {200: ("The orders", "Orders")}, _ROLE,
        (
            *pages(MAX_ORDERS, 50),
            query("state", _STATE, "Only orders in this state"),
            *(query(name, {"type": "string"}, f"Only orders of this {name}") for name in FILTERS),
        ),
        right="numbers", headers={"Link": PAGED["Link"]},
    ),
    "orders.one": Operation(
        "Stock", "One purchase order with its receipts", {200: ("The order", "Order")}, _ROLE,
        (path("order_number", "Number of the order, such as PO-000012"),), right="numbers",
    ),
}  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "Order": schemas.object_of(_ORDER | {"receipts": schemas.array_of(_RECEIPT)}, optional=("cost",)),
    "Orders": schemas.object_of(
        {"orders": schemas.array_of(schemas.object_of(_ORDER, optional=("cost",))), "next_cursor": schemas.CURSOR}
    ),
}
"""name → schema of an answer of these operations."""
