"""Small workbooks as programs write them, for the tests of their readers."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

Cells = Sequence[Sequence[Any]]
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "dd/mm/yyyy", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}


def xlsx(rows: Cells, more: Callable[[Any, Any], None] | None = None, sheet: str = "Sales", **options: Any) -> bytes:
    """more: a function that writes more into the workbook and its sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        page = book.add_worksheet(sheet)
        shown = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                if type(cell) in shown:
                    page.write_datetime(number, place, cell, shown[type(cell)])
                elif isinstance(cell, str):
                    page.write_string(number, place, cell)
                else:
                    page.write(number, place, cell)
        if more:
            more(book, page)
    return out.getvalue()


NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def ods(*tables: tuple[str, str], manifest: str = "<manifest/>") -> bytes:
    """tables: name and the XML of the rows of each."""
    body = "".join(f'<table:table table:name="{name}">{rows}</table:table>' for name, rows in tables)
    content = f"<office:document-content {NAMESPACES}><office:body><office:spreadsheet>{body}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml", f"{content}</office:spreadsheet></office:body></office:document-content>".encode()
        )
    return out.getvalue()


def ods_rows(rows: Cells) -> str:
    return "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)


def ods_cell(cell: Any) -> str:
    if cell is None:
        return "<table:table-cell/>"
    kind, value = "string", ""
    if isinstance(cell, bool):
        kind, value = "boolean", f'office:boolean-value="{str(cell).lower()}"'
    elif isinstance(cell, int | float):
        kind, value = "float", f'office:value="{cell!r}"'
    elif isinstance(cell, date):
        kind, value = "date", f'office:date-value="{cell.isoformat()}"'
    elif isinstance(cell, time):
        kind, value = "time", f'office:time-value="PT{cell.hour:02}H{cell.minute:02}M{cell.second:02}S"'
    text = f"<text:p>{escape(str(cell))}</text:p>"
    return f'<table:table-cell office:value-type="{kind}" {value}>{text}</table:table-cell>'
