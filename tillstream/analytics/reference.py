"""Reference data: exchange rates, and the reporting currency they are turned into."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream import audit
from tillstream.batches import freshness
from tillstream.ports import Ports, Warehouse

AHEAD = timedelta(days=400)
"""Rates are filled forward so far, so that new sales find theirs until the next load or start."""


def ready(ports: Ports, reporting: str) -> None:
    """Load the rates that ship into an empty warehouse; renew the daily ones when too short or another currency's."""
    state = ports.warehouse.query(sql.text("reference/state")).to_pylist()[0]
    if not state["rate_count"]:
        from tillstream.analytics.fx import rates as fx_rates

        ports.warehouse.load("fx_rates", fx_rates.shipped())
    elif state["reporting"] == reporting and state["last_date"] >= ports.clock.now().date() + AHEAD / 2:
        return
    _renew(ports, reporting)


def load(ports: Ports, text: str, name: str, reporting: str, by: str) -> int:
    """Add or replace the rates of a file; how many it holds. Raises `Rejected` naming line, column and value."""
    from tillstream.analytics.fx import rates as fx_rates

    rates = fx_rates.parse(text, name, _rates(ports))
    ports.warehouse.upsert("fx_rates", rates, ["rate_date", "currency"])
    _renew(ports, reporting)
    days, currencies = pc.min_max(rates.column("rate_date")).as_py(), pc.unique(rates.column("currency")).to_pylist()
    after = {"rates": rates.num_rows, "first": days["min"], "last": days["max"], "currencies": sorted(currencies)}
    audit.record(ports, by, audit.What.RATES_LOADED, name, None, after)
    return int(rates.num_rows)


def take_over(ports: Ports, old: Warehouse, reporting: str) -> None:
    """The rates that another warehouse holds, instead of those that ship."""
    ports.warehouse.load("fx_rates", old.query(sql.text("reference/rates")))
    _renew(ports, reporting)


def _renew(ports: Ports, reporting: str) -> None:
    from tillstream.analytics.fx import daily

    until = ports.clock.now().date() + AHEAD
    ports.warehouse.load("reporting_rates", daily.daily(_rates(ports), reporting, until))
    ports.warehouse.load("reporting", pa.table({"currency": [reporting]}))
    freshness.tell(ports.documents)


def _rates(ports: Ports) -> pa.Table:
    return ports.warehouse.query(sql.text("reference/rates"))
