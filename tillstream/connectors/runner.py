"""One run of a connector: hand each item to intake, save the cursor, then acknowledge to the source.

An item is durable, with its record, before the cursor is saved: a process that ends in between reads it again, and its
key shows that it is stored.
"""

import threading
import traceback
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

from tillstream.connectors import parts, records, runs, status
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.connector import Connector, ConnectorDraft
from tillstream.connectors.kinds import table
from tillstream.connectors.parts import Pace, Parts
from tillstream.connectors.runs import Run
from tillstream.connectors.source import Cursor, Item, Source
from tillstream.connectors.stored_keys import StoredKeys
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.ports import Ports
from tillstream.records import sales_loads
from tillstream.workflows.intake import connector_files, connector_sales
from tillstream.workflows.intake.connector_files import TakenFile

MAX_MESSAGE, MAX_NOTES = 1_000, 20
PROGRESS = timedelta(seconds=5)
"""Time after which a run at work is saved with what it has brought so far."""
MOST_REFUSED, MOST_REFUSED_OF_BACKFILL = 10, 500
"""Files that a run leaves out because they cannot be read, before it ends."""
MOST_DOUBLINGS = 6
"""How often the time of a run is doubled while runs are stopped that brought nothing."""


class UnexpectedError(Exception):
    """A defect of a kind or of a library: its traceback as text, without credentials."""


def unexpected(error: Exception, access: SourceAccess) -> UnexpectedError:
    return UnexpectedError(access.redact("".join(traceback.format_exception(error))))


def open_source(connector: Connector | ConnectorDraft, access: SourceAccess) -> Source:
    kind = table.kind(connector.kind)
    return kind.open(records.values(kind, connector.settings), access)


class Runner:
    """One run that holds the lease."""

    def __init__(
        self,
        ports: Ports,
        contracts: ContractRegistry,
        access: SourceAccess,
        connector: Connector,
        id: str,
        state: status.State,
        stopping: threading.Event | None,
        share: timedelta | None,
        pace: Pace | None,
    ) -> None:
        self._ports = ports
        self._contracts = contracts
        self._access = access
        self._connector = connector
        self._id = id
        self._state = state
        self._stopping = stopping
        self._started = self._renewed = self._shown = ports.clock.now()
        self._until = None if share is None else self._started + share * 2 ** min(state.stalled, MOST_DOUBLINGS)
        self._cursor = state.cursor
        self._run = Run(connector.name, self._started.isoformat(timespec="seconds"))
        self._stored = StoredKeys(ports, connector.name, state.stored)
        self._load = f"connector {connector.name}"
        self._shortened = 0
        self._refused: list[str] = []
        self._most_refused = MOST_REFUSED_OF_BACKFILL if connector.is_once else MOST_REFUSED
        self._pace = pace
        self._parts = Parts(pace.part) if pace else Parts()

    def run(self) -> Run:
        runs.save(self._ports, self._id, self._run)
        try:
            with closing(open_source(self._connector, self._access)) as source:
                try:
                    is_read = self._pull(source)
                    behind = source.behind()
                finally:
                    self._note(source)
                    self._save_keys()
        except TillstreamError as error:
            return self._end(runs.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - raised again, without credentials
            self._end(runs.FAILED, f"Unexpected error: {type(error).__name__}. The log has the details.")
            raise unexpected(error, self._access) from None
        if self._refused:
            return self._end(runs.FAILED, " ".join(self._refused[:MOST_REFUSED]), behind)
        return self._end(runs.DONE if is_read or behind == 0 else runs.STOPPED, behind=behind)

    def _pull(self, source: Source) -> bool:
        """Take in the items; return whether the source has no more."""
        for item in source.pull(self._state.cursor):
            if isinstance(item, Item):
                self._take(item)
            if item.cursor is not None:
                self._state = self._save(cursor=item.cursor)
                source.acknowledge(item.cursor)
            self._show_progress()
            if self._is_over() or self._must_pause():
                return False
        return True

    def _take(self, item: Item) -> None:
        if item.is_sales:
            self._publish(item)
            return
        is_file = item.cursor is None
        if is_file and item.key in self._stored:
            return
        name = connector_files.object_name(self._connector.name, item.key, item.file, self._connector.contract)
        try:
            batch, size, is_new = self._stored_file(item, name)
        except status.Lost:
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
            batches = (*run.batches, *([batch.batch_id] if batch else []))[: runs.MOST_BATCHES]
            self._run = replace(run, items=run.items + 1, bytes=run.bytes + size, batches=batches)
            if self._pace:
                self._pace.taken(size)

    def _stored_file(self, item: Item, name: str) -> TakenFile:
        if item.copy:
            self._beat()
            return connector_files.copy_in(self._ports, name, item.copy)
        return connector_files.take_in(self._ports, self._contracts, name, item.open, self._beat)

    def _must_pause(self) -> bool:
        """After a part of a backfill, wait until it is settled; if nothing waits for that here, the run ends."""
        if not self._connector.is_once or not self._parts.is_full(self._run):
            return False
        if self._pace is None:
            return True
        self._save_keys()
        self._pace.settle(self._beat)
        return False

    def _publish(self, item: Item) -> None:
        with item.open() as stream:
            published = connector_sales.publish(self._ports, stream, self._beat)
        run = self._run
        self._shortened += published.shortened
        self._run = replace(
            run, items=run.items + 1, bytes=run.bytes + published.size, sales=run.sales + published.messages
        )

    def _save_keys(self) -> None:
        generation = self._stored.save()
        if generation:
            self._state = self._save(stored=generation)

    def _save(self, cursor: Cursor | None = None, stored: int | None = None) -> status.State:
        self._renewed = self._ports.clock.now()
        return status.save(self._ports, self._connector.name, self._id, cursor=cursor, stored=stored)

    def _beat(self) -> None:
        """Renew the lease if it was not renewed for long."""
        if self._ports.clock.now() - self._renewed >= status.RENEW:
            self._save()

    def _show_progress(self) -> None:
        """Save the run if it was not saved for long; first renew the lease, which is lost if the connector is gone."""
        if self._ports.clock.now() - self._shown >= PROGRESS:
            self._save()
            runs.save(self._ports, self._id, self._run)
            self._shown = self._ports.clock.now()

    def _is_over(self) -> bool:
        is_stopped = self._stopping is not None and self._stopping.is_set()
        return is_stopped or (self._until is not None and self._ports.clock.now() >= self._until)

    def _note(self, source: Source) -> None:
        notes = [self._access.redact(note)[:MAX_MESSAGE] for note in source.notes()]
        if self._shortened:
            notes.append(f"Messages longer than a message can be, of which the beginning is kept: {self._shortened:,}.")
        if len(notes) > MAX_NOTES:
            notes[MAX_NOTES - 1 :] = [f"{len(notes) - MAX_NOTES + 1:,} more notes."]
        refused = tuple(self._access.redact(reason)[:MAX_MESSAGE] for reason in self._refused)
        self._run = replace(self._run, notes=tuple(notes), refused=refused)

    def _end(self, outcome: str, error: str = "", behind: int | None = None) -> Run:
        now = self._ports.clock.now()
        error = self._access.redact(error)[:MAX_MESSAGE]
        self._run = replace(self._run, outcome=outcome, error=error, ended_at=now.isoformat(timespec="seconds"))
        if not (self._connector.is_once and outcome == runs.STOPPED):  # a backfill that goes on after a pause
            sales_loads.end(self._ports, self._load)
        self._save_run()  # before the lease ends, so that no run is listed as running that is not
        try:
            status.end(
                self._ports,
                self._connector.name,
                self._id,
                next_at=self._next_at(outcome, now),
                is_complete=outcome == runs.DONE,
                stalled=0 if outcome == runs.DONE else self._state.stalled + self._is_idle(outcome),
                error=error,
                behind=behind,
                notes=self._run.notes,
            )
        except status.Lost as lost:
            self._run = replace(self._run, outcome=runs.FAILED, error=str(lost))
            self._save_run()
        return self._run

    def _save_run(self) -> None:
        if records.exists(self._ports, self._connector.name):
            runs.save(self._ports, self._id, self._run)

    def _is_idle(self, outcome: str) -> bool:
        """Whether the run was stopped before it brought anything, because reading what was read took its time."""
        return outcome == runs.STOPPED and not self._run.items and self._state.cursor == self._cursor

    def _next_at(self, outcome: str, now: datetime) -> datetime:
        every = timedelta(minutes=self._connector.every_minutes)
        if outcome == runs.FAILED:
            return now + status.pause_after(self._state.failures + 1, every)
        if outcome == runs.STOPPED:
            return now + (parts.PAUSE if self._connector.is_once else timedelta())
        return max(now, self._started + every)
