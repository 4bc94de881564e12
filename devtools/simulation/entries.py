"""What the model receives: rows, batches and the cells that they belong to; a difference between product and books."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

VALIDATED = ("new", "corrected", "duplicate")
"""Outcomes of rows that count."""


class Difference(AssertionError):
    """The product and the books differ.

    kind: what differs, in a few words, the same for all differences of its kind. seeds: of the companies that it is
    about.
    """

    def __init__(self, kind: str, text: str, seeds: Iterable[int] = ()) -> None:
        super().__init__(text)
        self.kind = kind
        self.seeds = sorted(set(seeds))


class Cell(NamedTuple):
    """The sales of one store on one day. No rule of the ledger reaches beyond it, as no sale changes its day here."""

    region: str
    store: str
    day: str


class Content(NamedTuple):
    """The facts of a line that the simulation varies."""

    product: str
    quantity: int
    price: Decimal


class Key(NamedTuple):
    """One line of one sale."""

    sale: str
    line: str


@dataclass(frozen=True)
class Row:
    """One line of a file or of a message.

    content: None if validation refuses it. place: position in time of a message; rows of files take that of their file.
    fix: number of the correction that wrote it, 0 for the original. accepted: a person accepted it unchanged.
    """

    number: int
    cell: Cell
    key: Key
    content: Content | None
    version: int = 0
    place: int = 0
    fix: int = 0
    accepted: bool = False
    discarded: bool = False


@dataclass
class Batch:
    """One file, micro-batch or correction.

    rules: which side counts where a file differs from a till: ask, file or till. whole: what it states completely:
    nothing, `sale` or `store-day`. received: microseconds. parent: the file that a correction belongs to.
    """

    name: str
    is_till: bool
    rules: str
    whole: str
    received: int
    rows: list[Row]
    sha256: str = ""
    contract: str = ""
    parent: str = ""
    fix: int = 0
    is_undone: bool = False
    outcomes: dict[int, str] = field(default_factory=dict)
    """Row number → latest outcome."""
    by_cell: dict[Cell, dict[int, Row]] = field(default_factory=dict)
    """The latest version of each row."""
    every_row: dict[Cell, list[Row]] = field(default_factory=dict)
    """All versions of each row that validation accepted."""
