"""Translate GoogleSQL to DuckDB SQL.

Only forms that `tests/spec` compares between the engines are accepted; one that means something else on DuckDB is
rewritten here or rejected with a reason, so that no difference is silent. `supported_forms` has the lists.
"""

from functools import cache, lru_cache

import sqlglot
from sqlglot import exp

from tillstream.adapters.local.googlesql import closed_text
from tillstream.adapters.local.googlesql.forms_of_people import with_meaning_of_bigquery
from tillstream.adapters.local.googlesql.supported_forms import CONDITIONS, NEVER_COMPARED, REASONS, SAFE
from tillstream.domain.errors import Rejected

_DIVIDE = """CASE WHEN :b <> 0 THEN CAST(CASE WHEN (:a < 0) <> (:b < 0) THEN -1 ELSE 1 END * (
  (2000000000 * CAST(ABS(:a) * 1000000000 AS HUGEINT) + CAST(ABS(:b) * 1000000000 AS HUGEINT))
  // (2 * CAST(ABS(:b) * 1000000000 AS HUGEINT))) AS DECIMAL(38, 0)) * CAST(0.000000001 AS DECIMAL(10, 9)) END"""
"""Decimal division, rounded half away from zero at the ninth decimal place, on 128-bit integers."""

_CONDITIONS = {kind: tuple((holds, why) for form, holds, why in CONDITIONS if issubclass(kind, form)) for kind in SAFE}
"""Kind of a node → what must hold for it, with the reason."""


@lru_cache(maxsize=512)
def to_duckdb(sql: str) -> str:
    """Translate one SELECT or CREATE OR REPLACE VIEW of GoogleSQL to DuckDB SQL; `@name` becomes `$name`.

    Raises `Rejected` for what cannot be parsed, and for forms whose meaning differs or was never compared.
    """
    tree = _parsed(sql)
    nodes = list(tree.walk(bfs=False))
    for node in nodes:
        _check(node)
        node.meta.clear()  # the places in the text, which copies would copy one by one
    return _translated(tree, nodes)


def to_duckdb_freely(sql: str) -> str:
    """As `to_duckdb`, also with forms that were never compared: for the queries of people.

    Raises `Rejected` for what cannot be parsed or has no translation.
    """
    tree = _parsed(sql)
    with_meaning_of_bigquery(tree)
    nodes = [node for node in tree.walk(bfs=False) if not isinstance(node, exp.SafeDivide | exp.CTE)]
    tables = {table.name for table in tree.find_all(exp.Table)}
    try:
        text = _translated(tree, nodes)
    except sqlglot.errors.UnsupportedError as error:
        raise Rejected(f"The query cannot be run here: {error}") from error
    except RecursionError as error:
        raise Rejected("The query is nested too deeply.") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:  # of sqlglot, for odd values
        raise Rejected("The query cannot be run here. Write it in another way.") from error
    closed_text.check(text, tables)
    return text


def _parsed(sql: str) -> exp.Expr:
    try:
        statements = [s for s in sqlglot.parse(sql, read="bigquery") if s is not None]
    except sqlglot.errors.ParseError as error:
        raise Rejected(f"This is not GoogleSQL: {error}") from error
    if len(statements) != 1:
        raise Rejected("Give one statement.")
    tree = statements[0]
    if not isinstance(tree, exp.Query) and not (isinstance(tree, exp.Create) and tree.kind == "VIEW"):
        raise Rejected("Only a SELECT or a CREATE OR REPLACE VIEW is translated.")
    return tree


def _translated(tree: exp.Expr, nodes: list[exp.Expr]) -> str:
    """nodes: those to rewrite, each before its children."""
    for node in reversed(nodes):  # children first, so that a parent sees its parts rewritten
        rewritten = _rewrite(node) if isinstance(node, _REWRITTEN) else node
        if rewritten is not node:
            node.replace(rewritten)
    text: str = tree.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE, copy=False)
    return text


def _check(node: exp.Expr) -> None:
    """Raises `Rejected` unless the form means the same on both engines, possibly after `_rewrite`."""
    if type(node) not in SAFE:
        _reject(node, REASONS.get(type(node), NEVER_COMPARED))
    for holds, why in _CONDITIONS[type(node)]:
        if not holds(node):
            _reject(node, why)


def _reject(node: exp.Expr, why: str) -> None:
    raise Rejected(f"{node.sql(dialect='bigquery')}: {why}.")


_DATES = (exp.DateTrunc, exp.DateAdd, exp.DateSub)
_REWRITTEN = (exp.CountIf, exp.LowerHex, exp.SafeDivide, exp.DataType, *_DATES, exp.UnixToTime, exp.CTE, exp.In)


def _rewrite(node: exp.Expr) -> exp.Expr:
    """An equivalent node for DuckDB; the same node if none is needed."""
    match node:
        case exp.CountIf() | exp.LowerHex():
            return _function(node)
        case exp.SafeDivide():
            return exp.paren(exp.replace_placeholders(_division(), a=node.this, b=node.expression), copy=False)
        case exp.DataType() if node.this in (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL):
            return _type("DECIMAL(38, 9)").copy()
        case exp.DateTrunc() | exp.DateAdd() | exp.DateSub() | exp.UnixToTime() if type(node.parent) is not exp.Cast:
            return exp.cast(node, _type("TIMESTAMPTZ" if isinstance(node, exp.UnixToTime) else "DATE"))
        case exp.CTE() if _is_filter(node.this):
            node.set("materialized", False)
        case exp.In() if node.args.get("unnest"):
            unnested = exp.select(exp.func("UNNEST", node.args["unnest"].expressions[0].copy(), dialect="duckdb"))
            return exp.In(this=node.this.copy(), query=unnested.subquery())
    return node


def _function(node: exp.Expr) -> exp.Expr:
    """The function of DuckDB with the meaning of one of BigQuery."""
    if isinstance(node, exp.CountIf):
        return exp.Count(this=exp.case().when(node.this.copy(), exp.Literal.number(1)))
    return exp.Anonymous(this="sha256", expressions=[node.this.this.copy()])  # hexadecimal text on DuckDB


@cache
def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")


@cache
def _division() -> exp.Expr:
    return sqlglot.parse_one(_DIVIDE, read="duckdb")


def _is_filter(query: exp.Expr) -> bool:
    """Whether it only selects rows and columns: DuckDB would materialise all of them if a query uses the CTE twice."""
    shaping = ("joins", "group", "having", "qualify", "distinct", "order", "limit", "windows", "laterals")
    shaped = any(query.args.get(part) for part in shaping)
    return isinstance(query, exp.Select) and not shaped and query.find(exp.AggFunc, exp.Window) is None
