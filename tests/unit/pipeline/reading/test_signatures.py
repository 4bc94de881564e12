"""What is no table is refused by its first bytes, in a sentence that says what it is; tables never are."""

import gzip
import io
import random
import zipfile

import pytest
from sheet_files import compound

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.file_signatures import HEAD_BYTES, NotATable, check_first_bytes
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions

BOX = b"\0\0\0\x20ftyp"
SPREADSHEET_2003 = (
    b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
)
NO_TABLES = {
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
    "gif": (b"GIF89a\x01\0\x01\0", "a picture"),
    "webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture"),
    "tiff": (b"II*\0\x08\0\0\0", "a picture"),
    "tiff, big-endian": (b"MM\0*\0\0\0\x08", "a picture"),
    "bmp": (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "a picture"),
    "heic": (BOX + b"heic\0\0\0\0", "a picture"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="x">', "a picture"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
    "rtf": (rb"{\rtf1\ansi Sales}", "a text document (RTF)"),
    "html": (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page (HTML)"),
    "an html table": (b"<table border=1>\n<tr><td>No</td><td>Date</td></tr></table>", "a web page (HTML)"),
    "html of Excel": (b'<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>', "a web page (HTML)"),
    "html in utf-16": ("<HTML><table><tr><td>No</td></tr></table></HTML>".encode("utf-16"), "a web page (HTML)"),
    "xml": (b'<?xml version="1.0" encoding="UTF-8"?>\n<orders><order/></orders>', "XML."),
    "spreadsheet 2003": (SPREADSHEET_2003, "an XML spreadsheet"),
    "mp3": (b"ID3\x04\0\0\0\0\x23\x76TSSE", "an audio or video"),
    "mp4": (BOX + b"isom\0\0\2\0", "an audio or video"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt ", "an audio or video"),
    "exe": (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", "a program"),
    "elf": (b"\x7fELF\x02\x01\x01\0", "a program"),
    "sqlite": (b"SQLite format 3\0\x10\0\x01\x01", "a database"),
    "access": (b"\0\1\0\0Standard ACE DB\0", "a database"),
    "7-zip": (b"7z\xbc\xaf\x27\x1c\0\x04", "an archive (7-Zip"),
    "rar": (b"Rar!\x1a\x07\x01\0", "an archive (7-Zip"),
    "old word": (compound(("WordDocument", b"x")), "a Word document"),
    "old powerpoint": (compound(("PowerPoint Document", b"x")), "a PowerPoint presentation"),
    "other compound file": (compound(("__properties_version1.0", b"x")), "a document that is no workbook"),
    "random bytes": (random.Random(1).randbytes(5_000), "not a table"),
    "few random bytes": (random.Random(2).randbytes(200), "not a table"),
    "nul bytes": (bytes(10_000), "NUL bytes only"),
    "empty": (b"", "empty"),
    "white space": (b" \r\n\t\n" * 20, "empty"),
}


def read(data: bytes, **style: str) -> int:
    return sum(
        block.cells.num_rows
        for block in read_blocks(lambda: io.BytesIO(data), ReadOptions(FileStyle.model_validate(style)))
    )


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("any", data)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize(("data", "what"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_named(data: bytes, what: str, encoding: str) -> None:
    with pytest.raises(NotATable) as caught:
        read(data, encoding=encoding)
    message = str(caught.value)
    assert what in message
    assert message.endswith((".", ".)"))
    assert caught.value.code == ("empty-file" if what == "empty" else "unreadable-file")


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
@pytest.mark.parametrize("name", ["png", "pdf", "html", "sqlite", "random bytes", "exe"])
def test_it_is_named_in_an_archive_too(name: str, pack: object) -> None:
    data, what = NO_TABLES[name]
    with pytest.raises(NotATable, match=what.replace("(", r"\(").replace(")", r"\)")):
        read(pack(data))  # type: ignore[operator]


CYRILLIC = "Дата;Товар;Сумма;ПРИМЕЧАНИЕ\n05.01.2026;Чашка;12,50;НЕТ\n" * 50
TABLES = {
    "names like signatures": (b"BMW,MZ,ID3,PK,ORC\n1,2,3,4,5\n", "utf-8"),
    "a header in angle brackets": (b"<DATE>,<TIME>,<VOL>\n20260105,1000,5\n", "utf-8"),
    "a header of one letter": (b"II\n1\n", "utf-8"),
    "a cell with NUL bytes": (b"No,Qty\n1,2\n\0\0\0\0,3\n", "utf-8"),
    "control characters of a till": (b"No,Qty\n1,2\x1a\n2,\x0c3\n\x1b@3,4\n", "utf-8"),
    "Cyrillic in UTF-16": (CYRILLIC.encode("utf-16"), "utf-16"),
    "Cyrillic in UTF-16 without a mark": (CYRILLIC.encode("utf-16-le"), "utf-16-le"),
    "Japanese": ("日付,数量\n2026-01-05,3\n".encode("cp932"), "cp932"),
    "EBCDIC": ("No,Qty\n1,2\n".encode("cp500"), "cp500"),
    "blank lines first": (b"\n" * HEAD_BYTES + b"No,Qty\n1,2\n", "utf-8"),
}


@pytest.mark.parametrize(("data", "encoding"), TABLES.values(), ids=TABLES)
def test_no_table_is_refused(data: bytes, encoding: str) -> None:
    check_first_bytes(data[:HEAD_BYTES])
    check_first_bytes(data[:HEAD_BYTES], encoding)
    check_first_bytes(gzip.compress(data)[:HEAD_BYTES], encoding)
