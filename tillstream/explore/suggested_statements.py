"""Statements to start from: examples, and those that a person ran last."""

from dataclasses import asdict, dataclass
from itertools import accumulate

from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

FIRST_EXAMPLE = """SELECT
  dim_date.month_start,
  fact_sales.region,
  ROUND(SUM(fact_sales.revenue), 2) AS revenue,
  COUNT(DISTINCT IF(fact_sales.counts_as_order, fact_sales.order_id, NULL)) AS orders
FROM fact_sales
JOIN dim_date ON dim_date.sale_date = fact_sales.sale_date
GROUP BY dim_date.month_start, fact_sales.region
ORDER BY dim_date.month_start DESC, fact_sales.region"""
EXAMPLE_STATEMENTS = {
    "Revenue and orders by month and region": FIRST_EXAMPLE,
    "The ten best products": """SELECT
  dim_product.name,
  SUM(fact_sales.units) AS units,
  ROUND(SUM(fact_sales.revenue), 2) AS revenue
FROM fact_sales
JOIN dim_product ON dim_product.product_key = fact_sales.product_key
WHERE fact_sales.is_active
GROUP BY dim_product.name
ORDER BY revenue DESC
LIMIT 10""",
    "Each month compared with the previous month": """WITH months AS (
  SELECT dim_date.month_start, ROUND(SUM(fact_sales.revenue), 2) AS revenue
  FROM fact_sales
  JOIN dim_date ON dim_date.sale_date = fact_sales.sale_date
  GROUP BY dim_date.month_start
)
SELECT
  month_start,
  revenue,
  LAG(revenue) OVER (ORDER BY month_start) AS previous_month,
  ROUND(revenue / LAG(revenue) OVER (ORDER BY month_start) - 1, 4) AS revenue_growth
FROM months
ORDER BY month_start DESC""",
    "Customers who bought once": """SELECT fact_sales.region, COUNT(*) AS customers
FROM (
  SELECT region, customer_key, COUNT(DISTINCT order_id) AS orders
  FROM fact_sales
  WHERE counts_as_order
  GROUP BY region, customer_key
) AS fact_sales
WHERE fact_sales.orders = 1
GROUP BY fact_sales.region
ORDER BY customers DESC""",
}
"""Title → statement to start from."""

SQL_HISTORY = "sql_history"
KEPT_STATEMENTS = 50
MAX_HISTORY_TEXT = 200_000
"""Of all statements that are kept, so that the document of a person stays small."""


@dataclass(frozen=True)
class PastStatement:
    """at: when it was run. rows: how many it returned. problem: why it failed; empty: it did not."""

    at: str
    text: str
    rows: int = 0
    seconds: float = 0.0
    problem: str = ""


def past_statements(ports: Ports, login: str, account: str) -> list[PastStatement]:
    """The last statements, the newest first. account: when the account was created."""
    document = ports.documents.get(SQL_HISTORY, login)
    if document is None or document.data["account"] != account:
        return []
    return [PastStatement(**one) for one in document.data["entries"]]


def record_statement(ports: Ports, login: str, account: str, entry: PastStatement) -> None:
    """Add a statement; the same text is kept once, the oldest ones are dropped."""

    def added(document: Document | None) -> Update:
        is_own = document is not None and document.data["account"] == account
        earlier = document.data["entries"] if document and is_own else []
        others = [one for one in earlier if one["text"] != entry.text]
        kept = [asdict(entry), *others][:KEPT_STATEMENTS]
        sizes = accumulate(len(one["text"]) + len(one["problem"]) for one in kept)
        entries = [one for one, size in zip(kept, sizes, strict=True) if size <= MAX_HISTORY_TEXT]
        return Update({"login": login, "account": account, "entries": entries})

    update_document(ports.documents, SQL_HISTORY, login, added)
