"""Exact sums of amounts. Apart from `money`, whose decimal constants load the frame libraries."""

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa

_EXACT = Context(prec=120)
_HALF = (1 << 32) - 1


def total(values: pa.Array) -> Decimal | None:
    """The sum of NUMERIC (n,), exact for any number of rows; None where there is no value."""
    if values.null_count == len(values):
        return None
    known = values.drop_null()
    # Each value is a number of billionths in two words; halves of words cannot overflow their sums.
    words = np.frombuffer(known.buffers()[1], np.int64).reshape(-1, 2)[known.offset :][: len(known)]
    low, high = words[:, 0].view(np.uint64), words[:, 1]
    upper = (int((high >> 32).sum()) << 32) + int((high & _HALF).sum())
    lower = (int((low >> np.uint64(32)).sum()) << 32) + int((low & np.uint64(_HALF)).sum())
    return _EXACT.scaleb(Decimal((upper << 64) + lower), -9)
