"""Ask for the total of a line, or the columns to compute it from, if neither names nor arithmetic show it."""

from typing import Any

from tillstream.detection.amounts import discount_guard, line_prices, reduced_totals
from tillstream.detection.arithmetic.money import TOLERANCE, money_rows
from tillstream.detection.evidence import CERTAIN, NO_COLUMN, TOTAL_OF_LINE, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.flag_words import reversed_column
from tillstream.detection.words.headers import match_header

_MIN_ROWS, _MOST = 10, 0.5
UNITS_ONLY = {"units_only": True}
_NO_AMOUNTS = "the file has no amounts; only units are counted"
_PRICE = "Which column is the price of one unit?"


def decide(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: NumberStyle, log: DetectionLog
) -> dict[str, Any]:
    """Settings of `amounts` for a file without a total: `UNITS_ONLY` once a person answered that it has no amounts.

    unmapped: numeric columns without a role. Asks `column.net_amount`, `column.unit_price`, `column.quantity` and
    `column.discount`.
    """
    if {"net_amount", "gross_amount"} & set(roles):
        reduced_totals.ask(sheet, roles, unmapped, style, log)
        reduced_totals.ask_before_fees(sheet, roles, unmapped, style, log)
        return {}
    if {"quantity", "unit_price"} <= set(roles):
        if not _ask_for_total(sheet, roles, unmapped, style, log):
            _ask_for_discount(sheet, roles, discount_guard.plausible(sheet, roles, unmapped, style), log)
        return {}
    if log.answers.get("column.net_amount") != NO_COLUMN:
        default = "" if unmapped else NO_COLUMN
        evidence = "" if unmapped else "no other column contains numbers"
        log.add_question(
            "column.net_amount",
            TOTAL_OF_LINE,
            (*unmapped, NO_COLUMN),
            evidence,
            default=default,
            none="no column is a total",
        )
        return {}
    has_no_price = log.answers.get("column.unit_price") == NO_COLUMN
    if "quantity" in roles and (has_no_price or not unmapped):
        _record_units_only(roles, log)
        return UNITS_ONLY
    if "quantity" not in roles:
        words = "Which column is the quantity? A file without a total needs one."
        log.add_question("column.quantity", words, unmapped, "no column is the total of a line")
    if "unit_price" not in roles and not has_no_price:
        evidence = "no column is the total of a line"
        log.add_question("column.unit_price", _PRICE, (*unmapped, NO_COLUMN), evidence, none=_NO_AMOUNTS)
    return {}


def _ask_for_total(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: NumberStyle, log: DetectionLog
) -> bool:
    """Whether a column may be the total of a line although no sum proves it, so that `column.net_amount` is asked."""
    if log.answers.get("column.net_amount") == NO_COLUMN:  # only the numbers contradict what is known about an export
        is_assumed = "column.net_amount" in log.assumed
        return is_assumed and line_prices.ask(sheet, roles, unmapped, style, log)
    if totals := _partial_totals(sheet, roles, unmapped, style):
        names, evidence = tuple(totals), next(iter(totals.values()))
        log.add_question("column.net_amount", TOTAL_OF_LINE, (*names, NO_COLUMN), evidence, default=names[0])
        return True
    return line_prices.ask(sheet, roles, unmapped, style, log)


def _partial_totals(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: NumberStyle
) -> dict[str, str]:
    """Columns that are quantity × price in most rows and less in the others, each with the evidence."""
    totals = {}
    for name in unmapped:
        rows = [
            (row["quantity"] * row["unit_price"], row["net_amount"], row["unit_price"])
            for row in money_rows(sheet, roles | {"net_amount": name}, style).rows
            if {"quantity", "unit_price", "net_amount"} <= set(row)
        ]
        equal = sum(abs(full - total) <= TOLERANCE for full, total, _ in rows)
        higher = sum(abs(total) > abs(full) + TOLERANCE for full, total, _ in rows)
        prices = sum(abs(total - price) <= TOLERANCE for _, total, price in rows)
        if len(rows) >= _MIN_ROWS and equal > max(_MOST * len(rows), prices) and not higher:
            share = percentage(equal / len(rows))
            totals[name] = (
                f"{name} is {roles['quantity']} × {roles['unit_price']} in {share} of {len(rows):,} rows, and less in "
                "the others"
            )
    return totals


def _record_units_only(roles: dict[str, str], log: DetectionLog) -> None:
    """Record that only units count, and drop the other amounts, which no price completes."""
    for role in ("unit_price", "discount", "discount_rate", "tax"):
        roles.pop(role, None)
    evidence = (
        f"you answered that no column is a total or a price, so only the units in {roles['quantity']} are counted: "
        "every line has an amount of 0, and its revenue is not known"
    )
    log.add_finding("amounts", "units only", evidence, CERTAIN)


def _ask_for_discount(sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], log: DetectionLog) -> None:
    """If the total is computed, ask whether a column with an unknown name is a discount."""
    if "discount" in roles or "column.discount" in log.answers:
        return
    unknown = [name for name in unmapped if not match_header(name) and not reversed_column(name)]
    candidates = [name for name in unknown if profile(sheet.columns[name]).decimal]
    if candidates:
        words = "Which column is a discount on the line?"
        evidence = "the total is computed, and the meaning of these columns is not known"
        log.add_question("column.discount", words, (*candidates, NO_COLUMN), evidence)
