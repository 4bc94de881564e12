"""A statement of a person, checked and rewritten so that it reads nothing but the tables of a scope.

Every table reference is resolved here and renamed: to the relation of an offered table, or to a name of our own for a
CTE of the statement. What neither resolves to is refused, so no name is left that the engine could resolve itself.
Functions and clauses are those of a list; a function that is not on it is refused, whatever it does.
"""

from collections.abc import Collection, Mapping

import sqlglot
from sqlglot import exp

from tillstream.ad_hoc.forms import ALLOWED, REASONS
from tillstream.ad_hoc.tables import OF_SCOPE, OfferedTable
from tillstream.domain.errors import Rejected
from tillstream.domain.text.near_names import did_you_mean

OWN = "own_"
LONGEST = 20_000
"""Characters of a statement."""
_PARTS_OF_A_TABLE = frozenset({"this", "alias", "joins"})
Names = Mapping[str, str]
"""Name that a statement uses → name that the engine gets."""


def scoped(text: str, tables: Mapping[str, OfferedTable]) -> str:
    """The statement in GoogleSQL with the tables that it reads as its first CTEs.

    Raises `Rejected` for what is not one SELECT, and for a table, function or clause that is not offered.
    """
    tree = _parsed(text)
    for node in tree.walk():
        _check(node)
    offered = {name: OF_SCOPE + name for name in tables}
    resolver = _Resolver(offered)
    resolver.resolve(tree, offered)
    own = tree.args.get("with_")
    ctes = [_cte(OF_SCOPE + name, tables[name].select) for name in tables if name in resolver.read]
    if ctes:
        tree.set("with_", exp.With(expressions=[*ctes, *(own.expressions if own else [])]))
    result: str = tree.sql(dialect="bigquery", comments=False)
    return result


def _parsed(text: str) -> exp.Expr:
    if len(text) > LONGEST:
        raise Rejected(f"A statement has at most {LONGEST:,} characters.")
    try:
        statements = [one for one in sqlglot.parse(text, read="bigquery") if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Rejected(f"This is not GoogleSQL: {_first_line(error)}") from error
    except RecursionError as error:
        raise Rejected("The statement is nested too deeply.") from error
    if len(statements) != 1:
        raise Rejected("Write one statement.")
    if not isinstance(statements[0], exp.Query) or isinstance(statements[0], exp.Table):
        raise Rejected("Only a SELECT can be run.")
    return statements[0]


def _first_line(error: Exception) -> str:
    return str(error).replace("\x1b[4m", "").replace("\x1b[0m", "").partition("\n")[0]


def _check(node: exp.Expr) -> None:
    """Raise `Rejected` for a form that is not offered."""
    if type(node) in ALLOWED:
        return
    name = node.name.upper() if isinstance(node, exp.Anonymous) else node.key.upper()
    raise Rejected(REASONS.get(type(node), f"{name} cannot be used here."))


class _Resolver:
    """Renames tables. read: the offered tables that the statement reads."""

    def __init__(self, offered: Collection[str]) -> None:
        self.read: set[str] = set()
        self._offered = offered
        self._count = 0

    def resolve(self, node: exp.Expr, names: Names) -> None:
        """Rename the tables below a node, with the CTEs that are visible there."""
        if isinstance(node, exp.Table):
            self._rename(node, names)
        own = node.args.get("with_") if isinstance(node, exp.Query) else None
        if own is not None:
            names = self._define(own, names)
        for child in node.iter_expressions():
            if child is not own:
                self.resolve(child, names)

    def _define(self, own: exp.With, names: Names) -> Names:
        """Rename the CTEs of a WITH; each reads only those before it."""
        if own.args.get("recursive"):
            raise Rejected("WITH RECURSIVE cannot be used here.")
        for cte in own.expressions:
            self.resolve(cte.this, names)
            name = cte.alias.lower()
            if name in self._offered:
                raise Rejected(f"{cte.alias} is the name of a table. Choose another name for the CTE.")
            self._count += 1
            names = {**names, name: f"{OWN}{self._count}"}
            cte.args["alias"].set("this", exp.to_identifier(names[name]))
        return names

    def _rename(self, table: exp.Table, names: Names) -> None:
        further = [part for part, value in table.args.items() if value and part not in _PARTS_OF_A_TABLE]
        if further or not isinstance(table.this, exp.Identifier):
            raise Rejected(f"{table.sql(dialect='bigquery')} cannot be read. Name one of: {', '.join(self._offered)}.")
        name = table.name.lower()
        if name not in names:
            raise Rejected(
                f"There is no table {table.name}.{did_you_mean(name, names)} Tables: {', '.join(self._offered)}."
            )
        if name in self._offered:
            self.read.add(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(names[name]))


def _cte(name: str, select: str) -> exp.CTE:
    alias = exp.TableAlias(this=exp.to_identifier(name))
    return exp.CTE(this=sqlglot.parse_one(select, read="bigquery"), alias=alias)
