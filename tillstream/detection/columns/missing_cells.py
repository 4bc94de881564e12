"""Cells without a value: words that may mean a missing value, and columns filled from the row above."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tillstream.detection.amounts.arithmetic import MIN_SHARE, TOLERANCE, money_rows, role_of_total
from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import CLEAR, match_header
from tillstream.model.document_json import JsonObject
from tillstream.model.text import list_names

MISSING_QUANTITY = "missing_quantity"
_MAX_MISSING_WORDS, _MIN_MISSING_ROWS = 3, 2

_MIN_ORDERS = 3
"""Number of orders with several rows that prove the pattern."""
_MIN_FILLED = 0.9
"""Share of the first rows of orders that have a value in the best column."""
FILL_DOWN_KEY = "fill_down"


def missing_value_rules(
    sheet: Sheet,
    roles: dict[str, str],
    profiles: dict[str, ColumnProfile],
    style: DetectedNumberStyle,
    log: DetectionLog,
) -> JsonObject:
    """The contract's `where_missing`. Asks `missing.WORD` for each repeated word, and `missing_quantity`."""
    rules: JsonObject = {}
    for role, name in roles.items():
        if role not in NUMERIC_ROLES and role != "date":
            continue
        profile = profiles[name]
        unparsed = profile.dates.unparsed if role == "date" else profile.numbers.unparsed
        frequent = [
            word for word in unparsed if profile.column.words[word] >= _MIN_MISSING_ROWS and not _has_digit(word)
        ][:_MAX_MISSING_WORDS]
        words = [word for word in frequent if _means_missing(word, profile, log)]
        if words:
            rules[role] = {"words": words}
    if rule := _missing_quantity_rule(sheet, roles, style, log):
        rules["quantity"] = rules.get("quantity", {}) | rule
    return rules


def _missing_quantity_rule(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog
) -> JsonObject:
    """The rule for rows without a quantity whose total is the price, as of one piece. Asks `missing_quantity`."""
    total = role_of_total(roles)
    if not total or not {"quantity", "unit_price"} <= roles.keys():
        return {}
    money = money_rows(sheet, roles, style)
    rows = [row for row in zip(money.rows, money.lines, strict=True) if "quantity" not in row[0] and row[0].get(total)]
    single = sum(abs(row.get("unit_price", 0.0) - row[total]) <= TOLERANCE for row, _ in rows)
    if len(rows) < _MIN_MISSING_ROWS or single < MIN_SHARE * len(rows):
        return {}
    answer = log.answer(MISSING_QUANTITY)
    if answer is None:
        name = roles["quantity"]
        words = f"How many units are sold in the rows without a number in {name}?"
        evidence = f"{len(rows):,} of {len(money.rows):,} rows have none, and their total is the price of one unit"
        lines = tuple(line for _, line in rows[:3] if line)
        none = "none: they are no goods, such as shipping"
        log.add_question(MISSING_QUANTITY, words, ("1", NO_COLUMN), evidence, lines, none=none)
    return {"do": "default", "value": "1"} if answer == "1" else {}


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _means_missing(word: str, profile: ColumnProfile, log: DetectionLog) -> bool:
    answer = log.answer(f"missing.{word}")
    if answer is None:
        count, name = profile.column.words[word], profile.column.name
        evidence = f"it occurs {count:,} × in {name}"
        words = f"Does “{word}” mean that the value is missing?"
        log.add_question(f"missing.{word}", words, ("yes", "no"), evidence, profile.column.first_lines(word))
    return answer != "no"


def detect_fill_down(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog
) -> tuple[tuple[str, ...], str]:
    """The headers whose empty cells mean the row above, and the header of the order number within which they do.

    Asks `fill_down` if no order number proves it.
    """
    if log.answers.get(FILL_DOWN_KEY) == "no" or not any(
        0 < profile.column.filled < sheet.rows for profile in profiles.values()
    ):
        return (), ""
    return _within_order(sheet, profiles, log) or (_empty_together(sheet, profiles, log), "")


def fill_down_columns(sheet: Sheet, names: Iterable[str], within: str) -> Sheet:
    """The sheet with the values of the row above in the empty cells of these columns."""
    groups = sheet.columns[within].cells if within else ("",) * sheet.rows
    columns = {name: _fill_column(sheet.columns[name], groups) for name in names}
    return replace(sheet, columns=sheet.columns | columns)


def _fill_column(column: SampleColumn, groups: Sequence[str]) -> SampleColumn:
    cells, above, last = [], "", None
    for cell, group in zip(column.cells, groups, strict=True):
        above = cell or (above if group == last else "")
        last = group
        cells.append(above)
    return SampleColumn(column.name, tuple(cells), column.lines)


def order_amount_columns(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile], within: str, completed: Sequence[str] = ()
) -> frozenset[str]:
    """Numeric columns that only the first row of an order has: amounts of the order, not of a line.

    within: the header of the order number; if it is empty, the later rows are those in which `completed` are empty.
    """
    if within:
        later = _later_rows(sheet.columns[within].cells)
    else:
        later = [row for row in range(sheet.rows) if not any(sheet.columns[name].cells[row] for name in completed)]
    return _amounts_without(profiles, later)


def amounts_of_first_or_last_rows(sheet: Sheet, profiles: Mapping[str, ColumnProfile]) -> frozenset[str]:
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


def _amounts_without(profiles: Mapping[str, ColumnProfile], rows: Sequence[int]) -> frozenset[str]:
    """The amounts that have a value in none of these rows."""
    return frozenset(
        name
        for name, profile in profiles.items()
        if rows and _is_amount(profile) and profile.column.filled and _is_empty(profile.column, rows)
    )


def _within_order(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog
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
    evidence = (
        f"{list_names(best[0])} are empty exactly in the later rows of the same {best[1]}, so they are those above"
    )
    log.add_finding(
        FILL_DOWN_KEY, best[1], evidence if len(best[0]) > 1 else evidence.replace(" are ", " is ", 1), LIKELY
    )
    return best


def _later_rows(cells: Sequence[str]) -> list[int]:
    return [row for row in range(1, len(cells)) if cells[row] == cells[row - 1]]


def _is_contiguous(column: SampleColumn, later: Sequence[int], sheet: Sheet) -> bool:
    """Whether the rows of a value are consecutive; a sample of several parts of a file may cut an order."""
    return sheet.rows - len(later) <= len(column.words) + (0 if sheet.is_complete else 8)


def _is_empty(column: SampleColumn, rows: Iterable[int]) -> bool:
    return not any(column.cells[row] for row in rows)


def _is_amount(profile: ColumnProfile) -> bool:
    """Whether the cells are numbers of money or units, not a number that identifies something."""
    named = any(match.role in NUMERIC_ROLES for match in match_header(profile.column.name))
    return profile.numbers.share >= _MIN_FILLED and not profile.may_be_date and (named or bool(profile.numbers.decimal))


def _empty_together(sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog) -> tuple[str, ...]:
    """Columns, a date among them, that are empty in the same rows, in which the others have their values."""
    if not any(one.column.filled == sheet.rows and one.numbers.share < 0.5 for one in profiles.values()):
        return ()
    for empty, names in _columns_by_empty_rows(sheet, profiles).items():
        column = sheet.columns[names[0]]
        is_usual = len(names) > 1 and min(len(empty), column.filled) >= _MIN_ORDERS
        if not is_usual or not any(profiles[name].may_be_date for name in names):
            continue
        if log.answer(FILL_DOWN_KEY) is None:
            words = f"Do empty cells of {list_names(names)} mean the value above?"
            evidence = f"{'all' if len(names) > 2 else 'both'} are empty in the same {len(empty):,} rows"
            lines = tuple(filter(None, (column.lines[row] for row in empty[:3])))
            log.add_question(FILL_DOWN_KEY, words, ("yes", "no"), evidence, lines)
        return tuple(names)
    return ()


def _columns_by_empty_rows(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile]
) -> Mapping[tuple[int, ...], Sequence[str]]:
    """Columns without amounts whose first cell is filled and others are empty, by the rows in which they are."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, profile in profiles.items():
        if 0 < profile.column.filled < sheet.rows and profile.column.cells[0] and not _is_amount(profile):
            empty = tuple(row for row, cell in enumerate(profile.column.cells) if not cell)
            groups.setdefault(empty, []).append(name)
    return groups
