"""The restock queue: what stores need, computed from stock, demand and open orders. It can be computed again."""

from tillstream.domain.columns import Kind
from tillstream.domain.warehouse.fields import Field, required

_S, _D, _T, _N, _I = Kind.STRING, Kind.DATE, Kind.TIMESTAMP, Kind.NUMERIC, Kind.INT64

RESTOCK_TABLES: dict[str, tuple[Field, ...]] = {
    "restock_lines": (
        required("region", _S, "Region of the store"),
        required("store_id", _S, "Store that needs the product"),
        required("product", _S, "Product"),
        required("from_store", _S, "Store of the same region that has too much; empty: order from the supplier"),
        Field("supplier", _S, "Code of the supplier"),
        required("units", _N, "Units to order or to transfer"),
        required("state", _S, "open, ordered, snoozed, dismissed, or deferred: left out by the budget"),
        Field("until", _D, "Day from which a snoozed line is open again"),
        Field("decision", _S, "Why it is dismissed, or the number of its order"),
        Field("unit_cost", _N, "Cost of a unit in the catalogue, in the reporting currency; NULL without one"),
        required("on_hand", _N, "Units in the store"),
        required("on_order", _N, "Units that the supplier is expected to deliver"),
        required("in_transit", _N, "Units that other stores sent"),
        required("daily", _N, "Expected units a day"),
        required("level", _N, "Units up to which is ordered"),
        required("lead_days", _I, "Days from an order to its arrival"),
        required("review_days", _I, "Days between two orders"),
        required("method", _S, "What the demand is computed from: forecast or recent sales"),
        required(
            "is_due",
            Kind.BOOL,
            "TRUE if it should be ordered now: the stock, with what is to arrive, lasts no longer than the lead time",
        ),
        required("urgency", _N, "Days until the stock, with what is to arrive, is used up; 0: it is used up"),
        required("reason", _S, "Why, in sentences"),
        required("computed_at", _T, "When the line was computed, UTC"),
    ),
}
