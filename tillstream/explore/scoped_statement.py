"""A statement of a person, checked and rewritten so that it reads nothing but the tables of a scope.

Every table reference is resolved here and renamed: to the relation of an offered table, or to a name of our own for a
CTE of the statement. What neither resolves to is refused, so no name is left that the engine could resolve itself.
Functions, clauses and the words without quotation marks are those of a list; what is not on it is refused, whatever it
does. The text that runs is parsed again and must be what was checked.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError

from tillstream.explore import statement_forms
from tillstream.explore.statement_forms import ALLOWED_FORMS, REASONS_AGAINST_FORMS
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.text import did_you_mean
from tillstream.ports.machine import BrokenFrame

SCOPED_PREFIX = "scoped_"
"""Prefix of the relations that replace the tables in a query."""

OWN_PREFIX = "own_"
MAX_STATEMENT = 20_000
"""Characters of a statement."""
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_TABLE_PARTS = frozenset({"this", "alias", "joins"})
PARSER_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors of sqlglot for a statement whose parts it does not expect, such as a function without an argument."""
TableNames = Mapping[str, str]
"""Name that a statement uses → name that the engine gets."""

_UNKNOWN_COLUMN = re.compile(r"""(?:[Cc]olumn(?: name)?|name:) ["`]?(?:\w+\.)*(\w+)""")
"""How the engines name a column that is unknown or ambiguous."""
_UNKNOWN_COLUMN_OF = re.compile(r"""(?:Table|Values list) "(\w+)" does not have a column named "(\w+)\"""")
"""How DuckDB names a column that a table lacks."""
_AMBIGUOUS_NAME = re.compile("ambiguous", re.IGNORECASE)


@dataclass(frozen=True)
class OfferedColumn:
    name: str
    type: str
    description: str


@dataclass(frozen=True)
class OfferedTable:
    """A table as a person sees it. select: its rows within the scope, in GoogleSQL. is_restricted: whether the table
    has further rows."""

    name: str
    description: str
    columns: tuple[OfferedColumn, ...]
    select: str
    is_restricted: bool


@dataclass(frozen=True)
class StatementPlace:
    """line, column: from 1; 0 if unknown."""

    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The beginning of a message; empty if unknown."""
        return f"Line {self.line}, column {self.column}: " if self.line else ""


def place_of(node: exp.Expr) -> StatementPlace:
    """The first place of a part of a statement. The parser records those of names and of functions."""
    places = [(one.meta["line"], one.meta["start"], one) for one in node.walk() if "line" in one.meta]
    if not places:
        return StatementPlace()
    line, _, first = min(places, key=lambda one: one[:2])
    return StatementPlace(line, first.meta["col"] - (first.meta["end"] - first.meta["start"]))


def parser_error_text(error: Exception) -> str:
    """What the parser could not read, in a sentence with its place."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        near = first.get("highlight") or ""
        place = StatementPlace(int(first.get("line") or 0), max(1, int(first.get("col") or 0) - len(near) + 1))
        return f"{place}This is not GoogleSQL near {near}. {_parser_reason(str(first.get('description') or ''))}"
    return "This is not GoogleSQL: a quotation mark or a comment is not closed."


def _parser_reason(description: str) -> str:
    """What the parser states, in words for people: without names of its classes."""
    if description.startswith("Required keyword"):
        return "Something is missing after it."
    if description.startswith("Invalid expression"):
        return "It is not expected here; is a comma missing before it, or one too many?"
    return description.partition(" but got ")[0] + "."


@dataclass(frozen=True)
class ScopedStatement:
    """A checked statement. sql: GoogleSQL, with the tables that it reads as its first CTEs. read: the offered tables
    among them. names: each name of the text in lower case, with its first place."""

    sql: str
    read: tuple[str, ...]
    names: Mapping[str, StatementPlace]


def scope_statement(text: str, tables: Mapping[str, OfferedTable]) -> ScopedStatement:
    """Check a statement, and rewrite it so that it reads nothing but these tables.

    Raises `Rejected` for what is not one SELECT, and for a table, function or clause that is not offered.
    """
    try:
        return _scope_parsed(text, tables)
    except RecursionError as error:
        raise Rejected(statement_forms.TOO_DEEP) from error
    except PARSER_ERRORS as error:
        raise Rejected("This is not GoogleSQL: a part of the statement is missing or is not expected.") from error


def _scope_parsed(text: str, tables: Mapping[str, OfferedTable]) -> ScopedStatement:
    tree = _parse_statement(text)
    names = {node.name.lower(): place_of(node) for node in reversed(list(tree.find_all(exp.Identifier)))}
    for node in tree.walk():
        try:
            _check_forms(node)
            statement_forms.check_limits(node)
        except Rejected as error:
            raise Rejected(f"{place_of(node)}{error}") from error
    offered = {name: SCOPED_PREFIX + name for name in tables}
    resolver = _Resolver(offered)
    resolver.resolve(tree, offered)
    statement_forms.make_conversions_safe(tree)
    own = tree.args.get("with_")
    read = [name for name in tables if name in resolver.read]
    ctes = [_cte_of_table(SCOPED_PREFIX + name, tables[name].select) for name in read]
    if ctes:
        tree.set("with_", exp.With(expressions=[*ctes, *(own.expressions if own else [])]))
    sql = tree.sql(dialect="bigquery", comments=False)
    _check_readable_tables(sql, tree, len(ctes), readable={SCOPED_PREFIX + name for name in read} | resolver.own)
    return ScopedStatement(sql, tuple(read), names)


def _check_readable_tables(sql: str, tree: exp.Expr, ctes: int, readable: Collection[str]) -> None:
    """Raise `Rejected` unless a text has the parts of a tree, and reads only readable tables.

    ctes: the first ones, which are ours and read the marts.
    """
    (again,) = BigQuery().parse(sql)
    if again != tree:
        raise Rejected("This statement has a form that cannot be run safely. Write it in another way.")
    for cte in again.args["with_"].expressions[:ctes] if ctes else ():
        cte.pop()
    for node in again.walk():
        _check_forms(node)
        if isinstance(node, exp.Table) and node.name not in readable:
            raise Rejected(f"There is no table {node.name}.")


def _parse_statement(text: str) -> exp.Expr:
    if len(text) > MAX_STATEMENT:
        raise Rejected(f"A statement has at most {MAX_STATEMENT:,} characters.")
    if _NOT_TEXT.search(text):
        raise Rejected("The statement has a character that is no text. Delete it, and write it again.")
    dialect = BigQuery()
    try:
        tokens = dialect.tokenize(text)
        statement_forms.check_nesting(tokens)
        statements = [one for one in dialect.parser().parse(tokens, text) if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Rejected(parser_error_text(error)) from error
    if len(statements) != 1:
        raise Rejected("Write one statement.")
    if not isinstance(statements[0], exp.Query) or isinstance(statements[0], exp.Table):
        raise Rejected("Only a SELECT can be run.")
    return statements[0]


def _check_forms(node: exp.Expr) -> None:
    """Raise `Rejected` for a form that is not offered."""
    if type(node) in ALLOWED_FORMS:
        statement_forms.check_parts(node)
        return
    name = node.name if isinstance(node, exp.Anonymous) else node.meta.get("bigquery_name") or node.key
    raise Rejected(REASONS_AGAINST_FORMS.get(type(node), f"{name.upper()} cannot be used here."))


class _Resolver:
    """Renames tables. read: the offered tables that the statement reads. own: the new names of its CTEs."""

    def __init__(self, offered: Collection[str]) -> None:
        self.read: set[str] = set()
        self.own: set[str] = set()
        self._offered = offered

    def resolve(self, node: exp.Expr, names: TableNames) -> None:
        """Rename the tables below a node, with the CTEs that are visible there."""
        if isinstance(node, exp.Table):
            self._rename(node, names)
        own = node.args.get("with_") if isinstance(node, exp.Query) else None
        if own is not None:
            names = self._define(own, names)
        for child in node.iter_expressions():
            if child is not own:
                self.resolve(child, names)

    def _define(self, own: exp.With, names: TableNames) -> TableNames:
        """Rename the CTEs of a WITH; each reads only those before it."""
        if own.args.get("recursive"):
            raise Rejected("WITH RECURSIVE cannot be used here.")
        for cte in own.expressions:
            self.resolve(cte.this, names)
            name = cte.alias.lower()
            if name in self._offered:
                raise Rejected(f"{cte.alias} is the name of a table. Choose another name for the CTE.")
            names = {**names, name: f"{OWN_PREFIX}{len(self.own) + 1}"}
            self.own.add(names[name])
            cte.args["alias"].set("this", exp.to_identifier(names[name]))
        return names

    def _rename(self, table: exp.Table, names: TableNames) -> None:
        further = [part for part, value in table.args.items() if value and part not in _TABLE_PARTS]
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


def _cte_of_table(name: str, select: str) -> exp.CTE:
    query = sqlglot.parse_one(select, read="bigquery")
    for identifier in query.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def error_with_place(error: Rejected, names: Mapping[str, StatementPlace], offered: Iterable[OfferedTable]) -> Rejected:
    """The error of an engine with its place in the statement, if it is about a name of it. names: as in
    `ScopedStatement`."""
    if (lacking := _UNKNOWN_COLUMN_OF.search(str(error))) and (name := lacking[2].lower()) in names:
        return Rejected(f"{names[name]}There is no column {name} in {lacking[1]}.")
    match = _UNKNOWN_COLUMN.search(str(error))
    name = match[1].lower() if match else ""
    if name not in names:
        return error
    if _AMBIGUOUS_NAME.search(str(error)):
        return Rejected(f"{names[name]}{name} is in several tables. Write TABLE.{name}.")
    columns = {column.name for table in offered for column in table.columns}
    if name in columns:
        return error
    return Rejected(f"{names[name]}There is no column {name}.{did_you_mean(name, columns)}")


def tables_to_json(tables: Iterable[OfferedTable]) -> list[JsonObject]:
    return [
        {
            "name": table.name,
            "select": table.select,
            "is_restricted": table.is_restricted,
            "columns": [[column.name, column.type] for column in table.columns],
        }
        for table in tables
    ]


def tables_from_json(tables: Iterable[Mapping[str, Any]]) -> dict[str, OfferedTable]:
    """By name, without descriptions."""
    return {
        table["name"]: OfferedTable(
            table["name"],
            "",
            tuple(OfferedColumn(name, kind, "") for name, kind in table["columns"]),
            table["select"],
            table["is_restricted"],
        )
        for table in tables
    }


def statement_to_json(statement: ScopedStatement) -> JsonObject:
    names = {name: [place.line, place.column] for name, place in statement.names.items()}
    return {
        "sql": statement.sql,
        "read": list(statement.read),
        "names": names,
    }


def statement_from_json(value: Mapping[str, Any], offered: Mapping[str, OfferedTable]) -> ScopedStatement:
    """Raises `BrokenFrame` for a statement that reads other tables than those offered."""
    try:
        names = {str(name): StatementPlace(int(line), int(column)) for name, (line, column) in value["names"].items()}
        read = tuple(str(name) for name in value["read"])
        statement = ScopedStatement(str(value["sql"]), read, names)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenFrame("A frame is no statement.") from error
    if not set(read) <= offered.keys():
        raise BrokenFrame("A statement reads a table that was not offered.")
    return statement
