"""Archives and workbooks that lost something on their way are refused in words, wherever it was."""

import io
import zipfile

import pytest
from sheet_files import ods, ods_rows, xlsx

from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile

ROWS = [["No", "Total"], ["1", "5"], ["2", "7"]]


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", "\n".join(map(",".join, ROWS)))
    return out.getvalue()


def read(data: bytes) -> list[dict[str, str]]:
    return [row for block in read_blocks(lambda: io.BytesIO(data), ReadOptions()) for row in block.cells.to_pylist()]


WHOLE = {"zip": zipped(), "xlsx": xlsx(ROWS), "ods": ods(("Sales", ods_rows(ROWS)))}


@pytest.mark.parametrize("kind", sorted(WHOLE))
def test_a_lost_byte_is_reported_or_changes_no_value(kind: str) -> None:
    data = WHOLE[kind]
    right, refused = read(data), 0
    for at in range(0, len(data), max(1, len(data) // 150)):
        try:
            assert read(data[:at] + data[at + 1 :]) == right, at
        except UnreadableFile:
            refused += 1
    assert refused > 50


def test_an_archive_with_a_damaged_file_name_is_unreadable() -> None:
    data = zipped()
    name = data.rindex(b"sales.csv")  # in the directory at the end
    with pytest.raises(UnreadableFile):
        read(data[:name] + b"\0" + data[name + 1 :])  # what follows a NUL is no part of a name


def test_a_workbook_without_a_manifest_is_one_all_the_same() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE["ods"])) as whole, zipfile.ZipFile(out, "w") as part:
        for name in whole.namelist():
            if not name.startswith("META-INF"):
                part.writestr(name, whole.read(name))
    assert read(out.getvalue()) == read(WHOLE["ods"])
