"""The fiscal year and the retail calendar of a company, as `dim_date` shows them."""

from dataclasses import dataclass

RETAIL_CALENDAR = "^(4-4-5|4-5-4|5-4-4) (monday|tuesday|wednesday|thursday|friday|saturday|sunday) (nearest|last)$"
"""Text of a setting: pattern, first day of a week, and start of the year."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class RetailCalendar:
    """The fiscal year begins with the first day of a month. The retail year has 52 or 53 whole weeks, in quarters of
    three retail months with as many weeks as the pattern has; week 53 belongs to the last one. It begins with the start
    of a week: the one nearest to the first day of the fiscal year, or the last one on or before it.

    The calendar of the National Retail Federation of the USA is RetailCalendar(2, "4-5-4", "sunday", "nearest"); a year
    of IFRS and US GAAP of 52 or 53 weeks follows one of the two rules.
    """

    fiscal_month: int = 1
    """The first month of the fiscal year."""
    pattern: str = "4-4-5"
    week_start: str = "monday"
    year_start: str = "nearest"
    """nearest or last."""

    @classmethod
    def of(cls, fiscal_month: int, text: str) -> "RetailCalendar":
        """Return the calendar of the settings; text: as RETAIL_CALENDAR, such as "4-5-4 sunday nearest"."""
        pattern, week_start, year_start = text.split()
        return cls(fiscal_month, pattern, week_start, year_start)

    @property
    def days_after_monday(self) -> int:
        return WEEKDAYS.index(self.week_start)

    @property
    def days_ahead(self) -> int:
        """Days after the first day of the fiscal year whose week is the first one of the retail year."""
        return 3 if self.year_start == "nearest" else 0
