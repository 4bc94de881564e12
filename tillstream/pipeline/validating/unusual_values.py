"""Warn about prices, quantities and currencies far from those of earlier sales of the region.

For currencies, the ledger is queried only for a file with another currency than its contract's, once, and grouped by
store.

For prices and quantities, a product with enough lines in the ledger is compared with its history, other products with
their lines in the file. Only counts of distinct values are kept, so memory does not grow with the number of rows.
Outliers are never rejected, because a file that is staged again must have the same accepted rows, even if the history
has grown since.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.model.batch import IssueCount
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import OutlierRule
from tillstream.model.money import example_text
from tillstream.model.problems import CATALOGUE
from tillstream.pipeline.rows.text_columns import NUMERIC, Ints, combine_chunks, decode_texts
from tillstream.pipeline.validating.sold_before import SoldBefore, sold_before
from tillstream.ports import Warehouse
from tillstream.ports.warehouse import Row

USUAL_KEY = ("product", "measure", "currency")
USUAL_SCHEMA = pa.schema(
    [(name, pa.string()) for name in USUAL_KEY] + [("line_count", pa.int64()), ("median", NUMERIC), ("mad", NUMERIC)]
)
PRICE, QUANTITY = "unit_price", "quantity"
MIN_PRICED_LINES = 5
"""Lines with a price that a product needs, so that prices are compared with its usual price."""

CURRENCY_CODE = "unusual-currency"

OUTLIER_CODE = "outlier"
MONEY_PLACES = 2
OUTLIER_MESSAGES = {
    PRICE: "{value}; {where}this product usually costs between {lower} and {upper}",
    QUANTITY: "{value}; {where}this product is usually sold by {lower} to {upper}",
}
_MAX_DISTINCT = 1 << 20

MINIMUM_MAD_SHARE = {PRICE: Decimal("0.05"), QUANTITY: Decimal("0.5")}
"""Minimum MAD as a share of the median: after a constant price or quantity, a small change is not an outlier."""


WIDE_DECIMAL = pa.decimal256(40, 9)


SHARE_DECIMAL = pa.decimal256(3, 2)


FACTOR_DECIMAL = pa.decimal256(9, 4)


class SalesHistory(Protocol):
    """Earlier sales of the region of a contract."""

    def usual_values(self, rule: OutlierRule) -> pa.Table:
        """Rows of `USUAL_SCHEMA` for the measures of a rule."""

    def usual_prices(self) -> pa.Table:
        """Rows of `USUAL_SCHEMA` for prices, those included that are computed from amount and quantity."""

    def sold(self) -> SoldBefore: ...

    def is_new(self) -> bool:
        """Whether the figures of the contract are not confirmed."""


@dataclass(frozen=True)
class LedgerHistory:
    """Reads the ledger whenever it is asked. needs_confirmation: see `is_new`."""

    warehouse: Warehouse
    contract: Contract
    needs_confirmation: Callable[[], bool]

    def usual_values(self, rule: OutlierRule) -> pa.Table:
        measures = {measure: measure in rule.columns for measure in (PRICE, QUANTITY)}
        return self._usual({"minimum": rule.minimum, "derived": False} | measures)

    def usual_prices(self) -> pa.Table:
        return self._usual({"minimum": MIN_PRICED_LINES, "derived": True, PRICE: True, QUANTITY: False})

    def sold(self) -> SoldBefore:
        return sold_before(self.warehouse, self.contract.region)

    def is_new(self) -> bool:
        return self.needs_confirmation()

    def _usual(self, params: dict[str, int | bool]) -> pa.Table:
        query = sql.text("ledger/usual_values")
        return self.warehouse.query(query, {"region": self.contract.region} | params).cast(USUAL_SCHEMA)


@dataclass(frozen=True)
class CopiedHistory:
    """The history of a contract at one moment, for processes that cannot read the ledger. It can be pickled."""

    values: pa.Table
    prices: pa.Table
    sold_before: SoldBefore
    needs_confirmation: bool

    @classmethod
    def from_history(cls, history: SalesHistory, contract: Contract) -> Self:
        """Read what a file of the contract may be compared with, and nothing else."""
        return cls(
            history.usual_values(contract.outliers) if contract.outliers else USUAL_SCHEMA.empty_table(),
            history.usual_prices(),
            history.sold() if "currency" in contract.columns else frozenset(),
            history.is_new(),
        )

    def usual_values(self, rule: OutlierRule) -> pa.Table:  # noqa: ARG002 - the one of the contract
        return self.values

    def usual_prices(self) -> pa.Table:
        return self.prices

    def sold(self) -> SoldBefore:
        return self.sold_before

    def is_new(self) -> bool:
        return self.needs_confirmation


class CurrencyDetector:
    """Detector for the accepted rows of one file."""

    def __init__(self, own: str, history: SalesHistory) -> None:
        """own: currency of the contract; empty if each row has its own."""
        self._own, self._history = own, history
        self._counted: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows. rows: columns of `STAGED`."""
        columns = {name: decode_texts(rows.column(name)) for name in ("store_id", "currency")}
        table = pa.table(columns | {"line": combine_chunks(rows.column("line_number"))})
        self._counted.append(_first_lines(table.group_by(["store_id", "currency"]), "line"))

    def problems(self) -> Iterator[IssueCount]:
        """Yield one entry for all unusual lines; its example is the first one."""
        if not self._counted:
            return
        table = pa.concat_tables(self._counted)
        groups = table.group_by(["store_id", "currency"]).aggregate([("count", "sum"), ("first", "min")]).to_pylist()
        other = [group for group in groups if group["currency"] not in (None, self._own)]
        unusual = self._unusual(other) if other else []
        if unusual:
            first = min(unusual, key=lambda group: int(group["first_min"]))
            count, severity = sum(int(group["count_sum"]) for group in unusual), CATALOGUE[CURRENCY_CODE].severity.value
            yield IssueCount(CURRENCY_CODE, severity, "currency", count, int(first["first_min"]), str(first["example"]))

    def _unusual(self, groups: list[Row]) -> list[Row]:
        in_ledger = {(store, currency) for store, currency, _ in self._history.sold()}
        unusual = []
        for group in groups:
            store = group["store_id"]
            usual = {currency for of, currency in in_ledger if of == store and store is not None}
            who = f"store {store}" if usual else "this region"
            usual = usual or {currency for _, currency in in_ledger}
            usual |= {self._own} - {""}
            if usual and group["currency"] not in usual:
                unusual.append(group | {"example": f"{group['currency']}; {who} uses {', '.join(sorted(usual))}"})
        return unusual


def currency_detector(history: SalesHistory, contract: Contract) -> CurrencyDetector | None:
    """Create the detector of a contract; None if the file has no column of currencies."""
    return CurrencyDetector(contract.currency, history) if "currency" in contract.columns else None


def _first_lines(grouped: pa.TableGroupBy, line: str) -> pa.Table:
    """Count the lines of each group; find its first one."""
    counted = grouped.aggregate([(line, "count"), (line, "min")])
    return counted.rename_columns(["store_id", "currency", "count", "first"])


class OutlierDetector:
    """Outlier detector for the accepted rows of one file."""

    def __init__(self, rule: OutlierRule, history: pa.Table) -> None:
        """history: rows of `USUAL_SCHEMA` from the region's ledger."""
        self._rule = rule
        self._history = history
        self._counted: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows. rows: columns of `STAGED`."""
        product = decode_texts(rows.column("product_id"))
        if product.null_count:
            product = pc.coalesce(product, decode_texts(rows.column("product_name")))
        for measure in self._rule.columns:
            table = pa.table(
                {
                    "value": combine_chunks(rows.column(measure)),
                    "product": product,
                    "measure": pa.repeat(measure, rows.num_rows),
                    "currency": decode_texts(rows.column("currency"))
                    if measure == PRICE
                    else pa.repeat("", rows.num_rows),
                    "line_count": pa.repeat(1, rows.num_rows),
                    "first_line": combine_chunks(rows.column("line_number")),
                }
            )
            has_values = pc.and_(pc.is_valid(table["product"]), pc.is_valid(table["value"]))
            self._counted.append(_aggregate(table.filter(has_values)))
        if sum(table.num_rows for table in self._counted) > _MAX_DISTINCT:
            self._counted = [_aggregate(pa.concat_tables(self._counted))]

    def problems(self) -> Iterator[IssueCount]:
        """Yield one entry per measure with outliers; its example is the first outlier with the usual range."""
        if not self._counted:
            return
        counted = _aggregate(pa.concat_tables(self._counted))
        counted = counted.append_column("magnitude", pc.abs(combine_chunks(counted["value"])))
        rows = counted.join(self._usual(counted), list(USUAL_KEY), join_type="inner")
        lower, upper = usual_bounds(
            combine_chunks(rows["measure"]), combine_chunks(rows["median"]), combine_chunks(rows["mad"]), self._rule.k
        )
        magnitude = pc.cast(combine_chunks(rows["magnitude"]), lower.type)
        is_outlier = pc.or_(pc.less(magnitude, lower), pc.greater(magnitude, upper))
        rows = rows.append_column("lower", lower).append_column("upper", upper).filter(is_outlier).sort_by("first_line")
        for measure in self._rule.columns:
            outliers = rows.filter(pc.equal(rows["measure"], measure))
            if outliers.num_rows:
                first = outliers.slice(0, 1).to_pylist()[0]
                count = pc.sum(outliers["line_count"]).as_py()
                yield IssueCount(
                    OUTLIER_CODE,
                    CATALOGUE[OUTLIER_CODE].severity.value,
                    measure,
                    count,
                    first["first_line"],
                    _outlier_message(first),
                )

    def _usual(self, counted: pa.Table) -> pa.Table:
        """Return `USUAL_KEY`, median, MAD (median absolute deviation), and whether they come from the ledger."""
        history = self._history.select([*USUAL_KEY, "median", "mad"])
        file_values = compute_usual_values(
            counted.select([*USUAL_KEY, "magnitude", "line_count"]), self._rule.minimum
        ).select(history.column_names)
        file_values = file_values.join(history.select(USUAL_KEY), list(USUAL_KEY), join_type="left anti")
        sources = [(history, True), (file_values, False)]
        return pa.concat_tables(
            table.append_column("known", pa.repeat(pa.scalar(from_ledger), table.num_rows))
            for table, from_ledger in sources
        )


def outlier_detector(history: SalesHistory, contract: Contract) -> OutlierDetector | None:
    """Create the outlier detector of a contract; None if the contract has no outlier rule. Reads the history once."""
    rule = contract.outliers
    return OutlierDetector(rule, history.usual_values(rule)) if rule else None


def _aggregate(counted: pa.Table) -> pa.Table:
    """Sum the counts by distinct value and product."""
    grouped = counted.group_by(["value", *USUAL_KEY]).aggregate([("line_count", "sum"), ("first_line", "min")])
    return grouped.rename_columns([name.removesuffix("_sum").removesuffix("_min") for name in grouped.column_names])


def _outlier_message(row: Row) -> str:
    money = row["measure"] == PRICE
    value = example_text(row["value"]) if money else f"{row['value'].normalize():f}"
    lower, upper = (_display(row[name], money=money) for name in ("lower", "upper"))
    return OUTLIER_MESSAGES[row["measure"]].format(
        value=value, where="" if row["known"] else "in this file ", lower=lower, upper=upper
    )


def _display(value: Decimal, *, money: bool) -> str:
    """Format a price, or a number without trailing zeros; values below 0.1 keep two significant digits."""
    places = MONEY_PLACES if value >= Decimal("0.1") or not value else 1 - value.adjusted()
    text = f"{value:.{places}f}"
    return text if money else text.rstrip("0").rstrip(".")


def compute_usual_values(counted: pa.Table, minimum: int) -> pa.Table:
    """Compute medians and MADs: rows of `USUAL_SCHEMA`.

    counted: `USUAL_KEY`, magnitude and line_count per distinct value.
    """
    if not counted.num_rows:
        return USUAL_SCHEMA.empty_table()
    rows = counted.sort_by([(name, "ascending") for name in (*USUAL_KEY, "magnitude")])
    group, lines = _group_numbers(rows), combine_chunks(rows.column("line_count")).to_numpy()
    magnitude = pc.cast(combine_chunks(rows.column("magnitude")), WIDE_DECIMAL)
    median_rows = _median_rows(group, lines)
    median = magnitude.take(pa.array(median_rows))
    deviation = pc.abs(pc.subtract(magnitude, median.take(pa.array(group))))
    order = pc.sort_indices(
        pa.table({"group": group, "distance": deviation}), sort_keys=[("group", "ascending"), ("distance", "ascending")]
    ).to_numpy()
    mad = deviation.take(pa.array(order[_median_rows(group[order], lines[order])]))
    columns = [combine_chunks(rows.column(name)).take(pa.array(median_rows)) for name in USUAL_KEY]
    total = pa.array(np.bincount(group, lines).astype(np.int64))
    result = pa.table([*columns, total, pc.cast(median, NUMERIC), pc.cast(mad, NUMERIC)], schema=USUAL_SCHEMA)
    return result.filter(pc.greater_equal(result.column("line_count"), minimum))


def usual_bounds(measure: pa.Array, median: pa.Array, mad: pa.Array, k: Decimal) -> tuple[pa.Array, pa.Array]:
    """Return the inclusive lower and upper bound of usual magnitudes; the lower bound is never negative."""
    share = pc.if_else(
        pc.equal(measure, "quantity"),
        pa.scalar(MINIMUM_MAD_SHARE["quantity"], SHARE_DECIMAL),
        pa.scalar(MINIMUM_MAD_SHARE["unit_price"], SHARE_DECIMAL),
    )
    floor = pc.multiply(pc.cast(median, WIDE_DECIMAL), share)
    spread = pc.max_element_wise(pc.cast(mad, floor.type), floor)
    max_deviation = pc.multiply(spread, pa.scalar(k, FACTOR_DECIMAL))
    center = pc.cast(median, max_deviation.type)
    lower, upper = pc.subtract(center, max_deviation), pc.add(center, max_deviation)
    return pc.max_element_wise(lower, pa.scalar(Decimal(0), lower.type)), upper


def _group_numbers(rows: pa.Table) -> Ints:
    """Return the group number of each row, from 0; the rows of a group are adjacent."""
    starts = np.zeros(rows.num_rows, np.int64)
    for name in USUAL_KEY:
        values = combine_chunks(rows.column(name))
        starts[1:] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return np.cumsum(starts)


def _median_rows(group: Ints, lines: Ints) -> Ints:
    """Return the row index of each group's median line; rows are sorted within their group."""
    cumulative = np.cumsum(lines)
    total = np.bincount(group, lines).astype(np.int64)
    before = np.cumsum(total) - total
    candidates = np.flatnonzero(2 * (cumulative - before[group]) >= total[group])
    first = np.unique(group[candidates], return_index=True)[1]
    result: Ints = candidates[first]
    return result
