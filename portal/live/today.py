"""Sales of today, and of the same time a week ago, by store."""

from datetime import datetime

from portal.context import tillstream
from tillstream.analytics import live_sales as live
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales import StoreTimes, store_times


def today_of(view: live.LiveSalesView, now: datetime, chosen: Filters = live.ALL_SALES) -> live.TodaySales:
    """Today's figures of the stores that a view shows. chosen: of which sales; its periods do not count."""
    app = tillstream()
    return live.sales_of_today(app.ports.warehouse, view, now, times(), chosen=chosen, cache=app.queries)


def times() -> StoreTimes:
    """Time zones and cutoffs of stores, by the contracts."""
    contracts = tillstream().contracts
    first = (contracts.for_region(region) for region in contracts.regions())
    return store_times([*(one for one in first if one), *contracts.all().values()])
