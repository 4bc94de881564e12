"""Sources whose sales have no number: more rows of a loaded store-day raise a question, the same rows again do not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
CONTRACT = {
    "name": "kiosk",
    "region": "Kiosks",
    "currency": "EUR",
    "columns": {"date": "Day", "store_id": "Store", "product_name": "Product", "net_amount": "Amount"},
    "identity": {"by_content": "true"},
}


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[..., dict[str, Any]]:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "kiosk.yaml").write_text(yaml.safe_dump(CONTRACT))
    count = iter(range(99))

    def give(*rows: str) -> dict[str, Any]:
        path = tmp_path / f"{next(count)}.csv"
        path.write_text("\n".join(["Day,Store,Product,Amount", *rows, ""]))
        return dict(run("ingest", str(path), "--region", "kiosk")[1])

    return give


MONDAY = ("2026-06-01,K1,Tea,2.00", "2026-06-01,K1,Tea,2.00", "2026-06-01,K1,Cake,3.00")


def test_more_of_a_known_store_day_is_held_and_counts_once_confirmed(ingest: Any, run: Run) -> None:
    ingest(*MONDAY)
    held = ingest("2026-06-01,K1,Cake,3.50")
    assert (held["status"], [one["code"] for one in held["holds"]]) == ("held", ["overlaps-without-identity"])
    assert "1 store-day" in held["holds"][0]["message"]
    settled = run("confirm", held["batch_id"])[1]
    assert (settled["status"], settled["rows"]["new"]) == ("settled", 1)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []


def test_repeated_rows_and_other_days_and_stores_have_no_questions(ingest: Any) -> None:
    ingest(*MONDAY)
    again = ingest(*reversed(MONDAY), "2026-06-02,K1,Tea,2.00", "2026-06-01,K2,Tea,2.00")
    assert (again["status"], again["rows"]["duplicate"], again["rows"]["new"]) == ("settled", 3, 2)


def test_one_more_of_an_equal_row_is_more_of_its_day(ingest: Any) -> None:
    ingest(*MONDAY)
    assert ingest(*MONDAY, "2026-06-01,K1,Tea,2.00")["status"] == "held"


def test_after_an_undo_the_days_are_free(ingest: Any, run: Run) -> None:
    first = ingest(*MONDAY)
    run("undo", first["batch_id"], "--yes")
    assert ingest("2026-06-01,K1,Cake,3.50")["status"] == "settled"


def test_a_replay_does_not_overlap_the_batch_that_it_replaces(ingest: Any, run: Run) -> None:
    first = ingest(*MONDAY)
    assert run("replay", first["batch_id"])[1]["status"] == "settled"


def test_a_replay_with_another_sale_id_rule_does_not_either(ingest: Any, run: Run, home: Path) -> None:
    first = ingest(*MONDAY)
    other = CONTRACT | {"version": "2", "values": {"product_name": {"Tea": "Green tea"}}}
    (home / "contracts" / "kiosk.yaml").write_text(yaml.safe_dump(other))
    replayed = run("replay", first["batch_id"])[1]
    assert (replayed["status"], replayed["rows"]["read"]) == ("settled", 3)
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 3
