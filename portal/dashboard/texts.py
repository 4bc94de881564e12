"""Texts of the dashboard and of the tables of its breakdowns."""

from collections.abc import Iterable

QUESTIONS = {
    "admin": "How is every region selling, and is any data missing?",
    "manager": "How are your stores and salespeople selling, and what needs your attention?",
    "clerk": "Did every file arrive, and what needs your attention?",
    "salesperson": "How are your own sales going?",
    "analyst": "How are sales developing, and why?",
}
"""Role → what its dashboard answers."""
DIMENSIONS = {
    "region": ("Region", "regions"),
    "store": ("Store", "stores"),
    "category": ("Category", "categories"),
    "product": ("Product", "products"),
    "channel": ("Channel", "channels"),
    "salesperson": ("Salesperson", "salespeople"),
    "country": ("Country", "countries"),
    "customer": ("Customer", "customers"),
}
"""Dimension → its name and its plural."""
COLUMNS = {
    "revenue": "Revenue",
    "orders": "Orders",
    "units": "Units",
    "revenue_share": "% of revenue",
    "change": "Change",
    "growth": "Change in %",
    "lines": "Lines, any status",
    "region": "Region",
    "country": "Country",
    "last_sale_date": "Last sale",
    "customers": "Customers",
    "customers_share": "% of customers",
    "new_customers": "New",
    "new_customers_share": "% of new",
}
PRESETS = {
    "yesterday": "Yesterday",
    "last-week": "Last week",
    "last-7-days": "Last 7 days",
    "last-30-days": "Last 30 days",
    "this-month": "This month",
    "last-month": "Last month",
    "this-quarter": "This quarter",
    "this-year": "This year",
    "last-year": "Last year",
    "last-12-months": "Last 12 months",
}
LATEST_MONTH, ALL_TIME, CUSTOM_DATES = "Latest complete month", "All time", "Custom dates"
PERIODS = {"daily": "Days", "weekly": "Weeks", "monthly": "Months", "quarterly": "Quarters", "yearly": "Years"}
COMPARISONS = {"before": "Previous period", "year-before": "Previous year", "nothing": "None"}
LIKE_FOR_LIKE = "Like-for-like stores"
NO_TABLE = "That part of the dashboard has no table of its own."
NO_TILE = "Your dashboard has no such part."
NO_SALES_IN_MONTHS, NO_SALES_IN_DAYS = "No sales in these months.", "No sales in these days."


def by(dimension: str) -> str:
    """Title of a breakdown."""
    return f"By {DIMENSIONS[dimension][0].lower()}"


def ranking(dimension: str) -> str:
    """Title of the table of a breakdown."""
    return f"{DIMENSIONS[dimension][1].capitalize()} by revenue"


def previous_days(count: int) -> str:
    return f"previous {count} days"


def own_currency(code: str) -> str:
    return f"{code} (yours)"


def reporting_currency(code: str) -> str:
    return f"{code} (reporting)"


def compared_with(days: str) -> str:
    return f"Compared with: {days}"


def latest_month(month: str) -> str:
    return f"{LATEST_MONTH}: {month}"


def latest_days(count: int) -> str:
    return f"Last {count} reported days"


def latest_days_of(count: int, days: str) -> str:
    return f"Last {count} reported days: {days}"


def since(day: str) -> str:
    return f"From {day}"


def until(day: str) -> str:
    return f"Until {day}"


def quarter(number: int, year: int) -> str:
    return f"Q{number} {year}"


def week(day: str) -> str:
    return f"Week of {day}"


def weekday_of_month(weekday: str, month: str) -> str:
    return f"{weekday} in {month}"


def heatmap(best: str, amount: str) -> str:
    return f"Average revenue per day by month and weekday: highest on {best} with {amount}."


def world(count: int, largest: Iterable[str]) -> str:
    return f"Revenue of {count} countries on a map, the largest: {'; '.join(largest)}."


def over_time(first: str, last: str, steps: int, high: tuple[str, str], low: tuple[str, str]) -> str:
    """high, low: name of a period and its amount."""
    return (
        f"Revenue from {first} to {last} in {steps} steps: highest in {high[0]} with {high[1]}, "
        f"lowest in {low[0]} with {low[1]}."
    )
