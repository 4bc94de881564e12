"""The SQL of Tillstream in GoogleSQL, one object per file. Adapters translate it; the query layer adds the scope."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

VIEWS: tuple[str, ...] = (
    "ledger/changes",
    "ledger/settled_lines",
    "ledger/settled_sales",
    "ledger/unsettled_lines",
    "ledger/current_lines",
    "ledger/counted_sightings",
    "ledger/sale_lines",
    "ledger/outcomes",
    "ledger/receipts",
    "ledger/receipt_amounts",
    "ledger/quarantine",
    "reference/catalogue_codes",
    "reference/catalogue_costs",
    "reference/catalogue_prices",
    "reference/catalogue_names",
    "reference/current_movements",
    "reference/latest_rates",
    "reference/latest_cross_rates",
    "reference/forecast_regions",
    "reference/stock_facts",
    "marts/line_facts",
    "marts/sale_facts",
    "marts/line_costs",
    "marts/line_sums",
    "marts/product_totals",
    "marts/dim_date",
    "reference/cross_rates",
    "marts/sales_with_people",
    "marts/sales",
    "marts/live_sales",
    "marts/sales_by_day",
    "marts/sales_by_product",
    "marts/sales_by_customer",
    "marts/sales_by_store",
    "marts/reported_days",
    "marts/upload_receipts",
    "marts/dim_product",
    "marts/dim_store",
    "marts/dim_customer_people",
    "marts/dim_customer",
    "marts/dim_salesperson_people",
    "marts/dim_salesperson",
    "marts/dim_channel",
    "marts/dim_currency",
    "reference/store_versions",
    "marts/fact_sales",
    "marts/fact_sales_daily",
    "marts/expected_sales",
    "marts/stock",
)
"""Every view, each after the views that it reads. The view has the name of its file."""
BIGQUERY_VIEWS = (
    "ledger/sale_versions.bigquery",
    *(f"{path}.bigquery" if path == "ledger/settled_sales" else path for path in VIEWS),
)
"""Every view of BigQuery, where `sale_versions` is a view as well, and `settled_sales` reads the last days only."""


@cache
def text(path: str) -> str:
    """The content of the file `path`.sql of this package. Raises `FileNotFoundError`."""
    return resources.files(__name__).joinpath(f"{path}.sql").read_text(encoding="utf-8")


def statement(path: str) -> str:
    """The content of the file without its comments at the start of a line. Raises `FileNotFoundError`."""
    return re.sub(r"^--.*\n", "", text(path), flags=re.MULTILINE).strip()


def views(paths: Sequence[str] = VIEWS) -> list[tuple[str, str]]:
    """(name, CREATE OR REPLACE VIEW …) of every view, in the order of their creation."""
    return [(path.rpartition("/")[2].removesuffix(".bigquery"), text(path)) for path in paths]


_COLUMN = re.compile(r"^-- - (?P<name>\w+)(?:, (?P<total>sum|count distinct))?: (?P<words>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Described:
    """Description of a column in the header of a mart. total: how reports aggregate it, if they do."""

    words: str
    total: str = ""


def described(path: str) -> dict[str, Described]:
    """column → its description in the header of the file: `-- - name, total: words`."""
    return {m["name"]: Described(m["words"], m["total"] or "") for m in _COLUMN.finditer(text(path))}


def columns_of(path: str, tables: Mapping[str, str]) -> dict[str, Described]:
    """column → its description, for every column that the view can have.

    A column is described where it is defined: in the header of the view, else in that of an earlier view, else in a
    table. tables: column → its description, for the columns of the tables.
    """
    columns = {name: Described(words) for name, words in tables.items()}
    for view in (*BIGQUERY_VIEWS[: BIGQUERY_VIEWS.index(path)], path):
        columns |= described(view)
    return columns


@cache
def queries() -> tuple[str, ...]:
    """The names of the queries, which are those of the files in `queries/`, sorted."""
    folder = resources.files(__name__).joinpath("queries")
    return tuple(sorted(f.name.removesuffix(".sql") for f in folder.iterdir() if f.name.endswith(".sql")))


@cache
def relations() -> dict[str, str]:
    """name → SELECT of every file in `relations/`: rows that several queries read by that name."""
    folder = resources.files(__name__).joinpath("relations")
    names = sorted(f.name.removesuffix(".sql") for f in folder.iterdir() if f.name.endswith(".sql"))
    return {name: statement(f"relations/{name}") for name in names}


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, name, script) of every file in `migrations/`, in order: changes of existing tables in the cloud. New
    tables have the last number."""
    folder = resources.files(__name__).joinpath("migrations")
    named = sorted((f.name.removesuffix(".bigquery.sql"), f.read_text(encoding="utf-8")) for f in folder.iterdir())
    return tuple((int(name[:3]), name[4:], script) for name, script in named)
