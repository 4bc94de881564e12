"""Grid of rejected rows, filtered and paginated on the server, with proposed splits of ragged rows."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from tillstream.model.people import NOT_YOUR_STORE
from tillstream.model.problems import CATALOGUE
from tillstream.pipeline.staging.split_rows import ACCEPTABLE_CODES
from tillstream.ports import Ports
from tillstream.receipts.receipt import contract_headers, with_message
from tillstream.review.correction_workspace import DraftSnapshot, RowProblems, validate_rows
from tillstream.review.rejected_rows import WHOLE_ROW, ProblemColumns

MAX_SPLITS = 6
MAX_CELL_DIFFERENCE = 2
"""Maximum surplus or deficit of cells; a larger one is not explained by a missing quote."""

ROWS_PER_PAGE = 50
_RAGGED = "ragged-row"
IntArray = npt.NDArray[np.int64]


class RejectionReason(TypedDict):
    """header: of the column; empty for the whole row. rows: that have it; left: that still have problems."""

    code: str
    title: str
    column: int
    header: str
    rows: int
    left: int


class RaggedRow(TypedDict):
    """Number of cells of a row that has too few or too many, and those beyond the header."""

    cells: int
    beyond: list[str]


class GridProblem(TypedDict):
    code: str
    message: str
    remedy: str
    columns: list[int]


class GridRow(TypedDict):
    """A rejected row. was: its edited cells as they were written. whole: its text, if it has no cells."""

    row: int
    line: int
    cells: list[str]
    was: dict[int, str]
    state: str
    reason: str
    by: str
    whole: str
    ragged: RaggedRow | None
    problems: list[GridProblem]
    acceptable: bool


class GridPage(TypedDict):
    """chosen: number of matching rows. first: index of the first row of the page."""

    rows: list[GridRow]
    chosen: int
    page: int
    pages: int
    first: int


@dataclass(frozen=True)
class RowSplit:
    """All cells of the row, and a description of the change."""

    cells: list[str]
    label: str


def propose_splits(ports: Ports, view: DraftSnapshot, row: int) -> list[RowSplit]:
    """Return splits of the row that pass validation; empty for a row with as many cells as the header."""
    text = view.refusals.whole.get(row)
    if text is None:
        return []
    names = view.refusals.names
    cells = split_cells(text, view)
    surplus = len(cells) - len(names)
    if not 0 < abs(surplus) <= MAX_CELL_DIFFERENCE:
        return []
    candidates = list(
        _with_joined_cells(cells, surplus, view) if surplus > 0 else _with_empty_cells(cells, -surplus, names)
    )
    problems = validate_rows(ports, view.refusals, [candidate.cells for candidate in candidates])
    return [candidate for candidate, issues in zip(candidates, problems, strict=True) if not issues][:MAX_SPLITS]


def split_cells(text: str, view: DraftSnapshot) -> list[str]:
    """Return the cells of the raw text of a row, as many as it has."""
    style = view.refusals.contract.file
    quoting: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter, **quoting), [])


def _with_joined_cells(cells: list[str], surplus: int, view: DraftSnapshot) -> Iterator[RowSplit]:
    """Join adjacent cells: one cell contained an unquoted delimiter."""
    delimiter = view.refusals.contract.file.delimiter
    for at, name in enumerate(view.refusals.names):
        whole = delimiter.join(cells[at : at + surplus + 1])
        yield RowSplit([*cells[:at], whole, *cells[at + surplus + 1 :]], f"“{whole}” is one cell, {name}")


def _with_empty_cells(cells: list[str], missing: int, names: tuple[str, ...]) -> Iterator[RowSplit]:
    """Insert empty cells for omitted ones."""
    for at in range(len(cells) + 1):
        empty = " and ".join(names[at : at + missing])
        yield RowSplit(
            [*cells[:at], *[""] * missing, *cells[at:]], f"{empty} {'is' if missing == 1 else 'are'} missing"
        )


@dataclass(frozen=True)
class GridQuery:
    """Filter and page of the grid. code, column: problem with which rows were rejected; left: only unresolved rows."""

    code: str = ""
    column: int | None = None
    text: str = ""
    left: bool = False
    page: int = 1


def rejection_reasons(view: DraftSnapshot, problems_by_row: dict[int, RowProblems]) -> list[RejectionReason]:
    """Return rejection reasons, most frequent first, with their row counts in all and unresolved."""
    resolved = np.array([row for row, problems in problems_by_row.items() if not problems], np.int64)
    names = view.refusals.names
    rows: list[RejectionReason] = [
        {
            "code": code,
            "title": CATALOGUE[code].title,
            "column": column,
            "header": "" if column == WHOLE_ROW else names[column],
            "rows": len(row_indexes),
            "left": int((~np.isin(row_indexes, resolved)).sum()),
        }
        for (code, column), row_indexes in view.refusals.rows_by_problem.items()
    ]
    return sorted(rows, key=lambda kind: -kind["rows"])


def grid_rows(ports: Ports, view: DraftSnapshot, wanted: GridQuery, *, bound: bool = False) -> GridPage:
    """Return the requested page with its rows and the number of matching rows. bound: whether the user is to stores."""
    problems_by_row = view.problems_by_row(ports)
    selected = _select_rows(view, problems_by_row, wanted)
    last = max(1, -(-len(selected) // ROWS_PER_PAGE))
    page = min(max(1, wanted.page), last)
    start = (page - 1) * ROWS_PER_PAGE
    writer = _GridRowWriter(view, problems_by_row, bound=bound)
    return {
        "rows": [writer.row(int(row)) for row in selected[start : start + ROWS_PER_PAGE]],
        "chosen": len(selected),
        "page": page,
        "pages": last,
        "first": start,
    }


def grid_rows_by_number(
    ports: Ports, view: DraftSnapshot, row_numbers: Iterable[int], *, bound: bool = False
) -> list[GridRow]:
    """Return the current state of these rows in file order; rows no longer in quarantine are omitted."""
    writer = _GridRowWriter(view, view.problems_by_row(ports), bound=bound)
    row_indexes = view.refusals.indexes_of(np.array(sorted(set(row_numbers)), np.int64))
    return [writer.row(int(row)) for row in row_indexes]


def next_unresolved_page(ports: Ports, view: DraftSnapshot, wanted: GridQuery) -> int:
    """Return the first page from the requested one on that has an unresolved row, wrapping around; 0 if none has."""
    problems_by_row = view.problems_by_row(ports)
    selected = _select_rows(view, problems_by_row, wanted)
    resolved = np.array([row for row, problems in problems_by_row.items() if not problems], np.int64)
    open_positions = np.flatnonzero(~np.isin(selected, resolved))
    after = open_positions[open_positions >= (wanted.page - 1) * ROWS_PER_PAGE]
    candidates = after if len(after) else open_positions
    return int(candidates[0]) // ROWS_PER_PAGE + 1 if len(candidates) else 0


def _select_rows(view: DraftSnapshot, problems_by_row: dict[int, RowProblems], wanted: GridQuery) -> IntArray:
    refusals = view.refusals
    selected = np.arange(len(refusals))
    if wanted.code or wanted.column is not None:
        marked = [
            row_indexes
            for (code, column), row_indexes in refusals.rows_by_problem.items()
            if (not wanted.code or code == wanted.code) and wanted.column in (None, column)
        ]
        selected = np.unique(np.concatenate(marked)) if marked else selected[:0]
    if wanted.left:
        resolved = np.array([row for row, problems in problems_by_row.items() if not problems], np.int64)
        selected = selected[~np.isin(selected, resolved)]
    if wanted.text:
        selected = selected[_rows_containing(view, wanted.text)[selected]]
    return selected


def _rows_containing(view: DraftSnapshot, text: str) -> npt.NDArray[np.bool_]:
    refusals = view.refusals
    contains = np.zeros(len(refusals), np.bool_)
    for column in range(len(refusals.names)):
        matches = pc.match_substring(view.applied.column(column), text, ignore_case=True)
        contains |= matches.to_numpy(zero_copy_only=False).astype(np.bool_)
    number = text.replace(",", "")
    return contains | (refusals.line_number == int(number)) if number.isascii() and number.isdigit() else contains


class _GridRowWriter:
    def __init__(self, view: DraftSnapshot, problems_by_row: dict[int, RowProblems], *, bound: bool) -> None:
        self._acceptable = ACCEPTABLE_CODES - {NOT_YOUR_STORE} if bound else ACCEPTABLE_CODES
        self._view, self._problems_by_row = view, problems_by_row
        self._headers = contract_headers(view.refusals.contract)
        self._spots = ProblemColumns(view.refusals.contract, list(view.refusals.names))

    def row(self, row: int) -> GridRow:
        refusals, applied = self._view.refusals, self._view.applied
        problems = self._problems_by_row.get(row)
        edited = {column: applied.written(row, column) for column, edits in applied.cells.items() if row in edits}
        described = list(self._described(json.loads(refusals.problems[row]) if problems is None else problems))
        return {
            "row": int(refusals.row_number[row]),
            "line": int(refusals.line_number[row]),
            "cells": applied.row(row),
            "was": edited,
            "state": self._state(row),
            "reason": applied.discarded.get(row, ""),
            "by": applied.by.get(row, ""),
            "whole": refusals.whole.get(row, ""),
            "ragged": self._ragged(row) if any(one["code"] == _RAGGED for one in described) else None,
            "problems": described,
            "acceptable": all(one["code"] in self._acceptable for one in json.loads(refusals.problems[row])),
        }

    def _ragged(self, row: int) -> RaggedRow:
        cells = split_cells(self._view.refusals.whole.get(row, ""), self._view)
        return {"cells": len(cells), "beyond": cells[len(self._view.refusals.names) :]}

    def _state(self, row: int) -> str:
        problems = self._problems_by_row.get(row)
        if problems is None:
            return "waits"
        if problems:
            return "still"
        if row in self._view.applied.discarded:
            return "discarded"
        return "accepted" if row in self._view.applied.accepted else "ready"

    def _described(self, problems: RowProblems) -> Iterator[GridProblem]:
        for problem in problems:
            issue = with_message(problem, self._headers)
            yield {
                "code": issue["code"],
                "message": issue["message"],
                "remedy": CATALOGUE[issue["code"]].remedy,
                "columns": [column for column in self._spots.columns_of(problem) if column != WHOLE_ROW],
            }
