"""XML of workbooks: no document type reaches the parser, which could overflow its stack and end the process."""

import io
import re
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from sheet_files import WORKBOOKS, xlsx

from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile

LEVELS = 200_000
"""Ten times what expat 2.5 stands."""
CHAIN = (
    "<!DOCTYPE x [<!ENTITY a0 'x'>"
    + "".join(f"<!ENTITY a{number} '&a{number - 1};'>" for number in range(1, LEVELS))
    + "]>"
)
NESTED = "<a>" * LEVELS + "</a>" * LEVELS
ROWS = [["No", "Value"], ["1", "x"]]
PARTS = re.compile(r"(content\.xml|workbook\.xml(\.rels)?|workbook\.bin\.rels|sheet1\.xml)$")


def rows(data: bytes) -> list[dict[str, str]]:
    blocks = read_blocks(lambda: io.BytesIO(data), ReadOptions())
    return [row for block in blocks for row in block.cells.to_pylist()]


def changed(data: bytes, part: str, before: str, text: str) -> bytes:
    """The workbook with a text before the first place of a part that has another one."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as target:
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename == part:
                at = re.search(before.encode(), content)
                assert at
                content = content[: at.start()] + text.encode() + content[at.start() :]
            target.writestr(info.filename, content)
    return written.getvalue()


CASES = [
    (kind, name)
    for kind in WORKBOOKS
    if zipfile.is_zipfile(io.BytesIO(WORKBOOKS[kind](ROWS)))
    for name in zipfile.ZipFile(io.BytesIO(WORKBOOKS[kind](ROWS))).namelist()
    if PARTS.search(name)
]


@pytest.mark.parametrize(("kind", "part"), [case for case in CASES if not case[1].endswith("sheet1.xml")])
def test_a_chain_of_entities_is_refused(kind: str, part: str) -> None:
    with pytest.raises(UnreadableFile, match="document type"):
        rows(changed(WORKBOOKS[kind](ROWS), part, r"<[\w:]", CHAIN))


def test_a_document_type_behind_a_long_comment_is_refused() -> None:
    """Sheets of this kind are parsed only if they have something like a formula without a value."""
    data = xlsx(ROWS, lambda book, sheet: sheet.write_formula(2, 0, "=1", None, ""))
    with pytest.raises(UnreadableFile, match="document type"):
        rows(changed(data, "xl/worksheets/sheet1.xml", "<worksheet", f"<!--{'x' * 100_000}-->" + CHAIN))


@pytest.mark.parametrize(("kind", "part"), CASES)
def test_elements_in_elements_end_in_rows_or_in_a_refusal(kind: str, part: str) -> None:
    data: Any = changed(WORKBOOKS[kind](ROWS), part, r"</(office:body|workbook|Relationships|worksheet)>", NESTED)
    with suppress(UnreadableFile):
        assert rows(data) == [{"No": "1", "Value": "x"}]


@pytest.mark.parametrize("place", ["<", "<table:table-row", "<office:body"], ids=["before all", "row", "body"])
def test_xml_without_an_element_for_megabytes_is_refused(place: str) -> None:
    """Expat before 2.6 parses what is not complete again with each piece, for minutes."""
    data = changed(WORKBOOKS["ods"](ROWS), "content.xml", re.escape(place), f"<!--{'x' * (5 << 20)}-->")
    with pytest.raises(UnreadableFile, match="XML"):
        rows(data)
