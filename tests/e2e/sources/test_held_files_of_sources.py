"""Files of connectors and backfills that are held: said with the exit code 4, and decided about together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from app_factory import build
from connectors import listed_kind
from unit.connectors.connector_steps import REFERENCE

from tests.e2e.conftest import Run, RunText
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.batch import BatchState
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = {
    "name": "north",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "refused_threshold": 1,
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "quantity": "Qty", "net_amount": "Net"},
}
DAYS = range(1, 4)


def content(day: int, net: str = "5.00") -> str:
    return f"No,Day,Item,Qty,Net\n{day}1,2026-03-0{day},Lamp,1,{net}\n{day}2,2026-03-0{day},Desk,2,9.00\n"


@pytest.fixture
def path(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The list of a connector with three files, beside a data source of which no file was imported yet."""
    listed_kind.register(monkeypatch)
    monkeypatch.setenv("TILLSTREAM_SOURCE_LIST", listed_kind.PASSWORD)
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT))
    offer(tmp_path / "list.json", *map(content, DAYS))
    return tmp_path / "list.json"


def offer(path: Path, *texts: str) -> None:
    files = [{"key": f"{day}@1", "file": f"day-{day}.csv", "text": text} for day, text in enumerate(texts, 1)]
    listed_kind.write(path, files)


def add(run: Run, path: Path, contract: str = "north") -> None:
    settings = ("--set", f"list={path}", "--set", f"password={REFERENCE}")
    assert run("connect", "add", "shop", "--kind", listed_kind.NAME, "--contract", contract, *settings)[0] == 0


def lines(run: Run) -> int:
    return int(run("query", "kpis")[1]["rows"][0]["lines"])


def test_held_files_of_a_run_are_listed_and_one_confirmation_imports_all(
    run: Run, run_text: RunText, path: Path
) -> None:
    add(run, path)
    code, ended = run("connect", "run", "shop")
    assert (code, ended["outcome"], ended["items"], ended["states"]) == (4, "done", 3, {"held": 3})
    first = {"files": 3, "batch_id": ended["batches"][0], "file": "day-1.csv", "reasons": ["first-load"]}
    assert ended["held"] == [first]
    code, text = run_text("connect", "run", "shop")
    assert code == 4, "they are still held"
    assert "done · nothing new" in text
    assert "3 files are held, such as day-1.csv: First file of a new data source." in text
    assert f"`confirm {first['batch_id']} --all` or `reject {first['batch_id']} --all`" in text
    code, receipts = run("confirm", str(first["batch_id"]), "--all")
    assert (code, [receipt["status"] for receipt in receipts], lines(run)) == (0, ["settled"] * 3, 6)
    code, ended = run("connect", "run", "shop")
    assert (code, ended["held"]) == (0, [])


def test_due_connectors_name_what_is_held(run: Run, run_text: RunText, path: Path) -> None:
    add(run, path)
    code, text = run_text("connect", "run", "--due")
    assert (code, "3 files are held" in text) == (4, True)


def test_one_contract_is_chosen_for_all_files_without_one(run: Run, path: Path) -> None:
    (path.parent / "home" / "contracts" / "north.yaml").unlink()
    add(run, path, "")
    code, ended = run("connect", "run", "shop")
    assert (code, [(group["files"], group["reasons"]) for group in ended["held"]]) == (4, [(3, ["which-contract"])])
    (path.parent / "home" / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT))
    code, receipts = run("confirm", ended["batches"][1], "--all", "--region", "north")
    assert [receipt["status"] for receipt in receipts] == ["held"] * 3
    assert {hold["code"] for receipt in receipts for hold in receipt["holds"]} == {"first-load"}
    assert (code, run("confirm", ended["batches"][1], "--all")[0], lines(run)) == (4, 0, 6)


def test_one_rejection_is_for_those_of_the_same_sender_and_reasons(run: Run, path: Path) -> None:
    offer(path, *map(content, DAYS), content(4).replace("2026", "2126"))
    add(run, path)
    dropped = path.parent / "home" / "drop" / "north-day-9.csv"
    dropped.parent.mkdir()
    dropped.write_text(content(9))
    ended = run("connect", "run", "shop")[1]
    run("sweep")
    code, receipts = run("reject", ended["batches"][0], "--all", "--reason", "A test")
    assert (code, [receipt["file"] for receipt in receipts]) == (0, [f"day-{day}.csv" for day in DAYS])
    assert {receipt["error"] for receipt in receipts} == {"Rejected by command line: A test"}
    held = {receipt["file"] for receipt in run("receipts")[1] if receipt["status"] == "held"}
    assert held == {"day-4.csv", "north-day-9.csv"}


def test_one_accepted_proposal_reads_all_files_with_the_same_changes(run: Run, path: Path) -> None:
    add(run, path)
    run("confirm", run("connect", "run", "shop")[1]["batches"][0], "--all")
    offer(
        path,
        *map(content, DAYS),
        *(content(day).replace("Net\n", "Net,Mood\n").replace("00\n", "00,good\n") for day in (4, 5)),
    )
    ended = run("connect", "run", "shop")[1]
    assert [(group["files"], group["reasons"]) for group in ended["held"]] == [(2, ["columns-changed"])]
    code, receipts = run("accept", ended["batches"][0], "--all")
    assert (code, [(one["status"], one["contract_version"]) for one in receipts]) == (0, [("settled", 2)] * 2)


def test_rows_to_fix_end_with_3_and_a_rejected_file_with_1(run: Run, path: Path) -> None:
    offer(path, content(1, "five"))
    add(run, path)
    run("confirm", run("connect", "run", "shop")[1]["batches"][0])
    offer(path, content(1, "five"), content(2, "six"))
    assert run("connect", "run", "shop")[0] == 3
    offer(path, content(1, "five"), content(2, "six"), "")
    assert run("connect", "run", "shop")[0] == 1


def test_a_running_server_is_awaited(home: Path, path: Path) -> None:
    app = build(Settings(samples=False, threads=1))
    serving, worker = replace(app, has_worker=True), Worker(app)
    settings = {"list": str(path), "password": REFERENCE}
    COMMANDS["connect-add"](serving, quiet, name="shop", kind=listed_kind.NAME, contract="north", settings=settings)
    worker.start()
    try:
        ended = COMMANDS["connect-run"](serving, quiet, connector="shop")
    finally:
        worker.stop()
    assert (ended.code, ended.data["states"]) == (4, {"held": 3})
    assert len(batch_records.find_batches(app.ports, state=BatchState.HELD)) == 3
    app.close()


def test_a_backfill_names_what_is_held(run: Run, run_text: RunText, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    for day in DAYS:
        (folder / f"day-{day}.csv").write_text(content(day))
    code, text = run_text("backfill", str(folder), "--region", "north")
    assert (code, "3 files are held, such as day-1.csv: First file of a new data source." in text) == (4, True)
    result: dict[str, Any] = run("backfill", str(folder), "--region", "north")[1]
    (group,) = result["held"]
    assert run("confirm", group["batch_id"], "--all")[0] == 0
    assert (run("backfill", str(folder), "--region", "north")[0], lines(run)) == (0, 6)
    (folder / "day-4.csv").write_text(content(4, "five"))
    assert run("backfill", str(folder), "--region", "north")[0] == 3


def test_files_in_a_currency_that_the_region_never_had_are_held_until_one_answer_for_all(
    run: Run, home: Path, path: Path, tmp_path: Path
) -> None:
    domestic = tmp_path / "domestic.csv"
    domestic.write_text(content(9))
    assert run("ingest", str(domestic), "--region", "north")[1]["status"] == "settled"
    abroad = CONTRACT | {"name": "abroad", "currency": "SEK"}
    (home / "contracts" / "abroad.yaml").write_text(yaml.safe_dump(abroad))
    add(run, path, "abroad")
    code, ended = run("connect", "run", "shop")
    ((files, reasons),) = [(group["files"], group["reasons"]) for group in ended["held"]]
    assert (code, files, "foreign-sales" in reasons, lines(run)) == (4, 3, True, 2)
    assert run("confirm", ended["held"][0]["batch_id"], "--all")[0] == 0
    assert lines(run) == 8
    offer(path, *map(content, [1, 2, 3, 4]))
    code, ended = run("connect", "run", "shop")
    assert (code, ended["held"], lines(run)) == (0, [], 10)
