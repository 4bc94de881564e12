"""Translate GoogleSQL to DuckDB SQL: forms that were compared between the engines; others are rewritten or rejected.

Sources: GoogleSQL reference, date, string and conversion functions.

Only forms that `tests/spec` compares between the engines are accepted; one that means something else on DuckDB is
rewritten here or rejected with a reason, so that no difference is silent. `SAFE_FORMS`, `FORM_CONDITIONS` and
`REJECTION_REASONS` list them.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from tillstream.adapters.local.googlesql import closed_text
from tillstream.model.errors import Rejected

SAFE_FORMS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(
            exp.Create,
            exp.Select,
            exp.Subquery,
            exp.With,
            exp.CTE,
            exp.Union,
            exp.Except,
            exp.Table,
            exp.From,
            exp.Join,
        ),
        *(exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset),
        *(exp.TableAlias, exp.Distinct, exp.Star, exp.Column, exp.Identifier, exp.Alias, exp.Paren, exp.Parameter),
        *(exp.Literal, exp.Null, exp.Boolean, exp.Cast, exp.DataType, exp.Var, exp.WeekStart),
        *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between),
        *(exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.Round, exp.Floor),
        *(exp.SafeDivide, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Exists),
        *(exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.GroupConcat),
        *(exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead),
        *(exp.DateTrunc, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.Extract, exp.TimeToStr, exp.TsOrDsToDate),
        *(exp.DateFromParts, exp.LastDay, exp.UnixMicros, exp.UnixToTime),
        *(exp.Concat, exp.DPipe, exp.Lower, exp.Upper, exp.StartsWith, exp.StrPosition, exp.Length, exp.Trim),
        *(exp.LowerHex, exp.SHA2Digest),
        *(exp.Unnest, exp.GenerateDateArray, exp.Interval, exp.JSONExtractScalar, exp.JSONPath),
        exp.JSONExtractArray,
        *(exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
    }
)
"""Forms with the same meaning on both engines, possibly after a rewrite; `tests/spec` compares each."""

NEVER_COMPARED = "this form was never compared between BigQuery and DuckDB; see tests/spec"
REJECTION_REASONS: dict[type[exp.Expr], str] = {
    exp.Div: "`/` is a float on DuckDB and 1/0 infinity; write SAFE_DIVIDE(CAST(a AS NUMERIC), CAST(b AS NUMERIC))",
    exp.IntDiv: "DIV was never compared below zero; count in whole units another way",
    exp.Avg: "AVG of NUMERIC is a float on DuckDB; divide the sum by the count",
    exp.TimestampDiff: "TIMESTAMP_DIFF counts boundaries on DuckDB and whole units on BigQuery",
    exp.CurrentTimestamp: "a query that reads the clock never answers the same twice; pass the instant as a parameter",
    exp.CurrentDate: "a query that reads the clock never answers the same twice; pass the day as a parameter",
    exp.ArrayAgg: "ARRAY_AGG keeps NULLs on DuckDB and fails on BigQuery",
    exp.AnyValue: "ANY_VALUE may pick another row on each engine; use MIN, MAX or ROW_NUMBER",
    exp.ArgMax: "MAX_BY picks any of equal rows; use ROW_NUMBER with a whole order",
    exp.ArgMin: "MIN_BY picks any of equal rows; use ROW_NUMBER with a whole order",
    exp.TryCast: "SAFE_CAST reads more texts as numbers on DuckDB",
    exp.ApproxDistinct: "an approximate count differs on each engine; use COUNT(DISTINCT …)",
    exp.Substring: "SUBSTR counts a start of 0 or below differently",
    exp.DataTypeParam: "write NUMERIC; it always has nine places",
    exp.Rollup: "ROLLUP was never compared; write UNION ALL",
    exp.Rand: "a random answer cannot be compared",
    exp.StrToDate: "PARSE_DATE reads other texts on DuckDB; read dates in the pipeline",
    exp.StrToTime: "PARSE_TIMESTAMP ignores the zone on DuckDB; read times in the pipeline",
}

TEXT_TYPES = frozenset({"TEXT", "VARCHAR"})
INTEGER_TYPES = frozenset({"INT", "BIGINT"})
CAST_TARGETS = TEXT_TYPES | INTEGER_TYPES | {"DECIMAL", "BIGDECIMAL", "DATE", "BOOLEAN", "TIMESTAMPTZ"}
DATE_PARTS = frozenset({"DAY", "ISOWEEK", "WEEK(MONDAY)", "MONTH", "QUARTER", "YEAR"})
DIFF_PARTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR"})
EXTRACT_PARTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR", "DAYOFYEAR"})
DATE_FORMATS = frozenset({"%Y-%m-%d", "%Y-%m", "%Y", "%m", "%d", "%Y%m%d"})

Rule = tuple[type[exp.Expr], Callable[[Any], bool], str]

_WEEK_NUMBERS = {"SUNDAY": "%U", "MONDAY": "%W"}
"""First day of a week → format of the number of the week; days before the first such day are in week 0."""
_PARTS = {"ISOWEEK": "WEEK"} | {
    one: one for one in ("DAY", "DAYOFYEAR", "MONTH", "QUARTER", "YEAR", "ISOYEAR", "HOUR", "MINUTE", "SECOND")
}
"""Part of EXTRACT → that of DuckDB with its meaning."""
_STEPS = ("DAY", "WEEK")
_LONG_STEPS = ("MONTH", "QUARTER", "YEAR")
_FORMATS = frozenset("aAbBdjmMuUVwWyYGHIpS%")
"""Elements of FORMAT_DATE and FORMAT_TIMESTAMP with one meaning on both engines."""
_WHOLE = r"""LIST_TRANSFORM([:value], LAMBDA v : CASE TYPEOF(v)
  WHEN 'DOUBLE' THEN TRY_CAST(ROUND(TRY_CAST(v AS DOUBLE)) AS BIGINT)
  WHEN 'VARCHAR' THEN CASE
    WHEN REGEXP_FULL_MATCH(CAST(v AS VARCHAR), '\s*[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)\s*') THEN TRY_CAST(v AS BIGINT)
  END
  ELSE TRY_CAST(v AS BIGINT)
END)[1]"""
"""CAST AS INT64: halves away from zero; a text with decimals is no whole number."""
_TEXT = r"""LIST_TRANSFORM([:value], LAMBDA v : CASE
  WHEN TYPEOF(v) = 'DOUBLE' OR STARTS_WITH(TYPEOF(v), 'DECIMAL')
  THEN REGEXP_REPLACE(REGEXP_REPLACE(CAST(v AS VARCHAR), '(\.[0-9]*?)0+$', '\1'), '\.$', '')
  ELSE CAST(v AS VARCHAR)
END)[1]"""
"""CAST AS STRING: numbers without zeros at the end."""
_FROM = """LIST_TRANSFORM([:start], LAMBDA v : CASE WHEN v = 0 OR v < -LENGTH(:text) THEN 1 ELSE v END)[1]"""
"""Where SUBSTR begins: 0, and a place before the text, mean its first character."""

_DIVIDE = """CASE WHEN :b <> 0 THEN CAST(CASE WHEN (:a < 0) <> (:b < 0) THEN -1 ELSE 1 END * (
  (2000000000 * CAST(ABS(:a) * 1000000000 AS HUGEINT) + CAST(ABS(:b) * 1000000000 AS HUGEINT))
  // (2 * CAST(ABS(:b) * 1000000000 AS HUGEINT))) AS DECIMAL(38, 0)) * CAST(0.000000001 AS DECIMAL(10, 9)) END"""
"""Decimal division, rounded half away from zero at the ninth decimal place, on 128-bit integers."""

_DATES = (exp.DateTrunc, exp.DateAdd, exp.DateSub)
_REWRITTEN = (exp.CountIf, exp.LowerHex, exp.SafeDivide, exp.DataType, *_DATES, exp.UnixToTime, exp.CTE, exp.In)


def is_cast(node: Any, *kinds: str) -> bool:
    """Whether `node` is a CAST to one of the kinds (sqlglot's type names; none: any type)."""
    return type(node) is exp.Cast and (not kinds or cast_kind(node) in kinds)


def cast_kind(node: exp.Cast) -> str:
    return str(node.to.this.value)


def is_exact_product(node: Any) -> bool:
    return isinstance(node, exp.Mul) and is_cast(node.this, "BIGDECIMAL") and is_cast(node.expression, "BIGDECIMAL")


def date_unit(node: Any) -> str:
    argument = node.args.get("unit")
    if isinstance(argument, exp.WeekStart):
        return f"WEEK({argument.name})"
    return str(argument.name).upper() if argument is not None else "DAY"


def _is_array_parameter(node: Any) -> bool:
    arguments = node.args["unnest"].expressions
    return len(arguments) == 1 and isinstance(arguments[0], exp.Parameter)


def _plain_as_text(node: Any) -> bool:
    return isinstance(node.this, exp.Null) or is_cast(node.this, "BOOLEAN", *INTEGER_TYPES)


def _join(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _is_sha256_text(node: Any) -> bool:
    return isinstance(node.this, exp.SHA2Digest) and node.this.args["length"].name == "256"


FORM_CONDITIONS: tuple[Rule, ...] = (
    (exp.LowerHex, _is_sha256_text, "only TO_HEX(SHA256(text)) was compared"),
    (
        exp.SHA2Digest,
        lambda n: isinstance(n.parent, exp.LowerHex),
        "SHA256 is text on DuckDB; write TO_HEX(SHA256(text))",
    ),
    (
        exp.Literal,
        lambda n: n.is_string or n.is_int,
        "a number with a point is a float on BigQuery and a decimal on DuckDB; write NUMERIC '…'",
    ),
    (
        exp.Mul,
        lambda n: is_exact_product(n) or is_cast(n.parent),
        "DuckDB keeps all decimals of a product; write CAST(a * b AS NUMERIC), or cast both to BIGNUMERIC",
    ),
    (exp.Round, lambda n: is_cast(n.parent), "ROUND has another type on DuckDB; write CAST(ROUND(…) AS NUMERIC)"),
    (
        exp.SafeDivide,
        lambda n: is_cast(n.this, "DECIMAL") and is_cast(n.expression, "DECIMAL"),
        "say the type of a ratio: SAFE_DIVIDE(CAST(a AS NUMERIC), CAST(b AS NUMERIC))",
    ),
    (
        exp.DateTrunc,
        lambda n: date_unit(n) in DATE_PARTS,
        f"weeks start on another day on DuckDB; use {_join(DATE_PARTS)}",
    ),
    (
        exp.DateDiff,
        lambda n: date_unit(n) in DIFF_PARTS,
        f"weeks start on another day on DuckDB; use {_join(DIFF_PARTS)}",
    ),
    (
        exp.Extract,
        lambda n: n.name.upper() in EXTRACT_PARTS,
        f"this part differs or fails on DuckDB; use {_join(EXTRACT_PARTS)}",
    ),
    (
        exp.TimeToStr,
        lambda n: isinstance(n.this, exp.TsOrDsToDate),
        "FORMAT_TIMESTAMP ignores the zone on DuckDB; format dates only",
    ),
    (
        exp.UnixToTime,
        lambda n: n.args.get("scale") == exp.UnixToTime.MICROS,
        "only TIMESTAMP_MICROS was compared",
    ),
    (
        exp.TimeToStr,
        lambda n: n.args["format"].name in DATE_FORMATS,
        f"only the formats {_join(DATE_FORMATS)} were compared",
    ),
    (exp.JSONExtractArray, lambda n: isinstance(n.parent, exp.Unnest), "arrays of JSON are only unnested"),
    (exp.Unnest, lambda n: not n.args.get("offset"), "WITH OFFSET counts from 1 on DuckDB"),
    (exp.In, lambda n: not n.args.get("unnest") or _is_array_parameter(n), "IN UNNEST takes an array parameter"),
    (exp.Cast, lambda n: cast_kind(n) in CAST_TARGETS, "casts to this type were never compared"),
    (
        exp.Cast,
        lambda n: cast_kind(n) != "BIGDECIMAL" or is_exact_product(n.parent),
        "BIGNUMERIC is only for exact products: CAST(a AS BIGNUMERIC) * CAST(b AS BIGNUMERIC)",
    ),
    (
        exp.Cast,
        lambda n: cast_kind(n) not in TEXT_TYPES or _plain_as_text(n),
        "numbers and times are written differently as text; cast to INT64 first or use FORMAT_DATE",
    ),
    (
        exp.Cast,
        lambda n: cast_kind(n) not in INTEGER_TYPES or not (isinstance(n.this, exp.Literal) and n.this.is_string),
        "DuckDB reads more texts as numbers; write the number itself",
    ),
    (
        exp.Cast,
        lambda n: cast_kind(n) != "DATE" or isinstance(n.this, exp.Literal | exp.Null | exp.Column | exp.Parameter),
        "cast a column, a parameter or a literal to DATE",
    ),
)
"""Form, required condition, and the reason for it."""

_CONDITIONS = {
    kind: tuple((holds, why) for form, holds, why in FORM_CONDITIONS if issubclass(kind, form)) for kind in SAFE_FORMS
}
"""Kind of a node → what must hold for it, with the reason."""


def with_meaning_of_bigquery(tree: exp.Expr) -> exp.Expr:
    """Rewrite the forms of a parsed query in place, and return it. Raises `Rejected` for those without a rewriting."""
    for node in reversed(list(tree.walk(bfs=False))):  # children first
        rewritten = _rewritten(node)
        if rewritten is not node:
            node.replace(rewritten)
    return tree


def _rewritten(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Extract():
            return _extract(node)
        case exp.Cast() if not isinstance(node.this, exp.Literal | exp.Null):
            return _cast(node)
        case exp.Substring() if node.args.get("start") is not None:
            node.set("start", _start(node))
        case exp.Like() if not (isinstance(node.expression, exp.Literal) and "\\" not in node.expression.name):
            if not isinstance(node.parent, exp.Escape):
                return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))
        case exp.TimeToStr():
            _check_format(node.args.get("format"))
        case exp.GenerateDateArray():
            _check_step(node)
        case exp.RegexpExtract() if not isinstance(node.expression, exp.Literal | exp.RawString):
            raise Rejected("REGEXP_EXTRACT takes a pattern that is written as a text here.")
    return node


def _extract(node: exp.Extract) -> exp.Expr:
    """The part of a date. BigQuery counts weekdays from 1 on Sunday, and WEEK from the first Sunday."""
    part, value = node.this, node.expression
    if isinstance(part, exp.WeekStart):
        return _week(part.this.name.upper(), value)
    name = part.name.upper()
    if name == "DAYOFWEEK":
        return exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))
    if name == "WEEK":
        return _week("SUNDAY", value)
    if name == "DATE":
        return exp.cast(value.copy(), "DATE")
    if name not in _PARTS:
        raise Rejected(f"EXTRACT({name}) cannot be used here. Parts: DAYOFWEEK, WEEK, DATE, {', '.join(_PARTS)}.")
    node.set("this", exp.var(_PARTS[name]))
    return node


def _week(first_day: str, value: exp.Expr) -> exp.Expr:
    number = _WEEK_NUMBERS.get(first_day)
    if number is None:
        raise Rejected(f"EXTRACT(WEEK({first_day})) cannot be used here; use WEEK, WEEK(MONDAY) or ISOWEEK.")
    text = exp.Anonymous(this="STRFTIME", expressions=[exp.cast(value.copy(), "DATE"), exp.Literal.string(number)])
    return exp.cast(text, "BIGINT", dialect="duckdb")


def _cast(node: exp.Cast) -> exp.Expr:
    kind = node.to.this
    if kind == exp.DataType.Type.BIGINT:
        return exp.replace_placeholders(_template(_WHOLE), value=node.this)
    if kind == exp.DataType.Type.TEXT:
        return exp.replace_placeholders(_template(_TEXT), value=node.this)
    return node


def _start(node: exp.Substring) -> exp.Expr:
    start = node.args["start"]
    if isinstance(start, exp.Literal):
        return exp.Literal.number(1) if start.name == "0" else start
    return exp.replace_placeholders(_template(_FROM), start=start, text=node.this)


def _check_format(node: exp.Expr | None) -> None:
    if not isinstance(node, exp.Literal | exp.RawString):
        raise Rejected("FORMAT_DATE takes a format that is written as a text here.")
    for element in re.findall("%(.?)", node.name, re.DOTALL):
        if element not in _FORMATS:
            raise Rejected(f"%{element} cannot be used in a format here. Use %Y, %m, %d, %b, %A or %V, for example.")


def _check_step(node: exp.GenerateDateArray) -> None:
    """Months are added to the first date, which DuckDB does the same way only up to day 28."""
    step = node.args.get("step")
    unit = str(step.args.get("unit")).upper() if step is not None else "DAY"
    first = node.args["start"]
    day = first.this.name[8:] if isinstance(first, exp.Cast) else first.name[8:]
    if unit not in _STEPS and not (unit in _LONG_STEPS and day.isdecimal() and int(day) <= 28):
        raise Rejected(
            f"GENERATE_DATE_ARRAY with steps of {unit} begins with a date up to day 28 here, such as '2026-01-01'."
        )


@cache
def _template(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


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
    if type(node) not in SAFE_FORMS:
        _reject(node, REJECTION_REASONS.get(type(node), NEVER_COMPARED))
    for holds, why in _CONDITIONS[type(node)]:
        if not holds(node):
            _reject(node, why)


def _reject(node: exp.Expr, why: str) -> None:
    raise Rejected(f"{node.sql(dialect='bigquery')}: {why}.")


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
