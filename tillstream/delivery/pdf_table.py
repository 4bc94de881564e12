"""A table as PDF: title, filters, heads on each page, totals, page numbers; a short one, for print and for reading."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.delivery import export_table
from tillstream.delivery.export_table import ExportTable, column_label, number_format
from tillstream.delivery.typeset import MISSING_GLYPH, measure_template, replace_missing, typeset
from tillstream.model import safe_text
from tillstream.model.errors import Rejected

EMPTY_CELL = "–"
"""Cell without a value."""
EXACT_PLACES, DECIMAL_PLACES = 4, 2
"""Decimals of a column that has no more of them, and of one that has."""
MAX_PLACES = 9
LONGEST_WORD = 24
"""Characters of a word that is kept on one line."""
BREAK = "\u200b"
"""Where a line may break; has no width."""
_DIGITS = Context(prec=400)
"""Enough for every decimal and float, which the default context is not."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")

WIDE_PAGE, UPRIGHT_PAGE = 770.0, 523.0
"""Points between the margins of an A4 page on its side, and of an upright one."""
SIZE = 8
"""Size of letters in points that widths are measured with."""
SIZES = (8, 7, 6)
INSET = 8.0
"""Points between the texts of two columns."""
COMFORTABLE = 220.0
"""Width above which a text is broken rather than a page turned."""

MAX_ROWS, MAX_CELLS = 2_000, 20_000
"""Maximum of rows and of cells: about 40 pages, 2 seconds and 300 MB of memory."""
MEASURED_TEXTS = 40
"""The longest texts of a column, which are measured."""
TABLE_TEMPLATE, WIDTHS_TEMPLATE = (Path(__file__).with_name(f"{name}.typ") for name in ("table", "widths"))
TOTAL = "Total"
REPLACED = f"Characters that the font of this page lacks are shown as {MISSING_GLYPH}; Excel and CSV files have them."
INSTEAD = "or use Excel (XLSX) or CSV."


@dataclass(frozen=True)
class PdfColumn:
    """head: its label. cells: one text a row. total: text of the sum; empty without one. is_number: aligned right."""

    head: str
    cells: Sequence[str]
    total: str
    is_number: bool
    has_missing: bool
    """Whether the font lacks a character of it."""


def pdf_column(
    field: pa.Field, column: pa.ChunkedArray, total: Decimal | None, digits: Sequence[int | None] = ()
) -> PdfColumn:
    """A column as texts. total: the sum of its values, shown with as many decimals as they are. digits: of each amount;
    others have as many as the values need."""
    style = number_format(field)
    head, head_has_missing = clean_text(
        column_label(field.name) + (" (UTC)" if style == export_table.TIME_FORMAT else "")
    )
    if style in (export_table.WHOLE_FORMAT, export_table.FRACTION_FORMAT, export_table.SHARE_FORMAT):
        cells, summed = _number_cells(column, total, digits, is_share=style == export_table.SHARE_FORMAT)
        return PdfColumn(head, cells, summed, is_number=True, has_missing=head_has_missing)
    cleaned = [clean_text(one) for one in _texts(column, style)]
    has_missing = head_has_missing or any(missing for _, missing in cleaned)
    return PdfColumn(
        head, [text or EMPTY_CELL for text, _ in cleaned], "", style != export_table.PLAIN_FORMAT, has_missing
    )


def _number_cells(
    column: pa.ChunkedArray, total: Decimal | None, digits: Sequence[int | None], *, is_share: bool
) -> tuple[list[str], str]:
    """The numbers as texts, and their sum."""
    values = [None if one is None else Decimal(str(one)) for one in column.to_pylist()]
    digits = digits or [None] * len(values)
    others = [one for one, own in zip(values, digits, strict=True) if own is None and one is not None]
    usual = 1 if is_share else places_of([one for one in others if one.is_finite()])
    places = [usual if own is None else own for own in digits]
    pairs = zip(values, places, strict=True)
    cells = [EMPTY_CELL if one is None else _number(one, own, is_share=is_share) for one, own in pairs]
    return cells, "" if total is None else _number(total, max(places, default=usual), is_share=is_share)


def places_of(values: Sequence[Decimal]) -> int:
    """Decimals of a column: none if all values are whole, else all that it has, at least 2. A column that has more than
    4 is rounded to 2, or to as many as keep each value from being shown as 0."""
    exact = max((_places(one) for one in values), default=0)
    if exact == 0:
        return 0
    if exact <= EXACT_PLACES:
        return max(exact, DECIMAL_PLACES)
    smallest = min(abs(one) for one in values if one)
    return max(DECIMAL_PLACES, min(-smallest.adjusted(), MAX_PLACES))


def clean_text(text: str) -> tuple[str, bool]:
    """A text on one line, with places to break long words; and whether the font lacks characters, which become ?."""
    line = _CONTROLS.sub(" ", safe_text.neutralize_bidi(text))
    cleaned = replace_missing(line)
    return _LONG.sub(lambda word: word[0] + BREAK, cleaned), cleaned != line


def _texts(column: pa.ChunkedArray, style: str) -> Iterator[str]:
    for value in column.to_pylist():
        if value is None:
            yield ""
        elif style == export_table.TIME_FORMAT:
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


@dataclass(frozen=True)
class NeededWidths:
    """Points that a column needs: to show its head and each text on one line, each text, and at least."""

    whole: float
    text: float
    least: float


@dataclass(frozen=True)
class PageLayout:
    """widths: of columns, with their insets, in points. is_wide: whether the page is on its side."""

    widths: Sequence[float]
    size: int
    is_wide: bool


def layout_columns(needed: Sequence[NeededWidths]) -> PageLayout | None:
    """The largest letters that fit; None if the columns fit in no way."""
    for size in SIZES:
        scaled = [_scaled(one, size / SIZE) for one in needed]
        wholes, texts = [one.whole for one in scaled], [one.text for one in scaled]
        for space, is_wide in ((UPRIGHT_PAGE, False), (WIDE_PAGE, True)):
            if sum(texts) <= space:
                return PageLayout(_shared(texts, wholes, space), size, is_wide)
        least = [one.least for one in scaled]
        if sum(least) <= WIDE_PAGE:
            return PageLayout(_shared(least, texts, WIDE_PAGE), size, is_wide=True)
    return None


def _scaled(one: NeededWidths, factor: float) -> NeededWidths:
    least = one.least * factor + INSET
    text = max(min(one.text * factor + INSET, COMFORTABLE), least)
    return NeededWidths(max(min(one.whole * factor + INSET, COMFORTABLE), text), text, least)


def _shared(lows: Sequence[float], highs: Sequence[float], space: float) -> list[float]:
    """The low widths, and the rest of the page in proportion to what each lacks; at most the high ones."""
    lacking = sum(highs) - sum(lows)
    share = min(1.0, (space - sum(lows)) / lacking) if lacking else 0.0
    return [low + share * (high - low) for low, high in zip(lows, highs, strict=True)]


def pdf_chunks(table: ExportTable) -> Iterator[bytes]:
    """The bytes of the PDF. Raises `Rejected` for more rows or columns than a document has place for."""
    rows = _read(table)
    sums = {name: Decimal(pc.sum(rows[name]).as_py() or 0) for name in table.totals if name in rows.column_names}
    totals = sums if rows.num_rows > 1 else {}
    digits = {name: [each] * rows.num_rows for name, each in table.digits.items()} | table.digits_by_row(rows)
    columns = [
        pdf_column(field, column, totals.get(field.name), digits.get(field.name, ()))
        for field, column in zip(rows.schema, rows.columns, strict=True)
    ]
    chosen = layout_columns(_needed(columns))
    if chosen is None:
        raise Rejected(f"{len(columns)} columns do not fit on a page. Choose fewer columns, {INSTEAD}")
    yield typeset(
        TABLE_TEMPLATE, json.dumps(_document(table, columns, chosen, has_totals=bool(totals)), ensure_ascii=False)
    )


def _read(table: ExportTable) -> pa.Table:
    """All rows; reads no further than the limit."""
    most = min(MAX_ROWS, MAX_CELLS // max(len(table.schema), 1))
    batches, count = [], 0
    for batch in table.printed:
        count += batch.num_rows
        if count > most:
            raise Rejected(f"A PDF has place for {most:,} rows of this table. Narrow the filters, {INSTEAD}")
        batches.append(batch)
    return pa.Table.from_batches(batches, table.schema)


def _needed(columns: Sequence[PdfColumn]) -> list[NeededWidths]:
    """The widths of heads, and of the longest texts and words, as Typst measures them."""
    longest = [
        {
            "head": [one.head],
            "texts": _longest([*one.cells, one.total]),
            "words": _longest([*one.head.split(), *(one.cells if one.is_number else _words(one.cells)), one.total]),
        }
        for one in columns
    ]
    widths = measure_template(WIDTHS_TEMPLATE, json.dumps({"size": SIZE, "columns": longest}, ensure_ascii=False))
    return [NeededWidths(max(one["head"], one["texts"]), one["texts"], one["words"]) for one in widths]


def _words(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in text.replace(BREAK, " ").split()}


def _longest(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts), key=len, reverse=True)[:MEASURED_TEXTS]


def _document(
    table: ExportTable, columns: Sequence[PdfColumn], chosen: PageLayout, *, has_totals: bool
) -> dict[str, Any]:
    title, *phrases = (
        clean_text(one)
        for one in (export_table.column_label(table.name), *export_table.filters_in_words(table.filters, table.amounts))
    )
    has_missing = any(missing for _, missing in (title, *phrases)) or any(one.has_missing for one in columns)
    count = len(columns[0].cells) if columns else 0
    made = f"{table.created_at.day} {table.created_at:%b %Y, %H:%M} UTC" if table.created_at else ""
    labels = next((number for number, one in enumerate(columns) if not one.total), -1)
    return {
        "title": title[0],
        "filters": [text for text, _ in phrases],
        "facts": [f"{count:,} row{'' if count == 1 else 's'}", *([f"Created {made}"] if made else [])],
        "note": REPLACED if has_missing else "",
        "is_wide": chosen.is_wide,
        "size": chosen.size,
        "columns": [
            {"head": one.head, "width": width, "is_number": one.is_number}
            for one, width in zip(columns, chosen.widths, strict=True)
        ],
        "rows": list(zip(*(one.cells for one in columns), strict=True)),
        "totals": [one.total or (TOTAL if number == labels else "") for number, one in enumerate(columns)]
        if has_totals
        else [],
    }
