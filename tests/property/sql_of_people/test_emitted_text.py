"""Statements from the grammar of the offered forms, with hostile values: refused, or what runs has their shape."""

import re
from collections import Counter

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from offered_forms import EXPRESSIONS, QUERIES, SOURCE
from sqlglot import exp

from examples import examples
from tillstream.adapters.local.googlesql import closed_text
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.explore import scoped_statement, scoped_tables
from tillstream.explore.scoped_statement import ScopedStatement, scope_statement
from tillstream.explore.statement_forms import ALLOWED_FORMS
from tillstream.marts.tables import TABLES
from tillstream.model.errors import Rejected
from tillstream.model.people import scope_of
from tillstream.model.permissions import Role

OFFERED = scoped_tables.offered_tables(scope_of(Role.MANAGER, ("IN",), ("S1",)))
ENGINE = duckdb.connect()
MARTS = {table.name for table in TABLES}
NOT_OF_GOOGLESQL = {exp.ILike, exp.Xor, exp.Quantile}
"""Forms that only other dialects write."""
UNIT = re.compile(r"\b(WEEK\(MONDAY\)|MONDAY|DAY|WEEK|ISOWEEK|MONTH|QUARTER|YEAR|INT64|STRING|NUMERIC)\b")
OPERAND = re.compile(r"(?<![\w.'`])[xytdb](?![\w'`(.])")
INSIDE = (
    *("DAY", "x", "), (SELECT 1 FROM batches", "DAY) FROM batches --", "DAY); DROP TABLE batches", "1 x y", "a b"),
    *(
        "/* */",
        "/*",
        "*/",
        "--",
        "#",
        ";",
        "$$",
        "$x$",
        "{{ x }}",
        "{% x %}",
        "@x",
        "?",
        "''",
        "\\",
        "\\'",
        '"',
        "é ü",
        "‘x’",
    ),
    *("\u200b", "\x00", "\n", "\ud800", "x.y", "x.y.z - 1", "/etc/passwd", "it's", "%Y", "'||(SELECT 1)||'"),
)
AROUND = ("'{}'", '"{}"', "`{}`", "r'{}'", "'''{}'''", '"""{}"""', "b'{}'", "({})", "{}", "/* {} */", "WEEK('{}')")
HOSTILE = st.tuples(st.sampled_from(AROUND), st.lists(st.sampled_from(INSIDE), max_size=3)).map(
    lambda pair: pair[0].replace("{}", "".join(pair[1]))
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    text: str = draw(st.sampled_from(EXPRESSIONS))
    if depth:
        text = _changed(draw, text, OPERAND, st.one_of(st.sampled_from("xytdb"), expressions(depth - 1), HOSTILE), 3)
    return _changed(draw, text, UNIT, HOSTILE, 6)


def _changed(draw: st.DrawFn, text: str, places: re.Pattern[str], other: st.SearchStrategy[str], seldom: int) -> str:
    """The text with other parts in about one of so many places."""

    def change(match: re.Match[str]) -> str:
        return draw(other) if draw(st.integers(1, seldom)) == 1 else match[0]

    return places.sub(change, text)


@st.composite
def statements(draw: st.DrawFn) -> str:
    query: str = draw(st.sampled_from(QUERIES))
    query = _changed(
        draw, query, re.compile(r"\ba(?= |$|\))"), st.sampled_from(["dim_store", "fact_sales", "batches"]), 6
    )
    columns = draw(st.lists(expressions(), min_size=1, max_size=2))
    text = query.replace("SELECT x", f"SELECT {', '.join(columns)}, x", 1)
    if draw(st.integers(1, 4)) == 1:
        text = _changed(draw, text, re.compile(" "), HOSTILE.map(" {} ".format), 20)
    return _with_source(text)


def _with_source(query: str) -> str:
    return f"{SOURCE}, {query[5:]}" if query.startswith("WITH ") else f"{SOURCE} {query}"


def _shape(tree: exp.Expr) -> tuple[object, ...]:
    """What a statement reads and gives: its tables, its queries with the number of their columns, and its texts."""
    names = Counter(table.name.lower() for table in tree.find_all(exp.Table))
    columns = Counter(len(query.expressions) for query in tree.find_all(exp.Select))
    texts = Counter(node.name for node in tree.find_all(exp.Literal, exp.RawString) if node.args.get("is_string", True))
    return len(names), sorted(names.values()), columns, texts


def _without_scope(tree: exp.Expr) -> exp.Expr:
    for cte in list(tree.find_all(exp.CTE)):
        if cte.alias.startswith(scoped_statement.SCOPED_PREFIX):
            cte.pop()
    return tree


def _one(text: str, dialect: str) -> exp.Expr:
    (tree,) = sqlglot.parse(text, read=dialect)
    assert isinstance(tree, exp.Query)
    return tree


@settings(max_examples=examples(1_000))
@given(statements())
def test_a_statement_is_refused_or_runs_as_it_was_read(text: str) -> None:
    try:
        statement = scope_statement(text, OFFERED)
    except Rejected:
        return
    emitted = _without_scope(_one(statement.sql, "bigquery"))
    assert _shape(emitted) == _shape(_one(text, "bigquery"))
    _check_tables(statement.sql)
    translated = _translated(statement)
    if not translated:
        return
    tables_of = [
        sorted(table.name for table in _one(one, dialect).find_all(exp.Table))
        for one, dialect in ((statement.sql, "bigquery"), (translated, "duckdb"))
    ]
    assert tables_of[0] == tables_of[1]
    try:
        read = ENGINE.get_table_names(translated)
    except duckdb.Error:
        return  # the engine refuses what its parser cannot read
    assert read <= MARTS


def _translated(statement: ScopedStatement) -> str:
    """The text for DuckDB; empty: a form has no translation. The check of the text itself refuses nothing."""
    reasons: list[str] = []
    try:
        return to_duckdb_freely(statement.sql)
    except Rejected as error:
        reasons.append(str(error))
    assert closed_text.NOT_SAFE not in reasons, "a word is missing on the list"
    return ""


def _check_tables(sql: str) -> None:
    readable = {f"{scoped_statement.SCOPED_PREFIX}{name}" for name in OFFERED} | MARTS
    names = {table.name for table in _one(sql, "bigquery").find_all(exp.Table)}
    assert {name for name in names if not re.fullmatch(r"own_\d+", name)} <= readable


@pytest.mark.parametrize("query", [*(f"SELECT {one} FROM a WINDOW w AS (ORDER BY x)" for one in EXPRESSIONS), *QUERIES])
def test_an_offered_form_is_translated(query: str) -> None:
    statement = scope_statement(_with_source(query), OFFERED)
    to_duckdb_freely(statement.sql)


def test_every_form_of_the_list_has_an_example() -> None:
    texts = [*(f"SELECT {one} FROM a" for one in EXPRESSIONS), *QUERIES]
    nodes = {type(node) for text in texts for node in _one(text, "bigquery").walk()}
    assert ALLOWED_FORMS - nodes == NOT_OF_GOOGLESQL
