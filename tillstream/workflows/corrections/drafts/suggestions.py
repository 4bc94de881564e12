"""Suggest values for a rejected cell. Each suggestion is validated: with it the cell is not rejected."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tillstream.analytics.query_cache import QueryCache
from tillstream.model.contract import Contract
from tillstream.model.people import Scope
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts import known_values
from tillstream.workflows.corrections.drafts.edits import Edit
from tillstream.workflows.corrections.drafts.interpretations import DATES, LABELS, NUMBERS, interpret
from tillstream.workflows.corrections.drafts.rejected_rows import WHOLE_ROW
from tillstream.workflows.corrections.drafts.revalidate import accepted_with
from tillstream.workflows.corrections.drafts.workspace import DraftSnapshot

MOST = 8
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "rs": "INR", "euro": "EUR", "dollar": "USD"}
_OF_DATES = frozenset({"not-a-date", "ambiguous-date"})
_OF_NUMBERS = frozenset({"not-a-number", "ambiguous-number"})


@dataclass(frozen=True)
class Suggestion:
    text: str
    label: str
    """Display name or explanation; may be empty."""
    how: str = ""
    """Interpretation that produced it; it can be applied to all cells with the problem."""
    code: str = ""
    """Problem with which the cell was rejected."""
    every: int = 0
    """Cells of the column that would change: by the interpretation, else all with the problem and the same text."""


def suggestions(
    ports: Ports, view: DraftSnapshot, row: int, column: int, scope: Scope, cache: QueryCache | None = None
) -> list[Suggestion]:
    """Return suggestions for one cell, most likely first. row: index in `refusals`."""
    text = view.applied.cell(row, column)
    unique: dict[str, Suggestion] = {}
    for candidate in _candidates(ports, view, row, column, scope, cache):
        if candidate.text != text:
            unique.setdefault(candidate.text, candidate)
    candidates = list(unique.values())[: 3 * MOST]
    accepted = accepted_with(ports, view.applied, row, column, [candidate.text for candidate in candidates])
    passing = [candidate for candidate, is_accepted in zip(candidates, accepted, strict=True) if is_accepted][:MOST]
    return [_with_count(view, row, column, candidate) for candidate in passing]


def _with_count(view: DraftSnapshot, row: int, column: int, one: Suggestion) -> Suggestion:
    codes = [problem["code"] for problem in json.loads(view.refusals.problems[row])]
    code = next((code for code in codes if (code, column) in view.refusals.rows_by_problem), "")
    if not code:
        return one
    do, value = ("read", None) if one.how else ("put", view.applied.cell(row, column))
    step = Edit(do, code=code, column=column, value=value, text=one.text, how=one.how)
    return replace(one, code=code, every=view.would_change(step))


def count_similar(view: DraftSnapshot, row: int, column: int) -> list[dict[str, Any]]:
    """Return the original problems of a cell with the number of unedited cells that share them.

    same: cells with the same value; every: all cells. column: `WHOLE_ROW` for problems of the whole row; then the value
    is None.
    """
    applied, marks, counted = view.applied, view.refusals.rows_by_problem, []
    value = None if column == WHOLE_ROW else applied.written(row, column)
    edited: set[int] = {*applied.discarded, *applied.accepted, *applied.cells.get(column, ())}
    for code in sorted({problem["code"] for problem in json.loads(view.refusals.problems[row])}):
        if (code, column) in marks:
            step = Edit("put", code=code, column=column, value=value, seen=view.refusals.last_correction_no)
            same = sum(one not in edited for one in applied.matching_rows(step))
            every = sum(one not in edited for one in marks[code, column].tolist())
            counted.append({"code": code, "value": value, "same": same, "every": every})
    return counted


def _candidates(
    ports: Ports, view: DraftSnapshot, row: int, column: int, scope: Scope, cache: QueryCache | None
) -> Iterator[Suggestion]:
    contract, text = view.refusals.contract, view.applied.cell(row, column)
    codes = {problem["code"] for problem in json.loads(view.refusals.problems[row])}
    header = view.refusals.names[column]
    mapped = [name for name, named in contract.columns.items() if named == header]
    here = {code for code in codes if (code, column) in view.refusals.rows_by_problem}
    yield from _readings(contract, text, here)
    for name in mapped:
        values = known_values.candidate_values(ports, contract, scope, name, cache)
        if name == "currency" and text.strip().casefold() in _SIGNS:
            yield Suggestion(_SIGNS[text.strip().casefold()], "")
        if "scientific-id" in here:
            yield from (Suggestion(one.text, one.label) for one in values if _is_scientific_form(text, one.text))
        # a known value that was not rejected is not a typing error
        if here or text.strip() not in {one.text for one in values}:
            yield from (Suggestion(one.text, one.label) for one in known_values.nearest(text, values))


def _readings(contract: Contract, text: str, codes: set[str]) -> Iterator[Suggestion]:
    for hows in (DATES if codes & _OF_DATES else (), NUMBERS if codes & _OF_NUMBERS else ()):
        for how in hows:
            read = interpret(how, text, contract)
            if read:
                yield Suggestion(read, f"{_day(read)}: {LABELS[how]}" if how in DATES else LABELS[how], how)
    if "time-does-not-exist" in codes:
        yield from _an_hour_later(text, contract.dates.formats)


def _day(text: str) -> str:
    day = datetime.fromisoformat(text)
    clock = "" if len(text) <= 10 else f", {text[11:]}"
    return f"{day.day} {day:%B} {day.year}{clock}"


def _an_hour_later(text: str, formats: tuple[str, ...]) -> Iterator[Suggestion]:
    for one in formats:
        if "%" in one:
            try:
                moment = datetime.strptime(text.strip(), one)  # noqa: DTZ007 - wall clock
            except ValueError:
                continue
            later = (moment + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
            yield Suggestion(later, "one hour later, because the clocks went forward")


def _is_scientific_form(text: str, full_id: str) -> bool:
    """Return True if `text` is `full_id` in scientific notation, as spreadsheets write it (1.23E+11)."""
    match = re.fullmatch(r"-?\d(?:[.,](\d+))?[eE]\+\d{2,3}", text.strip())
    if match is None or not full_id.isdigit():
        return False
    try:
        short = Decimal(text.strip().replace(",", "."))
        return f"{Decimal(full_id):.{len(match[1] or '')}E}" == f"{short:.{len(match[1] or '')}E}"
    except InvalidOperation:
        return False
