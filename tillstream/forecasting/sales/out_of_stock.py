"""Steps on which products were out of stock: what is sold then is less than the demand."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from tillstream.forecasting.models.panel import Bools, Ints
from tillstream.forecasting.sales.places import Axis, number
from tillstream.forecasting.sales.series import Key

LONGEST = 91
"""Days after which a product that is out of stock counts as no longer sold: from then on, it has sales of 0."""


def needed_from(start: date) -> date:
    """Return the day before which spans may begin later than they did: none of them has a day from `start` on."""
    return start - timedelta(days=LONGEST)


def steps_out_of_stock(spans: pa.Table, keys: Sequence[Key], axis: Axis) -> Bools | None:
    """Return on which steps each series was out of stock on all days, shape (series, steps); None: on none.

    spans: region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.
    """
    series: dict[tuple[str, str, str], list[int]] = {}
    for code, key in enumerate(keys):
        if key.product:
            series.setdefault((key.region, key.store_id, key.product), []).append(code)
    result = np.zeros((len(keys), axis.steps), dtype=bool)
    starts, ends = bounds(spans, axis.days[0].item(), axis.steps, axis.grain.days)
    names = zip(*(spans.column(name).to_pylist() for name in ("region", "store_id", "product")), strict=True)
    for name, begin, end in zip(names, starts.tolist(), ends.tolist(), strict=True):
        for code in series.get(name, ()):
            result[code, begin:end] = True
    return result if result.any() else None


def bounds(spans: pa.Table, start: date, steps: int, length: int = 1) -> tuple[Ints, Ints]:
    """Return the first step of each span on which all days are without stock, and the step after its last one.

    start: first day of the steps. length: days of a step. A span without such a step does not end after its beginning.
    """
    last = number(start) + steps * length
    first, following = (
        spans.column(name).cast(pa.int32()).fill_null(last).to_numpy().astype(np.int64)
        for name in ("first_day", "next_day")
    )
    starts = np.clip(-(-(first - number(start)) // length), 0, steps)
    ends = np.clip((np.minimum(following, first + LONGEST) - number(start)) // length, 0, steps)
    return starts, ends
