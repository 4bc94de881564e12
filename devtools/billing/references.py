"""The tables that a statement reads: their columns, and the partitions that constant filters leave.

Views are replaced by their queries, and filters are pushed into these, also through UNION ALL. Two savings that
BigQuery may find are ignored: clustering, and constants that pass from one side of a join to the other.

Which filters prune: https://cloud.google.com/bigquery/docs/querying-partitioned-tables: the
partitioning column alone on one side, a constant on the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.pushdown_predicates import pushdown_predicates
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

import sql as catalogue
from tillstream.adapters.google.bigquery.tables import BIGQUERY_TYPES, FIELDS, LAYOUTS

Value = date | datetime | int
DIALECT = "bigquery"
_SCHEMA = {name: {field.name: BIGQUERY_TYPES[field.kind] for field in fields} for name, fields in FIELDS.items()}


@dataclass(frozen=True)
class Selection:
    """The values of the partitioning column that constant filters leave."""

    values: frozenset[Value] | None = None
    """None: not limited to single values."""
    low: Value | None = None
    high: Value | None = None

    @property
    def is_constant(self) -> bool:
        return self.values is not None or (self.low is not None and self.high is not None)

    def __and__(self, other: "Selection") -> "Selection":
        values = other.values if self.values is None else self.values
        if self.values is not None and other.values is not None:
            values = self.values & other.values
        return Selection(values, other.low if self.low is None else self.low, self.high or other.high)


EVERYTHING = Selection()


@dataclass(frozen=True)
class Reference:
    """One table that a statement reads."""

    table: str
    columns: frozenset[str]
    selection: Selection
    """Meaningless if the table has no partitions."""

    @property
    def is_pruned(self) -> bool:
        return not LAYOUTS[self.table].partitioned or self.selection.is_constant


def references(query: exp.Expression) -> list[Reference]:
    """The tables of a SELECT, views resolved; one that is read twice is listed twice."""
    tree = _without_views(query.copy())
    tree = qualify(tree, schema=_SCHEMA, dialect=DIALECT, quote_identifiers=False, validate_qualify_columns=False)
    tree = pushdown_predicates(pushdown_projections(tree), dialect=DIALECT)
    while _push_down(tree):
        tree = pushdown_predicates(tree, dialect=DIALECT)
    return [reference for scope in traverse_scope(tree) for reference in _of_scope(scope)]


def _push_down(tree: exp.Expression) -> bool:
    """Move conditions that sqlglot leaves outside: on a UNION ALL, and in the ON of a join with a named subquery.

    Returns whether there were any.
    """
    moved = False
    for scope in traverse_scope(tree):
        for condition in list(_conjuncts(scope.expression)):
            columns = list(condition.find_all(exp.Column))
            source = scope.sources.get(columns[0].table) if len(columns) == 1 else None
            query = source.expression if isinstance(source, Scope) else None
            if query is None or not _is_read_once(tree, source):
                continue
            inner = [(part, _projection(part, columns[0].name)) for part in _parts(query)]
            if all(projection is not None for _, projection in inner):
                for part, projection in inner:
                    part.where(condition.transform(_replaced, columns[0], projection), copy=False)
                condition.replace(exp.true())
                moved = True
    return moved


def _is_read_once(tree: exp.Expression, source: Any) -> bool:
    cte = source.expression.parent
    return not isinstance(cte, exp.CTE) or sum(table.name == cte.alias for table in tree.find_all(exp.Table)) == 1


def _parts(query: exp.Expression) -> Iterator[exp.Select]:
    """The SELECTs of a UNION ALL; a SELECT itself."""
    if isinstance(query, exp.Union):
        for side in (query.left, query.right):
            yield from _parts(side.unnest())
    else:
        yield query


def _projection(part: exp.Select, name: str) -> exp.Expression | None:
    """What a column of the SELECT is computed from; None if a condition on it cannot be moved into the SELECT."""
    if part.find(exp.Window) or any(part.args.get(clause) for clause in ("group", "limit", "qualify", "distinct")):
        return None
    projection = next((each.unalias() for each in part.expressions if each.alias_or_name == name), None)
    return projection if isinstance(projection, exp.Column | exp.Literal) else None


def _replaced(node: exp.Expression, column: exp.Column, by: exp.Expression) -> exp.Expression:
    return by.copy() if node == column else node


def _of_scope(scope: Any) -> Iterator[Reference]:
    for alias, source in scope.sources.items():
        if isinstance(source, exp.Table) and source.name in FIELDS:
            columns = frozenset(column.name for column in scope.columns if column.table == alias)
            yield Reference(source.name, columns, selection(source.name, alias, _conjuncts(scope.expression)))


def _conjuncts(select: exp.Expression) -> Iterator[exp.Expression]:
    """Conditions that every row of a scope meets."""
    conditions = [select.args.get("where")]
    conditions += [join.args.get("on") for join in select.args.get("joins") or () if not join.side]
    for condition in conditions:
        if condition is not None:
            yield from _flat(condition.this if isinstance(condition, exp.Where) else condition)


def _flat(condition: exp.Expression) -> Iterator[exp.Expression]:
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from _flat(inner.left)
        yield from _flat(inner.right)
    else:
        yield inner


def selection(table: str, alias: str, conditions: Iterable[exp.Expression]) -> Selection:
    """What the conditions leave of a table's partitions."""
    column, left = LAYOUTS[table].partitioned, EVERYTHING
    for condition in conditions:
        subject = condition.this
        if isinstance(subject, exp.Column) and subject.name == column and subject.table in ("", alias):
            left &= _limited(condition)
    return left


def _limited(condition: exp.Expression) -> Selection:
    match condition:
        case exp.EQ():
            return _values([condition.expression])
        case exp.In():
            listed = condition.expressions
            if unnested := condition.args.get("unnest"):
                arrays = unnested.expressions if isinstance(unnested, exp.Unnest) else [unnested]
                listed = [value for array in arrays for value in array.unnest().expressions]
            return _values(listed)
        case exp.Between():
            return Selection(None, constant(condition.args["low"]), constant(condition.args["high"]))
        case exp.GT() | exp.GTE():
            return Selection(low=constant(condition.expression))
        case exp.LT() | exp.LTE():
            return Selection(high=constant(condition.expression))
    return EVERYTHING


def _values(expressions: Iterable[exp.Expression]) -> Selection:
    values = [constant(expression) for expression in expressions]
    return EVERYTHING if None in values or not values else Selection(frozenset(v for v in values if v is not None))


def constant(expression: exp.Expression) -> Value | None:
    """The value of a literal; None for any other expression."""
    inner = expression.unnest()
    if isinstance(inner, exp.Cast) and isinstance(inner.this, exp.Literal):
        text = inner.this.name
        return date.fromisoformat(text) if inner.to.is_type("date") else datetime.fromisoformat(text)
    if isinstance(inner, exp.Neg):
        positive = constant(inner.this)
        return -positive if isinstance(positive, int) else None
    return int(inner.name) if isinstance(inner, exp.Literal) and inner.is_int else None


# ---- views ----------------------------------------------------------------------------------------------------------


def _without_views(tree: exp.Expression) -> exp.Expression:
    """Replace the views of the catalogue by their queries; names lose their dataset."""
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        table.set("db", None)
        if table.name in _views() and table.name not in local:
            query = _without_views(_views()[table.name].copy())
            alias = table.alias or table.name
            joined = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))
            table.replace(joined)
    return tree


@cache
def _views() -> dict[str, exp.Expression]:
    """View → its query."""
    views: dict[str, exp.Expression] = {}
    for name, text in catalogue.views(catalogue.BIGQUERY_VIEWS):
        (statement,) = (tree for tree in sqlglot.parse(text, read=DIALECT) if tree is not None)
        views[name] = statement.expression
    return views
