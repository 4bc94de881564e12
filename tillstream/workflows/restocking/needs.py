"""What the restock queue is computed from: stock, demand, open orders, and terms of products and suppliers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

import sql
from tillstream.catalogue import records
from tillstream.domain.catalogue.entries import EntryKind, Product, Supplier
from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.inventory import stock_days
from tillstream.ports import Ports
from tillstream.purchasing import lead_times, orders
from tillstream.restock import past_sales
from tillstream.restock.demand import Source, SumDemand
from tillstream.restock.estimate import PROBABILITIES, estimate
from tillstream.restock.past_sales import Line
from tillstream.restock.policy import Lines
from tillstream.workflows.restocking.settings import RestockSettings


@dataclass(frozen=True)
class Needs:
    """Counted products in stores, sorted, with what their orders depend on. Shape of arrays: (products in stores,)."""

    pairs: tuple[Line, ...]
    lines: Lines
    suppliers: tuple[str, ...]
    is_active: Floats
    """1 if the product is in the catalogue and active, or not in the catalogue; else 0."""


@dataclass(frozen=True)
class _Terms:
    """Terms of a product."""

    supplier: str = ""
    pack: float = 1.0
    minimum: float = 0.0
    shelf_days: float = np.inf
    is_active: bool = True
    category: str = ""


def read(ports: Ports, settings: RestockSettings, today: date) -> Needs:
    """Read everything for orders of `today`. Raises `Unavailable`."""
    stock = ports.warehouse.query(sql.text("restock/stock"))
    keys = zip(*(stock.column(name).to_pylist() for name in Line._fields), strict=True)
    pairs = tuple(Line(*key) for key in keys)
    products, suppliers = _terms(ports), _supplier_days(ports, settings)
    terms = [products.get(one.product, _Terms()) for one in pairs]
    days = [suppliers.get(one.supplier, (lead_times.USUAL_DAYS, settings.review_days)) for one in terms]
    lead, review = (np.array([one[side] for one in days], dtype=np.int64) for side in (0, 1))
    ordered = orders.on_order(ports)
    categories = stock.column("category").to_pylist()
    services = [
        settings.of_categories.get(one.category or own or "", settings.service)
        for one, own in zip(terms, categories, strict=True)
    ]
    lines = Lines(
        demand=_demand(ports, pairs, lead + review, today),
        service=np.array(services, dtype=np.float64),
        lead_days=lead,
        on_hand=_floats(stock, "on_hand"),
        on_order=np.array(
            [float(ordered.get((one.region, one.store_id, one.product), 0)) for one in pairs], dtype=np.float64
        ),
        in_transit=_floats(stock, "in_transit"),
        pack=np.array([one.pack for one in terms], dtype=np.float64),
        minimum=np.array([one.minimum for one in terms], dtype=np.float64),
        shelf_days=np.array([one.shelf_days for one in terms], dtype=np.float64),
        most_weeks=np.full(len(pairs), float(settings.most_weeks)),
        unit_costs=_floats(stock, "unit_cost"),
    )
    is_active = np.array([one.is_active for one in terms], dtype=np.float64)
    return Needs(pairs, lines, tuple(one.supplier for one in terms), is_active)


def _demand(ports: Ports, pairs: tuple[Line, ...], days: Ints, today: date) -> SumDemand:
    """Demand for all pairs; none for those without recent sales. Days out of stock are left out."""
    regions = sorted({one.region for one in pairs})
    count = len(pairs)
    nothing = SumDemand(
        PROBABILITIES,
        np.zeros((count, len(PROBABILITIES))),
        days,
        np.zeros(count),
        np.full(count, Source.RECENT_SALES, dtype=np.int64),
    )
    if not count:
        return nothing
    past = past_sales.read(ports.warehouse, today - past_sales.RECENT, today - timedelta(days=1), regions)
    past = past.without(stock_days.days_out_of_stock(ports.warehouse))
    places = {pair: place for place, pair in enumerate(pairs)}
    rows = np.array([row for row, line in enumerate(past.lines) if line in places], dtype=np.int64)
    if not len(rows):
        return nothing
    of_pair = np.array([places[past.lines[row]] for row in rows.tolist()], dtype=np.int64)
    return nothing.replaced(of_pair, estimate(ports.warehouse, past, days[of_pair], today, rows))


def _terms(ports: Ports) -> Mapping[str, _Terms]:
    products = (one.entry for one in records.find(ports, EntryKind.PRODUCT))
    return {
        one.code: _Terms(
            one.supplier,
            float(one.pack_size or 1),
            float(one.minimum_order or 0),
            float(one.shelf_life_days) if one.shelf_life_days else np.inf,
            one.active,
            one.category,
        )
        for one in products
        if isinstance(one, Product)
    }


def _supplier_days(ports: Ports, settings: RestockSettings) -> dict[str, tuple[int, int]]:
    """Supplier → lead time and days between two orders."""
    learned = lead_times.of_stored(ports)
    suppliers = (one.entry for one in records.find(ports, EntryKind.SUPPLIER))
    return {
        one.code: (
            lead_times.days(one.lead_time_days, learned.get(one.code)),
            int(one.review_days or Decimal(settings.review_days)),
        )
        for one in suppliers
        if isinstance(one, Supplier)
    }


def _floats(table: pa.Table, name: str) -> Floats:
    """NaN for NULL."""
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy())
