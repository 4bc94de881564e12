"""Which columns of an answer are amounts of money, and in which currency they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from tillstream.analytics.measures.definitions import all_measures
from tillstream.model.money import minor_digits, price_digits, round_to_digits

CONVERTED_COLUMNS = frozenset({
    "after", "amount", "before", "change", "exchange_rates", "lost_cost", "lost_products", "missed_revenue",
    "mix", "new_products", "order_cost", "other", "price", "reporting_amount", "returns", "revenue_after",
    "revenue_before", "revenue_change", "stock_cost", "total_change", "total_revenue", "volume", "year_before",
    "year_change", "year_total_change",
})  # fmt: skip
"""Amounts in the currency that is shown besides measures, also if the rows have another one."""
ROW_CURRENCY_COLUMNS = frozenset({
    "discount", "gross", "gross_amount", "high", "holiday_part", "level_part", "low", "mean",
    "median", "net", "net_after", "net_amount", "net_before", "plan_part", "tax", "trend_part", "weekday_part",
})  # fmt: skip
"""Amounts in the currency of their row; without one, they are no money, such as a forecast of units."""
PRICE_COLUMNS = frozenset({"list_amount", "list_price", "unit_cost", "unit_price", "usual_price"})
"""Prices and costs of one unit, in the currency of their row, else in the one that is shown."""
FIGURE_COLUMN, FIGURE_COLUMNS = "figure", frozenset({"before", "value", "year_before"})
"""The column that names the measure of a row, and the values of that measure."""

COLUMNS_WITHOUT_MONEY = {"stock-events": {"change"}, "price-effects": {"low", "high"}}
"""Query → columns that have the name of an amount, and are none."""
CURRENCY_COLUMN = "currency"
PRICE_CURRENCIES = {"list_amount": "list_currency", "unit_cost": "cost_currency"}
"""Price → the column of its currency, if it has one of its own."""
ROW_COLUMNS = frozenset({CURRENCY_COLUMN, FIGURE_COLUMN, *PRICE_CURRENCIES.values()})
"""The columns of a row that its amounts are read with."""


class ComparedColumns(NamedTuple):
    """The columns of a comparison: both figures, their change, its fraction of `before`, and the change of all rows."""

    now: str
    before: str
    change: str = ""
    growth: str = ""
    total: str = ""

    def among(self, names: Collection[str]) -> "ComparedColumns":
        """Those that rows with these columns have; the others are empty."""
        return ComparedColumns(*(name if name in names else "" for name in self))


COMPARED_COLUMNS = (
    ComparedColumns("after", "before", "change", "growth", "total_change"),
    ComparedColumns("revenue", "before", "change", "growth", "total_change"),
    ComparedColumns("revenue", "year_before", "year_change", "year_growth", "year_total_change"),
    ComparedColumns("revenue_after", "revenue_before", "revenue_change"),
    ComparedColumns("value", "before", growth="growth"),
    ComparedColumns("value", "year_before", growth="year_growth"),
)
"""Those of rows that have both figures."""


@dataclass(frozen=True)
class RowAmounts:
    """The amounts of the rows of a query. currency: the one that is shown."""

    query: str
    columns: Collection[str]
    currency: str

    @property
    def converted(self) -> list[str]:
        """The columns of amounts in the currency that is shown, in each row."""
        if FIGURE_COLUMN in self.columns:
            return []
        money = CONVERTED_COLUMNS | {one.name for one in all_measures().values() if one.format == "money"}
        return [name for name in self.columns if name in money - COLUMNS_WITHOUT_MONEY.get(self.query, frozenset())]

    @property
    def own(self) -> list[str]:
        """The columns of amounts in the currency of their row."""
        has_own = any(one in self.columns for one in (CURRENCY_COLUMN, *PRICE_CURRENCIES.values()))
        return [name for name in self.columns if has_own and name in ROW_CURRENCY_COLUMNS | PRICE_COLUMNS]

    @property
    def by_row(self) -> list[str]:
        """The columns whose decimal digits differ by row: own amounts, prices, and the values of figures."""
        figures = FIGURE_COLUMNS if FIGURE_COLUMN in self.columns else frozenset()
        return [name for name in self.columns if name in ROW_CURRENCY_COLUMNS | PRICE_COLUMNS | figures]

    def currency_of(self, name: str, row: Mapping[str, Any]) -> str:
        """The currency of a cell; empty if it is no amount of money."""
        if name in COLUMNS_WITHOUT_MONEY.get(self.query, ()):
            return ""
        if FIGURE_COLUMN in self.columns and name in FIGURE_COLUMNS:
            measure = all_measures().get(str(row[FIGURE_COLUMN]))
            return self.currency if measure and measure.format == "money" else ""
        if name in PRICE_COLUMNS:
            own = (PRICE_CURRENCIES.get(name, CURRENCY_COLUMN), CURRENCY_COLUMN)
            return next((str(row[one] or "") for one in own if one in self.columns), self.currency)
        if name in ROW_CURRENCY_COLUMNS:
            return str(row.get(CURRENCY_COLUMN) or "")
        return self.currency if name in self.converted else ""

    def digits(self, name: str, row: Mapping[str, Any]) -> int | None:
        """The decimal digits of a cell as people read it; None if it is no amount of money."""
        currency = self.currency_of(name, row)
        if not currency or row[name] is None:
            return None
        return price_digits(Decimal(row[name]), currency) if name in PRICE_COLUMNS else minor_digits(currency)

    def rounded(self, name: str, row: Mapping[str, Any]) -> Decimal | None:
        """The amount of a cell as people read it; None if it is none."""
        digits = self.digits(name, row)
        return None if digits is None else round_to_digits(Decimal(row[name]), digits)
