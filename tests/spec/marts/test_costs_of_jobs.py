"""The view of BigQuery's jobs and the query of their costs, by Google's engine over a declared table of jobs."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from googlesql import EPOCH, Judge, _python, type_kind
from zetasql import types as t
from zetasql.api import TableBuilder, TypeFactory

import sql
from infra.monitoring.jobs_view import USD_PER_TIB, query
from tillstream.adapters.google.bigquery.query_values import bind_parameters

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GIB = 1 << 30
COLUMNS = {
    "creation_time": "TIMESTAMP",
    "start_time": "TIMESTAMP",
    "end_time": "TIMESTAMP",
    "job_id": "STRING",
    "parent_job_id": "STRING",
    "user_email": "STRING",
    "job_type": "STRING",
    "state": "STRING",
    "cache_hit": "BOOL",
    "total_slot_ms": "INT64",
    "total_bytes_billed": "INT64",
}
"""Of INFORMATION_SCHEMA.JOBS_BY_PROJECT, as far as the view reads it; labels and error_result are below."""
PEOPLE = "ana@shop.example"
SETTLE, PORTAL, FORECAST = (
    f"tillstream-{name}@shop.iam.gserviceaccount.com" for name in ("settle", "portal", "forecast")
)


def text(value: str | None) -> Any:
    return t.Value(string_value=value) if value is not None else t.Value()


def cell(value: Any) -> Any:
    match value:
        case datetime():
            micros = (value - EPOCH) // timedelta(microseconds=1)
            return t.Value(timestamp_value=Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000))
        case bool():
            return t.Value(bool_value=value)
        case int():
            return t.Value(int64_value=value)
        case _:
            return text(value)


def job(
    user: str, work: str = "", *, age: float = 1, seconds: float = 1, billed: int = 0, error: str = "", **changed: Any
) -> Any:
    """A row of the table. age: hours since its creation; work: its labels of Tillstream; none without."""
    start = NOW - timedelta(hours=age)
    row = {
        "creation_time": start,
        "start_time": start,
        "end_time": start + timedelta(seconds=seconds),
        "job_id": f"{user}-{work}-{age}",
        "parent_job_id": None,
        "user_email": user,
        "job_type": "QUERY",
        "state": "DONE",
        "cache_hit": False,
        "total_slot_ms": 2000,
        "total_bytes_billed": billed,
    } | changed
    labels = {"app": "tillstream", "work": work} if work else {}
    pairs = [t.Value(struct_value=t.Value.Struct(field=[text(key), text(value)])) for key, value in labels.items()]
    failure = t.Value(struct_value=t.Value.Struct(field=[text(error)])) if error else t.Value()
    cells = [cell(row[name]) for name in COLUMNS]
    return t.TableData.Row(cell=[*cells, t.Value(array_value=t.Value.Array(element=pairs)), failure])


@pytest.fixture(scope="module")
def engine(judge: Judge) -> Judge:
    string = TypeFactory.create_simple_type(type_kind("STRING"))
    labels = TypeFactory.create_array_type(TypeFactory.create_struct_type([("key", string), ("value", string)]))
    table = TableBuilder("JOBS_BY_PROJECT")
    for name, kind in COLUMNS.items():
        table.add_column(name, type_kind(kind))
    table.add_column("labels", labels)
    table.add_column("error_result", TypeFactory.create_struct_type([("reason", string)]))
    judge._built["JOBS_BY_PROJECT"] = table.build()
    return judge


def answer(engine: Judge, select: str, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a SELECT over the view `bigquery_jobs`."""
    view = query("Europe-West1")
    assert "`region-europe-west1`.INFORMATION_SCHEMA.JOBS_BY_PROJECT" in view
    view = view.replace("`region-europe-west1`.INFORMATION_SCHEMA.", "")
    inline, _ = bind_parameters(select, {})
    content = {"JOBS_BY_PROJECT": t.TableContent(table_data=t.TableData(row=list(rows)))}
    prepared = engine._prepare(f"WITH bigquery_jobs AS (\n{view}\n)\n{inline}", {}, content)
    data = prepared.execute(parameters=[]).content.table_data
    return [tuple(_python(one, "STRING") for one in row.cell) for row in data.row] if data else []


def test_each_job_has_its_work_and_who_ran_it(engine: Judge) -> None:
    rows = [
        job(SETTLE, "settle"),
        job(PORTAL, "query"),
        job(FORECAST, "load", job_type="LOAD"),
        job(PEOPLE),
        job(PEOPLE, "migrate"),
        job("etl@shop.iam.gserviceaccount.com", job_type="EXTRACT"),
        job(SETTLE, "settle", age=2, parent_job_id="script"),
        job(SETTLE, "settle", age=3, state="RUNNING"),
    ]
    select = "SELECT CONCAT(work, '|', who, '|', account) FROM bigquery_jobs"
    assert sorted(engine_row[0] for engine_row in strings(engine, select, rows)) == [
        "extract|program|etl@shop.iam.gserviceaccount.com",
        "load|job|forecast",
        f"migrate|command line|{PEOPLE}",
        f"own query|analyst|{PEOPLE}",
        "query|portal|portal",
        "settle|function|settle",
    ]


def strings(engine: Judge, select: str, rows: Sequence[Any]) -> list[tuple[str, ...]]:
    return [tuple(str(value) for value in row) for row in answer(engine, select, rows)]


def test_costs_are_summed_by_work_and_account_since_a_moment(engine: Judge) -> None:
    rows = [
        *(job(SETTLE, "settle", age=hours, seconds=hours, billed=512 * GIB) for hours in (1, 2, 3)),
        job(SETTLE, "settle", age=200, billed=GIB),
        job(PEOPLE, billed=GIB, error="quotaExceeded"),
    ]
    since = f"TIMESTAMP '{(NOW - timedelta(days=7)).isoformat()}'"
    costs = re.sub("@since", since, sql.statement("jobs/costs.bigquery"))
    assert "@" not in costs
    wanted = (
        f"SELECT CONCAT(work, '|', jobs, '|', errors, '|', seconds_median, '|', bytes_billed, '|', usd) FROM ({costs})"
    )
    usd = round(1.5 * USD_PER_TIB, 4)
    assert strings(engine, wanted, rows) == [
        (f"settle|3|0|2|{3 * 512 * GIB}|{usd}",),
        (f"own query|1|1|1|{GIB}|{round(USD_PER_TIB / 1024, 4)}",),
    ]


def test_each_column_of_the_query_is_one_that_the_command_prints(engine: Judge) -> None:
    costs = sql.statement("jobs/costs.bigquery").replace("@since", "CURRENT_TIMESTAMP()")
    view = query("eu").replace("`region-eu`.INFORMATION_SCHEMA.", "")
    prepared = engine._prepare(f"WITH bigquery_jobs AS (\n{view}\n)\n{costs}", {}, {})
    names = [column.name for column in prepared.columns]
    assert names == [
        *("work", "who", "account", "jobs", "errors", "cached", "seconds_median", "seconds_p95", "slot_seconds"),
        *("bytes_billed", "usd"),
    ]
