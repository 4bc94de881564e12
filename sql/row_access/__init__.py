"""Who sees which rows in BigQuery itself: row access policies, and the views that people's own reports read.

People never read the tables. Their dataset holds one view a mart, authorized on the dataset of the tables; the policies
on the tables choose the rows by who asks, also through views. See docs/adr/030-rows-by-who-asks.md.
"""

from collections.abc import Iterable, Sequence

import sql

PROTECTED = ("sale_versions", "batches", "refusals")
"""The tables with policies: every row that a report shows comes through one of them."""
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
"""The marts that people's own reports read."""
PERSONAL = frozenset({"sales_with_people", "sales_by_customer"})
"""Those with seller and buyer: they have no row for users who may not see personal columns."""


def policies(dataset: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """Every statement about row access policies, in the order to run them. dataset: `project.dataset`.

    readers: members that may have people among them (`group:…`, `domain:…`), without whom people's policies go;
    accounts: service accounts that see all. A table's first policy shuts everybody else out, so that of the accounts
    comes first.
    """
    values = {"dataset": dataset, "readers": _members(readers), "accounts": _members(accounts)}
    people = (lambda table: table) if readers else (lambda _: "nobody")
    return [_text(path).format(table=table, **values) for table in PROTECTED for path in ("accounts", people(table))]


def report(view: str, dataset: str) -> str:
    """The SELECT of one of REPORTS, for the dataset that people read."""
    personal = _text("personal").format(dataset=dataset) if view in PERSONAL else ""
    return f"SELECT * FROM `{dataset}.{view}`\n{personal}".strip()


def _members(members: Iterable[str]) -> str:
    return ", ".join(f"'{member}'" for member in members)


def _text(name: str) -> str:
    """Without its comments, which describe the placeholders."""
    lines = sql.text(f"row_access/{name}.bigquery").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))
