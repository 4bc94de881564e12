"""The pipeline room: what is usual among values that were counted by product: median, and median distance from it.

The same statistics as `sql/ledger/usual_values.sql` gives of the ledger, for the values of one file. The fence is
median ± k · MAD: C. Leys and others, "Detecting outliers: Do not use standard deviation around the mean, use absolute
deviation around the median", Journal of Experimental Social Psychology 49 (2013) 764-766. MAD is not scaled here; that
of a normal distribution is 0.6745 standard deviations, so k = 6 is about four of them.
"""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import whole

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
