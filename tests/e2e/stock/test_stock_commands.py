"""`tillstream stock`: levels now and in the past, and import of movements."""

from pathlib import Path
from typing import Any

import pytest

HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
SALE = "{},1,{} 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,"
SALES = "\n".join([HEADER, SALE.format("1", "03-06-2026"), SALE.format("2", "04-06-2026"), ""])
COUNTS = (
    "Branch;SKU;Qty;Date;Movement;Reason\nMUM01;P1;10;2026-06-03 09:00;;\nMUM01;Kettle;2;2026-06-05;waste;damaged\n"
)


@pytest.fixture
def file(run: Any, tmp_path: Path) -> Path:
    """A file of movements, in a home with sales."""
    (tmp_path / "june.csv").write_text(SALES, encoding="utf-8")
    assert run("ingest", str(tmp_path / "june.csv"), "--region", "IN")[0] == 0
    (tmp_path / "stock.csv").write_text(COUNTS, encoding="utf-8")
    return tmp_path / "stock.csv"


def test_movements_are_imported_once_and_change_the_stock(run: Any, run_text: Any, file: Path) -> None:
    code, dry = run("stock", "import", str(file), "--dry-run")
    assert (code, dry["good_rows"], dry["recorded"], dry["new_movements"]) == (0, 2, False, 0)
    code, first = run("stock", "import", str(file))
    assert (code, first["recorded"], first["new_movements"], first["problems"]) == (0, True, 2, [])
    code, again = run("stock", "import", str(file))
    assert (code, again["new_movements"], again["repeated_movements"]) == (0, 0, 2)
    assert "all of them were recorded before" in run_text("stock", "import", str(file))[1]
    code, levels = run("stock")
    (level,) = levels["rows"]
    assert (code, level["on_hand"], level["sold"], level["status"]) == (0, "6", "2", "in-stock")
    assert "Kettle" in run_text("stock")[1]


def test_stock_of_the_past_is_that_of_its_end_or_instant(run: Any, file: Path) -> None:
    run("stock", "import", str(file))
    expected = {
        "2026-06-02": [],
        "2026-06-03": ["9"],
        "2026-06-04": ["8"],
        "2026-06-05": ["6"],
        "2026-06-03T04:00:00Z": ["10"],
    }
    columns = run("stock")[1]["columns"]
    for at, on_hand in expected.items():
        past = run("stock", "--at", at)[1]
        assert (at, [row["on_hand"] for row in past["rows"]]) == (at, on_hand)
        assert {*past["columns"]} <= {*columns}
    assert run("stock", "--at", "yesterday")[0] == 1
    assert run("stock", "--at", "2026-06-05", "--status", "low")[0] == 1


def test_levels_are_filtered(run: Any, file: Path) -> None:
    run("stock", "import", str(file))
    assert len(run("stock", "--region", "IN", "--store", "MUM01", "--text", "ket")[1]["rows"]) == 1
    assert run("stock", "--status", "out")[1]["rows"] == []
    assert run("stock", "--store", "NOWHERE")[0] == 1


def test_a_file_with_a_problem_records_nothing_unless_the_good_rows_are_wanted(
    run: Any, run_text: Any, file: Path, tmp_path: Path
) -> None:
    file.write_text(f"{COUNTS}MUM01;P2;3;2026-06-05;;\n", encoding="utf-8")
    code, result = run("stock", "import", str(file))
    assert (code, result["recorded"], result["refused_rows"]) == (1, False, 1)
    assert [(one["line"], one["column"], one["value"]) for one in result["problems"]] == [(4, "product", "P2")]
    assert "Line 4: There is no product “P2”." in run_text("stock", "import", str(file))[1]
    assert run("stock", "import", str(file), "--refused", "")[0] == 1, "no file"
    in_home = tmp_path / "home" / "contracts" / "refused.csv"
    code, result = run("stock", "import", str(file), "--refused", str(in_home))
    assert code == 1
    assert "holds the data of Tillstream" in result["error"]
    refused = tmp_path / "refused.csv"
    code, result = run("stock", "import", str(file), "--partly", "--refused", str(refused))
    assert (code, result["recorded"], result["new_movements"]) == (3, True, 2)
    refused.write_text(refused.read_text(encoding="utf-8").replace("P2", "P1"), encoding="utf-8")
    code, result = run("stock", "import", str(refused))
    assert (code, result["new_movements"]) == (0, 1)
    assert [row["on_hand"] for row in run("stock")[1]["rows"]] == ["3"]
