"""The first rows of a file as a contract understands them: each cell beside what it becomes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, BinaryIO

import pyarrow as pa

from tillstream.domain.contract.model import Contract
from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.normalising.dates.sale_time import Dating, date_evidence, needs_evidence, only_midnights
from tillstream.pipeline.reading.open_reader import blocks, by_contract
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.row_batch import Part
from tillstream.pipeline.staging.sources.file import complete, part_of
from tillstream.receipts import receipt as receipts

ROWS, REFUSED = 3, 2
LOOKED_AT = 1_000
DATED = {"date": ("sold_at", "sale_date"), "time": ("sold_at",)}
UNSAID = frozenset({None, "?", "XXX"})
ALWAYS = ("region", "store_id", "currency", "country", "channel", "net_amount", "status")
"""What a line has also where no column says it."""


@dataclass(frozen=True)
class Cell:
    raw: str
    value: Any = None
    """What it becomes; None for nothing."""
    wrong: tuple[str, ...] = ()
    """What speaks against it, in words."""


@dataclass(frozen=True)
class Column:
    header: str
    """As the file calls it; empty for what the contract or other columns tell."""
    becomes: str
    """A column of a sale line; empty for what is only kept beside it."""
    role: str
    """What the contract maps the header as: `date` becomes sold_at or sale_date."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Understood:
    columns: tuple[Column, ...]
    """In the file's order, and then what no column of it says."""
    lines: tuple[int, ...]
    """Of the file, each row's."""


def understood(
    open_original: Callable[[], BinaryIO], contract: Contract, received: date, limits: Limits = LIMITS, rows: int = ROWS
) -> Understood:
    """Raises `Rejected` for a file that the contract cannot read at all."""
    readable = blocks(open_original, by_contract(contract, limits))
    try:
        block = next(readable)
    finally:
        readable.close()
    complete(block, contract)
    known = date_evidence(block.cells, contract) if needs_evidence(contract) else None
    dating = Dating(bool(only_midnights(block.cells, contract)), known)
    looked = _first(block, LOOKED_AT)
    part = part_of(looked, contract, received, dating)
    picked = _picked(part.findings.refused(part.table.num_rows).tolist(), rows)
    lines = tuple(int(part.line_number[at]) for at in picked)
    return Understood(tuple(_columns(looked.cells, part, contract, picked)), lines)


def _picked(refused: list[bool], rows: int) -> list[int]:
    """The first rows, and the first that are refused where they are none of these."""
    first = list(range(min(rows, len(refused))))
    wrong = [at for at, bad in enumerate(refused) if bad and at >= rows]
    return first + wrong[:REFUSED]


def _first(block: Block, rows: int) -> Block:
    return replace(
        block,
        cells=block.cells.slice(0, rows),
        row_number=block.row_number[:rows],
        line_number=block.line_number[:rows],
        refused=[],
        flagged={},
    )


def _columns(read: pa.Table, part: Part, contract: Contract, picked: list[int]) -> list[Column]:
    wrong = _wrong(part, contract)
    values = {name: part.table.column(name).take(picked).to_pylist() for name in part.table.column_names}
    found, told = [], set[str]()
    for header in read.column_names:
        raw = read.column(header).take(picked).to_pylist()
        roles = [name for name, mapped in contract.columns.items() if mapped == header] or [""]
        for role in roles:
            becomes = _told_as(role, values)
            told.add(becomes)
            cells = tuple(
                Cell(raw[n], values[becomes][n] if becomes else None, wrong.get((at, header), ()))
                for n, at in enumerate(picked)
            )
            found.append(Column(header, becomes, role, cells))
    others = [name for name in ALWAYS if name not in told and any(value not in UNSAID for value in values[name])]
    return found + [Column("", name, "", tuple(Cell("", value) for value in values[name])) for name in others]


def _told_as(role: str, values: dict[str, list[Any]]) -> str:
    """The column of a sale line that shows what a mapped header became."""
    choices = [name for name in DATED.get(role, (role,)) if name in values]
    filled = [name for name in choices if any(value is not None for value in values[name])]
    return next(iter(filled or choices), "")


def _wrong(part: Part, contract: Contract) -> dict[tuple[int, str], tuple[str, ...]]:
    """(row, header) → what was found, in words."""
    named, found = receipts.headers_of(contract), dict[tuple[int, str], tuple[str, ...]]()
    for row in part.findings.table().to_pylist():
        header = named.get(row["column"] or "", "")
        place = (row["index"], header)
        found[place] = (*found.get(place, ()), str(receipts.in_words(row, named)["message"]))
    return found
