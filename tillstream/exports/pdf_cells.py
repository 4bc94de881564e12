"""Columns of a table as the texts that a PDF shows: rounded numbers, days, and characters that its font has."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

import pyarrow as pa

from tillstream.exports import number_formats
from tillstream.exports.filter_words import label
from tillstream.exports.number_formats import number_format
from tillstream.model import text as model_text
from tillstream.typesetting.glyphs import replace_missing

EMPTY = "–"
"""Cell without a value."""
EXACT_PLACES, PLACES = 4, 2
"""Decimals of a column that has no more of them, and of one that has."""
MOST_PLACES = 9
LONGEST_WORD = 24
"""Characters of a word that is kept on one line."""
BREAK = "\u200b"
"""Where a line may break; has no width."""
_DIGITS = Context(prec=400)
"""Enough for every decimal and float, which the default context is not."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")


@dataclass(frozen=True)
class PdfColumn:
    """head: its label. cells: one text a row. total: text of the sum; empty without one. is_number: aligned right."""

    head: str
    cells: Sequence[str]
    total: str
    is_number: bool
    has_missing: bool
    """Whether the font lacks a character of it."""


def shown(
    field: pa.Field, column: pa.ChunkedArray, total: Decimal | None, digits: Sequence[int | None] = ()
) -> PdfColumn:
    """A column as texts. total: the sum of its values, shown with as many decimals as they are. digits: of each amount;
    others have as many as the values need."""
    style = number_format(field)
    head, head_has_missing = clean(label(field.name) + (" (UTC)" if style == number_formats.TIME else ""))
    if style in (number_formats.WHOLE, number_formats.FRACTION, number_formats.SHARE):
        values = [None if one is None else Decimal(str(one)) for one in column.to_pylist()]
        is_share = style == number_formats.SHARE
        digits = digits or [None] * len(values)
        others = [one for one, own in zip(values, digits, strict=True) if own is None and one is not None]
        usual = 1 if is_share else places_of([one for one in others if one.is_finite()])
        places = [usual if own is None else own for own in digits]
        pairs = zip(values, places, strict=True)
        cells = [EMPTY if one is None else _number(one, own, is_share=is_share) for one, own in pairs]
        summed = "" if total is None else _number(total, max(places, default=usual), is_share=is_share)
        return PdfColumn(head, cells, summed, is_number=True, has_missing=head_has_missing)
    cleaned = [clean(one) for one in _texts(column, style)]
    has_missing = head_has_missing or any(missing for _, missing in cleaned)
    return PdfColumn(head, [text or EMPTY for text, _ in cleaned], "", style != number_formats.PLAIN, has_missing)


def places_of(values: Sequence[Decimal]) -> int:
    """Decimals of a column: none if all values are whole, else all that it has, at least 2. A column that has more than
    4 is rounded to 2, or to as many as keep each value from being shown as 0."""
    exact = max((_places(one) for one in values), default=0)
    if exact == 0:
        return 0
    if exact <= EXACT_PLACES:
        return max(exact, PLACES)
    smallest = min(abs(one) for one in values if one)
    return max(PLACES, min(-smallest.adjusted(), MOST_PLACES))


def clean(text: str) -> tuple[str, bool]:
    """A text on one line, with places to break long words; and whether the font lacks characters, which become ?."""
    line = _CONTROLS.sub(" ", model_text.neutralize_bidi(text))
    cleaned = replace_missing(line)
    return _LONG.sub(lambda word: word[0] + BREAK, cleaned), cleaned != line


def _texts(column: pa.ChunkedArray, style: str) -> Iterator[str]:
    for value in column.to_pylist():
        if value is None:
            yield ""
        elif style == number_formats.TIME:
            yield value.strftime("%Y-%m-%d %H:%M:%S")
        else:
            yield ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _places(value: Decimal) -> int:
    exponent = value.normalize(_DIGITS).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number(value: Decimal, places: int, *, is_share: bool) -> str:
    """-1234.5 → −1,234.50; 0.1234 as a share → 12.3%."""
    if not value.is_finite():
        return str(value)
    percent = _DIGITS.multiply(value, Decimal(100)) if is_share else value
    rounded = percent.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _DIGITS)
    text = f"{abs(rounded):,.{places}f}" + ("%" if is_share else "")
    return text if rounded >= 0 else f"−{text}"
