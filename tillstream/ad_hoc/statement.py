"""A statement of a person, checked and rewritten so that it reads nothing but the tables of a scope.

Every table reference is resolved here and renamed: to the relation of an offered table, or to a name of our own for a
CTE of the statement. What neither resolves to is refused, so no name is left that the engine could resolve itself.
Functions, clauses and the words without quotation marks are those of a list; what is not on it is refused, whatever it
does. The text that runs is parsed again and must be what was checked.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from tillstream.ad_hoc import nesting, parts, safety
from tillstream.ad_hoc.forms import ALLOWED, REASONS
from tillstream.ad_hoc.offered import OF_SCOPE, OfferedTable
from tillstream.ad_hoc.places import Place, of_parser, place_of
from tillstream.model.errors import Rejected
from tillstream.model.text import did_you_mean

OWN = "own_"
LONGEST = 20_000
"""Characters of a statement."""
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_PARTS_OF_A_TABLE = frozenset({"this", "alias", "joins"})
OF_THE_PARSER = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors of sqlglot for a statement whose parts it does not expect, such as a function without an argument."""
Names = Mapping[str, str]
"""Name that a statement uses → name that the engine gets."""


@dataclass(frozen=True)
class Statement:
    """A checked statement. sql: GoogleSQL, with the tables that it reads as its first CTEs. read: the offered tables
    among them. names: each name of the text in lower case, with its first place."""

    sql: str
    read: tuple[str, ...]
    names: Mapping[str, Place]


def scoped(text: str, tables: Mapping[str, OfferedTable]) -> Statement:
    """Check a statement, and rewrite it so that it reads nothing but these tables.

    Raises `Rejected` for what is not one SELECT, and for a table, function or clause that is not offered.
    """
    try:
        return _scoped(text, tables)
    except RecursionError as error:
        raise Rejected(nesting.TOO_DEEP) from error
    except OF_THE_PARSER as error:
        raise Rejected("This is not GoogleSQL: a part of the statement is missing or is not expected.") from error


def _scoped(text: str, tables: Mapping[str, OfferedTable]) -> Statement:
    tree = _parsed(text)
    names = {node.name.lower(): place_of(node) for node in reversed(list(tree.find_all(exp.Identifier)))}
    for node in tree.walk():
        try:
            _check(node)
            safety.check(node)
        except Rejected as error:
            raise Rejected(f"{place_of(node)}{error}") from error
    offered = {name: OF_SCOPE + name for name in tables}
    resolver = _Resolver(offered)
    resolver.resolve(tree, offered)
    safety.make_safe(tree)
    own = tree.args.get("with_")
    read = [name for name in tables if name in resolver.read]
    ctes = [_cte(OF_SCOPE + name, tables[name].select) for name in read]
    if ctes:
        tree.set("with_", exp.With(expressions=[*ctes, *(own.expressions if own else [])]))
    sql = tree.sql(dialect="bigquery", comments=False)
    _check_text(sql, tree, len(ctes), readable={OF_SCOPE + name for name in read} | resolver.own)
    return Statement(sql, tuple(read), names)


def _check_text(sql: str, tree: exp.Expr, ctes: int, readable: Collection[str]) -> None:
    """Raise `Rejected` unless a text has the parts of a tree, and reads only readable tables.

    ctes: the first ones, which are ours and read the marts.
    """
    (again,) = BigQuery().parse(sql)
    if again != tree:
        raise Rejected("This statement has a form that cannot be run safely. Write it in another way.")
    for cte in again.args["with_"].expressions[:ctes] if ctes else ():
        cte.pop()
    for node in again.walk():
        _check(node)
        if isinstance(node, exp.Table) and node.name not in readable:
            raise Rejected(f"There is no table {node.name}.")


def _parsed(text: str) -> exp.Expr:
    if len(text) > LONGEST:
        raise Rejected(f"A statement has at most {LONGEST:,} characters.")
    if _NOT_TEXT.search(text):
        raise Rejected("The statement has a character that is no text. Delete it, and write it again.")
    dialect = BigQuery()
    try:
        tokens = dialect.tokenize(text)
        nesting.check(tokens)
        statements = [one for one in dialect.parser().parse(tokens, text) if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Rejected(of_parser(error)) from error
    if len(statements) != 1:
        raise Rejected("Write one statement.")
    if not isinstance(statements[0], exp.Query) or isinstance(statements[0], exp.Table):
        raise Rejected("Only a SELECT can be run.")
    return statements[0]


def _check(node: exp.Expr) -> None:
    """Raise `Rejected` for a form that is not offered."""
    if type(node) in ALLOWED:
        parts.check(node)
        return
    name = node.name if isinstance(node, exp.Anonymous) else node.meta.get("bigquery_name") or node.key
    raise Rejected(REASONS.get(type(node), f"{name.upper()} cannot be used here."))


class _Resolver:
    """Renames tables. read: the offered tables that the statement reads. own: the new names of its CTEs."""

    def __init__(self, offered: Collection[str]) -> None:
        self.read: set[str] = set()
        self.own: set[str] = set()
        self._offered = offered

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
            names = {**names, name: f"{OWN}{len(self.own) + 1}"}
            self.own.add(names[name])
            cte.args["alias"].set("this", exp.to_identifier(names[name]))
        return names

    def _rename(self, table: exp.Table, names: Names) -> None:
        further = [part for part, value in table.args.items() if value and part not in _PARTS_OF_A_TABLE]
        if further or not isinstance(table.this, exp.Identifier):
            name = table.sql(dialect="bigquery", comments=False)
            raise Rejected(f"{place_of(table)}{name} cannot be read. Name one of: {', '.join(self._offered)}.")
        name = table.name.lower()
        if name not in names:
            raise Rejected(
                f"{place_of(table)}There is no table {table.name}.{did_you_mean(name, names)} "
                f"Tables: {', '.join(self._offered)}."
            )
        if name in self._offered:
            self.read.add(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(names[name]))


def _cte(name: str, select: str) -> exp.CTE:
    query = sqlglot.parse_one(select, read="bigquery")
    for identifier in query.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
