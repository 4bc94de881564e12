"""Exact arithmetic on columns of amounts: totals, taxes, minor units and refunds, rounded to nine decimals."""

from decimal import Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.money import minor_digits
from tillstream.pipeline.normalising.number_columns import NUMBER_LIMIT, ParsedNumbers, round_to_nine_places
from tillstream.pipeline.rows.text_columns import NUMERIC, Ints, Mask, encode_texts, to_bool_array

_EXACT_SHARE = Context(prec=80)
_WHOLE = pa.decimal128(9, 0)
_PRICE = pa.decimal128(28, 9)
_NARROW = pa.decimal128(18, 9)
_TERM = pa.decimal128(37, 9)
_WIDE = pa.decimal256(38, 9)
_PERCENT = pa.decimal256(12, 9)
_BILLION = pa.scalar(Decimal(10) ** 9, NUMERIC)
_TERM_LIMIT = pa.scalar(Decimal(10) ** 17, NUMERIC)

HUNDRED = Decimal(100)


_ONE_IN_A_HUNDRED = pa.scalar(Decimal("0.01"), pa.decimal256(3, 2))
_ZERO = pa.scalar(Decimal(0), NUMERIC)


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
        totals = [round_to_nine_places(_EXACT_SHARE.subtract(_EXACT_SHARE.multiply(a, b), c))[0] for a, b, c in terms]
        too_large[large_rows] = [one is None for one in totals]
        is_large = np.zeros(len(total), np.bool_)
        is_large[large_rows] = True
        total = pc.replace_with_mask(total, pa.array(is_large), pa.array(totals, NUMERIC))
    return total, too_large


def _below(column: pa.Array, limit: pa.Scalar) -> Mask:
    return to_bool_array(pc.less(pc.abs(column), limit))


def add_amounts(left: pa.Array, right: pa.Array) -> tuple[pa.Array, Mask]:
    """Compute left + right: NUMERIC (n,), NULL where either is NULL; bool (n,): too large for NUMERIC (NULL)."""
    try:
        return pc.add(pc.cast(left, _TERM), pc.cast(right, _TERM)), np.zeros(len(left), np.bool_)
    except pa.ArrowInvalid:
        exact = pc.add(pc.cast(left, pa.decimal256(50, 9)), pc.cast(right, pa.decimal256(50, 9)))
        too_large = to_bool_array(pc.greater_equal(pc.abs(exact), pa.scalar(Decimal(10) ** 29, exact.type)))
        return pc.cast(pc.if_else(pa.array(too_large), None, exact), NUMERIC), too_large


def multiply_amounts(values: pa.Array, factor: Decimal) -> ParsedNumbers:
    """Multiply by a constant. values: NUMERIC (n,); factor: at most 20 digits. Results are NULL where too large."""
    places = max(-int(factor.as_tuple().exponent), 0)
    digits = max(len(factor.as_tuple().digits), places) + max(int(factor.as_tuple().exponent), 0)
    exact = pc.multiply(pc.cast(values, _WIDE), pa.scalar(factor, pa.decimal256(digits, places)))
    rounded = pc.round(exact, 9, round_mode="half_towards_infinity")
    too_large = to_bool_array(pc.greater_equal(pc.abs(rounded), pa.scalar(NUMBER_LIMIT, rounded.type)))
    none = np.zeros(len(values), np.bool_)
    result = pc.cast(pc.if_else(pa.array(too_large), None, rounded), NUMERIC)
    return ParsedNumbers(result, none, too_large, to_bool_array(pc.not_equal(exact, rounded)) & ~too_large)


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
    return round_to_nine_places(_EXACT_SHARE.divide(_EXACT_SHARE.multiply(gross, rate), _EXACT_SHARE.add(1, rate)))[0]


def from_minor_units(values: pa.Array, digits: Ints) -> pa.Array:
    """Divide amounts in minor units by what the currency of their row requires. digits: (n,), as by
    `minor_unit_digits`."""
    for count in np.unique(digits).tolist():
        divided = multiply_amounts(values, Decimal(1).scaleb(-count)).values
        values = pc.if_else(pa.array(digits == count), divided, values)
    return values


def minor_unit_digits(currency: pa.Array) -> Ints:
    """The decimal digits of each row's currency, (n,). currency: codes; NULL has two digits."""
    currencies = encode_texts(currency)
    digits = np.array(
        [minor_digits((word or "").upper()) for word in currencies.dictionary.to_pylist()] + [2], np.int64
    )
    result: Ints = digits[pc.fill_null(currencies.indices, len(digits) - 1).to_numpy(zero_copy_only=False)]
    return result


def subtract_refund(whole: pa.Array, refund: pa.Array) -> pa.Array:
    """A total less a refund with any sign, which is 0 where it is NULL: NUMERIC (n,)."""
    amount = pc.abs(refund)
    left, _ = add_amounts(whole, pc.if_else(pc.less(whole, _ZERO), amount, pc.negate(amount)))
    return pc.coalesce(left, whole)


def total_after_refunds(whole: pa.Array, rest: pa.Array) -> pa.Array:
    """The total after refunds, which is the whole where it is NULL: NUMERIC (n,)."""
    return pc.coalesce(rest, whole)


def lacks_total(whole: pa.Array, refund: pa.Array) -> Mask:
    """Where there is a refund, or a rest, of a total that is NULL or 0, bool (n,)."""
    is_empty = pc.or_kleene(pc.is_null(whole), pc.equal(whole, _ZERO))
    return to_bool_array(pc.and_(is_empty, pc.not_equal(refund, _ZERO)))


def scale_in_proportion(values: pa.Array, part: pa.Array, whole: pa.Array) -> pa.Array:
    """Compute values × part ÷ whole: NUMERIC (n,), rounded half away from zero to nine decimals.

    Values are unchanged where part equals whole or one of them is NULL, and NULL where whole is 0.
    """
    changed = to_bool_array(pc.and_(pc.is_valid(values), pc.not_equal(part, whole)))
    rows = pa.array(np.flatnonzero(changed))
    terms = zip(*(column.take(rows).to_pylist() for column in (values, part, whole)), strict=True)
    results = [
        round_to_nine_places(_EXACT_SHARE.divide(_EXACT_SHARE.multiply(a, b), c))[0] if c else None for a, b, c in terms
    ]
    return pc.replace_with_mask(values, pa.array(changed), pa.array(results, NUMERIC))
