"""A file that is held longer than its staged rows are stored is read again, with the same result."""

import shutil
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Run

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
BAD = "".join(f"1{n},A,Shelf,ten,12/5/2011 9:02,2.50,7,UK\n" for n in range(6))
GOOD = "20,A,Shelf,1,12/5/2011 9:02,2.50,7,UK\n"


def let_go(home: Path) -> None:
    """As the bucket does after `STAGING_KEEPS_DAYS`."""
    shutil.rmtree(home / "objects" / "staging")


def held(run: Run, folder: Path) -> dict[str, Any]:
    file = folder / "uk.csv"
    file.write_text(HEADER + BAD + GOOD)
    code, receipt = run("ingest", str(file), "--region", "online-retail-uk")
    assert code == 4
    assert [hold["code"] for hold in receipt["holds"]] == ["too-many-refused"]
    return dict(receipt)


def test_it_settles_once_it_is_confirmed(run: Run, home: Path, tmp_path: Path) -> None:
    batch = held(run, tmp_path)["batch_id"]
    let_go(home)
    assert run("quarantine", batch)[0] == 0, "there is nothing to look at"
    code, receipt = run("confirm", batch)
    assert (code, receipt["status"], receipt["holds"]) == (3, "settled", [])
    assert receipt["rows"]["new"] == 1
    assert receipt["rows"]["quarantined"] == 6
    assert run("rebuild", "--check")[0] == 0


def test_one_that_lost_its_rows_does_not_keep_others_from_settling(run: Run, home: Path, tmp_path: Path) -> None:
    batch = held(run, tmp_path)["batch_id"]
    let_go(home)
    other = tmp_path / "other.csv"
    other.write_text(HEADER + GOOD.replace("20,", "30,"))
    assert run("ingest", str(other), "--region", "online-retail-uk")[0] == 0
    assert run("confirm", batch)[1]["status"] == "settled"


def test_a_sweep_stages_it_again_with_the_same_questions(run: Run, home: Path, tmp_path: Path) -> None:
    before = held(run, tmp_path)
    let_go(home)
    assert run("sweep")[1]["staged"] == 1
    assert run("receipts", before["batch_id"])[1] == before
    assert len(run("quarantine", before["batch_id"])[1]["rows"]) == 6
