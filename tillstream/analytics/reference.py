"""Reference data: exchange rates and the reporting currency."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream import audit
from tillstream.batches import freshness
from tillstream.ports import Ports, Warehouse

AHEAD = timedelta(days=400)
"""How far rates are filled forward, to cover new sales until the next load or start."""


def refresh_rates(ports: Ports, reporting: str) -> None:
    """Load the bundled rates into an empty warehouse; refresh daily rates that end soon or have another currency."""
    state = ports.warehouse.query(sql.text("reference/state")).to_pylist()[0]
    if not state["rate_count"]:
        from tillstream.analytics.fx import rates as fx_rates

        ports.warehouse.replace_table("fx_rates", fx_rates.shipped())
    elif state["reporting"] == reporting and state["last_date"] >= ports.clock.now().date() + AHEAD / 2:
        return
    _refresh(ports, reporting)


def load_rates(ports: Ports, text: str, name: str, reporting: str, by: str) -> int:
    """Upsert the rates of a file; return how many. Raises `Rejected` naming line, column and value."""
    from tillstream.analytics.fx import rates as fx_rates

    rates = fx_rates.parse(text, name, _rates(ports))
    ports.warehouse.upsert("fx_rates", rates, ["rate_date", "currency"])
    _refresh(ports, reporting)
    days, currencies = pc.min_max(rates.column("rate_date")).as_py(), pc.unique(rates.column("currency")).to_pylist()
    after = {"rates": rates.num_rows, "first": days["min"], "last": days["max"], "currencies": sorted(currencies)}
    audit.record(ports, by, audit.AuditAction.RATES_LOADED, name, None, after)
    return int(rates.num_rows)


def copy_rates(ports: Ports, old: Warehouse, reporting: str) -> None:
    """Replace the rates with those of another warehouse."""
    ports.warehouse.replace_table("fx_rates", old.query(sql.text("reference/rates")))
    _refresh(ports, reporting)


def _refresh(ports: Ports, reporting: str) -> None:
    from tillstream.analytics.fx import daily

    until = ports.clock.now().date() + AHEAD
    ports.warehouse.replace_table("reporting_rates", daily.daily(_rates(ports), reporting, until))
    ports.warehouse.replace_table("reporting", pa.table({"currency": [reporting]}))
    freshness.bump(ports.documents)


def _rates(ports: Ports) -> pa.Table:
    return ports.warehouse.query(sql.text("reference/rates"))
