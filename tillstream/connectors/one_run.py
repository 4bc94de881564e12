"""One run of a connector: hand each item to intake unless it is stored, save the cursor, then acknowledge.

The keys of stored files are hashes in one object, so a run need not look each of them up. The state of the connector
names its generation, so that after a restore, or if the object is lost, the keys are collected from the batch records
instead.

An item is durable, with its record, before the cursor is saved: a process that ends in between reads it again, and its
key shows that it is stored.
"""

import threading
import traceback
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

from tillstream.connectors import kind_table, records, run_history
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.run_history import BackfillParts, ConnectorRun, PartPace
from tillstream.connectors.source import ConnectorSource, Cursor, SourceItem
from tillstream.connectors.state import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    RENEW_EVERY,
    Connector,
    ConnectorDraft,
    LostLease,
    SourceState,
    end_run,
    save_progress,
)
from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import connector_deliveries
from tillstream.intake.connector_deliveries import HASH_DIGITS, TakenFile, item_hash
from tillstream.model.batch import Batch
from tillstream.model.errors import NotFound, Rejected, TillstreamError
from tillstream.model.events import STAGING
from tillstream.model.object_names import CONNECTED_NAME
from tillstream.ports import Ports
from tillstream.records import batch_records, sales_loads
from tillstream.records.jobs import growing_pause

HASH_BYTES = HASH_DIGITS // 2

MAX_MESSAGE, MAX_NOTES = 1_000, 20
PROGRESS = timedelta(seconds=5)
"""Time after which a run at work is saved with what it has brought so far."""
MAX_REFUSED, MAX_REFUSED_OF_BACKFILL = 10, 500
"""Files that a run leaves out because they cannot be read, before it ends."""
MAX_DOUBLINGS = 6
"""How often the time of a run is doubled while runs are stopped that brought nothing."""


class StoredKeys:
    """Loaded when they are first used. generation: of the object that fits the cursor; 0: none."""

    def __init__(self, ports: Ports, connector: str, generation: int) -> None:
        self._ports = ports
        self._connector = connector
        self._name = f"connectors/{connector}.keys"
        self._generation = generation
        self._hashes: set[bytes] | None = None
        self._is_changed = False

    def __contains__(self, key: str) -> bool:
        return _hash(key) in self._load()

    def __len__(self) -> int:
        return len(self._load())

    def add(self, key: str) -> None:
        self._load().add(_hash(key))
        self._is_changed = True

    def save(self) -> int:
        """Write the object if the keys have changed; return its generation, or 0 if they have not."""
        if not self._is_changed:
            return 0
        with self._ports.objects.writer(STAGING, self._name) as writer:
            writer.write(b"".join(sorted(self._load())))
        self._is_changed = False
        return (writer.stored or self._ports.objects.stat(STAGING, self._name)).generation

    def _load(self) -> set[bytes]:
        if self._hashes is None:
            self._hashes = self._read()
            if self._hashes is None:
                self._hashes = self._collect()
                self._is_changed = bool(self._hashes)
        return self._hashes

    def _read(self) -> set[bytes] | None:
        """The hashes in the object; None if it is lost, or is not the one that fits the cursor."""
        if not self._generation:
            return None
        try:
            with self._ports.objects.open(STAGING, self._name, self._generation) as stream:
                content = stream.read()
        except NotFound:
            return None
        return {content[start : start + HASH_BYTES] for start in range(0, len(content), HASH_BYTES)}

    def _collect(self) -> set[bytes]:
        sender = batch_records.connector_sender(self._connector)
        documents = self._ports.documents.find(batch_records.BATCHES, {"received_by": sender})
        names = (CONNECTED_NAME.fullmatch(Batch.from_json(document.data).object) for document in documents)
        return {bytes.fromhex(name["item"]) for name in names if name}


def _hash(key: str) -> bytes:
    return bytes.fromhex(item_hash(key))


class UnexpectedError(Exception):
    """A defect of a kind or of a library: its traceback as text, without credentials."""


def unexpected_error(error: Exception, access: SourceAccess) -> UnexpectedError:
    return UnexpectedError(access.redact("".join(traceback.format_exception(error))))


def open_source(connector: Connector | ConnectorDraft, access: SourceAccess) -> ConnectorSource:
    kind = kind_table.find_kind(connector.kind)
    return kind.open(records.check_settings(kind, connector.settings), access)


class ConnectorRunner:
    """One run that holds the lease."""

    def __init__(
        self,
        ports: Ports,
        contracts: ContractRegistry,
        access: SourceAccess,
        connector: Connector,
        id: str,
        state: SourceState,
        stopping: threading.Event | None,
        share: timedelta | None,
        pace: PartPace | None,
    ) -> None:
        self._ports = ports
        self._contracts = contracts
        self._access = access
        self._connector = connector
        self._id = id
        self._state = state
        self._stopping = stopping
        self._started = self._renewed = self._shown = ports.clock.now()
        self._until = None if share is None else self._started + share * 2 ** min(state.stalled, MAX_DOUBLINGS)
        self._cursor = state.cursor
        self._run = ConnectorRun(connector.name, self._started.isoformat(timespec="seconds"))
        self._stored = StoredKeys(ports, connector.name, state.stored)
        self._load = f"connector {connector.name}"
        self._shortened = 0
        self._refused: list[str] = []
        self._most_refused = MAX_REFUSED_OF_BACKFILL if connector.is_once else MAX_REFUSED
        self._pace = pace
        self._parts = BackfillParts(pace.part) if pace else BackfillParts()

    def run(self) -> ConnectorRun:
        run_history.save_run(self._ports, self._id, self._run)
        try:
            with closing(open_source(self._connector, self._access)) as source:
                try:
                    is_read = self._pull(source)
                    behind = source.behind()
                finally:
                    self._note(source)
                    self._save_keys()
        except TillstreamError as error:
            return self._end(run_history.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - raised again, without credentials
            self._end(run_history.FAILED, f"Unexpected error: {type(error).__name__}. The log has the details.")
            raise unexpected_error(error, self._access) from None
        if self._refused:
            return self._end(run_history.FAILED, " ".join(self._refused[:MAX_REFUSED]), behind)
        return self._end(run_history.DONE if is_read or behind == 0 else run_history.STOPPED, behind=behind)

    def _pull(self, source: ConnectorSource) -> bool:
        """Take in the items; return whether the source has no more."""
        for item in source.pull(self._state.cursor):
            if isinstance(item, SourceItem):
                self._take(item)
            if item.cursor is not None:
                self._state = self._save(cursor=item.cursor)
                source.acknowledge(item.cursor)
            self._show_progress()
            if self._is_over() or self._must_pause():
                return False
        return True

    def _take(self, item: SourceItem) -> None:
        if item.is_sales:
            self._publish(item)
            return
        is_file = item.cursor is None
        if is_file and item.key in self._stored:
            return
        name = connector_deliveries.item_object_name(
            self._connector.name, item.key, item.file, self._connector.contract
        )
        try:
            batch, size, is_new = self._stored_file(item, name)
        except LostLease:
            raise
        except Rejected as error:  # such as a file without permission: those after it are read
            self._refused.append(f"{item.file}: {error}")
            if not is_file or len(self._refused) == self._most_refused:
                raise
            return
        if is_file:
            self._stored.add(item.key)
        if is_new:
            sales_loads.begin(self._ports, self._load)
            run = self._run
            batches = (*run.batches, *([batch.batch_id] if batch else []))[: run_history.MAX_BATCHES]
            self._run = replace(run, items=run.items + 1, bytes=run.bytes + size, batches=batches)
            if self._pace:
                self._pace.taken(size)

    def _stored_file(self, item: SourceItem, name: str) -> TakenFile:
        if item.copy:
            self._beat()
            return connector_deliveries.copy_in_item(self._ports, name, item.copy)
        return connector_deliveries.take_in_item(self._ports, self._contracts, name, item.open, self._beat)

    def _must_pause(self) -> bool:
        """After a part of a backfill, wait until it is settled; if nothing waits for that here, the run ends."""
        if not self._connector.is_once or not self._parts.is_full(self._run):
            return False
        if self._pace is None:
            return True
        self._save_keys()
        self._pace.settle(self._beat)
        return False

    def _publish(self, item: SourceItem) -> None:
        with item.open() as stream:
            published = connector_deliveries.publish_pulled_sales(self._ports, stream, self._beat)
        run = self._run
        self._shortened += published.shortened
        self._run = replace(
            run, items=run.items + 1, bytes=run.bytes + published.size, sales=run.sales + published.messages
        )

    def _save_keys(self) -> None:
        generation = self._stored.save()
        if generation:
            self._state = self._save(stored=generation)

    def _save(self, cursor: Cursor | None = None, stored: int | None = None) -> SourceState:
        self._renewed = self._ports.clock.now()
        return save_progress(self._ports, self._connector.name, self._id, cursor=cursor, stored=stored)

    def _beat(self) -> None:
        """Renew the lease if it was not renewed for long."""
        if self._ports.clock.now() - self._renewed >= RENEW_EVERY:
            self._save()

    def _show_progress(self) -> None:
        """Save the run if it was not saved for long; first renew the lease, which is lost if the connector is gone."""
        if self._ports.clock.now() - self._shown >= PROGRESS:
            self._save()
            run_history.save_run(self._ports, self._id, self._run)
            self._shown = self._ports.clock.now()

    def _is_over(self) -> bool:
        is_stopped = self._stopping is not None and self._stopping.is_set()
        return is_stopped or (self._until is not None and self._ports.clock.now() >= self._until)

    def _note(self, source: ConnectorSource) -> None:
        notes = [self._access.redact(note)[:MAX_MESSAGE] for note in source.notes()]
        if self._shortened:
            notes.append(f"Messages longer than a message can be, of which the beginning is kept: {self._shortened:,}.")
        if len(notes) > MAX_NOTES:
            notes[MAX_NOTES - 1 :] = [f"{len(notes) - MAX_NOTES + 1:,} more notes."]
        refused = tuple(self._access.redact(reason)[:MAX_MESSAGE] for reason in self._refused)
        self._run = replace(self._run, notes=tuple(notes), refused=refused)

    def _end(self, outcome: str, error: str = "", behind: int | None = None) -> ConnectorRun:
        now = self._ports.clock.now()
        error = self._access.redact(error)[:MAX_MESSAGE]
        self._run = replace(self._run, outcome=outcome, error=error, ended_at=now.isoformat(timespec="seconds"))
        if not (self._connector.is_once and outcome == run_history.STOPPED):  # a backfill that goes on after a pause
            sales_loads.end(self._ports, self._load)
        self._save_run()  # before the lease ends, so that no run is listed as running that is not
        try:
            end_run(
                self._ports,
                self._connector.name,
                self._id,
                next_at=self._next_at(outcome, now),
                is_complete=outcome == run_history.DONE,
                stalled=0 if outcome == run_history.DONE else self._state.stalled + self._is_idle(outcome),
                error=error,
                behind=behind,
                notes=self._run.notes,
            )
        except LostLease as lost:
            self._run = replace(self._run, outcome=run_history.FAILED, error=str(lost))
            self._save_run()
        return self._run

    def _save_run(self) -> None:
        if records.connector_exists(self._ports, self._connector.name):
            run_history.save_run(self._ports, self._id, self._run)

    def _is_idle(self, outcome: str) -> bool:
        """Whether the run was stopped before it brought anything, because reading what was read took its time."""
        return outcome == run_history.STOPPED and not self._run.items and self._state.cursor == self._cursor

    def _next_at(self, outcome: str, now: datetime) -> datetime:
        every = timedelta(minutes=self._connector.every_minutes)
        if outcome == run_history.FAILED:
            return now + growing_pause(self._state.failures + 1, FIRST_PAUSE, min(every, LONGEST_PAUSE))
        if outcome == run_history.STOPPED:
            return now + (run_history.PART_PAUSE if self._connector.is_once else timedelta())
        return max(now, self._started + every)
