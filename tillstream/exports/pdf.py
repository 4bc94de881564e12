"""A table as PDF: title, filters, heads on each page, totals, page numbers; a short one, for print and for reading."""

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.exports import filter_words
from tillstream.exports.pdf_cells import BREAK, PdfColumn, clean, shown
from tillstream.exports.pdf_layout import SIZE, Layout, Needed, layout
from tillstream.exports.table import ExportTable
from tillstream.model.errors import Rejected
from tillstream.typesetting.glyphs import MISSING
from tillstream.typesetting.typeset import measured, typeset

ROWS, CELLS = 2_000, 20_000
"""Maximum of rows and of cells: about 40 pages, 2 seconds and 300 MB of memory."""
MEASURED = 40
"""The longest texts of a column, which are measured."""
TABLE, WIDTHS = (Path(__file__).with_name(f"{name}.typ") for name in ("table", "widths"))
TOTAL = "Total"
REPLACED = f"Characters that the font of this page lacks are shown as {MISSING}; Excel and CSV files have them."
INSTEAD = "or use Excel (XLSX) or CSV."


def chunks(table: ExportTable) -> Iterator[bytes]:
    """The bytes of the PDF. Raises `Rejected` for more rows or columns than a document has place for."""
    rows = _read(table)
    sums = {name: Decimal(pc.sum(rows[name]).as_py() or 0) for name in table.totals if name in rows.column_names}
    totals = sums if rows.num_rows > 1 else {}
    digits = {name: [each] * rows.num_rows for name, each in table.digits.items()} | table.digits_by_row(rows)
    columns = [
        shown(field, column, totals.get(field.name), digits.get(field.name, ()))
        for field, column in zip(rows.schema, rows.columns, strict=True)
    ]
    chosen = layout(_needed(columns))
    if chosen is None:
        raise Rejected(f"{len(columns)} columns do not fit on a page. Choose fewer columns, {INSTEAD}")
    yield typeset(TABLE, json.dumps(_document(table, columns, chosen, has_totals=bool(totals)), ensure_ascii=False))


def _read(table: ExportTable) -> pa.Table:
    """All rows; reads no further than the limit."""
    most = min(ROWS, CELLS // max(len(table.schema), 1))
    batches, count = [], 0
    for batch in table.printed:
        count += batch.num_rows
        if count > most:
            raise Rejected(f"A PDF has place for {most:,} rows of this table. Narrow the filters, {INSTEAD}")
        batches.append(batch)
    return pa.Table.from_batches(batches, table.schema)


def _needed(columns: Sequence[PdfColumn]) -> list[Needed]:
    """The widths of heads, and of the longest texts and words, as Typst measures them."""
    longest = [
        {
            "head": [one.head],
            "texts": _longest([*one.cells, one.total]),
            "words": _longest([*one.head.split(), *(one.cells if one.is_number else _words(one.cells)), one.total]),
        }
        for one in columns
    ]
    widths = measured(WIDTHS, json.dumps({"size": SIZE, "columns": longest}, ensure_ascii=False))
    return [Needed(max(one["head"], one["texts"]), one["texts"], one["words"]) for one in widths]


def _words(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in text.replace(BREAK, " ").split()}


def _longest(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts), key=len, reverse=True)[:MEASURED]


def _document(table: ExportTable, columns: Sequence[PdfColumn], chosen: Layout, *, has_totals: bool) -> dict[str, Any]:
    title, *phrases = (
        clean(one) for one in (filter_words.label(table.name), *filter_words.in_words(table.filters, table.amounts))
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
