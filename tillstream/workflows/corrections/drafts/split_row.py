"""Propose cell splits for rows with too few or too many cells; only splits that validate are returned."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts.revalidate import validate_rows
from tillstream.workflows.corrections.drafts.workspace import DraftSnapshot

MOST = 6
MAX_DIFFERENCE = 2
"""Maximum surplus or deficit of cells; a larger one is not explained by a missing quote."""


@dataclass(frozen=True)
class Split:
    """All cells of the row, and a description of the change."""

    cells: list[str]
    label: str


def propose_splits(ports: Ports, view: DraftSnapshot, row: int) -> list[Split]:
    """Return splits of the row that pass validation; empty for a row with as many cells as the header."""
    text = view.refusals.whole.get(row)
    if text is None:
        return []
    names = view.refusals.names
    cells = split_cells(text, view)
    surplus = len(cells) - len(names)
    if not 0 < abs(surplus) <= MAX_DIFFERENCE:
        return []
    candidates = list(
        _with_joined_cells(cells, surplus, view) if surplus > 0 else _with_empty_cells(cells, -surplus, names)
    )
    problems = validate_rows(ports, view.refusals, [candidate.cells for candidate in candidates])
    return [candidate for candidate, issues in zip(candidates, problems, strict=True) if not issues][:MOST]


def split_cells(text: str, view: DraftSnapshot) -> list[str]:
    """Return the cells of the raw text of a row, as many as it has."""
    style = view.refusals.contract.file
    quoting: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter, **quoting), [])


def _with_joined_cells(cells: list[str], surplus: int, view: DraftSnapshot) -> Iterator[Split]:
    """Join adjacent cells: one cell contained an unquoted delimiter."""
    delimiter = view.refusals.contract.file.delimiter
    for at, name in enumerate(view.refusals.names):
        whole = delimiter.join(cells[at : at + surplus + 1])
        yield Split([*cells[:at], whole, *cells[at + surplus + 1 :]], f"“{whole}” is one cell, {name}")


def _with_empty_cells(cells: list[str], missing: int, names: tuple[str, ...]) -> Iterator[Split]:
    """Insert empty cells for omitted ones."""
    for at in range(len(cells) + 1):
        empty = " and ".join(names[at : at + missing])
        yield Split([*cells[:at], *[""] * missing, *cells[at:]], f"{empty} {'is' if missing == 1 else 'are'} missing")
