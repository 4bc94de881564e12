"""The catalogue of metrics: the definition, formula and counted lines of each number in the portal."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["money", "count", "share", "growth", "day"]
Counts = Literal["all", "active", "orders", "cancelled", "pending", "returned", "costed", "unconverted"]
"""Which lines a metric is computed from."""

COUNTED_LINES: dict[Counts, str] = {
    "all": "All sale lines, regardless of status.",
    "active": "All sale lines that are not cancelled, including pending lines; returns count as negative.",
    "orders": "Sale lines that are neither cancelled nor returned.",
    "cancelled": "Cancelled sale lines only.",
    "pending": "Pending sale lines only.",
    "returned": "Returned sale lines only.",
    "costed": "Sale lines, not cancelled, with a quantity and a unit cost from the source or the catalogue.",
    "unconverted": "Sale lines that are not cancelled and have no exchange rate for their currency and day.",
}
REVENUE = (
    "The net amount is after discount and before tax: the total from the file if it has one, otherwise quantity × "
    "unit price − discount. It is converted to the currency shown with the rate of the day of the sale; lines without "
    "a rate are not included."
)
COMPARED = (
    "Whole months are compared with whole months, other periods with the same number of days. Days that are not "
    "reported yet are excluded on both sides; there is no growth if the other period is incomplete."
)


@dataclass(frozen=True)
class Metric:
    """A metric. `query` is the query in sql/queries whose column or row has its name."""

    name: str
    label: str
    unit: Unit
    query: str
    counts: Counts
    definition: str
    formula: str
    rule: str = ""


def _growth_metrics() -> list[Metric]:
    labels = {
        "revenue": "revenue",
        "orders": "orders",
        "average_order_value": "the average order",
        "units": "units",
        "customers": "customers",
    }
    baselines = {"growth": "the previous period", "year_growth": "the same days of the previous year"}
    return [
        Metric(
            f"{name}_{column}",
            f"Growth of {label} against {baseline}",
            "growth",
            "growth",
            "orders" if name == "orders" else "active",
            f"Growth of {label} compared with {baseline}.",
            f"difference between the two ÷ {label} of {baseline}",
            COMPARED,
        )
        for name, label in labels.items()
        for column, baseline in baselines.items()
    ]


ORDER = "A sale is identified by region and sale number; its lines together are one order."
CUSTOMER = "A customer is identified by ID, or by name if there is no ID; lines without a customer are not counted."
COST = (
    "Cost is taken from the source, in the currency of the line; for lines without it, from the catalogue, for the "
    "region and the day of the sale. It is converted with the rate of that day."
)
_LIST = [
    Metric("revenue", "Revenue", "money", "kpis", "active",
           "Value of the sales, converted to one currency.", "sum of the net amounts × exchange rate", REVENUE),
    Metric("orders", "Orders", "count", "kpis", "orders",
           "Number of sales.", "number of different sales with a line neither cancelled nor returned", ORDER),
    Metric("average_order_value", "Average order", "money", "kpis", "active",
           "Average revenue of a sale.", "revenue ÷ orders", f"{REVENUE} {ORDER}"),
    Metric("customers", "Customers", "count", "kpis", "active",
           "Number of different customers.", "number of different customers", CUSTOMER),
    Metric("new_customers", "New customers", "count", "customer-counts", "active",
           "Customers whose first purchase is in the selected period.",
           "customers − those with a line, not cancelled, before the period begins",
           f"{CUSTOMER} Earlier purchases are searched in all sales that you can see, regardless of the filters."),
    Metric("repeat_customers", "Repeat customers", "count", "customer-counts", "active",
           "Customers with two or more of the selected sales.",
            "customers with at least two different sales", CUSTOMER),
    Metric("anonymous_lines", "Lines without a customer", "count", "customer-counts", "active",
           "Sale lines without a customer.", "number of lines without a customer's id and name"),
    Metric("units", "Units", "count", "kpis", "active",
           "Number of units sold, less returns.", "sum of the quantities",
           "Lines without a quantity are not included."),
    Metric("lines", "Sale lines", "count", "kpis", "all", "Number of sale lines.", "number of lines"),
    Metric("active_lines", "Lines that count", "count", "kpis", "active",
           "Number of sale lines included in the revenue.", "number of lines that are not cancelled"),
    Metric("countries", "Countries", "count", "kpis", "active",
           "Number of countries of the buyers.", "number of different countries",
            "Names are counted as written in the sources."),
    Metric("categories", "Categories", "count", "kpis", "active",
           "Number of product categories sold.", "number of different categories",
            "Names are counted as written in the sources."),
    Metric("first_sale_date", "First day", "day", "kpis", "active",
           "The first day with a sale.", "smallest business day of the lines"),
    Metric("last_sale_date", "Last day", "day", "kpis", "active",
           "The last day with a sale.", "greatest business day of the lines"),
    Metric("cancelled_lines", "Cancelled lines", "count", "kpis", "cancelled",
           "Number of cancelled sale lines; they are not included in the revenue.", "number of cancelled lines"),
    Metric("cancelled_value", "Cancelled", "money", "headline", "cancelled",
           "Revenue that the cancelled lines would have had.", "sum of their net amounts × exchange rate", REVENUE),
    Metric("pending_lines", "Pending lines", "count", "kpis", "pending",
           "Number of sale lines that are not completed; they are included in the revenue.", "number of pending lines"),
    Metric("pending_value", "Pending", "money", "headline", "pending",
           "Part of the revenue that is not completed.", "sum of their net amounts × exchange rate", REVENUE),
    Metric("returned_lines", "Returned lines", "count", "headline", "returned",
           "Number of returned sale lines.", "number of returned lines",
           "A return is a separate sale, on its own day."),
    Metric("returned_value", "Returns", "money", "headline", "returned",
           "Value of the returns; it is included in the revenue as a negative amount.",
            "sum of their net amounts × exchange rate",
           REVENUE),
    Metric("margin", "Margin", "money", "headline", "costed",
           "Revenue less cost, for lines with known cost.",
           "net amount − quantity × unit cost, over lines whose cost is known", COST),
    Metric("margin_rate", "Margin, share", "share", "headline", "costed",
           "Margin as a share of revenue, for lines with known cost.",
           "margin ÷ revenue of the lines whose cost is known", COST),
    Metric("cost", "Cost", "money", "headline", "costed",
           "Cost of the goods sold, for lines with known cost.", "sum of quantity × unit cost × exchange rate", COST),
    Metric("covered_revenue", "Revenue with known cost", "money", "headline", "costed",
           "Revenue of the lines with known cost, on which the margin is based.",
            "revenue of the lines whose cost is known", COST),
    Metric("cost_coverage", "Cost known for", "share", "headline", "costed",
           "Share of the revenue for which the cost is known; the margin does not include the rest.",
           "revenue of the lines whose cost is known ÷ revenue", COST),
    Metric("catalogue_revenue", "Revenue with the catalogue's cost", "money", "headline", "costed",
           "Revenue of the lines whose cost is from the catalogue, because their source has none.",
            "revenue of the lines whose cost is from the catalogue", COST),
    Metric("catalogue_coverage", "Cost from the catalogue for", "share", "headline", "costed",
           "Share of the revenue whose cost is from the catalogue.",
           "revenue of the lines whose cost is from the catalogue ÷ revenue", COST),
    Metric("costed_lines", "Lines with known cost", "count", "headline", "costed",
           "Number of lines on which the margin is based.", "number of lines with a quantity and a unit cost", COST),
    Metric("unconverted_lines", "Lines without a rate", "count", "kpis", "unconverted",
           "Number of lines missing from all amounts, because they have no exchange rate.",
           "number of lines without an exchange rate",
           "Load the missing rates (see Exchange rates in the documentation); the lines are then included."),
    Metric("cancelled_unconverted_lines", "Cancelled lines without a rate", "count", "headline", "cancelled",
           "Number of cancelled lines missing from the cancelled amount.",
           "number of cancelled lines without an exchange rate"),
    *_growth_metrics(),
]  # fmt: skip
METRICS: dict[str, Metric] = {figure.name: figure for figure in _LIST}
