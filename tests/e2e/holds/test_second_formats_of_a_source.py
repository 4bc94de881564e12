"""A source writes dates and numbers in a second format: accepted once, and files in either format are read."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Run

TILL = {
    "name": "till",
    "region": "Austria",
    "currency": "EUR",
    "columns": {"sale_id": "No", "date": "Day", "quantity": "Qty", "net_amount": "Net"},
    "identity": {"store": "VIE"},
    "file": {"delimiter": ";"},
    "dates": {"formats": ["%d/%m/%Y"]},
    "numbers": {"decimal": ",", "thousands": "."},
}
OLD, NEW = "{}/03/2026;1;1.0{},50", "03/{}/2026;1;1,0{}.50"
BOTH = "03/{}/2026;1;1.0{}"
"""A number that may be of either format, in a row that proves none."""


@pytest.fixture(autouse=True)
def till(home: Path) -> None:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "till.yaml").write_text(yaml.safe_dump(TILL))


def ingest(run: Run, folder: Path, start: int, *rows: str) -> tuple[int, dict[str, Any]]:
    path = folder / f"{start}.csv"
    lines = [f"{start + n};{row.format(13 + n % 9, 10 + n)}" for n, row in enumerate(rows)]
    path.write_text("\n".join(["No;Day;Qty;Net", *lines, ""]))
    return run("ingest", str(path), "--region", "till")


def accepted(run: Run, folder: Path) -> None:
    """Load a file in the old format and one in the new format, which is held once."""
    assert ingest(run, folder, 100, *[OLD] * 12)[0] == 0
    code, held = ingest(run, folder, 200, *[NEW] * 12)
    assert (code, [hold["code"] for hold in held["holds"]]) == (4, ["style-changed", "too-many-refused"])
    code, settled = run("accept", held["batch_id"])
    assert (code, settled["contract_version"], settled["rows"]["new"]) == (0, 2, 12)


def test_after_the_first_acceptance_neither_format_is_held(home: Path, tmp_path: Path, run: Run) -> None:
    accepted(run, tmp_path)
    saved = yaml.safe_load((home / "contracts" / "till.yaml").read_text())
    assert saved["dates"]["formats"] == ["%d/%m/%Y", "%m/%d/%Y"]
    assert saved["numbers"] == {"decimal": ",", "thousands": ".", "alternatives": ["1,234.50"]}
    for start, row in ((300, OLD), (400, NEW), (500, OLD)):
        code, settled = ingest(run, tmp_path, start, *[row] * 12)
        assert (code, settled["rows"]["new"], settled["contract_version"]) == (0, 12, 2)
        assert Decimal(settled["amounts"][0]["net"]) == sum(Decimal(f"10{10 + n}.50") for n in range(12))


def test_both_formats_in_one_file_are_read_where_each_row_is_certain(tmp_path: Path, run: Run) -> None:
    accepted(run, tmp_path)
    code, settled = ingest(run, tmp_path, 600, *[OLD, NEW] * 6)
    assert (code, settled["rows"]["new"], settled["rows"]["quarantined"]) == (0, 12, 0)


def test_otherwise_the_file_is_held_with_both_formats_and_their_counts(tmp_path: Path, run: Run) -> None:
    accepted(run, tmp_path)
    code, held = ingest(run, tmp_path, 700, *[OLD] * 20, *[NEW] * 7, BOTH)
    assert (code, [hold["code"] for hold in held["holds"]]) == (4, ["style-changed"])
    message = held["holds"][0]["message"]
    assert "Net: of the sampled cells, 20 only as 1.234,50, 7 only as 1,234.50, and 1 can be read in several" in message
    code, settled = run("confirm", held["batch_id"])
    assert (code, settled["rows"]["new"], settled["rows"]["quarantined"]) == (3, 27, 1)
    assert settled["problems"][0]["code"] == "ambiguous-number"


def test_a_mixed_file_of_a_source_with_one_format_proposes_the_second(tmp_path: Path, run: Run) -> None:
    code, held = ingest(run, tmp_path, 800, *[OLD, NEW] * 6)
    assert code == 4
    code, settled = run("accept", held["batch_id"])
    assert (code, settled["rows"]["new"], settled["contract_version"]) == (0, 12, 2)
