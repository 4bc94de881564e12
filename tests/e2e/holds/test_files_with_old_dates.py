"""A file whose dates are read as those of long ago is held; a single such date is a warning."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
CONTRACT = {
    "name": "north",
    "region": "North",
    "currency": "THB",
    "identity": {"ids": "region-wide"},
    "dates": {"formats": ["%d/%m/%y"]},
    "columns": {"sale_id": "No", "date": "Day", "quantity": "Qty", "unit_price": "Price"},
}


def ingest(run: Run, folder: Path, *years: int) -> dict[str, Any]:
    home = folder / "home"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT))
    rows = [f"{number},{number:02}/03/{year:02},2,19.99" for number, year in enumerate(years, 1)]
    (folder / "sales.csv").write_text("\n".join(["No,Day,Qty,Price", *rows, ""]))
    return dict(run("ingest", str(folder / "sales.csv"), "--region", "north")[1])


@pytest.mark.parametrize("year", [69, (datetime.now(UTC).year - 2019) % 100])
def test_years_of_another_era_hold_the_file(run: Run, tmp_path: Path, year: int) -> None:
    receipt = ingest(run, tmp_path, year, year, year)
    (hold,) = receipt["holds"]
    assert hold["code"] == "old-dates"
    assert hold["message"].startswith("3 of 3 rows")
    assert run("confirm", receipt["batch_id"])[1]["status"] == "settled"


def test_one_old_date_is_a_warning(run: Run, tmp_path: Path) -> None:
    receipt = ingest(run, tmp_path, 25, 72, 25)
    assert (receipt["status"], receipt["holds"]) == ("settled", [])
    assert [problem["code"] for problem in receipt["problems"]] == ["old-date"]
