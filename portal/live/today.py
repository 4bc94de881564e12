"""Sales of today, and of the same time a week ago, by store."""

from datetime import datetime

from portal.context import tillstream
from tillstream.analytics.live_sales import sales as live
from tillstream.analytics.live_sales.same_time import StoreTimes, store_times


def today_of(view: live.View, now: datetime) -> live.Today:
    """Today's figures of the stores that a view shows."""
    app = tillstream()
    return live.today(app.ports.warehouse, view, now, times(), cache=app.queries)


def times() -> StoreTimes:
    """Time zones and cutoffs of stores, by the contracts."""
    contracts = tillstream().contracts
    first = (contracts.for_region(region) for region in contracts.regions())
    return store_times([*(one for one in first if one), *contracts.all().values()])
