"""What pages read in place of the ledger, computed again after settlements: daily totals and stock levels."""

from tillstream.app import App
from tillstream.stock import stored_levels


def refresh(app: App) -> None:
    """Compute what is out of date. Raises as `levels.refresh`."""
    app.ports.warehouse.refresh_totals()
    stored_levels.refresh_levels(app.ports)
