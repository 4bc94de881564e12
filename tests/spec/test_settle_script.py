"""The script that settles on BigQuery, judged statement by statement by Google's own analyser."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from googlesql import KINDS, Judge
from zetasql import types as t
from zetasql.api import Analyzer, CatalogBuilder, Parser, TableBuilder, TypeFactory

from tillstream.adapters.google.bigquery.settle_script import BATCH_FIELDS, PreviewQuery, Steps, script
from tillstream.adapters.google.bigquery.tables import OWN, TYPES
from tillstream.domain.tables import REJECTED_ROWS, STAGED_LINES, TABLES

VARIABLES = {
    "this_wave": "INT64",
    "only_adds": "BOOL",
    "is_replaced": "BOOL",
    "is_disputed": "BOOL",
    "has_affected_keys": "BOOL",
    "taken": "ARRAY<STRING>",
    "counted": "ARRAY<INT64>",
    "holding": "STRING",
    "answer_0": "ARRAY<STRING>",
}
BYTES = {"BYTES": t.TypeKind.TYPE_BYTES}
SPELLED = {"INTEGER": "INT64", "BOOLEAN": "BOOL"}
CONTROL = re.compile(
    r"\s*(?:(?:ELSE|END IF|END WHILE|BEGIN TRANSACTION|ROLLBACK TRANSACTION|COMMIT TRANSACTION)\b"
    r"|IF (?P<condition>.+?) THEN\b|WHILE (?P<until>.+?) DO\b|SET (?P<set>\w+) = )",
    re.DOTALL,
)


def _text(*, keep: bool) -> str:
    batch = (
        dict.fromkeys(BATCH_FIELDS, "a 'word'")
        | {name: 1 for name, kind in BATCH_FIELDS.items() if kind == "INT64"}
        | {name: True for name, kind in BATCH_FIELDS.items() if kind == "BOOL"}
    )
    steps = Steps(
        7, 3, "request", ["undone"], [batch | {"batch_id": "one"}], {"one": "lines_one"}, {"one": "refusals_one"},
        [1], [1], [1], [1],
    )  # fmt: skip
    preview_queries = () if keep else [PreviewQuery("SELECT batch_id, removed FROM receipts", ["batch_id", "removed"])]
    return script(steps, "ledger", keep=keep, preview_queries=preview_queries)


@pytest.mark.parametrize("keep", [True, False])
def test_google_parses_the_whole_script(judge: Judge, keep: bool) -> None:
    Parser.parse_script_static(_text(keep=keep), judge.language)


def test_every_statement_of_it_means_something(judge: Judge) -> None:
    tables = {f"ledger.{name}": _columns(fields) for name, fields in (TABLES | OWN).items()}
    tables |= {f"ledger.{name}": dict(columns) for name, columns in judge.tables.items() if name not in TABLES}
    tables |= {"ledger.lines_one": _columns(STAGED_LINES), "ledger.refusals_one": _columns(REJECTED_ROWS)}
    count = 0
    for statement in _statements(_text(keep=False)):
        created = re.match(r"\s*CREATE OR REPLACE TEMP TABLE (\w+) (AS)?", statement)
        resolved = _resolved(judge, statement, tables)
        count += 1
        if created:
            columns = resolved.column_definition_list
            tables[created[1]] = {column.name: column.type for column in columns}
    assert count > 40


def _columns(fields: Any) -> dict[str, Any]:
    return {field.name: SPELLED.get(TYPES[field.kind], TYPES[field.kind]) for field in fields}


def _statements(text: str) -> Iterator[str]:
    """Each statement, and each expression of the script's own words as a SELECT; variables become parameters."""
    text = re.sub(r"--[^\n]*", "", text)
    for part in re.split(r";\s*\n", text):
        rest = part
        while control := CONTROL.match(rest):
            rest = rest[control.end() :]
            if control["condition"] or control["until"]:
                yield _bound(f"SELECT {control['condition'] or control['until']}")
            if control["set"]:
                rest = f"SELECT {rest}"
        if rest.strip() and not rest.strip().startswith("DECLARE"):
            yield _bound(rest)


def _bound(statement: str) -> str:
    statement = re.sub(r"AS (taken|counted|holding|answer_0)\b", r"AS said_\1", statement)
    for name in VARIABLES:
        statement = re.sub(rf"(?<![\w.@`]){name}\b(?! [=,)]?\s*(?:STRING|BOOL|INT64))", f"@{name}", statement)
    return statement.replace("corrected, removed, @only_adds)", "corrected, removed, only_adds)")


def _resolved(judge: Judge, statement: str, tables: dict[str, dict[str, Any]]) -> Any:
    parameters = [t.AnalyzerOptions.QueryParameter(name=name, type=_type(kind)) for name, kind in VARIABLES.items()]
    options = t.AnalyzerOptions(language_options=judge.statements, default_timezone="UTC", query_parameters=parameters)
    catalogue = CatalogBuilder("warehouse").with_builtin_functions(
        t.ZetaSQLBuiltinFunctionOptions(language_options=judge.statements)
    )
    for name, columns in tables.items():
        table = TableBuilder(name.replace("ledger.", "ledger_"))
        for column, kind in columns.items():
            table.add_column(column, KINDS.get(kind, BYTES.get(kind, kind)) if isinstance(kind, str) else kind)
        catalogue.add_table(table.build())
    return Analyzer.analyze_statement_static(
        statement.replace("`ledger`.", "ledger_")
        .replace("`lines_one`", "lines_one")
        .replace("`refusals_one`", "refusals_one"),
        options,
        catalogue.build(),
    )


def _type(kind: str) -> Any:
    if kind.startswith("ARRAY<"):
        return TypeFactory.create_array_type(_type(kind[6:-1]))
    return TypeFactory.create_simple_type(KINDS[kind])
