"""A source changes the format of its files: detected once, explained, and held with a proposed contract version."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

HEAD = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
Run = Callable[..., tuple[int, Any]]
UK = ("--region", "online-retail-uk")


def write(path: Path, *numbers: int, more: tuple[str, ...] = (), header: list[str] | None = None) -> str:
    rows = [f"{number},A,Cup,1,12/5/2011 9:02,2.00,1,UK" + "".join(",x" for _ in more) for number in numbers]
    path.write_text("\n".join([",".join([*(header or HEAD), *more]), *rows, ""]))
    return str(path)


def test_a_new_column_is_a_question_once_and_confirming_stores_it(tmp_path: Path, run: Run) -> None:
    assert run("ingest", write(tmp_path / "1.csv", 1), *UK)[0] == 0
    code, held = run("ingest", write(tmp_path / "2.csv", 2, more=("Colour", "Shop")), *UK)
    assert (code, held["status"], held["holds"][0]["code"]) == (4, "held", "columns-changed")
    assert "“Colour”, “Shop”" in held["holds"][0]["message"]
    assert (held["proposal"]["contract"], held["proposal"]["version"]) == ("online-retail-uk", 2)
    code, settled = run("confirm", held["batch_id"])
    assert (code, settled["rows"]["new"], settled["contract_version"]) == (0, 1, 1)
    assert run("ingest", write(tmp_path / "3.csv", 3, more=("Colour", "Shop")), *UK)[0] == 0
    assert run("ingest", write(tmp_path / "4.csv", 4), *UK)[0] == 0


def test_a_first_file_and_contracts_that_keep_new_columns_have_no_questions(
    home: Path, tmp_path: Path, run: Run
) -> None:
    (home / "contracts").mkdir(parents=True)
    shipped = run("contracts", "online-retail-uk")[1] | {"version": 2, "new_columns": "keep"}
    (home / "contracts" / "online-retail-uk.yaml").write_text(yaml.safe_dump(shipped))
    assert run("ingest", write(tmp_path / "1.csv", 1, more=("Colour",)), *UK)[0] == 0
    assert run("ingest", write(tmp_path / "2.csv", 2, more=("Shop",)), *UK)[0] == 0


def test_a_dry_run_reports_that_the_file_would_be_held(tmp_path: Path, run: Run) -> None:
    run("ingest", write(tmp_path / "1.csv", 1), *UK)
    code, tried = run("ingest", write(tmp_path / "2.csv", 2, more=("Colour",)), *UK, "--dry-run")
    assert (code, [hold["code"] for hold in tried["holds"]]) == (4, ["columns-changed"])
    assert run("ingest", write(tmp_path / "2.csv", 2, more=("Colour",)), *UK)[0] == 4


def test_accepting_saves_the_version_which_reads_this_file_and_later_ones(home: Path, tmp_path: Path, run: Run) -> None:
    first = run("ingest", write(tmp_path / "1.csv", 1), *UK)[1]
    held = run("ingest", write(tmp_path / "2.csv", 2, more=("Colour",)), *UK)[1]
    code, settled = run("accept", held["batch_id"])
    assert (code, settled["status"], settled["contract_version"], settled["rows"]["new"]) == (0, "settled", 2, 1)
    assert settled["batch_id"] == held["batch_id"]
    saved = yaml.safe_load((home / "contracts" / "online-retail-uk.yaml").read_text())
    assert (saved["version"], saved["extra_columns"]) == (2, ["Colour"])
    later = run("ingest", write(tmp_path / "3.csv", 3, more=("Colour",)), *UK)[1]
    assert (later["status"], later["contract_version"]) == ("settled", 2)
    assert run("receipts", first["batch_id"])[1]["contract_version"] == 1
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []


def test_the_earlier_text_of_ones_own_contract_stays(home: Path, tmp_path: Path, run: Run) -> None:
    (home / "contracts").mkdir(parents=True)
    own = "# ours, with care\n" + yaml.safe_dump(run("contracts", "online-retail-uk")[1] | {"version": 7})
    (home / "contracts" / "online-retail-uk.yml").write_text(own)
    run("ingest", write(tmp_path / "1.csv", 1), *UK)
    held = run("ingest", write(tmp_path / "2.csv", 2, more=("Colour",)), *UK)[1]
    assert run("accept", held["batch_id"])[1]["contract_version"] == 8
    (earlier,) = (home / "contracts" / "earlier").iterdir()
    assert earlier.read_text() == own
    assert run("contracts", "online-retail-uk")[1]["version"] == 8


def test_only_what_is_held_with_a_proposal_can_be_accepted(tmp_path: Path, run: Run) -> None:
    settled = run("ingest", write(tmp_path / "1.csv", 1), *UK)[1]
    code, answer = run("accept", settled["batch_id"])
    assert (code, "No new contract version is proposed" in answer["error"]) == (1, True)


def test_a_replay_is_previewed_with_rows_and_amounts_before_and_after(
    home: Path, tmp_path: Path, run: Run, run_text: Callable[..., tuple[int, str]]
) -> None:
    text = Path(write(tmp_path / "1.csv", *range(1, 10))).read_text() + "10,A,Cup,two,12/5/2011 9:02,2.00,1,UK\n"
    (tmp_path / "1.csv").write_text(text)
    first = run("ingest", str(tmp_path / "1.csv"), *UK)[1]
    assert first["rows"]["quarantined"] == 1
    (home / "contracts").mkdir(parents=True)
    changed = run("contracts", "online-retail-uk")[1] | {"version": 2, "values": {"quantity": {"two": "2"}}}
    (home / "contracts" / "online-retail-uk.yaml").write_text(yaml.safe_dump(changed))
    code, preview = run("replay", first["batch_id"], "--preview")
    assert (code, preview["before"]["contract_version"], preview["after"]["contract_version"]) == (0, 1, 2)
    assert (preview["before"]["rows"]["quarantined"], preview["after"]["rows"]["quarantined"]) == (1, 0)
    assert [side["amounts"][0]["net"] for side in (preview["before"], preview["after"])] == ["18", "22"]
    assert preview["changes"] == {"added": 1, "corrected": 0, "removed": 0}
    assert [side[0]["line_count"] for side in preview["totals"].values()] == [9, 10]
    assert run("receipts", first["batch_id"])[1]["rows"] == first["rows"]
    words = run_text("replay", first["batch_id"], "--dry-run")[1]
    assert "net 18.00 → 22.00 GBP" in words
    assert len(run("receipts")[1]) == 1
    replayed = run("replay", first["batch_id"])[1]
    assert replayed["rows"] == preview["after"]["rows"]


def test_the_preview_of_a_replay_shows_that_it_would_be_rejected_or_held(tmp_path: Path, run: Run) -> None:
    first = run("ingest", write(tmp_path / "1.csv", 1), *UK)[1]
    code, preview = run("replay", first["batch_id"], "--preview", "--region", "IN")
    assert (code, preview["after"]["status"]) == (1, "rejected")
    assert "The header does not contain" in preview["after"]["error"]
    assert run("replay", first["batch_id"], "--preview")[1]["changes"] == {"added": 0, "corrected": 0, "removed": 0}


@pytest.mark.parametrize("name", ["IN", "UK", "USA", "classic-models", "online-retail-uk"])
def test_every_shipped_contract_reads_back_from_the_text_that_is_saved(name: str) -> None:
    from tillstream.contracts.contract_files import contract_to_yaml, parse_contract_yaml, shipped_contracts

    contract = shipped_contracts()[name]
    assert parse_contract_yaml(contract_to_yaml(contract), "saved") == contract
