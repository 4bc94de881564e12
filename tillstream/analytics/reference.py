"""The analytics room's reference data: exchange rates, and the reporting currency they are turned into."""

from datetime import timedelta

import pyarrow as pa

from tillstream.analytics import fx, fx_daily
from tillstream.ports import Ports

KNOWN = "SELECT rate_date, currency, per_euro FROM fx_rates"
AHEAD = timedelta(days=400)
"""Rates are filled forward so far, so that new sales find theirs until the next load or start."""


def ready(ports: Ports, reporting: str) -> None:
    """Load the rates that ship into an empty warehouse; renew the daily table where it no longer fits."""
    if not _count(ports, "fx_rates"):
        ports.warehouse.load("fx_rates", fx.shipped())
        _renew(ports, reporting)
        return
    known = ports.warehouse.query("SELECT currency FROM reporting").column("currency").to_pylist()
    last = ports.warehouse.query("SELECT MAX(sale_date) AS last FROM reporting_rates").column("last")[0].as_py()
    if known != [reporting] or last is None or last < ports.clock.now().date() + AHEAD / 2:
        _renew(ports, reporting)


def load(ports: Ports, text: str, name: str, reporting: str) -> int:
    """Add or replace the rates of a file; how many it holds. Raises `Rejected` naming line, column and value."""
    rates = fx.parse(text, name, ports.warehouse.query(KNOWN))
    ports.warehouse.upsert("fx_rates", rates, ["rate_date", "currency"])
    _renew(ports, reporting)
    return int(rates.num_rows)


def _renew(ports: Ports, reporting: str) -> None:
    rates = ports.warehouse.query(KNOWN)
    until = ports.clock.now().date() + AHEAD
    ports.warehouse.load("reporting_rates", fx_daily.daily(rates, reporting, until))
    ports.warehouse.load("reporting", pa.table({"currency": [reporting]}))


def _count(ports: Ports, table: str) -> int:
    count: int = ports.warehouse.query(f"SELECT COUNT(*) AS n FROM {table}").column("n")[0].as_py()
    return count
