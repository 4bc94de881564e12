"""What measures can be grouped by."""

from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.domain.errors import NotFound
from tillstream.domain.text.near_names import did_you_mean

CUSTOMER = "COALESCE(customer_id, customer_name)"


@dataclass(frozen=True)
class Dimension:
    """A dimension. expression: GoogleSQL over the columns of line_facts.

    is_period: its values are periods that follow each other. splits_sales: two lines of a sale can have two values.
    """

    name: str
    label: str
    column: str
    expression: str = ""
    is_period: bool = False
    splits_sales: bool = False
    is_personal: bool = False

    @property
    def sql(self) -> str:
        return self.expression or self.column


def _period(name: str, label: str, expression: str = "") -> Dimension:
    return Dimension(name, label, "sale_date", expression, is_period=True)


_ALL = (
    _period("day", "Day"),
    _period("week", "Week", "DATE_TRUNC(sale_date, ISOWEEK)"),
    _period("month", "Month", "DATE_TRUNC(sale_date, MONTH)"),
    _period("quarter", "Quarter", "DATE_TRUNC(sale_date, QUARTER)"),
    _period("year", "Year", "DATE_TRUNC(sale_date, YEAR)"),
    Dimension("weekday", "Weekday", "sale_date", "DATE_DIFF(sale_date, DATE_TRUNC(sale_date, ISOWEEK), DAY) + 1"),
    Dimension("region", "Region", "region"),
    Dimension("store", "Store", "store_id"),
    Dimension("salesperson", "Salesperson", "salesperson_id", is_personal=True),
    Dimension("channel", "Channel", "channel"),
    Dimension("country", "Country", "country"),
    Dimension("status", "Status", "status"),
    Dimension("category", "Category", "category", splits_sales=True),
    Dimension("product", "Product", "product", splits_sales=True),
    Dimension("customer", "Customer", "customer", CUSTOMER, splits_sales=True, is_personal=True),
)
DIMENSIONS: Mapping[str, Dimension] = {one.name: one for one in _ALL}


def dimension(name: str) -> Dimension:
    """Return the dimension `name`. Raises `NotFound`."""
    if name not in DIMENSIONS:
        raise NotFound(
            f"Measures cannot be grouped by {name}.{did_you_mean(name, DIMENSIONS)} "
            f"Dimensions: {', '.join(DIMENSIONS)}."
        )
    return DIMENSIONS[name]
