"""Export the catalogue as CSV or XLSX; an import of the file changes nothing."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from tillstream.catalogue import records
from tillstream.catalogue.listing import in_scope
from tillstream.domain.catalogue.cell_values import show
from tillstream.domain.catalogue.columns import show_cells
from tillstream.domain.catalogue.entries import Entry, Product, is_withdrawn
from tillstream.domain.catalogue.permissions import shows_amount
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.pipeline.reading.correction_file import BOM, format_guarded_line
from tillstream.ports import Ports
from tillstream.workflows.catalogue_import.amount_rows import counting_rows
from tillstream.workflows.catalogue_import.kinds import AMOUNTS, ENTRY_KINDS, FileKind, columns_of

FORMATS = ("csv", "xlsx")
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def table(ports: Ports, kind: FileKind, scope: Scope = UNRESTRICTED) -> tuple[list[str], Iterator[list[str]]]:
    """The headers and rows of an export, by key."""
    stored = records.find(ports, ENTRY_KINDS[kind])
    listed = (one.entry for one in stored if in_scope(scope, one.entry) and not is_withdrawn(one.entry))
    entries = sorted(listed, key=lambda one: one.key)
    return [column.name for column in columns_of(kind)], _rows(kind, entries, scope)


def export(ports: Ports, kind: FileKind, form: str, scope: Scope = UNRESTRICTED) -> bytes:
    """The file. Raises `Rejected` for another format than CSV and XLSX."""
    if form not in FORMATS:
        raise Rejected(
            f"The catalogue is exported as {' or '.join(FORMATS)}, not as {form or 'a file without an ending'}."
        )
    headers, rows = table(ports, kind, scope)
    return csv_file(headers, rows) if form == "csv" else xlsx_file(headers, rows, kind.value)


def csv_file(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """UTF-8 with a byte order mark, guarded against formulas."""
    return (BOM + "".join(map(format_guarded_line, [headers, *rows]))).encode()


def xlsx_file(headers: Iterable[str], rows: Iterable[Iterable[str]], sheet: str) -> bytes:
    """A workbook with one sheet whose cells are texts, so that a spreadsheet changes neither codes nor dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _relations("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/_rels/workbook.xml.rels", _relations("worksheet", "worksheets/sheet1.xml"))
        archive.writestr(
            "xl/workbook.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        lines = "".join(f"<row>{''.join(map(_cell, cells))}</row>" for cells in (headers, *rows))
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>'
            "</worksheet>",
        )
    return out.getvalue()


def _rows(kind: FileKind, entries: Iterable[Entry], scope: Scope) -> Iterator[list[str]]:
    for entry in entries:
        if kind in AMOUNTS and isinstance(entry, Product):
            for row in counting_rows(entry, is_price=kind == FileKind.PRICES):
                values = (entry.code, row.region, row.currency, row.valid_from, row.amount)
                if shows_amount(scope, row.region):
                    yield [show(value) for value in values]
        elif kind not in AMOUNTS:
            yield list(show_cells(ENTRY_KINDS[kind], entry).values())


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else "<c/>"


def _relations(kind: str, target: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )
