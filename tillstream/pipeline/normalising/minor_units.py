"""Amounts in the minor units of their currencies, such as cents."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.money.minor_units import minor_digits
from tillstream.pipeline.normalising.numbers.arithmetic import times
from tillstream.pipeline.rows.text_column import encoded
from tillstream.pipeline.rows.types import Ints


def from_minor_units(values: pa.Array, digits: Ints) -> pa.Array:
    """Divide amounts in minor units by what the currency of their row requires. digits: (n,), as by `digits_of`."""
    for count in np.unique(digits).tolist():
        divided = times(values, Decimal(1).scaleb(-count)).values
        values = pc.if_else(pa.array(digits == count), divided, values)
    return values


def digits_of(currency: pa.Array) -> Ints:
    """The decimal digits of each row's currency, (n,). currency: codes; NULL has two digits."""
    currencies = encoded(currency)
    digits = np.array(
        [minor_digits((word or "").upper()) for word in currencies.dictionary.to_pylist()] + [2], np.int64
    )
    result: Ints = digits[pc.fill_null(currencies.indices, len(digits) - 1).to_numpy(zero_copy_only=False)]
    return result
