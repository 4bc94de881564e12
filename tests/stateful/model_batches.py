"""What the model of the ledger is given: batches, their rows and lines."""

from dataclasses import dataclass, field
from typing import NamedTuple

FILE, TILL = "file", "till"
Key = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """One row that validation accepts: `facts` is its content, sorted as the columns of a sale line are."""

    sale: str
    product: str
    store_day: tuple[str, str]
    facts: tuple[tuple[str, object], ...]
    line: str | None = None
    version: int = 0
    accepted: bool = False

    @property
    def store(self) -> str:
        return self.store_day[0]

    def differs(self, other: "Line", *, across: bool) -> bool:
        if not across:
            return self.facts != other.facts
        mine, theirs = (
            {name: value for name, value in facts if value is not None and name != "extra"}
            for facts in (self.facts, other.facts)
        )
        return any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys())


@dataclass(frozen=True)
class ModelRow:
    """One row of a batch. Without a line it is refused (its scopes as far as they can be read) or discarded."""

    number: int
    line: Line | None = None
    sale: str | None = None
    store_day: tuple[str, str] | None = None
    discarded: bool = False
    fix: int = 0
    sequence: int = 0
    sender: str | None = None
    """The store whose token sent the message; None for a file, and for a message of nobody who is bound."""


@dataclass(eq=False)
class ModelBatch:
    id: str
    kind: str
    """upload, messages, correction or replay"""
    contract: str
    version: int
    received: int
    rows: list[ModelRow]
    sha: str = ""
    replaces: str = ""
    rules: str = "ask"
    as_new: bool = False
    parent: str = ""
    fix: int = 0
    writers: dict[int, frozenset[str]] = field(default_factory=dict)
    """Number of a correction in it, or 0 → the stores to which the writer of its rows is bound; missing: not bound."""
    settled: bool = False
    undone: bool = False
    removed: int = 0

    @property
    def side(self) -> str:
        return TILL if self.kind == "messages" else FILE


class Sighting(NamedTuple):
    root: ModelBatch
    row: ModelRow
    line: Line
    key: Key
