"""Inputs of the restock queue: settings, stock, demand, open orders, and terms of products and suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.analytics import computed_stock
from tillstream.catalogue import stored_entries
from tillstream.forecasting import regressors
from tillstream.forecasting.models.panel import Bools, Floats, Ints
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.product_catalogue import EntryKind, Product, Supplier
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log
from tillstream.stock import order_arrivals, past_sales, purchase_orders
from tillstream.stock.product_demand import PROBABILITIES, DemandSource, SumDemand, estimate_demand, float_column
from tillstream.stock.replenishment import ReplenishedLines
from tillstream.stock.row_keys import LINE_COLUMNS, Keys, encode_texts, keys_of

COLLECTION, SETTINGS_ID = "restock", "settings"
CYCLES, FILL = "cycles", "fill"
"""What the service is a share of: order cycles without a stock-out, or demanded units that are served."""
LOWEST_SERVICE, HIGHEST_SERVICE = 0.5, 0.99
"""Limits of the service."""
MAX_DAYS = 45
"""Longest time between two orders, in days."""


@dataclass(frozen=True)
class RestockSettings:
    """What orders aim at.

    service: share of what `aim` names, from 0.5 to 0.99; of_categories: those with another one.
    review_days: days between two orders of a supplier without an own number. most_weeks: weeks of cover after a
    delivery, at most. budget: money for one store in one run, in the reporting currency; empty: none.
    """

    service: float = 0.95
    aim: str = CYCLES
    review_days: int = 7
    most_weeks: int = 8
    budget: str = ""
    of_categories: Mapping[str, float] = field(default_factory=dict)


def read_settings(ports: Ports) -> RestockSettings:
    document = ports.documents.get(COLLECTION, SETTINGS_ID)
    return _decoded(document) if document else RestockSettings()


def save_settings(ports: Ports, settings: RestockSettings, *, by: str) -> None:
    """Save the settings. Raises `Rejected` if one is outside of its limits."""
    if words := _settings_problem(settings):
        raise Rejected(words)

    def changed(document: Document | None) -> Update | Document | None:
        before = _decoded(document) if document else RestockSettings()
        if before == settings:
            return document
        sides = _encoded(before), _encoded(settings)
        return Update(
            sides[1], [audit_log.entry(ports, by, audit.AuditAction.RESTOCK_SETTINGS, "restock queue", *sides)]
        )

    update_document(ports.documents, COLLECTION, SETTINGS_ID, changed)


def _settings_problem(settings: RestockSettings) -> str:
    services = (settings.service, *settings.of_categories.values())
    checks = (
        (
            not all(LOWEST_SERVICE <= one <= HIGHEST_SERVICE for one in services),
            "The service is a share from 50% to 99%.",
        ),
        (settings.aim not in {CYCLES, FILL}, "The service is of cycles or of units."),
        (not 1 <= settings.review_days <= MAX_DAYS, f"Days between two orders: 1 to {MAX_DAYS}."),
        (not 1 <= settings.most_weeks <= 52, "Weeks of cover: 1 to 52."),
        (not _is_amount(settings.budget), "The budget is an amount above 0, or empty."),
    )
    return next((words for applies, words in checks if applies), "")


def _is_amount(text: str) -> bool:
    try:
        return not text or Decimal(text) > 0
    except InvalidOperation:
        return False


def _encoded(settings: RestockSettings) -> dict[str, Any]:
    """Shares as text: documents have no fractions."""
    shares = {name: str(share) for name, share in sorted(settings.of_categories.items())}
    return asdict(settings) | {"service": str(settings.service), "of_categories": shares}


def _decoded(document: Document) -> RestockSettings:
    shares = {name: float(share) for name, share in document.data["of_categories"].items()}
    return RestockSettings(
        **(document.data | {"service": float(document.data["service"]), "of_categories": shares}),
    )


@dataclass(frozen=True)
class Needs:
    """Counted products in stores with what their orders depend on. Shape of arrays: (products in stores,)."""

    pairs: Keys
    lines: ReplenishedLines
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


def read_needs(ports: Ports, settings: RestockSettings, today: date) -> Needs:
    """Read everything for orders of `today`. Raises `Unavailable`."""
    stock = ports.warehouse.query(sql.text("restock/stock"))
    pairs, of_row = keys_of([stock.column(name) for name in LINE_COLUMNS])
    stock = stock.take(np.argsort(of_row))
    terms = _terms(ports, settings, pairs.texts[LINE_COLUMNS.index("product")].to_pylist())
    product = pairs.places(LINE_COLUMNS.index("product"))
    lead, review = terms.lead_days[product], terms.review_days[product]
    lines = ReplenishedLines(
        demand=_demand(ports, pairs, lead + review, today),
        service=_services(settings, stock.column("category"), terms.categories.take(pa.array(product))),
        lead_days=lead,
        on_hand=float_column(stock, "on_hand"),
        on_order=_on_order(ports, pairs),
        in_transit=float_column(stock, "in_transit"),
        suggested=np.zeros(len(pairs)),
        pack=terms.pack[product],
        minimum=terms.minimum[product],
        shelf_days=terms.shelf_days[product],
        most_weeks=np.full(len(pairs), float(settings.most_weeks)),
        unit_costs=float_column(stock, "unit_cost"),
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
        np.full(count, DemandSource.RECENT_SALES, dtype=np.int64),
    )
    if not count:
        return nothing
    regions = pairs.texts[LINE_COLUMNS.index("region")].to_pylist()
    first = today - past_sales.RECENT_TIME
    stores = pairs.texts[LINE_COLUMNS.index("store_id")].to_pylist()
    past = past_sales.read_past_sales(ports.warehouse, first, today - timedelta(days=1), regions, stores=stores)
    past = past.without(computed_stock.days_out_of_stock(ports.warehouse, regressors.spans_needed_from(first)))
    of_row = pairs.find([past.lines.column(place) for place in range(len(LINE_COLUMNS))])
    rows = np.flatnonzero(of_row >= 0)
    if not len(rows):
        return nothing
    return nothing.replaced(of_row[rows], estimate_demand(ports.warehouse, past, days[of_row[rows]], today, rows))


def _services(settings: RestockSettings, of_sales: pa.ChunkedArray, of_catalogue: pa.Array) -> Floats:
    """Service of each line by its category in the catalogue, or else by that of its sales."""
    is_listed = pc.not_equal(of_catalogue.fill_null(""), "")
    categories = encode_texts(pc.if_else(is_listed, of_catalogue, of_sales))
    services = [settings.of_categories.get(each, settings.service) for each in categories.dictionary.to_pylist()]
    return np.asarray(np.array(services, dtype=np.float64)[categories.indices.to_numpy()])


def _on_order(ports: Ports, pairs: Keys) -> Floats:
    """Units that suppliers are expected to deliver."""
    ordered, units = purchase_orders.units_on_order(ports), np.zeros(len(pairs))
    if ordered:
        rows = pairs.find([pa.array(column) for column in zip(*ordered, strict=True)])
        counts = np.array([float(each) for each in ordered.values()])
        units[rows[rows >= 0]] = counts[rows >= 0]
    return units


def _terms(ports: Ports, settings: RestockSettings, products: Sequence[str]) -> _Terms:
    """Terms of the products in this order; usual ones for those that are not in the catalogue."""
    stored = (one.entry for one in stored_entries.find_entries(ports, EntryKind.PRODUCT))
    of_code = {one.code: one for one in stored if isinstance(one, Product)}
    entries = [of_code.get(code) or Product(code, code) for code in products]
    suppliers = _supplier_days(ports, settings)
    days = [suppliers.get(one.supplier, (order_arrivals.USUAL_DAYS, settings.review_days)) for one in entries]
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
    learned = order_arrivals.stored_lead_times(ports)
    suppliers = (one.entry for one in stored_entries.find_entries(ports, EntryKind.SUPPLIER))
    return {
        one.code: (
            order_arrivals.lead_time_days(one.lead_time_days, learned.get(one.code)),
            int(one.review_days or Decimal(settings.review_days)),
        )
        for one in suppliers
        if isinstance(one, Supplier)
    }
