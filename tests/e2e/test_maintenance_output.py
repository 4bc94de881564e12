"""Every command prints plain text, and JSON only with --json."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from docs.generate.commands import leaves
from sql.quality import checks
from tests.e2e.conftest import Once, Run, RunText
from tillstream.cli.main import main
from tillstream.commands import maintenance

RATES = "date,currency,rate\n2026-01-01,GBP,0.85\n2026-01-02,GBP,0.86\n"
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALE = "901,A,b,1,12/5/2011 9:02,1,1,UK\n"
UNTIL_STOPPED = ("tillstream serve", "tillstream subscribe", "tillstream sync", "tillstream till watch")


@pytest.fixture
def settled(run: Run, once: Once[str], tmp_path: Path) -> str:
    """A batch in the ledger."""

    def settle() -> str:
        path = tmp_path / "monday.csv"
        path.write_text(HEAD + SALE)
        return str(run("ingest", str(path), "--region", "online-retail-uk")[1]["batch_id"])

    return once(settle)


@pytest.fixture
def staffed(settled: str, run_text: RunText, once: Once[str]) -> str:
    """A batch in the ledger, and two administrators."""

    def employ() -> str:
        run_text("users", "add", "boss", "--role", "admin")
        run_text("users", "add", "second", "--role", "admin")
        return settled

    return once(employ)


PATHS = [path for path, _ in leaves(main, "tillstream") if path not in UNTIL_STOPPED]
SLOW = {"tillstream demo": pytest.mark.long}
"""Takes seconds, because it loads the samples twice."""


def arguments(command: str, batch: str, folder: Path) -> list[str]:
    """What the command needs to do something."""
    needed = {
        "catalogue export": ["products", "--out", str(folder / "products.csv")],
        "catalogue import": ["products", str(folder / "catalogue.csv")],
        "catalogue list": ["products"],
        "confirm": [batch, "--as-new"],
        "demo": ["--scale", "0.001"],
        "fix": [batch, str(folder / "monday.csv")],
        "fx load": [str(folder / "rates.csv")],
        "ingest": [str(folder / "monday.csv"), "--region", "online-retail-uk"],
        "query": ["kpis"],
        "contracts": ["IN"],
        "users add": ["carla", "--role", "admin"],
        "users invite": ["carla", "--role", "admin"],
        "users set": ["boss", "--name", "The boss"],
    }
    one_batch = ("quarantine", "receipts", "reject", "replay", "undo")
    one_person = ("disable", "enable", "reset", "show", "link", "second-step-off", "sessions", "end-sessions")
    one_person = tuple(f"users {each}" for each in one_person)
    return needed.get(command, [batch] if command in one_batch else ["boss"] if command in one_person else [])


@pytest.mark.parametrize("path", [pytest.param(path, marks=SLOW.get(path, ())) for path in PATHS])
def test_a_command_prints_json_only_with_its_option(run_text: RunText, staffed: str, tmp_path: Path, path: str) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    (tmp_path / "catalogue.csv").write_text("code,name\nKET,Kettle\n")
    command = path.removeprefix("tillstream ")
    words = run_text(*command.split(), *arguments(command, staffed, tmp_path))[1]
    assert words.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(words)
    assert "{" not in words


def test_maintenance_reports_what_it_did(run_text: RunText, settled: str, tmp_path: Path, home: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    assert run_text("fx", "load", str(tmp_path / "rates.csv")) == (0, "2 rates are loaded.\n")
    assert run_text("rebuild", "--check") == (
        0,
        "Settled 1 settlement of 1 batch again: the copy and the ledger are identical.\n",
    )
    code, words = run_text("status")
    assert (code, f"Data in {home}" in words) == (0, True)
    assert re.search(r"^1 line in the numbers, as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC$", words, re.MULTILINE)
    assert "Batches: 1 settled" in words
    assert "Queue batches: " in words
    assert run_text("announce") == (0, "1 settlement is announced: 0 events published.\n")
    assert run_text("announce") == (0, "All settlements are already announced.\n")
    assert run_text("sweep") == (0, "There was nothing to resume.\n")


def test_quality_checks_end_with_1_if_one_fails(run_text: RunText, settled: str, home: Path) -> None:
    assert run_text("quality", "--all") == (0, f"{len(checks())} checks pass, 0 fail\n")
    assert run_text("quality")[0] == 0
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE day_sums SET net = net + 1")
    code, words = run_text("quality", "--all")
    assert code == 1
    assert "1 fails" in words
    assert "daily-totals-equal-lines (fact_sales_daily): 1 row on 1 day." in words


def test_a_sweep_reports_what_it_resumed(run_text: RunText, settled: str) -> None:
    assert run_text("sweep") == (0, "Done: announced 1 settlement.\n")


def test_an_empty_home_shows_that_there_is_no_data(run_text: RunText) -> None:
    words = run_text("status")[1]
    assert "Nothing has been settled yet." in words
    assert "Queues: empty" in words


def test_a_rebuild_with_differences_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    maintenance.show_rebuilt(settlements=2, batches=3, differences=["flags: 1 only in the ledger"])
    assert capsys.readouterr().out == (
        "Settled 2 settlements of 3 batches again: the copy and the ledger differ.\n  flags: 1 only in the ledger\n"
    )


def test_a_contract_shows_its_settings_and_omits_defaults(run_text: RunText) -> None:
    words = run_text("contracts", "IN")[1]
    assert "IN · version 1 · region IN" in words
    assert "    time_zone: Asia/Kolkata" in words
    assert "replaces" not in words


def test_a_new_password_is_shown_once(run_text: RunText) -> None:
    run_text("users", "add", "boss", "--role", "admin")
    _, added = run_text("users", "add", "carla", "--role", "analyst", "--region", "UK")
    assert "carla · carla · analyst · UK" in added
    assert "Password of carla, shown only once: " in added
    assert "The account is disabled." in run_text("users", "disable", "carla")[1]
    assert "The account is disabled." not in run_text("users", "enable", "carla")[1]
    assert run_text("users", "reset", "carla")[1].startswith("Password of carla, shown only once: ")
