"""The orders of shop systems whose APIs sort them by their last change, as rows with the same columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from tillstream.connectors.http.json_api import MAX_LOOK_BACK, ApiRecord, RecordPages, file_rows
from tillstream.connectors.http.record_feed import FieldRow, RecordFeed, RecordFeedSource
from tillstream.connectors.source import whole_number

ZERO = Decimal()


@dataclass(frozen=True)
class OrderRow:
    """kind: line, shipping, charge, refund or adjustment. Amounts of refunds are negative. discount and amounts: of all
    units; net_amount: after discount and before tax."""

    sale_id: str
    line: str
    kind: str
    status: str
    sold_at: str
    changed_at: str
    currency: str
    quantity: Decimal
    net_amount: Decimal
    tax: Decimal
    unit_price: Decimal | None = None
    discount: Decimal = ZERO
    order: str = ""
    returns_sale_id: str = ""
    store: str = ""
    channel: str = ""
    customer_id: str = ""
    country: str = ""
    product_id: str = ""
    variant_id: str = ""
    product_name: str = ""
    version: str = ""
    is_test: bool = False

    def to_row(self) -> dict[str, Any]:
        return asdict(self) | {"gross_amount": self.net_amount + self.tax}


ORDER_COLUMNS = {name: name for name in (*(field.name for field in fields(OrderRow)), "gross_amount")}


def order_text(value: Any) -> str:
    return "" if value is None else str(value)


def order_total(entries: Iterable[Mapping[str, Any]] | None, name: str) -> Decimal:
    """The sum of an amount of several objects."""
    return sum((Decimal(str(entry[name])) for entry in entries or ()), ZERO)


def order_source(
    name: str,
    pages: Callable[[str | None], RecordPages],
    rows: Callable[[ApiRecord], Sequence[FieldRow]],
    settings: Mapping[str, str],
) -> RecordFeedSource:
    """name, pages, rows: as of a `RecordFeed`. Raises `Rejected` for wrong settings."""
    feed = RecordFeed(
        name=name,
        pages=pages,
        changed_at=lambda order: order.get("updated_at"),
        rows=rows,
        columns=ORDER_COLUMNS,
        look_back=whole_number(settings, "look_back", at_most=MAX_LOOK_BACK),
        file_rows=file_rows(settings),
        is_sorted=True,
    )
    return RecordFeedSource(feed)
