"""The first file of a new contract: its figures are shown, and a person confirms them; status words decide them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
HEADER = "No,Day,Item,Qty,Net,State"
ROWS = ["1,2026-03-02,Lamp,2,20.00,paid", "2,2026-03-05,Desk,1,80.00,void", "3,2026-03-04,Lamp,-1,-10.00,refunded"]
COLUMNS = dict(
    zip(("sale_id", "date", "product_name", "quantity", "net_amount", "status"), HEADER.split(","), strict=True)
)
CONTRACT = {
    "name": "shop",
    "region": "North",
    "currency": "EUR",
    "columns": COLUMNS,
    "identity": {"ids": "region-wide"},
    "file": {"ignore": ["Total"]},
    "status": {"words": {"paid": "completed", "void": "cancelled", "refunded": "returned", "fee": "ignore"}},
    "refused_threshold": 1,
}
ANSWERS = ("region=North", "country=-", "currency=EUR")


def write(path: Path, *rows: str) -> str:
    path.write_text("\n".join((HEADER, *(rows or ROWS), "Total,,,2,90.00,", "")), encoding="utf-8")
    return str(path)


def answered(*more: str) -> list[str]:
    return [part for answer in (*ANSWERS, *more) for part in ("--answer", answer)]


@pytest.fixture
def drop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_DROP_SETTLE", "0.05")
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(yaml.safe_dump(CONTRACT))
    (home / "drop").mkdir()
    return home / "drop"


def dropped(run: Run, drop: Path, name: str, *rows: str) -> dict[str, Any]:
    write(drop / name, *rows)
    run("sweep")
    return next(one for one in run("receipts")[1] if one["file"] == name)


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def test_detect_gives_the_figures_of_the_whole_file_beside_its_own_total(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "sales.csv")
    assert run("detect", file)[1]["first_load"] is None
    code, result = run("detect", file, *answered())
    figures = result["first_load"]
    assert (code, figures["rows_read"], figures["accepted"], figures["quarantined"]) == (0, 4, 3, 0)
    assert (figures["first_date"], figures["last_date"]) == ("2026-03-02", "2026-03-05")
    assert (figures["orders"], figures["units"]) == (1, "1")
    assert figures["amounts"] == [
        {"currency": "EUR", "revenue": "10", "pending": "0", "cancelled": "80", "returned": "-10"}
    ]
    assert figures["own"] == {
        "column": "Net",
        "column_sum": "90",
        "lines": [{"line_number": 5, "text": "Total · 2 · 90.00", "amount": "90"}],
    }


def test_a_tip_that_is_left_out_is_no_total_line(run: Run, tmp_path: Path) -> None:
    sold = [f"{number},2026-03-0{number},Lamp,{number},{number}0.00,paid" for number in range(1, 6)]
    file = write(tmp_path / "sales.csv", *sold, "6,2026-03-06,Tip,1,5.00,paid")
    code, result = run("detect", file, *answered("ignore.Tip=yes"))
    own = result["first_load"]["own"]
    assert (code, own["column_sum"], [line["line_number"] for line in own["lines"]]) == (0, "150", [8])


def test_amounts_are_rounded_to_the_decimals_of_their_currency(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        "No,Day,Item,Qty,Total incl VAT,VAT %\n1,2026-03-14,Bread,1,4.00,5.5%\n2,2026-03-15,Bread,1,6.10,20%\n"
    )
    code, result = run("detect", str(file), *answered())
    assert code == 0, result
    assert result["first_load"]["sentences"][2].startswith("Revenue 8.87 EUR, ")


def test_a_saved_contract_is_confirmed_by_its_figures(run: Run, tmp_path: Path, drop: Path) -> None:
    code, result = run("detect", write(tmp_path / "sales.csv"), *answered(), "--save", "north")
    assert (code, result["saved"], "Revenue 10.00 EUR" in result["first_load"]["sentences"][2]) == (
        0,
        {"name": "north", "version": 1},
        True,
    )
    (drop / "north").mkdir()
    write(drop / "north" / "sales.csv")
    run("sweep")
    receipt = next(one for one in run("receipts")[1] if one["contract"] == "north")
    assert (receipt["status"], receipt["rows"]["new"], receipt["rows"]["ignored"]) == ("announced", 3, 1)


def test_the_first_dropped_file_of_a_contract_waits_with_its_figures(run: Run, drop: Path) -> None:
    held = dropped(run, drop, "shop-march.csv")
    assert codes(held) == ["first-load"]
    message = held["holds"][0]["message"]
    assert "data source shop" in message
    assert "Revenue 10.00 EUR, cancelled 80.00 EUR, returned -10.00 EUR" in message
    assert "The total line of the file (line 5) says 90. The column Net adds up to 90." in message
    code, receipt = run("confirm", held["batch_id"])
    assert (code, receipt["status"], receipt["rows"]["new"]) == (0, "settled", 3)
    later = dropped(run, drop, "shop-april.csv", "4,2026-04-02,Lamp,2,20.00,paid")
    assert (later["status"], later["rows"]["new"]) == ("announced", 1)


def test_a_contract_that_loaded_a_file_needs_no_confirmation(run: Run, tmp_path: Path, drop: Path) -> None:
    assert run("ingest", write(tmp_path / "first.csv"), "--region", "shop")[1]["status"] == "settled"
    later = dropped(run, drop, "shop-april.csv", "4,2026-04-02,Lamp,2,20.00,paid")
    assert (later["status"], later["rows"]["new"]) == ("announced", 1)


def test_an_undone_first_load_confirms_nothing(run: Run, tmp_path: Path, drop: Path) -> None:
    receipt = run("ingest", write(tmp_path / "first.csv"), "--region", "shop")[1]
    run("undo", receipt["batch_id"], "--yes")
    assert codes(dropped(run, drop, "shop-april.csv", "4,2026-04-02,Lamp,2,20.00,paid")) == ["first-load"]


def test_rows_that_are_not_sales_are_ignored_with_the_reason(run: Run, tmp_path: Path, drop: Path) -> None:
    receipt = run("ingest", write(tmp_path / "a.csv", *ROWS, ",transfer,,,-85.00,Fee"), "--region", "shop")[1]
    rows = receipt["rows"]
    assert (receipt["status"], rows["read"], rows["new"], rows["ignored"]) == ("settled", 5, 3, 2)
    (problem,) = [one for one in receipt["problems"] if one["code"] == "not-a-sale"]
    assert (problem["count"], problem["first_line"], problem["example"]) == (1, 5, "Fee")
    assert run("rebuild", "--check")[0] == 0


def test_more_than_one_percent_of_unknown_words_hold_a_file_whatever_the_contract_allows(
    run: Run, tmp_path: Path, drop: Path
) -> None:
    many = [f"{n},2026-03-02,Lamp,1,10.00,paid" for n in range(10, 109)]
    code, few = run("ingest", write(tmp_path / "few.csv", *many, "1,2026-03-02,Lamp,1,9.00,lost"), "--region", "shop")
    assert (code, few["status"], few["rows"]["quarantined"]) == (3, "settled", 1)
    code, dear = run("ingest", write(tmp_path / "b.csv", *many, "2,2026-03-02,Lamp,1,99.00,lost"), "--region", "shop")
    assert (code, codes(dear)) == (4, ["unknown-status-words"])
    assert "“lost” (1 row, 99.00 EUR)" in dear["holds"][0]["message"]
    confirmed = run("confirm", dear["batch_id"])[1]
    assert (confirmed["status"], confirmed["rows"]["quarantined"]) == ("settled", 1)
