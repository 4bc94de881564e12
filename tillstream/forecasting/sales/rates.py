"""The latest exchange rates into the reporting currency, as numbers."""

from tillstream.ports.warehouse import Warehouse


def latest_rates(warehouse: Warehouse) -> tuple[str, dict[str, float]]:
    """Return the reporting currency and the latest rates into it; empty before the first sweep of a project."""
    currency = warehouse.query("SELECT MAX(currency) AS currency FROM reporting").column(0)[0].as_py() or ""
    rows = warehouse.query("SELECT * FROM latest_rates").to_pylist()
    return currency, {row["currency"]: float(row["factor"]) for row in rows} | {currency: 1.0}
