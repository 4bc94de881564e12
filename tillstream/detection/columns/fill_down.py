"""Find columns that a source writes only in the first row of an order, and complete the sample with their values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.headers import CLEAR, match_header

_MIN_ORDERS = 3
"""Number of orders with several rows that prove the pattern."""
_MIN_FILLED = 0.9
"""Share of the first rows of orders that have a value in the best column."""
KEY = "fill_down"


def decide(sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog) -> tuple[tuple[str, ...], str]:
    """The headers whose empty cells mean the row above, and the header of the order number within which they do.

    Asks `fill_down` if no order number proves it.
    """
    if log.answers.get(KEY) == "no" or not any(0 < profile.column.filled < sheet.rows for profile in profiles.values()):
        return (), ""
    return _within_order(sheet, profiles, log) or (_together(sheet, profiles, log), "")


def complete(sheet: Sheet, names: Iterable[str], within: str) -> Sheet:
    """The sheet with the values of the row above in the empty cells of these columns."""
    groups = sheet.columns[within].cells if within else ("",) * sheet.rows
    columns = {name: _completed(sheet.columns[name], groups) for name in names}
    return replace(sheet, columns=sheet.columns | columns)


def _completed(column: Column, groups: Sequence[str]) -> Column:
    cells, above, last = [], "", None
    for cell, group in zip(column.cells, groups, strict=True):
        above = cell or (above if group == last else "")
        last = group
        cells.append(above)
    return Column(column.name, tuple(cells), column.lines)


def order_columns(
    sheet: Sheet, profiles: Mapping[str, Profile], within: str, completed: Sequence[str] = ()
) -> frozenset[str]:
    """Numeric columns that only the first row of an order has: amounts of the order, not of a line.

    within: the header of the order number; if it is empty, the later rows are those in which `completed` are empty.
    """
    if within:
        later = _later_rows(sheet.columns[within].cells)
    else:
        later = [row for row in range(sheet.rows) if not any(sheet.columns[name].cells[row] for name in completed)]
    return _amounts_without(profiles, later)


def amounts_of_orders(sheet: Sheet, profiles: Mapping[str, Profile]) -> frozenset[str]:
    """Amounts that only the first or the last row of an order has, where all other columns are filled in each row.

    The lines must have quantities and prices of their own.
    """
    matches = [(match, name) for name in sheet.names for match in match_header(name)]
    roles = {match.role: name for match, name in matches if match.clarity == CLEAR}
    if unclear := [name for match, name in matches if match.role == "sale_id"]:
        roles.setdefault("sale_id", unclear[0])
    if not {"sale_id", "quantity", "unit_price"} <= roles.keys():
        return frozenset()
    column = sheet.columns[roles["sale_id"]]
    later = _later_rows(column.cells) if column.filled == sheet.rows else []
    if len({column.cells[row] for row in later}) < _MIN_ORDERS or not _is_contiguous(column, later, sheet):
        return frozenset()
    orders = sheet.rows - len(later)
    for rows in (later, [row - 1 for row in later]):
        names = _amounts_without(profiles, rows)
        is_proved = any(profiles[name].column.filled >= _MIN_FILLED * orders for name in names)
        if is_proved and not names & {roles["quantity"], roles["unit_price"]}:
            return names
    return frozenset()


def _amounts_without(profiles: Mapping[str, Profile], rows: Sequence[int]) -> frozenset[str]:
    """The amounts that have a value in none of these rows."""
    return frozenset(
        name
        for name, profile in profiles.items()
        if rows and _is_amount(profile) and profile.column.filled and _is_empty(profile.column, rows)
    )


def _within_order(
    sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog
) -> tuple[tuple[str, ...], str] | None:
    """Columns that are empty exactly in the later rows of the same order."""
    best: tuple[tuple[str, ...], str] = ((), "")
    keys = sorted(profiles, key=lambda name: not any(match.role == "sale_id" for match in match_header(name)))
    for name in keys:
        column = sheet.columns[name]
        later = _later_rows(column.cells) if column.filled == sheet.rows else []
        if len({column.cells[row] for row in later}) < _MIN_ORDERS or not _is_contiguous(column, later, sheet):
            continue
        empty = [other for other, one in profiles.items() if one.column.filled and _is_empty(one.column, later)]
        orders = sheet.rows - len(later)
        proved = any(profiles[other].column.filled >= _MIN_FILLED * orders for other in empty)
        names = tuple(other for other in empty if not _is_amount(profiles[other]))
        if proved and len(names) > len(best[0]):
            best = names, name
    if not best[0]:
        return None
    evidence = f"{_listed(best[0])} are empty exactly in the later rows of the same {best[1]}, so they are those above"
    log.add_finding(KEY, best[1], evidence if len(best[0]) > 1 else evidence.replace(" are ", " is ", 1), LIKELY)
    return best


def _later_rows(cells: Sequence[str]) -> list[int]:
    return [row for row in range(1, len(cells)) if cells[row] == cells[row - 1]]


def _is_contiguous(column: Column, later: Sequence[int], sheet: Sheet) -> bool:
    """Whether the rows of a value are consecutive; a sample of several parts of a file may cut an order."""
    return sheet.rows - len(later) <= len(column.words) + (0 if sheet.is_complete else 8)


def _is_empty(column: Column, rows: Iterable[int]) -> bool:
    return not any(column.cells[row] for row in rows)


def _is_amount(profile: Profile) -> bool:
    """Whether the cells are numbers of money or units, not a number that identifies something."""
    named = any(match.role in NUMERIC for match in match_header(profile.column.name))
    return profile.numbers.share >= _MIN_FILLED and not profile.may_be_date and (named or bool(profile.numbers.decimal))


def _together(sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog) -> tuple[str, ...]:
    """Columns, a date among them, that are empty in the same rows, in which the others have their values."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, profile in profiles.items():
        if 0 < profile.column.filled < sheet.rows and profile.column.cells[0] and not _is_amount(profile):
            empty = tuple(row for row, cell in enumerate(profile.column.cells) if not cell)
            groups.setdefault(empty, []).append(name)
    for empty, names in groups.items():
        if len(names) < 2 or len(empty) < _MIN_ORDERS or not any(profiles[name].may_be_date for name in names):
            continue
        texts = [one for one in profiles.values() if one.column.filled == sheet.rows and one.numbers.share < 0.5]
        if texts and sheet.columns[names[0]].filled >= _MIN_ORDERS:
            words = f"Do empty cells of {_listed(names)} mean the value above?"
            evidence = f"{'all' if len(names) > 2 else 'both'} are empty in the same {len(empty):,} rows"
            lines = tuple(line for row in empty[:3] if (line := sheet.columns[names[0]].lines[row]))
            if log.answer(KEY) is None:
                log.add_question(KEY, words, ("yes", "no"), evidence, lines)
            return tuple(names)
    return ()


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
