"""Texts of the page to explore measures."""

from collections.abc import Sequence

CHARTS = {"": "Automatic", "columns": "Columns", "line": "Line", "bars": "Bars", "none": "No chart"}
"""Kind of chart → its name."""
COMPARISONS = {"previous": "Period before", "year": "Year before"}
"""What is compared with → its name."""
BEFORE = "Before"
COLUMN = {"before": "before", "change": "change", "growth": "change, %"}
"""Part of a compared measure → what its column shows after the name of the measure."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_PERIODS_COMPARED = "Groups by day, week, month, quarter or year are not compared. Use the page Compare instead."
NO_COLUMNS_COMPARED = "Values across columns are not compared."
NO_DATES_COMPARED = "Choose a period with a first and a last day to compare it."
NOT_REPORTED = "There is no reported period before to compare with."
ONE_IN_COLUMNS = "Values across columns show the first measure only."


def too_many_compared(most: int) -> str:
    return f"At most {most:,} groups can be compared. Narrow the filters, or choose fewer dimensions."


def too_many_shown(most: int) -> str:
    return f"The table shows the first {most:,} groups only. Narrow the filters, or export all groups."


def cut(most: int) -> str:
    return f"There are more than {most:,} groups. The first of them are shown; narrow the filters, or export all."


def others_across(count: int) -> str:
    columns = "1 more column is" if count == 1 else f"{count:,} more columns are"
    return f"{columns} not shown; narrow the filters, or export all."


def summary(measure: str, by: str) -> str:
    """A chart in a sentence, for screen readers."""
    return f"{measure} by {by.lower()}."


def in_percent(measure: str) -> str:
    return f"{measure}, %"


def title(measure: str, by: Sequence[str]) -> str:
    """Revenue by month and region."""
    return f"{measure} by {' and '.join(one.lower() for one in by)}" if by else measure


def compared(days: str) -> str:
    return f"vs {days}"
