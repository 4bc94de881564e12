"""Steps on which products were out of stock: what is sold then is less than the demand."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tillstream.forecasting.models.panel import Bools
from tillstream.forecasting.sales.places import Axis, number
from tillstream.forecasting.sales.series import Key

LONGEST = 91
"""Days after which a product that is out of stock counts as no longer sold: from then on, it has sales of 0."""


def steps_out_of_stock(spans: pa.Table, keys: Sequence[Key], axis: Axis) -> Bools | None:
    """Return on which steps each series was out of stock on all days, shape (series, steps); None: on none.

    spans: region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.
    """
    series: dict[tuple[str, str, str], list[int]] = {}
    for code, key in enumerate(keys):
        if key.product:
            series.setdefault((key.region, key.store_id, key.product), []).append(code)
    result = np.zeros((len(keys), axis.steps), dtype=bool)
    first, following = (
        spans.column(name).cast(pa.int32()).fill_null(number(axis.days[-1].item()) + 1).to_numpy().astype(np.int64)
        for name in ("first_day", "next_day")
    )
    start, length = number(axis.days[0].item()), axis.grain.days
    starts = np.clip(-(-(first - start) // length), 0, axis.steps)
    ends = np.clip((np.minimum(following, first + LONGEST) - start) // length, 0, axis.steps)
    names = zip(*(spans.column(name).to_pylist() for name in ("region", "store_id", "product")), strict=True)
    for name, begin, end in zip(names, starts.tolist(), ends.tolist(), strict=True):
        for code in series.get(name, ()):
            result[code, begin:end] = True
    return result if result.any() else None
