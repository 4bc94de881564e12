"""Rows of the orders of shop systems, with the same columns for each."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

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


COLUMNS = {name: name for name in (*(field.name for field in fields(OrderRow)), "gross_amount")}


def text(value: Any) -> str:
    return "" if value is None else str(value)


def total(entries: Iterable[Mapping[str, Any]] | None, name: str) -> Decimal:
    """The sum of an amount of several objects."""
    return sum((Decimal(str(entry[name])) for entry in entries or ()), ZERO)
