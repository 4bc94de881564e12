"""The forms of GoogleSQL that were compared between the engines, and why others are rejected."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

SAFE: frozenset[type[exp.Expr]] = frozenset(
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
REASONS: dict[type[exp.Expr], str] = {
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

TEXT = frozenset({"TEXT", "VARCHAR"})
INTEGER = frozenset({"INT", "BIGINT"})
CAST_TARGETS = TEXT | INTEGER | {"DECIMAL", "BIGDECIMAL", "DATE", "BOOLEAN", "TIMESTAMPTZ"}
DATE_PARTS = frozenset({"DAY", "ISOWEEK", "WEEK(MONDAY)", "MONTH", "QUARTER", "YEAR"})
DIFF_PARTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR"})
EXTRACTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR", "DAYOFYEAR"})
FORMATS = frozenset({"%Y-%m-%d", "%Y-%m", "%Y", "%m", "%d", "%Y%m%d"})


def is_cast(node: Any, *kinds: str) -> bool:
    """Whether `node` is a CAST to one of the kinds (sqlglot's type names; none: any type)."""
    return type(node) is exp.Cast and (not kinds or kind(node) in kinds)


def kind(node: exp.Cast) -> str:
    return str(node.to.this.value)


def is_exact_product(node: Any) -> bool:
    return isinstance(node, exp.Mul) and is_cast(node.this, "BIGDECIMAL") and is_cast(node.expression, "BIGDECIMAL")


def unit(node: Any) -> str:
    argument = node.args.get("unit")
    if isinstance(argument, exp.WeekStart):
        return f"WEEK({argument.name})"
    return str(argument.name).upper() if argument is not None else "DAY"


def _is_array_parameter(node: Any) -> bool:
    arguments = node.args["unnest"].expressions
    return len(arguments) == 1 and isinstance(arguments[0], exp.Parameter)


def _plain_as_text(node: Any) -> bool:
    return isinstance(node.this, exp.Null) or is_cast(node.this, "BOOLEAN", *INTEGER)


def _join(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _is_sha256_text(node: Any) -> bool:
    return isinstance(node.this, exp.SHA2Digest) and node.this.args["length"].name == "256"


Rule = tuple[type[exp.Expr], Callable[[Any], bool], str]
CONDITIONS: tuple[Rule, ...] = (
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
        lambda n: unit(n) in DATE_PARTS,
        f"weeks start on another day on DuckDB; use {_join(DATE_PARTS)}",
    ),
    (exp.DateDiff, lambda n: unit(n) in DIFF_PARTS, f"weeks start on another day on DuckDB; use {_join(DIFF_PARTS)}"),
    (
        exp.Extract,
        lambda n: n.name.upper() in EXTRACTS,
        f"this part differs or fails on DuckDB; use {_join(EXTRACTS)}",
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
    (exp.TimeToStr, lambda n: n.args["format"].name in FORMATS, f"only the formats {_join(FORMATS)} were compared"),
    (exp.JSONExtractArray, lambda n: isinstance(n.parent, exp.Unnest), "arrays of JSON are only unnested"),
    (exp.Unnest, lambda n: not n.args.get("offset"), "WITH OFFSET counts from 1 on DuckDB"),
    (exp.In, lambda n: not n.args.get("unnest") or _is_array_parameter(n), "IN UNNEST takes an array parameter"),
    (exp.Cast, lambda n: kind(n) in CAST_TARGETS, "casts to this type were never compared"),
    (
        exp.Cast,
        lambda n: kind(n) != "BIGDECIMAL" or is_exact_product(n.parent),
        "BIGNUMERIC is only for exact products: CAST(a AS BIGNUMERIC) * CAST(b AS BIGNUMERIC)",
    ),
    (
        exp.Cast,
        lambda n: kind(n) not in TEXT or _plain_as_text(n),
        "numbers and times are written differently as text; cast to INT64 first or use FORMAT_DATE",
    ),
    (
        exp.Cast,
        lambda n: kind(n) not in INTEGER or not (isinstance(n.this, exp.Literal) and n.this.is_string),
        "DuckDB reads more texts as numbers; write the number itself",
    ),
    (
        exp.Cast,
        lambda n: kind(n) != "DATE" or isinstance(n.this, exp.Literal | exp.Null | exp.Column | exp.Parameter),
        "cast a column, a parameter or a literal to DATE",
    ),
)
"""Form, required condition, and the reason for it."""
