"""What a refused cell may have meant. Each suggestion was tried: with it the cell is not refused."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tillstream.analytics.queries import QueryCache
from tillstream.domain.contract.model import Contract
from tillstream.domain.people import Scope
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts import known_values
from tillstream.workflows.corrections.drafts.edits import Step
from tillstream.workflows.corrections.drafts.interpretations import DATES, LABELS, NUMBERS, read_as
from tillstream.workflows.corrections.drafts.rejected_rows import NOWHERE
from tillstream.workflows.corrections.drafts.revalidate import stands
from tillstream.workflows.corrections.drafts.workspace import Seen

MOST = 8
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "rs": "INR", "euro": "EUR", "dollar": "USD"}
_OF_DATES = frozenset({"not-a-date", "ambiguous-date"})


@dataclass(frozen=True)
class Suggestion:
    text: str
    label: str
    """What it means, or is called; may be empty."""
    how: str = ""
    """The reading that gave it, which may be taken for all cells with the problem."""
    code: str = ""
    """The problem of the cell as it was refused."""
    every: int = 0
    """How many cells of the column would change: by the reading, else all with the problem and the same text."""


def suggestions(
    ports: Ports, seen: Seen, row: int, column: int, scope: Scope, cache: QueryCache | None = None
) -> list[Suggestion]:
    """For one cell, the most likely first. row: its place among the refusals."""
    text = seen.applied.cell(row, column)
    found: dict[str, Suggestion] = {}
    for one in _candidates(ports, seen, row, column, scope, cache):
        if one.text != text:
            found.setdefault(one.text, one)
    tried = list(found.values())[: 3 * MOST]
    allowed = stands(ports, seen.applied, row, column, [one.text for one in tried])
    good = [one for one, stands_so in zip(tried, allowed, strict=True) if stands_so][:MOST]
    return [_reaching(seen, row, column, one) for one in good]


def _reaching(seen: Seen, row: int, column: int, one: Suggestion) -> Suggestion:
    codes = [problem["code"] for problem in json.loads(seen.refusals.problems[row])]
    code = next((code for code in codes if (code, column) in seen.refusals.marks), "")
    if not code:
        return one
    do, value = ("read", None) if one.how else ("put", seen.applied.cell(row, column))
    step = Step(do, code=code, column=column, value=value, text=one.text, how=one.how)
    return replace(one, code=code, every=seen.would_change(step))


def alike(seen: Seen, row: int, column: int) -> list[dict[str, Any]]:
    """The problems of a cell as it was refused, and how many cells have each still: of its value, and in all.

    column: NOWHERE for the problems that stand in no cell; the value is None then.
    """
    applied, marks, counted = seen.applied, seen.refusals.marks, []
    value = None if column == NOWHERE else applied.written(row, column)
    edited: set[int] = {*applied.discarded, *applied.accepted, *applied.cells.get(column, ())}
    for code in sorted({problem["code"] for problem in json.loads(seen.refusals.problems[row])}):
        if (code, column) in marks:
            step = Step("put", code=code, column=column, value=value, seen=seen.refusals.last_fix)
            same = sum(one not in edited for one in applied.alike(step))
            every = sum(one not in edited for one in marks[code, column].tolist())
            counted.append({"code": code, "value": value, "same": same, "every": every})
    return counted


def _candidates(
    ports: Ports, seen: Seen, row: int, column: int, scope: Scope, cache: QueryCache | None
) -> Iterator[Suggestion]:
    contract, text = seen.refusals.contract, seen.applied.cell(row, column)
    codes = {problem["code"] for problem in json.loads(seen.refusals.problems[row])}
    header = seen.refusals.names[column]
    mapped = [name for name, named in contract.columns.items() if named == header]
    here = {code for code in codes if (code, column) in seen.refusals.marks}
    yield from _readings(contract, text, here)
    for name in mapped:
        values = known_values.known(ports, contract, scope, name, cache)
        if name == "currency" and text.strip().casefold() in _SIGNS:
            yield Suggestion(_SIGNS[text.strip().casefold()], "")
        if "scientific-id" in here:
            yield from (Suggestion(one.text, one.label) for one in values if _shortened(text, one.text))
        # a value that is known and was not refused is no slip
        if here or text.strip() not in {one.text for one in values}:
            yield from (Suggestion(one.text, one.label) for one in known_values.nearest(text, values))


def _readings(contract: Contract, text: str, codes: set[str]) -> Iterator[Suggestion]:
    for hows in (DATES if codes & _OF_DATES else (), NUMBERS if "not-a-number" in codes else ()):
        for how in hows:
            read = read_as(how, text, contract)
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
            yield Suggestion(later, "one hour later, as the clocks said then")


def _shortened(text: str, known_id: str) -> bool:
    """Whether a spreadsheet may have made 1.23E+11 of it."""
    found = re.fullmatch(r"-?\d(?:[.,](\d+))?[eE]\+\d{2,3}", text.strip())
    if found is None or not known_id.isdigit():
        return False
    try:
        short = Decimal(text.strip().replace(",", "."))
        return f"{Decimal(known_id):.{len(found[1] or '')}E}" == f"{short:.{len(found[1] or '')}E}"
    except InvalidOperation:
        return False
