"""The sales of one region, sent again under another: the file is held, and a person decides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
CODE = "known-sales-in-another-region"
SALES = [(f"{1000 + n}", f"2025-03-{1 + n % 5:02}", f"{20 + n}.50") for n in range(40)]


def contract(name: str, region: str, **settings: Any) -> dict[str, Any]:
    columns = {"sale_id": "No", "date": "Day", "net_amount": "Amount", "product_id": "Item"}
    identity = {"store": f"{name}-shop"} | settings.pop("identity", {})
    return {"name": name, "region": region, "currency": "EUR", "columns": columns, "identity": identity} | settings


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[..., dict[str, Any]]:
    (home / "contracts").mkdir(parents=True)
    for one in (contract("at", "Austria"), contract("de", "Germany"), contract("de2", "Germany")):
        (home / "contracts" / f"{one['name']}.yaml").write_text(yaml.safe_dump(one))
    count = iter(range(99))

    def give(name: str, sales: list[tuple[str, str, str]]) -> dict[str, Any]:
        path = tmp_path / f"{next(count)}.csv"
        rows = [f"{number},{day},{amount},Tea" for number, day, amount in sales]
        path.write_text("\n".join(["No,Day,Amount,Item", *rows, ""]))
        return dict(run("ingest", str(path), "--region", name)[1])

    return give


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def later(sales: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(number, day.replace("-03-", "-04-"), amount) for number, day, amount in sales]


def test_a_file_whose_sales_another_region_has_is_held_with_both_named(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", [*SALES[:38], ("2000", "2025-03-05", "5.00")])
    assert (held["status"], codes(held)) == ("held", [CODE])
    (message,) = (hold["message"] for hold in held["holds"])
    assert message.startswith("38 of 39 sampled sales of this file for Austria are already in Germany with the same ")
    number = int(message.partition("such as ")[2].split(" ")[0])
    sale = SALES[number - 1000]
    assert message.endswith(f"such as {sale[0]} on {sale[1]} for {sale[2]}.")
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 40


def test_a_confirmed_file_counts_and_stays_confirmed(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", SALES[:20])
    settled = run("confirm", held["batch_id"])[1]
    assert (settled["status"], settled["rows"]["new"]) == ("settled", 20)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []
    assert run("replay", held["batch_id"])[1]["status"] == "settled"
    # these sales are known in its own region now: another file with some of them repeats them
    repeated = ingest("at", SALES[3:15])
    assert (repeated["status"], repeated["rows"]["duplicate"]) == ("settled", 12)


def test_the_contract_of_the_other_region_can_be_chosen(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", SALES[:20])
    settled = run("confirm", held["batch_id"], "--region", "de")[1]
    assert (settled["status"], settled["region"], settled["rows"]["duplicate"]) == ("settled", "Germany", 20)


def test_once_the_other_file_is_undone_the_file_counts(ingest: Any, run: Run) -> None:
    wrong = ingest("de", SALES)
    run("undo", wrong["batch_id"], "--yes")
    assert ingest("at", SALES[:30])["status"] == "settled"


def test_a_batch_can_be_moved_to_another_region(ingest: Any, run: Run) -> None:
    wrong = ingest("de", SALES)
    assert run("replay", wrong["batch_id"], "--region", "at")[1]["status"] == "settled"


@pytest.mark.parametrize(
    "sales",
    [
        [(number, day, "1" + amount) for number, day, amount in SALES],
        later(SALES),
        [("9" + number, day, amount) for number, day, amount in SALES],
        SALES[:4],
        [*SALES[:20], *later(SALES[20:])],
    ],
    ids=["other amounts", "other days", "other numbers", "a tiny file", "half of them"],
)
def test_other_sales_and_tiny_files_are_not_held(ingest: Any, sales: list[tuple[str, str, str]]) -> None:
    ingest("de", SALES)
    assert ingest("at", sales)["status"] == "settled"


def test_sales_of_the_same_region_are_not_compared(ingest: Any) -> None:
    ingest("de", SALES)
    assert ingest("de", SALES[:30])["rows"]["duplicate"] == 30


def test_a_dry_run_shows_the_hold_too(ingest: Any, run: Run, tmp_path: Path) -> None:
    ingest("de", SALES)
    path = tmp_path / "tried.csv"
    path.write_text("\n".join(["No,Day,Amount,Item", *(f"{n},{day},{amount},Tea" for n, day, amount in SALES[1:])]))
    tried = run("ingest", str(path), "--region", "at", "--dry-run")[1]
    assert codes(tried) == [CODE]
