"""Numbers as a source writes them → exact decimals.

Three tiers, each for what the one before could not read: a cast of the whole column, a cast of the plain cells, and
the signs of the contract with exact decimals for the few texts that even those casts would not keep exactly.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import NumberStyle
from tillstream.pipeline.normalising.numbers.unicode_digits import ordinary, plain_sign
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import data_bytes, flags

LIMIT = Decimal(10) ** 29
"""Amounts of NUMERIC(38, 9) are smaller than this."""
_NINE = Decimal("1e-9")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_WIDE = pa.decimal128(38, 20)
_SAFE_LENGTH = 29
"""Texts up to this length cannot overflow a cast. Longer ones can, and Arrow then gives another number in silence."""
_WHITE = r"[\s\x{a0}\x{202f}\x{2009}]"
_ALSO = {" ": "\u00a0\u202f\u2009", "'": "’"}
"""Signs that mean the same: French spreadsheets group with no-break spaces, Swiss ones with a curly apostrophe."""
_SPACED = rf"^([-+(]){_WHITE}+|{_WHITE}+([-)])$"
"""Accounting formats write - 12.00 and ( 12.00 )."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Numbers:
    """values: NUMERIC (n,), NULL where missing or refused; bool (n,) for each thing to tell."""

    values: pa.Array
    not_a_number: Mask
    too_large: Mask
    rounded: Mask


def read_numbers(text: pa.Array, style: NumberStyle) -> Numbers:
    """text: string (n,), trimmed, NULL for missing. Never raises for what a cell holds."""
    none = np.zeros(len(text), np.bool_)
    bare = _without_leading_sign(text, style.currency_signs)
    fast = _cast_whole(bare, style)
    if fast is not None:
        return Numbers(fast, none, none, none)
    easy = pc.match_substring_regex(bare, _easy(style))
    values = pc.cast(_canonical(pc.if_else(easy, bare, None), style), NUMERIC)
    rest = np.flatnonzero(~flags(easy) & flags(pc.is_valid(text)))
    if not len(rest):
        return Numbers(values, none, none, none)
    read = _read_signs(text.take(pa.array(rest)), style)
    chosen = none.copy()
    chosen[rest] = True
    values = pc.replace_with_mask(values, pa.array(chosen), read.values)
    return Numbers(
        values, *(_spread(mask, rest, len(text)) for mask in (read.not_a_number, read.too_large, read.rounded))
    )


def _without_leading_sign(text: pa.Array, currency_signs: tuple[str, ...]) -> pa.Array:
    """The usual place of a currency sign, without a regular expression; the longest sign that fits is taken off."""
    bare = text
    for sign in sorted(currency_signs, key=len):
        leads = pc.starts_with(text, sign)
        if pc.any(leads).as_py():
            bare = pc.if_else(leads, pc.replace_substring(text, sign, "", max_replacements=1), bare)
    return bare


def _canonical(text: pa.Array, style: NumberStyle) -> pa.Array:
    """Valid numbers without their grouping and with a point."""
    if style.thousands:
        text = pc.replace_substring(text, style.thousands, "")
    return text if style.decimal == "." else pc.replace_substring(text, style.decimal, ".")


def _easy(style: NumberStyle) -> str:
    """What a cast keeps exactly: at most 17 digits, at most nine decimals, whole groups."""
    point, group = re.escape(style.decimal), re.escape(style.thousands)
    grouped = rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{1,4}}" if style.thousands else ""
    return rf"^[+-]?(?:(?:[0-9]{{1,17}}{grouped})(?:{point}[0-9]{{0,9}})?|{point}[0-9]{{1,9}})$"


def _spread(mask: Mask, rows: npt.NDArray[np.int64], length: int) -> Mask:
    whole = np.zeros(length, np.bool_)
    whole[rows[mask]] = True
    return whole


def _cast_whole(text: pa.Array, style: NumberStyle) -> pa.Array | None:
    signs = data_bytes(text)
    # All of + - . and the digits stand before ":"; an exponent could overflow the cast unseen.
    if len(signs) and signs.max() > ord("9"):
        return None
    if style.decimal != ".":
        if (signs == ord(".")).any():
            return None
        text = pc.replace_substring(text, style.decimal, ".")
    if (pc.max(pc.binary_length(text)).as_py() or 0) > _SAFE_LENGTH:
        return None
    try:
        return pc.cast(text, NUMERIC)
    except pa.ArrowInvalid:
        return None


def _read_signs(text: pa.Array, style: NumberStyle) -> Numbers:
    """Every text here is one that the plain cast refused; none is NULL."""
    signs = _bare(text, style)
    valid = flags(pc.match_substring_regex(signs, _pattern(style)))
    strange = ~valid & ~flags(pc.string_is_ascii(text))
    if strange.any():
        mask = pa.array(strange)
        signs = pc.replace_with_mask(signs, mask, _of_other_scripts(text.filter(mask), style))
        valid = flags(pc.match_substring_regex(signs, _pattern(style)))
    if pc.any(pc.match_substring_regex(signs, r"^\(|-$")).as_py():
        signs = pc.replace_substring_regex(signs, r"^\((.*)\)$|^(.*)-$", r"-\1\2")
    signs = _canonical(signs, style)
    short = valid & flags(pc.match_substring_regex(signs, r"^[+-]?(?:[0-9]{0,17}\.?[0-9]{0,9})$"))
    wide = valid & ~short & flags(pc.match_substring_regex(signs, r"^[+-]?[0-9]{0,17}\.[0-9]{10,20}$"))
    values = pc.cast(pc.if_else(pa.array(short), signs, None), NUMERIC)
    rounded = np.zeros(len(text), np.bool_)
    if wide.any():
        exact = pc.cast(pc.if_else(pa.array(wide), signs, None), _WIDE)
        near = pc.round(exact, 9, round_mode="half_towards_infinity")
        rounded = flags(pc.not_equal(exact, near))
        values = pc.coalesce(values, pc.cast(near, NUMERIC))
    large = np.zeros(len(text), np.bool_)
    rare = np.flatnonzero(valid & ~short & ~wide)
    if len(rare):
        values, large[rare], rounded[rare] = _with_rare(values, signs, rare)
    return Numbers(values, ~valid, large, rounded)


def _bare(text: pa.Array, style: NumberStyle) -> pa.Array:
    """Without currency signs and the space beside signs, grouped with the contract's own sign."""
    if pc.any(pc.match_substring_regex(text, _SPACED)).as_py():
        text = pc.replace_substring_regex(text, _SPACED, r"\1\2")
    signs = _without_currency(text, style.currency_signs)
    for other in _ALSO.get(style.thousands, ""):
        signs = pc.replace_substring(signs, other, style.thousands)
    return signs


def _of_other_scripts(text: pa.Array, style: NumberStyle) -> pa.Array:
    signs = dict.fromkeys((*style.currency_signs, *("".join(map(plain_sign, sign)) for sign in style.currency_signs)))
    return _bare(ordinary(text, style), style.model_copy(update={"currency_signs": tuple(signs)}))


def _with_rare(values: pa.Array, signs: pa.Array, rare: npt.NDArray[np.int64]) -> tuple[pa.Array, Mask, Mask]:
    encoded = signs.take(pa.array(rare)).dictionary_encode()
    read = [nine_places(Decimal(word)) for word in encoded.dictionary.to_pylist()]
    index = encoded.indices
    large = np.array([value is None for value, _ in read], np.bool_)[index.to_numpy()]
    rounded = np.array([changed for _, changed in read], np.bool_)[index.to_numpy()]
    chosen = np.zeros(len(values), np.bool_)
    chosen[rare] = True
    found = pa.array([value for value, _ in read], NUMERIC).take(index)
    return pc.replace_with_mask(values, pa.array(chosen), found), large, rounded


def nine_places(exact: Decimal) -> tuple[Decimal | None, bool]:
    """Rounded half away from zero at nine decimals, None if too large for NUMERIC; and whether rounding changed it."""
    if not exact:
        return Decimal(0), False
    if exact.adjusted() >= 29:
        return None, False
    # A number this small would need more digits of exponent than quantize takes; it is zero at nine places.
    near = Decimal(0) if exact.adjusted() < -10 else exact.quantize(_NINE, context=_EXACT)
    # Not abs(): it rounds to the 28 digits of the default context.
    return (None, False) if near.copy_abs() >= LIMIT else (near, near != exact)


def _without_currency(text: pa.Array, currency_signs: tuple[str, ...]) -> pa.Array:
    if not currency_signs:
        return text
    sign = "|".join(re.escape(one) for one in sorted(currency_signs, key=len, reverse=True))
    before = pc.replace_substring_regex(text, rf"^([-+(]?)(?:{sign}){_WHITE}*", r"\1")
    after = pc.replace_substring_regex(text, rf"{_WHITE}*(?:{sign})([-)]?)$", r"\1")
    return pc.if_else(pc.not_equal(before, text), before, after)


def _pattern(style: NumberStyle) -> str:
    """What a strict reader takes: whole groups only, no group of zeros in front, one sign in one place.

    Groups of two before the last three are the Indian way (12,34,567); they name the same number.
    """
    point, group = re.escape(style.decimal), re.escape(style.thousands)
    digits = "[0-9]+"
    if style.thousands:
        digits += rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
    body = rf"(?:(?:{digits})(?:{point}[0-9]*)?|{point}[0-9]+)"
    return rf"^(?:[+-]?{body}(?:[eE][+-]?[0-9]{{1,9}})?|\({body}\)|{body}-)$"
