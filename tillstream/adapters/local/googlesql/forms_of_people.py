"""Forms of people's queries that DuckDB would answer differently: rewritten to the meaning of BigQuery, or refused.

Sources: GoogleSQL reference, date, string and conversion functions.
"""

import re
from functools import cache

import sqlglot
from sqlglot import exp

from tillstream.domain.errors import Rejected

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
