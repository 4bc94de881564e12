"""The sample regions: what another scale adds, and how a server loads them in the sight of whoever started it."""

import io
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from waiting import wait_for

from tests.e2e.conftest import Run
from tillstream.analytics import query_catalogue
from tillstream.app import App, build
from tillstream.commands.demo_shop import loading
from tillstream.commands.demo_shop.loading import load_demo
from tillstream.commands.demo_shop.sales import DAILY_FILES, SENT_SALES, last_day
from tillstream.commands.demo_shop.web_shop import ORDERS
from tillstream.commands.result import quiet
from tillstream.logs import configure
from tillstream.model.batch import STATES_IN_LEDGER, BatchKind, BatchState
from tillstream.model.errors import Unavailable
from tillstream.operations import maintenance_status
from tillstream.pipeline.staging import stage
from tillstream.records import batch_records
from tillstream.samples.sample_files import expected_facts
from tillstream.server import serve
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.sync import home_identity

SCALE = 0.004
FILES = 3 * 3 + 3 * DAILY_FILES - 1
"""A history, a newest month, corrections and the newest days of three regions, but for one missing day."""
FOR_PEOPLE = 4
"""Further files, which need a person."""
CORRECTIONS = 3
"""Of these, the files that correct others."""
TILL_LINES = SENT_SALES
ADDED_LINES = TILL_LINES + len(ORDERS)
"""Lines of the till, the form and the connector to the web shop."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def served(home: Path) -> Iterator[App]:
    """An app with a worker after its first sweep, which stages all that it meets, as does the event of a new file."""
    app = replace(build(Settings(threads=1)), has_worker=True)
    worker = Worker(app)
    worker.start()
    wait_for(lambda: maintenance_status.last_run(app.ports, maintenance_status.SWEEP_TASK), "the first sweep")
    yield app
    worker.stop()
    app.close()


@pytest.fixture
def stagings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each batch was staged."""
    counted: Counter[str] = Counter()
    write = stage.write

    def counting(ports, upload, *rest):  # type: ignore[no-untyped-def]
        counted[upload.batch_id] += 1
        return write(ports, upload, *rest)

    monkeypatch.setattr(stage, "write", counting)
    return counted


def lines(app: App) -> int:
    (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS lines FROM current_lines").to_pylist()
    return int(row["lines"])


def wait_for_tills(app: App) -> None:
    """Until the worker has settled the sales of the till and of the form, which may be received one after another."""

    def settled() -> int:
        batches = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)
        return sum(batch.staged.rows_read for batch in batches if batch.state in STATES_IN_LEDGER and batch.staged)

    wait_for(lambda: settled() == TILL_LINES, "the sales of the till", state=settled)


@pytest.mark.long
def test_another_scale_adds_its_sales_and_the_same_scale_none(run: Run) -> None:
    until = last_day(datetime.now(UTC))
    facts_by_scale = {
        scale: list(expected_facts(until=until, scale=scale, days=DAILY_FILES).values()) for scale in (SCALE, 2 * SCALE)
    }
    total = ADDED_LINES
    for scale, facts in facts_by_scale.items():
        code, receipts = run("demo", "--scale", str(scale))
        assert (code, len(receipts)) == (0, FILES)
        assert sum(receipt["rows"]["corrected"] for receipt in receipts) == sum(region.corrected for region in facts)
        total += sum(region.lines for region in facts)
        assert run("query", "kpis")[1]["rows"][0]["lines"] == total
    again = run("demo", "--scale", str(SCALE))[1]
    assert sum(receipt["rows"]["new"] + receipt["rows"]["corrected"] for receipt in again) == 0


def _steps(files: int) -> list[str]:
    return ["kept"] * files + ["rows", "files"] * files


def test_a_server_stages_each_sample_once(served: App, stagings: Counter[str]) -> None:
    progress: list[tuple[str, int]] = []
    result = load_demo(served, lambda what, count=1, about="": progress.append((what, count)), SCALE, accounts=False)
    assert (result.code, len(result.data)) == (0, FILES)
    assert [what for what, _ in progress] == [
        *_steps(FILES - CORRECTIONS),
        *_steps(CORRECTIONS),  # only once the sales that they correct are counted
    ]
    assert sum(count for what, count in progress if what == "rows") == sum(r["rows"]["read"] for r in result.data)
    assert set(stagings.values()) == {1}
    wait_for_tills(served)
    assert lines(served) == sum(r["rows"]["new"] for r in result.data) + ADDED_LINES > 500
    received_by = {one.file: one.received_by for one in batch_records.find_batches(served.ports, kind=BatchKind.UPLOAD)}
    assert set(received_by.values()) == {batch_records.SAMPLES, "connector web-shop"}
    assert len(received_by) == FILES + FOR_PEOPLE + 1


def test_a_file_that_the_worker_does_not_finish_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = replace(build(Settings(threads=1)), has_worker=True)  # and nobody is there
    monkeypatch.setattr(loading, "PATIENCE", 0.1)
    try:
        with pytest.raises(Unavailable, match="is stored but not processed yet"):
            load_demo(app, quiet, SCALE, accounts=False)
        assert len(batch_records.find_batches(app.ports, state=BatchState.RECEIVED)) == FILES - CORRECTIONS
    finally:
        app.close()


@pytest.mark.long
def test_on_a_terminal_no_log_line_interrupts_the_progress(served: App, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    configure(served.settings)
    output: list[str] = []
    shown_meanwhile: list[str] = []

    def show(text: str) -> None:
        output.append(text)
        shown_meanwhile[:] = [terminal.getvalue()]

    serve._samples(served, show, scale=SCALE)
    files = ["1 file settled", *(f"{n} files settled" for n in range(2, FILES + 1))]
    assert [line.strip().partition(",")[0] for line in output[1:-1]] == files
    assert output[-1].startswith("The sample regions are loaded: 29 files, ")
    assert shown_meanwhile == [""]  # the worker may still finish its work and log it after the last line
    structlog.get_logger("tillstream").info("afterwards")
    assert "afterwards" in terminal.getvalue()


def test_a_home_with_a_key_for_the_sync_loads_no_samples(home: Path) -> None:
    app, output = build(Settings(threads=1)), list[str]()
    home_identity.create_identity(app.ports, "command line")
    serve._samples(app, output.append, scale=SCALE)
    assert (output, batch_records.find_batches(app.ports)) == ([], [])
    app.close()


@pytest.mark.long
def test_every_query_answers_over_the_sample_regions(run: Run) -> None:
    """At their own scale: tables that are folded into the file in part have led the engine into errors of its own."""
    assert run("demo")[0] in (0, 3)
    batch = next(receipt["batch_id"] for receipt in run("receipts")[1])
    arguments = {"batch_id": batch, "settlement_no": "1", "q": "SO", "text": "SO"}
    for name in query_catalogue.query_names():
        params = []
        for one in query_catalogue.describe_query(name).parameters:
            if one.default is None:
                value = (
                    arguments.get(one.name)
                    or {"INT64": "1", "DATE": "2026-01-31"}.get(one.kind)
                    or (one.words or ("IN",))[0]
                )
                params += ["--param", f"{one.name}={value}"]
        assert run("query", name, *params)[0] == 0, name
