"""Real files are read correctly, if they are next to the project."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from delimited_text import read_all

pytestmark = pytest.mark.shared
SPECTRUM = ["comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf"]
SPECTRUM += ["quotes_and_newlines", "simple", "simple_crlf", "utf8"]
FILES = [
    ("classic-models/sales_data_sample.csv", "cp850", ",", 2823),
    ("online-retail/IN.csv", "utf-8", ",", 1259),
    ("online-retail/USA.csv", "utf-8", ",", 291),
    pytest.param("online-retail/UK.csv.gz", "utf-8", ",", 495_478, marks=pytest.mark.long),
    ("superstore-eu/superstore-semicolon-decimal-comma.csv", "utf-8", ";", 9994),
    ("japan/uriage_cp932.csv", "cp932", ",", 5),
    ("supermarket/supermarket_sales.csv", "utf-8", ",", 1000),
    ("fx/eurofxref-hist.csv", "utf-8", ",", 6983),
]


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_files_equal_their_json(shared_data: Path, name: str) -> None:
    wanted = json.loads((shared_data / "csv-spectrum" / "json" / f"{name}.json").read_text("utf-8"))
    result = read_all((shared_data / "csv-spectrum" / "csvs" / f"{name}.csv").read_bytes())
    assert [dict(zip(result.names, row, strict=True)) for row in result.rows] == wanted
    assert not result.refused


def test_csv_spectrum_keeps_quotes_inside_coordinates(shared_data: Path) -> None:
    """Its JSON has another telephone number than its CSV, so that cell is taken from the CSV."""
    wanted = json.loads((shared_data / "csv-spectrum" / "json" / "location_coordinates.json").read_text("utf-8"))
    result = read_all((shared_data / "csv-spectrum" / "csvs" / "location_coordinates.csv").read_bytes())
    assert result.rows == [("2095257564", *list(wanted.values())[1:])]


@pytest.mark.parametrize(("path", "encoding", "delimiter", "rows"), FILES)
def test_real_files_read_as_the_csv_module_reads_them(
    shared_data: Path, path: str, encoding: str, delimiter: str, rows: int
) -> None:
    data = (shared_data / path).read_bytes()
    result = read_all(data, encoding, delimiter, block_bytes=1 << 18)
    plain = gzip.decompress(data) if path.endswith(".gz") else data
    text = plain.decode(encoding).removeprefix("\ufeff")
    _, *wanted = (tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert result.rows == wanted
    assert len(result.rows) == rows
    assert not result.refused
    assert not result.blank
