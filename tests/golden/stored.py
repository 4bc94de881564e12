"""What is stored and sent: tables, views and queries, documents, staged files, events; read from a lived-in home."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery import TableReference

from infra.functions import FUNCTIONS
from tests.golden.sample_home import home_at, live
from tests.golden.snapshots import as_json, as_lines
from tillstream.adapters.google.bigquery import tables
from tillstream.analytics import queries, query_catalogue
from tillstream.app import open_app
from tillstream.handlers import ROUTES
from tillstream.model import events
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.warehouse_tables import SCHEMA
from tillstream.settings import Settings

TOPICS = sorted(value for name, value in vars(events).items() if name.startswith("TOPIC_"))
SOME = {"STRING": "x", "INT64": 1, "NUMERIC": "1", "DATE": "2026-01-01"}
COLUMNS = """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
    ORDER BY table_name, ordinal_position"""


def lived(work: Path) -> Path:
    """A home that has seen a bit of everything, and a subscription `probe-TOPIC` that keeps what each topic carried."""
    home = work / "home"
    with home_at(home):
        with open_app(Settings()) as app:
            for topic in TOPICS:
                app.ports.bus.subscribe(topic, f"probe-{topic}")
        live(home, work)
    return home


def duckdb_columns(home: Path) -> str:
    """TABLE.COLUMN type of every table and view that DuckDB holds, and the number of the schema."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(COLUMNS).fetchall()
    lines = [f"{table}.{name} {kind}{'' if empty == 'YES' else ' NOT NULL'}" for table, name, kind, empty in rows]
    return as_lines([f"schema {SCHEMA}", *lines])


def bigquery_tables() -> str:
    """Every table as the API of BigQuery is asked for it, without descriptions."""
    schemas = {}
    for name in tables.LAYOUTS:
        table = tables.table_resource(TableReference.from_string(f"PROJECT.DATASET.{name}")).to_api_repr()
        table["schema"] = [f"{f['name']} {f['type']} {f['mode']}" for f in table["schema"]["fields"]]
        kept = ("schema", "timePartitioning", "rangePartitioning", "clustering", "tableConstraints", "labels")
        schemas[name] = {key: table[key] for key in kept if table.get(key)}
    return as_json(schemas)


def query_columns(home: Path) -> str:
    """Each named query: its parameters, what it needs, and the columns that it answers."""
    results: dict[str, Any] = {}
    with home_at(home), open_app(Settings()) as app:
        for name in query_catalogue.query_names():
            query = query_catalogue.describe_query(name)
            values = {one.name: one.words[0] if one.words else SOME[one.kind] for one in query.parameters
                     if one.default is None}  # fmt: skip
            answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, **values)
            results[name] = {
                "needs": query.needs.value if query.needs else "",
                "parameters": {one.name: f"{one.kind} {'' if one.default is None else repr(one.default)}".strip()
                               for one in query.parameters},
                "columns": _kinds(answer.schema),
            }  # fmt: skip
    return as_json(results)


def _kinds(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def documents(home: Path) -> str:
    """collection → field → the kinds of its values; fields within fields where their names are ours."""
    fields_by_collection: dict[str, dict[str, set[str]]] = {}
    with closing(sqlite3.connect(home / "documents.sqlite")) as connection:
        rows = connection.execute("SELECT collection, data FROM documents ORDER BY 1").fetchall()
    for collection, text in rows:
        _note(json.loads(text), "", fields_by_collection.setdefault(collection, {}))
    return as_json({name: _words(fields) for name, fields in fields_by_collection.items()})


def _words(fields: dict[str, set[str]]) -> dict[str, str]:
    return {name: ", ".join(sorted(kinds)) for name, kinds in sorted(fields.items())}


def _note(value: Any, field: str, into: dict[str, set[str]], depth: int = 0) -> None:
    if isinstance(value, dict) and depth < 2 and all(re.fullmatch("[a-z_]+[0-9]*", name) for name in value):
        for name, one in value.items():
            _note(one, f"{field}.{name}".lstrip("."), into, depth + 1)
    else:
        into.setdefault(field, set()).add(type(value).__name__)
        for one in value if isinstance(value, list) else ():
            _note(one, f"{field}[]", into, depth)


def staged_files(home: Path) -> str:
    """The columns of the Parquet files that stage writes and settle reads."""
    columns_by_file: dict[str, dict[str, str]] = {}
    for path in sorted((home / "objects" / "staging").rglob("*.parquet")):
        name = re.sub(r"^\d+-", "", path.name)
        columns = _kinds(pq.read_schema(path))
        assert columns_by_file.setdefault(name, columns) == columns
    return as_json(columns_by_file)


def messages(home: Path) -> str:
    """Topics, subscriptions, handled types, the triggers of functions, and the shapes of what each topic carried."""
    carried: dict[str, Any] = {}
    with home_at(home), open_app(Settings()) as app:
        for topic in TOPICS:
            for one in app.ports.bus.pull(f"probe-{topic}", 1000):
                kind = f"{topic} {one.message.attributes.get('type', '')}".strip()
                message_type = carried.setdefault(kind, {"attributes": sorted(one.message.attributes), "body": {}})
                _note(json.loads(one.message.body), "", message_type["body"])
    triggers = {one.name: [_trigger(each) for each in one.triggers] for one in FUNCTIONS}
    messaging = {"topics": TOPICS, "dead letters": events.DEAD_LETTERS, "buckets": [events.INBOX, events.STAGING]}
    messaging |= {"subscriptions": events.SUBSCRIPTIONS, "handled": sorted(ROUTES), "functions": triggers}
    for each in carried.values():
        each["body"] = _words(each["body"])
    return as_json(messaging | {"carried": dict(sorted(carried.items()))})


def _trigger(trigger: Any) -> dict[str, str]:
    return {"kind": type(trigger).__name__, **{name: str(value) for name, value in vars(trigger).items()}}
