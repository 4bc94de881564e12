"""Detect returns without status words: by a prefix of the sale id, or by negative quantities."""

import re
from collections import defaultdict

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle

_MIN_NEGATIVE_SHARE, _MIN_UNSIGNED_SHARE = 0.95, 0.5
_MINUS_SIGNS = "-−(△▲"
_PREFIX = re.compile(r"^([^\W\d_]{1,4}|[^\W\d_]{1,4}[-/])(?=\d)")


def detect_returns(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, rule: dict[str, object], log: DetectionLog
) -> None:
    """Detect returns by a sale id prefix that coincides with negative quantities, else by negative quantities."""
    signed = roles.get("quantity") or roles.get("net_amount") or roles.get("gross_amount")
    if not signed:
        return
    column = sheet.columns[signed]
    negative = {word for word in column.words if (value := to_float(word, style)) is not None and value < 0}
    negative_rows = sum(column.words[word] for word in negative)
    if "quantity" in roles:
        _ask_for_negative_totals(sheet, roles, style, rule, log)
    if not negative_rows:
        return
    lines = column.first_lines(*sorted(negative)[:2])
    _ask_for_unsigned_totals(sheet, roles, column, negative, style, rule, log)
    if log.answers.get("returns") == "keep":
        return
    prefix = _return_prefix(sheet, roles, column.cells, negative)
    if prefix:
        letters, rows, matching = prefix
        rule["prefixes"] = {letters: "returned"}
        evidence = (
            f"{matching:,} of {rows:,} rows whose {roles['sale_id']} begins with {letters} have a negative {signed}"
        )
        log.add_finding("returns", f"prefix {letters}", evidence, CERTAIN if matching == rows else LIKELY, lines)
    elif "quantity" in roles:
        rule["negative_quantity"] = "returned"
        one_or_more = "row has" if negative_rows == 1 else "rows have"
        log.add_finding(
            "returns", "negative quantity", f"{negative_rows:,} {one_or_more} a negative {signed}", LIKELY, lines
        )


def _ask_for_unsigned_totals(
    sheet: Sheet,
    roles: dict[str, str],
    column: Column,
    negative: set[str],
    style: NumberStyle,
    rule: dict[str, object],
    log: DetectionLog,
) -> None:
    """Ask whether rows with a negative quantity are subtracted, if their totals have no minus sign. Asks `returns`."""
    name = roles.get("net_amount") or roles.get("gross_amount", "")
    if not name or name == column.name:
        return
    cells = zip(column.cells, sheet.columns[name].cells, column.lines, strict=True)
    totals = [(to_float(total, style) or 0, line) for cell, total, line in cells if cell in negative]
    positive = [line for total, line in totals if total > 0]
    if not positive or len(positive) < _MIN_UNSIGNED_SHARE * len(totals):
        return
    if log.answer("returns") == "subtract":
        rule["unsigned_returns"] = True
    elif log.answer("returns") is None:
        log.add_question(
            "returns",
            f"Are the rows with a negative {column.name} returns whose {name} is subtracted, or not?",
            ("subtract", "keep"),
            f"{len(positive):,} of {len(totals):,} of these rows have a {name} without a minus sign, which would "
            "add to the revenue",
            tuple(positive[:2]),
        )


def _ask_for_negative_totals(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, rule: dict[str, object], log: DetectionLog
) -> None:
    """Ask whether rows with a negative total and a positive quantity are returns, whose units count. Asks `returns`."""
    quantity, total = roles["quantity"], roles.get("net_amount") or roles.get("gross_amount", "")
    if not total:
        return
    signed = (word for word in sheet.columns[total].words if any(sign in word for sign in _MINUS_SIGNS))
    negative = {word for word in signed if (to_float(word, style) or 0) < 0}
    cells = zip(sheet.columns[quantity].cells, sheet.columns[total].cells, strict=True)
    rows = [
        row for row, (units, amount) in enumerate(cells) if amount in negative and (to_float(units, style) or 0) > 0
    ]
    answer = log.answer("returns")
    if rows and answer == "subtract":
        rule |= {"negative_amount": "returned", "unsigned_returns": True}
    elif rows and answer is None:
        are = "1 row has" if len(rows) == 1 else f"{len(rows):,} rows have"
        lines = tuple(filter(None, (sheet.columns[total].lines[row] for row in rows[:2])))
        log.add_question(
            "returns",
            f"Are the rows with a negative {total} returns whose {quantity} is subtracted, or not, such as discounts?",
            ("subtract", "keep"),
            f"{are} a {total} with a minus sign and a {quantity} without one, which adds to the units",
            lines,
        )


def _return_prefix(
    sheet: Sheet, roles: dict[str, str], cells: tuple[str, ...], negative: set[str]
) -> tuple[str, int, int] | None:
    name = roles.get("sale_id")
    if not name:
        return None
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sale_id, cell in zip(sheet.columns[name].cells, cells, strict=True):
        match = _PREFIX.match(sale_id)
        counts = rows[match[0] if match else ""]
        counts[0] += 1
        counts[1] += cell in negative
    most_common = max(rows, key=lambda prefix: rows[prefix][0])
    negative_rows = sum(matching for _, matching in rows.values())
    for prefix, (count, matching) in rows.items():
        mostly = matching >= _MIN_NEGATIVE_SHARE * count and matching >= 0.5 * negative_rows
        if prefix and prefix != most_common and mostly and not most_common.startswith(prefix):
            return prefix, count, matching
    return None
