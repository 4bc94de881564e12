"""Regions and stores of a file that are not in the lists of the portal yet."""

from dataclasses import replace

from portal.context import scope, tillstream
from tillstream.analytics import queries
from tillstream.model.contract import Contract
from tillstream.model.uploads import FileFigures


def new_region(contract: Contract) -> bool:
    """Whether no data source reports to the region yet."""
    return contract.region not in tillstream().contracts.regions()


def new_stores(contract: Contract, figures: FileFigures | None) -> tuple[str, ...]:
    """Stores of the file that are neither listed by the data source nor have sales in its region.

    Sales outside the stores of the user count too, or each store of others would be new to them.
    """
    unlisted = [one for one in figures.stores if one not in contract.stores] if figures else []
    if not unlisted:
        return ()
    app, region = tillstream(), replace(scope(), regions=(contract.region,), stores=None, salesperson=None)
    rows = queries.run_query(
        app.ports.warehouse, "filter-values", region, cache=app.queries, filter="store"
    ).to_pylist()
    listed = {row["value"] for row in rows}
    return tuple(one for one in unlisted if one not in listed)
