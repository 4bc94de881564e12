"""`tillstream connect`, and what else happens to the batches of connectors."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from connectors import listed_kind
from unit.connectors.connector_steps import REFERENCE, sales

from tests.e2e.conftest import Run, RunText

KIND = ("--kind", listed_kind.NAME, "--contract", "online-retail-uk")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    listed_kind.register(monkeypatch)
    monkeypatch.setenv("TILLSTREAM_SOURCE_LIST", listed_kind.PASSWORD)
    listed_kind.write(tmp_path / "list.json", [file("a@1", 1, 2)])
    return tmp_path / "list.json"


def file(key: str, *numbers: int) -> dict[str, Any]:
    return {"key": key, "file": f"{key}.csv", "text": sales(*numbers)}


def added(run: Run, path: Path) -> None:
    code, connector = run("connect", "add", "shop", *KIND, "--set", f"list={path}", "--set", f"password={REFERENCE}")
    assert (code, connector["status"]["is_late"], connector["every_minutes"]) == (0, False, 15)


def lines(run: Run) -> int:
    return int(run("query", "kpis")[1]["rows"][0]["lines"])


def test_a_connector_is_added_tested_run_paused_and_removed(run: Run, run_text: RunText, path: Path) -> None:
    added(run, path)
    assert run("connect", "test", "shop")[1]["message"] == "1 items."
    code, ended = run("connect", "run", "shop")
    assert (code, ended["outcome"], ended["items"], lines(run)) == (0, "done", 1, 2)
    assert run("receipts", ended["batches"][0])[1]["file"] == "a@1.csv"
    shown = run("connect", "show", "shop")[1]
    assert (len(shown["runs"]), shown["settings"]["password"]) == (1, REFERENCE)
    assert run("connect", "pause", "shop")[1]["is_paused"]
    assert "shop · listed · online-retail-uk · every 15 min · paused" in run_text("connect", "list")[1]
    shown = run_text("connect", "show", "shop")[1]
    assert ("done · 1 item, " in shown, ": \n" in shown) == (True, False)
    assert run_text("connect", "run", "shop")[1].endswith("done · nothing new\n")
    assert run("connect", "resume", "shop")[1]["is_paused"] is False
    assert "The connector shop is removed." in run_text("connect", "remove", "shop")[1]
    assert run_text("connect", "list")[1] == "There are no connectors.\n"
    assert lines(run) == 2


def test_a_change_keeps_what_it_does_not_name(run: Run, run_text: RunText, path: Path) -> None:
    added(run, path)
    run("connect", "run", "shop")
    code, changed = run("connect", "change", "shop", "--set", "order=newest", "--every", "60")
    assert (code, changed["every_minutes"], changed["contract"]) == (0, 60, "online-retail-uk")
    settings = changed["settings"]
    assert (settings["list"], settings["password"], settings["order"]) == (str(path), REFERENCE, "newest")
    assert run_text("connect", "run", "shop")[1].endswith("done · nothing new\n"), "it continues from the same place"
    assert run("connect", "change", "shop", "--contract", "")[1]["contract"] == ""
    assert run("connect", "change", "shop")[0] == 2
    assert run("connect", "change", "shop", "--set", "password=horse")[0] == 1
    assert run("connect", "change", "stop", "--every", "5")[0] == 1


def test_a_run_names_its_first_batches(run: Run, run_text: RunText, path: Path) -> None:
    added(run, path)
    listed_kind.write(path, [file(f"{number}@1", number) for number in range(7)])
    text = run_text("connect", "run", "shop")[1]
    assert text.endswith(" and 2 more.\n")
    assert text.count(", ") == 1 + 4, "that of the bytes, and those between five batches"


def test_kinds_are_listed_with_their_settings(run: Run, run_text: RunText, path: Path) -> None:
    assert listed_kind.NAME in [kind["name"] for kind in run("connect", "kinds")[1]]
    text = run_text("connect", "kinds")[1]
    assert "  order: Order; one of oldest, newest; default oldest\n" in text
    assert "  password: Password; a reference to a credential\n" in text


def test_mistakes_end_with_1_or_2(run: Run, path: Path) -> None:
    assert run("connect", "add", "shop", "--kind", "pigeon")[0] == 1
    assert run("connect", "add", "shop", *KIND, "--set", "list")[0] == 2
    assert run("connect", "add", "shop", *KIND, "--set", f"list={path}", "--set", "password=horse")[0] == 1
    assert run("connect", "run", "shop")[0] == 1
    added(run, path)
    path.unlink()
    assert run("connect", "test", "shop")[0] == 1
    code, ended = run("connect", "run", "shop")
    assert (code, ended["outcome"], "There is no list" in ended["error"]) == (1, "failed", True)


def test_batches_of_connectors_are_replayed_undone_and_rebuilt(run: Run, path: Path) -> None:
    added(run, path)
    listed_kind.write(path, [file("a@1", 1, 2), file("b@1", 3)])
    batches = run("connect", "run", "shop")[1]["batches"]
    assert run("replay", batches[0])[0] == 0
    assert run("undo", batches[1], "--yes")[0] == 0
    assert lines(run) == 2
    for rebuild in ("--check", "--from-originals"):
        assert run("rebuild", rebuild)[1]["differences"] == []
    assert run("connect", "run", "shop")[1]["items"] == 0
    assert lines(run) == 2


def test_after_a_restore_nothing_is_skipped_or_counted_twice(
    run: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files and pages that came after the backup come again; those before it do not."""
    page = {"text": sales(21)}
    listed_kind.write(path, [file("a@1", 1, 2), page])
    added(run, path)
    run("connect", "run", "shop")
    assert run("backup", str(tmp_path / "copy.tar"))[0] == 0
    listed_kind.write(path, [file("a@1", 1, 2), page, file("b@1", 3), {"text": sales(22)}])
    assert run("connect", "run", "shop")[1]["items"] == 2
    assert lines(run) == 5

    shutil.rmtree(tmp_path / "home")
    assert run("restore", str(tmp_path / "copy.tar"))[0] == 0
    assert lines(run) == 3
    assert run("connect", "run", "shop")[1]["items"] == 2
    assert run("connect", "run", "shop")[1]["items"] == 0
    assert lines(run) == 5
    assert run("rebuild", "--check")[1]["differences"] == []
