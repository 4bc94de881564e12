"""Tables of stock: movements, the levels that are computed from them and from sales, and what stores need.

The documents are the system of record of movements; all tables can be written again.
"""

from tillstream.model.columns import ColumnKind, Field, required_field

_S, _D, _T, _N, _I = ColumnKind.STRING, ColumnKind.DATE, ColumnKind.TIMESTAMP, ColumnKind.NUMERIC, ColumnKind.INT64
_REGION = required_field("region", _S, "Region of the store")
_STORE = required_field("store_id", _S, "Store as in its sources")

STOCK_TABLES: dict[str, tuple[Field, ...]] = {
    "stock_movements": (
        required_field("movement_id", _S, "ID of the movement, chosen by its sender"),
        required_field("line_no", _I, "Number of the line in the movement, from 1"),
        required_field(
            "kind",
            _S,
            "count, receipt, transfer-out, transfer-in, transfer-loss, adjustment, write-off, supplier-return, "
            "unsellable-return or cancellation",
        ),
        _REGION,
        _STORE,
        Field("product_id", _S, "Code of the product as entered; NULL for a cancellation"),
        Field("quantity", _N, "Units: those that are there for a count, signed for an adjustment, otherwise positive"),
        required_field("stock_date", _D, "Business day of the movement"),
        Field("occurred_at", _T, "When it happened, UTC; NULL if only the day is recorded"),
        required_field(
            "day_part",
            _S,
            "When it happened, for facts of its day without a time: before opening or after closing",
        ),
        Field("reason", _S, "Reason of an adjustment or write-off"),
        Field("reference", _S, "Order, transfer, sale, or cancelled movement"),
        Field("other_store", _S, "The other store of a transfer, in the same region"),
        required_field("recorded_seq", _I, "When it was recorded, in microseconds since 1970"),
    ),
    "stock_levels": (
        _REGION,
        _STORE,
        required_field(
            "product", _S, "Product of the catalogue; otherwise the product ID, or the name if there is no ID"
        ),
        Field("counted", _N, "Units of the last count; NULL if there was none"),
        Field("counted_on", _D, "Business day of the last count"),
        Field("counted_at", _T, "When the last count was, UTC; NULL if only the day is recorded"),
        Field(
            "moved",
            _N,
            "Units that came or went since the last count, sales left out; without a count, of all time; NULL: no "
            "facts are left",
        ),
        Field("sold", _N, "Units sold since the last count, returns deducted; NULL without a count"),
        Field("on_hand", _N, "counted + moved - sold; NULL if the product was never counted in the store"),
        required_field("in_transit", _N, "Units that other stores sent and that have not arrived"),
        required_field("recent_units", _N, "Units sold in the last 56 days, returns left out"),
        Field(
            "product_name",
            _S,
            "Name of the product in its recent or else earlier sales, for products that the catalogue lacks",
        ),
        Field("category", _S, "Category of the product in these sales, for products that the catalogue lacks"),
        Field("early_sold", _N, "Those of `sold` before the day `recent_from`; NULL without a count"),
        Field("recent_from", _D, "First of the last 56 days when the level was computed; NULL without a count"),
    ),
    "restock_lines": (
        required_field("region", _S, "Region of the store"),
        required_field("store_id", _S, "Store that needs the product"),
        required_field("product", _S, "Product"),
        required_field("from_store", _S, "Store of the same region that has too much; empty: order from the supplier"),
        Field("supplier", _S, "Code of the supplier"),
        required_field("units", _N, "Units to order or to transfer"),
        required_field("state", _S, "open, ordered, snoozed, dismissed, or deferred: left out by the budget"),
        Field("until", _D, "Day from which a snoozed line is open again"),
        Field("decision", _S, "Why it is dismissed, or the number of its order"),
        Field("unit_cost", _N, "Cost of a unit in the catalogue, in the reporting currency; NULL without one"),
        required_field("on_hand", _N, "Units in the store"),
        required_field("on_order", _N, "Units that the supplier is expected to deliver"),
        required_field("in_transit", _N, "Units that other stores sent"),
        required_field("daily", _N, "Expected units a day"),
        required_field("level", _N, "Units up to which is ordered"),
        Field("service", _N, "Cycle service of this level: share of the order cycles without a stock-out"),
        Field("fill_rate", _N, "Fill rate of this level: share of the demanded units that is served"),
        required_field("lead_days", _I, "Days from an order to its arrival"),
        required_field("review_days", _I, "Days between two orders"),
        required_field("method", _S, "What the demand is computed from: forecast or recent sales"),
        required_field(
            "is_due",
            ColumnKind.BOOL,
            "TRUE if it should be ordered now: the stock, with what is to arrive, lasts no longer than the lead time",
        ),
        required_field("urgency", _N, "Days until the stock, with what is to arrive, is used up; 0: it is used up"),
        required_field("reason", _S, "Why, in sentences"),
        required_field("computed_at", _T, "When the line was computed, UTC"),
    ),
}
