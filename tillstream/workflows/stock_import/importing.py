"""The movements of the good rows of a file, and their recording."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import groupby
from typing import Any

import numpy as np

from tillstream.domain.catalogue.json_codec import decimal_text
from tillstream.domain.inventory.movements import MOST_LINES, DayPart, Movement, MovementKind, MovementLine
from tillstream.inventory import records
from tillstream.model.errors import NotFound
from tillstream.pipeline.reading.correction_file import BOM, format_guarded_line
from tillstream.pipeline.rows.text_columns import Ints
from tillstream.ports import Ports
from tillstream.workflows.stock_import.column import pairs
from tillstream.workflows.stock_import.reading import ReadRows
from tillstream.workflows.stock_import.refusals import Problem

_GROUP = ("store", "kind", "day", "reason", "reference", "other_store")
"""Columns that are the same in all lines of a movement."""
_NOT_OF_COUNTS = frozenset({"reason", "reference", "other_store"})
"""Rows of one product in a count add up, whatever they have in these columns."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REPORT = ("_line", "_column", "_problem", "_what_to_do")


@dataclass(frozen=True)
class RowProblem:
    line: int
    problem: Problem


@dataclass(frozen=True)
class Plan:
    """What an import would record.

    rows: rows of the file without blank ones. good: rows without a problem. movements: of the good rows. added_up: good
    rows that count a product which another row of the same count contains.
    """

    read: ReadRows
    rows: int
    good: int
    movements: Sequence[Movement]
    added_up: int

    @property
    def ignored_headers(self) -> Sequence[str]:
        return self.read.file.ignored_headers

    @property
    def refused(self) -> int:
        return self.rows - self.good

    def problems(self) -> Iterator[RowProblem]:
        """The problems of the rows, by line."""
        unreadable = sorted(self.read.file.unreadable.items())
        words, remedy = "The row cannot be read.", "Correct the quotation marks and separators of the row."
        yield from (RowProblem(line, Problem("", raw[:80], words, remedy)) for line, raw in unreadable)
        line = self.read.file.line
        for row, problem in self.read.refusals.by_row():
            yield RowProblem(int(line[row]), problem)

    def refused_rows(self) -> Iterator[str]:
        """The refused rows as lines of a CSV file, with their problems; corrected, they can be imported."""
        cells = self.read.file.cells
        yield BOM + format_guarded_line([*cells.column_names, *_REPORT])
        for row, grouped in groupby(self.read.refusals.by_row(), key=lambda one: one[0]):
            problems = [problem for _, problem in grouped]
            texts = [column[row].as_py() for column in cells.columns]
            parts = ("; ".join(getattr(one, name) for one in problems) for name in ("column", "message", "remedy"))
            yield format_guarded_line([*texts, str(self.read.file.line[row]), *parts])


def plan(read: ReadRows, day_part: DayPart) -> Plan:
    """The movements that the good rows are; the same rows in another order are the same movements.

    day_part: of facts without a time of day.
    """
    good = np.flatnonzero(~read.refusals.mask)
    movements = [replace(one, day_part=day_part) for one in _movements(read, good)]
    lines = sum(len(one.lines) for one in movements)
    file_digest = _digest([_content(one) for one in movements])
    named = [replace(one, movement_id=f"import-{_digest([file_digest, at])}") for at, one in enumerate(movements)]
    return Plan(read, len(read.file.line) + len(read.file.unreadable), len(good), named, len(good) - lines)


def recorded(ports: Ports, movements: Sequence[Movement]) -> int:
    """Number of movements that were recorded before, and not cancelled."""
    return sum(_is_recorded(ports, one.movement_id) for one in _with_free_ids(ports, movements))


def record(ports: Ports, movements: Sequence[Movement], *, by: str) -> int:
    """Record the movements; return how many are new. Idempotent. Raises as `records.record`.

    A file whose movements were cancelled can be imported again.
    """
    return records.record(ports, list(_with_free_ids(ports, movements)), by=by)


def _with_free_ids(ports: Ports, movements: Sequence[Movement]) -> Iterator[Movement]:
    for movement in movements:
        free, again = movement, 1
        while records.is_cancelled(ports, free.movement_id):
            again += 1
            free = replace(movement, movement_id=f"{movement.movement_id}-{again}")
        yield free


def _is_recorded(ports: Ports, movement_id: str) -> bool:
    try:
        records.get(ports, movement_id)
    except NotFound:
        return False
    return True


def _movements(read: ReadRows, good: Ints) -> Iterator[Movement]:
    """Movements without an ID, sorted by their content."""
    columns = {name: column.take(good) for name, column in read.columns.items()}
    counts = columns["kind"].where(lambda kind: kind is MovementKind.COUNT)
    group = reduce(
        pairs, (columns[name].blank_where(counts) if name in _NOT_OF_COUNTS else columns[name] for name in _GROUP)
    )
    product, quantity, at = columns["product"], columns["quantity"], read.at[good]
    order = np.lexsort((at, quantity.ranks(), product.ranks(), group.ranks()))
    sorted_groups = group.index[order]
    for rows in np.split(order, np.flatnonzero(np.diff(sorted_groups)) + 1) if len(order) else ():
        (((((region, store), kind), day), reason), reference), other_store = group.values[group.index[rows[0]]]
        lines = [
            MovementLine(product.values[code][1], quantity.values[units], _instant(micros))
            for code, units, micros in zip(
                product.index[rows].tolist(), quantity.index[rows].tolist(), at[rows].tolist(), strict=True
            )
        ]
        if kind is MovementKind.COUNT:
            lines = _added_up(lines, [product.values[code][0] for code in product.index[rows].tolist()])
        for first in range(0, len(lines), MOST_LINES):
            part = tuple(lines[first : first + MOST_LINES])
            yield Movement(
                "", kind, region, store, day, part, reason=reason, reference=reference, other_store=other_store
            )


def _added_up(lines: Sequence[MovementLine], products: Sequence[str]) -> list[MovementLine]:
    """One line for each product. products: (n,), that of each line; equal ones follow each other."""
    if len(set(products)) == len(products):
        return list(lines)
    added = []
    for _, grouped in groupby(zip(products, lines, strict=True), key=lambda one: one[0]):
        same = [line for _, line in grouped]
        times = [line.occurred_at for line in same if line.occurred_at]
        added.append(
            MovementLine(
                same[0].product_id, sum((line.quantity for line in same), Decimal(0)), max(times, default=None)
            )
        )
    return added


def _instant(microseconds: int) -> datetime | None:
    return None if microseconds < 0 else _EPOCH + timedelta(microseconds=microseconds)


def _content(movement: Movement) -> list[Any]:
    lines = [[one.product_id, decimal_text(one.quantity), str(one.occurred_at or "")] for one in movement.lines]
    texts = (movement.kind, movement.region, movement.store_id, movement.stock_date, movement.day_part)
    return [*map(str, texts), movement.reason, movement.reference, movement.other_store, lines]


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
