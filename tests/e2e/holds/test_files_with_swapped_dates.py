"""Files whose days and months seem swapped are held with the evidence, and repaired on request."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.sheet_files import xlsx

Run = Callable[..., tuple[int, Any]]
CONTRACT = {
    "name": "north",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "dates": {"formats": ["%d/%m/%Y"]},
    "columns": {"sale_id": "No", "date": "Day", "net_amount": "Net"},
}
MARCH = [date(2026, 3, 1) + timedelta(days=2 * number) for number in range(16)]


def contract(home: Path) -> None:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT))


def half_converted(path: Path) -> str:
    """A workbook as an American spreadsheet saves dates with the day first."""
    cells = [day.replace(month=day.day, day=day.month) if day.day <= 12 else f"{day:%d/%m/%Y}" for day in MARCH]
    path.write_bytes(xlsx([["No", "Day", "Net"], *([str(no), cell, 5] for no, cell in enumerate(cells, 1))]))
    return str(path)


def first_and_last(run: Run) -> tuple[str, str]:
    numbers = run("query", "kpis")[1]["rows"][0]
    return numbers["first_sale_date"], numbers["last_sale_date"]


def test_a_half_converted_workbook_is_held_and_swapped_back_on_request(run: Run, tmp_path: Path, home: Path) -> None:
    contract(home)
    code, receipt = run("ingest", half_converted(tmp_path / "march.xlsx"), "--region", "north")
    assert (code, receipt["status"], [one["code"] for one in receipt["holds"]]) == (4, "held", ["dates-swapped"])
    assert "all 6 date cells have a day up to 12, and all 10 texts" in receipt["holds"][0]["message"]
    assert run("accept", receipt["batch_id"])[1]["status"] == "settled"
    assert first_and_last(run) == ("2026-03-01", "2026-03-31")


def test_a_half_converted_workbook_counts_as_read_if_it_is_confirmed(run: Run, tmp_path: Path, home: Path) -> None:
    contract(home)
    receipt = run("ingest", half_converted(tmp_path / "march.xlsx"), "--region", "north")[1]
    assert run("confirm", receipt["batch_id"])[1]["status"] == "settled"
    assert first_and_last(run) == ("2026-01-03", "2026-11-03")


def test_a_file_that_ascends_only_when_swapped_is_read_so_after_acceptance(
    run: Run, tmp_path: Path, home: Path
) -> None:
    contract(home)
    days = [date(2026, month, day) for month in (2, 3, 4) for day in (1, 3, 6, 9, 11)]
    path = tmp_path / "spring.csv"
    path.write_text("No,Day,Net\n" + "".join(f"{no},{day:%m/%d/%Y},5.00\n" for no, day in enumerate(days, 1)))
    receipt = run("ingest", str(path), "--region", "north")[1]
    assert [one["code"] for one in receipt["holds"]] == ["dates-swapped"]
    assert "in the order of the rows" in receipt["holds"][0]["message"]
    assert run("accept", receipt["batch_id"])[1]["status"] == "settled"
    assert first_and_last(run) == ("2026-02-01", "2026-04-11")


def test_other_formats_are_not_proposed_for_iso_dates_which_they_do_not_change(
    run: Run, tmp_path: Path, home: Path
) -> None:
    contract(home)
    days = [date(2026, month, day) for month in (2, 3, 4) for day in (1, 3, 6, 9, 11)]
    path = tmp_path / "spring.csv"
    path.write_text("No,Day,Net\n" + "".join(f"{no},{day:%Y-%d-%m},5.00\n" for no, day in enumerate(days, 1)))
    receipt = run("ingest", str(path), "--region", "north")[1]
    assert ([one["code"] for one in receipt["holds"]], receipt.get("proposal")) == (["dates-swapped"], None)
