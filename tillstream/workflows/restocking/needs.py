"""What the restock queue is computed from: stock, demand, open orders, and terms of products and suppliers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.catalogue import records
from tillstream.domain.catalogue.entries import EntryKind, Product, Supplier
from tillstream.forecasting.models.panel import Bools, Floats, Ints
from tillstream.forecasting.sales import out_of_stock
from tillstream.inventory import stock_days
from tillstream.ports import Ports
from tillstream.purchasing import lead_times, orders
from tillstream.restock import past_sales
from tillstream.restock.demand import Source, SumDemand
from tillstream.restock.estimate import PROBABILITIES, estimate
from tillstream.restock.keys import LINE, Keys, encoded, keys_of
from tillstream.restock.policy import Lines
from tillstream.workflows.restocking.settings import FILL, RestockSettings


@dataclass(frozen=True)
class Needs:
    """Counted products in stores with what their orders depend on. Shape of arrays: (products in stores,)."""

    pairs: Keys
    lines: Lines
    suppliers: pa.Array
    """Codes; NULL without one."""
    is_active: Bools
    """Whether the product is in the catalogue and active, or not in the catalogue."""


@dataclass(frozen=True)
class _Terms:
    """Terms of products. Shape of arrays: (products,)."""

    suppliers: pa.Array
    categories: pa.Array
    """Text; empty or NULL for products that are not in the catalogue or have none."""
    lead_days: Ints
    review_days: Ints
    pack: Floats
    minimum: Floats
    shelf_days: Floats
    is_active: Bools


def read(ports: Ports, settings: RestockSettings, today: date) -> Needs:
    """Read everything for orders of `today`. Raises `Unavailable`."""
    stock = ports.warehouse.query(sql.text("restock/stock"))
    pairs, of_row = keys_of([stock.column(name) for name in LINE])
    stock = stock.take(np.argsort(of_row))
    terms = _terms(ports, settings, pairs.texts[LINE.index("product")].to_pylist())
    product = pairs.places(LINE.index("product"))
    lead, review = terms.lead_days[product], terms.review_days[product]
    lines = Lines(
        demand=_demand(ports, pairs, lead + review, today),
        service=_services(settings, stock.column("category"), terms.categories.take(pa.array(product))),
        lead_days=lead,
        on_hand=_floats(stock, "on_hand"),
        on_order=_on_order(ports, pairs),
        in_transit=_floats(stock, "in_transit"),
        suggested=np.zeros(len(pairs)),
        pack=terms.pack[product],
        minimum=terms.minimum[product],
        shelf_days=terms.shelf_days[product],
        most_weeks=np.full(len(pairs), float(settings.most_weeks)),
        unit_costs=_floats(stock, "unit_cost"),
        is_fill=settings.aim == FILL,
    )
    return Needs(pairs, lines, terms.suppliers.take(pa.array(product)), terms.is_active[product])


def _demand(ports: Ports, pairs: Keys, days: Ints, today: date) -> SumDemand:
    """Demand for all pairs; none for those without recent sales. Days out of stock are left out."""
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
    regions = pairs.texts[LINE.index("region")].to_pylist()
    first = today - past_sales.RECENT
    stores = pairs.texts[LINE.index("store_id")].to_pylist()
    past = past_sales.read(ports.warehouse, first, today - timedelta(days=1), regions, stores=stores)
    past = past.without(stock_days.days_out_of_stock(ports.warehouse, out_of_stock.needed_from(first)))
    of_row = pairs.find([past.lines.column(place) for place in range(len(LINE))])
    rows = np.flatnonzero(of_row >= 0)
    if not len(rows):
        return nothing
    return nothing.replaced(of_row[rows], estimate(ports.warehouse, past, days[of_row[rows]], today, rows))


def _services(settings: RestockSettings, of_sales: pa.ChunkedArray, of_catalogue: pa.Array) -> Floats:
    """Service of each line by its category in the catalogue, or else by that of its sales."""
    is_listed = pc.not_equal(of_catalogue.fill_null(""), "")
    categories = encoded(pc.if_else(is_listed, of_catalogue, of_sales))
    services = [settings.of_categories.get(each, settings.service) for each in categories.dictionary.to_pylist()]
    return np.asarray(np.array(services, dtype=np.float64)[categories.indices.to_numpy()])


def _on_order(ports: Ports, pairs: Keys) -> Floats:
    """Units that suppliers are expected to deliver."""
    ordered, units = orders.on_order(ports), np.zeros(len(pairs))
    if ordered:
        rows = pairs.find([pa.array(column) for column in zip(*ordered, strict=True)])
        counts = np.array([float(each) for each in ordered.values()])
        units[rows[rows >= 0]] = counts[rows >= 0]
    return units


def _terms(ports: Ports, settings: RestockSettings, products: Sequence[str]) -> _Terms:
    """Terms of the products in this order; usual ones for those that are not in the catalogue."""
    stored = (one.entry for one in records.find(ports, EntryKind.PRODUCT))
    of_code = {one.code: one for one in stored if isinstance(one, Product)}
    entries = [of_code.get(code) or Product(code, code) for code in products]
    suppliers = _supplier_days(ports, settings)
    days = [suppliers.get(one.supplier, (lead_times.USUAL_DAYS, settings.review_days)) for one in entries]
    return _Terms(
        suppliers=pa.array([one.supplier or None for one in entries], pa.string()),
        categories=pa.array([one.category for one in entries], pa.string()),
        lead_days=np.array([lead for lead, _ in days], dtype=np.int64),
        review_days=np.array([review for _, review in days], dtype=np.int64),
        pack=np.array([one.pack_size or 1 for one in entries], dtype=np.float64),
        minimum=np.array([one.minimum_order or 0 for one in entries], dtype=np.float64),
        shelf_days=np.array([one.shelf_life_days or np.inf for one in entries], dtype=np.float64),
        is_active=np.array([one.active for one in entries], dtype=bool),
    )


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
