"""A small file of sales and its data source, whose rows the tests of holds choose."""

from pathlib import Path
from typing import Any

import yaml

from tests.e2e.conftest import Run

CONTRACT: dict[str, Any] = {
    "name": "north",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "quantity": "Qty", "net_amount": "Amount"},
}


def ingest(run: Run, folder: Path, rows: list[str], contract: dict[str, Any] = CONTRACT) -> dict[str, Any]:
    """Upload the rows under the contract, in a new home; return the receipt."""
    home = folder / "home"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(contract))
    (folder / "sales.csv").write_text("\n".join(["No,Day,Item,Qty,Amount", *rows, ""]))
    return dict(run("ingest", str(folder / "sales.csv"), "--region", "north")[1])
