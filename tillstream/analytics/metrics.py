"""The catalogue of metrics: the definition, formula and counted lines of each number in the portal."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["money", "count", "share", "growth", "day"]
Counts = Literal["all", "active", "orders", "cancelled", "pending", "returned", "costed", "unconverted"]
"""Which lines a metric is computed from."""

COUNTED_LINES: dict[Counts, str] = {
    "all": "Every sale line, whatever its status.",
    "active": "Every sale line that is not cancelled. Pending lines count; returns count with their minus.",
    "orders": "Sale lines that are neither cancelled nor returned.",
    "cancelled": "Cancelled sale lines only.",
    "pending": "Pending sale lines only.",
    "returned": "Returned sale lines only.",
    "costed": "Sale lines that are not cancelled and whose source gives both a quantity and a unit cost.",
    "unconverted": "Sale lines that are not cancelled and for whose currency and day no exchange rate is known.",
}
REVENUE = (
    "The net amount is after discount and before tax: the file's own total where it has one, else quantity × unit "
    "price − discount. The rate of the sale's day turns it into the reporting currency; a line without one is left out."
)
COMPARED = (
    "Whole months are compared with whole months, other periods with as many days. Days that are not reported yet are "
    "left out on both sides; nothing is said where the other period is not known whole."
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
    baselines = {"growth": "the period just before", "year_growth": "the same days of the year before"}
    return [
        Metric(
            f"{name}_{column}",
            f"Growth of {label} against {baseline}",
            "growth",
            "growth",
            "orders" if name == "orders" else "active",
            f"How much {label} grew against {baseline}.",
            f"({name} − {name} then) ÷ {name} then",
            COMPARED,
        )
        for name, label in labels.items()
        for column, baseline in baselines.items()
    ]


ORDER = "A sale is known by region and sale number; its lines are one order together."
CUSTOMER = "A customer is known by id, where there is none by name; lines that name nobody are in no count."
COST = "Cost is as the source gives it, in the line's currency, converted by the rate of the sale's day."
_LIST = [
    Metric("revenue", "Revenue", "money", "kpis", "active",
           "What was sold, in the reporting currency.", "sum of the net amounts × exchange rate", REVENUE),
    Metric("orders", "Orders", "count", "kpis", "orders",
           "How many sales there were.", "number of different sales with a line neither cancelled nor returned", ORDER),
    Metric("average_order_value", "Average order", "money", "kpis", "active",
           "What a sale brings on average.", "revenue ÷ orders", f"{REVENUE} {ORDER}"),
    Metric("customers", "Customers", "count", "kpis", "active",
           "How many different people bought.", "number of different customers", CUSTOMER),
    Metric("new_customers", "New customers", "count", "customer-counts", "active",
           "Customers whose first purchase lies in the chosen period.",
           "customers − those with a line, not cancelled, before the period begins",
           f"{CUSTOMER} Looked for in everything that you may see, whatever the filters."),
    Metric("repeat_customers", "Repeat customers", "count", "customer-counts", "active",
           "Customers with two or more of the chosen sales.", "customers with at least two different sales", CUSTOMER),
    Metric("anonymous_lines", "Lines without a customer", "count", "customer-counts", "active",
           "Sale lines that name no customer.", "number of lines without a customer's id and name"),
    Metric("units", "Units", "count", "kpis", "active",
           "How many pieces were sold, returns taken off.", "sum of the quantities",
           "Lines whose source gives no quantity add nothing."),
    Metric("lines", "Sale lines", "count", "kpis", "all", "How many sale lines there are.", "number of lines"),
    Metric("active_lines", "Lines that count", "count", "kpis", "active",
           "How many sale lines make up the revenue.", "number of lines that are not cancelled"),
    Metric("countries", "Countries", "count", "kpis", "active",
           "In how many countries the buyers are.", "number of different countries", "As the sources spell them."),
    Metric("categories", "Categories", "count", "kpis", "active",
           "How many product lines were sold.", "number of different categories", "As the sources spell them."),
    Metric("first_sale_date", "First day", "day", "kpis", "active",
           "The first day with a sale.", "smallest business day of the lines"),
    Metric("last_sale_date", "Last day", "day", "kpis", "active",
           "The last day with a sale.", "greatest business day of the lines"),
    Metric("cancelled_lines", "Cancelled lines", "count", "kpis", "cancelled",
           "How many sale lines were called off; they are in no revenue.", "number of cancelled lines"),
    Metric("cancelled_value", "Cancelled", "money", "headline", "cancelled",
           "What the cancelled lines would have brought.", "sum of their net amounts × exchange rate", REVENUE),
    Metric("pending_lines", "Pending lines", "count", "kpis", "pending",
           "How many sale lines are not completed yet; they are in the revenue.", "number of pending lines"),
    Metric("pending_value", "Pending", "money", "headline", "pending",
           "What of the revenue is not completed yet.", "sum of their net amounts × exchange rate", REVENUE),
    Metric("returned_lines", "Returned lines", "count", "headline", "returned",
           "How many sale lines give goods back.", "number of returned lines",
           "A return is a sale of its own, on its own day."),
    Metric("returned_value", "Returns", "money", "headline", "returned",
           "What was given back; it is in the revenue with its minus.", "sum of their net amounts × exchange rate",
           REVENUE),
    Metric("margin", "Margin", "money", "headline", "costed",
           "What is left of the revenue after cost, as far as costs are known.",
           "net amount − quantity × unit cost, over lines whose cost is known", COST),
    Metric("margin_rate", "Margin, share", "share", "headline", "costed",
           "Which part of the revenue is left after cost, as far as costs are known.",
           "margin ÷ revenue of the lines whose cost is known", COST),
    Metric("cost", "Cost", "money", "headline", "costed",
           "What the goods cost, as far as it is known.", "sum of quantity × unit cost × exchange rate", COST),
    Metric("covered_revenue", "Revenue with known cost", "money", "headline", "costed",
           "The revenue that the margin is told of.", "revenue of the lines whose cost is known", COST),
    Metric("cost_coverage", "Cost known for", "share", "headline", "costed",
           "For which share of the revenue the cost is known; the margin says nothing of the rest.",
           "revenue of the lines whose cost is known ÷ revenue", COST),
    Metric("costed_lines", "Lines with known cost", "count", "headline", "costed",
           "How many lines the margin is made from.", "number of lines with a quantity and a unit cost", COST),
    Metric("unconverted_lines", "Lines without a rate", "count", "kpis", "unconverted",
           "How many lines every amount misses, since no rate converts them.",
           "number of lines without an exchange rate",
           "Load the missing rates (Exchange rates in the manual), and they count at once."),
    Metric("cancelled_unconverted_lines", "Cancelled lines without a rate", "count", "headline", "cancelled",
           "How many cancelled lines the cancelled amount misses.",
           "number of cancelled lines without an exchange rate"),
    *_growth_metrics(),
]  # fmt: skip
METRICS: dict[str, Metric] = {figure.name: figure for figure in _LIST}
