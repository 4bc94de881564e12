"""Parameters of SQL files and queries for which they answer something about the sample ledger."""

from datetime import date
from decimal import Decimal
from typing import Any

from sql.limits import EVERY_LINE

_FEBRUARY: dict[str, Any] = {"first": date(2024, 2, 1), "last": date(2024, 2, 29)}
_ONE_LINE = {"products": ["N"], "lines": ["UK|U|N"], "every_line": False, "stores": ["U"], "every_store": False}
READ_PARAMETERS: dict[str, dict[str, Any]] = {
    "alerts/forecasts_before": _FEBRUARY,
    "alerts/large_sales": _FEBRUARY | {"amount": Decimal(1)},
    "alerts/last_till_sales": {"first": date(2024, 1, 1), "until": 2_000_000_000_000_000},
    "forecasts/accuracy": {},
    "forecasts/category_units": _FEBRUARY,
    "forecasts/earlier": {"cutoff_date": date(2024, 2, 19), "first": date(2024, 2, 1), "ahead": 7, "period": "day"},
    "forecasts/importance": {},
    "forecasts/list_prices": _FEBRUARY,
    "forecasts/product": {"region": "UK", "store_id": "U", "product": "N"},
    "forecasts/promotions": _FEBRUARY,
    "forecasts/revenue": _FEBRUARY,
    "forecasts/sum_errors": {"days": 1},
    "forecasts/units": _FEBRUARY
    | {"products": ["N"], "lines": ["UK|U|N"], "every_line": False, "stores": ["U"], "every_store": False},
    "reference/holidays": _FEBRUARY,
    "restock/best_lines": _FEBRUARY | {"regions": ["IN", "UK"], "store": "", "top": 3},
    "restock/first_sales": _FEBRUARY | EVERY_LINE | {"products": ["N"]},
    "restock/open_days": _FEBRUARY | {"regions": ["IN", "UK"], "store": ""},
    "restock/forecasts": {"first": date(2024, 2, 20), "days": 7},
    "restock/lines": {"products": ["N"]},
    "restock/stock": {},
    "restock/sum_errors": {},
    "restock/unit_values": _FEBRUARY | {"products": ["N"]},
    "forecasts/span": {"before": date(2024, 3, 1)},
}
"""File that forecasts, restocking and alerts read → parameters for which it answers something about the shop."""
STOCK_PARAMETERS: dict[str, dict[str, Any]] = {
    "stock/newest": {"today": date(2024, 2, 12)},
    "stock/first_last_count": {},
    "stock/products": {"first_day": date(2024, 1, 1)},
    "stock/touched_pairs": {"after": 0, "last": 1_000, "days": [date(2024, 1, 5), date(2024, 2, 1)]}
    | {"movements": ["c1", "x2", "o1"], "sold_on": [date(2024, 2, 12)], "last_kept": date(2023, 12, 19)},
}
"""File that computes stock levels → parameters for which it answers something about the shop."""
LEVEL_PARAMETERS: dict[str, Any] = {
    "today": date(2024, 2, 12),
    "day": date.max,
    "at": None,
    "first_product": "",
    "next_product": "",
    "first_day": date(2024, 1, 1),
}
"""Parameters of the levels of all products of the shop, and of the quality check of stock."""
QUERY_PARAMETERS: dict[str, Any] = {
    "batch_id": "b1",
    "code": "not-a-number",
    "column": "quantity",
    "settlement_no": 3,
    "text": "a",
    "region": "IN",
    "store": "S1",
    "sale_id": "S1/1",
    "product": "D",
    "cost_currency": "EUR",
    "since": "2024-01-01",
    "today": "2024-02-12",
    "week_earlier": "2024-02-05",
    "day": "2024-02-04",
    "at": "",
    "first": "2024-01-01",
    "last": "2024-02-29",
    "first_day": "2024-02-01",
    "last_day": "2024-02-29",
    "sold_until": 1_707_130_800_000_000,
}
"""Parameter of queries → a value for which most of them answer something about the shop."""
