"""What a statement of a person may contain: forms, parts, nesting, and limits that hold before an engine reads it.

The parser and the generator are compiled and call themselves: a statement that nests too deeply ends the process
without an exception. A few forms are read twice at each level, and a handful of them would take hours.

A generator writes more than names and texts: units, types, numbers, keywords. It writes them without quotation marks,
so each must be one of a list. A part or a value that is not listed is refused, also one that a later sqlglot adds.

A conversion or a division that fails would show that a row with such a value exists, also outside the scope, because an
engine may compute it before it selects the rows of the scope.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Parser, TokenType, exp
from sqlglot.tokens import Token

from tillstream.model.errors import Rejected

_QUERY_FORMS = (
    *(exp.Select, exp.Subquery, exp.With, exp.CTE, exp.Union, exp.Except, exp.Intersect, exp.Table, exp.From, exp.Join),
    *(exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Rollup),
    *(exp.TableAlias, exp.Distinct, exp.Star, exp.Column, exp.Identifier, exp.Alias, exp.Paren, exp.Tuple, exp.Unnest),
    *(exp.Window, exp.WindowSpec, exp.IgnoreNulls, exp.RespectNulls, exp.Cube, exp.GroupingSets),
)
_VALUE_FORMS = (
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
_NUMBER_FORMS = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil),
    *(exp.SafeDivide, exp.Pow, exp.Sqrt, exp.Exp, exp.Ln, exp.Log, exp.Sign, exp.Trunc),
)
_TEXT_FORMS = (
    *(exp.Concat, exp.DPipe, exp.Lower, exp.Upper, exp.StartsWith, exp.EndsWith, exp.StrPosition),
    *(exp.Length, exp.Trim, exp.Substring, exp.Replace, exp.Left, exp.Right, exp.Reverse, exp.RegexpLike),
    *(exp.RegexpExtract, exp.RegexpReplace, exp.Pad),
)
_DAY_FORMS = (
    *(exp.DateTrunc, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.Extract, exp.TimeToStr, exp.TsOrDsToDate),
    *(exp.DateFromParts, exp.LastDay, exp.CurrentDate, exp.GenerateDateArray, exp.GenerateSeries, exp.Date),
)
_AGGREGATE_FORMS = (
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.ApproxDistinct),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.AnyValue, exp.ArgMax),
    *(exp.ArgMin, exp.GroupConcat, exp.PercentileCont, exp.PercentileDisc, exp.Quantile),
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead),
    *(exp.FirstValue, exp.LastValue, exp.NthValue),
)
ALLOWED_FORMS: frozenset[type[exp.Expr]] = frozenset(
    {*_QUERY_FORMS, *_VALUE_FORMS, *_NUMBER_FORMS, *_TEXT_FORMS, *_DAY_FORMS, *_AGGREGATE_FORMS}
)
REASONS_AGAINST_FORMS: dict[type[exp.Expr], str] = {
    exp.Parameter: "Parameters such as @name cannot be used here; write the value.",
    exp.Placeholder: "Parameters such as ? cannot be used here; write the value.",
    exp.Lateral: "LATERAL cannot be used here; write a join.",
    exp.Filter: "FILTER cannot be used here; write SUM(IF(…)) or COUNTIF(…).",
    exp.DataTypeParam: "Types have no length or precision here; write ROUND(…, 2) or LEFT(…, 10).",
    exp.Pivot: "PIVOT cannot be used here; write one SUM(IF(…)) per column.",
}
"""Form → what to do instead."""

MAX_BRACKETS = 25
"""Brackets and CASEs within each other."""
MAX_CHAIN = 500
"""Operators and keywords around one place: NOT NOT …, a + b + …, a[0][0] …, SELECT … UNION ALL SELECT …."""
MAX_READ_TWICE = 6
"""Forms within each other that the parser reads twice."""
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_READ_TWICE = frozenset({*Parser.TYPE_TOKENS, TokenType.LIMIT, TokenType.OFFSET})
"""What a bracket follows that is read twice: DATE(…), ARRAY[…], LIMIT (…); also any function after SAFE."""
_SIMPLE = frozenset({TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.RAW_STRING, TokenType.NUMBER})
_LISTED = _SIMPLE | {TokenType.L_PAREN, TokenType.COMMA, TokenType.SEMICOLON}
"""What makes no chain."""
_OPERAND_ENDS = _SIMPLE | _CLOSE | {TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.END}
"""What comes before the END of a CASE."""
TOO_DEEP = "The statement is nested too deeply. Use a WITH for the inner parts."
_TOO_LONG = f"The statement has more than {MAX_CHAIN} operators and keywords in a row. Use IN, or several WITH."

DATE_UNITS = frozenset(
    (
        *("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
        *("DAYOFWEEK", "DAYOFYEAR", "ISOWEEK", "ISOYEAR", "DATE", "TIME"),
    )
)
DAYS_OF_THE_WEEK = frozenset(("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"))
ALLOWED_TYPES = frozenset(
    (
        *(exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE, exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL),
        *(exp.DataType.Type.BOOLEAN, exp.DataType.Type.TEXT, exp.DataType.Type.DATE, exp.DataType.Type.DATETIME),
        *(exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIME, exp.DataType.Type.ARRAY),
    )
)
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_IDENTIFIER = re.compile(r"[^\x00-\x1f\x7f`\"'\\]{1,300}")
_SET_OPERATIONS = (exp.Union, exp.Except, exp.Intersect)
_QUERY_CLAUSES = frozenset(
    (
        *("with_", "this", "expression", "expressions", "alias", "distinct", "from_", "joins", "where", "group"),
        *("having", "qualify", "windows", "order", "limit", "offset", "kind", "side", "by_name"),
    )
)
_PARTS_OF_FORMS: dict[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys((exp.Select, exp.Subquery, *_SET_OPERATIONS), _QUERY_CLAUSES),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Table: frozenset({"this", "alias", "joins"}),
    exp.Join: frozenset({"this", "on", "side", "kind", "using", "method"}),
    exp.Unnest: frozenset({"expressions", "alias", "offset"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Star: frozenset({"except_", "replace"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Group: frozenset({"expressions", "grouping_sets", "cube", "rollup", "all"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"this", "expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.In: frozenset({"this", "expressions", "query", "unnest"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.TryCast: frozenset({"this", "to", "safe"}),
    exp.DataType: frozenset({"this", "expressions", "nested"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "alias", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.Trim: frozenset({"this", "expression", "position"}),
    exp.Array: frozenset({"expressions", "struct_name_inheritance"}),
}
"""Form → its parts; other forms have expressions only, each of which is checked itself."""
_KEYWORDS: dict[tuple[type[exp.Expr], str], frozenset[str]] = {
    (exp.Select, "kind"): frozenset({"STRUCT", "VALUE"}),
    **{
        (form, "side"): frozenset({"LEFT", "RIGHT", "FULL"})
        for form in (exp.Join, exp.Union, exp.Except, exp.Intersect)
    },
    **{(form, "kind"): frozenset({"INNER", "OUTER"}) for form in (exp.Union, exp.Except, exp.Intersect)},
    (exp.Join, "kind"): frozenset({"INNER", "OUTER", "CROSS"}),
    (exp.Join, "method"): frozenset({"NATURAL"}),
    (exp.Window, "over"): frozenset({"OVER"}),
    (exp.WindowSpec, "kind"): frozenset({"ROWS", "RANGE"}),
    **{(exp.WindowSpec, part): frozenset({"UNBOUNDED", "CURRENT ROW"}) for part in ("start", "end")},
    **{(exp.WindowSpec, part): frozenset({"PRECEDING", "FOLLOWING"}) for part in ("start_side", "end_side")},
    (exp.Trim, "position"): frozenset({"LEADING", "TRAILING"}),
}
"""Keywords that a part can be."""
_WITH_A_TEXT = (exp.Identifier, exp.Var, exp.Literal, exp.RawString)
_REASONS_AGAINST_TEXTS: dict[type[exp.Expr], str] = {
    exp.Identifier: "A name has at most 300 characters, and no quotation marks or backslashes.",
    exp.DataType: "The type {} cannot be used here.",
}
"""Messages about the values of a form."""

MAX_TEXT = 10_000
"""Characters of a text that a statement puts together; longer ones are cut."""
MAX_ARRAY = 100_000
"""Elements of GENERATE_ARRAY."""
MAX_DEPTH = 10
"""Functions and divisions within each other: an engine may repeat what is inside of one."""
MAX_QUERY_DEPTH = 5
"""Queries within each other's expressions: DuckDB plans some of them in a time that doubles with each."""
_MAX_CONCATENATED = 20
"""Texts that one CONCAT, or || in a row, puts together."""
_MAX_REPLACEMENT = 20
"""Characters that replace a match."""
_MAX_PADDED = 1_000
_OF_THE_SESSION = re.compile(
    "(current|session|local)_?(catalog|date|role|schema|time|timestamp|user)|user", re.IGNORECASE
)
"""Names that DuckDB reads as functions if no column has them, also in quotation marks."""
_GROWING = (exp.Concat, exp.DPipe, exp.Replace, exp.RegexpReplace, exp.Pad, exp.GroupConcat)
_DIVISIONS = (exp.Div, exp.IntDiv, exp.Mod)


@dataclass
class _Level:
    """An open bracket or CASE. chain: operators and keywords in it so far. joins: those whose ON has not come yet.
    is_read_twice: together with what comes before it."""

    is_case: bool = False
    is_read_twice: bool = False
    chain: int = 0
    joins: int = 0


def check_nesting(tokens: Sequence[Token]) -> None:
    """Raise `Rejected` for tokens that nest too deeply."""
    levels = [_Level()]
    before = (TokenType.SEMICOLON, TokenType.SEMICOLON)
    for token in tokens:
        kind = token.token_type
        if kind in _CLOSE:
            _close_bracket(levels)
        elif kind == TokenType.END and levels[-1].is_case and before[1] in _OPERAND_ENDS:
            _end_case(levels)
        elif kind not in _LISTED or (kind == TokenType.L_PAREN and before[1] in _CLOSE):
            level = levels[-1]
            level.chain += 1
            level.joins = _open_joins(level.joins, kind, before[1])
        if kind in _OPEN:
            is_read_twice = before[1] in _READ_TWICE or before[0] == TokenType.DOT
            levels.append(_Level(kind == TokenType.CASE, is_read_twice))
        if (
            len(levels) > MAX_BRACKETS + 1
            or sum(level.joins + level.is_read_twice for level in levels) > MAX_READ_TWICE
        ):
            raise Rejected(TOO_DEEP)
        if sum(level.chain for level in levels) > MAX_CHAIN:
            raise Rejected(_TOO_LONG)
        before = (before[1], kind)


def _close_bracket(levels: list[_Level]) -> None:
    """Close the innermost bracket, with the CASEs in it that have no END."""
    brackets = [number for number, level in enumerate(levels) if number and not level.is_case]
    if brackets:
        del levels[brackets[-1] :]


def _end_case(levels: list[_Level]) -> None:
    """Close a CASE. Its length stays, as an END may also be a name."""
    case = levels.pop()
    levels[-1].chain += case.chain
    levels[-1].joins += case.joins


def _open_joins(joins: int, kind: TokenType, before: TokenType) -> int:
    """Joins without ON yet, after one more token. The parser tries to read the next join as part of each of them."""
    if kind == TokenType.JOIN:
        return joins if before == TokenType.CROSS else joins + 1
    return max(0, joins - 1) if kind in (TokenType.ON, TokenType.USING) else joins


def check_parts(node: exp.Expr) -> None:
    """Raise `Rejected` for a part that a form cannot have, and for a value that is not offered."""
    if isinstance(node, exp.Interval) and not node.args.get("unit"):
        raise Rejected("Write the unit of an INTERVAL, such as INTERVAL 1 DAY.")
    for part, value in node.args.items():
        for one in value if isinstance(value, list) else (value,):
            if one is None or one is False:
                continue
            if part not in _PARTS_OF_FORMS.get(type(node), (part,)):
                raise Rejected(f"{node.key.upper()} with {part.strip('_').upper()} cannot be used here.")
            _check_value(node, part, one)


def _check_value(node: exp.Expr, part: str, value: object) -> None:
    if part == "unit" or (isinstance(node, exp.Extract) and part == "this"):
        is_offered = _is_unit(value)
    elif isinstance(node, exp.WindowSpec) and isinstance(value, exp.Expr):
        is_offered = isinstance(value, exp.Literal)
    elif isinstance(value, exp.Expr) or value is True:
        is_offered = True  # an expression is checked itself
    elif part == "this" and isinstance(node, _WITH_A_TEXT):
        is_offered = _is_offered_text(node, str(value))
    elif part == "this" and isinstance(node, exp.DataType):
        is_offered = value in ALLOWED_TYPES
    else:
        is_offered = value in _KEYWORDS.get((type(node), part), ())
    if not is_offered:
        raise Rejected(_REASONS_AGAINST_TEXTS.get(type(node), "{} cannot be used here.").format(_shown_value(value)))


def _is_offered_text(node: exp.Expr, text: str) -> bool:
    match node:
        case exp.Identifier():
            return _IDENTIFIER.fullmatch(text) is not None
        case exp.Var():
            return text.upper() in (DAYS_OF_THE_WEEK if isinstance(node.parent, exp.WeekStart) else DATE_UNITS)
        case exp.Literal():
            return node.is_string or _NUMBER.fullmatch(text) is not None
    return True


def _is_unit(value: object) -> bool:
    """Whether it is a word for a unit. The parser also takes texts and names for units."""
    if isinstance(value, exp.WeekStart):
        return isinstance(value.this, exp.Var)
    return isinstance(value, exp.Var | exp.Literal) and value.name.upper() in DATE_UNITS


def _shown_value(value: object) -> str:
    if isinstance(value, exp.Expr):
        value = value.sql(dialect="bigquery", comments=False)
    return str(getattr(value, "value", value))[:50]


def check_limits(node: exp.Expr) -> None:
    """Raise `Rejected` for a name of the session, a length or a depth that is not offered."""
    match node:
        case exp.Column() if not node.table and _OF_THE_SESSION.fullmatch(node.name):
            raise Rejected(f"{node.name.upper()} cannot be used here.")
        case exp.Concat() if len(node.expressions) > _MAX_CONCATENATED:
            raise Rejected(f"CONCAT takes at most {_MAX_CONCATENATED} texts here.")
        case exp.DPipe() if sum(isinstance(one, exp.DPipe) for one in _nodes_above(node)) >= _MAX_CONCATENATED:
            raise Rejected(f"|| puts together at most {_MAX_CONCATENATED} texts here.")
        case exp.Replace() | exp.RegexpReplace():
            _at_most(node.args.get("replacement"), _MAX_REPLACEMENT, "The replacement")
        case exp.Pad() if not _is_whole(node.expression) or int(node.expression.name) > _MAX_PADDED:
            raise Rejected(f"LPAD and RPAD take a length of at most {_MAX_PADDED:,} here, written as a number.")
        case exp.GenerateSeries() | exp.GenerateDateArray():
            _check_array(node)
    if _is_of_an_expression(node) and sum(map(_is_of_an_expression, _nodes_above(node))) >= MAX_QUERY_DEPTH:
        raise Rejected(f"At most {MAX_QUERY_DEPTH} queries can be within each other's expressions. Use joins.")
    if _nests(node) and sum(_nests(one) for one in _nodes_above(node)) >= MAX_DEPTH:
        raise Rejected(f"At most {MAX_DEPTH} functions can be within each other. Use a WITH for the inner ones.")


def make_conversions_safe(tree: exp.Expr) -> None:
    """Conversions and divisions become NULL where they fail, texts that grow are cut, and columns without a name get
    one as in BigQuery; in place, with the forms that the parser gives for their text."""
    for number, column in enumerate(tree.selects if isinstance(tree, exp.Query) else ()):
        if not isinstance(column, exp.Alias | exp.Column | exp.Star):
            column.replace(exp.Alias(this=column.copy(), alias=exp.to_identifier(f"f{number}_")))
    for node in list(tree.walk(bfs=False))[::-1]:
        if isinstance(node, exp.Identifier):
            node.set("quoted", True)  # so that a name is never read as a function, such as current_schema
        elif isinstance(node, exp.RawString):
            node.replace(exp.Literal.string(node.name))
        elif isinstance(node, exp.WindowSpec) and not node.args.get("end"):
            node.set("end", "CURRENT ROW")
        elif type(node) is exp.Cast and not isinstance(node.this, exp.Literal | exp.Array):
            node.replace(exp.TryCast(this=node.this, to=node.args["to"], safe=True))
        elif isinstance(node, _DIVISIONS):
            node.set("expression", exp.Nullif(this=node.expression, expression=exp.Literal.number(0)))
        elif isinstance(node, _GROWING):
            _cut_text(node)


def _cut_text(node: exp.Expr) -> None:
    if isinstance(node, exp.Replace | exp.RegexpReplace | exp.Pad):
        node.set("this", _first_letters(node.this))
    if not isinstance(node.parent, exp.Window | exp.Filter):
        node.replace(_first_letters(node.copy()))


def _first_letters(node: exp.Expr) -> exp.Left:
    return exp.Left(this=node, expression=exp.Literal.number(MAX_TEXT))


def _at_most(node: exp.Expr | None, most: int, what: str) -> None:
    if node is not None and (not isinstance(node, exp.Literal) or len(node.name) > most):
        raise Rejected(f"{what} has at most {most} characters here, and is written as a text.")


def _check_array(node: exp.Expr) -> None:
    if not isinstance(node.parent, exp.Unnest | exp.In):
        raise Rejected("Use arrays of generated values in UNNEST only.")
    if node.find(exp.Column, exp.Query):
        raise Rejected("Generate values between constants.")
    if isinstance(node, exp.GenerateSeries):
        bounds = [node.args.get(name) or exp.Literal.number(1) for name in ("start", "end", "step")]
        if not all(_is_whole(bound) for bound in bounds):
            raise Rejected("GENERATE_ARRAY takes whole numbers here.")
        start, end, _ = (_literal_value(bound) for bound in bounds)
        if abs(end - start) >= MAX_ARRAY:
            raise Rejected(f"GENERATE_ARRAY has at most {MAX_ARRAY:,} elements here.")


def _is_whole(node: exp.Expr | None) -> bool:
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdecimal()


def _literal_value(node: exp.Expr) -> int:
    return -int(node.this.name) if isinstance(node, exp.Neg) else int(node.name)


def _nests(node: exp.Expr) -> bool:
    if isinstance(node, exp.Connector | exp.WeekStart) or isinstance(node.parent, exp.Case):
        return False  # AND, the unit of a date, a WHEN
    return isinstance(node, (exp.Func, exp.Case, *_DIVISIONS))


def _is_of_an_expression(node: exp.Expr) -> bool:
    """Whether it is a query that is not read as a table."""
    parent = node.parent
    while isinstance(parent, exp.Subquery | exp.SetOperation):
        parent = parent.parent
    return isinstance(node, exp.Select) and parent is not None and not isinstance(parent, exp.From | exp.Join | exp.CTE)


def _nodes_above(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes around an expression, also around its query: an engine repeats a scalar subquery with the rest."""
    while (parent := node.parent) is not None and not isinstance(parent, exp.CTE):
        yield parent
        node = parent
