"""Backfills of a folder and of S3: each file is taken in once, in parts, and what cannot be read is listed."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import copy_template
from click.testing import CliRunner, Result
from connectors.files.file_servers import CREDENTIAL, REFERENCE, S3
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.cli.main import main
from tillstream.commands.backfill_pace import BackfillPace
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import backfills, due_runs, records, run_history, state
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.records import batch_records as batches
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = "online-retail-uk"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Four days in a folder, of which the first by name was modified last."""
    folder = tmp_path / "history"
    folder.mkdir()
    for day in (4, 3, 2, 1):
        (folder / f"2026-06-0{day}.csv").write_text(sales(day, day + 10), encoding="utf-8")
        os.utime(folder / f"2026-06-0{day}.csv", (1_000_000 - day, 1_000_000 - day))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": str(tmp_path / "home"), "SAMPLES": "false", "THREADS": "1"}.items():
        monkeypatch.setenv(f"TILLSTREAM_{name}", value)
    copy_template(Settings())


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def answer(*arguments: str, code: int = 0) -> Any:
    result = command(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def lines() -> int:
    return int(answer("query", "kpis")["rows"][0]["lines"])


@pytest.mark.usefixtures("home")
def test_a_folder_is_taken_in_once_and_by_name(history: Path) -> None:
    first = answer("backfill", str(history), "--region", CONTRACT)
    assert (first["is_complete"], first["run"]["items"], first["batches"]) == (True, 4, {"announced": 4})
    assert [receipt["file"] for receipt in answer("receipts")] == [f"2026-06-0{day}.csv" for day in (4, 3, 2, 1)]
    second = answer("backfill", str(history), "--region", CONTRACT)
    assert (second["name"], second["run"]["items"]) == (first["name"], 0)
    assert lines() == 8
    assert [one["name"] for one in answer("backfill", "list")] == [first["name"]]
    assert command("backfill", "list").output == f"{first['name']} · complete · 4 settled\n"
    assert "There is no backfill history." in command("backfill", "status", "history").output


@pytest.mark.usefixtures("home")
def test_a_changed_file_is_a_new_upload_and_the_same_bytes_count_once(history: Path) -> None:
    answer("backfill", str(history), "--region", CONTRACT)
    (history / "2026-06-01.csv").write_text(sales(1, 11, 21), encoding="utf-8")
    (history / "copy.csv").write_text(sales(2, 12), encoding="utf-8")
    again = answer("backfill", str(history), "--region", CONTRACT)
    assert again["run"]["items"] == 2
    receipts = {receipt["batch_id"]: receipt["rows"] for receipt in answer("receipts")}
    rows = [receipts[batch] for batch in again["run"]["batches"]]
    assert [(row["new"], row["duplicate"]) for row in rows] == [(1, 2), (0, 2)]
    assert lines() == 9


@pytest.mark.usefixtures("home")
def test_a_dry_run_lists_and_stores_nothing(history: Path) -> None:
    (history / "empty.csv").touch()
    (history / "~$open.csv").touch()
    plan = answer("backfill", str(history), "--pattern", "*.csv", "--dry-run")
    size = sum(path.stat().st_size for path in history.iterdir())
    assert (plan["files"], plan["bytes"], plan["taken"]) == (5, size, 0)
    assert (plan["first"], plan["last"]) == ("2026-06-01.csv", "empty.csv")
    assert "Contracts are chosen by the content of 5 files, such as 2026-06-01.csv." in plan["problems"]
    assert "empty.csv is empty." in plan["problems"]
    assert any("~$open.csv" in problem for problem in plan["problems"])
    assert answer("backfill", "list") == answer("receipts") == []
    shown = command("backfill", str(history), "--dry-run").output
    assert f"5 files, {size:,} bytes to take in" in shown


@pytest.mark.usefixtures("home")
def test_what_cannot_be_read_is_listed_at_the_end_and_the_rest_counts(history: Path) -> None:
    (history / "2026-06-00.csv").write_bytes(b"\x00\x01 no table")
    result = command("backfill", str(history), "--region", CONTRACT)
    assert result.exit_code == 1, result.output
    assert "1 rejected" in result.output
    name = answer("backfill", "list")[0]["name"]
    (needing,) = answer("backfill", "status", name)["needing"]
    assert (needing["file"], needing["state"]) == ("2026-06-00.csv", "rejected")
    assert lines() == 8


@pytest.mark.usefixtures("home")
def test_one_path_that_fails_does_not_stop_the_others(history: Path, tmp_path: Path) -> None:
    failed, done = answer("backfill", str(tmp_path / "absent"), str(history), "--region", CONTRACT, code=1)
    assert "There is no folder" in failed["error"]
    assert done["run"]["items"] == 4
    assert answer("backfill", "https://example.com/sales", code=1)["error"].startswith("A backfill reads gs://")


@pytest.mark.parametrize("prefix", ["sales/", "sales #1/2026", "sales?/[1]", "a@b:c/", "/sales", "sales%20/"])
def test_a_prefix_is_that_of_the_names_of_objects(prefix: str) -> None:
    settings = backfills.connector_of_backfill(f"gs://exports/{prefix}").draft.settings
    assert (settings["bucket"], settings["prefix"]) == ("exports", prefix)


@pytest.mark.usefixtures("home")
def test_a_backfill_is_undone_as_a_whole(history: Path) -> None:
    name = answer("backfill", str(history), "--region", CONTRACT)["name"]
    preview = command("backfill", "undo", name)
    assert (preview.exit_code, preview.stdout) == (4, f"4 files of {name} would be undone.\n")
    assert command("backfill", "undo", "history").exit_code == 1
    undone = answer("backfill", "undo", name, "--yes")
    assert (len(undone["undone"]), undone["failed"]) == (4, [])
    assert answer("backfill", "status", name)["batches"] == {"undone": 4}
    assert answer("query", "kpis")["rows"][0]["lines"] in (0, None)


def test_what_is_not_settled_yet_is_reported_when_a_backfill_is_undone(app: App, history: Path) -> None:
    backfill, access = backfills.connector_of_backfill(str(history), CONTRACT), source_access(app)
    app.settings.__dict__["readable_folders"] = (history,)
    backfills.request_backfill(app.ports, app.contracts, source_access(app), backfill, "ana")
    due_runs.run_due_connectors(app.ports, app.contracts, source_access(app))
    undone = COMMANDS["backfill-undo"](app, quiet, name=backfill.name)
    assert (undone.code, undone.data["undone"]) == (1, [])
    assert undone.data["failed"] == ["Files that are not settled yet: 4. Undo the backfill again when they are."]
    assert records.get_connector(app.ports, backfill.name).is_paused
    state.begin_run(app.ports, backfill.name, "run")
    with pytest.raises(Rejected, match="is running"):
        COMMANDS["backfill-undo"](app, quiet, name=backfill.name)
    records.pause_connector(app.ports, backfill.name, "ana", is_paused=False)
    with pytest.raises(Rejected, match="is running"):
        backfills.run_backfill(
            app.ports, app.contracts, access, backfill, "ana", BackfillPace(app, backfill.name, quiet)
        )
    assert not records.get_connector(app.ports, backfill.name).is_paused


def test_what_an_interrupted_command_took_in_is_settled_by_the_next(app: App, history: Path) -> None:
    backfill = backfills.connector_of_backfill(str(history), CONTRACT)
    app.settings.__dict__["readable_folders"] = (history,)
    backfills.request_backfill(app.ports, app.contracts, source_access(app), backfill, "ana")
    due_runs.run_due_connectors(app.ports, app.contracts, source_access(app))
    assert taken_in(app, history).data["batches"] == {"announced": 4}


def taken_in(app: App, history: Path) -> Any:
    return COMMANDS["backfill"](app, quiet, paths=[str(history)], contract=CONTRACT, settings={}, dry=False, job=False)


def test_each_part_is_settled_before_the_next(app: App, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_history, "PART_SIZE", run_history.PartSize(2, run_history.PART_SIZE.bytes))
    assert taken_in(app, history).data["batches"] == {"announced": 4}
    settlements = {batch.file: batch.settlement_no for batch in batches.find_batches(app.ports)}
    assert settlements["2026-06-01.csv"] == settlements["2026-06-02.csv"] < settlements["2026-06-03.csv"]


def test_the_schedule_takes_in_a_part_and_waits_until_it_is_settled(
    app: App, clock: ManualClock, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_history, "PART_SIZE", run_history.PartSize(2, run_history.PART_SIZE.bytes))
    access = source_access(app)
    backfill = backfills.connector_of_backfill(str(history), CONTRACT)
    with pytest.raises(Rejected, match="TILLSTREAM_CONNECT_FOLDERS"):
        backfills.request_backfill(app.ports, app.contracts, access, backfill, "ana")
    app.settings.__dict__["readable_folders"] = (history,)
    access = source_access(app)
    backfills.request_backfill(app.ports, app.contracts, access, backfill, "ana")

    def turn() -> list[tuple[str, int]]:
        return [(ended.outcome, ended.items) for ended in due_runs.run_due_connectors(app.ports, app.contracts, access)]

    assert turn() == [("stopped", 2)]
    clock.advance(run_history.PART_PAUSE.total_seconds())
    assert turn() == [], "its files are not settled"
    Worker(app).run_until_idle()
    assert turn() == [("done", 2)]
    Worker(app).run_until_idle()
    clock.advance(timedelta(days=1).total_seconds())
    assert turn() == [], "a backfill runs once"
    connector = records.get_connector(app.ports, backfill.name)
    assert not state.is_connector_late(connector, state.connector_status(app.ports, backfill.name), clock.now())
    assert len(batches.find_batches(app.ports, state=BatchState.ANNOUNCED)) == 4


def test_files_without_permission_are_passed(app: App, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than end the run of a connector on schedule."""
    original = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name.startswith("locked"):
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **options)

    for number in range(12):
        (history / f"locked-{number}.csv").write_text(sales(1), encoding="utf-8")
    (history / "zz.csv").write_text(sales(50), encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    result = taken_in(app, history)
    assert (result.code, result.data["run"]["items"]) == (1, 5)
    refused = result.data["run"]["refused"]
    assert len(refused) == 12
    assert "locked-0.csv" in refused[0]
    assert "Permission denied" in refused[0]


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    monkeypatch.setenv(CREDENTIAL, S3.credential)
    monkeypatch.setenv("TILLSTREAM_CONNECT_PRIVATE", "127.0.0.1")
    server = S3(tmp_path)
    yield server
    server.close()


@pytest.mark.usefixtures("home")
def test_a_prefix_of_s3_is_taken_in(s3: S3) -> None:
    for day in (1, 2):
        s3.put(f"sales/2026-06-0{day}.csv", sales(day))
    s3.put("other/2026-06-03.csv", sales(3))
    chosen = (f"endpoint={s3.settings['endpoint']}", f"access_key={REFERENCE}", f"secret_key={REFERENCE}")
    options = [part for pair in chosen for part in ("--set", pair)]
    path = f"s3://{s3.settings['bucket']}/sales/"
    result = answer("backfill", path, "--region", CONTRACT, *options)
    assert (result["run"]["items"], result["run"]["error"]) == (2, "")
    assert lines() == 2
