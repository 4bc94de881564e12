"""A later export of days that lacks a line of an earlier one: the receipt names it, as the line still counts."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from north_file import CONTRACT

from tests.e2e.conftest import Run

ROWS = [f"{number},2026-02-0{2 + number % 2},Lamp,1,{number}.50" for number in range(1, 11)]
Ingest = Callable[..., dict[str, Any]]


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Ingest:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT))
    count = iter(range(99))

    def give(rows: Sequence[str], contract: str = "north") -> dict[str, Any]:
        path = tmp_path / f"{next(count)}.csv"
        path.write_text("\n".join(["No,Day,Item,Qty,Amount", *rows, ""]))
        return dict(run("ingest", str(path), "--region", contract)[1])

    return give


def lacking(receipt: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["count"], one["example"]) for one in receipt["problems"] if one["code"] == "lacks-known-lines"]


def test_the_receipt_names_a_line_that_the_later_export_lacks(ingest: Ingest, run: Run) -> None:
    ingest(ROWS)
    assert lacking(ingest(ROWS[:2] + ROWS[3:])) == [(1, "3 of 2026-02-03")]
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 10


def test_a_line_that_the_later_export_has_in_quarantine_is_not_lacking(ingest: Ingest) -> None:
    ingest(ROWS)
    receipt = ingest([*ROWS[:2], "3,2026-02-03,Lamp,1,three", *ROWS[3:]])
    assert (receipt["rows"]["quarantined"], lacking(receipt)) == (1, [])
    receipt = ingest([ROWS[0], "3,2026-02-03,Lamp,1,three", *ROWS[3:]])
    assert (receipt["rows"]["quarantined"], lacking(receipt)) == (1, [(2, "2 of 2026-02-02")]), "one may be that row"


def test_the_receipt_names_a_whole_day_that_the_later_export_lacks(ingest: Ingest) -> None:
    days = [f"{number},2026-02-{number:02},Lamp,1,{number}.50" for number in range(1, 8)]
    ingest(days)
    assert lacking(ingest(days[1:3] + days[4:])) == [(1, "4 of 2026-02-04")]
    assert lacking(ingest([days[1], days[6]])) == [], "an export of two days lacks none between them"


@pytest.mark.parametrize(
    "rows",
    [ROWS, [*ROWS, "11,2026-02-02,Lamp,1,9.00"], ROWS[:3], ["12,2026-02-02,Lamp,1,9.00"]],
    ids=["the same lines", "a further line", "corrections of a few", "only others"],
)
def test_what_is_no_later_export_or_lacks_nothing_is_not_questioned(ingest: Ingest, rows: list[str]) -> None:
    ingest(ROWS)
    assert lacking(ingest(rows)) == []


def test_lines_of_undone_files_and_of_other_data_sources_are_not_missed(ingest: Ingest, home: Path, run: Run) -> None:
    other = CONTRACT | {"name": "web", "identity": {"ids": "region-wide", "id_prefix": "W"}}
    (home / "contracts" / "web.yaml").write_text(yaml.safe_dump(other))
    ingest([row.replace("Lamp", "Kite") for row in ROWS], "web")
    undone = ingest(["13,2026-02-02,Lamp,1,9.00", "14,2026-02-02,Lamp,1,8.00"])
    run("undo", undone["batch_id"], "--yes")
    ingest(ROWS[:8])
    assert lacking(ingest(ROWS[:8])) == []
