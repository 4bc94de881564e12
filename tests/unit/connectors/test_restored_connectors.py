"""Connectors after a restore to another project, and after another process took over a run."""

import io
from typing import Any, BinaryIO

import pytest
from connectors import listed_kind
from connectors.listed_kind import ListedSource
from unit.connectors.connector_steps import Connected, sales

from tillstream.connectors import run_history
from tillstream.connectors import state as connectors_state
from tillstream.records import batch_records as batches


def test_restored_originals_are_stored_and_of_a_connector(connected: Connected) -> None:
    """A restore copies originals to other names, and brings no staged objects."""
    connected.add()
    connected.offer({"key": "a@1", "file": "monday.csv", "text": sales(1)})
    connected.run()
    ports = connected.app.ports
    (batch,) = connected.batches()
    document = ports.documents.get(batches.BATCHES, batch.batch_id)
    assert document
    ports.documents.put(batches.BATCHES, document.id, document.data | {"object": f"restored/7/{batch.object}"})
    ports.objects.delete("inbox", batch.object)
    for stored in list(ports.objects.list("staging", "connectors/")):
        ports.objects.delete("staging", stored.name)

    assert connected.run().items == 0
    (restored,) = connected.batches()
    assert (restored.source, restored.object[:11]) == ("connector", "restored/7/")


def test_an_object_of_stored_keys_of_another_time_is_not_used(connected: Connected) -> None:
    """After a restore of the documents alone, the object has keys of files whose records are lost."""
    connected.add()
    ports = connected.app.ports
    first = {"key": "a@1", "file": "monday.csv", "text": sales(1)}
    connected.offer(first)
    connected.run()
    before = ports.documents.get(connectors_state.STATES_COLLECTION, "shop")
    assert before
    connected.offer(first, {"key": "b@1", "file": "b.csv", "text": sales(2)})
    (lost,) = connected.run().batches
    ports.documents.delete(batches.BATCHES, lost)
    ports.documents.put(connectors_state.STATES_COLLECTION, "shop", before.data)

    assert connected.run().outcome == run_history.DONE
    assert {batch.file for batch in connected.batches()} == {"monday.csv", "b.csv"}


def test_a_run_that_another_process_took_over_saves_no_cursor(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.add()
    connected.offer({"text": sales(1)}, {"text": sales(2)})
    ports, acknowledge = connected.app.ports, ListedSource.acknowledge

    def taken_over(source: ListedSource, cursor: object) -> None:
        acknowledge(source, cursor)  # type: ignore[arg-type]
        with monkeypatch.context() as patched:
            patched.setattr(connectors_state, "PROCESS_ID", "another")
            connectors_state.begin_run(
                ports, "shop", "shop:other", connectors_state.read_state(ports, "shop").cursor_of
            )

    monkeypatch.setattr(ListedSource, "acknowledge", taken_over)
    run = connected.run()
    assert (run.outcome, "another process" in run.error) == (run_history.FAILED, True)
    state = connectors_state.read_state(ports, "shop")
    assert (state.cursor, state.run) == ({"next": 1}, "shop:other")


def test_a_run_of_files_that_another_process_took_over_takes_no_further_file(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports, opened = connected.app.ports, list[str]()

    def taken_over(entry: dict[str, Any]) -> BinaryIO:
        opened.append(entry["key"])
        connected.clock.advance(connectors_state.LEASE_TIME.total_seconds() + 1)
        connectors_state.begin_run(ports, "shop", "shop:other")
        return io.BytesIO(b"x")

    monkeypatch.setattr(listed_kind, "open_entry", taken_over)
    connected.add()
    connected.offer(*({"key": key, "file": "a.csv", "text": ""} for key in ("a@1", "b@1")))
    run = connected.run()
    assert (run.outcome, "another process" in run.error, opened) == (run_history.FAILED, True, ["a@1"])
