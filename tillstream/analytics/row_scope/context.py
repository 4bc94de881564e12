"""What a query depends on besides scope and filters."""

from dataclasses import dataclass, field
from datetime import date

from tillstream.analytics.comparison import ReportedDays


@dataclass(frozen=True)
class QueryContext:
    """Context of a query in addition to scope and filters."""

    reported: ReportedDays = field(default_factory=ReportedDays)
    reporting_currency: str = ""
    stale: tuple[date, ...] | None = None
    """Days not covered by the daily totals; None if there are no daily totals."""
    currency: str = ""
    """Currency of all amounts, instead of the reporting currency; empty: the reporting currency."""
    has_catalogue: bool = True
    """FALSE if the catalogue of the warehouse has never had an entry."""
