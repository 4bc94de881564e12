"""A file on a server becomes lines of the ledger: once, also if it is read again, and corrected if it changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from app_factory import build
from connectors.files.file_servers import CREDENTIAL, SERVERS, FileServer
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs, records, state
from tillstream.connectors.access import PrivateHosts
from tillstream.connectors.run_history import DONE, FAILED, ConnectorRun
from tillstream.connectors.state import ConnectorDraft
from tillstream.receipts.receipt import batch_receipt
from tillstream.records import batch_records as batches
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = "online-retail-uk"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    folder = tmp_path / "files"
    folder.mkdir()
    result = SERVERS[request.param](folder)
    monkeypatch.setenv(CREDENTIAL, result.credential)
    yield result
    result.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    settings = Settings(home=tmp_path / "home", samples=False, threads=1, connect_private="127.0.0.1")
    opened = build(settings, ManualClock(datetime(2026, 7, 1, 9, tzinfo=UTC)))
    yield opened
    opened.close()


def added(app: App, server: FileServer, **settings: str) -> None:
    draft = ConnectorDraft("shop", server.kind, server.settings | settings, CONTRACT)
    records.add_connector(app.ports, app.contracts, source_access(app), draft, "ana")


def ran(app: App) -> ConnectorRun:
    """Run the connector, and settle what it brought."""
    result = due_runs.run_connector(app.ports, app.contracts, source_access(app), "shop", "ana")
    Worker(app).run_until_idle()
    return result


def prices(app: App) -> dict[str, float]:
    rows = app.ports.warehouse.query("SELECT sale_id, unit_price FROM sale_lines").to_pylist()
    return {row["sale_id"]: float(row["unit_price"]) for row in rows}


def test_a_file_is_settled_once_and_a_changed_one_corrects_it(app: App, server: FileServer) -> None:
    server.put("monday été.csv", sales(1, 2))
    added(app, server)

    first = ran(app)
    assert (first.outcome, first.items, first.error) == (DONE, 1, "")
    [batch] = batches.find_batches(app.ports, limit=None)
    assert (batch.file, batch.received_by) == ("monday été.csv", "connector shop")
    assert batch_receipt(app.ports, batch.batch_id)["rows"]["new"] == 2
    assert prices(app) == {"OR-1": 2, "OR-2": 2}

    assert (ran(app).items, len(batches.find_batches(app.ports, limit=None))) == (0, 1)

    server.put("monday été.csv", sales(1, 2, 3).replace("2.00", "2.50", 1))
    assert ran(app).items == 1
    assert prices(app) == {"OR-1": 2.5, "OR-2": 2, "OR-3": 2}
    newest = batches.find_batches(app.ports, limit=None)[0]
    rows = batch_receipt(app.ports, newest.batch_id)["rows"]
    assert (rows["new"], rows["corrected"], rows["duplicate"]) == (1, 1, 1)


def test_a_test_connects_and_brings_nothing(app: App, server: FileServer) -> None:
    server.put("monday.csv", sales(1))
    added(app, server)
    result = due_runs.test_connection(app.ports, source_access(app), "shop", "ana")
    assert result.is_ok, result.message
    assert batches.find_batches(app.ports, limit=None) == []


def test_the_private_network_is_refused_without_the_setting(app: App, server: FileServer) -> None:
    server.put("monday.csv", sales(1))
    added(app, server)
    access = replace(source_access(app), private=PrivateHosts())
    failed = due_runs.run_connector(app.ports, app.contracts, access, "shop", "ana")
    assert (failed.outcome, "TILLSTREAM_CONNECT_PRIVATE" in failed.error) == (FAILED, True)
    assert state.connector_status(app.ports, "shop").failures == 1
