"""A table as a workbook: typed cells, a frozen header, filters, totals, and a chart of a short table.

The only module that imports XlsxWriter.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.delivery.export_table import DAY_FORMAT, ExportTable, batch_slices, number_format, readable_column
from tillstream.model.errors import Rejected

MAX_SHEET_ROWS = 1_048_576 - 2
"""Rows that a sheet has place for, besides the header and the totals."""
SHEET_NAME = "Tillstream"
CHARTED_ROWS = 366
"""Rows of the longest table that gets a chart."""
BARS = 30
"""Bars of a chart, which are the first rows."""
SAMPLE_ROWS = 1000
"""Rows whose longest texts set the widths of columns."""
NARROWEST, WIDEST = 8, 60
CHUNK = 1 << 20
TOTAL = "Total"
TOO_LONG = (
    f"A workbook has place for {MAX_SHEET_ROWS:,} rows; this table has more. Narrow the filters, or use Parquet or CSV."
)

CellWriter = Callable[[int, int, Any], None]
"""What writes a value at a row and a column."""


def open_workbook(target: IO[bytes], *, folder: str = "") -> Any:
    """A new workbook in which texts never become formulas, links or numbers.

    folder: for temporary files; with one, rows are written in order and not kept in memory.
    """
    import xlsxwriter  # lazy: few commands and pages need it

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    kept: dict[str, Any] = {"constant_memory": True, "tmpdir": folder} if folder else {"in_memory": True}
    return xlsxwriter.Workbook(target, plain | kept)


def workbook_chunks(table: ExportTable) -> Iterator[bytes]:
    """The bytes of the workbook, which is complete before the first of them; in bounded memory.

    Raises `Rejected` for more than `MAX_SHEET_ROWS` rows.
    """
    with tempfile.TemporaryFile() as file:
        write_sheet(table, file)
        file.seek(0)
        while data := file.read(CHUNK):
            yield data


def write_sheet(table: ExportTable, target: IO[bytes]) -> None:
    """Write the workbook to a file that can be read back. Raises as `workbook_chunks`, without putting together what
    it has."""
    with tempfile.TemporaryDirectory(prefix="tillstream-workbook-") as folder:
        book = open_workbook(target, folder=folder)
        try:
            _Sheet(book, table).write()
        except BaseException:
            book.fileclosed = True
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
            raise
        book.close()


class _Sheet:
    """One sheet with the table."""

    def __init__(self, book: Any, table: ExportTable) -> None:
        self.book, self.table = book, table
        self.names: list[str] = table.schema.names
        self.sheet = book.add_worksheet(SHEET_NAME)
        self.sums = {name: Decimal(0) for name in table.totals if name in self.names}
        self.formats = [number_format(field, table.digits.get(field.name)) for field in table.schema]
        self.styles: dict[str, Any] = {}
        self.digits: dict[int, int] = {}
        """Column with amounts in the currency of their row → the most decimal digits of one."""
        self.rows = 0

    def write(self) -> None:
        sheet, book = self.sheet, self.book
        batches = batch_slices(self.table.printed)
        first = next(batches)
        cells = [self._writer(number, text) for number, text in enumerate(self.formats)]
        for number, width in enumerate(_widths(first)):
            sheet.set_column(number, number, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, self.names, book.add_format({"bold": True, "bottom": 1}))
        self._batch(first, cells)
        for batch in batches:
            self._batch(batch, cells)
        if self.rows:
            sheet.autofilter(0, 0, self.rows, len(self.names) - 1)
        if self.rows > 1 and self.sums:
            self._totals()
        if 1 < self.rows <= CHARTED_ROWS:
            self._chart(first.schema)

    def _batch(self, batch: pa.RecordBatch, writers: Sequence[CellWriter]) -> None:
        if self.rows + batch.num_rows > MAX_SHEET_ROWS:
            raise Rejected(TOO_LONG)
        for name in self.sums:
            self.sums[name] += pc.sum(batch.column(self.names.index(name))).as_py() or 0
        columns = [_values(column) for column in batch.columns]
        cells = list(writers)
        for name, digits in self.table.digits_by_row(batch).items():
            number = self.names.index(name)
            of_digits: dict[int | None, CellWriter] = {None: cells[number]}
            of_digits |= {each: self._amount_writer(number, each) for each in set(digits) if each is not None}
            columns[number] = [
                None if value is None else (of_digits[each], value)
                for value, each in zip(columns[number], digits, strict=True)
            ]
            cells[number] = _write_pair
        # row by row, as the file needs them in this order
        for place, row in enumerate(zip(*columns, strict=True), self.rows + 1):
            for number, value in enumerate(row):
                if value is not None:
                    cells[number](place, number, value)
        self.rows += batch.num_rows

    def _writer(self, number: int, text: str) -> CellWriter:
        """What writes the cells of a column in a format."""
        if text and text not in self.styles:
            self.styles[text] = self.book.add_format({"num_format": text})
        return _cell_writer(self.sheet, self.table.schema.field(number), self.styles.get(text))

    def _amount_writer(self, number: int, digits: int) -> CellWriter:
        """What writes the amounts of a column that have these decimal digits."""
        self.digits[number] = max(self.digits.get(number, 0), digits)
        return self._writer(number, number_format(self.table.schema.field(number), digits))

    def _totals(self) -> None:
        """Sums of the rows that a filter leaves visible, with their values for readers that do not compute."""
        from xlsxwriter.utility import xl_range

        last, bold = self.rows + 1, {"bold": True, "top": 1}
        for number, name in enumerate(self.names):
            text = self.formats[number]
            if number in self.digits:
                text = number_format(self.table.schema.field(number), self.digits[number])
            style = self.book.add_format(bold | {"num_format": text or "General"})
            if name in self.sums:
                cells = xl_range(1, number, self.rows, number)
                self.sheet.write_formula(last, number, f"=SUBTOTAL(109,{cells})", style, float(self.sums[name]))
            elif number == 0:
                self.sheet.write_string(last, number, TOTAL, style)
            else:
                self.sheet.write_blank(last, number, None, style)

    def _chart(self, schema: pa.Schema) -> None:
        """A chart of the first total by the first column: a line over days, else bars."""
        labels = next((place for place, field in enumerate(schema) if not _is_label(field)), 0) - 1
        value = next((place for place, name in enumerate(self.names) if name in self.sums), -1)
        if value < 0 or labels < 0:
            return
        over_time = labels == 0 and pa.types.is_date(schema.field(0).type)
        last = self.rows if over_time else min(self.rows, BARS)
        chart = self.book.add_chart({"type": "line" if over_time else "column"})
        categories, values = [SHEET_NAME, 1, 0, last, labels], [SHEET_NAME, 1, value, last, value]
        chart.add_series({"name": [SHEET_NAME, 0, value], "categories": categories, "values": values})
        chart.set_title({"name": self.table.name})
        chart.set_legend({"none": True})
        if over_time:
            chart.set_x_axis({"date_axis": True, "num_format": DAY_FORMAT})
        page = self.book.add_chartsheet("Chart")
        page.set_chart(chart)


def _is_label(field: pa.Field) -> bool:
    return bool(pa.types.is_string(field.type) or pa.types.is_date(field.type))


def _cell_writer(sheet: Any, field: pa.Field, style: Any) -> CellWriter:
    """What writes the values of a column as cells of its type."""
    kind = field.type
    if pa.types.is_boolean(kind):
        write: CellWriter = sheet.write_boolean
        return write
    if pa.types.is_floating(kind):
        return lambda row, column, value: (
            sheet.write_number(row, column, value, style)
            if isfinite(value)
            else sheet.write_string(row, column, str(Decimal(value)))
        )
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return lambda row, column, value: sheet.write_number(row, column, float(value), style)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return lambda row, column, value: sheet.write_datetime(row, column, _without_zone(value), style)
    return lambda row, column, value: sheet.write_string(row, column, str(value))


def _write_pair(row: int, column: int, pair: tuple[CellWriter, Any]) -> None:
    """Write a value with its own writer."""
    write, value = pair
    write(row, column, value)


def _without_zone(value: date) -> date:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _values(column: Any) -> list[Any]:
    values: list[Any] = (readable_column(column) if pa.types.is_string(column.type) else column).to_pylist()
    return values


def _widths(batch: pa.RecordBatch) -> Iterator[int]:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        longest = max(
            (len(str(value)) for value in column.slice(0, SAMPLE_ROWS).to_pylist() if value is not None), default=0
        )
        if pa.types.is_decimal(column.type):
            longest = min(longest, 16)  # most of the nine decimals are not shown
        yield min(max(longest, len(name), NARROWEST) + 2, WIDEST)
