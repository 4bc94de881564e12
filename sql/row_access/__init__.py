"""Row-level security in BigQuery itself: row access policies, and the views that users' own reports read.

Users cannot read the tables. The dataset of views has one view per mart and is authorized on the dataset of the tables.
The policies on the tables restrict the rows by the user of a query, also through views. See
docs/adr/030-rows-by-who-asks.md.
"""

from collections.abc import Iterable, Mapping, Sequence

import sql

PROTECTED = (
    "stored_versions",
    "day_sums",
    "batches",
    "refusals",
    "dim_product_cost",
    "catalogue_stores",
    "catalogue_salespeople",
    "forecasts",
    "forecast_accuracy",
    "price_effects",
    "stock_movements",
    "stock_levels",
    "live_lines",
)
"""The tables with policies. Every other table that a report reads has the same rows for everybody."""
REPORTS: tuple[str, ...] = (
    "sales",
    "live_sales",
    "sales_with_people",
    "sales_by_day",
    "sales_by_product",
    "sales_by_customer",
    "sales_by_store",
    "reported_days",
    "upload_receipts",
    "fact_sales",
    "fact_sales_daily",
    "dim_date",
    "dim_store",
    "dim_product",
    "dim_customer",
    "dim_customer_people",
    "dim_salesperson",
    "dim_salesperson_people",
    "dim_channel",
    "dim_currency",
    "expected_sales",
    "stock",
)
"""The marts that users' own reports read."""
PERSONAL = frozenset({"sales_with_people", "sales_by_customer", "dim_customer_people", "dim_salesperson_people"})
"""The marts with seller and buyer. They have no rows for users who may not see personal columns."""
COSTS: Mapping[str, tuple[str, ...]] = {
    "sales": ("unit_cost",),
    "sales_with_people": ("unit_cost",),
    "fact_sales": ("cost", "covered_revenue"),
    "fact_sales_daily": ("cost", "covered_revenue"),
    "stock": ("unit_cost", "stock_cost"),
}
"""Mart → its columns of costs. They are NULL for users who may not see costs."""
_SCOPES: Mapping[str, Mapping[str, str]] = {
    "stored_versions": {"region": "region", "store": "store_id", "salesperson": "salesperson_id"},
    "day_sums": {"region": "region", "store": "store_id", "salesperson": "salesperson_id"},
    "live_lines": {"region": "region", "store": "store_id", "salesperson": "salesperson_id"},
    "catalogue_stores": {"region": "region", "store": "store_id"},
    "catalogue_salespeople": {"region": "region", "salesperson": "salesperson_id"},
    "forecasts": {"region": "region", "store": "store_id"},
    "forecast_accuracy": {},
    "price_effects": {},
    "stock_movements": {"region": "region", "store": "store_id"},
    "stock_levels": {"region": "region", "store": "store_id"},
}
"""Table → the scopes that limit its rows, each with the column of its values. Other tables have a file of their own.

A row over all regions or stores has NULL there: only users without that limit see it.
"""
_PERMISSIONS: Mapping[str, str] = dict.fromkeys(("forecasts", "forecast_accuracy", "price_effects"), "forecasts")
"""Table → the permission without which a user sees none of its rows."""


def policies(dataset: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """Every statement that creates or drops row access policies, in the order to run them. dataset: `project.dataset`.

    readers: members that contain users (`group:…`, `domain:…`); without any, the policies for users are dropped.
    accounts: service accounts that see every row. The first policy of a table hides its rows from everybody else, so
    the policy for the accounts comes first.
    """
    values = {"dataset": dataset, "readers": _members(readers), "accounts": _members(accounts)}
    policies = []
    for table in PROTECTED:
        policies.append(_text("accounts").format(table=table, **values))
        people = ("rows" if table in _SCOPES else table) if readers else "nobody"
        policies.append(_text(people).format(table=table, conditions=_conditions(dataset, table), **values))
    return policies


def report(view: str, dataset: str) -> str:
    """The SELECT of one of REPORTS, for the dataset that users read."""
    personal = _text("personal").format(dataset=dataset) if view in PERSONAL else ""
    costs = ",\n  ".join(_text("costs").format(dataset=dataset, column=name).strip() for name in COSTS.get(view, ()))
    columns = f"* REPLACE (\n  {costs}\n)" if costs else "*"
    return f"SELECT {columns} FROM `{dataset}.{view}`\n{personal}".strip()


def _conditions(dataset: str, table: str) -> str:
    """The conditions of a row of one of _SCOPES."""
    conditions = [
        _text("bound").format(dataset=dataset, bound=bound, column=column).strip()
        for bound, column in _SCOPES.get(table, {}).items()
    ]
    if table in _PERMISSIONS:
        conditions.insert(0, _text("permission").format(dataset=dataset, bound=_PERMISSIONS[table]).strip())
    return "\n  AND ".join(conditions)


def _members(members: Iterable[str]) -> str:
    return ", ".join(f"'{member}'" for member in members)


def _text(name: str) -> str:
    """The text of a file without its comments, which describe the placeholders."""
    lines = sql.text(f"row_access/{name}.bigquery").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))
