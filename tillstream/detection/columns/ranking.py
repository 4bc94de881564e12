"""Rank the columns whose names fit a role by what they contain: dense, varied, and of the right kind."""

import re
from collections.abc import Mapping
from typing import Protocol, TypeVar

from tillstream.detection.sheet import Column, without_repetitions
from tillstream.detection.values.numbers import NumberProfile
from tillstream.domain.contract.model import whole_id

Match = TypeVar("Match")
_TOTALS = frozenset({"amount", "net_amount", "gross_amount"})
_NEVER_EMPTY = _TOTALS | {
    "sale_id", "line_key", "store_id", "date", "time", "quantity", "unit_price", "product_id", "product_name",
}  # fmt: skip
"""Roles for which an empty column is no candidate; other columns may have their first value in a later file."""
_RANKED = _TOTALS | {"sale_id", "date", "product_id", "product_name"}
_DENSE = 0.5
"""Share of the cells of the best candidate that the others must have filled."""
_MIN_ROWS, _LEAST_OF_A_KIND = 10, 4
_WHOLE = re.compile(whole_id("[.,]"))


class Profile(Protocol):
    """A column with the profile of its numbers."""

    @property
    def column(self) -> Column: ...

    @property
    def numbers(self) -> NumberProfile: ...


def is_possible(role: str, profile: Profile) -> bool:
    """Whether a column of a fitting name can have the role at all."""
    if not profile.column.filled:
        return role not in _NEVER_EMPTY
    if role in _TOTALS and profile.column.filled >= _MIN_ROWS and _is_flag(profile.column):
        return False
    numbers = profile.numbers
    is_amount = (
        numbers.share > _DENSE and (numbers.decimal or numbers.signs) and not _is_number_of_sales(profile.column)
    )
    return role != "sale_id" or not (is_amount or _has_kinds(profile.column))


def _is_number_of_sales(column: Column) -> bool:
    """Whether whole numbers, some with decimal zeros such as 1.00, number sales: equal ones are in adjacent rows."""
    is_in_blocks = len(without_repetitions(filter(None, column.cells))) == len(column.words) > 1
    return is_in_blocks and all(map(_WHOLE.fullmatch, column.words))


def _has_kinds(column: Column) -> bool:
    """Whether the cells are a few words that recur, such as Sale and Refund, and no numbers or codes."""
    digits = sum(count for word, count in column.words.items() if any(map(str.isdigit, word)))
    return column.filled >= _MIN_ROWS and not digits and len(column.words) * _LEAST_OF_A_KIND <= column.filled


def _is_flag(column: Column) -> bool:
    """Whether a column contains only zeros, or only 0 and 1, such as the mark of amounts without tax."""
    return set(column.words) <= {"0", "1"} or not any(word.strip("0.,") for word in column.words)


def best(role: str, matches: list[tuple[Match, str]], profiles: Mapping[str, Profile]) -> list[tuple[Match, str]]:
    """The matches without those that are much emptier than another, or that have one value where another has many."""
    if role not in _RANKED or len(matches) < 2:
        return matches
    columns = {name: profiles[name].column for _, name in matches}
    filled = max(column.filled for column in columns.values())
    varied = filled >= _MIN_ROWS and any(len(column.words) > 1 for column in columns.values())
    return [
        (match, name)
        for match, name in matches
        if columns[name].filled >= _DENSE * filled and not (varied and len(columns[name].words) < 2)
    ]


def without_equivalent(matches: list[tuple[Match, str]], profiles: Mapping[str, Profile]) -> list[tuple[Match, str]]:
    """The matches without columns of which each value belongs to one value of another match, and the other way.

    Both identify the same sales then. The one with the longer values remains, because short numbers may start again in
    another file. A few values may belong together by chance, so these columns remain.
    """
    kept: list[tuple[Match, str]] = []
    for match, name in sorted(matches, key=lambda one: -min(map(len, profiles[one[1]].column.words), default=0)):
        column = profiles[name].column
        if len(column.words) < _MIN_ROWS or not any(_is_one_to_one(profiles[one].column, column) for _, one in kept):
            kept.append((match, name))
    return [one for one in matches if one in kept]


def _is_one_to_one(first: Column, second: Column) -> bool:
    pairs = set(zip(first.cells, second.cells, strict=True))
    return len(pairs) == len(set(first.cells)) == len(set(second.cells))
