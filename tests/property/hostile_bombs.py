"""Files that are built to take much memory or time, in each format that is read."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from hostile_files import HEADER, MEGABYTE, WIDTH, File, csv_text, json_line, parquet, sample_rows, samples, zipped
from sheet_files import ods, ods_rows

_HEAD, _SALE = ",".join(HEADER).encode() + b"\n", csv_text(sample_rows()[:1])


def quoted_texts() -> Iterator[File]:
    """Delimited texts that are packed, with quotes and with rows of other lengths."""
    head, sale = _HEAD, _SALE
    for size in (5, 20):
        yield f"quotes-{size}.csv.gz", gzip.compress(head + b'"' * (size * MEGABYTE))
    bodies = {
        "quoted-lines": b'"\n' * (10 * MEGABYTE),
        "quoted-pairs": b'"",""\n' * (6 * MEGABYTE),
        "quoted-commas": b'"",' * (14 * MEGABYTE),
        "open-quotes": b'"x\n' * (14 * MEGABYTE),
        "ragged": b"a\n" * 1_000_000,
        "more-ragged": b"a\n" * 30_000_000,
        "ragged-and-wide": b"a" + b",a" * 30 + b"\na\n" * 1_000_000,
        "half-ragged": (sale + b"a\n") * 700_000,
    }
    for name, body in bodies.items():
        yield f"{name}.csv.gz", gzip.compress(head + body)
    yield "no-header.csv.gz", gzip.compress(b'"' * (20 * MEGABYTE))


def plain_texts() -> Iterator[File]:
    """Delimited texts that are packed, with rows without sales."""
    head, sale = _HEAD, _SALE
    bodies = {
        "blank": b"\n" * 1_000_000,
        "more-blank": b"\n" * 60_000_000,
        "spaces": b" \n" * 20_000_000,
        "empty-cells": (b"," * (WIDTH - 1) + b"\n") * 5_000_000,
        "headers": head * 1_000_000,
        "wrong": (b",".join([b"x"] * WIDTH) + b"\n") * 4_000_000,
        "nulls": (b"\0" * 9 + b"\n") * 5_000_000,
        "undecodable": (b",".join([b"\xff"] * WIDTH) + b"\n") * 4_000_000,
        "carriage-returns": b"\r" * 60_000_000,
        "bare-returns": b'"a\rb",\n' * 6_000_000,
        "commas": b"," * 60_000_000,
        "quoted-rows": b'"' + sale.rstrip() + b'"\n' * 1_000_000,
        "totals": b"Total\n" * 9_000_000,
        "sales": sale * 250_000,
    }
    for name, body in bodies.items():
        yield f"{name}.csv.gz", gzip.compress(head + body)
    yield "zeros.csv.gz", gzip.compress(bytes(60_000_000))


def large_texts() -> Iterator[File]:
    """Delimited texts with large cells and many columns, in archives of archives, and in wide letters."""
    head, sale = _HEAD, _SALE
    yield "cell-of-quotes.csv", head + b'"' * (100 * MEGABYTE)
    yield "quoted-cell.csv", head + b'"' + b'""' * (50 * MEGABYTE) + b'"\n'
    yield "cell.csv", head + b"x" * (100 * MEGABYTE)
    yield "header-of-quotes.csv", b'"' * (100 * MEGABYTE)
    yield "columns.csv", b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n1\n"
    yield "same-columns.csv", b",".join([b"c"] * 100_000) + b"\n" + b",".join([b"1"] * 100_000) + b"\n"
    yield (
        "long-names.csv",
        b",".join(b"n" * 100_000 + b"%d" % place for place in range(9)) + b"\n" + b"1,2,3,4,5,6,7,8,9\n",
    )
    yield "long-name.csv", head.rstrip() + b"," + b"n" * 900_000 + b"\n" + sale.rstrip() + b",\n"
    numbers = b"".join(b"R%d,2024-03-01,x%d,y%d,z%d,-%d-\n" % ((number,) * 5) for number in range(200_000))
    yield "different-problems.csv", head + numbers
    yield "archive-in-archive.csv.gz", gzip.compress(gzip.compress(b"a" * (100 * MEGABYTE)))
    yield "archive-in-zip.zip", zipped(**{"a.gz": gzip.compress(head + b"a\n" * 1_000_000)})
    yield "members.csv.gz", gzip.compress(head) + gzip.compress(b"") * 200_000
    yield "members.zip", zipped(**{f"{number}.csv": b"" for number in range(20_000)})
    yield "zipped-ragged.zip", zipped(**{"a.csv": head + b"a\n" * 30_000_000})
    for encoding in ("utf-16", "utf-32"):
        for name, text in {"letters": "a" * 14_000_000, "lines": "\n" * 14_000_000, "quotes": '"' * 14_000_000}.items():
            yield f"{name}-{encoding}.csv.gz", gzip.compress((head.decode() + text).encode(encoding))


def json_values() -> Iterator[File]:
    """JSON lines with values beyond what sales have."""
    for size in (5_000, 900_000, 5_000_000):
        yield f"number-{size}.jsonl", json_line() + json_line(Total=0).replace(b"0}", b"9" * size + b"}") + json_line()
        yield f"fraction-{size}.jsonl", json_line() + json_line(Total=0).replace(b"0}", b"1." + b"9" * size + b"}")
        yield f"text-{size}.jsonl", json_line(Item="x" * size) + json_line()
        yield f"broken-{size}.jsonl", json_line() + b'{"a": "' + b"x" * size + b"\n"
        yield f"undecodable-{size}.jsonl", json_line() + b'{"a": "' + b"\xff" * size + b'"}\n'
    yield "line.jsonl", json_line() + b'{"a": "' + b"x" * (100 * MEGABYTE) + b'"}\n'
    for brackets in (b"[", b'{"a":'):
        for depth in (900, 100_000, 1_000_000):
            yield f"deep-{len(brackets)}-{depth}.jsonl", json_line() + b'{"Total": ' + brackets * depth
    yield "keys.jsonl", b"".join(json_line(**{f"k{number}": 1}) for number in range(100_000))
    yield (
        "keys-in-a-line.jsonl",
        json_line() + json_line(**{f"k{number}": 1 for number in range(90_000)}),
    )
    twice = b",".join(b'"k%d":1' % number for number in range(80_000))
    yield "repeated-key.jsonl", json_line() + b"{" + twice + b',"k79999":2}\n'


def json_lines() -> Iterator[File]:
    """JSON lines that are packed."""
    wide = json_line(**{f"k{number}": 1 for number in range(1_900)})
    bodies = {
        "empty": b"{}\n" * 20_000_000,
        "empty-and-wide": wide + b"{}\n" * 20_000_000,
        "blank-lines": b"\n" * 60_000_000,
        "no-json": b"x\n" * 20_000_000,
        "lists": json_line() + b"[]\n" * 20_000_000,
        "long-list": json_line() + b'{"Total": [' + b"1," * 400_000 + b"1]}\n",
        "exponents": json_line() + b'{"Receipt": "R1", "Day": "2024-03-01", "Units": 1, "Total": 1e999999999}\n' * 100,
        "negative-exponents": json_line() + b'{"Receipt": "R1", "Day": "2024-03-01", "Total": 1e-999999999}\n' * 100,
        "big-numbers": json_line() + b'{"Receipt": "R1", "Day": "2024-03-01", "Total": ' + b"9" * 4_000 + b"}\n",
    }
    for name, body in bodies.items():
        yield f"{name}.jsonl.gz", gzip.compress(body)


def tables() -> Iterator[File]:
    """Parquet files."""

    def table(rows: int, **columns: pa.Array) -> pa.Table:
        constant = {name: pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["1"])) for name in HEADER}
        return pa.table(constant | columns)

    yield "rows.parquet", parquet(table(20_000_000))
    yield "nulls.parquet", parquet(table(9_000_000, Total=pa.nulls(9_000_000, pa.string())))
    yield "cell.parquet", parquet(table(2, Total=pa.array(["x" * (60 * MEGABYTE), "y"])))
    long_text = pa.DictionaryArray.from_arrays(np.zeros(200_000, np.int32), pa.array(["x" * 900_000]))
    yield "repeated-cell.parquet", parquet(table(200_000, Total=long_text))
    yield "texts.parquet", parquet(table(60_000, Item=pa.array([f"{'x' * 1_000}{row}" for row in range(60_000)])))
    yield "list.parquet", parquet(table(1, Total=pa.array([list(range(3_000_000))])))
    yield "lists.parquet", parquet(table(100_000, Total=pa.array([[1] * 50] * 100_000)))
    nested = pa.array([1])
    for _ in range(90):
        nested = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), nested)
    yield "nested.parquet", parquet(table(1, Total=nested))
    yield "columns.parquet", parquet(pa.table({f"c{place}": [1] for place in range(20_000)}))
    yield "extremes.parquet", parquet(table(200_000, Total=pa.array([1e308, 5e-324] * 100_000)))
    yield "not-numbers.parquet", parquet(table(200_000, Total=pa.array([float("nan"), float("inf")] * 100_000)))
    yield "bytes.parquet", parquet(table(200_000, Total=pa.array([b"\xff" * 40] * 200_000)))


_SHEET, _TEXTS, _STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_LAST_ROW = 1 << 20


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _text_cell(place: int, row: int, text: bytes) -> bytes:
    return b'<c r="%c%d" t="inlineStr"><is><t>%b</t></is></c>' % (65 + place, row, text)


def workbooks() -> Iterator[File]:
    """Workbooks of Excel."""
    book = _members(samples()["book.xlsx"])
    names = b"".join(_text_cell(place, 1, name.encode()) for place, name in enumerate(HEADER))

    def sheet(rows: bytes, after: bytes = b"", **parts: bytes) -> bytes:
        head = b'<worksheet %b><sheetData><row r="1">%b</row>' % (_MAIN, names)
        return zipped(**book | {_SHEET: head + rows + b"</sheetData>" + after + b"</worksheet>"} | parts)

    def each_row(cell: bytes, rows: int) -> bytes:
        return b"".join(b'<row r="%d">' % row + cell.replace(b"%", b"%d" % row) + b"</row>" for row in range(2, rows))

    yield "far-cell.xlsx", sheet(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (_LAST_ROW, _LAST_ROW))
    yield "far-row.xlsx", sheet(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (_LAST_ROW, _LAST_ROW))
    yield "far-column.xlsx", sheet(b'<row r="2"><c r="XFD2"><v>1</v></c></row>')
    yield "blank-rows.xlsx", sheet(each_row(b'<c r="A%"/>', 1_000_000))
    yield "ragged-rows.xlsx", sheet(each_row(b'<c r="G%"><v>1</v></c>', 300_000))
    yield "wrong-rows.xlsx", sheet(each_row(b'<c r="A%"><v>1</v></c>', 400_000))
    yield "formulas.xlsx", sheet(each_row(b'<c r="A%"><f>A1</f></c>', 200_000))
    yield "merged.xlsx", sheet(b"", b'<mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells>')
    ranges = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (row, row) for row in range(2, 400_000))
    yield "merged-ranges.xlsx", sheet(b"", b"<mergeCells>" + ranges + b"</mergeCells>")
    yield "cell.xlsx", sheet(b'<row r="2">' + _text_cell(0, 2, b"x" * (60 * MEGABYTE)) + b"</row>")
    yield "nested.xlsx", zipped(**book | {_SHEET: b"<worksheet %b><sheetData>" % _MAIN + b"<row>" * 5_000_000})
    entities = b"".join(b'<!ENTITY %c "%b">' % (98 + place, b"&%c;" % (97 + place) * 10) for place in range(9))
    document = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">%b]><worksheet %b><sheetData><row><c><v>&j;</v></c></row>'
    yield "entities.xlsx", zipped(**book | {_SHEET: document % (entities, _MAIN)})
    yield "texts.xlsx", zipped(**book | {_TEXTS: b"<sst %b>" % _MAIN + b"<si><t>x</t></si>" * 2_000_000 + b"</sst>"})
    text = b"<sst %b><si><t>%b</t></si></sst>" % (_MAIN, b"x" * 900_000)
    shared = sheet(each_row(b'<c r="A%" t="s"><v>0</v></c>', 20_000), **{_TEXTS: text})
    yield "repeated-text.xlsx", shared
    styles = b"<styleSheet %b><cellXfs>" % _MAIN + b'<xf numFmtId="14"/>' * 3_000_000 + b"</cellXfs></styleSheet>"
    yield "styles.xlsx", sheet(b"", **{_STYLES: styles})


def open_workbooks() -> Iterator[File]:
    """Workbooks of LibreOffice."""
    first = ods_rows([list(HEADER)])
    cell = '<table:table-cell{} office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    row = "<table:table-row{}>" + cell + "</table:table-row>"
    rows_repeated, cells_repeated = ' table:number-rows-repeated="1000000"', ' table:number-columns-repeated="16000"'
    for name, body in {
        "repeated-row": row.format(rows_repeated, "", "a"),
        "repeated-cells": row.format(rows_repeated, cells_repeated, "a" * 30),
        "wide-row": row.format("", cells_repeated, "a"),
        "wide-rows": row.format("", cells_repeated, "a") * 500,
        "rows": row.format("", "", "a") * 250_000,
        "deep": row.format("", "", "<text:span>" * 100_000 + "</text:span>" * 100_000),
        "deeper": row.format("", "", "<text:span>" * 900 + "</text:span>" * 900),
        "spaces": row.format("", "", '<text:s text:c="1000"/>' * 300_000),
        "styles": row.format("", "", "a") + "<!--" + "x" * (60 * MEGABYTE) + "-->",
    }.items():
        yield f"{name}.ods", ods(("Sales", first + body))


BOMBS = (quoted_texts, plain_texts, large_texts, json_values, json_lines, tables, workbooks, open_workbooks)
"""Small files that hold much, and cells, rows and columns beyond what sales have."""
