"""What runs the statements of people: a process of its own on extracts of the marts, or the warehouse of a project."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pyarrow as pa

from tillstream.ad_hoc import messages, results, tables
from tillstream.ad_hoc.extracts import Extracts, Progress
from tillstream.ad_hoc.offered import OfferedTable
from tillstream.ad_hoc.problems import with_place
from tillstream.ad_hoc.statement import Statement
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.people import Scope
from tillstream.ports.machine import BrokenFrame, QueryProcess, QueryProcesses, StopReason
from tillstream.ports.warehouse import AdHocQuery, FileSnapshot, SqlWarehouse

SHOWN, EXPORTED = 1_000, 1_000_000
"""Rows of a page, and of a file."""
SECONDS = 60.0
CHECK_SECONDS = 15.0
"""Time to parse and check a statement."""
MEMORY_OF_PARSER, LONGEST_FILE = 1 << 30, 8 << 30
"""Bytes: of a process beside what its engine may use, and of a file of what does not fit into the memory."""


@dataclass(frozen=True)
class Answer:
    """rows: at most the limit. is_cut: whether there are more. seconds: how long the query took."""

    rows: pa.Table
    is_cut: bool
    seconds: float


@dataclass(frozen=True)
class Run:
    """A statement to run. limit: rows to return."""

    text: str
    scope: Scope
    limit: int = SHOWN
    seconds: float = SECONDS
    is_cancelled: Callable[[], bool] = lambda: False

    def query(self, statement: Statement, params: Mapping[str, Any]) -> AdHocQuery:
        return AdHocQuery(statement.sql, params, self.limit + 1, self.seconds, self.is_cancelled, self.scope)

    def answer(self, rows: pa.Table, seconds: float) -> Answer:
        """Raises `Rejected` for rows that a result cannot contain."""
        results.check(rows)
        return Answer(rows.slice(0, self.limit), rows.num_rows > self.limit, seconds)


class Engine(Protocol):
    """Runs statements within a scope."""

    has_wall: bool
    """Whether the system keeps everything else away from the process of a statement; True until one ran."""

    def run(self, run: Run) -> Answer:
        """Raises `Forbidden`, `Unavailable`, and `Rejected` for a statement that is not offered, fails or is
        stopped."""

    def prepare(self) -> None:
        """A person is about to run a statement."""

    def progress(self, scope: Scope) -> Progress | None:
        """How far the data of a scope is that is made at this moment; None if none is."""


class ExtractEngine:
    """Runs each statement in a process of its own, on files that hold what its scope may read."""

    def __init__(
        self,
        processes: QueryProcesses,
        extracts: Extracts,
        snapshot: Callable[[], AbstractContextManager[FileSnapshot]],
        scratch: Path,
        memory_limit: str,
        threads: int,
    ) -> None:
        self._processes, self.has_wall = processes, True
        self._extracts, self._snapshot, self._scratch = extracts, snapshot, scratch
        self._memory_limit, self._threads = memory_limit, threads
        self._parts: dict[Scope, list[str]] = {}

    def prepare(self) -> None:
        self._processes.prepare()

    def progress(self, scope: Scope) -> Progress | None:
        return self._extracts.progress(self._parts.get(scope, ()))

    def run(self, run: Run) -> Answer:
        answer = self._run(run)
        if answer is None:  # a file was replaced, or is damaged
            answer = self._run(run)
        if answer is None:
            raise Unavailable("The data for your statement was changed while it was read. Run it again.")
        return answer

    def _run(self, run: Run) -> Answer | None:
        offered = {
            name: OfferedTable(name, "", table.columns, _select(table), False)
            for name, table in tables.offered(run.scope).items()
        }
        scratch = self._scratch / f"sql-{uuid4().hex}"
        scratch.mkdir(parents=True, mode=0o700)
        try:
            with self._processes.start() as process:
                with self._snapshot() as snapshot:
                    reading = self._extracts.parts(snapshot, run.scope)
                    self._parts[run.scope] = [part.name for part in reading.parts]
                    access = {
                        "folders": [str(folder) for folder in reading.folders],
                        "scratch": str(scratch),
                        "memory": 2 * bytes_of(self._memory_limit) + MEMORY_OF_PARSER,
                        "seconds": int(run.seconds + CHECK_SECONDS) * max(self._threads or 64, 1),
                        "file_size": LONGEST_FILE,
                    }
                    statement, self.has_wall = checked(process, run.text, offered, run.is_cancelled, access)
                    files = reading.files(statement.read)
                    if reading.states.is_changed:
                        self._extracts.prune(snapshot, {part.name for part in reading.parts})
                process.send(
                    {
                        "files": files,
                        "scratch": str(scratch),
                        "memory_limit": self._memory_limit,
                        "threads": self._threads,
                        "rows": run.limit + 1,
                    }
                )
                started = time.monotonic()
                query = run.query(statement, {})
                rows = process.table(lambda: query.problem(time.monotonic() - started))
        except BrokenFrame as error:
            raise Unavailable(f"The process that ran the statement gave no answer: {error}") from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if isinstance(rows, pa.Table):
            return run.answer(rows, time.monotonic() - started)
        if problem := rows.get("problem"):
            raise Rejected(str(problem))
        self._extracts.distrust(reading.parts)
        return None


class WarehouseEngine:
    """Runs statements on the warehouse of a project; a process of its own parses and checks them."""

    def __init__(self, processes: QueryProcesses, warehouse: SqlWarehouse) -> None:
        self._processes, self._warehouse, self.has_wall = processes, warehouse, True

    def prepare(self) -> None:
        self._processes.prepare()

    def progress(self, scope: Scope) -> None:
        """Nothing is made: the warehouse has all data."""

    def run(self, run: Run) -> Answer:
        offered = tables.offered(run.scope)
        access = {
            "folders": [],
            "memory": MEMORY_OF_PARSER,
            "seconds": int(CHECK_SECONDS),
            "file_size": 0,
        }
        try:
            with self._processes.start() as process:
                statement, self.has_wall = checked(process, run.text, offered, run.is_cancelled, access)
        except BrokenFrame as error:
            raise Unavailable(f"The process that checked the statement gave no answer: {error}") from error
        return on_warehouse(self._warehouse, run, statement, offered)


def on_warehouse(
    warehouse: SqlWarehouse, run: Run, statement: Statement, offered: Mapping[str, OfferedTable]
) -> Answer:
    """Run a checked statement with the scope as relations of its own."""
    selects = " ".join(table.select for name, table in offered.items() if name in statement.read)
    params = {name: value for name, value in tables.parameters(run.scope).items() if f"@{name}" in selects}
    started = time.monotonic()
    try:
        rows = warehouse.ad_hoc(run.query(statement, params))
    except Rejected as error:
        raise with_place(error, statement.names, offered.values()) from error
    return run.answer(rows, time.monotonic() - started)


def checked(
    process: QueryProcess,
    text: str,
    offered: Mapping[str, OfferedTable],
    is_cancelled: Callable[[], bool],
    access: Mapping[str, Any],
) -> tuple[Statement, bool]:
    """Have a statement parsed and checked; return it, and whether the process has a wall of the system around it.

    access: the limits and folders of the process. Raises `Rejected`.
    """
    process.send({**access, "text": text, "tables": messages.tables_to_json(offered.values())})
    reply = process.reply(_stop_after(CHECK_SECONDS, is_cancelled))
    if problem := reply.get("problem"):
        raise Rejected(str(problem))
    return messages.statement_from_json(reply, offered), bool(reply.get("wall"))


def _stop_after(seconds: float, is_cancelled: Callable[[], bool]) -> StopReason:
    query = AdHocQuery("", {}, 0, seconds, is_cancelled)
    started = time.monotonic()
    return lambda: query.problem(time.monotonic() - started)


def _select(table: OfferedTable) -> str:
    return f"SELECT {', '.join(column.name for column in table.columns)} FROM {table.name}"


def bytes_of(limit: str) -> int:
    """A limit of memory as the engine takes it, such as `600MB`, in bytes."""
    number = limit.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = limit[len(number) :].strip().lower()
    base = 1024 if "ib" in unit else 1000
    return int(float(number) * base ** (" kmgt".index(unit[0]) if unit[:1] in tuple("kmgt") else 0))
