"""Outlier detection: warn about prices and quantities far from the usual values of their product.

A product with enough lines in the ledger is compared with its history, other products with their lines in the file.
Only counts of distinct values are kept, so memory does not grow with the number of rows. Outliers are never rejected,
because a file that is staged again must have the same accepted rows, even if the history has grown since.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.batch.staging_report import IssueCount
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.value_checks import OutlierRule
from tillstream.domain.money.amounts import example_text
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import combined, decoded
from tillstream.pipeline.rows.types import Ints
from tillstream.pipeline.validating.history import KEY, PRICE, QUANTITY, USUAL, History

CODE = "outlier"
CENTS = 2
MESSAGES = {
    PRICE: "{value}; {where}this product usually costs between {lower} and {upper}",
    QUANTITY: "{value}; {where}this product is usually sold by {lower} to {upper}",
}
_MAX_DISTINCT = 1 << 20


class OutlierDetector:
    """Outlier detector for the accepted rows of one file."""

    def __init__(self, rule: OutlierRule, history: pa.Table) -> None:
        """history: rows of `USUAL` from the region's ledger."""
        self._rule = rule
        self._history = history
        self._counted: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows. rows: columns of `STAGED`."""
        product = decoded(rows.column("product_id"))
        if product.null_count:
            product = pc.coalesce(product, decoded(rows.column("product_name")))
        for measure in self._rule.columns:
            table = pa.table(
                {
                    "value": combined(rows.column(measure)),
                    "product": product,
                    "measure": pa.repeat(measure, rows.num_rows),
                    "currency": decoded(rows.column("currency")) if measure == PRICE else pa.repeat("", rows.num_rows),
                    "line_count": pa.repeat(1, rows.num_rows),
                    "first_line": combined(rows.column("line_number")),
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
        counted = counted.append_column("magnitude", pc.abs(combined(counted["value"])))
        rows = counted.join(self._usual(counted), list(KEY), join_type="inner")
        lower, upper = usual_bounds(
            combined(rows["measure"]), combined(rows["median"]), combined(rows["mad"]), self._rule.k
        )
        magnitude = pc.cast(combined(rows["magnitude"]), lower.type)
        is_outlier = pc.or_(pc.less(magnitude, lower), pc.greater(magnitude, upper))
        rows = rows.append_column("lower", lower).append_column("upper", upper).filter(is_outlier).sort_by("first_line")
        for measure in self._rule.columns:
            outliers = rows.filter(pc.equal(rows["measure"], measure))
            if outliers.num_rows:
                first = outliers.slice(0, 1).to_pylist()[0]
                count = pc.sum(outliers["line_count"]).as_py()
                yield IssueCount(
                    CODE, CATALOGUE[CODE].severity.value, measure, count, first["first_line"], _message(first)
                )

    def _usual(self, counted: pa.Table) -> pa.Table:
        """Return `KEY`, median, MAD (median absolute deviation), and whether they come from the ledger."""
        history = self._history.select([*KEY, "median", "mad"])
        file_values = usual(counted.select([*KEY, "magnitude", "line_count"]), self._rule.minimum).select(
            history.column_names
        )
        file_values = file_values.join(history.select(KEY), list(KEY), join_type="left anti")
        sources = [(history, True), (file_values, False)]
        return pa.concat_tables(
            table.append_column("known", pa.repeat(pa.scalar(from_ledger), table.num_rows))
            for table, from_ledger in sources
        )


def outlier_detector(history: History, contract: Contract) -> OutlierDetector | None:
    """Create the outlier detector of a contract; None if the contract has no outlier rule. Reads the history once."""
    rule = contract.outliers
    return OutlierDetector(rule, history.usual_values(rule)) if rule else None


def _aggregate(counted: pa.Table) -> pa.Table:
    """Sum the counts by distinct value and product."""
    grouped = counted.group_by(["value", *KEY]).aggregate([("line_count", "sum"), ("first_line", "min")])
    return grouped.rename_columns([name.removesuffix("_sum").removesuffix("_min") for name in grouped.column_names])


def _message(row: dict[str, Any]) -> str:
    money = row["measure"] == PRICE
    value = example_text(row["value"]) if money else f"{row['value'].normalize():f}"
    lower, upper = (_display(row[name], money=money) for name in ("lower", "upper"))
    return MESSAGES[row["measure"]].format(
        value=value, where="" if row["known"] else "in this file ", lower=lower, upper=upper
    )


def _display(value: Decimal, *, money: bool) -> str:
    """Format a price, or a number without trailing zeros; values below 0.1 keep two significant digits."""
    places = CENTS if value >= Decimal("0.1") or not value else 1 - value.adjusted()
    text = f"{value:.{places}f}"
    return text if money else text.rstrip("0").rstrip(".")


MINIMUM_MAD_SHARE = {PRICE: Decimal("0.05"), QUANTITY: Decimal("0.5")}
"""Minimum MAD as a share of the median: after a constant price or quantity, a small change is not an outlier."""


WIDE = pa.decimal256(40, 9)


SHARE = pa.decimal256(3, 2)


FACTOR = pa.decimal256(9, 4)


def usual(counted: pa.Table, minimum: int) -> pa.Table:
    """Compute medians and MADs: rows of `USUAL`. counted: `KEY`, magnitude and line_count per distinct value."""
    if not counted.num_rows:
        return USUAL.empty_table()
    rows = counted.sort_by([(name, "ascending") for name in (*KEY, "magnitude")])
    group, lines = _group_numbers(rows), combined(rows.column("line_count")).to_numpy()
    magnitude = pc.cast(combined(rows.column("magnitude")), WIDE)
    median_rows = _median_rows(group, lines)
    median = magnitude.take(pa.array(median_rows))
    deviation = pc.abs(pc.subtract(magnitude, median.take(pa.array(group))))
    order = pc.sort_indices(
        pa.table({"group": group, "distance": deviation}), sort_keys=[("group", "ascending"), ("distance", "ascending")]
    ).to_numpy()
    mad = deviation.take(pa.array(order[_median_rows(group[order], lines[order])]))
    columns = [combined(rows.column(name)).take(pa.array(median_rows)) for name in KEY]
    total = pa.array(np.bincount(group, lines).astype(np.int64))
    result = pa.table([*columns, total, pc.cast(median, NUMERIC), pc.cast(mad, NUMERIC)], schema=USUAL)
    return result.filter(pc.greater_equal(result.column("line_count"), minimum))


def usual_bounds(measure: pa.Array, median: pa.Array, mad: pa.Array, k: Decimal) -> tuple[pa.Array, pa.Array]:
    """Return the inclusive lower and upper bound of usual magnitudes; the lower bound is never negative."""
    share = pc.if_else(
        pc.equal(measure, "quantity"),
        pa.scalar(MINIMUM_MAD_SHARE["quantity"], SHARE),
        pa.scalar(MINIMUM_MAD_SHARE["unit_price"], SHARE),
    )
    floor = pc.multiply(pc.cast(median, WIDE), share)
    spread = pc.max_element_wise(pc.cast(mad, floor.type), floor)
    max_deviation = pc.multiply(spread, pa.scalar(k, FACTOR))
    center = pc.cast(median, max_deviation.type)
    lower, upper = pc.subtract(center, max_deviation), pc.add(center, max_deviation)
    return pc.max_element_wise(lower, pa.scalar(Decimal(0), lower.type)), upper


def _group_numbers(rows: pa.Table) -> Ints:
    """Return the group number of each row, from 0; the rows of a group are adjacent."""
    starts = np.zeros(rows.num_rows, np.int64)
    for name in KEY:
        values = combined(rows.column(name))
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
