"""The SQL of Tillstream in GoogleSQL, one object a file; adapters translate it, the query layer puts scope into it."""

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
    "reference/dim_date",
)
"""Every view, each after the views it reads. The file's name is the view's name."""


@cache
def text(path: str) -> str:
    """The file `path`.sql of this package; `FileNotFoundError`."""
    return resources.files(__name__).joinpath(f"{path}.sql").read_text(encoding="utf-8")


def views() -> list[tuple[str, str]]:
    """(name, CREATE OR REPLACE VIEW …) of every view, in the order to create them."""
    return [(path.rpartition("/")[2], text(path)) for path in VIEWS]


@cache
def queries() -> tuple[str, ...]:
    """The names of the files of `queries/`, by name."""
    folder = resources.files(__name__).joinpath("queries")
    return tuple(sorted(f.name.removesuffix(".sql") for f in folder.iterdir() if f.name.endswith(".sql")))
