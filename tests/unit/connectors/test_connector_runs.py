"""Runs of connectors: what they bring, where they go on, and how they fail."""

import threading
from datetime import datetime

import pytest
from connectors import listed_kind
from connectors.listed_kind import PASSWORD, ListedSource
from unit.connectors.connector_steps import Connected, Fixed, file, page

from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs as running
from tillstream.connectors import one_run, run_history
from tillstream.connectors import state as connectors_state
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.one_run import UnexpectedError
from tillstream.intake import connector_deliveries
from tillstream.model.batch import BatchState


def test_files_become_batches_whose_lines_are_of_a_connector(connected: Connected) -> None:
    connected.add()
    connected.offer(file("a@1", 1, 2), file("b@1", 3, name="tuesday.csv"))

    run = connected.run()
    connected.settle()

    assert (run.outcome, run.items, len(run.batches), run.error) == (run_history.DONE, 2, 2, "")
    batches = {batch.file: batch for batch in connected.batches()}
    assert [batches[name].received_by for name in ("monday.csv", "tuesday.csv")] == ["connector shop"] * 2
    assert {batch.state for batch in batches.values()} == {BatchState.ANNOUNCED}
    query = connected.app.ports.warehouse.query
    assert query("SELECT DISTINCT source FROM sale_lines").to_pylist() == [{"source": "connector"}]
    assert query("SELECT DISTINCT source FROM batches").to_pylist() == [{"source": "connector"}]
    assert connected.lines() == 3


def test_a_file_is_stored_once_and_again_when_it_changes(connected: Connected) -> None:
    connected.add()
    connected.offer(file("a@1", 1))
    connected.run()
    assert connected.run().items == 0
    connected.offer(file("a@2", 1, 2))
    assert connected.run().items == 1
    assert len(connected.batches()) == 2


def test_files_are_stored_once_also_if_the_list_of_stored_keys_is_lost(connected: Connected) -> None:
    connected.add()
    connected.offer(file("a@1", 1))
    connected.run()
    for stored in list(connected.app.ports.objects.list("staging", "connectors/")):
        connected.app.ports.objects.delete("staging", stored.name)
    assert connected.run().items == 0
    assert len(connected.batches()) == 1


def test_pages_go_on_at_the_cursor_and_are_acknowledged_after_it(connected: Connected) -> None:
    connected.add()
    connected.offer(page(1), page(2))
    assert connected.run().items == 2
    connected.offer(page(1), page(2), page(3))
    assert connected.run().items == 1
    assert connectors_state.read_state(connected.app.ports, "shop").cursor == {"next": 3}
    assert connected.path.with_suffix(".acknowledged").read_text() == "1\n2\n3\n"


def test_a_failed_run_keeps_what_it_brought_and_is_tried_again_after_growing_pauses(connected: Connected) -> None:
    connected.add()
    connected.offer(page(1), {"text": "", "error": "reset"})
    pauses = []
    for _ in range(7):
        (run,) = connected.run_due()
        assert run.outcome == run_history.FAILED
        assert connected.run_due() == []
        state = connectors_state.connector_status(connected.app.ports, "shop")
        now = connected.clock.now()
        pauses.append((datetime.fromisoformat(state.next_at) - now).total_seconds() / 60)
        connected.clock.advance(pauses[-1] * 60)
    assert pauses == [1, 2, 4, 8, 15, 15, 15]
    assert (state.failures, "reset" in state.error) == (7, True)
    assert len(connected.batches()) == 1
    connected.offer(page(1), page(2))
    (run,) = connected.run_due()
    assert (run.outcome, run.items) == (run_history.DONE, 1)
    assert connectors_state.connector_status(connected.app.ports, "shop").failures == 0


def test_the_code_before_a_rollback_reads_the_state_of_a_connector(connected: Connected) -> None:
    connected.add()
    connected.offer({"text": "", "error": "reset"})
    connected.run_due()
    stored = connected.app.ports.documents.get(connectors_state.STATES_COLLECTION, "shop")
    assert stored
    assert set(stored.data) == {
        *("cursor", "cursor_of", "stored", "run", "process", "until", "next_at", "is_requested", "last_run_at"),
        *("last_complete_at", "failures", "stalled", "error", "behind", "notes"),
    }


def test_a_file_that_is_refused_does_not_keep_back_those_after_it(connected: Connected) -> None:
    connected.add()
    refused = [file(f"{number}@1", 1) | {"refused": f"no permission {number}"} for number in range(one_run.MAX_REFUSED)]
    connected.offer(*refused[1:], file("b@1", 2), file("c@1", 3))
    run = connected.run()
    assert (run.outcome, run.items) == (run_history.FAILED, 2)
    assert run.error.startswith("monday.csv: no permission 1 monday.csv: no permission 2")
    connected.offer(*refused, file("d@1", 4))
    assert (connected.run().outcome, connected.run().items) == (run_history.FAILED, 0)
    connected.offer(file("1@1", 1), file("b@1", 2), file("d@1", 4))
    assert (connected.run().outcome, len(connected.batches())) == (run_history.DONE, 4)


def test_no_credential_is_in_an_error_a_run_or_the_audit_log(connected: Connected) -> None:
    connected.add()
    connected.offer({"text": "", "error": "reset"})
    run = connected.run()
    assert PASSWORD not in run.error
    assert "•••" in run.error
    documents = connected.app.ports.documents
    collections = ("connectors", "connector_states", "connector_runs", "audit")
    assert PASSWORD not in repr([documents.find(collection) for collection in collections])


def test_an_unexpected_error_is_a_failed_run_and_is_raised(connected: Connected) -> None:
    connected.add()
    connected.offer({"text": "", "bug": True})
    with pytest.raises(UnexpectedError, match="ZeroDivisionError: •••") as error:
        connected.run()
    assert PASSWORD not in str(error.value)
    (run,) = run_history.latest_runs(connected.app.ports, "shop")
    assert (run.outcome, PASSWORD in run.error) == (run_history.FAILED, False)


def test_a_defect_of_a_connector_does_not_keep_back_the_others(connected: Connected) -> None:
    connected.add("a-first")
    connected.clock.advance(1)
    connected.add("b-next", list=str(connected.path.with_name("other.json")))
    connected.offer({"text": "", "bug": True})
    listed_kind.write(connected.path.with_name("other.json"), [page(1)])
    with pytest.raises(ExceptionGroup) as group:
        connected.run_due()
    assert [type(error) for error in group.value.exceptions] == [UnexpectedError]
    assert [run.items for run in run_history.latest_runs(connected.app.ports, "b-next")] == [1]


def test_a_run_at_work_shows_what_it_has_brought(connected: Connected) -> None:
    connected.add()
    connected.offer(*(file(f"{number}@1", number) | {"seconds": 3} for number in range(4)))
    app, shown = connected.app, []

    class Watch(threading.Event):
        """Looks at the run after each item."""

        def is_set(self) -> bool:
            (run,) = run_history.latest_runs(app.ports, "shop")
            shown.append((run.outcome, run.items))
            return False

    running.run_connector(app.ports, app.contracts, source_access(app), "shop", "ana", Watch())
    assert shown == [
        (run_history.RUNNING, 0),
        (run_history.RUNNING, 2),
        (run_history.RUNNING, 2),
        (run_history.RUNNING, 4),
    ]


def test_the_last_hundred_runs_are_kept(connected: Connected) -> None:
    connected.add()
    for _ in range(102):
        connected.run()
        connected.clock.advance(60)
    kept = run_history.latest_runs(connected.app.ports, "shop", limit=200)
    assert len(kept) == 100
    assert kept[0].started_at > kept[-1].started_at


def test_a_test_connects_and_brings_nothing(connected: Connected) -> None:
    connected.add()
    connected.offer(page(1))
    ports, access = connected.app.ports, SourceAccess(connected.clock, {"env": Fixed()})
    assert running.test_connection(ports, access, "shop", "ana").message == "1 items."
    connected.path.unlink()
    tested = running.test_connection(ports, access, connected.draft(), "ana")
    assert (tested.is_ok, "There is no list" in tested.message) == (False, True)
    assert connected.batches() == []


def test_a_defect_in_a_test_names_no_credential(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(source: ListedSource) -> str:
        raise ZeroDivisionError(source._access.credential(source._password))

    connected.add()
    monkeypatch.setattr(ListedSource, "test", defective)
    with pytest.raises(UnexpectedError, match="ZeroDivisionError: •••"):
        running.test_connection(connected.app.ports, source_access(connected.app), "shop", "ana")


def test_the_event_of_an_object_may_create_its_record_first(connected: Connected) -> None:
    """As in a cloud. The sender, the contract and the batch are the same."""
    connected.add()
    app, item = connected.app, file("a@1", 1)
    name = connector_deliveries.item_object_name("shop", item["key"], item["file"], "online-retail-uk")
    with app.ports.objects.writer("inbox", name) as writer:
        writer.write(item["text"].encode())
    connected.settle()
    connected.offer(item)
    run = connected.run()
    (batch,) = connected.batches()
    assert (run.items, batch.received_by, batch.contract) == (0, "connector shop", "online-retail-uk")


def test_a_folder_of_the_source_names_the_contract(connected: Connected) -> None:
    connected.add(contract="")
    connected.offer(file("a@1", 1, name="exports/online-retail-uk/../.hidden/\x00monday.csv"))
    connected.run()
    (batch,) = connected.batches()
    assert (batch.file, batch.contract, batch.state) == ("_monday.csv", "online-retail-uk", BatchState.RECEIVED)
