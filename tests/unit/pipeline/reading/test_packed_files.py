"""Zip and gzip hold one file, which is read as if it stood alone; how far they may grow is limited."""

import gzip
import io
import zipfile
from dataclasses import replace

import pytest

from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile

TEXT = b"No,Qty\n1,2\n2,3\n"


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def rows(data: bytes, how: ReadOptions | None = None) -> list[dict[str, str]]:
    return [
        row for block in read_blocks(lambda: io.BytesIO(data), how or ReadOptions()) for row in block.cells.to_pylist()
    ]


def refusal(data: bytes, how: ReadOptions | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        rows(data, how)
    return str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_one_file_is_read_like_the_file(method: int) -> None:
    files = [("month/", b""), ("month/sales.csv", TEXT), ("__MACOSX/month/._sales.csv", b"x"), (".DS_Store", b"x")]
    assert rows(zipped(*files, method=method)) == rows(TEXT)


WRONG = {
    "two files": (zipped(("a.csv", TEXT), ("b.csv", TEXT)), "The archive contains 2 files (a.csv, b.csv)."),
    "none": (zipped(), "The archive is empty."),
    "only a folder": (zipped(("month/", b"")), "The archive is empty."),
    "a zip in a zip": (zipped(("a.zip", zipped(("a.csv", TEXT)))), "inside another archive"),
    "a zip in a gzip": (gzip.compress(zipped(("a.csv", TEXT))), "inside another archive"),
    "cut off": (zipped(("a.csv", TEXT))[:-30], "damaged or was cut off"),
    "a Word document": (zipped(("word/document.xml", b"<w/>")), "Word document"),
    "a binary workbook without sheets": (zipped(("xl/workbook.bin", b"")), "cannot be read"),
    "a document of Numbers": (zipped(("Index/Document.iwa", b"")), "Apple Numbers"),
}


@pytest.mark.parametrize(("data", "words"), WRONG.values(), ids=WRONG)
def test_an_archive_with_several_files_is_rejected_with_instructions(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_a_locked_archive_is_rejected_with_the_reason() -> None:
    data = bytearray(zipped(("a.csv", TEXT)))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    assert "password" in refusal(bytes(data))


def test_a_damaged_file_in_an_archive_is_not_taken() -> None:
    data = zipped(("a.csv", TEXT), method=zipfile.ZIP_STORED).replace(b"2,3", b"2,4")
    assert "damaged" in refusal(data)


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a.csv", data))], ids=["gzip", "zip"])
def test_what_grows_like_no_sales_is_refused_and_the_limits_can_be_set(pack: object) -> None:
    data = pack(b"No,Qty\n" + b"1,2\n" * 100_000)  # type: ignore[operator]
    assert len(rows(data)) == 100_000
    tight = ReadOptions(limits=replace(LIMITS, free_bytes=1 << 12, ratio=20))
    assert "unpacked_ratio" in refusal(data, tight)
    small = ReadOptions(limits=replace(LIMITS, unpacked_bytes=1 << 17))
    assert "unpacked_limit_mb" in refusal(data, small)
