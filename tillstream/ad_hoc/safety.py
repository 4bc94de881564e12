"""Limits of a statement that hold before an engine reads it, and forms that cannot fail at a value.

A conversion or a division that fails would show that a row with such a value exists, also outside the scope, because an
engine may compute it before it selects the rows of the scope.
"""

import re
from collections.abc import Iterator

from sqlglot import exp

from tillstream.model.errors import Rejected

LONGEST_TEXT = 10_000
"""Characters of a text that a statement puts together; longer ones are cut."""
LONGEST_ARRAY = 100_000
"""Elements of GENERATE_ARRAY."""
DEEPEST = 10
"""Functions and divisions within each other: an engine may repeat what is inside of one."""
DEEPEST_QUERIES = 5
"""Queries within each other's expressions: DuckDB plans some of them in a time that doubles with each."""
_PARTS = 20
"""Texts that one CONCAT, or || in a row, puts together."""
_REPLACEMENT = 20
"""Characters that replace a match."""
_PADDED = 1_000
_OF_THE_SESSION = re.compile(
    "(current|session|local)_?(catalog|date|role|schema|time|timestamp|user)|user", re.IGNORECASE
)
"""Names that DuckDB reads as functions if no column has them, also in quotation marks."""
_GROWING = (exp.Concat, exp.DPipe, exp.Replace, exp.RegexpReplace, exp.Pad, exp.GroupConcat)
_DIVISIONS = (exp.Div, exp.IntDiv, exp.Mod)
_ARRAYS = (exp.GenerateSeries, exp.GenerateDateArray)


def check(node: exp.Expr) -> None:
    """Raise `Rejected` for a name of the session, a length or a depth that is not offered."""
    match node:
        case exp.Column() if not node.table and _OF_THE_SESSION.fullmatch(node.name):
            raise Rejected(f"{node.name.upper()} cannot be used here.")
        case exp.Concat() if len(node.expressions) > _PARTS:
            raise Rejected(f"CONCAT takes at most {_PARTS} texts here.")
        case exp.DPipe() if sum(isinstance(one, exp.DPipe) for one in _above(node)) >= _PARTS:
            raise Rejected(f"|| puts together at most {_PARTS} texts here.")
        case exp.Replace() | exp.RegexpReplace():
            _at_most(node.args.get("replacement"), _REPLACEMENT, "The replacement")
        case exp.Pad() if not _is_whole(node.expression) or int(node.expression.name) > _PADDED:
            raise Rejected(f"LPAD and RPAD take a length of at most {_PADDED:,} here, written as a number.")
        case exp.GenerateSeries() | exp.GenerateDateArray():
            _check_array(node)
    if _is_of_an_expression(node) and sum(map(_is_of_an_expression, _above(node))) >= DEEPEST_QUERIES:
        raise Rejected(f"At most {DEEPEST_QUERIES} queries can be within each other's expressions. Use joins.")
    if _nests(node) and sum(_nests(one) for one in _above(node)) >= DEEPEST:
        raise Rejected(f"At most {DEEPEST} functions can be within each other. Use a WITH for the inner ones.")


def make_safe(tree: exp.Expr) -> None:
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
            _cut(node)


def _cut(node: exp.Expr) -> None:
    if isinstance(node, exp.Replace | exp.RegexpReplace | exp.Pad):
        node.set("this", _left(node.this))
    if not isinstance(node.parent, exp.Window | exp.Filter):
        node.replace(_left(node.copy()))


def _left(node: exp.Expr) -> exp.Left:
    return exp.Left(this=node, expression=exp.Literal.number(LONGEST_TEXT))


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
        start, end, _ = (_value(bound) for bound in bounds)
        if abs(end - start) >= LONGEST_ARRAY:
            raise Rejected(f"GENERATE_ARRAY has at most {LONGEST_ARRAY:,} elements here.")


def _is_whole(node: exp.Expr | None) -> bool:
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdecimal()


def _value(node: exp.Expr) -> int:
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


def _above(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes around an expression, also around its query: an engine repeats a scalar subquery with the rest."""
    while (parent := node.parent) is not None and not isinstance(parent, exp.CTE):
        yield parent
        node = parent
