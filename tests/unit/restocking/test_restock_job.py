"""A large restock queue of a project is computed by a job, which the sweep starts once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from large_settlements import StartedJobs, with_jobs
from restock_steps import KITE, count, open_shop

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.ports.jobs import RESTOCK_JOB
from tillstream.records.jobs import RESERVED_FOR
from tillstream.stock import restock_queue


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[App, StartedJobs]]:
    """An app that leaves large queues to a job, in which more products are counted than an hour ago."""
    opened = open_shop(tmp_path)
    count(opened.ports, {("LDS1", KITE): 10})
    restock_queue.run_due_restock(opened.ports)
    count(opened.ports, {("MAN1", KITE): 10}, number=2)
    advance(opened, restock_queue.RESTOCK_INTERVAL)
    yield with_jobs(opened)
    opened.close()


def advance(app: App, by: timedelta) -> None:
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(by.total_seconds())


def test_a_small_queue_is_computed_by_the_sweep(project: tuple[App, StartedJobs]) -> None:
    app, jobs = project
    ended = restock_queue.run_or_start_restock(app.ports)
    assert ended is not None
    assert ended.counted == 2
    assert jobs.starts == []


def test_a_large_one_is_computed_by_one_run_of_the_job(
    project: tuple[App, StartedJobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, jobs = project
    monkeypatch.setattr(restock_queue, "AT_ONCE", 0)
    restock_queue.update_queue(app.ports, by="ana")
    assert [restock_queue.run_or_start_restock(app.ports) for _ in range(3)] == [None] * 3
    assert jobs.starts == [RESTOCK_JOB]
    advance(app, RESERVED_FOR)
    restock_queue.run_or_start_restock(app.ports)
    assert jobs.starts == [RESTOCK_JOB] * 2, "the first one ended with an error"
    assert COMMANDS["restock-run"](app, quiet, due=True).data["counted"] == 2
    assert not restock_queue.RESTOCK.is_requested(app.ports)
    assert COMMANDS["restock-run"](app, quiet, due=True).data == {}
    restock_queue.run_or_start_restock(app.ports)
    assert jobs.starts == [RESTOCK_JOB] * 2
    ended = restock_queue.RESTOCK.last_run(app.ports)
    assert ended is not None
    assert ended.counted == 2
