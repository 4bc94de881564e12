"""What the tables of subscriptions are read with in an app."""

from functools import partial

from tillstream.app.app import App
from tillstream.delivery.subscribed_tables import TableSource
from tillstream.stock import published_levels


def source_of(app: App) -> TableSource:
    """The source of tables; stock levels have the units that suppliers are expected to deliver."""
    completed = {published_levels.NOW_QUERY: partial(published_levels.stream_units_on_order, app.ports)}
    return TableSource(app.ports, app.contracts, app.settings.reporting_currency, app.queries, completed)
