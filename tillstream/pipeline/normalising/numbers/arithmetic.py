"""Amounts computed from other amounts, exactly, rounded half away from zero at nine decimals."""

from decimal import Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.numbers.parse import LIMIT, Numbers, nine_places
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import flags

_EXACT = Context(prec=120)
_WHOLE = pa.decimal128(9, 0)
_PRICE = pa.decimal128(28, 9)
_NARROW = pa.decimal128(18, 9)
_TERM = pa.decimal128(37, 9)
_BILLION = pa.scalar(Decimal(10) ** 9, NUMERIC)
_TERM_LIMIT = pa.scalar(Decimal(10) ** 17, NUMERIC)

Mask = npt.NDArray[np.bool_]


def line_total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> tuple[pa.Array, Mask]:
    """quantity × unit_price − discount (NULL counts as 0), NUMERIC (n,), NULL where quantity or price is.

    bool (n,): the result is too large for NUMERIC, and NULL.
    """
    try:
        # Whole quantities are the rule: their product keeps nine decimals and needs no rounding.
        product = pc.multiply(pc.cast(quantity, _WHOLE), pc.cast(unit_price, _PRICE))
        total = product if discount.null_count == len(discount) else _less(product, discount)
    except pa.ArrowInvalid:
        return _any_total(quantity, unit_price, discount)
    return total, np.zeros(len(total), np.bool_)


def _less(product: pa.Array, discount: pa.Array) -> pa.Array:
    given = pc.fill_null(discount, pa.scalar(Decimal(0), NUMERIC))
    return pc.subtract(pc.cast(product, _TERM), pc.cast(given, _TERM))


def _any_total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> tuple[pa.Array, Mask]:
    given = pc.fill_null(discount, pa.scalar(Decimal(0), NUMERIC))
    known = flags(pc.and_(pc.is_valid(quantity), pc.is_valid(unit_price)))
    small = known & _below(quantity, _BILLION) & _below(unit_price, _BILLION) & _below(given, _TERM_LIMIT)
    keep = pa.array(small)
    product = pc.multiply(*(pc.cast(pc.if_else(keep, term, None), _NARROW) for term in (quantity, unit_price)))
    off = pc.cast(pc.if_else(keep, given, None), pa.decimal128(35, 18))
    exact = pc.subtract(pc.cast(product, pa.decimal128(37, 18)), off)
    total = pc.cast(pc.round(exact, 9, round_mode="half_towards_infinity"), NUMERIC)
    rare = np.flatnonzero(known & ~small)
    too_large = np.zeros(len(total), np.bool_)
    if len(rare):
        rows = pa.array(rare)
        terms = zip(*(column.take(rows).to_pylist() for column in (quantity, unit_price, given)), strict=True)
        totals = [nine_places(_EXACT.subtract(_EXACT.multiply(a, b), c))[0] for a, b, c in terms]
        too_large[rare] = [one is None for one in totals]
        chosen = np.zeros(len(total), np.bool_)
        chosen[rare] = True
        total = pc.replace_with_mask(total, pa.array(chosen), pa.array(totals, NUMERIC))
    return total, too_large


def _below(column: pa.Array, limit: pa.Scalar) -> Mask:
    return flags(pc.less(pc.abs(column), limit))


def plus(one: pa.Array, other: pa.Array) -> tuple[pa.Array, Mask]:
    """one + other, NUMERIC (n,), NULL where either is; bool (n,): too large for NUMERIC, and NULL."""
    try:
        return pc.add(pc.cast(one, _TERM), pc.cast(other, _TERM)), np.zeros(len(one), np.bool_)
    except pa.ArrowInvalid:
        exact = pc.add(pc.cast(one, pa.decimal256(50, 9)), pc.cast(other, pa.decimal256(50, 9)))
        large = flags(pc.greater_equal(pc.abs(exact), pa.scalar(Decimal(10) ** 29, exact.type)))
        return pc.cast(pc.if_else(pa.array(large), None, exact), NUMERIC), large


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
