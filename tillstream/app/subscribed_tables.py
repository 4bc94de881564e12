"""What the tables of subscriptions are read with in an app."""

from functools import partial

from tillstream.app.app import App
from tillstream.inventory import past
from tillstream.purchasing import expected_units
from tillstream.scheduled_exports.tables import Source


def source_of(app: App) -> Source:
    """The source of tables; stock levels have the units that suppliers are expected to deliver."""
    completed = {past.NOW: partial(expected_units.streamed, app.ports)}
    return Source(app.ports, app.contracts, app.settings.reporting_currency, app.queries, completed)
