"""A connector in a Google Cloud project, on the emulators: what its job brings becomes figures, once."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from connectors import listed_kind
from contract.secret_manager import secret_manager
from stateful.on_google import project
from unit.connectors.connector_steps import sales

from infra.jobs import CONNECTING
from tillstream.app import App, build
from tillstream.app.source_access import source_access
from tillstream.cli.main import main
from tillstream.connectors import records, state
from tillstream.connectors.state import ConnectorDraft
from tillstream.handlers import Event, dispatch
from tillstream.intake import store_sales
from tillstream.model.events import INBOX, OBJECT_FINALIZED
from tillstream.model.messages import store_sale_schema
from tillstream.operations import reconcile
from tillstream.settings import Settings

pytestmark = pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")
SECRET = "tillstream-source-list"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The app of a project whose connectors can read a list with a password in Secret Manager."""
    listed_kind.register(monkeypatch)
    with secret_manager() as manager:
        manager.values[SECRET] = listed_kind.PASSWORD
        monkeypatch.setenv("TILLSTREAM_PROJECT", project().project)
        monkeypatch.setenv("TILLSTREAM_SECRETS_API", manager.address)
        monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
        with closing(build(Settings.read())) as app:
            yield app


def run_job() -> list[dict[str, Any]]:
    result = CliRunner().invoke(main, [*CONNECTING.arguments, "--json"])
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


def handle(app: App, *, has_sales: bool) -> None:
    """What the functions do with the events of new objects, with store sales, and in a sweep.

    has_sales: a sale is on its way, for which the subscription of a busy emulator is pulled from more than once.
    """
    for stored in app.ports.objects.list(INBOX, "connect/"):
        data = {"bucket": INBOX, "name": stored.name, "generation": stored.generation, "size": stored.size}
        dispatch(app, Event("1", OBJECT_FINALIZED, data))
    until = time.monotonic() + (60 if has_sales else 0)
    while not store_sales.receive_store_sales(app.ports, app.contracts, 100, 3) and time.monotonic() < until:
        pass
    reconcile.resume_interrupted_work(app.ports, app.contracts, patience=timedelta(0))


def lines(app: App) -> list[tuple[str, int]]:
    rows = app.ports.warehouse.query("SELECT region, COUNT(*) AS lines FROM sale_lines GROUP BY region ORDER BY region")
    return [(row["region"], row["lines"]) for row in rows.to_pylist()]


def test_the_job_brings_files_and_sales_once(app: App, tmp_path: Path) -> None:
    sale = json.dumps(store_sale_schema()["examples"][0] | {"region": "IN", "currency": "INR"})
    path = tmp_path / "list.json"
    page, file = {"text": sales(1)}, {"key": "a@1", "file": "monday.csv", "text": sales(2, 3)}
    listed_kind.write(path, [page, file, {"text": sale, "is_sales": True}])
    draft = ConnectorDraft(
        "shop", listed_kind.NAME, {"list": str(path), "password": f"secret:{SECRET}"}, "online-retail-uk"
    )
    records.add_connector(app.ports, app.contracts, source_access(app), draft, "ana")

    (ended,) = run_job()
    assert (ended["outcome"], ended["items"], ended["sales"]) == ("done", 3, 1), ended["error"]
    handle(app, has_sales=True)
    expected = [("IN", len(store_sale_schema()["examples"][0]["lines"])), ("UK", 3)]
    assert lines(app) == expected
    assert state.connector_status(app.ports, "shop").last_complete_at

    assert run_job() == [], "it is not due"
    state.note_request(app.ports, "shop")
    (again,) = run_job()
    assert (again["outcome"], again["items"]) == ("done", 0)
    handle(app, has_sales=False)
    assert lines(app) == expected
