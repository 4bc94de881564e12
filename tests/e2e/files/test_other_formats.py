"""A workbook goes the whole way: its receipt, its refused rows, their correction, the same numbers as its CSV."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Run
from tests.sheet_files import ods, ods_rows, xls, xlsx

HEAD = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
GOOD = [
    [536365 + number, "85123A", "Mug", number + 1, datetime(2011, 12, 5, 9, 2), 2.55, 17850, "UK"]  # noqa: DTZ001
    for number in range(20)
]
BAD = [[536400, "71053", "Lantern; “white”", "two", datetime(2011, 12, 5, 9, 2), 3.39, 17850, "UK"]]  # noqa: DTZ001
TABLE = [["Sales of December"], [], HEAD, *GOOD, [], *BAD]


def kept(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def as_csv() -> bytes:
    text = io.StringIO(newline="")
    shown = [[f"{cell:%m/%d/%Y %H:%M}" if isinstance(cell, datetime) else cell for cell in row] for row in TABLE]
    csv.writer(text).writerows(shown)
    return text.getvalue().encode()


def as_jsonl() -> bytes:
    rows = [dict(zip(HEAD, row, strict=True)) if row else {} for row in TABLE[3:]]
    return "".join(json.dumps(row, default=datetime.isoformat, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet() -> bytes:
    out = io.BytesIO()
    columns = zip(*(row or [None] * len(HEAD) for row in TABLE[3:]), strict=True)
    texts = [[str(cell) if cell is not None else None for cell in column] for column in columns]
    typed = [[*GOOD, None, *BAD][place] for place in range(len(TABLE) - 3)]
    columns = {name: texts[place] for place, name in enumerate(HEAD)}
    columns["InvoiceDate"] = [row[4] if row else None for row in typed]
    columns["UnitPrice"] = [row[5] if row else None for row in typed]
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", data)
    return out.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "csv": as_csv,
    "csv.gz": lambda: gzip.compress(as_csv()),
    "zip": lambda: zipped(as_csv()),
    "xlsx": lambda: xlsx(TABLE),
    "xls": lambda: xls(("Sales", TABLE)),
    "ods": lambda: ods(("Sales", ods_rows(TABLE))),
    "jsonl": as_jsonl,
    "jsonl.gz": lambda: gzip.compress(as_jsonl()),
    "parquet": as_parquet,
}


def test_the_same_table_has_the_same_receipt_and_the_same_lines_in_every_format(run: Run, tmp_path: Path) -> None:
    """Each file after the first repeats every line of it, so that nothing but duplicates comes."""
    for number, (name, written) in enumerate(FORMATS.items()):
        file = kept(tmp_path / f"sales.{name}", written())
        code, receipt = run("ingest", file, "--region", "online-retail-uk")
        rows = receipt["rows"]
        counted = (rows["read"], rows["new"], rows["duplicate"], rows["quarantined"], rows["blank"])
        assert (name, code, counted) == (name, 3, (22, 0 if number else 20, 20 if number else 0, 1, 1))
        assert receipt["amounts"] == [{"currency": "GBP", "net": "535.5", "gross": None}], name


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_every_format_is_detected_as_its_text_is(run: Run, tmp_path: Path, name: str) -> None:
    text, file = (kept(tmp_path / f"sales.{one}", FORMATS[one]()) for one in ("csv", name))
    wanted, proposed = (run("detect", one, "--answer", "source=new")[1]["contract"] for one in (text, file))
    assert proposed["columns"] == wanted["columns"]
    assert ("encoding" in proposed.get("file", {})) == ("csv" in name or name == "zip")


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_refused_rows_of_other_formats_come_back_corrected(run: Run, tmp_path: Path, name: str) -> None:
    file = kept(tmp_path / f"sales.{name}", FORMATS[name]())
    batch = run("ingest", file, "--region", "online-retail-uk")[1]["batch_id"]
    run("quarantine", batch, "--csv", str(tmp_path / "refused.csv"))
    text = (tmp_path / "refused.csv").read_text("utf-8-sig").replace(",two,", ",2,")
    assert "2011-12-05T09:02:00" in text
    code, receipt = run("fix", batch, kept(tmp_path / "fixed.csv", text.encode()))
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (0, 21, 0)
    assert lines(run)[-1]["product_name"] == "Lantern; “white”"


@pytest.fixture(params=["xlsx", "xls", "ods"], name="workbook")
def _workbook(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return kept(tmp_path / f"sales.{request.param}", FORMATS[request.param]())


def lines(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run("query", "sale-lines")[1]["rows"]
    return sorted(rows, key=lambda row: row["sale_id"])


def test_a_workbook_has_its_receipt_and_its_refused_rows_are_corrected(run: Run, tmp_path: Path, workbook: str) -> None:
    assert run("ingest", workbook, "--region", "online-retail-uk", "--dry-run")[1]["rows"]["new"] == 20
    code, receipt = run("ingest", workbook, "--region", "online-retail-uk")
    counts = {name: count for name, count in receipt["rows"].items() if count}
    assert (code, counts) == (3, {"read": 22, "new": 20, "quarantined": 1, "blank": 1})
    first = lines(run)[0]
    assert (first["sale_id"], first["customer_id"], first["net_amount"]) == ("OR-536365", "17850", "2.55")
    (refused,) = run("quarantine", receipt["batch_id"], "--csv", str(tmp_path / "refused.csv"))[1]["rows"]
    assert refused["line_number"] == 25
    (row,) = csv.DictReader(io.StringIO((tmp_path / "refused.csv").read_text("utf-8-sig"), newline=""))
    assert (row["Description"], row["InvoiceDate"], row["_raw"]) == ("Lantern; “white”", "2011-12-05T09:02:00", "")
    row["Quantity"] = "2"
    fixed = kept(tmp_path / "fixed.xlsx", xlsx([list(row), list(row.values())]))
    code, receipt = run("fix", receipt["batch_id"], fixed)
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (0, 21, 0)
    assert lines(run)[-1]["product_name"] == "Lantern; “white”"


def test_a_workbook_can_be_replayed(run: Run, workbook: str) -> None:
    batch = run("ingest", workbook, "--region", "online-retail-uk")[1]["batch_id"]
    assert run("replay", batch)[1]["rows"]["read"] == 22
    assert len(lines(run)) == 20
