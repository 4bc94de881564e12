"""Exact sums of decimal columns of any length."""

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa

_EXACT = Context(prec=120)
_HALF = (1 << 32) - 1


def exact_sum(values: pa.Array) -> Decimal | None:
    """Sum a NUMERIC (n,) array exactly, for any number of rows; None if every value is null."""
    if values.null_count == len(values):
        return None
    present = values.drop_null()
    # Each value is a count of billionths in two 64-bit words; summing 32-bit halves cannot overflow.
    words = np.frombuffer(present.buffers()[1], np.int64).reshape(-1, 2)[present.offset :][: len(present)]
    low, high = words[:, 0].view(np.uint64), words[:, 1]
    upper = (int((high >> 32).sum()) << 32) + int((high & _HALF).sum())
    lower = (int((low >> np.uint64(32)).sum()) << 32) + int((low & np.uint64(_HALF)).sum())
    return _EXACT.scaleb(Decimal((upper << 64) + lower), -9)
