"""Adapters, local: what of GoogleSQL was compared between the engines, and why the rest is refused."""

from sqlglot import exp

SAFE: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Create, exp.Select, exp.Subquery, exp.With, exp.CTE, exp.Union, exp.Except, exp.Table),
        *(
            exp.From,
            exp.Join,
            exp.Where,
            exp.Group,
            exp.Having,
            exp.Qualify,
            exp.Order,
            exp.Ordered,
            exp.Limit,
            exp.Offset,
        ),
        *(exp.TableAlias, exp.Distinct, exp.Star, exp.Column, exp.Identifier, exp.Alias, exp.Paren, exp.Parameter),
        *(exp.Literal, exp.Null, exp.Boolean, exp.Cast, exp.DataType, exp.Var, exp.WeekStart),
        *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between),
        *(
            exp.Like,
            exp.NullSafeEQ,
            exp.NullSafeNEQ,
            exp.Add,
            exp.Sub,
            exp.Mul,
            exp.Neg,
            exp.Abs,
            exp.Round,
            exp.SafeDivide,
        ),
        *(exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Exists),
        *(exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.GroupConcat),
        *(exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead),
        *(exp.DateTrunc, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.Extract, exp.TimeToStr, exp.TsOrDsToDate),
        *(exp.DateFromParts, exp.LastDay, exp.UnixMicros),
        *(exp.Concat, exp.DPipe, exp.Lower, exp.Upper, exp.StartsWith, exp.StrPosition, exp.Length, exp.Trim),
        *(exp.Unnest, exp.GenerateDateArray, exp.Interval, exp.JSONExtractScalar, exp.JSONPath),
        *(exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
    }
)
"""Forms with the same meaning on both engines, if need be after a repair; `tests/spec` compares each."""

REASONS: dict[type[exp.Expr], str] = {
    exp.Div: "`/` is a float on DuckDB and 1/0 infinity; write SAFE_DIVIDE(CAST(a AS NUMERIC), CAST(b AS NUMERIC))",
    exp.IntDiv: "DIV was never compared below zero; count in whole units another way",
    exp.Avg: "AVG of NUMERIC is a float on DuckDB; divide the sum by the count",
    exp.TimestampDiff: "TIMESTAMP_DIFF counts boundaries on DuckDB and whole units on BigQuery",
    exp.CurrentTimestamp: "a query that reads the clock never answers twice alike; pass the instant as a parameter",
    exp.CurrentDate: "a query that reads the clock never answers twice alike; pass the day as a parameter",
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

CAST_TARGETS = frozenset({"DECIMAL", "INT", "BIGINT", "DATE", "TEXT", "VARCHAR", "BOOLEAN", "TIMESTAMPTZ"})
DATE_PARTS = frozenset({"DAY", "ISOWEEK", "WEEK(MONDAY)", "MONTH", "QUARTER", "YEAR"})
DIFF_PARTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR"})
EXTRACTS = frozenset({"DAY", "MONTH", "QUARTER", "YEAR", "DAYOFYEAR"})
FORMATS = frozenset({"%Y-%m-%d", "%Y-%m", "%Y", "%m", "%d", "%Y%m%d"})
