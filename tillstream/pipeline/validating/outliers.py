"""Prices and quantities far from what their product usually has, as warnings of a file's account.

A product with enough lines in the ledger is compared with those, another one with its own lines in the file. Only
counts of different values are kept, so that memory does not grow with the rows. Rows are never refused for it: what
the ledger holds when a file is staged again may be more, and must not change what is staged.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import OutlierRule
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.rows.issues import ProblemCount
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import plain, whole
from tillstream.ports import Warehouse

CODE = "outlier"
PRICE = "unit_price"
CENTS = 2
SAID = {
    PRICE: "{value}; {where}this product usually costs between {lower} and {upper}",
    "quantity": "{value}; {where}this product is usually sold by {lower} to {upper}",
}
_KEPT = 1 << 20


class Watch:
    """Takes the accepted rows of one file as they come, and says at its end which were out of the usual."""

    def __init__(self, rule: OutlierRule, history: pa.Table) -> None:
        """history: rows of `USUAL`, of the region's ledger."""
        self._rule = rule
        self._history = history
        self._counted: list[pa.Table] = []

    def see(self, rows: pa.Table) -> None:
        """rows: columns of `STAGED`."""
        product = plain(rows.column("product_id"))
        if product.null_count:
            product = pc.coalesce(product, plain(rows.column("product_name")))
        for measure in self._rule.columns:
            table = pa.table(
                {
                    "value": whole(rows.column(measure)),
                    "product": product,
                    "measure": pa.repeat(measure, rows.num_rows),
                    "currency": plain(rows.column("currency")) if measure == PRICE else pa.repeat("", rows.num_rows),
                    "line_count": pa.repeat(1, rows.num_rows),
                    "first_line": whole(rows.column("line_number")),
                }
            )
            told = pc.and_(pc.is_valid(table["product"]), pc.is_valid(table["value"]))
            self._counted.append(_together(table.filter(told)))
        if sum(table.num_rows for table in self._counted) > _KEPT:
            self._counted = [_together(pa.concat_tables(self._counted))]

    def problems(self) -> Iterator[ProblemCount]:
        """One for each measure with an outlier; its example is the first of them with what is usual, in words."""
        if not self._counted:
            return
        counted = _together(pa.concat_tables(self._counted))
        counted = counted.append_column("magnitude", pc.abs(whole(counted["value"])))
        rows = counted.join(self._usual(counted), list(KEY), join_type="inner")
        lower, upper = fences(whole(rows["measure"]), whole(rows["median"]), whole(rows["mad"]), self._rule.k)
        magnitude = pc.cast(whole(rows["magnitude"]), lower.type)
        far = pc.or_(pc.less(magnitude, lower), pc.greater(magnitude, upper))
        rows = rows.append_column("lower", lower).append_column("upper", upper).filter(far).sort_by("first_line")
        for measure in self._rule.columns:
            found = rows.filter(pc.equal(rows["measure"], measure))
            if found.num_rows:
                first = found.slice(0, 1).to_pylist()[0]
                count = pc.sum(found["line_count"]).as_py()
                yield ProblemCount(CODE, CATALOGUE[CODE].severity, measure, count, first["first_line"], _says(first))

    def _usual(self, counted: pa.Table) -> pa.Table:
        """`KEY`, median and mad, and whether the ledger knows them."""
        history = self._history.select([*KEY, "median", "mad"])
        own = usual(counted.select([*KEY, "magnitude", "line_count"]), self._rule.minimum).select(history.column_names)
        own = own.join(history.select(KEY), list(KEY), join_type="left anti")
        known = [(history, True), (own, False)]
        return pa.concat_tables(
            table.append_column("known", pa.repeat(pa.scalar(here), table.num_rows)) for table, here in known
        )


def watch(warehouse: Warehouse, contract: Contract) -> Watch | None:
    """Reads the history once; None where the contract asks for nothing."""
    rule = contract.outliers
    if rule is None:
        return None
    asked = {measure: measure in rule.columns for measure in SAID}
    params = {"region": contract.region, "minimum": rule.minimum} | asked
    return Watch(rule, warehouse.query(sql.text("ledger/usual_values"), params).cast(USUAL))


def _together(counted: pa.Table) -> pa.Table:
    """Each different value of a product once."""
    grouped = counted.group_by(["value", *KEY]).aggregate([("line_count", "sum"), ("first_line", "min")])
    return grouped.rename_columns([name.removesuffix("_sum").removesuffix("_min") for name in grouped.column_names])


def _says(row: dict[str, Any]) -> str:
    money = row["measure"] == PRICE
    value = f"{row['value'].normalize():f}"
    if money and len(value.partition(".")[2]) < CENTS:
        value = f"{row['value']:.{CENTS}f}"
    lower, upper = (_short(row[name], money=money) for name in ("lower", "upper"))
    return SAID[row["measure"]].format(
        value=value, where="" if row["known"] else "in this file ", lower=lower, upper=upper
    )


def _short(value: Decimal, *, money: bool) -> str:
    """As a price is written, or a number without needless zeros; small ones keep two digits that say something."""
    places = CENTS if value >= Decimal("0.1") or not value else 1 - value.adjusted()
    text = f"{value:.{places}f}"
    return text if money else text.rstrip("0").rstrip(".")


KEY = ("product", "measure", "currency")


USUAL = pa.schema(
    [(name, pa.string()) for name in KEY] + [("line_count", pa.int64()), ("median", NUMERIC), ("mad", NUMERIC)]
)


LEAST = {"unit_price": Decimal("0.05"), "quantity": Decimal("0.5")}
"""At least so much of the median counts as its MAD: one price for years does not make the next one an outlier, nor do
single pieces make two of them one."""


WIDE = pa.decimal256(40, 9)


SHARE = pa.decimal256(3, 2)


FACTOR = pa.decimal256(9, 4)


Ints = npt.NDArray[np.int64]


def usual(counted: pa.Table, minimum: int) -> pa.Table:
    """counted: `KEY`, magnitude and line_count, of each product's different values. Rows of `USUAL`."""
    if not counted.num_rows:
        return USUAL.empty_table()
    rows = counted.sort_by([(name, "ascending") for name in (*KEY, "magnitude")])
    group, lines = _numbered(rows), whole(rows.column("line_count")).to_numpy()
    magnitude = pc.cast(whole(rows.column("magnitude")), WIDE)
    middle = _middles(group, lines)
    median = magnitude.take(pa.array(middle))
    distance = pc.abs(pc.subtract(magnitude, median.take(pa.array(group))))
    order = pc.sort_indices(
        pa.table({"group": group, "distance": distance}), sort_keys=[("group", "ascending"), ("distance", "ascending")]
    ).to_numpy()
    mad = distance.take(pa.array(order[_middles(group[order], lines[order])]))
    columns = [whole(rows.column(name)).take(pa.array(middle)) for name in KEY]
    total = pa.array(np.bincount(group, lines).astype(np.int64))
    found = pa.table([*columns, total, pc.cast(median, NUMERIC), pc.cast(mad, NUMERIC)], schema=USUAL)
    return found.filter(pc.greater_equal(found.column("line_count"), minimum))


def fences(measure: pa.Array, median: pa.Array, mad: pa.Array, k: Decimal) -> tuple[pa.Array, pa.Array]:
    """Lower and upper bound of what is usual, both included; magnitudes, so the lower one is never below zero."""
    share = pc.if_else(
        pc.equal(measure, "quantity"), pa.scalar(LEAST["quantity"], SHARE), pa.scalar(LEAST["unit_price"], SHARE)
    )
    floor = pc.multiply(pc.cast(median, WIDE), share)
    spread = pc.max_element_wise(pc.cast(mad, floor.type), floor)
    reach = pc.multiply(spread, pa.scalar(k, FACTOR))
    middle = pc.cast(median, reach.type)
    lower, upper = pc.subtract(middle, reach), pc.add(middle, reach)
    return pc.max_element_wise(lower, pa.scalar(Decimal(0), lower.type)), upper


def _numbered(rows: pa.Table) -> Ints:
    """The group of each row, from 0; rows of one group stand together."""
    starts = np.zeros(rows.num_rows, np.int64)
    for name in KEY:
        values = whole(rows.column(name))
        starts[1:] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return np.cumsum(starts)


def _middles(group: Ints, lines: Ints) -> Ints:
    """For each group the row in which its middle line is; rows are ordered within their group."""
    up_to = np.cumsum(lines)
    total = np.bincount(group, lines).astype(np.int64)
    before = np.cumsum(total) - total
    reached = np.flatnonzero(2 * (up_to - before[group]) >= total[group])
    first = np.unique(group[reached], return_index=True)[1]
    middles: Ints = reached[first]
    return middles
