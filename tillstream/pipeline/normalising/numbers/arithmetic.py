"""Exact arithmetic on NUMERIC columns; results are rounded half away from zero to nine decimals."""

from decimal import Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.numbers.parse import LIMIT, Numbers, nine_places
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Mask

_EXACT = Context(prec=80)
"""The product of two NUMERIC values has at most 76 digits."""
_WHOLE = pa.decimal128(9, 0)
_PRICE = pa.decimal128(28, 9)
_NARROW = pa.decimal128(18, 9)
_TERM = pa.decimal128(37, 9)
_WIDE = pa.decimal256(38, 9)
_PERCENT = pa.decimal256(12, 9)
_BILLION = pa.scalar(Decimal(10) ** 9, NUMERIC)
_TERM_LIMIT = pa.scalar(Decimal(10) ** 17, NUMERIC)


def line_total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> tuple[pa.Array, Mask]:
    """Compute quantity × unit_price − discount; a NULL discount counts as 0.

    Returns NUMERIC (n,), NULL where quantity or price is NULL, and bool (n,): True where the result is too large for
    NUMERIC and therefore NULL.
    """
    try:
        # Fast path for whole quantities: the product keeps nine decimals and needs no rounding.
        product = pc.multiply(pc.cast(quantity, _WHOLE), pc.cast(unit_price, _PRICE))
        total = product if discount.null_count == len(discount) else _subtract(product, discount)
    except pa.ArrowInvalid:
        return _exact_total(quantity, unit_price, discount)
    return total, np.zeros(len(total), np.bool_)


def _subtract(product: pa.Array, discount: pa.Array) -> pa.Array:
    discount_or_zero = pc.fill_null(discount, pa.scalar(Decimal(0), NUMERIC))
    return pc.subtract(pc.cast(product, _TERM), pc.cast(discount_or_zero, _TERM))


def _exact_total(quantity: pa.Array, unit_price: pa.Array, discount: pa.Array) -> tuple[pa.Array, Mask]:
    discount_or_zero = pc.fill_null(discount, pa.scalar(Decimal(0), NUMERIC))
    has_terms = to_bool_array(pc.and_(pc.is_valid(quantity), pc.is_valid(unit_price)))
    is_small = (
        has_terms & _below(quantity, _BILLION) & _below(unit_price, _BILLION) & _below(discount_or_zero, _TERM_LIMIT)
    )
    small = pa.array(is_small)
    product = pc.multiply(*(pc.cast(pc.if_else(small, term, None), _NARROW) for term in (quantity, unit_price)))
    reduction = pc.cast(pc.if_else(small, discount_or_zero, None), pa.decimal128(35, 18))
    exact = pc.subtract(pc.cast(product, pa.decimal128(37, 18)), reduction)
    total = pc.cast(pc.round(exact, 9, round_mode="half_towards_infinity"), NUMERIC)
    large_rows = np.flatnonzero(has_terms & ~is_small)
    too_large = np.zeros(len(total), np.bool_)
    if len(large_rows):
        rows = pa.array(large_rows)
        terms = zip(
            *(column.take(rows).to_pylist() for column in (quantity, unit_price, discount_or_zero)), strict=True
        )
        totals = [nine_places(_EXACT.subtract(_EXACT.multiply(a, b), c))[0] for a, b, c in terms]
        too_large[large_rows] = [one is None for one in totals]
        is_large = np.zeros(len(total), np.bool_)
        is_large[large_rows] = True
        total = pc.replace_with_mask(total, pa.array(is_large), pa.array(totals, NUMERIC))
    return total, too_large


def _below(column: pa.Array, limit: pa.Scalar) -> Mask:
    return to_bool_array(pc.less(pc.abs(column), limit))


def plus(left: pa.Array, right: pa.Array) -> tuple[pa.Array, Mask]:
    """Compute left + right: NUMERIC (n,), NULL where either is NULL; bool (n,): too large for NUMERIC (NULL)."""
    try:
        return pc.add(pc.cast(left, _TERM), pc.cast(right, _TERM)), np.zeros(len(left), np.bool_)
    except pa.ArrowInvalid:
        exact = pc.add(pc.cast(left, pa.decimal256(50, 9)), pc.cast(right, pa.decimal256(50, 9)))
        too_large = to_bool_array(pc.greater_equal(pc.abs(exact), pa.scalar(Decimal(10) ** 29, exact.type)))
        return pc.cast(pc.if_else(pa.array(too_large), None, exact), NUMERIC), too_large


HUNDRED = Decimal(100)


_ONE_IN_A_HUNDRED = pa.scalar(Decimal("0.01"), pa.decimal256(3, 2))


def times(values: pa.Array, factor: Decimal) -> Numbers:
    """Multiply by a constant. values: NUMERIC (n,); factor: at most 20 digits. Results are NULL where too large."""
    places = max(-int(factor.as_tuple().exponent), 0)
    digits = max(len(factor.as_tuple().digits), places) + max(int(factor.as_tuple().exponent), 0)
    exact = pc.multiply(pc.cast(values, _WIDE), pa.scalar(factor, pa.decimal256(digits, places)))
    rounded = pc.round(exact, 9, round_mode="half_towards_infinity")
    too_large = to_bool_array(pc.greater_equal(pc.abs(rounded), pa.scalar(LIMIT, rounded.type)))
    none = np.zeros(len(values), np.bool_)
    result = pc.cast(pc.if_else(pa.array(too_large), None, rounded), NUMERIC)
    return Numbers(result, none, too_large, to_bool_array(pc.not_equal(exact, rounded)) & ~too_large)


def percent_of(base: pa.Array, percent: pa.Array) -> pa.Array:
    """Compute base × percent ÷ 100. base, percent: NUMERIC (n,); percent is from -100 to 100, so the result fits."""
    parts = pc.multiply(pc.multiply(pc.cast(base, _WIDE), pc.cast(percent, _PERCENT)), _ONE_IN_A_HUNDRED)
    return pc.cast(pc.round(parts, 9, round_mode="half_towards_infinity"), NUMERIC)


def exceeds_hundred(percent: pa.Array) -> npt.NDArray[np.bool_]:
    return to_bool_array(pc.greater(pc.abs(percent), pa.scalar(HUNDRED, NUMERIC)))


def included_tax(gross: pa.Array, rate: Decimal) -> pa.Array:
    """Compute the tax included in gross amounts: gross × rate ÷ (1 + rate), once per distinct amount. NUMERIC (n,)."""
    encoded = gross.dictionary_encode()
    tax = [_tax(amount, rate) for amount in encoded.dictionary.to_pylist()]
    return pa.array(tax, NUMERIC).take(encoded.indices)


def included_taxes(gross: pa.Array, percent: pa.Array) -> pa.Array:
    """Compute the tax included in gross amounts at a rate per row, in percent: NUMERIC (n,), NULL where one is NULL."""
    if not len(percent):
        return gross
    rates = percent.dictionary_encode()
    codes = pc.fill_null(rates.indices, -1).to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    values, firsts = np.unique(codes[order], return_index=True)
    parts = [
        included_tax(gross.take(pa.array(rows)), rates.dictionary[code].as_py() / 100)
        if code >= 0
        else pa.nulls(len(rows), NUMERIC)
        for code, rows in zip(values.tolist(), np.split(order, firsts[1:]), strict=True)
    ]
    return pa.concat_arrays(parts).take(pa.array(np.argsort(order, kind="stable")))


def _tax(gross: Decimal, rate: Decimal) -> Decimal | None:
    return nine_places(_EXACT.divide(_EXACT.multiply(gross, rate), _EXACT.add(1, rate)))[0]
