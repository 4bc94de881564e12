"""The process that reads and runs the statement of one person: it holds only what this person may read.

It can open nothing else. It is started without an environment, reads its task from one pipe and writes its answer to
another, in the frames of `query_frames`. Before it sees the text of a person, the wall of the system is built around it
(`enclosed_process`); the text is parsed and checked in it, and before the statement runs, the engine is locked too.
Then it ends.
"""

import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import sqlglot.optimizer

from tillstream.adapters.local import enclosed_process, query_frames
from tillstream.adapters.local.duckdb import extract_queries
from tillstream.adapters.local.duckdb.extract_queries import FilesGone
from tillstream.adapters.local.enclosed_process import fork_for_each
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.explore import scoped_statement
from tillstream.explore.scoped_statement import ScopedStatement, error_with_place, scope_statement
from tillstream.model.errors import Rejected

WARM_UP = """WITH months AS (
  SELECT DATE_TRUNC(DATE '2026-11-29', MONTH) AS month, COUNT(*) AS lines, SUM(CAST('1.5' AS NUMERIC)) AS revenue
  FROM (SELECT 1 AS one) AS ones
  GROUP BY month
)
SELECT
  month, lines, revenue, FORMAT_DATE('%A', month) AS day, SAFE_DIVIDE(revenue, lines) AS mean,
  LAG(revenue) OVER (ORDER BY month) AS earlier, CONCAT('a', 'b') AS text, CURRENT_DATE() AS today,
  EXTRACT(YEAR FROM month) AS year, REGEXP_CONTAINS('a', 'b') AS found
FROM months"""
"""What libraries load on demand is loaded before the wall is built, because their files cannot be read afterwards."""


def main(line: int | None = None) -> None:
    """Serve one person, then end.

    line: number of the socket of `query_processes`, which asks for a fork for each person.
    """
    _warm_up()
    if line is None:
        serve_person(sys.stdin.buffer, sys.stdout.buffer)
    else:
        fork_for_each(line, serve_person)


def serve_person(tasks: BinaryIO, answers: BinaryIO) -> None:
    task = query_frames.read_json(tasks)
    if task is not None:
        connection = extract_queries.connect()
        serve(connection, task, tasks, answers, _enclose(task))


def _enclose(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Build the wall; return what it is made of."""
    scratch = Path(task["scratch"]) if task.get("scratch") else None
    enclosed_process.limit_resources(task["memory"], task["seconds"], task["file_size"])
    return enclosed_process.enclose([Path(folder) for folder in task["folders"]], scratch)


def serve(connection: Any, task: Mapping[str, Any], tasks: BinaryIO, answers: BinaryIO, parts: Sequence[str]) -> None:
    """Check the statement of a task, and run it if files for it follow.

    task: text, and tables as `scoped_statement.tables_to_json`. parts: what the wall is made of.
    """
    tables = scoped_statement.tables_from_json(task["tables"])
    try:
        statement = scope_statement(task["text"], tables)
    except Rejected as error:
        query_frames.write_json(answers, {"problem": str(error)})
        return
    query_frames.write_json(answers, scoped_statement.statement_to_json(statement) | {"wall": list(parts)})
    access = query_frames.read_json(tasks)
    if access is None:
        return
    try:
        _run(connection, statement, access, answers)
    except Rejected as error:
        query_frames.write_json(answers, {"problem": str(error_with_place(error, statement.names, tables.values()))})
    except FilesGone as error:
        query_frames.write_json(answers, {"gone": str(error)[:500]})


def _run(connection: Any, statement: ScopedStatement, access: Mapping[str, Any], answers: BinaryIO) -> None:
    files, scratch = access["files"], access.get("scratch")
    extract_queries.offer(connection, files)
    extract_queries.lock(
        connection, files, access["memory_limit"], access["threads"], Path(scratch) if scratch else None
    )
    schema, batches = extract_queries.answer(connection, statement.sql, access["rows"])
    with pa.ipc.new_stream(query_frames.Sink(answers), schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    query_frames.write_json(answers, {"done": True})


def _warm_up() -> None:
    for module in pkgutil.iter_modules(sqlglot.optimizer.__path__, "sqlglot.optimizer."):
        import_module(module.name)
    connection = extract_queries.connect()
    connection.sql(to_duckdb_freely(scope_statement(WARM_UP, {}).sql)).to_arrow_table()
    try:
        scope_statement("SELECT 1 +", {})
    except Rejected:
        connection.close()
