"""The report as a workbook: a summary, a sheet for each table with typed cells, and the proof of each sentence."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tillstream.analytics.filters import COLUMNS, Filters
from tillstream.delivery.workbook import open_workbook
from tillstream.model.money import minor_digits
from tillstream.reports import formats
from tillstream.reports.document import CitedCell, Number, ReportColumn, ReportDocument, ReportTable, Sentence, TilePart

MAX_SHEET_NAME = 31
"""Characters of the name of a sheet."""
MAX_COLUMN_WIDTH = 60
PROOF_SHEET = ("Sentence", "Number", "Value", "Computed as", "Query", "Column", "Row", "Parameters", "Filters")


def render_workbook(document: ReportDocument) -> bytes:
    """The workbook. Texts never become formulas."""
    out = io.BytesIO()
    with open_workbook(out) as book:
        writer = _Writer(book, document)
        writer.summary()
        for section in document.sections:
            for block in section.blocks:
                if isinstance(block, ReportTable):
                    writer.table(block)
        writer.proof()
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, document: ReportDocument) -> None:
        self.book, self.document, self.names = book, document, set[str]()
        self.formats = {
            "count": book.add_format({"num_format": "#,##0"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "growth": book.add_format({"num_format": "+0.0%;-0.0%;0.0%"}),
            "day": book.add_format({"num_format": "d mmm yyyy"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.strong = book.add_format({"bold": True})
        self.link = book.add_format({"font_color": "#1d5bd0", "underline": 1})

    def sheet(self, title: str) -> Any:
        """A new sheet, whose name is unique and allowed."""
        name = "".join(" " if one in "[]:*?/\\" else one for one in title)[:MAX_SHEET_NAME].strip("' ") or "Sheet"
        base, number = name, 2
        while name.casefold() in self.names:
            name, number = f"{base[: MAX_SHEET_NAME - 4]} {number}", number + 1
        self.names.add(name.casefold())
        return self.book.add_worksheet(name)

    def summary(self) -> None:
        """Title, key figures and all sentences."""
        sheet, document, row = self.sheet("Summary"), self.document, 3
        sheet.set_column(0, 0, 90, self.formats["text"])
        sheet.set_column(1, 3, 18)
        sheet.write_string(0, 0, document.title, self.title)
        sheet.write_string(1, 0, f"{document.about} Made {document.made}.")
        if document.tiles:
            names = [name for name, _ in document.tiles[0].changes]
            for column, label in enumerate(("Figure", "Value", *(f"Against {name}" for name in names))):
                sheet.write_string(row, column, label, self.head)
            for one in document.tiles:
                row += 1
                sheet.write_string(row, 0, one.label)
                self._write(sheet, row, 1, ReportColumn("", one.kind), one.value)
                for column, (_, change) in enumerate(one.changes, 2):
                    part = formats.part_text(one, change, document.currency)
                    shown = f"{formats.growth_text(change.growth)}{part}" if part else change.growth
                    self._write(sheet, row, column, ReportColumn("", "text" if part else "growth"), shown)
            row += 2
        for section in document.sections:
            if section.sentences:
                sheet.write_string(row, 0, section.title, self.strong)
                for sentence in section.sentences:
                    row += 1
                    self._sentence(sheet, row, sentence)
                row += 2

    def table(self, table: ReportTable) -> None:
        """One table on its sheet; the first row stays in view."""
        sheet = self.sheet(table.title)
        for number, column in enumerate(table.columns):
            sheet.write_string(0, number, column.label, self.head)
            longest = max(
                (len(formats.cell_text(column, row[number], self.document.currency)) for row in table.rows), default=0
            )
            sheet.set_column(number, number, min(max(longest, len(column.label)) + 3, MAX_COLUMN_WIDTH))
        for place, row in enumerate(table.rows, 1):
            currency = formats.row_currency(table, row, self.document.currency)
            for number, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                self._write(sheet, place, number, column, value, currency)
        sheet.freeze_panes(1, 0)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)

    def proof(self) -> None:
        """The cells of queries that each number of a sentence comes from."""
        sheet = self.sheet("Proof")
        for number, label in enumerate(PROOF_SHEET):
            sheet.write_string(0, number, label, self.head)
        sheet.set_column(0, 0, MAX_COLUMN_WIDTH)
        sheet.set_column(1, len(PROOF_SHEET) - 1, 18)
        lines = (line for section in self.document.sections for one in section.sentences for line in _proof(one))
        for place, line in enumerate(lines, 1):
            for number, value in enumerate(line):
                if isinstance(value, Decimal | int | float):
                    sheet.write_number(place, number, float(value))
                else:
                    sheet.write_string(place, number, value)
        sheet.freeze_panes(1, 0)

    def _sentence(self, sheet: Any, row: int, sentence: Sentence) -> None:
        sheet.write_string(row, 0, formats.sentence_text(sentence), self.formats["text"])
        href = self.document.link(sentence.page)
        if href:
            sheet.write_url(row, 1, href, self.link, "Show")

    def _money(self, kind: str, currency: str) -> Any:
        """The format of amounts in a currency."""
        digits = minor_digits(currency)
        amount = "#,##0" + (f".{'0' * digits}" if digits else "")
        name = f"{kind} {digits}"
        if name not in self.formats:
            text = f"+{amount};-{amount};0" if kind == "signed money" else amount
            self.formats[name] = self.book.add_format({"num_format": text})
        return self.formats[name]

    def _write(self, sheet: Any, row: int, number: int, column: ReportColumn, value: Any, currency: str = "") -> None:
        if isinstance(value, TilePart):
            value = formats.share_of_cells(value, currency or self.document.currency)
        if value is None:
            return
        if column.kind.endswith("money"):
            sheet.write_number(row, number, float(value), self._money(column.kind, currency or self.document.currency))
        elif column.kind == "day":
            sheet.write_datetime(row, number, value, self.formats["day"])
        elif column.kind in self.formats and column.kind != "text":
            sheet.write_number(row, number, float(value), self.formats[column.kind])
        else:
            sheet.write_string(row, number, str(value))


def _proof(sentence: Sentence) -> Iterator[tuple[Any, ...]]:
    text = formats.sentence_text(sentence)
    for one in sentence.numbers:
        for cell in one.cells:
            yield (text, formats.number_text(one), one.value, _formula(one), *_source(cell))


def _formula(number: Number) -> str:
    return number.formula if len(number.cells) == 1 else f"{number.formula} of {len(number.cells)} cells"


def _source(cell: CitedCell) -> tuple[str, ...]:
    return (cell.query, cell.column, _pairs(cell.where), _pairs(cell.params), _pairs(_filters(cell.filters)))


def _filters(filters: Filters) -> Iterator[tuple[str, Any]]:
    if filters.start:
        yield "from", filters.start
    if filters.end:
        yield "to", filters.end
    for name in COLUMNS:
        if values := getattr(filters, name):
            yield name, ", ".join(values)
    if filters.currency:
        yield "currency", filters.currency


def _pairs(pairs: Any) -> str:
    return "; ".join(f"{name}={'' if value is None else value}" for name, value in pairs)
