"""Row-level security in BigQuery itself: row access policies, and the views that users' own reports read.

Users cannot read the tables. The dataset of views has one view per mart and is authorized on the dataset of the tables.
The policies on the tables restrict the rows by the user of a query, also through views. See
docs/adr/030-rows-by-who-asks.md.
"""

from collections.abc import Iterable, Sequence

import sql

PROTECTED = ("stored_versions", "batches", "refusals", "dim_product_cost")
"""The tables with policies: every row in a report is read from one of the first three; the last one has costs."""
REPORTS: tuple[str, ...] = (
    "sales",
    "sales_with_people",
    "sales_by_day",
    "sales_by_product",
    "sales_by_customer",
    "sales_by_store",
    "reported_days",
    "upload_receipts",
)
"""The marts that users' own reports read."""
PERSONAL = frozenset({"sales_with_people", "sales_by_customer"})
"""The marts with seller and buyer. They have no rows for users who may not see personal columns."""
COSTS = frozenset({"sales", "sales_with_people"})
"""The marts with a unit cost. It is NULL for users who may not see costs."""


def policies(dataset: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """Every statement that creates or drops row access policies, in the order to run them. dataset: `project.dataset`.

    readers: members that contain users (`group:…`, `domain:…`); without any, the policies for users are dropped.
    accounts: service accounts that see every row. The first policy of a table hides its rows from everybody else, so
    the policy for the accounts comes first.
    """
    values = {"dataset": dataset, "readers": _members(readers), "accounts": _members(accounts)}
    people = (lambda table: table) if readers else (lambda _: "nobody")
    return [_text(path).format(table=table, **values) for table in PROTECTED for path in ("accounts", people(table))]


def report(view: str, dataset: str) -> str:
    """The SELECT of one of REPORTS, for the dataset that users read."""
    personal = _text("personal").format(dataset=dataset) if view in PERSONAL else ""
    columns = _text("costs").format(dataset=dataset).strip() if view in COSTS else "*"
    return f"SELECT {columns} FROM `{dataset}.{view}`\n{personal}".strip()


def _members(members: Iterable[str]) -> str:
    return ", ".join(f"'{member}'" for member in members)


def _text(name: str) -> str:
    """The text of a file without its comments, which describe the placeholders."""
    lines = sql.text(f"row_access/{name}.bigquery").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))
