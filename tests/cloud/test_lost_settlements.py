"""A ledger on BigQuery that lost a settlement: the sweep notices it, an alert follows, and the job settles it again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults.damaged_home import state_of
from flask import Flask, request
from large_settlements import with_jobs
from stateful.on_google import GoogleSystem
from stateful.steps import like, upload_rows
from stateful.system import running_system
from structlog.testing import capture_logs

from examples import in_long_proofs
from functions import main
from infra.goals import METRICS
from tillstream.adapters.google.bigquery.tables import FIELDS, FLAGS, SALE_VERSIONS, STORED
from tillstream.app import App
from tillstream.app.google.lazy_warehouse import dataset_of
from tillstream.ledger.slice_settlement import ADDED_TABLES
from tillstream.model.batch import Batch
from tillstream.operations import large_settlements, maintenance_status, rebuild
from tillstream.ports.jobs import SETTLE_LARGE_JOB
from tillstream.records import batch_records

pytestmark = pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")

FILES = (
    (like(number="3"), like(number="7", price=2)),
    (like(number="4"), like(number="8")),
    (like(number="5"), like(number="7", price=4)),
)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[GoogleSystem]:
    with running_system(tmp_path / "home", numbered=False, kind=GoogleSystem) as system:
        assert isinstance(system, GoogleSystem)
        yield system


def lose(system: GoogleSystem, batch: Batch) -> None:
    """Delete the rows of a settlement of one batch, as if the tables were restored without it."""
    tables = {*ADDED_TABLES, STORED, FLAGS} - {SALE_VERSIONS}
    with closing(dataset_of(system.settings)) as dataset:
        (row,) = dataset.ask(f"SELECT batch_no FROM batches WHERE batch_id = '{batch.batch_id}'")
        numbers = {"settlement_no": batch.settlement_no, "batch_no": row["batch_no"]}
        for table in tables:
            columns = {field.name for field in FIELDS[table]}
            column = next(name for name in numbers if name in columns)
            dataset.ask(f"DELETE FROM {table} WHERE {column} = {numbers[column]}")


def sweep(app: App, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[str]]:
    """Call the function; return its answer and the reasons that the alert counts."""
    monkeypatch.setattr(main, "app", lambda: app)
    with capture_logs() as lines, Flask("sweep").test_request_context("/"):
        answer, status = main.sweep(request)
    assert status == 200
    event = METRICS["tillstream-repairs"]["filter"].partition('jsonPayload.message="')[2].partition('"')[0]
    return answer, [line["reason"] for line in lines if line["event"] == event]


@pytest.mark.parametrize("lost", [1, *in_long_proofs(2)])
def test_a_lost_settlement_is_noticed_by_the_sweep_and_settled_again_by_the_job(
    system: GoogleSystem, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    upload_rows(system, "ruling", like(number="1"), like(number="2", fault="qty"))
    batch_ids = [upload_rows(system, "ruling", *rows) for rows in FILES]
    system.wait_until_quiet()
    app, jobs = with_jobs(system.plain, rows=1)
    assert sweep(app, monkeypatch)[1] == []
    before = state_of(app)
    batch = batch_records.get_batch(app.ports, batch_ids[lost])
    lose(system, batch)

    answer, alarms = sweep(app, monkeypatch)
    assert "is settled by its record, but is not in the ledger." in alarms[0]
    assert batch.batch_id in alarms[0]
    assert answer["repaired"]
    assert jobs.starts == [SETTLE_LARGE_JOB]
    assert len(batch_records.batches_of_settlement(app.ports, batch.settlement_no)) == 1

    assert (
        large_settlements.settle_large(app.ports, app.contracts)["repaired"]
        == maintenance_status.last_repair(app.ports)[1]
    )
    after = state_of(app)
    assert after["lines"] == before["lines"]
    assert rebuild.ledger_disagreements(app.ports) == []
    assert sweep(app, monkeypatch)[1] == []
    assert jobs.starts == [SETTLE_LARGE_JOB]
