"""Google's own engine as the judge: it analyses our SQL against our tables, and answers small questions truly."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

import sql
from tillstream.adapters.google.bigquery.query_values import bind_parameters
from tillstream.model.tables.warehouse_tables import TABLES

CALENDAR_YEARS = 2023, 2024
"""The first and the last year of `dim_date` where a test reads every view."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _ImportedOnUse:
    """The types of zetasql, which take a second to import: most tests that name the judge run without it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("zetasql.types"), name)


t: Any = _ImportedOnUse()
KINDS = {
    "STRING": "TYPE_STRING",
    "DATE": "TYPE_DATE",
    "TIMESTAMP": "TYPE_TIMESTAMP",
    "NUMERIC": "TYPE_NUMERIC",
    "BIGNUMERIC": "TYPE_BIGNUMERIC",
    "INT64": "TYPE_INT64",
    "FLOAT64": "TYPE_DOUBLE",
    "BOOL": "TYPE_BOOL",
    "JSON": "TYPE_JSON",
    "hash128": "TYPE_INT64",
    "hash64": "TYPE_INT64",
}
"""Our kinds of columns → names of Google's."""
READ_AS = {"TIMESTAMP": "UNIX_MICROS({0})", "BIGNUMERIC": "CAST({0} AS STRING)"}
"""How the types are fetched that the Python package cannot read."""
Rows = Sequence[Sequence[Any]]
Columns = Sequence[tuple[str, str]]


class Judge:
    """Analyses and answers in GoogleSQL. Make one per session: the first use compiles 28 MB of WebAssembly."""

    def __init__(self, kept: Path) -> None:
        from zetasql.core import wasm_client

        wasm_client.Module = _KeptModule(kept)
        language = t.LanguageOptions.maximum_features()
        self.language = language
        self.statements = t.LanguageOptions.maximum_features()
        self.statements.supported_statement_kinds = [int(kind) for kind in t.ResolvedNodeKind]
        self.tables: dict[str, Columns] = {}
        self._built: dict[str, Any] = {}
        self._views: dict[str, list[tuple[Mapping[str, Rows], Rows]]] = {}  # with the rows that they read
        for name, fields in TABLES.items():
            self._add(name, [(field.name, field.kind) for field in fields])
        for name, text in sql.views():
            self._add(name, self.columns(body(text)))

    def _add(self, name: str, columns: Columns) -> None:
        from zetasql.api import TableBuilder

        table = TableBuilder(name)
        for column, kind in columns:
            table.add_column(column, type_kind(kind))
        self._built[name] = table.build()
        self.tables[name] = columns

    def columns(self, text: str, params: Mapping[str, Any] | None = None) -> Columns:
        """(name, type) of each column of a SELECT. Raises zetasql's error for SQL that BigQuery rejects."""
        text, params = _without_nulls(text, params or {})
        with self._prepare(text, params, {}) as prepared:
            return [(column.name, _names_of_kinds()[column.type.type_kind]) for column in prepared.columns]

    def answer(
        self, text: str, params: Mapping[str, Any] | None = None, content: Mapping[str, Rows] | None = None
    ) -> tuple[Columns, list[tuple[Any, ...]]]:
        """Columns and rows of a SELECT over `content`; the views it may read are worked out from the tables."""
        from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import Parameter

        text, params = _without_nulls(text, params or {})
        filled = {
            name: t.TableContent(table_data=t.TableData(row=[_row(row, self.tables[name]) for row in rows]))
            for name, rows in (content or {}).items()
            if _names(name, text)
        }
        prepared = self._prepare(text, params, filled)
        columns = [(column.name, _names_of_kinds()[column.type.type_kind]) for column in prepared.columns]
        if any(kind in READ_AS for _, kind in columns):
            plain = [READ_AS.get(kind, "{0}").format(f"`{name}`") for name, kind in columns]
            prepared = self._prepare(
                f"WITH answer AS (\n{text}\n)\nSELECT {', '.join(plain)} FROM answer", params, filled
            )
        bound = [Parameter(name=name, value=_value(value, _kind(value)).to_proto()) for name, value in params.items()]
        content_of = prepared.execute(parameters=bound).content.table_data
        cells = [row.cell for row in content_of.row] if content_of else []
        kinds = [kind for _, kind in columns]
        return columns, [tuple(_python(cell, kind) for cell, kind in zip(row, kinds, strict=True)) for row in cells]

    def with_views(self, content: Mapping[str, Rows], until: Iterable[str] | None = None) -> dict[str, Rows]:
        """The tables' rows and those of every view (or of `until`), each worked out from the ones before; `dim_date`
        of CALENDAR_YEARS, as each of its days takes two milliseconds."""
        filled: dict[str, Rows] = dict.fromkeys(TABLES, ()) | dict(content)
        for name, text in sql.views():
            if until is None or name in until:
                select = shortened(body(text), *CALENDAR_YEARS) if name == "dim_date" else body(text)
                inputs = {one: rows for one, rows in filled.items() if _names(one, select)}
                earlier = self._views.setdefault(name, [])
                rows = next((rows for read, rows in earlier if read == inputs), None)
                if rows is None:
                    rows = self.answer(select, content=inputs)[1]
                    earlier.append((inputs, rows))
                filled[name] = rows
        return filled

    def views_of(self, *texts: str) -> set[str]:
        """The views that queries read, and those that these read in turn."""
        views, read = {name: body(text) for name, text in sql.views()}, set[str]()
        unread = list(texts)
        while unread:
            text = unread.pop()
            named = {name for name in views.keys() - read if _names(name, text)}
            unread += [views[name] for name in named]
            read |= named
        return read

    def _prepare(self, text: str, params: Mapping[str, Any], content: Mapping[str, Any]) -> Any:
        from zetasql.api import CatalogBuilder, PreparedQuery

        options = t.AnalyzerOptions(
            language_options=self.language,
            default_timezone="UTC",
            query_parameters=[
                t.AnalyzerOptions.QueryParameter(name=name, type=_type(_kind(value))) for name, value in params.items()
            ],
        )
        catalogue = CatalogBuilder("warehouse").with_builtin_functions(
            t.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        )
        for name, table in self._built.items():
            if _names(name, text):
                catalogue.add_table(table)
        builder = PreparedQuery.builder().set_sql(text).set_analyzer_options(options).set_catalog(catalogue.build())
        return builder.set_table_content(dict(content)).prepare()


def body(view: str) -> str:
    """The SELECT of a CREATE OR REPLACE VIEW."""
    head, _, select = view.partition(" AS\n")
    assert "CREATE OR REPLACE VIEW" in head
    return select


def shortened(calendar: str, first_year: int, last_year: int) -> str:
    """The SELECT of `dim_date` for some years."""
    for old, new in (("2000-01-01", f"{first_year}-01-01"), ("2039-12-31", f"{last_year}-12-31")):
        assert old in calendar
        calendar = calendar.replace(old, new)
    return calendar


def _names(table: str, text: str) -> bool:
    return re.search(rf"\b{table}\b", text) is not None


class _KeptModule:
    """Compiled once and kept; another text of it, or another version of its compiler, is compiled anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def from_file(self, engine: Any, path: str) -> Any:
        from wasmtime import Module, WasmtimeError

        digest = blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
        kept = self.folder / f"zetasql-{version('wasmtime')}-{digest}.cwasm"
        if kept.exists():
            try:
                return Module.deserialize_file(engine, str(kept))
            except WasmtimeError:
                kept.unlink(missing_ok=True)
        module = Module.from_file(engine, path)
        with suppress(OSError):  # the next run compiles, too
            self._keep(kept, module.serialize())
        return module

    def _keep(self, kept: Path, compiled: bytes) -> None:
        """Keep it instead of those of other versions."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{os.getpid()}")
        half.write_bytes(compiled)
        half.replace(kept)
        for other in set(self.folder.glob("zetasql-*.cwasm")) - {kept}:
            other.unlink(missing_ok=True)


def _row(cells: Sequence[Any], columns: Columns) -> Any:
    return t.TableData.Row(cell=[_value(cell, kind) for cell, (_, kind) in zip(cells, columns, strict=True)])


def _without_nulls(text: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """NULL has no type of its own; inlined, it takes that of its context, as in BigQuery's adapter."""
    return bind_parameters(text, params)[0], {name: value for name, value in params.items() if value is not None}


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "BOOL"
        case int():
            return "INT64"
        case str():
            return "STRING"
        case Decimal():
            return "NUMERIC"
        case datetime():
            return "TIMESTAMP"
        case date():
            return "DATE"
        case [first, *_]:
            return f"ARRAY<{_kind(first)}>"
        case []:
            return "ARRAY<STRING>"
    raise TypeError(f"a parameter of type {type(value).__name__}")


def type_kind(kind: str) -> Any:
    """Google's kind of one of our kinds of columns."""
    return t.TypeKind[KINDS[kind]]


@cache
def _names_of_kinds() -> dict[Any, str]:
    return {type_kind(name): name for name in KINDS if name.isupper()}


def _type(kind: str) -> Any:
    from zetasql.api import TypeFactory

    if kind.startswith("ARRAY<"):
        return TypeFactory.create_array_type(_type(kind[6:-1]))
    return TypeFactory.create_simple_type(type_kind(kind))


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return t.Value()
    match kind:
        case "STRING":
            return t.Value(string_value=value)
        case "INT64" | "hash128" | "hash64":
            return t.Value(int64_value=value)
        case "BOOL":
            return t.Value(bool_value=value)
        case "DATE":
            return t.Value(date_value=(value - EPOCH.date()).days)
        case "NUMERIC":
            return t.Value(numeric_value=_scaled(value, 9))
        case "BIGNUMERIC":
            return t.Value(bignumeric_value=_scaled(value, 38))
        case "JSON":
            return t.Value(json_value=value)
        case "TIMESTAMP":
            micros = (value - EPOCH) // timedelta(microseconds=1)
            return t.Value(timestamp_value=Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000))
    return t.Value(array_value=t.Value.Array(element=[_value(v, kind[6:-1]) for v in value]))


def _scaled(value: Decimal, places: int) -> bytes:
    whole = int(value.scaleb(places))
    return whole.to_bytes((whole.bit_length() + 8) // 8, "little", signed=True)


def _python(cell: Any, kind: str) -> Any:
    fields = {name: value for name, value in vars(cell).items() if value is not None}
    if not fields:
        return None
    value = next(iter(fields.values()))
    match kind:
        case "DATE":
            return EPOCH.date() + timedelta(days=value)
        case "TIMESTAMP":
            return EPOCH + timedelta(microseconds=value)
        case "NUMERIC":
            return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9)
        case "BIGNUMERIC":
            return Decimal(value)
    return value
