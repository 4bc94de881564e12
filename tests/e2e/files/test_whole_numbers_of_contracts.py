"""IDs that a spreadsheet wrote as 451.0, under a contract of before: a new version reads them as 451, on request."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from app_factory import build

from tillstream.records import batch_records
from tillstream.review import replay
from tillstream.settings import Settings

Run = Callable[..., tuple[int, Any]]
RunText = Callable[..., tuple[int, str]]
COLUMNS = {"sale_id": "Receipt", "date": "Day", "net_amount": "Sum", "product_id": "Article"}
ROWS = [(451 + n // 2, f"2025-05-{1 + n // 4:02}", f"{10 + n}.50", "Tea" if n % 2 else "Rum") for n in range(12)]
NET = sum(10.5 + n for n in range(12))


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[..., dict[str, Any]]:
    """Reads the rows with a contract that has no rule for whole numbers."""
    contract = {"name": "shop", "region": "Peru", "currency": "PEN", "columns": COLUMNS, "identity": {"store": "Lima"}}
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(yaml.safe_dump(contract))

    def load(name: str, ending: str, rows: list[tuple[int, str, str, str]] = ROWS) -> dict[str, Any]:
        path = tmp_path / name
        lines = [f"{number}{ending},{day},{amount},{article}" for number, day, amount, article in rows]
        path.write_text("\n".join(["Receipt,Day,Sum,Article", *lines, ""]))
        receipt = dict(run("ingest", str(path), "--region", "shop")[1])
        return receipt if receipt["status"] == "settled" else dict(run("confirm", receipt["batch_id"])[1])

    return load


def test_the_preview_has_the_figures_before_and_after_and_stores_nothing(ingest: Any, run: Run) -> None:
    ingest("typed.csv", "")
    float_file = ingest("resaved.csv", ".0")
    code, shown = run("contracts", "shop", "--whole-numbers")
    assert (code, shown["contract_version"], shown["columns"]) == (4, 2, {"sale_id": "451.0"})
    assert shown["files"] == [{"batch_id": float_file["batch_id"], "file": "resaved.csv"}]
    sides = [(row["sale_count"], row["line_count"], float(row["net"])) for row in (*shown["before"], *shown["after"])]
    assert sides == [(12, 24, 2 * NET), (6, 12, NET)]
    assert (shown["changes"], shown["holds"]) == ({"added": 0, "corrected": 0, "removed": 12}, [])
    assert run("contracts", "shop")[1]["version"] == 1
    assert run("contracts", "shop", "--whole-numbers")[1] == shown


def test_the_new_version_counts_each_sale_once_and_a_rebuild_agrees(ingest: Any, run: Run) -> None:
    ingest("typed.csv", "")
    ingest("resaved.csv", ".0")
    code, done = run("contracts", "shop", "--whole-numbers", "--yes")
    assert (code, [each["status"] for each in done["replayed"]]) == (0, ["settled"])
    contract = run("contracts", "shop")[1]
    assert (contract["version"], contract["identity"]["whole_numbers"]) == (2, ["sale_id"])
    lines = run("query", "sale-lines")[1]["rows"]
    assert {line["sale_id"] for line in lines} == {f"Lima/{number}" for number, *_ in ROWS}
    assert (len(lines), sum(float(line["net_amount"]) for line in lines)) == (12, NET)
    assert run("rebuild", "--check")[1]["differences"] == []
    assert ingest("again.csv", ".00")["rows"]["duplicate"] == 12
    code, refused = run("contracts", "shop", "--whole-numbers")
    assert (code, refused["error"]) == (1, "No file of shop in the ledger has IDs that are written as decimal numbers.")


def test_sales_that_all_have_such_numbers_keep_their_revenue(ingest: Any, run: Run) -> None:
    ingest("first.csv", ".00", ROWS[:6])
    ingest("second.csv", ".00", ROWS[4:])
    assert run("contracts", "shop", "--whole-numbers", "--yes")[0] == 0
    lines = run("query", "sale-lines")[1]["rows"]
    assert {line["sale_id"] for line in lines} == {f"Lima/{number}" for number, *_ in ROWS}
    assert sum(float(line["net_amount"]) for line in lines) == NET
    assert ingest("typed.csv", "")["rows"]["duplicate"] == 12


def test_a_terminal_shows_the_figures(ingest: Any, run_text: RunText) -> None:
    float_file = ingest("resaved.csv", ".0", [*ROWS[:4], (9, "2025-05-01", "1", "Tea")])
    code, text = run_text("contracts", "shop", "--whole-numbers")
    assert (code, text.splitlines()) == (
        4,
        [
            "shop · version 2 · region Peru",
            "  sale_id: 451.0 is read as 451",
            f"  resaved.csv · to be replayed · {float_file['batch_id']}",
            "  sales 3 → 3",
            "  lines 5 → 5",
            "  net 49.00 → 49.00 PEN",
            "  all numbers: 5 added, 0 corrected, 5 removed",
            "This is a preview. To save the new version and replay the files, use --yes.",
        ],
    )
    assert run_text("contracts", "--whole-numbers")[0] == run_text("contracts", "shop", "--yes")[0] == 2
    code, done = run_text("contracts", "shop", "--whole-numbers", "--yes")
    assert (code, done.splitlines()[:2]) == (0, text.splitlines()[:2])
    assert done.splitlines()[2].startswith("  resaved.csv · settled · ")


def test_an_interrupted_change_is_completed(home: Path, ingest: Any, run: Run) -> None:
    """The version is saved, and a file was not replayed yet."""
    ingest("resaved.csv", ".0")
    contract = home / "contracts" / "shop.yaml"
    settings = yaml.safe_load(contract.read_text())
    settings["identity"]["whole_numbers"] = ["sale_id"]
    contract.write_text(yaml.safe_dump(settings | {"version": 2}))
    assert run("contracts", "shop", "--whole-numbers")[1]["contract_version"] == 2
    done = run("contracts", "shop", "--whole-numbers", "--yes")[1]
    assert [each["rows"]["new"] for each in done["replayed"]] == [12]
    assert run("contracts", "shop")[1]["version"] == 2
    assert ingest("typed.csv", "")["rows"]["duplicate"] == 12


def test_files_that_cannot_be_replayed_are_left_out(home: Path, ingest: Any, run: Run) -> None:
    """Of another home, and with a replay that is not finished."""
    synced, active, other = (
        ingest(f"{name}.csv", ".0", ROWS[place : place + 4])["batch_id"]
        for name, place in (("synced", 0), ("active", 4), ("other", 8))
    )
    app = build(Settings(threads=1))
    batch_records.repair_batch(app.ports, synced, lambda batch: replace(batch, home="branch"))
    replay.replay_batch(app.ports, app.contracts, active, None, "emma")
    app.close()
    shown = run("contracts", "shop", "--whole-numbers")[1]
    assert [file["batch_id"] for file in shown["files"]] == [other]
    done = run("contracts", "shop", "--whole-numbers", "--yes")[1]
    assert [each["status"] for each in done["replayed"]] == ["settled"]
    code, refused = run("contracts", "shop", "--whole-numbers")
    assert (code, refused["error"]) == (
        1,
        "The files of shop with IDs that are written as decimal numbers cannot be replayed now: they are of another "
        "home, or are being replayed or undone.",
    )
