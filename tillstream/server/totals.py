"""What pages read in place of the ledger, computed again after settlements: daily totals and stock levels."""

from tillstream.app import App
from tillstream.inventory import levels


def refresh(app: App) -> None:
    """Compute what is out of date. Raises as `levels.refresh`."""
    app.ports.warehouse.refresh_totals()
    levels.refresh(app.ports)
