"""What is left of a total with tax after its refunds, and amounts that fall in the same proportion."""

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.numbers.arithmetic import plus
from tillstream.pipeline.normalising.numbers.parse import nine_places
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Mask

_EXACT = Context(prec=80)
_ZERO = pa.scalar(Decimal(0), NUMERIC)


def less_refund(whole: pa.Array, refund: pa.Array) -> pa.Array:
    """A total less a refund with any sign, which is 0 where it is NULL: NUMERIC (n,)."""
    amount = pc.abs(refund)
    left, _ = plus(whole, pc.if_else(pc.less(whole, _ZERO), amount, pc.negate(amount)))
    return pc.coalesce(left, whole)


def remaining(whole: pa.Array, rest: pa.Array) -> pa.Array:
    """The total after refunds, which is the whole where it is NULL: NUMERIC (n,)."""
    return pc.coalesce(rest, whole)


def lacks_total(whole: pa.Array, refund: pa.Array) -> Mask:
    """Where there is a refund, or a rest, of a total that is NULL or 0, bool (n,)."""
    is_empty = pc.or_kleene(pc.is_null(whole), pc.equal(whole, _ZERO))
    return to_bool_array(pc.and_(is_empty, pc.not_equal(refund, _ZERO)))


def in_proportion(values: pa.Array, part: pa.Array, whole: pa.Array) -> pa.Array:
    """Compute values × part ÷ whole: NUMERIC (n,), rounded half away from zero to nine decimals.

    Values are unchanged where part equals whole or one of them is NULL, and NULL where whole is 0.
    """
    changed = to_bool_array(pc.and_(pc.is_valid(values), pc.not_equal(part, whole)))
    rows = pa.array(np.flatnonzero(changed))
    terms = zip(*(column.take(rows).to_pylist() for column in (values, part, whole)), strict=True)
    results = [nine_places(_EXACT.divide(_EXACT.multiply(a, b), c))[0] if c else None for a, b, c in terms]
    return pc.replace_with_mask(values, pa.array(changed), pa.array(results, NUMERIC))
