"""The rows of the grid, chosen and paged on the server, each with what is wrong and what was typed."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.staging.split_rows import ACCEPTABLE
from tillstream.ports import Ports
from tillstream.receipts.receipt import headers_of, in_words
from tillstream.workflows.corrections.drafts.rejected_rows import NOWHERE, Spots
from tillstream.workflows.corrections.drafts.revalidate import Problems
from tillstream.workflows.corrections.drafts.workspace import Seen

PER_PAGE = 50
_ELSEWHERE = re.compile(r",? in(?:to)? the downloaded rows? and give (?:them|it) back")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """code and column choose rows by their problem as they were refused; `left`: rows that still need somebody."""

    code: str = ""
    column: int | None = None
    text: str = ""
    left: bool = False
    page: int = 1


def kinds(seen: Seen, found: dict[int, Problems]) -> list[dict[str, Any]]:
    """What was refused for, the most frequent first, and how much of it is left."""
    done = np.array([row for row, problems in found.items() if not problems], np.int64)
    names = seen.refusals.names
    rows = [
        {
            "code": code,
            "title": CATALOGUE[code].title,
            "column": column,
            "header": "" if column == NOWHERE else names[column],
            "rows": len(places),
            "left": int((~np.isin(places, done)).sum()),
        }
        for (code, column), places in seen.refusals.marks.items()
    ]
    return sorted(rows, key=lambda kind: -kind["rows"])


def rows_of(ports: Ports, seen: Seen, wanted: Wanted) -> dict[str, Any]:
    """The page that is wanted: its rows, and how many rows are chosen in all."""
    found = seen.found(ports)
    chosen = _chosen(seen, found, wanted)
    last = max(1, -(-len(chosen) // PER_PAGE))
    page = min(max(1, wanted.page), last)
    first = (page - 1) * PER_PAGE
    writer = _Writer(seen, found)
    return {
        "rows": [writer.row(int(row)) for row in chosen[first : first + PER_PAGE]],
        "chosen": len(chosen),
        "page": page,
        "pages": last,
        "first": first,
    }


def rows_named(ports: Ports, seen: Seen, row_numbers: Iterable[int]) -> list[dict[str, Any]]:
    """These rows as they are now, in the order of the file; those that wait no more are left out."""
    writer = _Writer(seen, seen.found(ports))
    places = seen.refusals.places(np.array(sorted(set(row_numbers)), np.int64))
    return [writer.row(int(row)) for row in places]


def next_left(ports: Ports, seen: Seen, wanted: Wanted) -> int:
    """The first page on or after the wanted one that holds a row which needs somebody; 0 where none does."""
    found = seen.found(ports)
    chosen = _chosen(seen, found, wanted)
    done = np.array([row for row, problems in found.items() if not problems], np.int64)
    open_places = np.flatnonzero(~np.isin(chosen, done))
    after = open_places[open_places >= (wanted.page - 1) * PER_PAGE]
    where = after if len(after) else open_places
    return int(where[0]) // PER_PAGE + 1 if len(where) else 0


def _chosen(seen: Seen, found: dict[int, Problems], wanted: Wanted) -> Ints:
    refusals = seen.refusals
    chosen = np.arange(len(refusals))
    if wanted.code or wanted.column is not None:
        marked = [
            places
            for (code, column), places in refusals.marks.items()
            if (not wanted.code or code == wanted.code) and wanted.column in (None, column)
        ]
        chosen = np.unique(np.concatenate(marked)) if marked else chosen[:0]
    if wanted.left:
        done = np.array([row for row, problems in found.items() if not problems], np.int64)
        chosen = chosen[~np.isin(chosen, done)]
    if wanted.text:
        chosen = chosen[_holding(seen, wanted.text)[chosen]]
    return chosen


def _holding(seen: Seen, text: str) -> npt.NDArray[np.bool_]:
    refusals = seen.refusals
    holds = np.zeros(len(refusals), np.bool_)
    for column in range(len(refusals.names)):
        found = pc.match_substring(seen.applied.column(column), text, ignore_case=True)
        holds |= found.to_numpy(zero_copy_only=False).astype(np.bool_)
    number = text.replace(",", "")
    return holds | (refusals.line_number == int(number)) if number.isascii() and number.isdigit() else holds


class _Writer:
    def __init__(self, seen: Seen, found: dict[int, Problems]) -> None:
        self._seen, self._found = seen, found
        self._headers = headers_of(seen.refusals.contract)
        self._spots = Spots(seen.refusals.contract, list(seen.refusals.names))

    def row(self, row: int) -> dict[str, Any]:
        refusals, applied = self._seen.refusals, self._seen.applied
        problems = self._found.get(row)
        edited = {column: applied.written(row, column) for column, edits in applied.cells.items() if row in edits}
        return {
            "row": int(refusals.row_number[row]),
            "line": int(refusals.line_number[row]),
            "cells": applied.row(row),
            "was": edited,
            "state": self._state(row),
            "reason": applied.discarded.get(row, ""),
            "by": applied.by.get(row, ""),
            "whole": refusals.whole.get(row, ""),
            "problems": list(self._words(json.loads(refusals.problems[row]) if problems is None else problems)),
            "acceptable": all(one["code"] in ACCEPTABLE for one in json.loads(refusals.problems[row])),
        }

    def _state(self, row: int) -> str:
        problems = self._found.get(row)
        if problems is None:
            return "waits"
        if problems:
            return "still"
        if row in self._seen.applied.discarded:
            return "discarded"
        return "accepted" if row in self._seen.applied.accepted else "ready"

    def _words(self, problems: Problems) -> Iterator[dict[str, Any]]:
        for problem in problems:
            told = in_words(problem, self._headers)
            yield {
                "code": told["code"],
                "message": told["message"],
                "remedy": _ELSEWHERE.sub(" here", told["remedy"]),
                "columns": [column for column in self._spots.of(problem) if column != NOWHERE],
            }
