"""What runs the statements of people: a process of its own on extracts of the marts, or the warehouse of a project."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.explore import scoped_statement, scoped_tables
from tillstream.explore.extracts import ExtractProgress, Extracts
from tillstream.explore.scoped_statement import OfferedTable, ScopedStatement, error_with_place
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.json_text import to_json
from tillstream.model.people import Scope
from tillstream.ports.machine import BrokenFrame, QueryProcess, QueryProcesses, StopReason
from tillstream.ports.warehouse import AdHocQuery, FileSnapshot, SqlWarehouse

_EPOCH = date(1970, 1, 1).toordinal()
_CALENDAR_DAYS = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}

SHOWN_ROWS, EXPORTED_ROWS = 1_000, 1_000_000
"""Rows of a page, and of a file."""
QUERY_SECONDS = 60.0
CHECK_SECONDS = 15.0
"""Time to parse and check a statement."""
MEMORY_OF_PARSER, MAX_FILE = 1 << 30, 8 << 30
"""Bytes: of a process beside what its engine may use, and of a file of what does not fit into the memory."""


def check_result(rows: pa.Table) -> None:
    """Raise `Rejected` for what BigQuery has in no result, or files have no place for: two columns of one name, an
    interval, and a day before the year 1 or after the year 9999."""
    counted = Counter(name.lower() for name in rows.schema.names)
    if repeated := next((name for name in rows.schema.names if counted[name.lower()] > 1), None):
        raise Rejected(f"Two columns have the name {repeated}. Name one of them with AS, or leave it out with EXCEPT.")
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        for values in _leaf_values(column):
            if pa.types.is_interval(values.type):
                raise Rejected(f"Column {name} is an interval, which cannot be shown. Use DATE_DIFF for a number.")
            if not _has_days_of_the_calendar(values):
                raise Rejected(f"Column {name} has a day before the year 1 or after the year 9999. Leave it out.")


def flatten_nested(rows: pa.Table) -> pa.Table:
    """The rows with arrays and structures as JSON texts, for cells that contain one value."""
    for number, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type):
            values = [None if one is None else _json_column(one) for one in rows.column(number).to_pylist()]
            rows = rows.set_column(number, field.name, pa.array(values, pa.string()))
    return rows


def _json_column(value: Any) -> str:
    return json.dumps(to_json(value), ensure_ascii=False)


def _leaf_values(column: Any) -> Iterator[Any]:
    """A column, or the values in its arrays and structures."""
    if pa.types.is_list(column.type):
        yield from _leaf_values(pc.list_flatten(column))
    elif pa.types.is_struct(column.type):
        for number in range(column.type.num_fields):
            yield from _leaf_values(pc.struct_field(column, [number]))
    else:
        yield column


def _has_days_of_the_calendar(column: Any) -> bool:
    if pa.types.is_date32(column.type):
        numbers, first, last = column.cast(pa.int32()), *_CALENDAR_DAYS
    elif pa.types.is_timestamp(column.type):
        per_day = _PER_DAY[column.type.unit]
        numbers, first, last = (
            column.cast(pa.int64()),
            _CALENDAR_DAYS[0] * per_day,
            (_CALENDAR_DAYS[1] + 1) * per_day - 1,
        )
    else:
        return True
    extremes = pc.min_max(numbers).as_py()
    return extremes["min"] is None or bool(first <= extremes["min"] and extremes["max"] <= last)


@dataclass(frozen=True)
class StatementAnswer:
    """rows: at most the limit. is_cut: whether there are more. seconds: how long the query took."""

    rows: pa.Table
    is_cut: bool
    seconds: float


@dataclass(frozen=True)
class StatementRun:
    """A statement to run. limit: rows to return."""

    text: str
    scope: Scope
    limit: int = SHOWN_ROWS
    seconds: float = QUERY_SECONDS
    is_cancelled: Callable[[], bool] = lambda: False

    def query(self, statement: ScopedStatement, params: Mapping[str, Any]) -> AdHocQuery:
        return AdHocQuery(statement.sql, params, self.limit + 1, self.seconds, self.is_cancelled, self.scope)

    def answer(self, rows: pa.Table, seconds: float) -> StatementAnswer:
        """Raises `Rejected` for rows that a result cannot contain."""
        check_result(rows)
        return StatementAnswer(rows.slice(0, self.limit), rows.num_rows > self.limit, seconds)


class StatementEngine(Protocol):
    """Runs statements within a scope."""

    has_wall: bool
    """Whether the system keeps everything else away from the process of a statement; True until one ran."""

    def run(self, run: StatementRun) -> StatementAnswer:
        """Raises `Forbidden`, `Unavailable`, and `Rejected` for a statement that is not offered, fails or is
        stopped."""

    def prepare(self) -> None:
        """A person is about to run a statement."""

    def progress(self, scope: Scope) -> ExtractProgress | None:
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

    def progress(self, scope: Scope) -> ExtractProgress | None:
        return self._extracts.progress(self._parts.get(scope, ()))

    def run(self, run: StatementRun) -> StatementAnswer:
        answer = self._run(run)
        if answer is None:  # a file was replaced, or is damaged
            answer = self._run(run)
        if answer is None:
            raise Unavailable("The data for your statement was changed while it was read. Run it again.")
        return answer

    def _run(self, run: StatementRun) -> StatementAnswer | None:
        offered = {
            name: OfferedTable(name, "", table.columns, _select_from(table), False)
            for name, table in scoped_tables.offered_tables(run.scope).items()
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
                        "memory": 2 * memory_bytes(self._memory_limit) + MEMORY_OF_PARSER,
                        "seconds": int(run.seconds + CHECK_SECONDS) * max(self._threads or 64, 1),
                        "file_size": MAX_FILE,
                    }
                    statement, self.has_wall = check_in_process(process, run.text, offered, run.is_cancelled, access)
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

    def run(self, run: StatementRun) -> StatementAnswer:
        offered = scoped_tables.offered_tables(run.scope)
        access = {
            "folders": [],
            "memory": MEMORY_OF_PARSER,
            "seconds": int(CHECK_SECONDS),
            "file_size": 0,
        }
        try:
            with self._processes.start() as process:
                statement, self.has_wall = check_in_process(process, run.text, offered, run.is_cancelled, access)
        except BrokenFrame as error:
            raise Unavailable(f"The process that checked the statement gave no answer: {error}") from error
        return run_on_warehouse(self._warehouse, run, statement, offered)


def run_on_warehouse(
    warehouse: SqlWarehouse, run: StatementRun, statement: ScopedStatement, offered: Mapping[str, OfferedTable]
) -> StatementAnswer:
    """Run a checked statement with the scope as relations of its own."""
    selects = " ".join(table.select for name, table in offered.items() if name in statement.read)
    params = {name: value for name, value in scoped_tables.scope_parameters(run.scope).items() if f"@{name}" in selects}
    started = time.monotonic()
    try:
        rows = warehouse.ad_hoc(run.query(statement, params))
    except Rejected as error:
        raise error_with_place(error, statement.names, offered.values()) from error
    return run.answer(rows, time.monotonic() - started)


def check_in_process(
    process: QueryProcess,
    text: str,
    offered: Mapping[str, OfferedTable],
    is_cancelled: Callable[[], bool],
    access: Mapping[str, Any],
) -> tuple[ScopedStatement, bool]:
    """Have a statement parsed and checked; return it, and whether the process has a wall of the system around it.

    access: the limits and folders of the process. Raises `Rejected`.
    """
    process.send({**access, "text": text, "tables": scoped_statement.tables_to_json(offered.values())})
    reply = process.reply(_stop_after(CHECK_SECONDS, is_cancelled))
    if problem := reply.get("problem"):
        raise Rejected(str(problem))
    return scoped_statement.statement_from_json(reply, offered), bool(reply.get("wall"))


def _stop_after(seconds: float, is_cancelled: Callable[[], bool]) -> StopReason:
    query = AdHocQuery("", {}, 0, seconds, is_cancelled)
    started = time.monotonic()
    return lambda: query.problem(time.monotonic() - started)


def _select_from(table: OfferedTable) -> str:
    return f"SELECT {', '.join(column.name for column in table.columns)} FROM {table.name}"


def memory_bytes(limit: str) -> int:
    """A limit of memory as the engine takes it, such as `600MB`, in bytes."""
    number = limit.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = limit[len(number) :].strip().lower()
    base = 1024 if "ib" in unit else 1000
    return int(float(number) * base ** (" kmgt".index(unit[0]) if unit[:1] in tuple("kmgt") else 0))
