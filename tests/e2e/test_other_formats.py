"""A workbook goes the whole way: its receipt, its refused rows, their correction, the same numbers as its CSV."""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Run
from tests.unit.sheet_files import ods, ods_rows, xlsx

HEAD = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
GOOD = [
    [536365 + number, "85123A", "Mug", number + 1, datetime(2011, 12, 5, 9, 2), 2.55, 17850.0, "UK"]  # noqa: DTZ001
    for number in range(20)
]
BAD = [[536400, "71053", "Lantern; “white”", "two", datetime(2011, 12, 5, 9, 2), 3.39, 17850.0, "UK"]]  # noqa: DTZ001
TABLE = [["Sales of December"], [], HEAD, *GOOD, [], *BAD]


def kept(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


@pytest.fixture(params=["xlsx", "ods"], name="given")
def _given(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    data = xlsx(TABLE) if request.param == "xlsx" else ods(("Sales", ods_rows(TABLE)))
    return kept(tmp_path / f"sales.{request.param}", data)


def lines(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run("query", "sale-lines")[1]["rows"]
    return sorted(rows, key=lambda row: row["sale_id"])


def test_a_workbook_has_its_receipt_and_its_refused_rows_are_corrected(run: Run, tmp_path: Path, given: str) -> None:
    assert run("ingest", given, "--region", "online-retail-uk", "--dry-run")[1]["rows"]["new"] == 20
    code, receipt = run("ingest", given, "--region", "online-retail-uk")
    told = {name: count for name, count in receipt["rows"].items() if count}
    assert (code, told) == (3, {"read": 22, "new": 20, "quarantined": 1, "blank": 1})
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


def test_a_workbook_can_be_replayed(run: Run, given: str) -> None:
    batch = run("ingest", given, "--region", "online-retail-uk")[1]["batch_id"]
    assert run("replay", batch)[1]["rows"]["read"] == 22
    assert len(lines(run)) == 20
