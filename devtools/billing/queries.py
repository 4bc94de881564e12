"""Bytes that BigQuery bills for the statements of a query or script (on-demand), and by its Storage APIs.

- A query: the columns it references, in the partitions that remain; at least 10 MB for each table that it reads, and
  rounded up to 1 MB. Failed and cached queries and dry runs cost nothing. In a script, this holds for each statement.
  https://cloud.google.com/bigquery/pricing#on_demand_pricing
- INSERT: as its SELECT. UPDATE and DELETE: what they read, and all columns of the partitions that they change. MERGE:
  what its source reads and, unless it only inserts, all columns of the partitions that it changes.
  https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#on-demand_query_size_calculation

Only a MERGE whose conditions are in WHEN has a rule here, because the product sends no other. The table that an INSERT
fills counts as read by none of these rules: an INSERT of constants is billed nothing.

Of the Storage APIs:

- Read: the selected columns of the partitions that a constant row restriction leaves; no minimum. Savings by clustering
  are ignored. https://cloud.google.com/bigquery/pricing#data_extraction_pricing
- Write: the bytes of the rows. https://cloud.google.com/bigquery/pricing#data_ingestion_pricing
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from devtools.billing.references import DIALECT, Reference, references, selection
from devtools.billing.traffic import Ledger

MB = 1 << 20
LEAST = 10 * MB
_IF = re.compile(r"IF (?P<condition>.+?) THEN\b.*END IF", re.DOTALL)
_SET = re.compile(r"SET \w+ = (?P<value>.*)", re.DOTALL)
_FREE = ("BEGIN", "COMMIT", "ROLLBACK", "DECLARE")


@dataclass(frozen=True)
class Statement:
    """One statement of a script, as it is billed."""

    name: str
    """Its verb and the table that it changes, else the tables that it reads."""
    reads: tuple[Reference, ...]
    changes: Reference | None = None
    """Table and partitions of an UPDATE, DELETE or MERGE."""
    fills: str = ""
    """Table of an INSERT."""

    def bytes(self, ledger: Ledger) -> int:
        """Bytes billed."""
        by_table: dict[str, float] = {}
        for read in self.reads:
            read_bytes = ledger.bytes(read.table, read.columns, read.selection)
            by_table[read.table] = by_table.get(read.table, 0) + read_bytes
        if self.changes:
            name = self.changes.table
            by_table[name] = by_table.get(name, 0) + ledger.all_bytes(name, self.changes.selection)
        return sum(max(LEAST, math.ceil(size / MB) * MB) for size in by_table.values())


@lru_cache(maxsize=256)
def script_statements(text: str) -> tuple[Statement, ...]:
    """The statements of a script that are billed; those that run only after an error are left out."""
    return tuple(_statement(_as_query(part)) for part in _split(text) if not part.startswith(_FREE))


def _split(text: str) -> Iterator[str]:
    """The statements of a script; IF … END IF is one."""
    start = depth = 0
    words: list[str] = []
    """Of the current statement."""
    for token in sqlglot.tokenize(text, read=DIALECT):
        word = token.text.upper()
        if word == "IF" and not words:
            depth += 1
        elif words[-1:] == ["END"] and word == "IF":
            depth -= 1
        if token.token_type == TokenType.SEMICOLON and not depth:
            yield text[start : token.start].strip()
            start, words = token.end + 1, []
        else:
            words.append(word)
    if words:
        yield text[start:].strip()


def _as_query(part: str) -> str:
    """An IF as a query of its condition, SET as a query of its value."""
    for pattern, name in ((_IF, "condition"), (_SET, "value")):
        if match := pattern.fullmatch(part):
            return f"SELECT {match[name]}"
    return part


def _statement(text: str) -> Statement:
    tree = sqlglot.parse_one(text, read=DIALECT)
    match tree:
        case exp.Insert():
            target = tree.find(exp.Table)
            return Statement(f"INSERT INTO {target.name}", tuple(references(tree.expression)), fills=target.name)
        case exp.Update() | exp.Delete():
            return _change(tree)
        case exp.Merge() if tree.args["on"] == exp.false():
            return _merge(tree)
        case exp.Query():
            reads = tuple(references(tree))
            return Statement(f"SELECT {', '.join(dict.fromkeys(read.table for read in reads))}".strip(), reads)
    raise ValueError(f"No rule for the bytes of {text.split(None, 1)[0]}")


def _change(tree: exp.Expression) -> Statement:
    """UPDATE or DELETE. Its conditions apply to the table that it changes."""
    table = tree.this.name
    alias = tree.this.alias or table
    where = tree.args.get("where")
    conditions = [*where.this.flatten()] if where and isinstance(where.this, exp.And) else [where.this] if where else []
    left = selection(table, alias, conditions)
    columns = frozenset(column.name for column in tree.find_all(exp.Column) if column.table in ("", alias))
    reads = [Reference(table, columns, left)]
    for query in tree.find_all(exp.Select):
        reads += references(query)
    verb = "UPDATE" if isinstance(tree, exp.Update) else "DELETE FROM"
    return Statement(f"{verb} {table}", tuple(reads), Reference(table, frozenset(), left))


def _merge(tree: exp.Merge) -> Statement:
    """MERGE … ON FALSE. Each row of the source is inserted; the conditions of the others choose the changed rows."""
    table, alias = tree.this.name, tree.this.alias or tree.this.name
    whens = tree.args["whens"].expressions
    changing = [when for when in whens if not isinstance(when.args["then"], exp.Insert)]
    conditions = [when.args["condition"] for when in changing if when.args.get("condition")]
    source = tree.args["using"]
    query = source.this if isinstance(source, exp.Subquery) else exp.select("*").from_(source.copy())
    changes = Reference(table, frozenset(), selection(table, alias, conditions)) if changing else None
    return Statement(f"MERGE {table}", tuple(references(query)), changes)


@dataclass(frozen=True)
class ReadSession:
    """A read of one table. restriction: its SQL condition; empty for all rows."""

    table: str
    columns: Sequence[str]
    restriction: str

    @cached_property
    def reference(self) -> Reference:
        """The partitions that are left. Columns that only the restriction names are read as well."""
        where = f" WHERE {self.restriction}" if self.restriction else ""
        text = f"SELECT {', '.join(self.columns) or '*'} FROM {self.table}{where}"
        (reference,) = references(sqlglot.parse_one(text, read=DIALECT))
        return reference

    def bytes(self, ledger: Ledger) -> float:
        reference = self.reference
        return ledger.bytes(reference.table, reference.columns, reference.selection)
