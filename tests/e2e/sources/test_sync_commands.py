"""`tillstream sync`: a home and a head office on this machine, through the command line of both."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from app_factory import build
from click.testing import CliRunner, Result
from portal_factory import create_app
from threads import close_server, join_thread
from unit.connectors.connector_steps import sales
from waitress.server import create_server

from tests.e2e.conftest import Run, RunText
from tillstream.app import App
from tillstream.catalogue import entry_saving
from tillstream.cli.main import main
from tillstream.commands import sync as sync_commands
from tillstream.model.product_catalogue import EntryKind, Product
from tillstream.settings import Settings
from tillstream.sync import homes


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[App, str]]:
    """The head office and the address of its portal."""
    monkeypatch.setenv("TILLSTREAM_CONNECT_PRIVATE", "127.0.0.1")
    app = build(Settings(home=tmp_path / "office", threads=1, samples=False))
    server = create_server(create_app(app), host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.effective_port}"
    close_server(server)
    join_thread(thread)
    app.close()


def ingested(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(sales(1, 2), encoding="utf-8")
    assert run("ingest", str(tmp_path / "sales.csv"), "--region", "online-retail-uk")[0] == 0


def lines(app: App) -> Any:
    return app.ports.warehouse.query("SELECT COUNT(*) AS n FROM current_lines").column("n")[0].as_py()


def test_a_home_syncs_and_both_sides_agree(
    run: Run, run_text: RunText, tmp_path: Path, office: tuple[App, str]
) -> None:
    app, address = office
    assert "To begin: tillstream sync --to" in run_text("sync", "status")[1]
    assert "Enter the address" in run("sync", "--once")[1]["error"]
    ingested(run, tmp_path)
    code, own = run("sync", "init")
    assert (code, run("sync", "init")[1]) == (0, own)
    code, refused = run("sync", "--to", address, "--once")
    assert (code, "sync homes add NAME KEY" in refused["error"]) == (1, True)
    homes.add_home(app.ports, "berlin-1", own["public_key"], "chief")
    code, synced = run("sync", "--to", address, "--once")
    assert (code, synced["differing"], synced["entries"] > 0, lines(app)) == (0, [], True, 2)
    code, text = run_text("sync", "--once")
    assert (code, "0 settlements" in text, "Both ledgers agree" in text) == (0, True, True)
    status = run("sync", "status")[1]
    assert (status["to"], status["unsent_settlements"], status["error"]) == (address, 0, "")
    text = run_text("sync", "stop")[1]
    assert "The sync is stopped." in text


def test_what_a_person_must_decide_ends_with_4(run: Run, run_text: RunText, office: tuple[App, str]) -> None:
    app, address = office
    homes.add_home(app.ports, "berlin-1", run("sync", "init")[1]["public_key"], "chief")
    assert run("sync", "--to", address, "--once")[0] == 0
    real = app.ports.clock.now

    def behind() -> Any:
        return real().replace(year=2020)

    app.ports.clock.now = behind  # type: ignore[method-assign]
    code, held = run("sync", "--once")
    assert (code, "ahead of that of the head office" in held["question"]) == (4, True)
    app.ports.clock.now = real  # type: ignore[method-assign]
    assert run("sync", "--once")[0] == 0


def test_a_home_that_syncs_loads_no_samples(run: Run, office: tuple[App, str]) -> None:
    app, address = office
    homes.add_home(app.ports, "berlin-1", run("sync", "init")[1]["public_key"], "chief")
    assert run("sync", "--to", address, "--once")[0] == 0
    code, refused = run("demo", "--scale", "0.001")
    assert (code, "where sample sales would count as real ones" in refused["error"]) == (1, True)


@pytest.mark.long
def test_a_home_with_samples_does_not_sync_again(run: Run, office: tuple[App, str]) -> None:
    app, address = office
    homes.add_home(app.ports, "berlin-1", run("sync", "init")[1]["public_key"], "chief")
    assert run("sync", "--to", address, "--once")[0] == 0
    assert run("sync", "stop")[0] == 0
    assert run("demo", "--scale", "0.001")[0] != 1
    code, refused = run("sync", "--once")
    assert (code, "sample files count in this home" in refused["error"]) == (1, True)


def synced_in_the_foreground(
    monkeypatch: pytest.MonkeyPatch, address: str, *between: Callable[[], object]
) -> tuple[Result, list[float]]:
    """Sync again and again, with a step during each pause, until the last step interrupts it; the output and pauses."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > len(between):
            raise KeyboardInterrupt
        between[len(pauses) - 1]()

    monkeypatch.setattr(sync_commands, "time", SimpleNamespace(sleep=pause))
    return CliRunner().invoke(main, ["sync", "--to", address, "--json"]), pauses


def states(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_in_the_foreground_it_continues_until_it_is_interrupted_and_shows_each_new_state_once(
    run: Run, tmp_path: Path, office: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address = office
    homes.add_home(app.ports, "berlin-1", run("sync", "init")[1]["public_key"], "chief")
    result, pauses = synced_in_the_foreground(monkeypatch, address, lambda: ingested(run, tmp_path), int, int, int)
    shown = states(result)
    assert [one["entries"] > 0 for one in shown] == [False, True, False]
    assert shown[1]["number"] == shown[2]["number"] > shown[0]["number"]
    assert pauses == [60.0] * 5


def test_in_the_foreground_it_continues_although_a_person_must_decide(
    run: Run, tmp_path: Path, office: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address = office
    homes.add_home(app.ports, "berlin-1", run("sync", "init")[1]["public_key"], "chief")
    (tmp_path / "products.csv").write_text("code,name\nP1,Pen\n", encoding="utf-8")
    assert run("catalogue", "import", "products", str(tmp_path / "products.csv"))[0] == 0
    entry_saving.save_entry(app.ports, EntryKind.PRODUCT, Product("P1", "Pencil"), if_version=0, by="chief", regions=())
    clock, real = app.ports.clock, app.ports.clock.now

    def behind() -> None:
        ingested(run, tmp_path)
        monkeypatch.setattr(clock, "now", lambda: real().replace(year=2020))

    result, pauses = synced_in_the_foreground(
        monkeypatch, address, behind, int, lambda: monkeypatch.setattr(clock, "now", real), int
    )
    first, held, sent, _ = states(result)
    assert (first["questions"], "ahead of that" in held["question"], sent["questions"], lines(app)) == (1, True, 1, 2)
    assert pauses == [60.0] * 5


def test_in_the_foreground_what_fails_is_tried_again_except_at_the_first_time(
    run: Run, office: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address = office
    key = run("sync", "init")[1]["public_key"]
    result, pauses = synced_in_the_foreground(monkeypatch, address)
    assert ("No home with the ID" in result.output, result.exit_code, pauses) == (True, 1, [])
    homes.add_home(app.ports, "berlin-1", key, "chief")
    result, pauses = synced_in_the_foreground(
        monkeypatch,
        address,
        lambda: homes.remove_home(app.ports, "berlin-1", "chief"),
        int,
        lambda: homes.add_home(app.ports, "berlin-1", key, "chief"),
        int,
    )
    assert (len(states(result)), result.stderr.count("It is tried again in")) == (2, 2)
    assert pauses == [60.0, 60.0, 120.0, 60.0, 60.0]


def test_the_head_office_manages_its_homes(run: Run, run_text: RunText) -> None:
    assert "No home syncs to this one." in run_text("sync", "homes", "list")[1]
    key = run("sync", "init")[1]["public_key"]
    assert run("sync", "homes", "add", "berlin-1", key)[0] == 0
    assert "no contact yet" in run_text("sync", "homes", "list")[1]
    assert "Nothing of berlin-1 is held." in run("sync", "homes", "release", "berlin-1")[1]["error"]
    assert "removed" in run_text("sync", "homes", "remove", "berlin-1")[1]
    assert run("sync", "homes", "add", "Berlin", key)[0] == 1
    assert "not the key" in run("sync", "homes", "add", "berlin-2", "abc")[1]["error"]
    assert run("sync", "homes", "remove", "rome")[0] == 1


@pytest.mark.parametrize("address", ["ftp://x", "https://user:p@x", "https://x/?a=b", "x"])
def test_an_address_that_is_none_of_a_portal_is_refused(run: Run, address: str) -> None:
    assert run("sync", "--to", address, "--once")[0] == 1


def test_an_address_of_a_private_network_must_be_allowed(run: Run) -> None:
    assert "TILLSTREAM_CONNECT_PRIVATE" in run("sync", "--to", "http://127.0.0.1:1", "--once")[1]["error"]
