"""What a `Collection` keeps to on every DocumentStore."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from threads import join_thread

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import DocumentStore
from tillstream.records import audit_log
from tillstream.records.collection import Collection, only_after, only_differences

ADDED, CHANGED, REMOVED = AuditAction.CONNECTOR_ADDED, AuditAction.CONNECTOR_CHANGED, AuditAction.CONNECTOR_REMOVED
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Seat:
    place: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    id: str
    name: str
    seats: tuple[Seat, ...] = ()
    guests: int = 0
    due_at: str = ""


TABLES = Collection(
    "tables",
    Table,
    "table",
    lambda table: {"name": table.name, "guests": table.guests},
    limit=3,
    order_by="name",
    due_by="due_at",
)


class LostAnswer:
    """Documents whose next write, or next removal, arrives or does not, and whose answer is lost."""

    def __init__(self, documents: DocumentStore, method: str, *, arrives: bool) -> None:
        self._documents, self._method, self._arrives, self._is_lost = documents, method, arrives, True

    def __getattr__(self, name: str) -> Any:
        return self._lose if name == self._method and self._is_lost else getattr(self._documents, name)

    def _lose(self, *arguments: Any, **options: Any) -> None:
        self._is_lost = False
        if self._arrives:
            getattr(self._documents, self._method)(*arguments, **options)
        raise Unavailable("No answer.")


def with_guest(table: Table) -> Table:
    return replace(table, guests=table.guests + 1)


def entries(ports: Ports) -> list[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Of the audit log, the oldest first."""
    stored = reversed(list(audit_log.find_entries(ports, audit_log.AuditFilter())))
    return [(one.what, one.subject, one.before, one.after) for one in stored]


def without_answer(ports: Ports, method: str, *, arrives: bool) -> Ports:
    documents = LostAnswer(ports.documents, method, arrives=arrives)
    return cast("Ports", SimpleNamespace(documents=documents, clock=ports.clock))


class CollectionContract:
    @pytest.fixture
    def ports(self, documents: DocumentStore) -> Ports:
        return cast("Ports", SimpleNamespace(documents=documents, clock=ManualClock(NOON)))

    def test_what_was_added_is_listed_and_read(self, ports: Ports) -> None:
        window = TABLES.add(ports, Table("1", "Window", (Seat("left"), Seat("right", "high"))), "ana", ADDED)
        bar = TABLES.add(ports, Table("2", "Bar"), "ana", ADDED)
        assert TABLES.find(ports) == [bar, window]
        assert (
            TABLES.find(ports, {"name": "Window"})
            == [TABLES.get(ports, "1")]
            == [TABLES.get_or_none(ports, "1")]
            == [window]
        )
        assert entries(ports)[0] == (ADDED.value, "1", {}, {"name": "Window", "guests": 0})
        assert ports.documents.find("tables")[0].data["seats"][1] == {"place": "right", "note": "high"}

    def test_a_document_of_another_version_is_read(self, ports: Ports) -> None:
        ports.documents.put("tables", "1", {"id": "1", "name": "Window", "of_later": [1]})
        assert TABLES.get(ports, "1") == Table("1", "Window")
        TABLES.change(ports, "1", "ana", CHANGED, with_guest)
        assert TABLES.document(ports, "1").data["of_later"] == [1]

    def test_a_secret_is_kept_and_in_no_entry(self, ports: Ports) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED, hidden={"pin": "1234"})
        TABLES.change(ports, "1", "ana", CHANGED, with_guest)
        TABLES.set_fields(ports, "1", "ana", CHANGED, {"pin": "9876", "name": "Door"})
        assert TABLES.document(ports, "1").data["pin"] == "9876"
        assert entries(ports)[2] == (CHANGED.value, "1", {"name": "Window"}, {"name": "Door"})
        assert "pin" not in repr(entries(ports))

    def test_an_id_that_is_taken_and_one_too_many_are_rejected_without_an_entry(self, ports: Ports) -> None:
        for id_ in "12":
            TABLES.add(ports, Table(id_, id_), "ana", ADDED)
        with pytest.raises(Rejected, match=r"^There is a table 2 already\.$"):
            TABLES.add(ports, Table("2", "Another"), "ana", ADDED)
        TABLES.add(ports, Table("3", "3"), "ana", ADDED)
        with pytest.raises(Rejected, match=r"^There can be at most 3 tables\. Remove one that is not used\.$"):
            TABLES.add(ports, Table("4", "4"), "ana", ADDED)
        assert len(entries(ports)) == 3
        assert TABLES.get(ports, "2").name == "2"

    def test_what_is_not_there_is_not_found(self, ports: Ports) -> None:
        acts: list[Callable[[], object]] = [
            lambda: TABLES.get(ports, "7"),
            lambda: TABLES.change(ports, "7", "ana", CHANGED, with_guest),
            lambda: TABLES.set_fields(ports, "7", "ana", CHANGED, {"name": "Door"}),
            lambda: TABLES.remove(ports, "7", "ana", REMOVED),
        ]
        for act in acts:
            with pytest.raises(NotFound, match=r"^There is no table 7\.$"):
                act()
        assert TABLES.get_or_none(ports, "7") is None
        assert entries(ports) == []

    def test_a_change_without_a_difference_writes_nothing(self, ports: Ports) -> None:
        table = TABLES.add(ports, Table("1", "Window"), "ana", ADDED)
        assert TABLES.change(ports, "1", "ana", CHANGED, lambda _: None) == table
        assert TABLES.set_fields(ports, "1", "ana", CHANGED, {"name": "Window"}) == table
        assert TABLES.document(ports, "1").version == len(entries(ports)) == 1

    def test_an_entry_shows_the_sides_that_are_chosen(self, ports: Ports) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED)
        TABLES.change(ports, "1", "ana", CHANGED, with_guest)
        TABLES.change(ports, "1", "ana", CHANGED, with_guest, sides=only_differences)
        TABLES.change(ports, "1", "ana", CHANGED, with_guest, sides=only_after)
        assert [sides for _, _, *sides in entries(ports)[1:]] == [
            [{"name": "Window", "guests": 0}, {"name": "Window", "guests": 1}],
            [{"guests": 1}, {"guests": 2}],
            [{}, {"name": "Window", "guests": 3}],
        ]

    def test_a_record_is_removed_after_its_entry(self, ports: Ports) -> None:
        table = TABLES.add(ports, Table("1", "Window"), "ana", ADDED)

        def refused(table: Table) -> None:
            raise Rejected(f"{table.name} stays.")

        with pytest.raises(Rejected, match="Window stays"):
            TABLES.remove(ports, "1", "ana", REMOVED, check=refused)
        assert TABLES.remove(ports, "1", "ana", REMOVED) == table
        assert TABLES.find(ports) == []
        assert entries(ports)[1:] == [(REMOVED.value, "1", {"name": "Window", "guests": 0}, {})]

    def test_records_are_due_at_their_instant(self, ports: Ports) -> None:
        assert not TABLES.has_due(ports)
        for id_, minutes in (("1", 1), ("2", 0), ("3", -1)):
            due_at = (NOON + timedelta(minutes=minutes)).isoformat(timespec="seconds")
            TABLES.add(ports, Table(id_, id_, due_at=due_at), "ana", ADDED)
        assert TABLES.has_due(ports)
        assert [(table.id, version) for table, version in TABLES.due(ports)] == [("2", 1), ("3", 1)]

    def test_what_is_put_is_added_or_replaced(self, ports: Ports) -> None:
        window = TABLES.put(ports, Table("1", "Window"), "ana", ADDED)
        door = TABLES.put(ports, Table("1", "Door"), "ana", CHANGED, window)
        assert TABLES.find(ports) == [door]
        assert [sides for _, _, *sides in entries(ports)] == [
            [{}, {"name": "Window", "guests": 0}],
            [{"name": "Window", "guests": 0}, {"name": "Door", "guests": 0}],
        ]

    def test_a_note_has_no_entry_and_brings_nothing_back(self, ports: Ports) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED, hidden={"pin": "1234"})
        noted = [TABLES.note(ports, id_, edit) for id_ in "12" for edit in (with_guest, lambda _: None)]
        assert [table and table.guests for table in noted] == [1, 1, None, None]
        assert [(table.id, table.guests) for table in TABLES.find(ports)] == [("1", 1)]
        assert TABLES.document(ports, "1").data["pin"] == "1234"
        assert len(entries(ports)) == 1

    def test_a_record_is_saved_only_at_its_version(self, ports: Ports) -> None:
        table = TABLES.add(ports, Table("1", "Window"), "ana", ADDED)
        entry = TABLES.entry(ports, "ana", CHANGED, table, None, {"why": "late"})
        assert not TABLES.save_at(ports, replace(table, name="Door"), 2, entry)
        assert (TABLES.get(ports, "1"), len(entries(ports))) == (table, 1)
        assert TABLES.save_at(ports, replace(table, name="Door"), 1, entry)
        assert (TABLES.get(ports, "1").name, len(entries(ports))) == ("Door", 2)

    def test_changes_at_the_same_time_are_all_made_and_audited(self, ports: Ports) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED)

        def change_often() -> None:
            for _ in range(10):
                TABLES.change(ports, "1", "ana", CHANGED, with_guest)

        threads = [threading.Thread(target=change_often, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        assert TABLES.get(ports, "1").guests == 30
        assert sorted(after["guests"] for _, _, _, after in entries(ports)) == list(range(31))

    @pytest.mark.parametrize("arrives", [True, False])
    def test_an_addition_whose_answer_is_lost_is_there_with_its_entry_or_not_at_all(
        self, ports: Ports, *, arrives: bool
    ) -> None:
        losing = without_answer(ports, "put_all", arrives=arrives)
        with pytest.raises(Unavailable):
            TABLES.add(losing, Table("1", "Window"), "ana", ADDED)
        assert len(TABLES.find(ports)) == len(entries(ports)) == arrives
        if not arrives:
            TABLES.add(losing, Table("1", "Window"), "ana", ADDED)
        assert len(entries(ports)) == 1

    @pytest.mark.parametrize("arrives", [True, False])
    def test_a_change_whose_answer_is_lost_is_made_once_when_it_is_tried_again(
        self, ports: Ports, *, arrives: bool
    ) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED)
        losing = without_answer(ports, "put_all", arrives=arrives)
        with pytest.raises(Unavailable):
            TABLES.set_fields(losing, "1", "ana", CHANGED, {"name": "Door"})
        assert TABLES.set_fields(losing, "1", "ana", CHANGED, {"name": "Door"}).name == "Door"
        assert [what for what, *_ in entries(ports)] == [ADDED.value, CHANGED.value]

    @pytest.mark.parametrize("arrives", [True, False])
    def test_a_removal_whose_answer_is_lost_has_its_entry_and_can_be_tried_again(
        self, ports: Ports, *, arrives: bool
    ) -> None:
        TABLES.add(ports, Table("1", "Window"), "ana", ADDED)
        losing = without_answer(ports, "delete", arrives=arrives)
        with pytest.raises(Unavailable):
            TABLES.remove(losing, "1", "ana", REMOVED)
        assert entries(ports)[-1][0] == REMOVED.value
        if not arrives:
            TABLES.remove(losing, "1", "ana", REMOVED)
        assert TABLES.find(ports) == []
