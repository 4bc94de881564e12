"""Operations about stock."""

from portal.api import schemas
from portal.api.operations.numbers import own_parameters
from portal.api.operations.operation import (
    FILTERS,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    NUMBERS_AS,
    OFFSET_ROWS,
    PAGED,
    TAGGED,
    Operation,
    pages,
    query,
)
from portal.api.queries import MAX_ROWS
from portal.api.stock import MAX_MOVEMENTS
from tillstream.analytics.filters import CURRENCY
from tillstream.stock import published_levels
from tillstream.stock.movement_messages import MovementMessage, MovementsMessage
from tillstream.stock.movements import MovementKind

_ROWS = 100
_NAMES = frozenset({"region", "store", "category", "product", CURRENCY})
_FILTERS = tuple(one for one in FILTERS if one["name"] in _NAMES)
"""The filters that stock has; `status` is that of stock."""
_AT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, {"const": ""}]}
OPERATIONS: dict[str, Operation] = {
    "api.stock": Operation(
        "Stock", "Stock by store and product, now or in the past",
        {200: ("The list", f"list of {published_levels.NOW_QUERY}"), 304: NOT_MODIFIED},
        "Stock is the last count plus movements and minus units sold after it. `status` is in-stock, low, out, "
        "negative (more was sold than there was) or not-counted. `on_order` is expected from suppliers by sent "
        "orders. Of the past, there are no days of cover and no `on_order`, and low counts as in-stock; `sort` and "
        "`descending` apply to now.",
        (
            query("at", _AT, "A day (its end), or a time; default: now", "2026-06-03"),
            *own_parameters(published_levels.NOW_QUERY), *pages(MAX_ROWS, _ROWS), OFFSET_ROWS, NUMBERS_AS, *_FILTERS,
            IF_NONE_MATCH,
        ),
        right="numbers", headers=TAGGED | PAGED, errors=(409,), tabular=True,
    ),
    "api.stock_movements": Operation(
        "Stock", "Movements of a store, the last recorded first",
        {200: ("The movements", "StockMovements")},
        parameters=(
            query("region", {"type": "string"}, "Region of the store", "IN"),
            query("store", {"type": "string"}, "ID of the store", "MUM01"),
            query(
                "limit", {"type": "integer", "minimum": 0, "maximum": MAX_MOVEMENTS, "default": 100},
                "Maximum number of movements",
            ),
        ),
        right="numbers", errors=(404,),
    ),
    "api.restock": Operation(
        "Stock", "What stores should order, or get from other stores",
        {200: ("The list", "list of restock-lines"), 304: NOT_MODIFIED},
        "The restock queue as it was computed last. Filters other than region, store, category and product select "
        "nothing.",
        (*own_parameters("restock-lines"), *pages(MAX_ROWS, _ROWS), OFFSET_ROWS, NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED | PAGED, errors=(409,), tabular=True,
    ),
    "api.record_movements": Operation(
        "Stock", "Record stock movements",
        {200: ("Recorded; `repeated` ones had been recorded before", "RecordedMovements")},
        "All movements are recorded, or none: the response names what is wrong in `problems`. A movement that you "
        "send again changes nothing; another content under its ID is refused with 409. Products and stores are not "
        "looked up in the catalogue.",
        body={
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MovementsMessage"}}},
        },
        right="stock", errors=(409, 422),
    ),
}  # fmt: skip
_SENT = MovementMessage.model_json_schema()["properties"]
SCHEMAS: dict[str, schemas.Schema] = {
    "MovementsMessage": MovementsMessage.model_json_schema(),
    "RecordedMovements": schemas.object_of({"recorded": schemas.COUNT, "repeated": schemas.COUNT}),
    "StockMovements": schemas.object_of(
        {
            "movements": schemas.array_of(
                schemas.object_of(
                    dict.fromkeys(_SENT, schemas.TEXT)
                    | {
                        "kind": {"type": "string", "enum": list(MovementKind)},
                        "stock_date": schemas.DAY,
                        "occurred_at": schemas.INSTANT,
                        "lines": schemas.array_of(
                            schemas.object_of(
                                {
                                    "product_id": schemas.TEXT,
                                    "quantity": schemas.DECIMAL,
                                    "occurred_at": schemas.INSTANT,
                                },
                                optional=("occurred_at",),
                            )
                        ),
                        "recorded_by": schemas.TEXT,
                        "recorded_at": schemas.INSTANT,
                    }
                )
            )
        }
    ),
}
"""name → schema of an answer or a request of these operations."""
