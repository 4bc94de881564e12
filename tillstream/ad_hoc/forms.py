"""The forms of GoogleSQL that a statement can have: none of them reads files, the network or the session."""

from sqlglot import exp

_QUERY = (
    *(exp.Select, exp.Subquery, exp.With, exp.CTE, exp.Union, exp.Except, exp.Intersect, exp.Table, exp.From, exp.Join),
    *(exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Rollup),
    *(exp.TableAlias, exp.Distinct, exp.Star, exp.Column, exp.Identifier, exp.Alias, exp.Paren, exp.Tuple, exp.Unnest),
    *(exp.Window, exp.WindowSpec, exp.IgnoreNulls, exp.RespectNulls, exp.Cube, exp.GroupingSets),
)
_VALUES = (
    *(
        exp.Literal,
        exp.RawString,
        exp.Null,
        exp.Boolean,
        exp.Cast,
        exp.TryCast,
        exp.DataType,
        exp.Var,
    ),
    *(exp.WeekStart, exp.Interval, exp.Array, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least),
    *(exp.And, exp.Or, exp.Xor, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In),
    *(exp.Between, exp.Like, exp.ILike, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ),
)
_NUMBERS = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil),
    *(exp.SafeDivide, exp.Pow, exp.Sqrt, exp.Exp, exp.Ln, exp.Log, exp.Sign, exp.Trunc),
)
_TEXTS = (
    *(exp.Concat, exp.DPipe, exp.Lower, exp.Upper, exp.StartsWith, exp.EndsWith, exp.StrPosition),
    *(exp.Length, exp.Trim, exp.Substring, exp.Replace, exp.Left, exp.Right, exp.Reverse, exp.RegexpLike),
    *(exp.RegexpExtract, exp.RegexpReplace, exp.Pad),
)
_DAYS = (
    *(exp.DateTrunc, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.Extract, exp.TimeToStr, exp.TsOrDsToDate),
    *(exp.DateFromParts, exp.LastDay, exp.CurrentDate, exp.GenerateDateArray, exp.GenerateSeries, exp.Date),
)
_SUMS = (
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.ApproxDistinct),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.AnyValue, exp.ArgMax),
    *(exp.ArgMin, exp.GroupConcat, exp.PercentileCont, exp.PercentileDisc, exp.Quantile),
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead),
    *(exp.FirstValue, exp.LastValue, exp.NthValue),
)
ALLOWED: frozenset[type[exp.Expr]] = frozenset({*_QUERY, *_VALUES, *_NUMBERS, *_TEXTS, *_DAYS, *_SUMS})
REASONS: dict[type[exp.Expr], str] = {
    exp.Parameter: "Parameters such as @name cannot be used here; write the value.",
    exp.Placeholder: "Parameters such as ? cannot be used here; write the value.",
    exp.Lateral: "LATERAL cannot be used here; write a join.",
    exp.Filter: "FILTER cannot be used here; write SUM(IF(…)) or COUNTIF(…).",
    exp.DataTypeParam: "Types have no length or precision here; write ROUND(…, 2) or LEFT(…, 10).",
    exp.Pivot: "PIVOT cannot be used here; write one SUM(IF(…)) per column.",
}
"""Form → what to do instead."""
