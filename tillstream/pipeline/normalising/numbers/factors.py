"""The pipeline room: amounts times a factor, a rate of an amount, and the tax inside of one, exactly."""

from decimal import Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.numbers.parse import LIMIT, Numbers, nine_places
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import flags

HUNDRED = Decimal(100)
_ONE_IN_A_HUNDRED = pa.scalar(Decimal("0.01"), pa.decimal256(3, 2))
_WIDE = pa.decimal256(38, 9)
_PERCENT = pa.decimal256(12, 9)
_EXACT = Context(prec=80)


def times(values: pa.Array, factor: Decimal) -> Numbers:
    """values: NUMERIC (n,); factor: at most 20 digits. NUMERIC (n,), NULL where too large."""
    places = max(-int(factor.as_tuple().exponent), 0)
    digits = max(len(factor.as_tuple().digits), places) + max(int(factor.as_tuple().exponent), 0)
    exact = pc.multiply(pc.cast(values, _WIDE), pa.scalar(factor, pa.decimal256(digits, places)))
    near = pc.round(exact, 9, round_mode="half_towards_infinity")
    large = flags(pc.greater_equal(pc.abs(near), pa.scalar(LIMIT, near.type)))
    none = np.zeros(len(values), np.bool_)
    kept = pc.cast(pc.if_else(pa.array(large), None, near), NUMERIC)
    return Numbers(kept, none, large, flags(pc.not_equal(exact, near)) & ~large)


def percent_of(base: pa.Array, percent: pa.Array) -> pa.Array:
    """base: NUMERIC (n,); percent: NUMERIC (n,), from -100 to 100. Never more than the base, so never too large."""
    parts = pc.multiply(pc.multiply(pc.cast(base, _WIDE), pc.cast(percent, _PERCENT)), _ONE_IN_A_HUNDRED)
    return pc.cast(pc.round(parts, 9, round_mode="half_towards_infinity"), NUMERIC)


def beyond_hundred(percent: pa.Array) -> npt.NDArray[np.bool_]:
    return flags(pc.greater(pc.abs(percent), pa.scalar(HUNDRED, NUMERIC)))


def tax_inside(gross: pa.Array, rate: Decimal) -> pa.Array:
    """The tax in amounts that include it, NUMERIC (n,): gross × rate ÷ (1 + rate), once for each distinct amount."""
    each = gross.dictionary_encode()
    tax = [_tax(amount, rate) for amount in each.dictionary.to_pylist()]
    return pa.array(tax, NUMERIC).take(each.indices)


def _tax(gross: Decimal, rate: Decimal) -> Decimal | None:
    return nine_places(_EXACT.divide(_EXACT.multiply(gross, rate), _EXACT.add(1, rate)))[0]
