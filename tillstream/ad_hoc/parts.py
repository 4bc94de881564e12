"""The parts that a form of a statement can have, and the values that are written without quotation marks.

A generator writes more than names and texts: units, types, numbers, keywords. It writes them without quotation marks,
so each must be one of a list. A part or a value that is not listed is refused, also one that a later sqlglot adds.
"""

import re

from sqlglot import exp

from tillstream.model.errors import Rejected

UNITS = frozenset(
    (
        *("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
        *("DAYOFWEEK", "DAYOFYEAR", "ISOWEEK", "ISOYEAR", "DATE", "TIME"),
    )
)
DAYS_OF_THE_WEEK = frozenset(("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"))
TYPES = frozenset(
    (
        *(exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE, exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL),
        *(exp.DataType.Type.BOOLEAN, exp.DataType.Type.TEXT, exp.DataType.Type.DATE, exp.DataType.Type.DATETIME),
        *(exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIME, exp.DataType.Type.ARRAY),
    )
)
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f`\"'\\]{1,300}")
_SET_OPERATIONS = (exp.Union, exp.Except, exp.Intersect)
_CLAUSES = frozenset(
    (
        *("with_", "this", "expression", "expressions", "alias", "distinct", "from_", "joins", "where", "group"),
        *("having", "qualify", "windows", "order", "limit", "offset", "kind", "side", "by_name"),
    )
)
_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys((exp.Select, exp.Subquery, *_SET_OPERATIONS), _CLAUSES),
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
_REFUSED: dict[type[exp.Expr], str] = {
    exp.Identifier: "A name has at most 300 characters, and no quotation marks or backslashes.",
    exp.DataType: "The type {} cannot be used here.",
}
"""Messages about the values of a form."""


def check(node: exp.Expr) -> None:
    """Raise `Rejected` for a part that a form cannot have, and for a value that is not offered."""
    if isinstance(node, exp.Interval) and not node.args.get("unit"):
        raise Rejected("Write the unit of an INTERVAL, such as INTERVAL 1 DAY.")
    for part, value in node.args.items():
        for one in value if isinstance(value, list) else (value,):
            if one is None or one is False:
                continue
            if part not in _PARTS.get(type(node), (part,)):
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
        is_offered = value in TYPES
    else:
        is_offered = value in _KEYWORDS.get((type(node), part), ())
    if not is_offered:
        raise Rejected(_REFUSED.get(type(node), "{} cannot be used here.").format(_shown(value)))


def _is_offered_text(node: exp.Expr, text: str) -> bool:
    match node:
        case exp.Identifier():
            return _NAME.fullmatch(text) is not None
        case exp.Var():
            return text.upper() in (DAYS_OF_THE_WEEK if isinstance(node.parent, exp.WeekStart) else UNITS)
        case exp.Literal():
            return node.is_string or _NUMBER.fullmatch(text) is not None
    return True


def _is_unit(value: object) -> bool:
    """Whether it is a word for a unit. The parser also takes texts and names for units."""
    if isinstance(value, exp.WeekStart):
        return isinstance(value.this, exp.Var)
    return isinstance(value, exp.Var | exp.Literal) and value.name.upper() in UNITS


def _shown(value: object) -> str:
    if isinstance(value, exp.Expr):
        value = value.sql(dialect="bigquery", comments=False)
    return str(getattr(value, "value", value))[:50]
