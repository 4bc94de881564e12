"""Texts of the data quality pages."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from portal.formats import NOTHING
from portal.list_view import TableHead
from portal.reader_locale import day_text, percent

KINDS = {
    "unique": "No duplicates",
    "not null": "No gaps",
    "accepted values": "Known values",
    "reference": "References",
    "totals": "Totals",
}
_ROWS = {
    "fact_sales": ("sale line", "sale lines"),
    "fact_sales_daily": ("daily total", "daily totals"),
    "dim_date": ("day", "days"),
    "dim_store": ("store", "stores"),
    "dim_product": ("product", "products"),
    "dim_customer": ("customer", "customers"),
    "dim_salesperson": ("salesperson", "salespeople"),
    "dim_channel": ("channel", "channels"),
    "dim_currency": ("currency", "currencies"),
}
"""Mart → what one of its rows is, and several."""

FILES = ("csv", "xlsx", "parquet")
"""Formats of a file."""

REJECTED_SHARE, FAILED_SHARE = "Rows to fix, in percent", "Failed rows, in percent"
RULE_COLUMNS: tuple[TableHead, ...] = (
    {"key": "rule", "label": "Rule", "sort": True},
    {"key": "source", "label": "Data source", "sort": True},
    {"key": "severity", "label": "Row"},
    {"key": "failed", "label": "Failed rows", "sort": True, "num": True},
    {"key": "rate", "label": "Pass rate", "sort": True, "num": True},
    {"key": "change", "label": "Change", "unit": "points", "sort": True, "num": True},
)
_FILE_LABELS = {"pass-rates": "Sources by week", "failed-rules": "Rules by week"}


def sentence(name: str, mart: str, kind: str, description: str) -> str:
    """What holds if a check passes, in the words of the shop; `description`: what the check itself states."""
    if mart not in _ROWS or kind == "totals":
        return description
    one, several = _ROWS[mart]
    if kind == "unique":
        return f"No {one} is in the table twice."
    if kind == "not null":
        return f"Each {one} has a value in every column that needs one."
    if kind == "accepted values":
        return f"The status of each {one} is one of the possible ones."
    referenced, all_referenced = _ROWS[f"dim_{name.removesuffix('-key').rpartition('-')[2]}"]
    return f"Each {referenced} of the {several} is in the table of {all_referenced}."


def trend(failed: Sequence[bool]) -> str:
    """failed: for each day with a run, whether a check failed."""
    if not failed:
        return "No run."
    days = f"{len(failed)} {'day' if len(failed) == 1 else 'days'} with a run"
    return f"{days}; on {sum(failed)} of them a run failed." if any(failed) else f"{days}, all passed."


def checked(failing: int) -> str:
    if not failing:
        return "All checks pass."
    return f"{failing} {'check fails' if failing == 1 else 'checks fail'}."


def pass_rate(value: Decimal | None) -> str:
    """0.99995 → 99.99%; rounded down, so that 100.00% means that every row passed."""
    return NOTHING if value is None else percent(value.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR), 2)


def file_label(table: str, form: str) -> str:
    return f"{_FILE_LABELS[table]}, {form}"


def no_source(name: str) -> str:
    return f"There are no rows of a data source {name} in these weeks."


def no_rule(code: str) -> str:
    return f"There is no rule {code}."


def share_by_week(source: str, rule: str = "") -> str:
    """The chart in a sentence, for screen readers."""
    rows = f"rows of {source}" if source else "rows of all data sources"
    return f"The share of the {rows} that failed{f' the rule {rule}' if rule else ''}, by week."


def week_of(start: date) -> str:
    return f"Week of {day_text(start)}"


def weeks_before(count: int) -> str:
    return f"{count} weeks before"
