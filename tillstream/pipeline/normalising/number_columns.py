"""Parse number texts to exact decimals, in one format or in several.

Only unambiguous characters are converted. Superscripts, fractions and circled numbers are not digits.

There are three steps, each for the texts that the previous one cannot parse: a cast of the whole column, a cast of the
plain cells, and a parser for the signs of the contract. The few texts that a cast cannot convert exactly become Python
decimals.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract_sections import NumberStyle
from tillstream.pipeline.rows.text_columns import NUMERIC, Ints, Mask, data_bytes, to_bool_array

_DASHES = dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\u25b3\u25b2", "-")
"""The minus sign, the hyphens and dashes that word processors use instead, and the triangles of Japanese accounts."""
_ZERO_WIDTH = dict.fromkeys("\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", "")
"""Text direction marks and other zero-width characters."""
_WIDE_SPACE = {"\u3000": " "}

NUMBER_LIMIT = Decimal(10) ** 29
"""Exclusive upper bound of NUMERIC(38, 9)."""
_NINE = Decimal("1e-9")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_WIDE = pa.decimal128(38, 20)
_SAFE_LENGTH = 29
"""Texts up to this length cannot overflow a cast. For longer ones Arrow may silently return a wrong number."""
_SPACE = r"[\s\x{a0}\x{202f}\x{2009}]"
_EQUIVALENT_SEPARATORS = {" ": "\u00a0\u202f\u2009", "'": "’"}
"""Equivalent thousands separators: no-break spaces in French spreadsheets, a curly apostrophe in Swiss ones."""
_SPACED_SIGN = rf"^([-+(]){_SPACE}+|{_SPACE}+([-)])$"
"""Accounting formats such as - 12.00 and ( 12.00 )."""
_NO_DECIMALS = r"[-\x{2010}-\x{2014}\x{2212}]{1,2}"
"""Dashes instead of the decimals of a whole price, such as 39.- and 39,--."""


def to_ascii(words: pa.Array, style: NumberStyle) -> pa.Array:
    """Convert texts to ASCII numbers: string (n,) without NULL. Slow (character by character), for few texts."""
    arabic = {"\u066b": style.decimal, "\u066c": style.thousands or "\u066c"}
    return pa.array(["".join(arabic.get(sign) or to_ascii_sign(sign) for sign in word) for word in words.to_pylist()])


@cache
def to_ascii_sign(sign: str) -> str:
    """Return the ASCII form of a digit, a minus or a full-width character; other characters unchanged."""
    replacement = _DASHES.get(sign, _ZERO_WIDTH.get(sign, _WIDE_SPACE.get(sign)))
    if replacement is not None:
        return replacement
    if "\uff00" <= sign <= "\uffef":
        return unicodedata.normalize("NFKC", sign)
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)


@dataclass(frozen=True)
class ParsedNumbers:
    """values: NUMERIC (n,), NULL where missing or invalid; bool (n,) masks of the rows to report."""

    values: pa.Array
    not_a_number: Mask
    too_large: Mask
    rounded: Mask

    def take(self, index: npt.NDArray[np.int32]) -> "ParsedNumbers":
        """The numbers at these positions."""
        masks = (self.not_a_number, self.too_large, self.rounded)
        return ParsedNumbers(self.values.take(pa.array(index)), *(mask[index] for mask in masks))


def read_numbers(text: pa.Array, style: NumberStyle) -> ParsedNumbers:
    """Parse numbers. text: string (n,), trimmed, NULL for missing. Never raises for the content of a cell."""
    no_rows = np.zeros(len(text), np.bool_)
    stripped = _without_leading_sign(text, style.currency_signs)
    cast = _cast_whole(stripped, style)
    if cast is not None:
        return ParsedNumbers(cast, no_rows, no_rows, no_rows)
    is_simple = pc.match_substring_regex(stripped, _simple_pattern(style))
    values = pc.cast(_canonical(pc.if_else(is_simple, stripped, None), style), NUMERIC)
    remaining = np.flatnonzero(~to_bool_array(is_simple) & to_bool_array(pc.is_valid(text)))
    if not len(remaining):
        return ParsedNumbers(values, no_rows, no_rows, no_rows)
    parsed = _parse_signs(text.take(pa.array(remaining)), style)
    is_remaining = no_rows.copy()
    is_remaining[remaining] = True
    values = pc.replace_with_mask(values, pa.array(is_remaining), parsed.values)
    return ParsedNumbers(
        values,
        *(_spread(mask, remaining, len(text)) for mask in (parsed.not_a_number, parsed.too_large, parsed.rounded)),
    )


def _without_leading_sign(text: pa.Array, currency_signs: tuple[str, ...]) -> pa.Array:
    """Remove a leading currency sign, the longest that matches. Avoids a regular expression for the common case."""
    result = text
    for sign in sorted(currency_signs, key=len):
        has_sign = pc.starts_with(text, sign)
        if pc.any(has_sign).as_py():
            result = pc.if_else(has_sign, pc.replace_substring(text, sign, "", max_replacements=1), result)
    return result


def _canonical(text: pa.Array, style: NumberStyle) -> pa.Array:
    """Convert valid numbers to Arrow's notation: no thousands separators, decimal point."""
    if style.thousands:
        text = pc.replace_substring(text, style.thousands, "")
    return text if style.decimal == "." else pc.replace_substring(text, style.decimal, ".")


def _simple_pattern(style: NumberStyle) -> str:
    """Pattern of numbers that a cast converts exactly: at most 17 digits and nine decimals, complete groups."""
    point, group = re.escape(style.decimal), re.escape(style.thousands)
    grouped = rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{1,4}}" if style.thousands else ""
    return rf"^[+-]?(?:(?:[0-9]{{1,17}}{grouped})(?:{point}[0-9]{{0,9}})?|{point}[0-9]{{1,9}})$"


def _spread(mask: Mask, rows: npt.NDArray[np.int64], length: int) -> Mask:
    whole = np.zeros(length, np.bool_)
    whole[rows[mask]] = True
    return whole


def _cast_whole(text: pa.Array, style: NumberStyle) -> pa.Array | None:
    signs = data_bytes(text)
    # + - . and the digits sort before ":". An exponent could silently overflow the cast.
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


def _parse_signs(text: pa.Array, style: NumberStyle) -> ParsedNumbers:
    """Parse the texts that the plain cast rejected; none is NULL."""
    signs = _normalise_signs(text, style)
    valid = to_bool_array(pc.match_substring_regex(signs, _number_pattern(style)))
    is_unicode = ~valid & ~to_bool_array(pc.string_is_ascii(text))
    if is_unicode.any():
        mask = pa.array(is_unicode)
        signs = pc.replace_with_mask(signs, mask, _normalise_unicode(text.filter(mask), style))
        valid = to_bool_array(pc.match_substring_regex(signs, _number_pattern(style)))
    if pc.any(pc.match_substring_regex(signs, r"^\(|-$")).as_py():
        signs = pc.replace_substring_regex(signs, r"^\((.*)\)$|^(.*)-$", r"-\1\2")
    signs = _canonical(signs, style)
    is_short = valid & to_bool_array(pc.match_substring_regex(signs, r"^[+-]?(?:[0-9]{0,17}\.?[0-9]{0,9})$"))
    is_wide = valid & ~is_short & to_bool_array(pc.match_substring_regex(signs, r"^[+-]?[0-9]{0,17}\.[0-9]{10,20}$"))
    values = pc.cast(pc.if_else(pa.array(is_short), signs, None), NUMERIC)
    rounded = np.zeros(len(text), np.bool_)
    if is_wide.any():
        exact = pc.cast(pc.if_else(pa.array(is_wide), signs, None), _WIDE)
        nearest = pc.round(exact, 9, round_mode="half_towards_infinity")
        rounded = to_bool_array(pc.not_equal(exact, nearest))
        values = pc.coalesce(values, pc.cast(nearest, NUMERIC))
    too_large = np.zeros(len(text), np.bool_)
    long_rows = np.flatnonzero(valid & ~is_short & ~is_wide)
    if len(long_rows):
        values, too_large[long_rows], rounded[long_rows] = _fill_long(values, signs, long_rows)
    return ParsedNumbers(values, ~valid, too_large, rounded)


def _normalise_signs(text: pa.Array, style: NumberStyle) -> pa.Array:
    """Remove currency signs, the space next to signs and dashes instead of decimals; replace equivalent thousands
    separators by the contract's."""
    if pc.any(pc.match_substring_regex(text, _SPACED_SIGN)).as_py():
        text = pc.replace_substring_regex(text, _SPACED_SIGN, r"\1\2")
    signs = _without_currency(text, style.currency_signs)
    dashes = rf"([0-9]){re.escape(style.decimal)}{_NO_DECIMALS}$"
    if pc.any(pc.match_substring_regex(signs, dashes)).as_py():
        signs = pc.replace_substring_regex(signs, dashes, r"\1")
    for equivalent in _EQUIVALENT_SEPARATORS.get(style.thousands, ""):
        signs = pc.replace_substring(signs, equivalent, style.thousands)
    return signs


def _normalise_unicode(text: pa.Array, style: NumberStyle) -> pa.Array:
    signs = dict.fromkeys(
        (*style.currency_signs, *("".join(map(to_ascii_sign, sign)) for sign in style.currency_signs))
    )
    return _normalise_signs(to_ascii(text, style), style.model_copy(update={"currency_signs": tuple(signs)}))


def _fill_long(values: pa.Array, signs: pa.Array, long_rows: npt.NDArray[np.int64]) -> tuple[pa.Array, Mask, Mask]:
    encoded = signs.take(pa.array(long_rows)).dictionary_encode()
    rounded_values = [round_to_nine_places(Decimal(word)) for word in encoded.dictionary.to_pylist()]
    index = encoded.indices
    too_large = np.array([value is None for value, _ in rounded_values], np.bool_)[index.to_numpy()]
    rounded = np.array([is_rounded for _, is_rounded in rounded_values], np.bool_)[index.to_numpy()]
    is_long = np.zeros(len(values), np.bool_)
    is_long[long_rows] = True
    exact_values = pa.array([value for value, _ in rounded_values], NUMERIC).take(index)
    return pc.replace_with_mask(values, pa.array(is_long), exact_values), too_large, rounded


def round_to_nine_places(exact: Decimal) -> tuple[Decimal | None, bool]:
    """Round half away from zero to nine decimals. Returns None if too large for NUMERIC, and whether it changed."""
    if not exact:
        return Decimal(0), False
    if exact.adjusted() >= 29:
        return None, False
    # quantize fails for numbers this small; they are zero at nine places.
    rounded = Decimal(0) if exact.adjusted() < -10 else exact.quantize(_NINE, context=_EXACT)
    # Not abs(): it rounds to the 28 digits of the default context.
    return (None, False) if rounded.copy_abs() >= NUMBER_LIMIT else (rounded, rounded != exact)


def _without_currency(text: pa.Array, currency_signs: tuple[str, ...]) -> pa.Array:
    if not currency_signs:
        return text
    sign = "|".join(re.escape(currency_sign) for currency_sign in sorted(currency_signs, key=len, reverse=True))
    without_prefix = pc.replace_substring_regex(text, rf"^([-+(]?)(?:{sign}){_SPACE}*", r"\1")
    without_suffix = pc.replace_substring_regex(text, rf"{_SPACE}*(?:{sign})([-)]?)$", r"\1")
    return pc.if_else(pc.not_equal(without_prefix, text), without_prefix, without_suffix)


def _number_pattern(style: NumberStyle) -> str:
    """Pattern of valid numbers: complete groups only, no leading group of zeros, at most one sign.

    Indian grouping (12,34,567) is accepted too.
    """
    point, group = re.escape(style.decimal), re.escape(style.thousands)
    digits = "[0-9]+"
    if style.thousands:
        digits += rf"|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
    body = rf"(?:(?:{digits})(?:{point}[0-9]*)?|{point}[0-9]+)"
    return rf"^(?:[+-]?{body}(?:[eE][+-]?[0-9]{{1,9}})?|\({body}\)|{body}-)$"


def proven_formats(readings: Sequence[ParsedNumbers]) -> npt.NDArray[np.bool_]:
    """bool (formats, n): a text that this format reads and another one does not."""
    reads = _readable_in_formats(readings)
    return np.logical_and(reads, ~reads.all(axis=0))


def only_proven_format(proven: npt.NDArray[np.bool_]) -> Ints:
    """Index of the only format that is proven, -1 if none or several are, (n,). proven: bool (formats, n)."""
    result: Ints = np.where(proven.sum(axis=0) == 1, proven.argmax(axis=0), -1)
    return result


def read_mixed_numbers(readings: Sequence[ParsedNumbers], formats: Ints) -> tuple[ParsedNumbers, Mask]:
    """Return the number of each row, and the rows whose number two formats read differently, with NULL.

    readings: the same rows in each format. formats: (n,), see `only_proven_format`.
    """
    reads = _readable_in_formats(readings)
    is_proven = (formats >= 0) & np.take_along_axis(reads, np.maximum(formats, 0)[None], axis=0)[0]
    chosen = np.where(is_proven, formats, reads.argmax(axis=0))
    values = readings[0].values
    for index, reading in enumerate(readings[1:], 1):
        values = pc.if_else(pa.array(chosen == index), reading.values, values)
    differs = [to_bool_array(pc.fill_null(pc.not_equal(values, one.values), False)) for one in readings]
    ambiguous: Mask = np.logical_or.reduce(differs) & ~is_proven
    masks = (
        np.choose(chosen, [getattr(one, name) for one in readings]) & ~ambiguous
        for name in ("not_a_number", "too_large", "rounded")
    )
    return ParsedNumbers(pc.if_else(pa.array(ambiguous), None, values), *masks), ambiguous


def possible_numbers(readings: Sequence[ParsedNumbers], ambiguous: Mask) -> pa.Array:
    """What each ambiguous number can mean, string (n,)."""
    columns = zip(*(one.values.to_pylist() for one in readings), strict=True)
    texts = [
        " or ".join(dict.fromkeys(f"{value.normalize():f}" for value in row if value is not None)) if doubtful else ""
        for row, doubtful in zip(columns, ambiguous.tolist(), strict=True)
    ]
    return pa.array(texts, pa.string())


def _readable_in_formats(readings: Sequence[ParsedNumbers]) -> npt.NDArray[np.bool_]:
    return ~np.stack([one.not_a_number for one in readings])
