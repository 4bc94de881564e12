"""Suggest values for a rejected cell, among them known values of its column; each is validated."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import TypedDict

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.model.contract import Contract
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.review.cell_interpretations import DATE_RULES, NUMBER_RULES, RULE_LABELS, interpret_cell
from tillstream.review.correction_draft import DraftEdit
from tillstream.review.correction_workspace import DraftSnapshot, accepts_texts
from tillstream.review.rejected_rows import WHOLE_ROW

LEDGER_VALUE_COLUMNS = {
    "store_id": "store",
    "product_id": "product",
    "salesperson_id": "salesperson",
    "category": "category",
    "channel": "channel",
    "country": "country",
    "currency": "currency",
}
"""Column of a sale line → its name in the `known-values` query."""
MIN_SIMILARITY = 0.5
MAX_LEDGER_VALUES = 6

MAX_SUGGESTIONS = 8
_CURRENCY_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "rs": "INR",
    "euro": "EUR",
    "dollar": "USD",
}
_DATE_PROBLEMS = frozenset({"not-a-date", "ambiguous-date"})
_NUMBER_PROBLEMS = frozenset({"not-a-number", "ambiguous-number"})


class SimilarCells(TypedDict):
    """Unedited cells with a problem of a cell. value: of the cell; same: those that have it; every: all."""

    code: str
    value: str | None
    same: int
    every: int


@dataclass(frozen=True)
class KnownValue:
    """A value as the source writes it; `label`: its display name if the value is an id or a code."""

    text: str
    label: str = ""


def ledger_values(
    ports: Ports, contract: Contract, scope: Scope, column: str, cache: QueryCache | None = None
) -> tuple[KnownValue, ...]:
    """Return values as the source would write them, contract values first; empty for columns without known values."""
    values = {text: KnownValue(text) for text in _values_of_contract(contract, column)}
    if column in LEDGER_VALUE_COLUMNS and scope.may(Action.SEE_PERSONAL):
        only = Filters(region=(contract.region,))
        rows = run_query(
            ports.warehouse, "known-values", scope, only, cache=cache, column=LEDGER_VALUE_COLUMNS[column]
        ).to_pylist()
        words = {meaning: word for word, meaning in contract.values.get(column, {}).items()}
        allowed = contract.allowed.get(column)
        for row in rows:
            if allowed is None or row["value"] in allowed:
                text = words.get(row["value"], row["value"])
                values[text] = KnownValue(text, row["name"] or "")
    return tuple(values.values())


def _values_of_contract(contract: Contract, column: str) -> Iterable[str]:
    if column == "status":
        return contract.status.words
    if column == "store_id" and contract.stores:
        return contract.stores
    if column == "product_id" and contract.products:
        return contract.products
    if column == "currency" and contract.currency:
        return (contract.currency,)
    words = {meaning: word for word, meaning in contract.values.get(column, {}).items()}
    return tuple(words.get(word, word) for word in contract.allowed.get(column, ())) + tuple(
        contract.dates.store_zones if column == "store_id" else ()
    )


def nearest_values(text: str, values: Iterable[KnownValue], *, all_of: int = 12) -> list[KnownValue]:
    """Return the values most similar to the text, by value or label; the first ones if the text is empty.

    With at most `all_of` values no similarity threshold applies.
    """
    some = list(values)
    if not text.strip():
        return some[:MAX_LEDGER_VALUES]
    wanted = text.strip().casefold()
    scored = [(max(_similarity(wanted, one.text), _similarity(wanted, one.label)), one) for one in some]
    scored.sort(key=lambda pair: -pair[0])
    return [one for score, one in scored if score >= MIN_SIMILARITY or len(some) <= all_of][:MAX_LEDGER_VALUES]


def _similarity(wanted: str, text: str) -> float:
    if not text:
        return 0.0
    folded = text.casefold()
    matcher = SequenceMatcher(None, wanted, folded)
    if matcher.real_quick_ratio() < MIN_SIMILARITY and not folded.startswith(wanted):
        return 0.0
    return 0.9 if folded.startswith(wanted) and folded != wanted else matcher.ratio()


@dataclass(frozen=True)
class CellSuggestion:
    text: str
    label: str
    """Display name or explanation; may be empty."""
    how: str = ""
    """Interpretation that produced it; it can be applied to all cells with the problem."""
    code: str = ""
    """Problem with which the cell was rejected."""
    every: int = 0
    """Cells of the column that would change: by the interpretation, else all with the problem and the same text."""


def suggest_values(
    ports: Ports, view: DraftSnapshot, row: int, column: int, scope: Scope, cache: QueryCache | None = None
) -> list[CellSuggestion]:
    """Return suggestions for one cell, most likely first. row: index in `refusals`."""
    text = view.applied.cell(row, column)
    unique: dict[str, CellSuggestion] = {}
    for candidate in _candidate_texts(ports, view, row, column, scope, cache):
        if candidate.text != text:
            unique.setdefault(candidate.text, candidate)
    candidates = list(unique.values())[: 3 * MAX_SUGGESTIONS]
    accepted = accepts_texts(ports, view.applied, row, column, [candidate.text for candidate in candidates])
    passing = [candidate for candidate, is_accepted in zip(candidates, accepted, strict=True) if is_accepted][
        :MAX_SUGGESTIONS
    ]
    return [_with_count(view, row, column, candidate) for candidate in passing]


def _with_count(view: DraftSnapshot, row: int, column: int, one: CellSuggestion) -> CellSuggestion:
    codes = [problem["code"] for problem in json.loads(view.refusals.problems[row])]
    code = next((code for code in codes if (code, column) in view.refusals.rows_by_problem), "")
    if not code:
        return one
    do, value = ("read", None) if one.how else ("put", view.applied.cell(row, column))
    step = DraftEdit(do, code=code, column=column, value=value, text=one.text, how=one.how)
    return replace(one, code=code, every=view.would_change(step))


def count_similar_cells(view: DraftSnapshot, row: int, column: int) -> list[SimilarCells]:
    """Return the original problems of a cell with the number of unedited cells that share them.

    same: cells with the same value; every: all cells. column: `WHOLE_ROW` for problems of the whole row; then the value
    is None.
    """
    applied, marks = view.applied, view.refusals.rows_by_problem
    counted: list[SimilarCells] = []
    value = None if column == WHOLE_ROW else applied.written(row, column)
    edited: set[int] = {*applied.discarded, *applied.accepted, *applied.cells.get(column, ())}
    for code in sorted({problem["code"] for problem in json.loads(view.refusals.problems[row])}):
        if (code, column) in marks:
            step = DraftEdit("put", code=code, column=column, value=value, seen=view.refusals.last_correction_no)
            same = sum(one not in edited for one in applied.matching_rows(step))
            every = sum(one not in edited for one in marks[code, column].tolist())
            counted.append({"code": code, "value": value, "same": same, "every": every})
    return counted


def _candidate_texts(
    ports: Ports, view: DraftSnapshot, row: int, column: int, scope: Scope, cache: QueryCache | None
) -> Iterator[CellSuggestion]:
    contract, text = view.refusals.contract, view.applied.cell(row, column)
    codes = {problem["code"] for problem in json.loads(view.refusals.problems[row])}
    header = view.refusals.names[column]
    mapped = [name for name, named in contract.columns.items() if named == header]
    here = {code for code in codes if (code, column) in view.refusals.rows_by_problem}
    yield from _interpreted_texts(contract, text, here)
    for name in mapped:
        values = ledger_values(ports, contract, scope, name, cache)
        if name == "currency" and text.strip().casefold() in _CURRENCY_SIGNS:
            yield CellSuggestion(_CURRENCY_SIGNS[text.strip().casefold()], "")
        if "scientific-id" in here:
            yield from (CellSuggestion(one.text, one.label) for one in values if _is_scientific_form(text, one.text))
        # a known value that was not rejected is not a typing error
        if here or text.strip() not in {one.text for one in values}:
            yield from (CellSuggestion(one.text, one.label) for one in nearest_values(text, values))


def _interpreted_texts(contract: Contract, text: str, codes: set[str]) -> Iterator[CellSuggestion]:
    for hows in (DATE_RULES if codes & _DATE_PROBLEMS else (), NUMBER_RULES if codes & _NUMBER_PROBLEMS else ()):
        for how in hows:
            read = interpret_cell(how, text, contract)
            if read:
                yield CellSuggestion(
                    read, f"{_day(read)}: {RULE_LABELS[how]}" if how in DATE_RULES else RULE_LABELS[how], how
                )
    if "time-does-not-exist" in codes:
        yield from _an_hour_later(text, contract.dates.formats)


def _day(text: str) -> str:
    day = datetime.fromisoformat(text)
    clock = "" if len(text) <= 10 else f", {text[11:]}"
    return f"{day.day} {day:%B} {day.year}{clock}"


def _an_hour_later(text: str, formats: tuple[str, ...]) -> Iterator[CellSuggestion]:
    for one in formats:
        if "%" in one:
            try:
                moment = datetime.strptime(text.strip(), one)  # noqa: DTZ007 - wall clock
            except ValueError:
                continue
            later = (moment + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
            yield CellSuggestion(later, "one hour later, because the clocks went forward")


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
