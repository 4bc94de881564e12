"""The SQL of Tillstream in GoogleSQL, one object a file; adapters translate it, the query layer puts scope into it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

VIEWS: tuple[str, ...] = (
    "ledger/changes",
    "ledger/current_lines",
    "ledger/counted_sightings",
    "ledger/sale_lines",
    "ledger/outcomes",
    "ledger/receipts",
    "ledger/receipt_amounts",
    "ledger/quarantine",
    "marts/line_facts",
    "marts/sale_facts",
    "marts/line_sums",
    "reference/dim_date",
    "marts/sales_with_people",
    "marts/sales",
    "marts/sales_by_day",
    "marts/sales_by_product",
    "marts/sales_by_customer",
    "marts/sales_by_store",
    "marts/reported_days",
    "marts/upload_receipts",
)
"""Every view, each after the views it reads. The file's name is the view's name."""


@cache
def text(path: str) -> str:
    """The file `path`.sql of this package; `FileNotFoundError`."""
    return resources.files(__name__).joinpath(f"{path}.sql").read_text(encoding="utf-8")


def views() -> list[tuple[str, str]]:
    """(name, CREATE OR REPLACE VIEW …) of every view, in the order to create them."""
    return [(path.rpartition("/")[2], text(path)) for path in VIEWS]


_COLUMN = re.compile(r"^-- - (?P<name>\w+)(?:, (?P<total>sum|count distinct))?: (?P<words>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Described:
    """Description of a column in a mart's header. `total`: sum or count distinct, where a report adds it up so."""

    words: str
    total: str = ""


def described(path: str) -> dict[str, Described]:
    """column → its description in the header of the file: `-- - name, total: words`."""
    return {m["name"]: Described(m["words"], m["total"] or "") for m in _COLUMN.finditer(text(path))}


def columns_of(path: str, tables: Mapping[str, str]) -> dict[str, Described]:
    """column → its description, for every column that the view may have.

    A column is described where it is made: in the view's own header, else in a view before it, else by the columns of
    the tables, which the caller gives as `tables`.
    """
    columns = {name: Described(words) for name, words in tables.items()}
    for view in (*VIEWS[: VIEWS.index(path)], path):
        columns |= described(view)
    return columns


@cache
def queries() -> tuple[str, ...]:
    """The names of the files of `queries/`, by name."""
    folder = resources.files(__name__).joinpath("queries")
    return tuple(sorted(f.name.removesuffix(".sql") for f in folder.iterdir() if f.name.endswith(".sql")))


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, name, script) of every file of `migrations/`, each after the one before: changes of tables that a cloud
    already has. The last number is that of tables made now."""
    folder = resources.files(__name__).joinpath("migrations")
    named = sorted((f.name.removesuffix(".bigquery.sql"), f.read_text(encoding="utf-8")) for f in folder.iterdir())
    return tuple((int(name[:3]), name[4:], script) for name, script in named)
