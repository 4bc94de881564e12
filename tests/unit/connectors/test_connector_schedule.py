"""Which connectors run, when, for how long, and one process at a time."""

import threading
from datetime import datetime, timedelta

import pytest
from large_settlements import with_jobs
from unit.connectors.connector_steps import Connected, Fixed, file, page

from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs as connectors_run
from tillstream.connectors import due_runs as running
from tillstream.connectors import records, run_history, state
from tillstream.connectors.access import SourceAccess
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.jobs import CONNECT_JOB
from tillstream.records import sales_loads
from tillstream.server import worker


def test_a_connector_that_is_running_is_not_run_twice(connected: Connected) -> None:
    connected.add()
    state.begin_run(connected.app.ports, "shop", "shop:1")
    with pytest.raises(Rejected, match="is running"):
        connected.run()
    assert connected.run_due() == []


def test_the_lease_of_a_process_that_ended_is_taken_over(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    connected.add()
    ports = connected.app.ports
    run_history.save_run(ports, "shop:1", run_history.ConnectorRun("shop", connected.clock.now().isoformat()))
    with monkeypatch.context() as patched:
        patched.setattr(state, "PROCESS_ID", "ended")
        state.begin_run(ports, "shop", "shop:1")
    connected.offer(page(1))
    assert connected.run().outcome == run_history.DONE
    assert [run.outcome for run in run_history.latest_runs(ports, "shop")] == [run_history.FAILED, run_history.DONE]


def test_a_requested_run_is_kept_while_the_job_cannot_be_started(connected: Connected) -> None:
    connected.add()
    app, jobs = with_jobs(connected.app)
    jobs.is_reachable = False
    connectors_run.request_run(app.ports, "shop", "ana")
    jobs.is_reachable = True
    assert jobs.starts == []
    assert connectors_run.start_job_if_due(app.ports)
    assert jobs.starts == [CONNECT_JOB]


def test_a_request_during_a_run_is_kept_by_its_end(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end wrote the state that it had read before."""
    connected.add()
    connected.offer(page(1))
    ports = connected.app.ports
    now = ports.clock.now

    def request_and_now() -> datetime:
        if state.read_state(ports, "shop").run and [run.outcome for run in run_history.latest_runs(ports, "shop")] == [
            run_history.DONE
        ]:
            state.note_request(ports, "shop")
        return now()

    monkeypatch.setattr(connected.clock, "now", request_and_now)
    connected.run()
    monkeypatch.undo()
    assert state.connector_status(ports, "shop").is_requested


def test_jobs_wait_for_the_files_of_a_run_until_its_end(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    connected.add()
    connected.offer(page(1), page(2))
    names, begin = list[str](), sales_loads.begin

    def noted_begin(ports: Ports, name: str) -> None:
        names.append(name)
        begin(ports, name)

    monkeypatch.setattr(sales_loads, "begin", noted_begin)
    connected.run()
    assert names == ["connector shop"] * 2
    assert connected.app.ports.documents.count(sales_loads.COLLECTION) == 0


def test_a_run_whose_connector_is_removed_stops(connected: Connected) -> None:
    connected.add()
    ports = connected.app.ports
    state.begin_run(ports, "shop", "shop:1")
    records.remove_connector(ports, "shop", "ana")
    with pytest.raises(state.LostLease):
        state.save_progress(ports, "shop", "shop:1", cursor={"next": 1})


def test_a_share_of_time_ends_a_run_which_goes_on_at_the_next_turn(connected: Connected) -> None:
    connected.add()
    connected.offer(page(1), page(2))
    ports, access = connected.app.ports, SourceAccess(connected.clock, {"env": Fixed()})
    run = running.run_connector(ports, connected.app.contracts, access, "shop", "ana", share=timedelta(0))
    assert (run.outcome, run.items) == (run_history.STOPPED, 1)
    (rest,) = connected.run_due()
    assert (rest.outcome, rest.items) == (run_history.DONE, 1)


def test_runs_that_bring_nothing_in_their_share_of_time_get_more(connected: Connected) -> None:
    """Each file takes a minute, also one that was read before: two minutes hold two of them, in every run."""
    connected.add()
    connected.offer(*(file(f"{number}@1", number) | {"seconds": 60} for number in range(5)))
    ended = [connected.run_due()[0] for _ in range(5)]
    assert [run.items for run in ended] == [2, 0, 2, 0, 1]
    assert [run.outcome for run in ended] == [run_history.STOPPED] * 4 + [run_history.DONE]
    assert state.read_state(connected.app.ports, "shop").stalled == 0


def test_a_paused_connector_runs_only_on_request(connected: Connected) -> None:
    connected.add()
    ports = connected.app.ports
    records.pause_connector(ports, "shop", "ana", is_paused=True)
    assert connected.run_due() == []
    state.note_request(ports, "shop")
    assert len(connected.run_due()) == 1
    assert connected.run_due() == []


def test_a_connector_is_late_if_it_was_not_read_to_the_end_for_two_intervals(connected: Connected) -> None:
    connector, ports = connected.add(), connected.app.ports
    connected.run()
    assert not state.is_connector_late(
        connector, state.connector_status(ports, "shop"), connected.clock.now() + timedelta(minutes=45)
    )
    assert state.is_connector_late(
        connector, state.connector_status(ports, "shop"), connected.clock.now() + timedelta(minutes=46)
    )
    assert state.connector_lag(state.connector_status(ports, "shop"), connected.clock.now()) == timedelta(0)


def test_the_server_runs_what_is_due_until_it_stops(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "CONNECT_EVERY", 0)
    connected.add()
    connected.offer(page(1), page(2))
    stopping = threading.Event()
    turn = worker.Schedules(connected.app, stopping).turns()["connect"]
    turn()
    turn()
    assert [run.items for run in run_history.latest_runs(connected.app.ports, "shop")] == [2]
    connected.offer(page(1), page(2), page(3))
    connected.clock.advance(900)
    stopping.set()
    turn()
    assert len(run_history.latest_runs(connected.app.ports, "shop")) == 1


def test_a_stop_ends_a_run_between_two_items(connected: Connected) -> None:
    connected.add()
    connected.offer(page(1), page(2), page(3))
    app, stopping = connected.app, threading.Event()
    stopping.set()
    ended = running.run_connector(app.ports, app.contracts, source_access(app), "shop", "ana", stopping)
    assert (ended.outcome, ended.items) == (run_history.STOPPED, 1)
