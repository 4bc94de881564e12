"""A file whose days mostly lie ahead is held with one question; a single such day is a warning."""

from pathlib import Path

import pytest
from north_file import CONTRACT, ingest

from tests.e2e.conftest import Run


def rows(*days: str) -> list[str]:
    return [f"{number},{day},Lamp,1,5.00" for number, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    "days",
    [
        ["2126-03-01", "2126-03-02", "2127-03-03"],
        ["2126-03-01", "2024-03-02", "2127-03-03"],
        ["2567-03-01", "2567-03-02", "2568-03-03"],
    ],
    ids=["all", "most", "of another era"],
)
def test_days_that_mostly_lie_ahead_hold_the_file(run: Run, tmp_path: Path, days: list[str]) -> None:
    receipt = ingest(run, tmp_path, rows(*days))
    (hold,) = receipt["holds"]
    ahead = sum(day > "2100" for day in days)
    assert (receipt["status"], hold["code"]) == ("held", "future-dates")
    assert hold["message"] == f"{ahead} of 3 rows have a date after the day the file was received."
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 0
    assert run("confirm", receipt["batch_id"])[1]["status"] == "settled"


def test_a_dry_run_gives_the_same_hold(run: Run, tmp_path: Path) -> None:
    ingest(run, tmp_path, rows("2024-03-01"))
    (tmp_path / "ahead.csv").write_text("\n".join(["No,Day,Item,Qty,Amount", *rows("2126-03-01"), ""]))
    code, receipt = run("ingest", str(tmp_path / "ahead.csv"), "--region", "north", "--dry-run")
    assert (code, [hold["code"] for hold in receipt["holds"]]) == (4, ["future-dates"])


def test_one_day_ahead_among_others_is_a_warning(run: Run, tmp_path: Path) -> None:
    receipt = ingest(run, tmp_path, rows("2024-03-01", "2126-03-02", "2024-03-03"), CONTRACT)
    assert (receipt["status"], receipt["holds"]) == ("settled", [])
    assert [problem["code"] for problem in receipt["problems"]] == ["future-date"]
