"""Small workbooks as programs write them, for the tests of their readers."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

Cells = Sequence[Sequence[Any]]
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "dd/mm/yyyy", time: "hh:mm:ss", timedelta: "[h]:mm:ss"}


def xlsx(rows: Cells, more: Callable[[Any, Any], None] | None = None, sheet: str = "Sales", **options: Any) -> bytes:
    """more: a function that writes more into the workbook and its sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as workbook:
        worksheet = workbook.add_worksheet(sheet)
        shown = {kind: workbook.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                if type(cell) in shown:
                    worksheet.write_datetime(number, place, cell, shown[type(cell)])
                elif isinstance(cell, str):
                    worksheet.write_string(number, place, cell)
                else:
                    worksheet.write(number, place, cell)
        if more:
            more(workbook, worksheet)
    return out.getvalue()


NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def ods(*tables: tuple[str, str], hidden: Sequence[str] = (), manifest: str = "<manifest/>") -> bytes:
    """tables: name and the XML of the rows of each."""
    body = "".join(
        f'<table:table table:name="{name}" table:style-name="{"ta2" if name in hidden else "ta1"}">{rows}</table:table>'
        for name, rows in tables
    )
    styles = "".join(
        f'<style:style style:name="{name}"><style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("ta1", "true"), ("ta2", "false"))
    )
    styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    content = f"<office:document-content {NAMESPACES}>{styles}<office:body><office:spreadsheet>{body}"
    out = io.BytesIO()
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": manifest,
        "content.xml": f"{content}</office:spreadsheet></office:body></office:document-content>",
    }
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():  # without the time at which it is written
            archive.writestr(
                zipfile.ZipInfo(name), part, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
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


def xls(
    *sheets: tuple[str, Cells],
    hidden: Sequence[str] = (),
    more: Sequence[bytes] = (),
    cells: Sequence[bytes] = (),
    texts_as: bytes = b"",
) -> bytes:
    """A workbook as Excel 97 writes it. more, cells: records of the workbook and of the first sheet, besides; texts_as:
    records instead of those of the shared texts."""
    texts: dict[str, int] = {}
    bodies = [b"".join(_xls_cells(rows, texts)) for _, rows in sheets]
    bodies[0] += b"".join(cells)
    bodies = [record(0x809, struct.pack("<HH12x", 0x600, 0x10)) + body + record(0x0A) for body in bodies]
    formats = [
        record(0x41E, struct.pack("<H", 164 + number) + _wide(text)) for number, text in enumerate(FORMATS.values())
    ]
    styles = [record(0xE0, struct.pack("<HH16x", 0, number)) for number in (0, *range(164, 164 + len(FORMATS)))]
    shared = texts_as or record(0xFC, struct.pack("<II", len(texts), len(texts)) + b"".join(map(_wide, texts)))
    start = record(0x809, struct.pack("<HH12x", 0x600, 5)) + b"".join([*formats, *styles, *more])
    end = shared + record(0x0A)
    names = [struct.pack("<BBBB", name in hidden, 0, len(name), 1) + name.encode("utf-16-le") for name, _ in sheets]
    place = len(start) + sum(8 + len(name) for name in names) + len(end)
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        bounds += record(0x85, struct.pack("<I", place) + name)
        place += len(body)
    return compound(("Workbook", start + bounds + end + b"".join(bodies)))


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<HB", len(encoded) // 2, 1) + encoded


def _xls_cells(rows: Cells, texts: dict[str, int]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            style = [*FORMATS].index(type(cell)) + 1 if type(cell) in FORMATS else 0
            start = struct.pack("<HHH", number, place, style)
            if isinstance(cell, str):
                yield record(0xFD, start + struct.pack("<I", texts.setdefault(cell, len(texts))))
            elif isinstance(cell, bool):
                yield record(0x205, start + struct.pack("<BB", cell, 0))
            elif cell is not None:
                yield record(0x203, start + struct.pack("<d", _serial(cell)))


def _serial(cell: Any) -> float:
    if isinstance(cell, time):
        cell = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    elif isinstance(cell, date):
        cell = datetime(*cell.timetuple()[:6]) - datetime(1899, 12, 30)  # noqa: DTZ001 - wall clock
    return cell / timedelta(days=1) if isinstance(cell, timedelta) else float(cell)


def xlsb(
    *sheets: tuple[str, Cells], hidden: Sequence[str] = (), cells: Sequence[bytes] = (), more: bytes = b""
) -> bytes:
    """A binary workbook. cells: records of cells below the rows of the first sheet; more: records of the workbook."""
    texts: dict[str, int] = {}
    parts = [b"".join(_xlsb_cells(rows, texts)) for _, rows in sheets]
    if cells:
        parts[0] += b"".join([record12(0, struct.pack("<I", len(sheets[0][1]))), *cells])
    bundles, relations = b"", ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, ((name, _), part) in enumerate(zip(sheets, parts, strict=True), 1):
            archive.writestr(
                f"xl/worksheets/sheet{number}.bin",
                _wrapped(129, 130, record12(148, bytes(16)) + _wrapped(145, 146, part)),
            )
            bundles += record12(
                156, struct.pack("<II", name in hidden, number) + _text12(f"rId{number}") + _text12(name)
            )
            kind = f"{RELATIONS}/worksheet"
            relations += f'<Relationship Id="rId{number}" Type="{kind}" Target="worksheets/sheet{number}.bin"/>'
        archive.writestr("xl/workbook.bin", _wrapped(131, 132, _wrapped(143, 144, bundles) + more))
        archive.writestr("xl/_rels/workbook.bin.rels", f"<Relationships>{relations}</Relationships>")
        shared = b"".join(record12(19, b"\0" + _text12(text)) for text in texts)
        count = struct.pack("<II", len(texts), len(texts))
        archive.writestr("xl/sharedStrings.bin", record12(159, count) + shared + record12(160))
        formats = b"".join(record12(44, struct.pack("<H", 164 + at) + _text12(text)) for at, text in enumerate(SHOWN))
        styles = b"".join(record12(47, struct.pack("<HH12x", 0, at)) for at in (0, *range(164, 164 + len(SHOWN))))
        formats = record12(615, struct.pack("<I", len(SHOWN))) + formats + record12(616)
        styles = record12(617, struct.pack("<I", len(SHOWN) + 1)) + styles + record12(618)
        archive.writestr("xl/styles.bin", _wrapped(278, 279, formats + styles))
    return out.getvalue()


SHOWN = tuple(FORMATS.values())
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def record12(kind: int, data: bytes = b"") -> bytes:
    """A record of a binary workbook: type and size have seven bits a byte."""
    sizes = [len(data) >> shift & 0x7F for shift in (0, 7, 14, 21)]
    used = max([at for at, size in enumerate(sizes) if size], default=0) + 1
    size = bytes(part | 0x80 * (at < used - 1) for at, part in enumerate(sizes[:used]))
    return (bytes((kind,)) if kind < 0x80 else bytes((kind & 0x7F | 0x80, kind >> 7))) + size + data


def cell12(kind: int, column: int, data: bytes, style: int = 0) -> bytes:
    return record12(kind, struct.pack("<II", column, style) + data)


def _wrapped(begin: int, end: int, records: bytes) -> bytes:
    return record12(begin) + records + record12(end)


def _text12(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _xlsb_cells(rows: Cells, texts: dict[str, int]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield record12(0, struct.pack("<I", number))
        for place, cell in enumerate(row):
            style = [*FORMATS].index(type(cell)) + 1 if type(cell) in FORMATS else 0
            if isinstance(cell, str):
                yield cell12(7, place, struct.pack("<I", texts.setdefault(cell, len(texts))))
            elif isinstance(cell, bool):
                yield cell12(4, place, bytes((cell,)))
            elif cell is not None:
                yield cell12(5, place, struct.pack("<d", _serial(cell)), style)


def compound(*streams: tuple[str, bytes]) -> bytes:
    """A compound file in sectors of 512 bytes. streams: name and content."""
    contents = [content.ljust(4096, b"\0") for _, content in streams]
    sectors, fat, entries = b"", [], [_entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)]
    for number, ((name, _), content) in enumerate(zip(streams, contents, strict=True), 1):
        following = number + 1 if number < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, 0xFFFFFFFF, len(fat), len(content), following))
        count = -(-len(content) // 512)
        fat += [*range(len(fat) + 1, len(fat) + count), 0xFFFFFFFE]
        sectors += content.ljust(count * 512, b"\0")
    directory = b"".join(entries)
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    first = len(fat)
    fat += [*range(first + 1, first + len(directory) // 512), 0xFFFFFFFE]
    tables = next(count for count in range(1, 110) if count * 128 >= len(fat) + count)
    table = [*range(len(fat), len(fat) + tables)]
    fat += [0xFFFFFFFD] * tables
    fat += [0xFFFFFFFF] * (tables * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16x5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, first, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *table, *[0xFFFFFFFF] * (109 - tables))
    return header + sectors + directory + struct.pack(f"<{len(fat)}I", *fat)


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = 0xFFFFFFFF) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", text, len(text) + 2, kind, 1, 0xFFFFFFFF, right, child, start, size)


WORKBOOKS: dict[str, Callable[[Cells], bytes]] = {
    "xlsx": xlsx,
    "xls": lambda cells: xls(("Sales", cells)),
    "xlsb": lambda cells: xlsb(("Sales", cells)),
    "ods": lambda cells: ods(("Sales", ods_rows(cells))),
}
