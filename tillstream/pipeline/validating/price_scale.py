"""Detect files whose prices are all whole and a hundred times the usual prices: amounts in a minor unit, such as cents.

The usual prices come from the ledger, as for outliers. It is queried only for a file with large, whole prices. Without
usual prices, the first file of a contract whose figures are not confirmed is doubtful if its prices look like cents.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract import Contract
from tillstream.model.money import may_be_minor_units, minor_digits
from tillstream.pipeline.rows.text_columns import Floats, combine_chunks, decode_texts
from tillstream.pipeline.validating.unusual_values import PRICE, SalesHistory

_MAX_ROWS = 20_000
_MIN_PRODUCTS, _MIN_SHARE = 3, 0.9
_MIN_MEDIAN = 100
_SPREAD = 2.0
"""Largest factor by which a price may have changed besides its unit."""
MONEY_COLUMNS = ("unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")


@dataclass(frozen=True)
class _Compared:
    product: str
    price: float
    usual: float
    line: int
    digits: int
    """Decimal digits of the currency."""

    @property
    def scale(self) -> int:
        return int(10**self.digits)

    @property
    def is_scaled(self) -> bool:
        return 1 / _SPREAD <= self.price / self.usual / self.scale <= _SPREAD


class PriceScale:
    """Compares the prices of the first accepted rows of one file with the ledger."""

    def __init__(self, history: SalesHistory, contract: Contract) -> None:
        self._history = history
        self._rows: list[pa.Table] = []
        self._count = 0
        self._is_open = bool(minor_unit_columns(contract))

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows, columns of `STAGED`; nothing is kept after the first price with decimal places."""
        if not self._is_open:
            return
        price = _prices(rows)
        self._is_open = bool((np.isnan(price) | np.isclose(price, np.rint(price), rtol=1e-12, atol=1e-9)).all())
        if not self._is_open:
            self._rows = []
        elif self._count < _MAX_ROWS:
            product = decode_texts(rows.column("product_id"))
            product = pc.coalesce(product, decode_texts(rows.column("product_name"))) if product.null_count else product
            table = pa.table(
                {
                    "product": product,
                    "currency": decode_texts(rows.column("currency")),
                    "price": pa.array(np.abs(np.rint(price))),
                    "line": combine_chunks(rows.column("line_number")),
                }
            )
            has_price = pc.and_(pc.is_valid(product), pa.array((price != 0) & ~np.isnan(price)))
            self._rows.append(table.filter(has_price).slice(0, _MAX_ROWS - self._count))
            self._count += self._rows[-1].num_rows

    def doubt(self) -> str:
        """The evidence that amounts are in a minor unit; empty if there is none."""
        if not self._is_open or not self._count:
            return ""
        rows = pa.concat_tables(self._rows)
        if np.median(rows.column("price").to_numpy()) < _MIN_MEDIAN:
            return ""
        compared = self._compare(rows)
        if not compared:
            return self._doubt_without_history(rows)
        scaled = [one for one in compared if one.is_scaled]
        if len(scaled) < _MIN_PRODUCTS or len(scaled) < _MIN_SHARE * len(compared):
            return ""
        first = min(scaled, key=lambda one: one.line)
        return (
            f"all prices are whole numbers, and for {len(scaled):,} of {len(compared):,} products with a history they "
            f"are about {first.scale:,} times the usual price: {first.product} in line {first.line:,} costs "
            f"{first.price:.0f} and usually {first.usual:.{first.digits}f}"
        )

    def _doubt_without_history(self, rows: pa.Table) -> str:
        currencies = {word.upper() for word in pc.unique(rows.column("currency")).to_pylist() if word}
        if not may_be_minor_units(rows.column("price").to_pylist(), currencies) or not self._history.is_new():
            return ""
        price, line = rows.column("price")[0].as_py(), rows.column("line")[0].as_py()
        digits = minor_digits(min(currencies))
        return (
            f"all {rows.num_rows:,} prices are whole numbers of at least 100, none of the products has a usual price "
            f"yet, and the data source is new; in a minor unit, the price of {price:.0f} in line {line:,} is "
            f"{price / 10**digits:.{digits}f}"
        )

    def _compare(self, rows: pa.Table) -> list[_Compared]:
        usual = self._history.usual_prices()
        usual = usual.filter(pc.and_(pc.equal(usual["measure"], PRICE), pc.greater(usual["median"], Decimal(0))))
        grouped = rows.group_by(["product", "currency"]).aggregate([("price", "approximate_median"), ("line", "min")])
        joined = grouped.join(
            usual.select(["product", "currency", "median"]), ["product", "currency"], join_type="inner"
        )
        return [
            _Compared(
                row["product"],
                row["price_approximate_median"],
                float(row["median"]),
                row["line_min"],
                minor_digits(row["currency"]),
            )
            for row in joined.to_pylist()
            if minor_digits(row["currency"])
        ]


def minor_unit_columns(contract: Contract) -> tuple[str, ...]:
    """The mapped columns of money that can be set to minor units; empty if one of them has a unit already."""
    rule = contract.amounts
    if rule.minor_units or rule.factors:
        return ()
    return tuple(name for name in MONEY_COLUMNS if name in contract.columns and not rule.is_rate(name))


def _prices(rows: pa.Table) -> Floats:
    """Unit prices, or net amounts by quantity; NaN where neither is known."""
    price, net, quantity = (
        pc.cast(combine_chunks(rows.column(name)), pa.float64()).to_numpy(zero_copy_only=False)
        for name in ("unit_price", "net_amount", "quantity")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        by_quantity = np.round(net / quantity, 9)
    result: Floats = np.where(np.isnan(price), np.where(np.isfinite(by_quantity), by_quantity, np.nan), price)
    return result
