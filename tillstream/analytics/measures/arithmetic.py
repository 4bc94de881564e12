"""Arithmetic of measures, such as `revenue / orders`: parsed, with its names, and as GoogleSQL."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
FUNCTIONS = ("before", "year_before", "whole")
"""before(x): x of the period to compare with; year_before(x): of the same days of the previous year; whole(x): of the
group without its product, category and customer. Their argument is a measure."""
POSITIVE = "positive"
"""positive(x): x, or NULL if it is 0 or less."""


@dataclass(frozen=True)
class Reference:
    """A measure in an expression, and the function that is applied to it, if any."""

    measure: str
    function: str = ""


@dataclass(frozen=True)
class Arithmetic:
    tree: ast.expr

    def references(self) -> Iterator[Reference]:
        """The measures of the expression."""
        yield from _references(self.tree)

    def to_sql(self, resolve: Callable[[Reference], str]) -> str:
        """GoogleSQL with the text of each reference; a quotient is NUMERIC, and NULL if it divides by zero."""
        return _to_sql(self.tree, resolve)


@cache
def parse(text: str) -> Arithmetic:
    """Parse an expression. Raises `ValueError` for anything but arithmetic of measures."""
    tree = ast.parse(text, mode="eval").body
    _to_sql(tree, lambda reference: reference.measure)
    return Arithmetic(tree)


def _references(tree: ast.expr) -> Iterator[Reference]:
    match tree:
        case ast.Name(id=name):
            yield Reference(name)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)]) if function in FUNCTIONS:
            yield Reference(name, function)
        case ast.Call(args=[argument]):
            yield from _references(argument)
        case ast.BinOp(left=left, right=right):
            yield from _references(left)
            yield from _references(right)


def _to_sql(tree: ast.expr, resolve: Callable[[Reference], str]) -> str:
    match tree:
        case ast.Name(id=name):
            return resolve(Reference(name))
        case ast.Constant(value=int() as number):
            return str(number)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)]) if function in FUNCTIONS:
            return resolve(Reference(name, function))
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function == POSITIVE:
            value = _to_sql(argument, resolve)
            return f"IF({value} > 0, {value}, NULL)"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            dividend, divisor = _to_sql(left, resolve), _to_sql(right, resolve)
            return f"SAFE_DIVIDE(CAST({dividend} AS NUMERIC), CAST({divisor} AS NUMERIC))"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in SIGNS:
            return f"({_to_sql(left, resolve)} {SIGNS[type(operator)]} {_to_sql(right, resolve)})"
    raise ValueError(f"{ast.unparse(tree)} is not arithmetic of measures.")
