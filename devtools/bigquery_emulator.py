"""The BigQuery emulator with patches for our SQL, run in its own environment by `emulators`.

The files of sql/ run on it unmodified, so a wrong number in a test is a bug of ours. Patches of its SQL translation:
NUMERIC has nine decimals (instead of three), weeks can begin on Monday (ISOWEEK is unsupported), date arithmetic
returns dates, and parameter names in comments are ignored. Other patches: script statements get the query parameters,
results can be read through the Storage Read API, an altered table lists its new columns, views are expanded only if
there are row access policies, policies can be replaced and dropped IF EXISTS, a dataset stores its authorized datasets,
a table stores its partitions by ranges, and streams that were committed before are reported as such. Each text is
parsed once, which takes a third off the time of a new dataset.
"""

import re
import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import sqlglot
from bqemulator import cli
from bqemulator.api.routes import datasets
from bqemulator.api.routes import tables as tables_route
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.models import RangePartitioning
from bqemulator.domain.errors import NotFoundError
from bqemulator.grpc_api import read_servicer, write_servicer
from bqemulator.jobs import executor
from bqemulator.scripting import interpreter
from bqemulator.sql import inner_query, parameters, translator
from sqlglot import exp

MONDAY = "DATE_SUB(:day, INTERVAL MOD(DATE_DIFF(:day, DATE '0001-01-01', DAY), 7) DAY)"
"""0001-01-01 is a Monday."""
DECIMALS = (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL)

_script_params: ContextVar[Any] = ContextVar("script_parameters", default=None)
"""Parameters of the running script."""
_run_body = executor._run_query_body
_rewrite = inner_query.rewrite_for_row_access
_rows_of_table = read_servicer.BigQueryReadHandler._apply_row_access_rewrite
_row_access = executor._maybe_run_row_access_ddl
_entry_to_rest, _entry_from_rest = datasets._access_entry_to_rest, datasets._rest_to_access_entry
_table_to_rest, _table_from_rest = tables_route._table_to_rest, tables_route._rest_to_table_meta
_commit_streams = write_servicer.BigQueryWriteHandler._handle_batch_commit_write_streams
_COMMITS = threading.Lock()
RESULTS_DATASET = "_bqemu_anonymous"
"""The dataset that stores each query result as a table."""
RestObject = dict[str, Any]
"""A resource of BigQuery's REST API. The environment of emulators has no package of ours."""

_parse = sqlglot.Dialect.parse


def transpile(text: str, read: str, write: str, *, pretty: bool) -> list[str]:
    """Replacement of `sqlglot.transpile` for the emulator's translator. Raises as sqlglot."""
    return [
        _patch_tree(tree).sql(dialect=write, pretty=pretty, comments=False)
        for tree in sqlglot.parse(text, read=read)
        if tree is not None
    ]


def _patch_tree(tree: exp.Expression) -> exp.Expression:
    for node in reversed(list(tree.walk(bfs=False))):  # children first, so that parents contain patched nodes
        patched = _patch_node(node)
        if node is tree:
            tree = patched
        elif patched is not node:
            node.replace(patched)
    return tree


def _patch_node(node: exp.Expression) -> exp.Expression:
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


# ---- Patches outside SQL --------------------------------------------------------------------------------------------


async def run_body(*, bq_sql: str, query_params: Any, ctx: Any, **rest: Any) -> Any:
    _script_params.set(query_params)
    result = await _run_body(bq_sql=bq_sql, query_params=query_params, ctx=ctx, **rest)
    with suppress(sqlglot.errors.SqlglotError):
        for statement in sqlglot.parse(bq_sql, read="bigquery"):
            if isinstance(statement, exp.Alter) and isinstance(statement.this, exp.Table):
                _add_columns(statement.this, ctx)
    return result


def _add_columns(table: exp.Table, ctx: Any) -> None:
    """Add new columns of a table to its catalog entry."""
    table_path = (table.catalog, table.db, table.name)
    if (entry := ctx.catalog.get_table(*table_path)) is None:
        return
    existing = {field.name for field in entry.schema_.fields}
    added = [field for field in ddl_sync._introspect_schema(*table_path, ctx).fields if field.name not in existing]
    schema = entry.schema_.model_copy(update={"fields": (*entry.schema_.fields, *added)})
    ctx.catalog.update_table(entry.model_copy(update={"schema_": schema}))


def bind(sql: str, query_params: Any) -> Any:
    return parameters.bind_parameters(sql, query_params or _script_params.get())


def rewrite(sql: str, *, catalog: Any, **rest: Any) -> str:
    """Skip the rewrite without policies: expanding nested views takes the emulator seconds."""
    return _rewrite(sql, catalog=catalog, **rest) if catalog.list_all_row_access_policies() else sql


def rows_of(self: Any, *, dataset_id: str, table_id: str, **rest: Any) -> Any:
    if dataset_id != RESULTS_DATASET:
        return _rows_of_table(self, dataset_id=dataset_id, table_id=table_id, **rest)
    (result,) = (rows for job, rows in executor.JOB_RESULTS.items() if f"anon{job.replace('-', '')}" == table_id)
    self._ctx.engine.connection.register(table_id, result)
    return f"SELECT * FROM {table_id}"


def row_access(project_id: str, bq_sql: str, ctx: Any) -> Any:
    if all_dropped := re.match(r"\s*DROP ALL ROW ACCESS POLICIES\s+ON `([\w-]+)\.(\w+)\.(\w+)`", bq_sql):
        project, dataset, table = all_dropped.groups()
        for policy in ctx.row_access.list_for_table(project, dataset, table):
            ctx.row_access.delete(project_id=project, dataset_id=dataset, table_id=table, policy_id=policy.policy_id)
        return pa.table({})
    if replaced := re.match(r"\s*CREATE OR REPLACE ROW ACCESS POLICY (\w+)\s+ON (\S+)", bq_sql):
        row_access(project_id, "DROP ROW ACCESS POLICY IF EXISTS {} ON {}".format(*replaced.groups()), ctx)
    try:
        return _row_access(project_id, bq_sql, ctx)
    except NotFoundError:
        if "POLICY IF EXISTS" not in bq_sql:
            raise
        return pa.table({})


def entry_to_rest(entry: Any) -> RestObject:
    rest = dict(_entry_to_rest(entry))
    return rest | {"dataset": {"dataset": rest["dataset"], "targetTypes": ["VIEWS"]}} if "dataset" in rest else rest


def entry_from_rest(raw: RestObject) -> Any:
    return _entry_from_rest(raw | {"dataset": raw["dataset"]["dataset"]} if "dataset" in raw else raw)


def table_to_rest(table: Any) -> RestObject:
    rest = dict(_table_to_rest(table))
    if ranges := table.range_partitioning:
        limits = {name: str(getattr(ranges, name)) for name in ("start", "end", "interval")}
        rest["rangePartitioning"] = {"field": ranges.field, "range": limits}
    return rest


def table_from_rest(project_id: str, dataset_id: str, body: RestObject, clock: Any, existing: Any | None = None) -> Any:
    table = _table_from_rest(project_id, dataset_id, body, clock, existing)
    raw = body.get("rangePartitioning")
    ranges = existing.range_partitioning if existing else None
    if raw:
        ranges = RangePartitioning(field=raw["field"], **{name: int(value) for name, value in raw["range"].items()})
    return table.model_copy(update={"range_partitioning": ranges})


def commit_streams(self: Any, request: bytes, context: Any) -> bytes:
    """One commit at a time, so that a repeated one does not overtake the one before."""
    with _COMMITS:
        answer = _commit_streams(self, request, context)
    types = sys.modules["google.cloud.bigquery_storage_v1.types"]  # the emulator has imported it by now
    response = types.BatchCommitWriteStreamsResponse.deserialize(answer)
    for error in response.stream_errors:
        stream = self._manager.get(error.entity)
        if stream and stream.state is write_servicer.WriteStreamState.COMMITTED:
            error.code = types.StorageError.StorageErrorCode.STREAM_ALREADY_COMMITTED
    serialized: bytes = types.BatchCommitWriteStreamsResponse.serialize(response)
    return serialized


@lru_cache(maxsize=10_000)
def _trees(dialect: Any, text: str) -> list[Any]:
    return list(_parse(dialect(), text))


def parse(self: Any, text: str, **options: Any) -> list[Any]:
    """Each text is parsed once: the emulator parses a statement several times, and each dataset has the same views."""
    if options or self.settings:
        return list(_parse(self, text, **options))
    return [tree and tree.copy() for tree in _trees(type(self), text)]  # type: ignore[arg-type]


sqlglot.Dialect.parse = parse
translator.sqlglot = SimpleNamespace(**vars(sqlglot) | {"transpile": transpile})
executor._run_query_body = run_body
interpreter.bind_parameters = bind
inner_query.rewrite_for_row_access = rewrite
read_servicer.BigQueryReadHandler._apply_row_access_rewrite = rows_of
executor._maybe_run_row_access_ddl = row_access
datasets._access_entry_to_rest, datasets._rest_to_access_entry = entry_to_rest, entry_from_rest
tables_route._table_to_rest, tables_route._rest_to_table_meta = table_to_rest, table_from_rest
write_servicer.BigQueryWriteHandler._handle_batch_commit_write_streams = commit_streams

if __name__ == "__main__":
    sys.exit(cli.main())
