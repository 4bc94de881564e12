"""The emulator of BigQuery with what it gets wrong in our SQL put right, run in its own environment by `emulators`.

So the files of sql/ reach it as they are, and a wrong number in a test is ours. Put right are, in SQL: NUMERIC has nine
places (it keeps three), weeks begin on Monday where the query says so (it knows no ISOWEEK), days stay days when they
are counted on, and a parameter's name in a comment is no parameter. And beside it: parameters reach the statements of a
script, an answer can be read through the Storage Read API, an altered table lists its new columns, views are unfolded
only for the sake of policies, policies are replaced and dropped IF EXISTS, and a dataset keeps which other one is
authorized on it.
"""

import re
import sys
from contextlib import suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import sqlglot
from bqemulator import cli
from bqemulator.api.routes import datasets
from bqemulator.catalog import ddl_sync
from bqemulator.domain.errors import NotFoundError
from bqemulator.grpc_api import read_servicer
from bqemulator.jobs import executor
from bqemulator.scripting import interpreter
from bqemulator.sql import inner_query, parameters, translator
from sqlglot import exp

MONDAY = "DATE_SUB(:day, INTERVAL MOD(DATE_DIFF(:day, DATE '0001-01-01', DAY), 7) DAY)"
"""The first day of the calendar was one."""
DECIMALS = (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL)


def transpile(text: str, read: str, write: str, *, pretty: bool) -> list[str]:
    """As sqlglot's, for the emulator's one translation. Raises what sqlglot raises."""
    return [
        _put_right(tree).sql(dialect=write, pretty=pretty, comments=False)
        for tree in sqlglot.parse(text, read=read)
        if tree is not None
    ]


def _put_right(tree: exp.Expression) -> exp.Expression:
    for node in reversed(list(tree.walk(bfs=False))):  # children first, so that a repair finds its parts repaired
        repaired = _repaired(node)
        if node is tree:
            tree = repaired
        elif repaired is not node:
            node.replace(repaired)
    return tree


def _repaired(node: exp.Expression) -> exp.Expression:
    match node:
        case exp.DataType() if node.this in DECIMALS and not node.expressions:
            return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
        case exp.DateTrunc() if _unit(node) in {"ISOWEEK", "WEEK(MONDAY)"}:
            monday = sqlglot.parse_one(MONDAY, read="bigquery")
            return exp.cast(exp.replace_placeholders(monday, day=node.this.copy()), "DATE")
        case exp.DateTrunc() | exp.DateAdd() | exp.DateSub() if not isinstance(node.parent, exp.Cast):
            return exp.cast(node.copy(), "DATE")
    return node


def _unit(node: exp.Expression) -> str:
    return str(node.args["unit"].sql(dialect="bigquery")).strip("'").upper()


# ---- beside SQL -----------------------------------------------------------------------------------------------------

_given: ContextVar[Any] = ContextVar("given", default=None)
"""The parameters of the script that runs."""
_run_body = executor._run_query_body
_rewrite = inner_query.rewrite_for_row_access
_rows_of_table = read_servicer.BigQueryReadHandler._apply_row_access_rewrite
_row_access = executor._maybe_run_row_access_ddl
_entry_told, _entry_read = datasets._access_entry_to_rest, datasets._rest_to_access_entry
ANSWERS = "_bqemu_anonymous"
"""The dataset where every answer lies as a table of its own."""


async def run_body(*, bq_sql: str, query_params: Any, ctx: Any, **rest: Any) -> Any:
    _given.set(query_params)
    answer = await _run_body(bq_sql=bq_sql, query_params=query_params, ctx=ctx, **rest)
    with suppress(sqlglot.errors.SqlglotError):
        for altered in sqlglot.parse(bq_sql, read="bigquery"):
            if isinstance(altered, exp.Alter) and isinstance(altered.this, exp.Table):
                _list_columns(altered.this, ctx)
    return answer


def _list_columns(table: exp.Table, ctx: Any) -> None:
    """Those that it has gained, after those that it had."""
    place = (table.catalog, table.db, table.name)
    if (known := ctx.catalog.get_table(*place)) is None:
        return
    had = {field.name for field in known.schema_.fields}
    gained = [field for field in ddl_sync._introspect_schema(*place, ctx).fields if field.name not in had]
    schema = known.schema_.model_copy(update={"fields": (*known.schema_.fields, *gained)})
    ctx.catalog.update_table(known.model_copy(update={"schema_": schema}))


def bind(sql: str, given: Any) -> Any:
    return parameters.bind_parameters(sql, given or _given.get())


def rewrite(sql: str, *, catalog: Any, **rest: Any) -> str:
    """Unfolding views of views takes the emulator seconds."""
    return _rewrite(sql, catalog=catalog, **rest) if catalog.list_all_row_access_policies() else sql


def rows_of(self: Any, *, dataset_id: str, table_id: str, **rest: Any) -> Any:
    if dataset_id != ANSWERS:
        return _rows_of_table(self, dataset_id=dataset_id, table_id=table_id, **rest)
    (answer,) = (rows for job, rows in executor.JOB_RESULTS.items() if f"anon{job.replace('-', '')}" == table_id)
    self._ctx.engine.connection.register(table_id, answer)
    return f"SELECT * FROM {table_id}"


def row_access(project_id: str, bq_sql: str, ctx: Any) -> Any:
    if replaced := re.match(r"\s*CREATE OR REPLACE ROW ACCESS POLICY (\w+)\s+ON (\S+)", bq_sql):
        row_access(project_id, "DROP ROW ACCESS POLICY IF EXISTS {} ON {}".format(*replaced.groups()), ctx)
    try:
        return _row_access(project_id, bq_sql, ctx)
    except NotFoundError:
        if "POLICY IF EXISTS" not in bq_sql:
            raise
        return pa.table({})


def entry_told(entry: Any) -> dict[str, Any]:
    told = dict(_entry_told(entry))
    return told | {"dataset": {"dataset": told["dataset"], "targetTypes": ["VIEWS"]}} if "dataset" in told else told


def entry_read(raw: dict[str, Any]) -> Any:
    return _entry_read(raw | {"dataset": raw["dataset"]["dataset"]} if "dataset" in raw else raw)


translator.sqlglot = SimpleNamespace(**vars(sqlglot) | {"transpile": transpile})
executor._run_query_body = run_body
interpreter.bind_parameters = bind
inner_query.rewrite_for_row_access = rewrite
read_servicer.BigQueryReadHandler._apply_row_access_rewrite = rows_of
executor._maybe_run_row_access_ddl = row_access
datasets._access_entry_to_rest, datasets._rest_to_access_entry = entry_told, entry_read

if __name__ == "__main__":
    sys.exit(cli.main())
