"""Rows with too few or too many cells, taken apart in the ways in which they would be accepted."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts.revalidate import against
from tillstream.workflows.corrections.drafts.workspace import Seen

MOST = 6
FURTHEST = 2
"""So many cells too many or too few; more than that is another fault than a missing quote."""


@dataclass(frozen=True)
class Split:
    """The cells of the whole row, and in words what was done to them."""

    cells: list[str]
    label: str


def splits(ports: Ports, seen: Seen, row: int) -> list[Split]:
    """Ways to read the row that no rule speaks against; none for a row with as many cells as the header."""
    text = seen.refusals.whole.get(row)
    if text is None:
        return []
    names = seen.refusals.names
    found = _cells(text, seen)
    beyond = len(found) - len(names)
    if not 0 < abs(beyond) <= FURTHEST:
        return []
    ways = list(_joined(found, beyond, seen) if beyond > 0 else _with_gaps(found, -beyond, names))
    problems = against(ports, seen.refusals, [way.cells for way in ways])
    return [way for way, wrong in zip(ways, problems, strict=True) if not wrong][:MOST]


def _cells(text: str, seen: Seen) -> list[str]:
    style = seen.refusals.contract.file
    quoting: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter, **quoting), [])


def _joined(cells: list[str], beyond: int, seen: Seen) -> Iterator[Split]:
    """A cell that held the delimiter and was not quoted."""
    delimiter = seen.refusals.contract.file.delimiter
    for at, name in enumerate(seen.refusals.names):
        whole = delimiter.join(cells[at : at + beyond + 1])
        yield Split([*cells[:at], whole, *cells[at + beyond + 1 :]], f"“{whole}” is one cell, {name}")


def _with_gaps(cells: list[str], lacking: int, names: tuple[str, ...]) -> Iterator[Split]:
    """A cell that was left out."""
    for at in range(len(cells) + 1):
        empty = " and ".join(names[at : at + lacking])
        yield Split([*cells[:at], *[""] * lacking, *cells[at:]], f"{empty} {'is' if lacking == 1 else 'are'} left out")
