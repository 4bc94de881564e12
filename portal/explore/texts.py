"""Texts of the page to explore measures."""

from collections.abc import Sequence

CHARTS = {"": "Automatic", "columns": "Columns", "line": "Line", "bars": "Bars", "none": "No chart"}
"""Kind of chart → its name."""
COMPARISONS = {"previous": "Previous period", "year": "Previous year"}
"""What is compared with → its name."""
PERIODS = {"day": "days", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}
PLURALS = PERIODS | {
    "weekday": "weekdays",
    "status": "statuses",
    "region": "regions",
    "store": "stores",
    "category": "categories",
    "product": "products",
    "channel": "channels",
    "salesperson": "salespeople",
    "country": "countries",
    "customer": "customers",
}
"""Dimension → several of its values."""
LATEST = "Latest complete month"
INCOMPLETE = "not complete"
GOALS = {"goal": "Goal", "reached": "Of goal"}
ONLY, ROWS, COMPARED_WITH = "Only groups with", "Rows", "Compared with"
KINDS = {"above": "more than", "below": "less than", "between": "between"}
"""Kind of limit of a number → its name."""
GOALS_BY = "Goals are shown for groups by region or by store only."
GOALS_FILTERED = "Goals count all sales of a region or store. Remove the other filters to see them."
GOALS_MONTH = "Goals are set for months. Choose a period within one month to see them."
NO_COLUMNS_FILTERED = "Values across columns are not limited to numbers."
NO_SUCH_COLUMN = "The table lacks the number that limits its groups. Choose another one behind Filters."
COLUMN = {"before": "previous", "change": "change", "growth": "change, %"}
"""Part of a compared measure → what its column shows after the name of the measure."""
CHANGE_IN_POINTS = "change, points"
"""As `COLUMN`, of a share."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_PERIODS_COMPARED = "Groups by day, week, month, quarter or year are not compared. Use the page Compare instead."
NO_COLUMNS_COMPARED = "Values across columns are not compared."
NO_DATES_COMPARED = "Choose a period with a first and a last day to compare it."
NOT_REPORTED = "There is no reported previous period to compare with."
SORT_TO_CHOOSE = "Sort the table to choose which ones are first."
ALL_IN_FILES = "Export and its files for other tools have all groups, without the limit; Export as shown has these."
NO_SALES, NO_GROUPS = "No sales match.", "No groups match."
TOTAL_OF_ALL = "The number is the total of all groups, without a limit."
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


def compared_in_part(days: str) -> str:
    return f"The period is not complete: {days} is compared with as many days of the previous one."


def drawn_places(drawn: int, count: int, by: str) -> str:
    """by: the dimension."""
    return f"The chart shows {drawn:,} of {count:,} {PLURALS[by]}, the first ones in the order of the table."


def drawn_series(drawn: int, count: int, by: str, rest: str = "") -> str:
    """by: the dimension. rest: the name of the sum of all others; empty: there is none."""
    which = "latest" if by in PERIODS else "largest"
    more = f"; “{rest}” is the sum of the rest." if rest else ". To see others, choose them in the filters."
    return f"The chart shows the {drawn:,} {which} of {count:,} {PLURALS[by]}{more}"


def not_drawn(measure: str) -> str:
    reason = f"There is no chart: the numbers of {measure} do not add up to those of larger groups with the limit."
    return f"{reason} Remove the limit, or group by two dimensions."


def others(count: int) -> str:
    return f"Other ({count:,})"


def first_groups(count: int) -> str:
    return f"First {count:,}"


def first_of(shown: int, count: int) -> str:
    return f"first {shown:,} of {count:,} groups"


def limited(shown: int, count: int) -> str:
    return f"The first {shown:,} of {count:,} groups are shown."


def goals_of(month: str) -> str:
    return f"Goals are those of {month} as a whole, at the latest exchange rates."


def no_goals(month: str) -> str:
    return f"No goals are set for {month}."


def too_many_filtered(most: int) -> str:
    return f"At most {most:,} groups can be limited by their numbers. Narrow the filters, or choose fewer dimensions."


def only(limit: str) -> str:
    """limit: see `limit`."""
    return f"{ONLY}: {limit}."


def no_number(text: str) -> str:
    return f"“{text[:40]}” is not a number. Write it with a point, such as 1250.50."


def limit(name: str, kind: str, numbers: list[str], *, in_percent: bool) -> str:
    """Of goal less than 100%."""
    return f"{name} {KINDS[kind]} {' and '.join(numbers)}{'%' if in_percent else ''}"
