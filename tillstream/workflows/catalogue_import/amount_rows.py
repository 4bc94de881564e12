"""Add the row of a price or cost file to a product."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from tillstream.domain.catalogue.dated_amounts import (
    EVERYWHERE,
    AmountRange,
    DatedAmount,
    amount_on,
    changes_nothing,
    cost_ranges,
    price_ranges,
)
from tillstream.domain.catalogue.entries import Product


def row_of(parsed: Mapping[str, Any], currency: str) -> DatedAmount:
    """The amount of a row. currency: that of a row without one."""
    return DatedAmount(
        parsed.get("region", EVERYWHERE),
        parsed.get("currency", "") or currency,
        parsed["amount"],
        parsed.get("valid_from"),
    )


def with_amount(product: Product, stored: Product, row: DatedAmount, today: date, *, is_price: bool) -> Product:
    """The product with the amount of a row; the same product if that already counts.

    An undated first amount holds from the beginning, a later one from today. stored: the product before the import.
    """
    rows = product.prices if is_price else product.costs
    earlier = _same_list(stored.prices if is_price else stored.costs, row, is_price=is_price)
    if changes_nothing(earlier, row, by_currency=is_price):
        return product
    if row.valid_from is None and earlier:
        current = amount_on(earlier, row.region, today)
        if current and (current.amount, current.currency) == (row.amount, row.currency):
            return product
        row = replace(row, valid_from=today)
    return replace(product, prices=(*rows, row)) if is_price else replace(product, costs=(*rows, row))


def _same_list(rows: tuple[DatedAmount, ...], row: DatedAmount, *, is_price: bool) -> list[DatedAmount]:
    """The rows that the new one continues: of exactly its region and, for prices, of its currency."""
    return [one for one in rows if one.region == row.region and (not is_price or one.currency == row.currency)]


def counting_rows(product: Product, *, is_price: bool) -> list[AmountRange]:
    """The rows that count on some day, for an export."""
    return price_ranges(product.prices) if is_price else cost_ranges(product.costs)
